/* A printer on which too many prints fail gets no new ones until a person has enabled it again.
 *
 * A print counts that its printer could not finish, and one of whose units none was good; one that
 * a person has stopped does not. */
#include "daemon/control/farm_state.h"

#include "drivers/driver.h"

#include <stdio.h>

enum { HOUR_S = 3600 };

static size_t failures_since(const struct farm_printer *printer, int64_t since_s)
{
	size_t count = 0;
	for (size_t i = 0; i < printer->failed_count; i++)
		if (printer->failed_s[i] >= since_s &&
			printer->failed_s[i] > printer->record.trusted_s)
			count++;
	return count;
}

/* The oldest gives way: the rule never asks for more than there is room. */
static void remember(struct farm_printer *printer, int64_t at_s)
{
	size_t place = printer->failed_count;
	if (place < FARM_FAILED_MAX) {
		printer->failed_count++;
	} else {
		place = 0;
		for (size_t i = 1; i < FARM_FAILED_MAX; i++)
			if (printer->failed_s[i] < printer->failed_s[place])
				place = i;
	}
	printer->failed_s[place] = at_s;
}

void farm_quarantine_failed(struct farm *farm, struct farm_printer *printer, const char *reason)
{
	const struct config *config = farm->config;
	remember(printer, farm->now_s);
	size_t failures = failures_since(
		printer, farm->now_s - (int64_t)config->quarantine_window_h * HOUR_S);
	if (config->quarantine_failures == 0 || printer->record.quarantined_s ||
		failures < (size_t)config->quarantine_failures)
		return;
	printer->record.quarantined_s = farm->now_s;
	snprintf(printer->record.quarantine_reason, sizeof(printer->record.quarantine_reason),
		"%zu print%s failed within %d h, the last: %.160s", failures,
		failures == 1 ? "" : "s", (int)config->quarantine_window_h, reason);
	farm_touch_printer(farm, printer);
	farm_say(farm, "printer", printer->name, NULL,
		"%s is in quarantine: %s (printer enable %s ends it)", printer->name,
		printer->record.quarantine_reason, printer->name);
}

bool farm_quarantine_end(struct farm *farm, struct farm_printer *printer, const char *user)
{
	if (!printer->record.quarantined_s)
		return false;
	printer->record.quarantined_s = 0;
	printer->record.quarantine_reason[0] = '\0';
	printer->record.trusted_s = farm->now_s;
	farm_touch_printer(farm, printer);
	farm_say(farm, "printer", printer->name, user,
		"%s is out of quarantine and may get new jobs", printer->name);
	return true;
}

bool farm_quarantine_counts(int fault)
{
	return fault != DRIVER_FAULT_ESTOP;
}

void farm_quarantine_load(struct farm_printer *printer, const struct attempt_record *record)
{
	if (record->state == ATTEMPT_FAILED && farm_quarantine_counts(record->fault))
		remember(printer, record->ended_s);
}

void farm_quarantine_load_scrap(struct farm *farm)
{
	for (size_t i = 0; i < farm->jobs.count; i++) {
		const struct farm_job *job = farm->jobs.item[i];
		if (job->state != JOB_INSPECTED || job->good > 0 || job->scrap == 0)
			continue;
		struct farm_printer *printer = farm_find_printer(farm, job->printer, NULL);
		if (printer)
			remember(printer, job->changed_s);
	}
}
