/* What was made in a stretch of time, printer by printer, and how promises were kept. */
#include "daemon/control/farm_questions.h"
#include "daemon/control/farm_state.h"

#include <stdlib.h>

static void count_job(const struct farm_job *job, struct farm_made *made)
{
	made->prints++;
	made->good += job->good;
	made->scrap += job->scrap;
	if (job->plate && job->plate->file->filament_g > 0)
		made->filament_g += job->plate->file->filament_g;
}

static void count_order(
	const struct farm_order *order, int64_t from_s, int64_t until_s, struct farm_report *report)
{
	for (size_t i = 0; i < order->promise_count; i++) {
		const struct promise_record *promise = &order->promise[i];
		if (!promise->given || promise->done_s < from_s || promise->done_s >= until_s)
			continue;
		report->promises_made++;
		report->promises_kept += promise->done_s <= promise->promised_s ? 1 : 0;
	}
}

void farm_report(const struct farm *farm, int64_t from_s, int64_t until_s,
	struct farm_report *report, struct farm_made *made, size_t room)
{
	*report = (struct farm_report){ 0 };
	for (size_t i = 0; i < farm->printer_count && report->printer_count < room; i++)
		if (!farm->printer[i]->removed)
			made[report->printer_count++] =
				(struct farm_made){ .printer = farm->printer[i]->name };
	for (size_t i = 0; i < farm->jobs.count; i++) {
		const struct farm_job *job = farm->jobs.item[i];
		if (job->state != JOB_INSPECTED || job->changed_s < from_s ||
			job->changed_s >= until_s)
			continue;
		count_job(job, &report->all);
		for (size_t p = 0; p < report->printer_count; p++)
			if (made[p].printer == job->printer) /* interned */
				count_job(job, &made[p]);
	}
	for (size_t i = 0; i < farm->orders.count; i++)
		count_order(farm->orders.item[i], from_s, until_s, report);
}
