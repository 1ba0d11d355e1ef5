/* Jobs: their steps through the table of lives.h, and what a person may do with one. */
#include "daemon/control/farm_state.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct farm_job *farm_find_job(const struct farm *farm, int64_t id, struct error *error)
{
	struct farm_job *job = farm_index_find(&farm->jobs, id);
	if (!job)
		error_set(error, "there is no job %lld", (long long)id);
	return job;
}

void farm_job_set_reason(struct farm_job *job, const char *reason)
{
	free(job->reason);
	job->reason = reason && reason[0] ? strdup(reason) : NULL;
}

int32_t farm_job_yield(const struct farm_job *job)
{
	if (job->plate)
		return job->plate->record.yield;
	if (job->planned_plate)
		return job->planned_plate->record.yield;
	return job->order->design->plate[0]->record.yield;
}

bool farm_job_is_history(const struct farm_job *job)
{
	if (job_is_final(job->state))
		return true;
	enum order_state order = job->order->record.state;
	return job->state == JOB_FAILED && (order == ORDER_DONE || order == ORDER_CANCELLED);
}

void farm_tally_job(struct farm *farm, struct farm_job *job, int sign)
{
	struct farm_tally *tally = &job->order->tally;
	int64_t units = (int64_t)sign * farm_job_yield(job);
	farm->jobs_in_state[job->state] += (size_t)sign;
	switch (job->state) {
	case JOB_QUEUED:
		tally->queued += (size_t)sign;
		if (job->printer[0])
			tally->wished += units;
		else if (job->failed_on[0])
			tally->retrying += (size_t)sign;
		break;
	case JOB_ASSIGNED:
	case JOB_PRINTING:
	case JOB_PAUSED:
		tally->printing += units;
		break;
	case JOB_PRINTED:
		tally->printed += units;
		break;
	case JOB_INSPECTED:
		tally->good += (int64_t)sign * job->good;
		tally->scrap += (int64_t)sign * job->scrap;
		break;
	case JOB_HELD:
	case JOB_FAILED:
	case JOB_NEEDS_LOOK:
		tally->doubtful += units;
		break;
	case JOB_CANCELLED:
		break;
	}
}

bool farm_job_step(struct farm *farm, struct farm_job *job, enum job_event event)
{
	enum job_state to;
	if (!job_next(job->state, event, &to))
		return false;
	farm_tally_job(farm, job, -1);
	if (to == JOB_QUEUED && job->state != JOB_HELD) {
		job->plate = NULL;
		job->printer = "";
	}
	if (to != JOB_QUEUED && to != JOB_HELD) {
		job->planned_printer = "";
		job->planned_start_s = job->planned_end_s = 0;
	}
	job->state = to;
	farm_tally_job(farm, job, 1);
	farm_touch_job(farm, job);
	return true;
}

/* ---- making and dropping: jobs follow the plan ---- */

bool farm_job_is_fresh(const struct farm_job *job)
{
	return job->state == JOB_QUEUED && job->tries == 0 && !job->reason && !job->printer[0];
}

struct farm_job *farm_new_job(struct farm *farm, struct farm_order *order)
{
	struct farm_job *job = calloc(1, sizeof(*job));
	if (!job)
		return NULL;
	job->id = farm->next_job_id++;
	job->order = order;
	job->state = JOB_QUEUED;
	job->printer = job->planned_printer = job->failed_on = "";
	job->created_s = farm->now_s;
	if (farm_index_add(&farm->jobs, job) != 0 || farm_index_add(&order->jobs, job) != 0) {
		farm_index_remove(&farm->jobs, job->id);
		free(job);
		return NULL;
	}
	farm_tally_job(farm, job, 1);
	farm_touch_job(farm, job);
	return job;
}

static void unlist_dirty(struct farm *farm, struct farm_job *job)
{
	struct farm_job **at = &farm->dirty_jobs;
	while (*at != job)
		at = &(*at)->next_dirty;
	*at = job->next_dirty;
}

