/* Lines that are written and not yet acknowledged, oldest first.
 *
 * Every line that will be answered is in here, numbered or not; credit is computed from the
 * entries, never kept as a counter of its own, so that a stray acknowledgement cannot be banked
 * (invariants I4, I7, I8 of serial-protocols.md 14.4). */
#ifndef DRIVERS_WINDOW_H
#define DRIVERS_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WINDOW_ENTRIES_MAX = 16,
	WINDOW_NO_NUMBER = -1,
};

/* How a printer answers the line. */
enum window_answer {
	WINDOW_PLAIN,	    /* "ok", "ok N… P… B…" */
	WINDOW_TEMPERATURE, /* "ok T:…", never a plain ok: M105 */
};

struct window_entry {
	int64_t number; /* or WINDOW_NO_NUMBER */
	int64_t sent_us;
	int32_t bytes; /* with the line end */
	enum window_answer answer;
	bool alone; /* nothing is sent behind it until it is acknowledged (I5, I6) */
	bool slow;  /* may take minutes */
};

struct window {
	size_t head, count;
	struct window_entry entry[WINDOW_ENTRIES_MAX];
};

/* How much may be un-acknowledged. */
struct window_limits {
	int32_t lines, bytes;
};

void window_clear(struct window *window);
const struct window_entry *window_head(const struct window *window);
const struct window_entry *window_at(const struct window *window, size_t position);

/* May a line of so many bytes follow now?  A line that has to be alone waits for an empty window,
 * and nothing follows one. */
bool window_has_room(
	const struct window *window, const struct window_limits *limits, int32_t bytes, bool alone);

/* False: full (never when window_has_room said yes). */
bool window_push(struct window *window, const struct window_entry *entry);

/* Takes the oldest entry off. The window must not be empty. */
struct window_entry window_pop(struct window *window);

/* Position of the entry with this number, or window->count. */
size_t window_find(const struct window *window, int64_t number);

#endif
