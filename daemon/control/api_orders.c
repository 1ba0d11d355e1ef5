/* Designs, orders and quotes. */
#include "daemon/control/api_private.h"
#include "daemon/control/due.h"
#include "daemon/control/json_promises.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- designs ---- */

static bool read_plates(
	struct api_call *call, struct farm_plate_wish *plate, size_t *count, struct error *error)
{
	const json_t *plates = json_object_get(call->body, "plates");
	size_t n = json_array_size(plates);
	if (!json_is_array(plates) || n < 1 || n > DESIGN_PLATES_MAX) {
		error_set(error, "\"plates\" must be a list of 1 to %d plates", DESIGN_PLATES_MAX);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		struct json_in in = { json_array_get(plates, i), false, error };
		int64_t yield = 1;
		if (!json_is_object(in.object)) {
			error_set(error, "a plate must be an object");
			return false;
		}
		json_in_only(&in, (const char *const[]){ "sha256", "yield", "name", NULL });
		json_in_text(&in, "sha256", plate[i].sha256, sizeof(plate[i].sha256));
		json_in_integer(&in, "yield", 1, 1000, &yield);
		json_in_text(&in, "name", plate[i].name, sizeof(plate[i].name));
		if (in.failed)
			return false;
		plate[i].yield = (int32_t)yield;
		const char *slash = strrchr(plate[i].name, '/'); /* a label, never a path */
		if (slash)
			memmove(plate[i].name, slash + 1, strlen(slash + 1) + 1);
	}
	*count = n;
	return true;
}

static void create_design(struct api_call *call)
{
	struct error error = { "" };
	struct farm_plate_wish plate[DESIGN_PLATES_MAX] = { 0 };
	char name[NAME_MAX_BYTES] = "";
	size_t count = 0;
	bool revise = false;
	struct json_in in = { call->body, false, &error };
	json_in_only(&in, (const char *const[]){ "name", "plates", "revise", NULL });
	json_in_text(&in, "name", name, sizeof(name));
	json_in_bool(&in, "revise", &revise);
	if (in.failed || !read_plates(call, plate, &count, &error)) {
		api_fail(call, -EINVAL, &error);
		return;
	}
	int64_t id;
	bool created;
	int result = farm_design_create(
		call->farm, call->user, name, plate, count, revise, &id, &created, &error);
	struct farm_design_view view;
	if (result || !farm_design_by_id(call->farm, id, &view))
		api_fail(call, result, &error);
	else
		api_answer(call, created ? 201 : 200, json_out_design(&view));
}

static void list_designs(struct api_call *call)
{
	json_t *items = json_array();
	for (size_t i = 0; i < farm_design_count(call->farm); i++) {
		struct farm_design_view view;
		farm_design_at(call->farm, i, &view);
		json_array_append_new(items, json_out_design(&view));
	}
	api_answer(call, 200, json_out_items(items));
}

static void show_design(struct api_call *call)
{
	struct farm_design_view view;
	struct error error = { "" };
	error_set(&error, "there is no design \"%s\"", call->argument[0]);
	if (farm_design_by_name(call->farm, call->argument[0], &view))
		api_answer(call, 200, json_out_design_revisions(call->farm, &view));
	else
		api_fail(call, -ENOENT, &error);
}

static void answer_design(struct api_call *call, int result, const struct error *error)
{
	struct farm_design_view view;
	if (result || !farm_design_by_name(call->farm, call->argument[0], &view))
		api_fail(call, result, error);
	else
		api_answer(call, 200, json_out_design_made(call->farm, &view));
}

static void approve_design(struct api_call *call)
{
	struct error error = { "" };
	char evidence[REASON_MAX_BYTES] = "", signature[SIGNATURE_BYTES] = "";
	struct json_in in = { call->body, false, &error };
	json_in_only(&in, (const char *const[]){ "evidence", "signature", NULL });
	json_in_text(&in, "evidence", evidence, sizeof(evidence));
	json_in_text(&in, "signature", signature, sizeof(signature));
	const struct farm_approval approval = { evidence, signature };
	answer_design(call,
		in.failed ? -EINVAL
			  : farm_design_approve(
				    call->farm, call->user, call->argument[0], &approval, &error),
		&error);
}

static void revoke_design(struct api_call *call)
{
	struct error error = { "" };
	char why[REASON_MAX_BYTES] = "";
	struct json_in in = { call->body, false, &error };
	json_in_only(&in, (const char *const[]){ "why", NULL });
	json_in_text(&in, "why", why, sizeof(why));
	answer_design(call,
		in.failed ? -EINVAL
			  : farm_design_revoke(
				    call->farm, call->user, call->argument[0], why, &error),
		&error);
}

/* ---- orders ---- */

