/* Jobs, their attempts, why they wait, and the plan. */
#include "daemon/control/api_private.h"
#include "daemon/control/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void list_jobs(struct api_call *call)
{
	const char *all = http_query(call->request, "all");
	const char *order = http_query(call->request, "order");
	bool every = all && strcmp(all, "0") != 0;
	int64_t of = order ? strtoll(order, NULL, 10) : 0; /* what is no number is no order */
	json_t *items = json_array();
	for (size_t i = 0; i < farm_job_count(call->farm); i++) {
		struct farm_job_view view;
		bool waits = farm_job_at(call->farm, i, &view);
		if ((waits || every) && (!order || view.order == of))
			json_array_append_new(items, json_out_job(&view));
	}
	api_answer(call, 200, json_out_items(items));
}

struct attempt_list {
	const struct farm *farm;
	json_t *items;
};

static void add_attempt(void *context, const struct attempt_record *attempt)
{
	const struct attempt_list *list = context;
	struct farm_plate_view plate;
	bool known = farm_plate_by_id(list->farm, attempt->plate, &plate);
	json_array_append_new(list->items, json_out_attempt(attempt, known ? &plate : NULL));
}

static bool find_job(struct api_call *call, int64_t *id, struct farm_job_view *view)
{
	struct error error = { "" };
	if (!api_id(call, 0, "job", id))
		return false;
	if (farm_job_by_id(call->farm, *id, view))
		return true;
	error_set(&error, "there is no job %lld", (long long)*id);
	api_fail(call, -ENOENT, &error);
	return false;
}

static void show_job(struct api_call *call)
{
	int64_t id;
	struct farm_job_view view;
	if (!find_job(call, &id, &view))
		return;
	json_t *object = json_out_job(&view);
	struct attempt_list list = { call->farm, json_array() };
	ledger_each_attempt_of_job(call->api->setup.ledger, id, add_attempt, &list);
	json_object_set_new(object, "attempts", list.items);
	api_answer(call, 200, object);
}

static void answer_act(struct api_call *call, int64_t id, int result, const struct error *error)
{
	struct farm_job_view view;
	if (result) {
		api_fail(call, result, error);
		return;
	}
	farm_plan_now(call->farm, API_PLAN_MOVES);
	if (farm_job_by_id(call->farm, id, &view))
		api_answer(call, 200, json_out_job(&view));
	else
		api_fail_with(call, 410, "dropped", "the job is not needed any more", NULL);
}

static void act_on_job(struct api_call *call,
	int (*act)(struct farm *, const char *user, int64_t id, struct error *))
{
	int64_t id;
	struct error error = { "" };
	if (api_id(call, 0, "job", &id))
		answer_act(call, id, act(call->farm, call->user, id, &error), &error);
}

static void cancel_job(struct api_call *call)
{
	act_on_job(call, farm_job_cancel);
}

static void hold_job(struct api_call *call)
{
	act_on_job(call, farm_job_hold);
}

static void release_job(struct api_call *call)
{
	act_on_job(call, farm_job_release);
}

static void retry_job(struct api_call *call)
{
	act_on_job(call, farm_job_retry);
}

static void redo_job(struct api_call *call)
{
	act_on_job(call, farm_job_redo);
}

static void inspect_job(struct api_call *call)
{
	int64_t id, good = -1, scrap = -1;
	struct error error = { "" };
	if (!api_id(call, 0, "job", &id))
		return;
	struct json_in in = { call->body, false, &error };
	json_in_only(&in, (const char *const[]){ "good", "scrap", NULL });
	json_in_integer(&in, "good", 0, INT32_MAX, &good);
	json_in_integer(&in, "scrap", 0, INT32_MAX, &scrap);
	int result = in.failed ? -EINVAL
			       : farm_job_inspect(call->farm, call->user, id, (int32_t)good,
					 (int32_t)scrap, &error);
	answer_act(call, id, result, &error);
}

