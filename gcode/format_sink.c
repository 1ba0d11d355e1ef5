/* Where the text of a packed file goes; see format_sink.h. */
#include "gcode/format_sink.h"

enum {
	/* Real G-code shrinks to a third, wordy and repetitive files to a twentieth.  Once that
	 * much has come out, more than this factor is a bomb. */
	EXPANSION_MAX = 100,
	EXPANSION_FREE_BYTES = 4 << 20,
};

enum format_result format_sink_write(struct format_sink *sink, const char *bytes, size_t length)
{
	if ((int64_t)length > sink->left_bytes)
		return FORMAT_TOO_BIG;
	sink->left_bytes -= (int64_t)length;
	if (length > 0)
		sink->output(sink->context, bytes, length);
	return FORMAT_OK;
}

bool format_is_bomb(int64_t packed_bytes, int64_t text_bytes)
{
	return text_bytes > EXPANSION_FREE_BYTES && text_bytes / EXPANSION_MAX > packed_bytes;
}