static int64_t now_s(void)
{
	return (int64_t)time(NULL);
}

/* A text as people write it, or seconds since 1970. */
static void read_due(struct json_in *in, int64_t *due_s)
{
	const json_t *due = json_object_get(in->object, "due");
	char text[64] = "";
	if (json_is_integer(due)) {
		json_in_integer(in, "due", 0, INT64_C(1) << 40, due_s);
		snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(due));
	} else {
		json_in_text(in, "due", text, sizeof(text));
		if (!in->failed && due_parse(text, now_s(), due_s, in->error) != 0)
			in->failed = true;
	}
	if (in->failed || *due_s == 0 || *due_s > now_s())
		return;
	char here[48];
	json_out_iso8601(now_s(), here, sizeof(here));
	in->failed = true;
	error_set(in->error,
		"due \"%s\" is past: it is %.16s here; a later time or none is accepted", text,
		here);
}

/* A text with commas, or a list of texts. */
static void read_choice(struct json_in *in, const char *name, char choice[CHOICE_BYTES])
{
	const json_t *list = json_object_get(in->object, name), *item;
	size_t index, length = 0;
	if (!json_is_array(list)) {
		json_in_text(in, name, choice, CHOICE_BYTES);
		return;
	}
	choice[0] = '\0';
	json_array_foreach (list, index, item) {
		json_t *holder = json_pack("{s:O}", name, item);
		struct json_in one = { holder, in->failed, in->error };
		char word[CHOICE_BYTES] = "";
		json_in_text(&one, name, word, sizeof(word));
		json_decref(holder);
		if (!one.failed && (!word[0] || strchr(word, ',') ||
					   length + strlen(word) + 2 > CHOICE_BYTES)) {
			error_set(in->error, "\"%s\" must be texts without commas, %d bytes in all",
				name, CHOICE_BYTES - 1);
			one.failed = true;
		}
		in->failed = one.failed;
		if (in->failed)
			return;
		length += (size_t)snprintf(
			choice + length, CHOICE_BYTES - length, "%s%s", length ? "," : "", word);
	}
}

/* "7,9", blanks allowed; false: something else. */
static bool read_ids(const char *text, int64_t after[ORDER_AFTER_MAX], size_t *count)
{
	const char *at = text + strspn(text, " ");
	while (*at) {
		int64_t id = 0;
		if (*count == ORDER_AFTER_MAX || !isdigit((unsigned char)*at))
			return false;
		for (; isdigit((unsigned char)*at) && id < INT64_MAX / 10 - 9; at++)
			id = id * 10 + (*at - '0');
		after[(*count)++] = id;
		at += strspn(at, " ");
		if (*at && (*at != ',' || !at[1]))
			return false;
		at += *at == ',';
		at += strspn(at, " ");
	}
	return true;
}

/* A list of orders, or their numbers between commas. */
static void read_after(struct json_in *in, int64_t after[ORDER_AFTER_MAX], size_t *count)
{
	const json_t *list = json_object_get(in->object, "after"), *item;
	char text[ORDER_AFTER_BYTES] = "";
	bool good = true;
	size_t index;
	*count = 0;
	if (in->failed)
		return;
	if (!json_is_array(list)) {
		json_in_text(in, "after", text, sizeof(text));
		good = !in->failed && read_ids(text, after, count);
	}
	json_array_foreach (list, index, item) {
		good &= json_integer_value(item) > 0 && *count < ORDER_AFTER_MAX;
		if (good)
			after[(*count)++] = json_integer_value(item);
	}
	if (good)
		return;
	in->failed = true;
	error_set(in->error,
		"\"after\" must be the numbers of at most %d orders: [7, 9] or \"7,9\"",
		ORDER_AFTER_MAX);
}

/* null: as the configuration says. */
static void read_retries(struct json_in *in, bool *has_retries, int32_t *retries)
{
	int64_t value = -1;
	json_in_integer(in, "retries", 0, ORDER_RETRIES_MAX, &value);
	*has_retries = value >= 0;
	if (value >= 0)
		*retries = (int32_t)value;
}

