/* Prints that failed and are tried again: how often, and rather not where they failed. */
#include "daemon/control/farm_state.h"

#include <string.h>

int64_t farm_retries_used(const struct farm_order *order)
{
	int64_t used = 0;
	for (size_t i = 0; i < order->jobs.count; i++) {
		const struct farm_job *job = order->jobs.item[i];
		bool waits = job->state == JOB_QUEUED || job->state == JOB_HELD;
		/* What waits to be tried again has been granted. */
		if (job->tries > 0)
			used += waits ? job->tries : job->tries - 1;
	}
	return used;
}

bool farm_retry_is_left(const struct farm *farm, const struct farm_job *job)
{
	const struct farm_order *order = job->order;
	if (order->record.retries < 0)
		return job->tries <= farm->config->retries;
	return farm_retries_used(order) < order->record.retries;
}

/* Waits to be tried again, anywhere. */
static bool is_retry(const struct farm_job *job)
{
	return job->state == JOB_QUEUED && !job->printer[0] && job->failed_on[0];
}

/* A retry does not wait for a printer on which a long print has just begun, or which nobody clears.
 */
static bool is_free_soon(const struct farm *farm, const struct farm_printer *printer)
{
	if (printer->attempt)
		return farm_attempt_eta_s(farm, printer->attempt) <= FARM_RETRY_WAIT_S;
	return printer->record.bed == BED_EMPTY ||
	       farm->now_s - printer->bed_since_s <= FARM_RETRY_WAIT_S;
}

/* As things are, without anybody doing anything but clearing beds. */
static bool can_make(
	const struct farm *farm, const struct farm_order *order, const struct farm_printer *printer)
{
	if (!farm_printer_can_be_planned(printer) || farm_printer_link(printer) != WIRE_ONLINE ||
		!is_free_soon(farm, printer))
		return false;
	for (size_t i = 0; i < order->design->plate_count; i++) {
		struct match_result match;
		farm_match_order(farm, order, order->design->plate[i], printer, &match);
		if (match.can_ever && match.can_without_person)
			return true;
	}
	return false;
}

static bool another_can(const struct farm *farm, const struct farm_order *order, const char *name)
{
	for (size_t i = 0; i < farm->printer_count; i++)
		if (strcmp(farm->printer[i]->name, name) != 0 &&
			can_make(farm, order, farm->printer[i]))
			return true;
	return false;
}

const char *farm_retry_avoids(const struct farm *farm, const struct farm_order *order)
{
	if (order->tally.retrying == 0)
		return NULL;
	const char *name = NULL;
	int64_t units = 0;
	for (size_t i = 0; i < order->jobs.count; i++) {
		const struct farm_job *job = order->jobs.item[i];
		if (!is_retry(job))
			continue;
		if (!name)
			name = job->failed_on;
		if (strcmp(job->failed_on, name) == 0)
			units += farm_job_yield(job);
	}
	/* As long as there is other work, that is what the printer gets. */
	return units >= farm_order_to_plan(order) && another_can(farm, order, name) ? name : NULL;
}

/* A queued job of the same order that had better be printed where `planned` is; NULL: none. */
static struct farm_planned *find_partner(
	struct farm *farm, const struct farm_planned *planned, const char *failed_on)
{
	for (size_t i = 0; i < farm->planned_count; i++) {
		struct farm_planned *other = &farm->planned[i];
		const struct farm_job *job = farm_index_find(&farm->jobs, other->job);
		if (other->order == planned->order && job && job->state == JOB_QUEUED &&
			!job->printer[0] && strcmp(other->printer, failed_on) != 0 &&
			strcmp(job->failed_on, planned->printer) != 0)
			return other;
	}
	return NULL;
}

static bool has_retries(const struct farm *farm)
{
	for (size_t i = 0; i < farm->orders.count; i++)
		if (((const struct farm_order *)farm->orders.item[i])->tally.retrying > 0)
			return true;
	return false;
}

void farm_retry_spread(struct farm *farm)
{
	if (!has_retries(farm))
		return;
	for (size_t i = 0; i < farm->planned_count; i++) {
		struct farm_planned *planned = &farm->planned[i];
		struct farm_job *job = farm_index_find(&farm->jobs, planned->job);
		if (!job || !is_retry(job) || strcmp(job->failed_on, planned->printer) != 0)
			continue;
		struct farm_planned *other = find_partner(farm, planned, job->failed_on);
		if (!other)
			continue;
		struct farm_job *partner = farm_index_find(&farm->jobs, other->job);
		planned->job = partner->id;
		other->job = job->id;
		farm_job_set_planned(farm, partner, planned);
		farm_job_set_planned(farm, job, other);
	}
}
