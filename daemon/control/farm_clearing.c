/* How long printed beds wait to be cleared: noted when somebody clears one, learnt by
 * scheduler/clearing.c.  Before anything is learnt fewer people than usual are expected to be
 * slower in proportion. */
#include "daemon/control/farm_state.h"

#include <string.h>

enum { HOUR_S = 3600 };

/* How many people are there at the middle of this hour of the week; 0: nobody has said. */
static int32_t operators_at(const struct config *config, int hour)
{
	int32_t second = hour * HOUR_S + HOUR_S / 2, operators = 0;
	bool open = false;
	for (size_t i = 0; i < config->hours_count; i++) {
		const struct config_hours *row = &config->hours[i];
		if (second < row->begin_s || second >= row->end_s)
			continue;
		open = true;
		operators += row->operators;
	}
	if (operators > 0)
		return operators;
	return open || config->hours_count == 0 ? config->operators : 0;
}

void farm_clearing_configure(struct farm *farm)
{
	int32_t prior_s[CLEARING_HOURS], usual = 0;
	for (int hour = 0; hour < CLEARING_HOURS; hour++) {
		farm->operators[hour] = operators_at(farm->config, hour);
		if (farm->operators[hour] > usual)
			usual = farm->operators[hour];
	}
	for (int hour = 0; hour < CLEARING_HOURS; hour++) {
		int32_t operators = farm->operators[hour];
		int64_t wait_s = farm->config->clear_s;
		if (operators > 0)
			wait_s = wait_s * usual / operators;
		prior_s[hour] = wait_s < WORLD_WEEK_S ? (int32_t)wait_s : WORLD_WEEK_S;
	}
	clearing_set_prior(&farm->clearing, prior_s);
}

void farm_clearing_note(struct farm *farm, struct farm_printer *printer)
{
	int64_t since_s = printer->record.waits_since_s;
	struct calendar calendar;
	if (since_s <= 0 || since_s > farm->now_s)
		return;
	farm_calendar(farm, &calendar);
	struct clearing_record record = {
		.id = farm->next_clearing_id++,
		.since_s = since_s,
		.cleared_s = farm->now_s,
		.hour = clearing_hour(&calendar, since_s),
		.wait_s = calendar_staffed_s(&calendar, since_s, farm->now_s),
	};
	farm_copy(record.printer, sizeof(record.printer), printer->name);
	clearing_learn(&farm->clearing, record.hour, record.wait_s);
	farm_put(farm, CHANGE_CLEARING, &record, sizeof(record));
}

void farm_load_clearing(struct farm *farm, const struct clearing_record *record)
{
	if (record->id >= farm->next_clearing_id)
		farm->next_clearing_id = record->id + 1;
	if (record->hour >= 0 && record->hour < CLEARING_HOURS)
		clearing_learn(&farm->clearing, record->hour, record->wait_s);
}

void farm_clearing(const struct farm *farm, struct farm_clearing_view *view)
{
	*view = (struct farm_clearing_view){
		.waits = farm->clearing.kept,
		.mean_s = clearing_mean_s(&farm->clearing),
		.expected_s = farm->clearing.wait_s,
		.count = farm->clearing.count,
	};
}
