/* Any bytes as rows of a recording: what comes out lies inside the row. */
#include "base/transcript.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_row(const uint8_t *bytes, size_t length)
{
	char *copy = malloc(length + (length == 0));
	struct transcript_row row;

	if (!copy)
		return;
	memcpy(copy, bytes, length);
	transcript_read(copy, length, &row);
	if (row.length > 0 && (row.bytes < copy || row.bytes + row.length > copy + length))
		abort();
	if (row.kind != TRANSCRIPT_BAD && row.time_us < 0)
		abort();
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t at = 0; at < size;) {
		const uint8_t *stop = memchr(data + at, '\n', size - at);
		size_t length = stop ? (size_t)(stop - data) - at : size - at;

		check_row(data + at, length);
		at += length + 1;
	}
	return 0;
}
