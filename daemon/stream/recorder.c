#include "daemon/stream/recorder.h"

#include <stdio.h>  /* snprintf */
#include <stdlib.h> /* malloc, free */
#include <string.h> /* memcpy */

enum {
	RECORD_BYTES = 63,  /* a record is at most so long; what is longer becomes several */
	HEAD_BYTES_MAX = 6, /* one byte of length, at most five of time */
	ROW_HEAD_BYTES = 32,
	ROW_BYTES = 256, /* a line without end is cut into rows of so many bytes */
	/* A record of line ends only: every byte begins a row. */
	RECORD_TEXT_MAX = RECORD_BYTES * (ROW_HEAD_BYTES + 3),
};
/* Longer pauses are cut: 4.7 hours. */
#define DELTA_MAX_US INT64_C(0x3ffffffff)

/* Records: length, pause since the record before in 7-bit groups (the lowest first, the top bit
 * says that another one follows), bytes. */
struct ring {
	uint32_t offset, size; /* in `bytes` of the recorder */
	uint32_t start, used;
	int64_t first, next; /* numbers of the oldest record and of the one to come */
	int64_t before_us;   /* the time that the oldest record's pause counts from */
	int64_t latest_us;
};

struct recorder {
	int64_t origin_us;
	struct ring ring[RECORDER_KINDS];
	uint8_t bytes[2 * RECORDER_RING_BYTES + RECORDER_REMARK_BYTES];
};

/* A record that is being looked at. */
struct record {
	int64_t number, time_us;
	uint32_t at, length; /* of its bytes, at: distance from the ring's start */
};

struct recorder *recorder_create(int64_t now_us)
{
	static const uint32_t sizes[RECORDER_KINDS] = {
		[RECORDER_RECEIVED] = RECORDER_RING_BYTES,
		[RECORDER_REMARK] = RECORDER_REMARK_BYTES,
		[RECORDER_SENT] = RECORDER_RING_BYTES,
	};
	/* Pages that are never touched cost nothing. */
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	uint32_t offset = 0;

	if (!recorder)
		return NULL;
	recorder->origin_us = now_us;
	for (int kind = 0; kind < RECORDER_KINDS; kind++) {
		recorder->ring[kind] = (struct ring){ .offset = offset,
			.size = sizes[kind],
			.before_us = now_us,
			.latest_us = now_us };
		offset += sizes[kind];
	}
	return recorder;
}

void recorder_destroy(struct recorder *recorder)
{
	free(recorder);
}

struct recorder *recorder_copy(const struct recorder *recorder)
{
	struct recorder *copy = malloc(sizeof(*copy));

	if (copy)
		memcpy(copy, recorder, sizeof(*copy));
	return copy;
}

/* ---- writing ------------------------------------------------------------------- */

/* A place in the ring that is less than two rings away from its start. */
static uint32_t wrap(const struct ring *ring, uint32_t at)
{
	return at < ring->size ? at : at - ring->size;
}

static uint8_t byte_at(const struct recorder *recorder, const struct ring *ring, uint32_t distance)
{
	return recorder->bytes[ring->offset + wrap(ring, ring->start + distance)];
}

static void put(struct recorder *recorder, struct ring *ring, const void *bytes, uint32_t length)
{
	uint32_t at = wrap(ring, ring->start + ring->used), first = ring->size - at;
	uint8_t *base = recorder->bytes + ring->offset;

	if (first > length)
		first = length;
	memcpy(base + at, bytes, first);
	if (length > first)
		memcpy(base, (const uint8_t *)bytes + first, length - first);
	ring->used += length;
}

/* Reads the head at `at` of a record that comes after one at before_us. */
static void look(const struct recorder *recorder, const struct ring *ring, uint32_t at,
	int64_t before_us, struct record *record)
{
	int64_t pause_us = 0;
	int shift = 0;
	uint8_t group;

	record->length = byte_at(recorder, ring, at++);
	do {
		group = byte_at(recorder, ring, at++);
		pause_us |= (int64_t)(group & 0x7f) << shift;
		shift += 7;
	} while (group & 0x80);
	record->at = at;
	record->time_us = before_us + pause_us;
}

