/* Why a job waits: every printer with its best plate and everything that is unmet. */
#include "daemon/control/farm_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Lower is nearer to a start; a printer that the order does not name is out of the question. */
static int distance(const struct match_result *match)
{
	bool is_named = true;
	for (size_t i = 0; i < match->unmet_count; i++)
		if (match->unmet[i].condition == MATCH_PRINTER_WISH)
			is_named = false;
	return (is_named ? 0 : 10000) + (int)match->unmet_count + (match->can_ever ? 0 : 1000) +
	       (match->can_without_person ? 0 : 100);
}

/* The plate that is nearest to a start on this printer. */
static const struct farm_plate *best_plate(const struct farm *farm, const struct farm_job *job,
	const struct farm_printer *printer, struct match_result *match)
{
	const struct farm_design *design = job->order->design;
	const struct farm_plate *best = NULL;
	for (size_t i = 0; i < design->plate_count; i++) {
		struct match_result result;
		farm_match(farm, job, design->plate[i], printer, &result);
		if (best && distance(&result) >= distance(match))
			continue;
		best = design->plate[i];
		*match = result;
	}
	return best;
}

/* A design that nobody wants produced (yet, or any more). */
static void say_approval(
	const struct farm *farm, const struct farm_job *job, char *summary, size_t summary_size)
{
	const struct approval_record *approval = &job->order->design->approval;
	const char *name = job->order->design->record.name;
	if (farm_order_is_allowed(farm, job->order))
		return;
	if (approval->revoked_s)
		snprintf(summary, summary_size,
			"job %lld waits: the approval of design %s was revoked by %s: %s",
			(long long)job->id, name, approval->revoked_by, approval->revoke_reason);
	else
		snprintf(summary, summary_size,
			"job %lld waits: design %s is not approved (design approve %s)",
			(long long)job->id, name, name);
}

/* Whoever it is for has had enough for this period. */
static void say_quota(
	const struct farm *farm, const struct farm_job *job, char *summary, size_t summary_size)
{
	char quota[REASON_MAX_BYTES];
	if (farm_quota_words(farm, job->order, quota, sizeof(quota)))
		snprintf(summary, summary_size, "job %lld waits: %s", (long long)job->id, quota);
}

/* What the order as a whole waits for, wherever it is to be printed. */
static void say_order(
	const struct farm *farm, const struct farm_job *job, char *summary, size_t summary_size)
{
	const struct order_record *record = &job->order->record;
	const struct farm_order *awaited = farm_after_first(farm, job->order);
	if (record->state == ORDER_HELD && record->hold_reason[0])
		snprintf(summary, summary_size,
			"job %lld waits: order %lld is held, because %s (order release %lld)",
			(long long)job->id, (long long)record->id, record->hold_reason,
			(long long)record->id);
	else if (awaited)
		snprintf(summary, summary_size,
			"job %lld waits for order %lld: %lld of %lld units are left",
			(long long)job->id, (long long)awaited->record.id,
			(long long)farm_after_left(awaited), (long long)awaited->record.units);
	else
		say_approval(farm, job, summary, summary_size);
	if (!summary[0] && farm->config->quota_policy == QUOTA_WAIT)
		say_quota(farm, job, summary, summary_size);
}

/* A print that has stopped for somebody at the machine. */
static bool says_whom_it_waits_for(
	const struct farm *farm, const struct farm_job *job, char *summary, size_t summary_size)
{
	const struct farm_printer *printer = farm_find_printer(farm, job->printer, NULL);
	if (!printer || farm_printer_activity(printer) != WIRE_NEEDS_ATTENTION)
		return false;
	snprintf(summary, summary_size, "job %lld is %s on %s, which waits for a person: %s",
		(long long)job->id, job_state_name(job->state), job->printer,
		printer->state.reason);
	return true;
}

