/* Good units that were handed over, part by part. */
#include "daemon/control/farm_state.h"

#include <errno.h>
#include <stdlib.h>

enum { ROOM_AT_FIRST = 4 };

int farm_load_delivery(struct farm *farm, const struct delivery_record *record)
{
	struct farm_order *order = farm_index_find(&farm->orders, record->order);
	if (!order)
		return -EINVAL;
	if (order->delivery_count == order->delivery_room) {
		size_t room = order->delivery_room ? 2 * order->delivery_room : ROOM_AT_FIRST;
		struct delivery_record *bigger = realloc(order->delivery, room * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		order->delivery = bigger;
		order->delivery_room = room;
	}
	order->delivery[order->delivery_count++] = *record;
	order->delivered += record->units;
	if (record->id >= farm->next_delivery_id)
		farm->next_delivery_id = record->id + 1;
	return 0;
}

static int check(const struct farm_order *order, int64_t units, struct error *error)
{
	long long ready = (long long)(order->tally.good - order->delivered);
	if (units >= 1 && units <= ready)
		return 0;
	if (ready == 0)
		error_set(error,
			"order %lld has no good units that are not delivered yet (%lld good)",
			(long long)order->record.id, (long long)order->tally.good);
	else
		error_set(error,
			"order %lld: %lld units cannot be delivered: 1 to %lld are accepted (%lld "
			"good, %lld delivered)",
			(long long)order->record.id, (long long)units, ready,
			(long long)order->tally.good, (long long)order->delivered);
	return -EINVAL;
}

int farm_order_deliver(struct farm *farm, const char *user, int64_t id, int64_t units,
	const char *note, struct error *error)
{
	struct farm_order *order = farm_find_order(farm, id, error);
	if (!order)
		return -ENOENT;
	int result = farm_writable(farm, error);
	if (!units)
		units = order->tally.good - order->delivered;
	if (!result)
		result = check(order, units, error);
	if (result)
		return result;
	struct delivery_record record = {
		.id = farm->next_delivery_id, .order = id, .units = units, .at_s = farm->now_s
	};
	farm_copy(record.user, sizeof(record.user), user);
	farm_copy(record.note, sizeof(record.note), note);
	result = farm_load_delivery(farm, &record);
	if (result)
		return result;
	farm_put(farm, CHANGE_DELIVERY, &record, sizeof(record));
	farm_say_id(farm, "order", id, user,
		"order %lld: %lld unit%s delivered, %lld of %lld in all", (long long)id,
		(long long)units, units == 1 ? "" : "s", (long long)order->delivered,
		(long long)order->record.units);
	return 0;
}