void farm_drop_job(struct farm *farm, struct farm_job *job)
{
	assert(farm_job_is_fresh(job));
	farm_tally_job(farm, job, -1);
	if (job->dirty)
		unlist_dirty(farm, job);
	if (job->stored)
		farm_put(farm, CHANGE_DROP_JOB, &job->id, sizeof(job->id));
	farm_index_remove(&job->order->jobs, job->id);
	farm_index_remove(&farm->jobs, job->id);
	free(job->reason);
	free(job);
}

/* ---- counting ---- */

int farm_count_of(const struct farm_job *job, int32_t *good, int32_t *scrap, struct error *error)
{
	int32_t yield = farm_job_yield(job);
	if (*good < 0 && *scrap < 0)
		*scrap = 0;
	if (*good < 0)
		*good = yield - *scrap;
	if (*scrap < 0)
		*scrap = yield - *good;
	if (*good >= 0 && *scrap >= 0 && (int64_t)*good + *scrap == yield)
		return 0;
	error_set(error,
		"job %lld is a plate of %d: good and scrap must be 0 or more and make %d together",
		(long long)job->id, (int)yield, (int)yield);
	return -EINVAL;
}

void farm_count_job(
	struct farm *farm, struct farm_job *job, const char *user, int32_t good, int32_t scrap)
{
	assert(job->state == JOB_PRINTED && good >= 0 && scrap >= 0 &&
		good + scrap == farm_job_yield(job));
	farm_tally_job(farm, job, -1);
	job->good = good;
	job->scrap = scrap;
	farm_tally_job(farm, job, 1);
	farm_job_step(farm, job, JOB_ON_INSPECTED);
	farm_say_id(farm, "job", job->id, user, "job %lld counted: %d good, %d scrap",
		(long long)job->id, (int)good, (int)scrap);
	struct farm_printer *printer = farm_find_printer(farm, job->printer, NULL);
	if (good == 0 && printer)
		farm_quarantine_failed(farm, printer, "nothing of it was good");
	farm_order_settle(farm, job->order);
}

/* ---- what a person may do ---- */

static int refuse_state(
	const struct farm_job *job, const char *act, const char *accepted, struct error *error)
{
	error_set(error, "job %lld is %s: %s works on a job that is %s", (long long)job->id,
		job_state_name(job->state), act, accepted);
	return -EBUSY;
}

static int find_for_act(struct farm *farm, int64_t id, struct farm_job **job, struct error *error)
{
	*job = farm_find_job(farm, id, error);
	return *job ? farm_writable(farm, error) : -ENOENT;
}

int farm_job_hold(struct farm *farm, const char *user, int64_t id, struct error *error)
{
	struct farm_job *job;
	int result = find_for_act(farm, id, &job, error);
	if (result || job->state == JOB_HELD)
		return result;
	if (!farm_job_step(farm, job, JOB_ON_HOLD))
		return refuse_state(job, "hold", "queued (pause stops a print)", error);
	farm_say_id(farm, "job", id, user, "job %lld is held", (long long)id);
	return 0;
}

int farm_job_release(struct farm *farm, const char *user, int64_t id, struct error *error)
{
	struct farm_job *job;
	int result = find_for_act(farm, id, &job, error);
	if (result || job->state == JOB_QUEUED)
		return result;
	if (!farm_job_step(farm, job, JOB_ON_RELEASE))
		return refuse_state(job, "release", "held", error);
	farm_say_id(farm, "job", id, user, "job %lld may start", (long long)id);
	return 0;
}

/* A closed order wants nothing more printed. */
static int order_must_be_open(const struct farm_job *job, struct error *error)
{
	enum order_state state = job->order->record.state;
	if (state == ORDER_OPEN || state == ORDER_HELD)
		return 0;
	error_set(error,
		"order %lld is %s: nothing more is printed for it (reorder makes a new one)",
		(long long)job->order->record.id, order_state_name(state));
	return -EBUSY;
}

