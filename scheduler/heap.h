/* A binary heap of pointers in the caller's memory: the least item is on top.
 *
 * Ties are settled by `less` alone: an order that is total makes the heap deterministic. */
#ifndef SCHEDULER_HEAP_H
#define SCHEDULER_HEAP_H

#include <stdbool.h>
#include <stddef.h>

struct heap {
	size_t count, capacity;
	void **item; /* borrowed: room for `capacity` pointers */
	bool (*less)(const void *a, const void *b);
};

void heap_init(struct heap *heap, void **room, size_t capacity,
	bool (*less)(const void *a, const void *b));

/* There must be room. */
void heap_push(struct heap *heap, void *item);

/* NULL when empty. */
void *heap_top(const struct heap *heap);
void *heap_pop(struct heap *heap);

/* To be called when the top's key has grown. */
void heap_top_grew(struct heap *heap);

#endif