static void forget_oldest(const struct recorder *recorder, struct ring *ring)
{
	struct record oldest;
	uint32_t length;

	look(recorder, ring, 0, ring->before_us, &oldest);
	length = oldest.at + oldest.length;
	ring->start = wrap(ring, ring->start + length);
	ring->used -= length;
	ring->before_us = oldest.time_us;
	ring->first++;
}

static void add_record(struct recorder *recorder, struct ring *ring, const char *bytes,
	uint32_t length, int64_t now_us)
{
	int64_t pause_us = now_us > ring->latest_us ? now_us - ring->latest_us : 0;
	uint8_t head[HEAD_BYTES_MAX];
	uint32_t used = 0;

	if (pause_us > DELTA_MAX_US)
		pause_us = DELTA_MAX_US;
	ring->latest_us += pause_us;
	head[used++] = (uint8_t)length;
	for (; pause_us > 0x7f; pause_us >>= 7)
		head[used++] = (uint8_t)(0x80 | (pause_us & 0x7f));
	head[used++] = (uint8_t)pause_us;
	while (ring->used + used + length > ring->size)
		forget_oldest(recorder, ring);
	put(recorder, ring, head, used);
	put(recorder, ring, bytes, length);
	ring->next++;
}

void recorder_add(struct recorder *recorder, enum recorder_kind kind, const char *bytes,
	size_t length, int64_t now_us)
{
	struct ring *ring = &recorder->ring[kind];

	/* After a pause that was cut, times are right again. */
	if (ring->used == 0)
		ring->before_us = ring->latest_us = now_us;
	for (size_t at = 0; at < length; at += RECORD_BYTES) {
		size_t piece = length - at < RECORD_BYTES ? length - at : RECORD_BYTES;

		add_record(recorder, ring, bytes + at, (uint32_t)piece, now_us);
	}
}

/* ---- reading ------------------------------------------------------------------- */

/* What has not been written out, record by record in the order of time. */
struct reader {
	const struct recorder *recorder;
	bool has[RECORDER_KINDS];
	struct record record[RECORDER_KINDS];
};

static void step(struct reader *reader, int kind)
{
	const struct ring *ring = &reader->recorder->ring[kind];
	struct record *record = &reader->record[kind];
	uint32_t at = record->at + record->length;

	reader->has[kind] = at < ring->used;
	if (!reader->has[kind])
		return;
	look(reader->recorder, ring, at, record->time_us, record);
	record->number++;
}

static void start(struct reader *reader, const struct recorder *recorder,
	const struct recorder_cursor *cursor)
{
	*reader = (struct reader){ .recorder = recorder };
	for (int kind = 0; kind < RECORDER_KINDS; kind++) {
		const struct ring *ring = &recorder->ring[kind];

		reader->record[kind] =
			(struct record){ .number = ring->first - 1, .time_us = ring->before_us };
		step(reader, kind);
		while (reader->has[kind] && reader->record[kind].number < cursor->next[kind])
			step(reader, kind);
	}
}

/* The kind of the earliest record; -1: none left. */
static int earliest(const struct reader *reader)
{
	int best = -1;

	for (int kind = 0; kind < RECORDER_KINDS; kind++)
		if (reader->has[kind] &&
			(best < 0 || reader->record[kind].time_us < reader->record[best].time_us))
			best = kind;
	return best;
}

struct writer {
	char *text;
	size_t length, size;
	int open;	  /* kind of the row that is not ended; -1: none */
	size_t row_bytes; /* of it */
};

static void end_row(struct writer *writer)
{
	if (writer->open >= 0)
		writer->text[writer->length++] = '\n';
	writer->open = -1;
	writer->row_bytes = 0;
}

