/* The revisions of a design: which there are, which may be produced, what has been made of each. */
#include "daemon/control/json_out.h"

#include <string.h>

struct revisions {
	const struct farm *farm;
	json_t *items;
};

static const char *state_of(const struct approval_record *approval)
{
	if (!approval)
		return "not_approved";
	return approval->revoked_s ? "revoked" : "approved";
}

/* Good units of all orders of it. */
static int64_t count_good(const struct farm *farm, int64_t design)
{
	int64_t good = 0;
	for (size_t i = 0; i < farm_order_count(farm); i++) {
		struct farm_order_view order;
		farm_order_at(farm, i, &order);
		if (order.record->design == design)
			good += order.good;
	}
	return good;
}

static void add(void *context, const struct farm_revision_view *view)
{
	struct revisions *revisions = context;
	const struct approval_record *approval = view->design.approval;
	json_t *row = json_object();
	json_object_set_new(row, "name", json_out_text(view->design.record->name));
	json_object_set_new(row, "state", json_string(state_of(approval)));
	json_object_set_new(row, "by",
		approval
			? json_out_text(approval->revoked_s ? approval->revoked_by : approval->user)
			: json_null());
	json_out_time(row, "state",
		approval ? approval->revoked_s ? approval->revoked_s : approval->at_s : 0);
	json_out_time(row, "created", view->design.record->created_s);
	json_object_set_new(row, "content_sha256", json_string(view->design.content_sha256));
	json_object_set_new(
		row, "good", json_integer(count_good(revisions->farm, view->design.record->id)));
	json_object_set_new(row, "is_ordered", json_boolean(view->is_ordered));
	json_array_append_new(revisions->items, row);
}

json_t *json_out_design_revisions(const struct farm *farm, const struct farm_design_view *design)
{
	json_t *object = json_out_design(design);
	struct revisions revisions = { farm, json_array() };
	farm_each_revision(farm, design->record->name, add, &revisions);
	json_object_set_new(object, "revisions", revisions.items);
	return object;
}
