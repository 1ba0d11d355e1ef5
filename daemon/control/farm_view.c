/* The farm as others see it: plain values made on demand. */
#include "daemon/control/farm_state.h"

#include "drivers/driver.h"

#include <stdio.h>
#include <string.h>

/* ---- files and designs ---- */

size_t farm_file_count(const struct farm *farm)
{
	return farm->file_count;
}

const struct file_record *farm_file_at(const struct farm *farm, size_t index)
{
	return farm->file[index];
}

static void view_design(
	const struct farm *farm, const struct farm_design *design, struct farm_design_view *view)
{
	view->record = &design->record;
	view->approval = design->approval.id ? &design->approval : NULL;
	farm_design_content(farm, design->record.id, view->content_sha256);
	view->plate_count = design->plate_count;
	for (size_t i = 0; i < design->plate_count; i++) {
		view->plate[i].record = &design->plate[i]->record;
		view->plate[i].file = design->plate[i]->file;
	}
}

bool farm_plate_by_id(const struct farm *farm, int64_t id, struct farm_plate_view *view)
{
	const struct farm_plate *plate = farm_index_find(&farm->plates, id);
	if (plate)
		*view = (struct farm_plate_view){ .record = &plate->record, .file = plate->file };
	return plate;
}

size_t farm_design_count(const struct farm *farm)
{
	return farm->designs.count;
}

void farm_design_at(const struct farm *farm, size_t index, struct farm_design_view *view)
{
	view_design(farm, farm->designs.item[index], view);
}

bool farm_design_by_name(const struct farm *farm, const char *name, struct farm_design_view *view)
{
	const struct farm_design *design = farm_find_design(farm, name);
	if (design)
		view_design(farm, design, view);
	return design != NULL;
}

bool farm_design_by_id(const struct farm *farm, int64_t id, struct farm_design_view *view)
{
	const struct farm_design *design = farm_index_find(&farm->designs, id);
	if (design)
		view_design(farm, design, view);
	return design != NULL;
}

/* ---- orders ---- */

static void view_order(
	const struct farm *farm, const struct farm_order *order, struct farm_order_view *view)
{
	const struct farm_tally *tally = &order->tally;
	int64_t over = tally->good + tally->printing + tally->printed - order->record.units;
	*view = (struct farm_order_view){
		.record = &order->record,
		.design = order->design->record.name,
		.good = tally->good,
		.scrap = tally->scrap,
		.printing = tally->printing,
		.printed = tally->printed,
		.left = farm_order_left(order),
		.over = over > 0 ? over : 0,
		.over_planned = order->over_planned,
		.delivered = order->delivered,
		.ready = tally->good - order->delivered,
		.delivery_count = order->delivery_count,
		.delivery = order->delivery,
		.promised_s = order->promised_s,
		.promised_low_s = order->low_s,
		.promised_likely_s = order->likely_s,
		.promised_high_s = order->high_s,
		.job_count = order->jobs.count,
		.allowed = farm_order_is_allowed(farm, order),
	};
	const struct farm_order *awaited = farm_after_first(farm, order);
	view->retries_used = farm_retries_used(order);
	view->waits_for = awaited ? awaited->record.id : 0;
	farm_quota_words(farm, order, view->quota, sizeof(view->quota));
	view->after_count = farm_after_of(&order->record, view->after);
	int64_t due_s = order->record.due_s;
	view->late = due_s && order->record.state != ORDER_DONE &&
		     order->record.state != ORDER_CANCELLED &&
		     (farm->now_s > due_s || order->planned_s > due_s || order->likely_s > due_s);
	view->at_risk = due_s && order->promised_s > due_s && !view->late &&
			order->record.state == ORDER_OPEN;
}

size_t farm_order_count(const struct farm *farm)
{
	return farm->orders.count;
}

bool farm_order_is_open_at(const struct farm *farm, size_t index)
{
	const struct farm_order *order = farm->orders.item[index];
	return order->record.state == ORDER_OPEN || order->record.state == ORDER_HELD;
}

void farm_order_at(const struct farm *farm, size_t index, struct farm_order_view *view)
{
	view_order(farm, farm->orders.item[index], view);
}

