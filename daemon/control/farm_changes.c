#include "daemon/control/farm_changes.h"

#include <stdlib.h>
#include <string.h>

void farm_changes_init(struct farm_changes *changes)
{
	memset(changes, 0, sizeof(*changes));
}

void farm_changes_finish(struct farm_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		free(changes->change[i].row.owned);
		free(changes->change[i].text);
	}
	free(changes->change);
	farm_changes_init(changes);
}

static bool make_room(struct farm_changes *changes)
{
	if (changes->count < changes->room)
		return true;
	size_t room = changes->room ? changes->room * 2 : 8;
	struct farm_change *bigger = realloc(changes->change, room * sizeof(*bigger));
	if (!bigger)
		return false;
	changes->change = bigger;
	changes->room = room;
	return true;
}

void farm_changes_add(struct farm_changes *changes, enum farm_change_kind kind, const void *row,
	size_t size, const char *text)
{
	void *copy = malloc(size);
	char *text_copy = text ? strdup(text) : NULL;
	if (!copy || (text && !text_copy) || !make_room(changes)) {
		free(copy);
		free(text_copy);
		changes->failed = true;
		return;
	}
	memcpy(copy, row, size);
	struct farm_change *change = &changes->change[changes->count++];
	change->kind = kind;
	change->row.owned = copy;
	change->text = text_copy;
	if (kind == CHANGE_IDEMPOTENCY)
		((struct idempotency_record *)copy)->answer = text_copy;
}

void farm_changes_sort(struct farm_changes *changes)
{
	struct farm_change *sorted = malloc((changes->count + 1) * sizeof(*sorted));
	if (!sorted) {
		changes->failed = true;
		return;
	}
	size_t count = 0;
	for (int kind = 0; kind < CHANGE_KIND_COUNT; kind++)
		for (size_t i = 0; i < changes->count; i++)
			if ((int)changes->change[i].kind == kind)
				sorted[count++] = changes->change[i];
	free(changes->change);
	changes->change = sorted;
	changes->room = changes->count + 1;
}