bool api_read_wish(struct api_call *call, struct farm_wish *wish, struct error *error)
{
	struct json_in in = { call->body, false, error };
	int64_t priority = 50;
	*wish = (struct farm_wish){ .units = 1 };
	snprintf(wish->user, sizeof(wish->user), "%s", call->user);
	json_in_only(&in, (const char *const[]){ "design", "units", "due", "priority", "material",
				  "color", "printer", "tag", "hold", "test", "user", "project",
				  "after", "retries", NULL });
	json_in_text(&in, "design", wish->design, sizeof(wish->design));
	json_in_integer(&in, "units", 1, FARM_UNITS_MAX, &wish->units);
	json_in_integer(&in, "priority", 0, 100, &priority);
	read_choice(&in, "material", wish->material);
	read_choice(&in, "color", wish->color);
	json_in_text(&in, "printer", wish->printer, sizeof(wish->printer));
	json_in_text(&in, "tag", wish->tag, sizeof(wish->tag));
	json_in_bool(&in, "hold", &wish->hold);
	json_in_bool(&in, "test", &wish->test);
	json_in_text(&in, "user", wish->user, sizeof(wish->user));
	json_in_text(&in, "project", wish->project, sizeof(wish->project));
	read_after(&in, wish->after, &wish->after_count);
	read_retries(&in, &wish->has_retries, &wish->retries);
	read_due(&in, &wish->due_s);
	if (!wish->user[0])
		snprintf(wish->user, sizeof(wish->user), "%s", call->user);
	wish->priority = (int32_t)priority;
	return !in.failed;
}

static void add_warning(void *context, const char *text)
{
	json_array_append_new(context, json_out_text(text));
}

/* An order as it is told alone, with what a list would take too long for. */
static json_t *one_order(struct api_call *call, int64_t id)
{
	struct farm_order_view view;
	json_t *warnings = json_array();
	farm_order_by_id(call->farm, id, &view);
	json_t *order = json_out_order(call->farm, &view);
	farm_order_warnings(call->farm, id, add_warning, warnings);
	json_object_set_new(order, "warnings", warnings);
	return order;
}

static void answer_order(struct api_call *call, int status, int64_t id)
{
	farm_plan_now(call->farm, API_PLAN_MOVES);
	api_answer(call, status, one_order(call, id));
}

static void add_miss(void *context, const struct farm_why_view *miss)
{
	json_array_append_new(context, json_out_match(miss));
}

/* With what stands against it on each printer, when no printer can make it. */
static void fail_wish(
	struct api_call *call, int result, const struct error *error, const struct farm_wish *wish)
{
	if (result != -EDOM) {
		api_fail(call, result, error);
		return;
	}
	json_t *misses = json_array();
	farm_each_miss_of_wish(call->farm, wish, add_miss, misses);
	api_fail_with(call, 422, "no_printer", error->text, json_pack("{s:o}", "printers", misses));
}

static void fail_order(struct api_call *call, int result, const struct error *error, int64_t id)
{
	if (result != -EDOM) {
		api_fail(call, result, error);
		return;
	}
	json_t *misses = json_array();
	farm_each_miss_of_order(call->farm, id, add_miss, misses);
	api_fail_with(call, 422, "no_printer", error->text, json_pack("{s:o}", "printers", misses));
}

static void create_order(struct api_call *call)
{
	struct error error = { "" };
	struct farm_wish wish;
	int64_t id = 0;
	int result = api_read_wish(call, &wish, &error)
			     ? farm_order_create(call->farm, call->user, &wish, &id, &error)
			     : -EINVAL;
	if (result)
		fail_wish(call, result, &error, &wish);
	else
		answer_order(call, 201, id);
}

static void quote(struct api_call *call)
{
	struct error error = { "" };
	struct farm_wish wish;
	struct farm_quote answer;
	int result = api_read_wish(call, &wish, &error)
			     ? farm_quote(call->farm, &wish, API_PLAN_MOVES, &answer, &error)
			     : -EINVAL;
	if (result)
		fail_wish(call, result, &error, &wish);
	else
		api_answer(call, 200, json_out_quote(&answer));
}

static void list_orders(struct api_call *call)
{
	const char *user = http_query(call->request, "user");
	const char *project = http_query(call->request, "project");
	json_t *items = json_array();
	for (size_t i = 0; i < farm_order_count(call->farm); i++) {
		struct farm_order_view view;
		farm_order_at(call->farm, i, &view);
		if ((user && strcmp(user, view.record->user) != 0) ||
			(project && strcmp(project, view.record->project) != 0))
			continue;
		json_array_append_new(items, json_out_order(call->farm, &view));
	}
	api_answer(call, 200, json_out_items(items));
}

static void show_order(struct api_call *call)
{
	int64_t id;
	struct farm_order_view view;
	struct error error = { "" };
	if (!api_id(call, 0, "order", &id))
		return;
	error_set(&error, "there is no order %lld", (long long)id);
	if (!farm_order_by_id(call->farm, id, &view)) {
		api_fail(call, -ENOENT, &error);
		return;
	}
	json_t *order = one_order(call, id);
	json_object_set_new(order, "promises", json_promises(call->farm, id));
	api_answer(call, 200, order);
}

static void act_on_order(struct api_call *call,
	int (*act)(struct farm *, const char *user, int64_t id, struct error *))
{
	int64_t id;
	struct error error = { "" };
	if (!api_id(call, 0, "order", &id))
		return;
	int result = act(call->farm, call->user, id, &error);
	if (result)
		fail_order(call, result, &error, id);
	else
		answer_order(call, 200, id);
}

