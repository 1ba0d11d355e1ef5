/* The ledger of lines in flight; see window.h. */
#include "drivers/window.h"

#include <assert.h>

void window_clear(struct window *window)
{
	window->head = 0;
	window->count = 0;
}

const struct window_entry *window_at(const struct window *window, size_t position)
{
	assert(position < window->count);
	return &window->entry[(window->head + position) % WINDOW_ENTRIES_MAX];
}

const struct window_entry *window_head(const struct window *window)
{
	return window->count > 0 ? window_at(window, 0) : NULL;
}

bool window_has_room(
	const struct window *window, const struct window_limits *limits, int32_t bytes, bool alone)
{
	int32_t sum = 0;

	if (window->count == 0)
		return true;
	if (alone || window->count >= WINDOW_ENTRIES_MAX || window->count >= (size_t)limits->lines)
		return false;
	for (size_t i = 0; i < window->count; i++) {
		const struct window_entry *entry = window_at(window, i);

		if (entry->alone)
			return false;
		sum += entry->bytes;
	}
	return sum + bytes <= limits->bytes;
}

bool window_push(struct window *window, const struct window_entry *entry)
{
	if (window->count >= WINDOW_ENTRIES_MAX)
		return false;
	window->entry[(window->head + window->count) % WINDOW_ENTRIES_MAX] = *entry;
	window->count++;
	return true;
}

struct window_entry window_pop(struct window *window)
{
	struct window_entry entry = *window_at(window, 0);

	window->head = (window->head + 1) % WINDOW_ENTRIES_MAX;
	window->count--;
	return entry;
}

size_t window_find(const struct window *window, int64_t number)
{
	for (size_t i = 0; i < window->count; i++) {
		if (window_at(window, i)->number == number)
			return i;
	}
	return window->count;
}
