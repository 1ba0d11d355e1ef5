#include "base/transcript.h"

enum { SECONDS_MAX = 100000000 };

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Returns the bytes taken, 0: no seconds there. */
static size_t read_seconds(const char *row, size_t length, int64_t *time_us)
{
	int64_t seconds = 0, unit_us = 1000000, fraction_us = 0;
	size_t at = 0, begin;

	while (at < length && row[at] == ' ')
		at++;
	for (begin = at; at < length && row[at] >= '0' && row[at] <= '9'; at++) {
		seconds = seconds * 10 + (row[at] - '0');
		if (seconds > SECONDS_MAX)
			return 0;
	}
	if (at == begin)
		return 0;
	if (at < length && row[at] == '.')
		for (at++; at < length && row[at] >= '0' && row[at] <= '9'; at++) {
			unit_us /= 10;
			fraction_us += unit_us * (row[at] - '0');
		}
	*time_us = seconds * 1000000 + fraction_us;
	return at;
}

/* The byte behind a backslash; returns how much of the text it took, 0: no escape. */
static size_t read_escape(const char *at, size_t left, char *byte)
{
	if (left >= 1 && (*at == 'n' || *at == 'r')) {
		*byte = *at == 'n' ? '\n' : '\r';
		return 1;
	}
	if (left < 3 || *at != 'x' || digit_of(at[1]) < 0 || digit_of(at[2]) < 0)
		return 0;
	*byte = (char)(digit_of(at[1]) * 16 + digit_of(at[2]));
	return 3;
}

static size_t unescape(char *text, size_t length)
{
	size_t to = 0;

	for (size_t at = 0; at < length;) {
		char byte = text[at++];

		/* A backslash that begins no escape is one. */
		if (byte == '\\')
			at += read_escape(text + at, length - at, &byte);
		text[to++] = byte;
	}
	return to;
}

void transcript_read(char *row, size_t length, struct transcript_row *out)
{
	size_t at = 0;

	*out = (struct transcript_row){ .kind = TRANSCRIPT_BAD };
	while (length > 0 && (row[length - 1] == '\n' || row[length - 1] == '\r'))
		length--;
	while (at < length && row[at] == ' ')
		at++;
	if (at == length) {
		out->kind = TRANSCRIPT_NOTHING;
		return;
	}
	at = read_seconds(row, length, &out->time_us);
	if (at == 0 || length - at < 2 || row[at] != ' ')
		return;
	if (row[at + 1] == '>')
		out->kind = TRANSCRIPT_SENT;
	else if (row[at + 1] == '<')
		out->kind = TRANSCRIPT_RECEIVED;
	else if (row[at + 1] == '#')
		out->kind = TRANSCRIPT_REMARK;
	else
		return;
	at += 2;
	if (at < length && row[at] == ' ')
		at++;
	out->bytes = row + at;
	out->length =
		out->kind == TRANSCRIPT_REMARK ? length - at : unescape(row + at, length - at);
}