static void begin_row(struct writer *writer, int kind, int64_t time_us)
{
	static const char signs[RECORDER_KINDS] = {
		[RECORDER_RECEIVED] = '<',
		[RECORDER_REMARK] = '#',
		[RECORDER_SENT] = '>',
	};
	int64_t units = (time_us > 0 ? time_us : 0) / 100;

	end_row(writer);
	/* By hand: a decimal point whatever the locale says. */
	writer->length +=
		(size_t)snprintf(writer->text + writer->length, ROW_HEAD_BYTES, "%5lld.%04lld %c ",
			(long long)(units / 10000), (long long)(units % 10000), signs[kind]);
	writer->open = kind;
}

static void write_byte(struct writer *writer, uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";
	char *at = writer->text + writer->length;

	if (byte >= 0x20 && byte <= 0x7e && byte != '\\') {
		*at = (char)byte;
		writer->length++;
		return;
	}
	at[0] = '\\';
	if (byte == '\n' || byte == '\r') {
		at[1] = byte == '\n' ? 'n' : 'r';
		writer->length += 2;
		return;
	}
	at[1] = 'x';
	at[2] = digits[byte >> 4];
	at[3] = digits[byte & 15];
	writer->length += 4;
}

static void write_record(struct writer *writer, const struct reader *reader, int kind)
{
	const struct recorder *recorder = reader->recorder;
	const struct record *record = &reader->record[kind];

	if (writer->open != kind)
		end_row(writer);
	for (uint32_t i = 0; i < record->length; i++) {
		uint8_t byte = byte_at(recorder, &recorder->ring[kind], record->at + i);

		if (writer->open < 0)
			begin_row(writer, kind, record->time_us - recorder->origin_us);
		if (kind == RECORDER_REMARK && byte == '\n') {
			end_row(writer);
			continue;
		}
		write_byte(writer, byte);
		if (byte == '\n' || ++writer->row_bytes == ROW_BYTES)
			end_row(writer);
	}
}

/* Where the conversation is whole again; remarks are older, since they have a ring of their own. */
static int64_t find_gap(const struct recorder *recorder, const struct recorder_cursor *cursor)
{
	static const enum recorder_kind kinds[] = { RECORDER_SENT, RECORDER_RECEIVED };
	int64_t gap_us = INT64_MIN;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct ring *ring = &recorder->ring[kinds[i]];

		if (cursor->next[kinds[i]] < ring->first && ring->before_us > gap_us)
			gap_us = ring->before_us;
	}
	return gap_us;
}

static void write_gap(struct writer *writer, int64_t time_us)
{
	begin_row(writer, RECORDER_REMARK, time_us);
	memcpy(writer->text + writer->length, RECORDER_GAP, sizeof(RECORDER_GAP) - 1);
	writer->length += sizeof(RECORDER_GAP) - 1;
	end_row(writer);
}

size_t recorder_format(const struct recorder *recorder, struct recorder_cursor *cursor, char *text,
	size_t size, bool *more)
{
	struct writer writer = { .text = text, .size = size, .open = -1 };
	struct reader reader;
	int64_t gap_us = find_gap(recorder, cursor);
	int kind;

	start(&reader, recorder, cursor);
	while ((kind = earliest(&reader)) >= 0) {
		size_t room = size - writer.length;

		/* A line that has begun is ended on the same page where that is possible. */
		if (room <= RECORD_TEXT_MAX + 1 ||
			(writer.open < 0 && room <= RECORD_TEXT_MAX + ROW_BYTES * 2))
			break;
		if (gap_us != INT64_MIN && reader.record[kind].time_us > gap_us) {
			write_gap(&writer, gap_us - recorder->origin_us);
			for (int i = 0; i < RECORDER_KINDS; i++)
				if (cursor->next[i] < recorder->ring[i].first)
					cursor->next[i] = recorder->ring[i].first;
			gap_us = INT64_MIN;
			continue;
		}
		write_record(&writer, &reader, kind);
		cursor->next[kind] = reader.record[kind].number + 1;
		step(&reader, kind);
	}
	end_row(&writer);
	*more = kind >= 0;
	return writer.length;
}
