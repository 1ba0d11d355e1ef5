/* Any file rehearsed: nothing that heats or moves filament is left of it, and nothing is written
 * outside. */
#include "gcode/rehearsal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_left(const char *text, size_t length)
{
	static const char *const never[] = { "M104 ", "M109 ", "M140 ", "M190 ", "M141 ", "M191 " };

	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		if (length > strlen(never[i]) && memcmp(text, never[i], strlen(never[i])) == 0)
			abort();
	if (length > 3 && (memcmp(text, "G1 ", 3) == 0 || memcmp(text, "G0 ", 3) == 0))
		for (size_t i = 2; i + 1 < length; i++)
			if (text[i] == ' ' && text[i + 1] == 'E')
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char out[REHEARSAL_LINE_MAX];
	struct rehearsal rehearsal;

	rehearsal_init(&rehearsal);
	for (size_t at = 0; at < size;) {
		const uint8_t *stop = memchr(data + at, '\n', size - at);
		size_t length = stop ? (size_t)(stop - data) - at : size - at, left;
		char *copy = malloc(length + (length == 0));

		if (!copy)
			return 0;
		memcpy(copy, data + at, length);
		left = rehearsal_line(&rehearsal, copy, length, out);
		if (left > REHEARSAL_LINE_MAX)
			abort();
		check_left(out, left);
		free(copy);
		at += length + 1;
	}
	return 0;
}
