/* The ring of sent lines; see history.h. */
#include "drivers/history.h"

#include <string.h> /* memchr */

void history_restart(struct history *history, int64_t next)
{
	history->first = next;
	history->next = next;
}

struct history_line *history_append(
	struct history *history, const char *command, size_t length, int64_t command_index)
{
	struct history_line *line = &history->line[history->next % HISTORY_LINES];
	char frame[FRAME_BYTES_MAX];
	size_t frame_length = frame_write(frame, history->next, command, length);

	if (frame_length == 0)
		return NULL;
	memcpy(line->frame, frame, frame_length);
	line->number = history->next;
	line->command_index = command_index;
	line->length = (uint8_t)frame_length;
	line->alone = line->slow = line->asks_temperature = line->has_position = false;
	history->next++;
	if (history->next - history->first > HISTORY_LINES)
		history->first = history->next - HISTORY_LINES;
	return line;
}

const struct history_line *history_find(const struct history *history, int64_t number)
{
	if (number < history->first || number >= history->next)
		return NULL;
	return &history->line[number % HISTORY_LINES];
}

const char *history_command(const struct history_line *line, size_t *length)
{
	const char *start = memchr(line->frame, ' ', line->length);
	const char *end = line->frame + line->length;

	/* A frame always holds "N… " and "*…": frame_write put them there. */
	start++;
	while (*--end != '*')
		;
	*length = (size_t)(end - start);
	return start;
}
