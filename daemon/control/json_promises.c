/* Promises as JSON; see json_promises.h. */
#include "daemon/control/json_promises.h"
#include "daemon/control/json_out.h"

static json_t *promise(const struct promise_record *record)
{
	json_t *object = json_object();
	json_out_time(object, "made", record->made_s);
	json_out_time(object, "promised", record->promised_s);
	json_out_time(object, "low", record->low_s);
	json_out_time(object, "likely", record->likely_s);
	json_object_set_new(object, "confidence_percent", json_integer(record->confidence_percent));
	json_object_set_new(object, "given", json_boolean(record->given));
	json_object_set_new(object, "cause", json_out_text(record->cause));
	json_object_set_new(object, "kept",
		record->given && record->done_s ? json_boolean(record->done_s <= record->promised_s)
						: json_null());
	return object;
}

json_t *json_promises(const struct farm *farm, int64_t order)
{
	json_t *items = json_array();
	for (size_t i = 0; i < farm_promise_count(farm, order); i++)
		json_array_append_new(items, promise(farm_promise_at(farm, order, i)));
	return items;
}

json_t *json_promises_kept(const struct farm *farm)
{
	struct farm_promises_kept kept;
	json_t *object = json_object();
	farm_promises_kept(farm, &kept);
	json_object_set_new(object, "confidence_percent", json_integer(kept.confidence_percent));
	json_object_set_new(object, "made", json_integer(kept.made));
	json_object_set_new(object, "kept", json_integer(kept.kept));
	json_object_set_new(object, "open", json_integer(kept.open));
	json_object_set_new(object, "overdue", json_integer(kept.overdue));
	return object;
}
