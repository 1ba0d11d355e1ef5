/* What goes out: real-time bytes at once, lines through the window of characters. */
#include "drivers/grbl_private.h"

#include "gcode/lexer.h"

#include <stdio.h> /* snprintf of whole numbers */
#include <string.h>

void grbl_realtime(struct grbl *g, char byte)
{
	effects_write(g->effects, &byte, 1);
	g->counters.bytes_sent++;
}

/* ---- reports ---- */

int64_t grbl_poll_due_us(const struct grbl *g)
{
	int64_t every_us = GRBL_POLL_BUSY_US;

	switch (g->phase) {
	case GRBL_CLOSED:
	case GRBL_BOOT:
	case GRBL_CLEAN:
	case GRBL_IDENTIFY:
	case GRBL_SETTINGS:
		return DRIVER_NEVER;
	case GRBL_READY:
	case GRBL_FAULTED:
	case GRBL_LOOK:
		every_us = g->flight_count > 0 ? GRBL_POLL_BUSY_US : GRBL_POLL_IDLE_US;
		break;
	case GRBL_PAUSED:
		every_us = GRBL_POLL_IDLE_US;
		break;
	case GRBL_STOPPING:
		every_us = GRBL_POLL_STOP_US;
		break;
	case GRBL_ASK:
	case GRBL_STREAMING:
	case GRBL_HOLDING:
	case GRBL_RESUMING:
		break;
	}
	return g->last_poll_us + every_us;
}

void grbl_poll(struct grbl *g)
{
	g->last_poll_us = g->now_us;
	g->report_awaited = true;
	grbl_realtime(g, '?');
}

/* ---- what a line is ---- */

static int64_t word_us(const char *text, size_t length, char letter)
{
	double value;
	size_t used;

	for (size_t i = 0; i + 1 < length; i++)
		if (text[i] == letter && lexer_number(text + i + 1, length - i - 1, &value, &used))
			return value > 0 && value < 1e6 ? (int64_t)(value * 1e6) : 0;
	return 0;
}

/* These write to EEPROM with interrupts off: bytes that arrive meanwhile are lost
 * (serial-protocols.md 11.2). */
static bool writes_eeprom(const char *text, size_t length)
{
	if (text[0] == '$')
		return true;
	return grbl_has_word(text, length, "G10") || grbl_has_word(text, length, "G28.1") ||
	       grbl_has_word(text, length, "G30.1");
}

static void describe(const char *text, size_t length, struct grbl_line *line)
{
	size_t kept = length < GRBL_TEXT_MAX - 1 ? length : GRBL_TEXT_MAX - 1;

	line->bytes = (int32_t)length + 1;
	line->alone = writes_eeprom(text, length);
	line->homing = length >= 2 && text[0] == '$' && text[1] == 'H';
	line->dwell_us = grbl_has_word(text, length, "G4") || grbl_has_word(text, length, "G04")
				 ? word_us(text, length, 'P')
				 : 0;
	line->spins = memchr(text, 'M', length) || memchr(text, 'T', length);
	memcpy(line->text, text, kept);
	line->text[kept] = '\0';
}

/* Blanks do not count in the machine's line. */
static size_t stripped(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += text[i] != ' ';
	return count;
}

static bool acts_at_once(char c)
{
	return c == '?' || c == '!' || c == '~' || (unsigned char)c < ' ' || (unsigned char)c > '~';
}

const char *grbl_refuses(const struct grbl *g, const char *text, size_t length)
{
	size_t most = g->flavour == GRBL_FLAVOUR_GRBL ? GRBL_LINE_BYTES : GRBL_LONG_LINE_BYTES;

	for (size_t i = 0; i < length; i++)
		if (acts_at_once(text[i]))
			return "it holds a byte that acts at once, wherever it stands";
	if (stripped(text, length) > most)
		return "it is longer than the machine takes";
	if (grbl_is_laser(g) &&
		(grbl_has_word(text, length, "M3") || grbl_has_word(text, length, "M03")))
		return "M3 leaves a laser on while the machine waits; only M4 is sent to a laser";
	return NULL;
}

/* ---- the window ---- */

static int32_t lines_limit(const struct grbl *g)
{
	int32_t lines = g->settings.window_lines;

	return lines >= 1 && lines < GRBL_FLIGHT_MAX ? lines
	       : lines == DRIVER_WINDOW_HELD	     ? 1
						     : GRBL_FLIGHT_MAX;
}

void grbl_learn_window(struct grbl *g)
{
	int32_t bytes = g->ring_bytes > 1 ? g->ring_bytes - 1 : GRBL_WINDOW_BYTES;
	int32_t lines = lines_limit(g);

	if (bytes > GRBL_WINDOW_MAX)
		bytes = GRBL_WINDOW_MAX;
	if (g->settings.window_bytes > 0 && g->settings.window_bytes < bytes)
		bytes = g->settings.window_bytes;
	g->window_bytes = bytes;
	if (lines == 1)
		snprintf(g->identity.window, sizeof(g->identity.window), "one line at a time");
	else
		snprintf(g->identity.window, sizeof(g->identity.window),
			"%d bytes of lines that are not answered", (int)bytes);
}

bool grbl_has_room(const struct grbl *g, size_t length, bool alone)
{
	const struct grbl_line *last;

	if (g->flight_count == 0)
		return true;
	last = &g->flight[(g->flight_head + g->flight_count - 1) % GRBL_FLIGHT_MAX];
	return !alone && !last->alone && (int32_t)g->flight_count < lines_limit(g) &&
	       g->flight_bytes + (int32_t)length + 1 <= g->window_bytes;
}

static void send(struct grbl *g, const char *text, size_t length, int64_t index)
{
	struct grbl_line *line = &g->flight[(g->flight_head + g->flight_count) % GRBL_FLIGHT_MAX];

	describe(text, length, line);
	line->index = index;
	g->flight_count++;
	g->flight_bytes += line->bytes;
	g->idle_reports = 0;
	g->clean = false;
	effects_write(g->effects, text, length);
	effects_write(g->effects, "\n", 1); /* CR LF would be answered twice on grbl 1.1 */
	g->counters.lines_sent++;
	g->counters.bytes_sent += line->bytes;
}

bool grbl_send_line(struct grbl *g, const char *text)
{
	struct grbl_line line;

	describe(text, strlen(text), &line);
	if (!grbl_has_room(g, strlen(text), line.alone))
		return false;
	send(g, text, strlen(text), -1);
	return true;
}

void grbl_flush_staged(struct grbl *g)
{
	struct grbl_line line;

	if (g->staged_length == 0 || g->phase != GRBL_STREAMING || g->want_pause)
		return;
	describe(g->staged, g->staged_length, &line);
	if (!grbl_has_room(g, g->staged_length, line.alone))
		return;
	grbl_place_follow(g, g->staged, g->staged_length);
	send(g, g->staged, g->staged_length, g->staged_index);
	g->staged_length = 0;
}

void grbl_clear_flight(struct grbl *g)
{
	g->flight_head = g->flight_count = 0;
	g->flight_bytes = 0;
}
