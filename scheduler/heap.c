/* A binary heap of pointers; see heap.h. */
#include "scheduler/heap.h"

#include <assert.h> /* assert */

void heap_init(
	struct heap *heap, void **room, size_t capacity, bool (*less)(const void *a, const void *b))
{
	*heap = (struct heap){ .capacity = capacity, .item = room, .less = less };
}

static bool swap_if_less(struct heap *heap, size_t lower, size_t upper)
{
	void *item = heap->item[lower];

	if (!heap->less(item, heap->item[upper]))
		return false;
	heap->item[lower] = heap->item[upper];
	heap->item[upper] = item;
	return true;
}

void heap_push(struct heap *heap, void *item)
{
	assert(heap->count < heap->capacity);
	size_t at = heap->count++;

	heap->item[at] = item;
	while (at > 0 && swap_if_less(heap, at, (at - 1) / 2))
		at = (at - 1) / 2;
}

void heap_top_grew(struct heap *heap)
{
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= heap->count)
			return;
		if (child + 1 < heap->count && heap->less(heap->item[child + 1], heap->item[child]))
			child++;
		if (!swap_if_less(heap, child, at))
			return;
		at = child;
	}
}

void *heap_top(const struct heap *heap)
{
	return heap->count ? heap->item[0] : NULL;
}

void *heap_pop(struct heap *heap)
{
	void *top = heap_top(heap);

	if (!top)
		return NULL;
	heap->item[0] = heap->item[--heap->count];
	heap_top_grew(heap);
	return top;
}
