/* Any bytes as a file, packed or not: never more text than the cap, and the same in pieces.  The
 * first byte chooses the pieces. */
#include "gcode/inspect.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h> /* SEEK_SET */
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

struct memory {
	const char *bytes;
	size_t size, piece, position;
};

static int64_t read_some(void *context, char *to, size_t size)
{
	struct memory *memory = context;
	size_t left = memory->size - memory->position;
	size_t some = size < memory->piece ? size : memory->piece;

	if (some > left)
		some = left;
	memcpy(to, memory->bytes + memory->position, some);
	memory->position += some;
	return (int64_t)some;
}

static int64_t seek_to(void *context, int64_t offset, int whence)
{
	struct memory *memory = context;
	int64_t to = offset + (whence == SEEK_SET	   ? 0
				      : whence == SEEK_CUR ? (int64_t)memory->position
							   : (int64_t)memory->size);

	if (to < 0 || to > (int64_t)memory->size)
		return -EINVAL;
	memory->position = (size_t)to;
	return to;
}

/* An archive is read through its list of members, or in order as from a pipe. */
static size_t inspect(
	const char *bytes, size_t size, size_t piece, bool can_seek, struct analysis *analysis)
{
	size_t total = 0;
	struct inspector_settings settings = {
		.text_max_bytes = CAP_BYTES, .on_text = count, .context = &total
	};
	struct inspector *inspector = inspector_create(&settings);

	if (!inspector)
		abort();
	struct memory memory = { bytes, size, piece, 0 };
	struct format_source source = { &memory, read_some, can_seek ? seek_to : NULL };

	if (inspector_read(inspector, &source) != 0)
		abort();
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
	inspect(bytes, size - 1, size, false, &whole);
	total = inspect(bytes, size - 1, size, true, &whole);
	if (inspect(bytes, size - 1, 1u + data[0], true, &pieces) != total &&
		whole.verdict != VERDICT_REFUSE)
		abort();
	if (memcmp(&whole, &pieces, sizeof whole))
		abort();
	return 0;
}
