/* Any bytes as a file, packed or not: never more text than the cap, and the same in pieces.  The
 * first byte chooses the pieces. */
#include "gcode/inspect.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CAP_BYTES = 1 << 20 };

static void count(void *context, const char *bytes, size_t length)
{
	size_t *total = context;

	(void)bytes;
	*total += length;
	if (*total > CAP_BYTES)
		abort();
}

static size_t inspect(const char *bytes, size_t size, size_t piece, struct analysis *analysis)
{
	size_t total = 0;
	struct inspector_settings settings = {
		.text_max_bytes = CAP_BYTES, .on_text = count, .context = &total
	};
	struct inspector *inspector = inspector_create(&settings);

	if (!inspector)
		abort();
	for (size_t at = 0; at < size; at += piece)
		if (!inspector_feed(inspector, bytes + at, size - at < piece ? size - at : piece))
			break;
	inspector_finish(inspector, analysis);
	inspector_destroy(inspector);
	return total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct analysis whole, pieces;
	const char *bytes = (const char *)data + 1;
	size_t total;

	if (size < 1)
		return 0;
	memset(&whole, 0, sizeof whole);
	memset(&pieces, 0, sizeof pieces);
	total = inspect(bytes, size - 1, size, &whole);
	if (inspect(bytes, size - 1, 1u + data[0], &pieces) != total &&
		whole.verdict != VERDICT_REFUSE)
		abort();
	if (memcmp(&whole, &pieces, sizeof whole))
		abort();
	return 0;
}