static int queue_again(struct farm *farm, const char *user, int64_t id, enum job_event event,
	const char *act, const char *accepted, struct error *error)
{
	struct farm_job *job;
	int result = find_for_act(farm, id, &job, error);
	if (result || job->state == JOB_QUEUED)
		return result;
	result = order_must_be_open(job, error);
	if (result)
		return result;
	if (!farm_job_step(farm, job, event))
		return refuse_state(job, act, accepted, error);
	farm_say_id(farm, "job", id, user, "job %lld is queued again (%s)", (long long)id, act);
	return 0;
}

int farm_job_retry(struct farm *farm, const char *user, int64_t id, struct error *error)
{
	return queue_again(farm, user, id, JOB_ON_RETRY, "retry", "failed", error);
}

int farm_job_redo(struct farm *farm, const char *user, int64_t id, struct error *error)
{
	return queue_again(farm, user, id, JOB_ON_REDO, "redo", "in need of a look", error);
}

int farm_job_inspect(struct farm *farm, const char *user, int64_t id, int32_t good, int32_t scrap,
	struct error *error)
{
	struct farm_job *job;
	int result = find_for_act(farm, id, &job, error);
	if (result)
		return result;
	if (job->state != JOB_PRINTED && job->state != JOB_NEEDS_LOOK &&
		job->state != JOB_INSPECTED)
		return refuse_state(job, "inspect", "printed or in need of a look", error);
	if (job->state == JOB_NEEDS_LOOK && good < 0 && scrap < 0) {
		error_set(error,
			"job %lld needs a look: say how many parts are good (0 to %d), or redo or "
			"cancel it",
			(long long)id, (int)farm_job_yield(job));
		return -EINVAL;
	}
	result = farm_count_of(job, &good, &scrap, error);
	if (result)
		return result;
	if (job->state == JOB_INSPECTED) {
		if (job->good == good && job->scrap == scrap)
			return 0;
		error_set(error, "job %lld was counted already: %d good, %d scrap", (long long)id,
			(int)job->good, (int)job->scrap);
		return -EBUSY;
	}
	if (job->state == JOB_NEEDS_LOOK)
		farm_job_step(farm, job, JOB_ON_PRINTED);
	farm_count_job(farm, job, user, good, scrap);
	return 0;
}

int farm_job_reassign(
	struct farm *farm, const char *user, int64_t id, const char *name, struct error *error)
{
	struct farm_job *job;
	int result = find_for_act(farm, id, &job, error);
	if (result)
		return result;
	if (job->state != JOB_QUEUED && job->state != JOB_HELD)
		return refuse_state(job, "reassign", "queued or held", error);
	if (name[0]) {
		struct farm_printer *printer = farm_find_printer(farm, name, error);
		if (!printer)
			return -ENOENT;
		struct match_result match;
		const struct farm_plate *plate = job->planned_plate;
		bool can = false;
		for (size_t i = 0; i < job->order->design->plate_count && !can; i++) {
			plate = job->order->design->plate[i];
			farm_match(farm, job, plate, printer, &match);
			can = match.can_ever;
		}
		if (!can) {
			error_set(error, "job %lld cannot run on %s: %s", (long long)id, name,
				match.unmet[0].text);
			return -EBUSY;
		}
	}
	farm_tally_job(farm, job, -1);
	job->printer = farm_intern(farm, name);
	farm_tally_job(farm, job, 1);
	farm_touch_job(farm, job);
	farm_say_id(farm, "job", id, user,
		name[0] ? "job %lld goes to %s" : "job %lld may go anywhere%s", (long long)id,
		name);
	return 0;
}

/* ---- cancel ---- */

/* The units that the job stood for are not wanted any more: else the plan would at once put
 * another job in its place. */