bool farm_order_by_id(const struct farm *farm, int64_t id, struct farm_order_view *view)
{
	const struct farm_order *order = farm_index_find(&farm->orders, id);
	if (order)
		view_order(farm, order, view);
	return order != NULL;
}

int64_t farm_order_job_id(const struct farm *farm, int64_t id, size_t index)
{
	const struct farm_order *order = farm_index_find(&farm->orders, id);
	return ((const struct farm_job *)order->jobs.item[index])->id;
}

/* ---- jobs ---- */

static bool view_job(
	const struct farm *farm, const struct farm_job *job, struct farm_job_view *view)
{
	const struct farm_plate *plate = job->plate ? job->plate : job->planned_plate;
	bool waits = job->state == JOB_QUEUED || job->state == JOB_HELD;
	*view = (struct farm_job_view){
		.id = job->id,
		.order = job->order->record.id,
		.design = job->order->design->record.name,
		.state = job->state,
		.printer = waits ? "" : job->printer,
		.planned_printer = job->state == JOB_QUEUED ? job->planned_printer : "",
		.planned_start_s = job->planned_start_s,
		.planned_end_s = job->planned_end_s,
		.tries = job->tries,
		.good = job->good,
		.scrap = job->scrap,
		.reason = job->reason ? job->reason : "",
		.progress = -1.0,
		.eta_s = -1,
		.created_s = job->created_s,
		.changed_s = job->changed_s,
	};
	if (plate) {
		view->plate =
			(struct farm_plate_view){ .record = &plate->record, .file = plate->file };
		view->commands = plate->file->commands;
	}
	if (job->attempt) {
		view->progress = farm_attempt_progress(job->attempt);
		view->commands_done = job->attempt->progress.commands_done;
		farm_attempt_layer(job->attempt, &view->layer, &view->layers);
		view->eta_s = farm_attempt_eta_s(farm, job->attempt);
	}
	return !farm_job_is_history(job);
}

size_t farm_job_count(const struct farm *farm)
{
	return farm->jobs.count;
}

bool farm_job_at(const struct farm *farm, size_t index, struct farm_job_view *view)
{
	return view_job(farm, farm->jobs.item[index], view);
}

bool farm_job_by_id(const struct farm *farm, int64_t id, struct farm_job_view *view)
{
	const struct farm_job *job = farm_index_find(&farm->jobs, id);
	if (job)
		view_job(farm, job, view);
	return job != NULL;
}

size_t farm_jobs_in_state(const struct farm *farm, enum job_state state)
{
	return farm->jobs_in_state[state];
}

/* ---- printers ---- */

static bool is_shown(const struct farm_printer *printer)
{
	return !printer->removed || printer->attempt;
}

__attribute__((format(printf, 2, 3))) static void not_ready(
	struct farm_printer_view *view, const char *format, ...)
{
	if (view->not_ready_count == FARM_NOT_READY_MAX)
		return;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(view->not_ready[view->not_ready_count++], sizeof(view->not_ready[0]), format,
		arguments);
	va_end(arguments);
}

static void view_bed(const struct farm_printer *printer, struct farm_printer_view *view)
{
	switch (printer->record.bed) {
	case BED_EMPTY:
		break;
	case BED_OCCUPIED:
		not_ready(view, "the bed is occupied: clear says when it is empty");
		break;
	case BED_UNKNOWN:
		not_ready(view, "nobody knows what is on the bed (%s): clear says that it is empty",
			printer->record.bed_why);
		break;
	}
}

static void view_activity(struct farm_printer_view *view)
{
	switch (view->activity) {
	case WIRE_IDLE:
		break;
	case WIRE_PRINTING:
		not_ready(view, "it is printing");
		break;
	case WIRE_PAUSED:
		not_ready(view, "its print is paused");
		break;
	case WIRE_NEEDS_ATTENTION:
		not_ready(view, "it wants a person: %s", view->reason);
		break;
	case WIRE_BY_HAND:
		not_ready(view, "it is in use by hand");
		break;
	}
}

