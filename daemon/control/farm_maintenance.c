/* Maintenance by hours of printing: what is due on which printer, and what was done. */
#include "daemon/control/farm_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const double US_PER_H = 3.6e9;

static bool applies(const struct config_maintenance *row, const struct farm_printer *printer)
{
	if (row->printer_count == 0 && row->profile_count == 0)
		return true;
	for (size_t i = 0; i < row->printer_count; i++)
		if (strcmp(row->printer[i], printer->name) == 0)
			return true;
	for (size_t i = 0; i < row->profile_count; i++)
		if (strcmp(row->profile[i], printer->config.profile) == 0)
			return true;
	return false;
}

/* What the printer had printed when it was done last; 0: it never was. */
static int64_t done_us(const struct farm_printer *printer, const char *what)
{
	for (size_t i = 0; i < printer->done_count; i++)
		if (strcmp(printer->done[i].what, what) == 0)
			return printer->done[i].print_us;
	return 0;
}

static double since_h(
	const struct farm_printer *printer, const struct config_maintenance *row, int64_t print_us)
{
	return (double)(print_us - done_us(printer, row->what)) / US_PER_H;
}

/* With what is being printed. */
static int64_t printed_us(const struct farm_printer *printer)
{
	return printer->record.print_us +
	       (printer->attempt ? printer->attempt->progress.print_us : 0);
}

/* ---- what the planner sees ---- */

void farm_fill_maintenance(
	const struct farm *farm, const struct farm_printer *printer, struct world_printer *to)
{
	for (size_t i = 0; i < farm->config->maintenance_count; i++) {
		const struct config_maintenance *row = &farm->config->maintenance[i];
		double left_h =
			row->every_h + row->late_h - since_h(printer, row, printed_us(printer));
		int64_t left_s = (int64_t)(left_h * 3600);
		if (row->late_h == 0 || !applies(row, printer))
			continue;
		if (to->maintenance_every_s > 0 && to->maintenance_left_s <= left_s)
			continue;
		to->maintenance_left_s = left_s;
		to->maintenance_every_s = (int64_t)row->every_h * 3600;
		to->maintenance_takes_s = row->takes_s;
		to->maintenance = row->what;
	}
}

void farm_view_maintenance(
	const struct farm *farm, const struct farm_printer *printer, struct farm_upkeep_view *view)
{
	view->print_h = (double)printed_us(printer) / US_PER_H;
	for (size_t i = 0; i < farm->config->maintenance_count; i++) {
		const struct config_maintenance *row = &farm->config->maintenance[i];
		if (!applies(row, printer))
			continue;
		double hours = since_h(printer, row, printed_us(printer));
		size_t at = view->maintenance_count++;
		view->maintenance[at].what = row->what;
		view->maintenance[at].every_h = row->every_h;
		view->maintenance[at].since_h = hours;
		view->maintenance[at].left_h = row->every_h - hours;
		view->maintenance[at].block_h = row->every_h + row->late_h - hours;
		view->maintenance[at].due = hours >= row->every_h;
		view->maintenance[at].blocks = row->late_h > 0;
	}
}

/* ---- what happens ---- */

void farm_count_hours(struct farm *farm, struct farm_printer *printer, int64_t print_us)
{
	int64_t before_us = printer->record.print_us;
	if (print_us <= 0)
		return;
	printer->record.print_us += print_us;
	farm_touch_printer(farm, printer);
	for (size_t i = 0; i < farm->config->maintenance_count; i++) {
		const struct config_maintenance *row = &farm->config->maintenance[i];
		double before = since_h(printer, row, before_us);
		double after = since_h(printer, row, printer->record.print_us);
		int32_t limit_h = row->every_h + row->late_h;
		if (!applies(row, printer))
			continue;
		if (row->late_h > 0 && before < limit_h && after >= limit_h)
			farm_say(farm, "printer", printer->name, NULL,
				"%s takes no new job: %s is overdue after %d h of printing",
				printer->name, row->what, (int)after);
		else if (before < row->every_h && after >= row->every_h)
			farm_say(farm, "printer", printer->name, NULL,
				"%s needs maintenance: %s is due after %d h of printing",
				printer->name, row->what, (int)after);
	}
}

static void remember(struct farm *farm, struct farm_printer *printer, const char *what,
	int64_t at_s, int64_t print_us)
{
	size_t at = 0;
	while (at < printer->done_count && strcmp(printer->done[at].what, what) != 0)
		at++;
	if (at == CONFIG_MAINTENANCE_MAX) {
		/* Rows of old configurations have filled it: the oldest goes. */
		memmove(printer->done, printer->done + 1, (at - 1) * sizeof(*printer->done));
		at--;
	} else if (at == printer->done_count) {
		printer->done_count++;
	}
	printer->done[at] = (struct farm_done){ farm_intern(farm, what), at_s, print_us };
}

void farm_load_maintenance(struct farm *farm, const struct maintenance_record *record)
{
	struct farm_printer *printer = farm_find_printer(farm, record->printer, NULL);
	if (record->id >= farm->next_maintenance_id)
		farm->next_maintenance_id = record->id + 1;
	if (printer)
		remember(farm, printer, record->what, record->at_s, record->print_us);
}

static void note_done(
	struct farm *farm, const char *user, struct farm_printer *printer, const char *what)
{
	struct maintenance_record record = { .id = farm->next_maintenance_id++,
		.at_s = farm->now_s,
		.print_us = printer->record.print_us };
	double hours = (double)(record.print_us - done_us(printer, what)) / US_PER_H;
	farm_copy(record.printer, sizeof(record.printer), printer->name);
	farm_copy(record.what, sizeof(record.what), what);
	farm_copy(record.user, sizeof(record.user), user ? user : "");
	remember(farm, printer, what, record.at_s, record.print_us);
	farm_put(farm, CHANGE_MAINTENANCE, &record, sizeof(record));
	farm_say(farm, "printer", printer->name, user, "%s: %s is done, after %d h of printing",
		printer->name, what, (int)hours);
}

static int unknown_work(const struct farm *farm, const struct farm_printer *printer,
	const char *what, struct error *error)
{
	char names[160] = "";
	size_t length = 0;
	for (size_t i = 0; i < farm->config->maintenance_count && length < sizeof(names); i++)
		if (applies(&farm->config->maintenance[i], printer))
			length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s",
				length ? ", " : "", farm->config->maintenance[i].what);
	if (!names[0])
		error_set(error, "no maintenance of %s is configured", printer->name);
	else
		error_set(error, "\"%s\" is no maintenance of %s; there is %s", what, printer->name,
			names);
	return -EINVAL;
}

int farm_printer_maintained(struct farm *farm, const char *user, const char *name, const char *what,
	struct error *error)
{
	struct farm_printer *printer = farm_find_printer(farm, name, error);
	int result = printer ? farm_writable(farm, error) : -ENOENT;
	bool found = false;
	for (size_t i = 0; !result && i < farm->config->maintenance_count; i++) {
		const struct config_maintenance *row = &farm->config->maintenance[i];
		if (!applies(row, printer) || (what[0] && strcmp(what, row->what) != 0))
			continue;
		note_done(farm, user, printer, row->what);
		found = true;
	}
	if (!result && !found)
		result = unknown_work(farm, printer, what, error);
	return result;
}