static void reassign_job(struct api_call *call)
{
	int64_t id;
	char printer[NAME_MAX_BYTES] = "";
	struct error error = { "" };
	if (!api_id(call, 0, "job", &id))
		return;
	struct json_in in = { call->body, false, &error };
	json_in_only(&in, (const char *const[]){ "printer", NULL });
	json_in_text(&in, "printer", printer, sizeof(printer));
	int result = in.failed ? -EINVAL
			       : farm_job_reassign(call->farm, call->user, id, printer, &error);
	answer_act(call, id, result, &error);
}

/* ---- why, plan ---- */

static void add_why(void *context, const struct farm_why_view *view)
{
	json_array_append_new(context, json_out_match(view));
}

static void why(struct api_call *call)
{
	int64_t id;
	struct farm_job_view view;
	struct error error = { "" };
	char summary[REASON_MAX_BYTES * 2] = "";
	if (!find_job(call, &id, &view))
		return;
	json_t *printers = json_array();
	int result = farm_why(call->farm, id, http_query(call->request, "printer"), add_why,
		printers, summary, sizeof(summary), &error);
	if (result) {
		json_decref(printers);
		api_fail(call, result, &error);
		return;
	}
	json_t *object = json_object();
	json_object_set_new(object, "job", json_integer(id));
	json_object_set_new(object, "state", json_string(job_state_name(view.state)));
	json_object_set_new(object, "summary", json_out_text(summary));
	json_object_set_new(object, "printers", printers);
	api_answer(call, 200, object);
}

static void add_planned(void *context, const struct farm_plan_view *view)
{
	json_array_append_new(context, json_out_planned(view));
}

static json_t *staffed_stretches(const struct farm *farm)
{
	struct farm_stretch stretch[FARM_STRETCHES_MAX];
	size_t count = farm_staffed_stretches(farm, stretch);
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(
			array, json_pack("{s:I, s:I}", "begin_s", (json_int_t)stretch[i].begin_s,
				       "end_s", (json_int_t)stretch[i].end_s));
	return array;
}

static json_t *closures(const struct farm *farm)
{
	struct farm_closure closure;
	json_t *array = json_array();

	for (size_t i = 0; i < FARM_STRETCHES_MAX && farm_closure_at(farm, i, &closure); i++) {
		json_t *row = json_pack("{s:I, s:I}", "begin_s", (json_int_t)closure.begin_s,
			"end_s", (json_int_t)closure.end_s);
		json_object_set_new(row, "name", json_out_text(closure.name));
		json_array_append_new(array, row);
	}
	return array;
}

static void plan(struct api_call *call)
{
	json_t *items = json_array();
	farm_each_planned(call->farm, add_planned, items);
	json_t *object = json_out_items(items);
	int64_t next_s = farm_next_question_s(call->farm);
	json_object_set_new(object, "next_question_s", next_s ? json_integer(next_s) : json_null());
	json_object_set_new(object, "staffed", staffed_stretches(call->farm));
	json_object_set_new(object, "closures", closures(call->farm));
	api_answer(call, 200, object);
}

const struct api_route api_job_routes[] = {
	{ "GET", "/api/v1/jobs", list_jobs, API_DURABLE | API_COSTLY },
	{ "GET", "/api/v1/jobs/:", show_job, API_DURABLE },
	{ "GET", "/api/v1/jobs/:/why", why, API_DURABLE | API_COSTLY },
	{ "POST", "/api/v1/jobs/:/cancel", cancel_job, 0 },
	{ "POST", "/api/v1/jobs/:/hold", hold_job, 0 },
	{ "POST", "/api/v1/jobs/:/release", release_job, 0 },
	{ "POST", "/api/v1/jobs/:/retry", retry_job, 0 },
	{ "POST", "/api/v1/jobs/:/redo", redo_job, 0 },
	{ "POST", "/api/v1/jobs/:/inspect", inspect_job, 0 },
	{ "POST", "/api/v1/jobs/:/reassign", reassign_job, 0 },
	{ "GET", "/api/v1/plan", plan, API_COSTLY },
	{ NULL, NULL, NULL, 0 },
};