static void give_up_units(struct farm *farm, struct farm_job *job, const char *user)
{
	struct farm_order *order = job->order;
	if (order->record.state != ORDER_OPEN && order->record.state != ORDER_HELD)
		return;
	farm_tally_job(farm, job, -1);
	const struct farm_tally *tally = &order->tally;
	int64_t others =
		tally->good + tally->printing + tally->printed + tally->doubtful + tally->wished;
	farm_tally_job(farm, job, 1);
	int64_t units = order->record.units - others;
	if (units > farm_job_yield(job))
		units = farm_job_yield(job);
	if (units <= 0)
		return;
	if (units == order->record.units) {
		/* An order of nothing is no order: it keeps what was asked for. */
		order->record.state = ORDER_CANCELLED;
		farm_touch_order(farm, order);
		farm_say_id(farm, "order", order->record.id, user,
			"order %lld is cancelled: every job of it was",
			(long long)order->record.id);
		farm_after_cancelled(farm, order);
		return;
	}
	order->record.units -= units;
	farm_touch_order(farm, order);
	farm_say_id(farm, "order", order->record.id, user,
		"order %lld asks for %lld units now, %lld fewer, because job %lld was cancelled",
		(long long)order->record.id, (long long)order->record.units, (long long)units,
		(long long)job->id);
}

/* Ends a job whose attempt (if it had one) is over. */
static void finish_cancel(struct farm *farm, struct farm_job *job, const char *user)
{
	give_up_units(farm, job, user);
	farm_job_step(farm, job, JOB_ON_CANCEL);
	farm_say_id(farm, "job", job->id, user, "job %lld is cancelled", (long long)job->id);
	farm_order_settle(farm, job->order);
}

static int cancel_print(
	struct farm *farm, struct farm_job *job, const char *user, struct error *error)
{
	struct farm_printer *printer = job->attempt->printer;
	struct wire_message message = { .kind = WIRE_CANCEL, .request = farm->next_request++ };
	farm_copy(message.printer, sizeof(message.printer), printer->name);
	farm_copy(message.attempt, sizeof(message.attempt), job->attempt->record.id);
	if (!printer->attached || !farm->effects.send(farm->effects.context, &message)) {
		error_set(error,
			"the streamer of %s cannot be reached: %s; try again, or stop the "
			"printer by hand",
			printer->name, printer->away_reason);
		return -EHOSTUNREACH;
	}
	if (!job->cancel_wanted)
		farm_say_id(farm, "job", job->id, user, "job %lld is being stopped on %s",
			(long long)job->id, printer->name);
	job->cancel_wanted = true;
	return 0;
}

int farm_job_end_by_person(
	struct farm *farm, struct farm_job *job, const char *user, struct error *error)
{
	if (!job->attempt) {
		finish_cancel(farm, job, user);
		return 0;
	}
	if (job->attempt->told && job->attempt->printer->removed) {
		struct wire_ended ended = { .result = WIRE_SUSPECT,
			.progress = job->attempt->progress };
		farm_copy(ended.attempt, sizeof(ended.attempt), job->attempt->record.id);
		farm_copy(ended.reason, sizeof(ended.reason),
			"given up by a person: its printer is not configured any more");
		farm_end_attempt(farm, job->attempt, &ended);
		return 0;
	}
	if (job->attempt->told)
		return cancel_print(farm, job, user, error);
	job->cancel_wanted = true;
	farm_attempt_never_ran(farm, job->attempt, "cancelled before it was sent");
	return 0;
}

int farm_job_cancel(struct farm *farm, const char *user, int64_t id, struct error *error)
{
	struct farm_job *job;
	enum job_state to;
	int result = find_for_act(farm, id, &job, error);
	if (result || job->state == JOB_CANCELLED)
		return result;
	if (!job_next(job->state, JOB_ON_CANCEL, &to))
		return refuse_state(job, "cancel",
			"not printed yet (clear or inspect says how many were good)", error);
	return farm_job_end_by_person(farm, job, user, error);
}