static void cancel_order(struct api_call *call)
{
	act_on_order(call, farm_order_cancel);
}

static void hold_order(struct api_call *call)
{
	act_on_order(call, farm_order_hold);
}

static void release_order(struct api_call *call)
{
	act_on_order(call, farm_order_release);
}

static void set_order(struct api_call *call)
{
	int64_t id, priority = 0;
	struct error error = { "" };
	struct farm_order_set set = { 0 };
	if (!api_id(call, 0, "order", &id))
		return;
	struct json_in in = { call->body, false, &error };
	json_in_only(&in, (const char *const[]){ "units", "priority", "due", "material", "color",
				  "project", "after", "retries", NULL });
	json_in_integer(&in, "units", 1, FARM_UNITS_MAX, &set.units);
	json_in_integer(&in, "priority", 0, 100, &priority);
	read_due(&in, &set.due_s);
	set.has_units = json_in_has(&in, "units");
	set.has_priority = json_in_has(&in, "priority");
	set.has_due = json_in_has(&in, "due");
	set.has_project = json_in_has(&in, "project");
	set.has_after = json_in_has(&in, "after");
	json_in_text(&in, "project", set.project, sizeof(set.project));
	read_after(&in, set.after, &set.after_count);
	set.has_retries = json_in_has(&in, "retries");
	set.retries = -1;
	read_retries(&in, &(bool){ false }, &set.retries);
	set.has_material = json_in_has(&in, "material");
	set.has_color = json_in_has(&in, "color");
	read_choice(&in, "material", set.material);
	read_choice(&in, "color", set.color);
	set.priority = (int32_t)priority;
	int result = in.failed ? -EINVAL : farm_order_set(call->farm, call->user, id, &set, &error);
	if (result)
		api_fail(call, result, &error);
	else
		answer_order(call, 200, id);
}

static void deliver(struct api_call *call)
{
	int64_t id, units = 0;
	char note[REASON_MAX_BYTES] = "";
	struct error error = { "" };
	if (!api_id(call, 0, "order", &id))
		return;
	struct json_in in = { call->body, false, &error };
	json_in_only(&in, (const char *const[]){ "units", "note", NULL });
	json_in_integer(&in, "units", 1, FARM_UNITS_MAX, &units);
	json_in_text(&in, "note", note, sizeof(note));
	int result = in.failed
			     ? -EINVAL
			     : farm_order_deliver(call->farm, call->user, id, units, note, &error);
	if (result)
		api_fail(call, result, &error);
	else
		answer_order(call, 201, id);
}

static void reorder(struct api_call *call)
{
	int64_t id, units = 0, new_id = 0;
	struct error error = { "" };
	struct farm_order_view old;
	if (!api_id(call, 0, "order", &id))
		return;
	if (farm_order_by_id(call->farm, id, &old))
		units = old.record->units;
	struct json_in in = { call->body, false, &error };
	json_in_only(&in, (const char *const[]){ "units", NULL });
	json_in_integer(&in, "units", 1, FARM_UNITS_MAX, &units);
	int result =
		in.failed ? -EINVAL
			  : farm_order_reorder(call->farm, call->user, id, units, &new_id, &error);
	if (result)
		fail_order(call, result, &error, id);
	else
		answer_order(call, 201, new_id);
}

const struct api_route api_order_routes[] = {
	{ "GET", "/api/v1/designs", list_designs, API_COSTLY },
	{ "POST", "/api/v1/designs", create_design, API_CREATES },
	{ "GET", "/api/v1/designs/:", show_design, 0 },
	{ "POST", "/api/v1/designs/:/approve", approve_design, 0 },
	{ "POST", "/api/v1/designs/:/revoke", revoke_design, 0 },
	{ "POST", "/api/v1/quote", quote, API_COSTLY },
	{ "GET", "/api/v1/orders", list_orders, API_DURABLE | API_COSTLY },
	{ "POST", "/api/v1/orders", create_order, API_CREATES },
	{ "GET", "/api/v1/orders/:", show_order, API_DURABLE | API_COSTLY },
	{ "POST", "/api/v1/orders/:/cancel", cancel_order, 0 },
	{ "POST", "/api/v1/orders/:/hold", hold_order, 0 },
	{ "POST", "/api/v1/orders/:/release", release_order, 0 },
	{ "POST", "/api/v1/orders/:/set", set_order, 0 },
	{ "POST", "/api/v1/orders/:/reorder", reorder, API_CREATES },
	{ "POST", "/api/v1/orders/:/deliver", deliver, API_CREATES },
	{ NULL, NULL, NULL, 0 },
};