static void view_maintenance(struct farm_printer_view *view)
{
	for (size_t i = 0; i < view->upkeep.maintenance_count; i++)
		if (view->upkeep.maintenance[i].blocks && view->upkeep.maintenance[i].block_h <= 0)
			not_ready(view, "its maintenance is overdue: %s",
				view->upkeep.maintenance[i].what);
}

static void view_readiness(
	const struct farm *farm, const struct farm_printer *printer, struct farm_printer_view *view)
{
	if (printer->removed)
		not_ready(view, "it is not configured any more");
	if (view->link != WIRE_ONLINE)
		not_ready(view, "it is not online%s%s", view->reason[0] ? ": " : "", view->reason);
	if (farm_printer_lacks_kind(printer))
		not_ready(view,
			"it speaks grbl: its row in printers wants kind = \"laser\" or \"mill\"");
	if (!printer->record.enabled)
		not_ready(view, "it is disabled");
	if (printer->record.quarantined_s)
		not_ready(view, "it is in quarantine: %s (printer enable ends it)",
			printer->record.quarantine_reason);
	if (printer->record.lock_fault)
		not_ready(view, "it is locked: %s", printer->record.lock_reason);
	if (view->activity == WIRE_IDLE)
		view_bed(printer, view);
	view_activity(view);
	if (view->activity == WIRE_IDLE && view->state->hot_by_us && view->link == WIRE_ONLINE)
		not_ready(view, "its heaters are being switched off");
	if (!farm_printer_runs_unattended(printer) && !farm_staffed(farm))
		not_ready(view, "nobody is there, and it may not run unattended");
	view_maintenance(view);
	if (printer->config.noisy && farm_is_quiet(farm))
		not_ready(view, "it is noisy, and these are quiet hours");
	view->wants_confirmation =
		!view->not_ready_count && farm_printer_needs_confirmation(farm, printer);
	if (view->wants_confirmation)
		not_ready(view,
			"each start is confirmed at the machine: printfarm printer confirm %s",
			printer->name);
	if (farm->broken)
		not_ready(view, "the ledger cannot be written: nothing is started");
	view->ready = view->not_ready_count == 0;
}

static void view_printer(
	const struct farm *farm, const struct farm_printer *printer, struct farm_printer_view *view)
{
	memset(view, 0, sizeof(*view));
	view->config = &printer->config;
	view->profile = printer->profile;
	view->record = &printer->record;
	view->state = &printer->state;
	view->link = farm_printer_link(printer);
	view->activity = farm_printer_activity(printer);
	view->material = farm_printer_material(farm, printer);
	view->color = farm_printer_color(farm, printer);
	view->reason = !printer->attached   ? printer->away_reason
		       : !printer->reported ? "its streamer has not reported yet"
					    : printer->state.reason;
	view->removed = printer->removed;
	view->attempt = view->file = "";
	view->progress = -1.0;
	view->eta_s = -1;
	view->starts_in_s = -1;
	view->heaters_age_us = -1;
	if (printer->reported && printer->state.heaters_age_us >= 0)
		view->heaters_age_us =
			printer->state.heaters_age_us + farm->now_us - printer->state_us;
	if (printer->attempt) {
		const struct farm_attempt *attempt = printer->attempt;
		view->job = attempt->job->id;
		view->attempt = attempt->record.id;
		view->file = attempt->job->plate->file->sha256;
		view->progress = farm_attempt_progress(attempt);
		view->commands = attempt->progress.commands;
		view->commands_done = attempt->progress.commands_done;
		view->eta_s = farm_attempt_eta_s(farm, attempt);
		farm_attempt_layer(attempt, &view->layer, &view->layers);
	}
	if (printer->ready_after_us > farm->now_us)
		view->starts_in_s = (printer->ready_after_us - farm->now_us + 999999) / 1000000;
	farm_view_learnt(printer, &view->upkeep);
	farm_view_maintenance(farm, printer, &view->upkeep);
	view_readiness(farm, printer, view);
}

size_t farm_printer_count(const struct farm *farm)
{
	size_t count = 0;
	for (size_t i = 0; i < farm->printer_count; i++)
		count += is_shown(farm->printer[i]) ? 1 : 0;
	return count;
}

