#include "daemon/stream/progress_trail.h"

#include <stdatomic.h>
#include <string.h>

/* Not for strangers: for tears, and for a file that is not the one that was printed.  Words at a
 * time, since every line is summed. */
static uint32_t sum_of(const void *bytes, size_t length)
{
	uint64_t sum = UINT64_C(0xCBF29CE484222325) ^ length, word;
	const char *at = bytes;

	for (; length >= sizeof(word); length -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		sum = (sum ^ word) * UINT64_C(0x9E3779B97F4A7C15);
		sum ^= sum >> 32;
	}
	word = 0;
	memcpy(&word, at, length);
	sum = (sum ^ word) * UINT64_C(0x9E3779B97F4A7C15);
	return (uint32_t)(sum ^ sum >> 32);
}

uint32_t progress_trail_sum(const char *text, size_t length)
{
	return sum_of(text, length);
}

static uint32_t line_sum(const struct progress_line *line)
{
	uint64_t mixed = line->position * UINT64_C(0x9E3779B97F4A7C15);

	mixed = (mixed ^ (uint64_t)line->index) * UINT64_C(0x9E3779B97F4A7C15);
	mixed = (mixed ^ (uint32_t)line->number ^ (uint64_t)line->sum << 32) *
		UINT64_C(0x9E3779B97F4A7C15);
	mixed = (mixed ^ line->line) * UINT64_C(0x9E3779B97F4A7C15);
	return (uint32_t)(mixed >> 32);
}

static uint64_t mark_sum(const struct progress_mark *mark)
{
	return sum_of(mark, offsetof(struct progress_mark, checksum));
}

static bool is_line(const struct progress_line *line, uint64_t position)
{
	return position > 0 && line->position == position && line->checksum == line_sum(line) &&
	       line->line <= DRIVER_LINE_OTHER;
}

static bool is_mark(const struct progress_mark *mark)
{
	return mark->sequence > 0 && mark->checksum == mark_sum(mark);
}

void progress_trail_open(const struct progress_trail *trail, struct progress_trail_writer *writer)
{
	writer->position = writer->mark_sequence = 0;
	for (size_t i = 0; i < PROGRESS_TRAIL_LINES; i++) {
		const struct progress_line *line = &trail->line[i];

		if (is_line(line, line->position) && line->position > writer->position)
			writer->position = line->position;
	}
	for (size_t i = 0; i < PROGRESS_TRAIL_MARKS; i++)
		if (is_mark(&trail->mark[i]) && trail->mark[i].sequence > writer->mark_sequence)
			writer->mark_sequence = trail->mark[i].sequence;
}

void progress_trail_line(struct progress_trail *trail, struct progress_trail_writer *writer,
	const struct progress_line *line, const char *text, size_t length)
{
	struct progress_line kept = *line;

	kept.position = ++writer->position;
	kept.sum = progress_trail_sum(text, length);
	kept.checksum = line_sum(&kept);
	if (line->line != DRIVER_LINE_COMMAND) {
		struct progress_text *own = &trail->text[kept.position % PROGRESS_TRAIL_TEXTS];

		if (length >= sizeof(own->text))
			length = sizeof(own->text) - 1;
		own->position = kept.position;
		memcpy(own->text, text, length);
		own->text[length] = '\0';
	}
	trail->line[kept.position % PROGRESS_TRAIL_LINES] = kept;
	/* The bytes must not go out before. */
	atomic_signal_fence(memory_order_seq_cst);
}

void progress_trail_mark(struct progress_trail *trail, struct progress_trail_writer *writer,
	const struct progress_mark *mark)
{
	struct progress_mark *kept = &trail->mark[++writer->mark_sequence % PROGRESS_TRAIL_MARKS];

	/* Byte for byte: the checksum counts what lies between the members too. */
	memcpy(kept, mark, sizeof(*kept));
	kept->sequence = writer->mark_sequence;
	kept->position = writer->position;
	kept->checksum = mark_sum(kept);
	atomic_signal_fence(memory_order_seq_cst);
}

bool progress_trail_find_mark(const struct progress_trail *trail, uint64_t attempt,
	int64_t acknowledged, struct progress_mark *mark)
{
	const struct progress_mark *best = NULL, *oldest = NULL;

	for (size_t i = 0; i < PROGRESS_TRAIL_MARKS; i++) {
		const struct progress_mark *at = &trail->mark[i];

		if (!is_mark(at) || at->attempt != attempt)
			continue;
		if (!oldest || at->index < oldest->index)
			oldest = at;
		if (at->index <= acknowledged - PROGRESS_MARK_BEHIND &&
			(!best || at->index > best->index))
			best = at;
	}
	if (!best)
		best = oldest;
	if (best)
		*mark = *best;
	return best != NULL;
}

bool progress_trail_find_line(
	const struct progress_trail *trail, uint64_t position, struct progress_line *line)
{
	const struct progress_line *kept = &trail->line[position % PROGRESS_TRAIL_LINES];

	if (!is_line(kept, position))
		return false;
	*line = *kept;
	return true;
}

const char *progress_trail_find_text(
	const struct progress_trail *trail, const struct progress_line *line)
{
	const struct progress_text *own = &trail->text[line->position % PROGRESS_TRAIL_TEXTS];
	size_t length = strnlen(own->text, sizeof(own->text));

	return own->position == line->position && length < sizeof(own->text) &&
			       progress_trail_sum(own->text, length) == line->sum
		       ? own->text
		       : NULL;
}