static bool says_why_without_printers(
	const struct farm *farm, const struct farm_job *job, char *summary, size_t summary_size)
{
	long long id = (long long)job->id;
	switch (job->state) {
	case JOB_HELD:
		snprintf(summary, summary_size, "job %lld is held: release lets it start", id);
		return false;
	case JOB_QUEUED:
		say_order(farm, job, summary, summary_size);
		return false;
	case JOB_ASSIGNED:
	case JOB_PRINTING:
	case JOB_PAUSED:
		if (says_whom_it_waits_for(farm, job, summary, summary_size))
			return true;
		snprintf(summary, summary_size, "job %lld does not wait: it is %s on %s", id,
			job_state_name(job->state), job->printer);
		return true;
	case JOB_PRINTED:
		snprintf(summary, summary_size,
			"job %lld is printed on %s and waits to be counted: clear or inspect", id,
			job->printer);
		return true;
	case JOB_FAILED:
	case JOB_NEEDS_LOOK:
		snprintf(summary, summary_size, "job %lld waits for a person (%s): %s", id,
			job->reason ? job->reason : "no reason known",
			job->state == JOB_FAILED ? "retry or cancel" : "inspect, redo or cancel");
		return true;
	case JOB_INSPECTED:
		snprintf(summary, summary_size,
			"job %lld does not wait: it is done, printed on %s and counted as %d good "
			"and %d scrap",
			id, job->printer, (int)job->good, (int)job->scrap);
		return true;
	case JOB_CANCELLED:
		snprintf(summary, summary_size, "job %lld does not wait: it is %s", id,
			job_state_name(job->state));
		return true;
	}
	return true;
}

static void summarize(const struct farm_job *job, const struct farm_printer *printer,
	const struct match_result *match, bool is_asked_for, char *summary, size_t summary_size)
{
	long long id = (long long)job->id;
	if (!printer)
		snprintf(summary, summary_size, "no printer is configured");
	else if (match->unmet_count == 0)
		snprintf(summary, summary_size, "job %lld may start on %s", id, printer->name);
	else if (is_asked_for)
		snprintf(summary, summary_size, "job %lld %s %s: %s%s", id,
			match->can_ever ? "waits; on" : "can never be printed on", printer->name,
			match->unmet[0].text, match->unmet_count > 1 ? ", and more" : "");
	else if (!match->can_ever)
		snprintf(summary, summary_size,
			"no printer can ever print job %lld; nearest is %s: %s", id, printer->name,
			match->unmet[0].text);
	else
		snprintf(summary, summary_size, "job %lld waits; nearest is %s: %s%s", id,
			printer->name, match->unmet[0].text,
			match->unmet_count > 1 ? ", and more" : "");
}

int farm_why(struct farm *farm, int64_t id, const char *name,
	void (*each)(void *context, const struct farm_why_view *view), void *context, char *summary,
	size_t summary_size, struct error *error)
{
	const struct farm_job *job = farm_find_job(farm, id, error);
	if (!job || (name && !farm_find_printer(farm, name, error)))
		return -ENOENT;
	summary[0] = '\0';
	if (says_why_without_printers(farm, job, summary, summary_size))
		return 0;
	const struct farm_printer *nearest = NULL;
	struct match_result nearest_match = { 0 };
	for (size_t i = 0; i < farm->printer_count; i++) {
		const struct farm_printer *printer = farm->printer[i];
		if (printer->removed || (name && strcmp(printer->name, name) != 0))
			continue;
		struct match_result match;
		const struct farm_plate *plate = best_plate(farm, job, printer, &match);
		each(context, &(struct farm_why_view){ printer->name, &plate->record, &match });
		if (nearest && distance(&match) >= distance(&nearest_match))
			continue;
		nearest = printer;
		nearest_match = match;
	}
	if (job->state == JOB_QUEUED && !summary[0])
		summarize(job, nearest, &nearest_match, name != NULL, summary, summary_size);
	return 0;
}
