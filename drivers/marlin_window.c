/* How much may be under way: chosen when the printer is known, narrowed by trouble, widened again.
 *
 * What corrupts decides.  USB CDC, sockets and Klipper's own pseudo terminal do not: there the
 * window is what the printer's queue and ring hold.  A UART does: where the firmware would execute
 * a piece of a line, one line is under way, with the next one's body behind it once the board
 * has shown that it takes bytes back (marlin_held.c).  Firmware that refuses pieces by itself gets
 * a window there too. */
#include "drivers/marlin_private.h"

#include <stdio.h> /* snprintf */

enum {
	SURPLUS_OKS_MAX = 2,
	NARROW_LINES = 1000, /* lines with a narrowed window behind a line error */
	ERRORS_MAX = 3, /* within as many lines: one line at a time for the rest of the print */
};

static bool link_corrupts(const struct marlin *m)
{
	return m->link == DRIVER_LINK_UART;
}

bool marlin_wants_held(const struct marlin *m)
{
	if (!m->variant->keeps_half_lines || m->family->refuses_held)
		return false;
	return m->settings.window_lines == DRIVER_WINDOW_HELD ||
	       (m->settings.window_lines == DRIVER_WINDOW_AUTO && link_corrupts(m) &&
		       m->variant->runs_pieces);
}

static int32_t lines_wanted(const struct marlin *m)
{
	bool pieces = link_corrupts(m) && m->variant->runs_pieces;

	if (m->settings.window_lines > 0)
		return m->settings.window_lines;
	if (m->settings.window_lines == DRIVER_WINDOW_HELD)
		return m->family->refuses_held ? m->variant->queue_lines : 1;
	if (pieces)
		return 1;
	/* B of ADVANCED_OK has told how many its queue holds. */
	return m->identity.advanced_ok ? m->queue_max : m->variant->queue_lines;
}

static void describe(struct marlin *m)
{
	char *text = m->identity.window;
	size_t size = sizeof(m->identity.window);
	const char *packed = m->packs ? ", MeatPack" : "";

	if (m->held)
		snprintf(text, size, "held newline%s", packed);
	else if (m->lines == 1 && marlin_wants_held(m))
		snprintf(text, size, "ping-pong: %s",
			m->erases ? "the printer acknowledges more than it gets"
				  : "the board does not take bytes of a line back");
	else if (m->lines == 1)
		snprintf(text, size, "ping-pong%s", packed);
	else
		snprintf(text, size, "%d lines, %d bytes%s", (int)m->lines,
			(int)marlin_window_bytes(m), packed);
	effects_add(m->effects, DRIVER_IDENTITY);
}

void marlin_choose_window(struct marlin *m)
{
	if (m->settings.window_lines == DRIVER_WINDOW_HELD && m->family->refuses_held)
		effects_said(m->effects,
			"window = \"held\" is not for %s, which drops half a line that waits; "
			"serving it with a window",
			m->variant->name);
	m->held = marlin_wants_held(m) && m->erases;
	m->lines = lines_wanted(m);
	if (m->lines > WINDOW_ENTRIES_MAX / 2)
		m->lines = WINDOW_ENTRIES_MAX / 2;
	describe(m);
}

/* Each ok too many lets a line end out too early: with two of them three lines are under way, which
 * is what the held newline is there to prevent. */
void marlin_distrust_oks(struct marlin *m)
{
	if (!m->held || ++m->surplus_oks < SURPLUS_OKS_MAX)
		return;
	m->held = false;
	describe(m);
	effects_said(m->effects, "%d acknowledgements too many: one line at a time for this print",
		m->surplus_oks);
}

int32_t marlin_window_limit(const struct marlin *m)
{
	int32_t limit = m->lines < m->queue_limit ? m->lines : m->queue_limit;

	if (m->counters.lines_sent < m->narrow_until && limit > m->narrow_lines)
		limit = m->narrow_lines;
	return limit < 1 ? 1 : limit;
}

int32_t marlin_window_bytes(const struct marlin *m)
{
	if (m->settings.window_bytes > 0)
		return m->settings.window_bytes;
	return !link_corrupts(m) && m->variant->usb_bytes > 0 ? m->variant->usb_bytes
							      : m->variant->ring_bytes;
}

bool marlin_has_room(const struct marlin *m, size_t frame_length, bool alone)
{
	const struct window_limits bounds = { .lines = marlin_window_limit(m),
		.bytes = marlin_window_bytes(m) };

	if (m->pending != MARLIN_NOTHING_PENDING)
		return false;
	if (m->held && m->window.count > 0)
		return !alone && marlin_can_hold(m, frame_length - 1);
	/* A slicer's line becomes less than two thirds. */
	if (m->packing)
		frame_length = frame_length * 3 / 4;
	return window_has_room(&m->window, &bounds, (int32_t)frame_length, alone);
}

bool marlin_is_crowded(const struct marlin *m)
{
	return m->held || marlin_window_limit(m) > 1;
}

void marlin_narrow_window(struct marlin *m)
{
	int64_t now = m->counters.lines_sent;
	int32_t limit = marlin_window_limit(m);
	int64_t oldest = m->window_error_at[m->window_error_next];

	if (m->lines <= 1)
		return;
	m->window_error_at[m->window_error_next] = now;
	m->window_error_next = (m->window_error_next + 1) % ERRORS_MAX;
	/* Where the acks carry no number, a torn line cannot be told from a doubled ok well enough
	 * to risk a second one. */
	if (now - oldest <= NARROW_LINES ||
		(link_corrupts(m) && m->variant->runs_pieces && !m->identity.advanced_ok)) {
		m->narrow_lines = 1;
		m->narrow_until = INT64_MAX;
	} else if (m->narrow_until != INT64_MAX) {
		m->narrow_lines = limit > 1 ? limit / 2 : 1;
		m->narrow_until = now + NARROW_LINES;
	}
}

void marlin_widen_window(struct marlin *m)
{
	_Static_assert(sizeof(m->window_error_at) / sizeof(m->window_error_at[0]) == ERRORS_MAX,
		"one place an error");
	m->narrow_until = 0;
	m->surplus_oks = 0;
	if (marlin_wants_held(m) && m->erases && !m->held) {
		m->held = true;
		describe(m);
	}
	m->window_error_next = 0;
	for (size_t i = 0; i < ERRORS_MAX; i++)
		m->window_error_at[i] = INT64_MIN / 2;
}