void farm_printer_at(const struct farm *farm, size_t index, struct farm_printer_view *view)
{
	for (size_t i = 0; i < farm->printer_count; i++)
		if (is_shown(farm->printer[i]) && index-- == 0) {
			view_printer(farm, farm->printer[i], view);
			return;
		}
}

bool farm_printer_by_name(const struct farm *farm, const char *name, struct farm_printer_view *view)
{
	const struct farm_printer *printer = farm_find_printer(farm, name, NULL);
	if (!printer || !is_shown(printer))
		return false;
	view_printer(farm, printer, view);
	return true;
}

/* ---- the plan ---- */

static bool plan_entry_holds(const struct farm *farm, const struct farm_planned *planned)
{
	if (!planned->job)
		return true;
	const struct farm_job *job = farm_index_find(&farm->jobs, planned->job);
	return job && job->state == JOB_QUEUED;
}

void farm_each_planned(const struct farm *farm,
	void (*each)(void *context, const struct farm_plan_view *view), void *context)
{
	for (size_t i = 0; i < farm->printer_count; i++) {
		const struct farm_attempt *attempt = farm->printer[i]->attempt;
		if (!attempt)
			continue;
		const struct farm_plate *plate = attempt->job->plate;
		each(context, &(struct farm_plan_view){
				      .job = attempt->job->id,
				      .order = attempt->job->order->record.id,
				      .printer = attempt->printer->name,
				      .plate = &plate->record,
				      .start_s = attempt->record.started_s,
				      .end_s = farm->now_s + farm_attempt_eta_s(farm, attempt),
				      .yield = plate->record.yield,
				      .printing = true,
			      });
	}
	for (size_t i = 0; i < farm->planned_count; i++) {
		const struct farm_planned *planned = &farm->planned[i];
		if (!plan_entry_holds(farm, planned))
			continue;
		each(context, &(struct farm_plan_view){
				      .job = planned->job,
				      .order = planned->order,
				      .printer = planned->printer,
				      .plate = &planned->plate->record,
				      .start_s = planned->start_s,
				      .end_s = planned->end_s,
				      .yield = planned->plate->record.yield,
			      });
	}
}

int64_t farm_next_question_s(const struct farm *farm)
{
	return farm->next_question_s;
}

static int64_t plan_end_s(const struct farm *farm)
{
	int64_t end_s = farm->now_s;

	for (size_t i = 0; i < farm->planned_count; i++)
		if (farm->planned[i].end_s > end_s)
			end_s = farm->planned[i].end_s;
	for (size_t i = 0; i < farm->printer_count; i++) {
		const struct farm_attempt *attempt = farm->printer[i]->attempt;

		if (attempt && farm->now_s + farm_attempt_eta_s(farm, attempt) > end_s)
			end_s = farm->now_s + farm_attempt_eta_s(farm, attempt);
	}
	return end_s;
}

bool farm_closure_at(const struct farm *farm, size_t index, struct farm_closure *closure)
{
	int64_t end_s = plan_end_s(farm);

	for (size_t i = 0; i < farm->staff.closure_count; i++) {
		const struct world_closure *own = &farm->staff.closure[i];

		if (own->end_s <= farm->now_s || own->begin_s >= end_s || index-- > 0)
			continue;
		*closure = (struct farm_closure){ own->begin_s, own->end_s, own->name };
		return true;
	}
	return false;
}

size_t farm_staffed_stretches(
	const struct farm *farm, struct farm_stretch stretch[FARM_STRETCHES_MAX])
{
	struct calendar calendar;
	int64_t end_s = plan_end_s(farm), at_s = farm->now_s;
	size_t count = 0;

	farm_calendar(farm, &calendar);
	while (count < FARM_STRETCHES_MAX && at_s < end_s) {
		int64_t begin_s = calendar_next_opening(&calendar, at_s);

		if (begin_s >= end_s)
			break;
		at_s = calendar_staffed_until(&calendar, begin_s);
		stretch[count++] = (struct farm_stretch){ begin_s, at_s < end_s ? at_s : end_s };
	}
	return count;
}
