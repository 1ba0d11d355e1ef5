/* What becomes of the printers' time: printing, waiting for a person, for a spool, faults, hours
 * closed.  Added up by printer and local day, stored when it changes or every SPENT_STORED_S; what
 * happens while control is down is not known and not counted. */
#include "daemon/control/farm_state.h"

#include "scheduler/match.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	DAY_S = 86400,
	SPENT_STORED_S = 900,
	SPENT_JUMP_S = 300, /* by so much the clock may be set, or the machine sleep */
};

const char *spent_kind_name(enum spent_kind kind)
{
	static const char *const name[SPENT_KINDS] = { "printing", "clearing", "spool", "fault",
		"offline", "out", "closed", "idle", "other", "failed_prints" };
	return name[kind];
}

int64_t farm_day_start_s(const struct farm *farm, int64_t at_s)
{
	int64_t into_s = (at_s - farm->week_start_s) % DAY_S;
	return at_s - (into_s < 0 ? into_s + DAY_S : into_s);
}

/* ---- what it does ---- */

static bool can_print(const struct world *world, size_t order, size_t printer, bool *wants_spool)
{
	const struct world_order *own = &world->order[order];
	*wants_spool = false;
	if (own->held || own->units_left <= 0)
		return false;
	for (size_t p = 0; p < own->plate_count; p++) {
		struct match_result match;
		bool short_of = match_is_short_of_grams(&own->plate[p], &world->printer[printer]);
		if (match_can_plan(own, &own->plate[p], &world->printer[printer]) && !short_of)
			return true;
		match_check(world, own, &own->plate[p], &world->printer[printer], 0, &match);
		for (size_t u = 0; u < match.unmet_count && match.can_ever; u++)
			*wants_spool |= match.unmet[u].condition == MATCH_MATERIAL ||
					match.unmet[u].condition == MATCH_COLOR ||
					match.unmet[u].condition == MATCH_GRAMS;
	}
	return false;
}

/* The order that another spool there would serve, when the one that is in serves none. */
size_t farm_order_for_spool(const struct world *world, size_t printer)
{
	size_t found = SIZE_MAX;
	for (size_t i = 0; i < world->order_count; i++) {
		bool wants_spool;
		if (can_print(world, i, printer, &wants_spool))
			return SIZE_MAX;
		if (wants_spool && found == SIZE_MAX)
			found = i;
	}
	return found;
}

void farm_spent_look_for_spools(struct farm *farm, const struct farm_world *world)
{
	for (size_t i = 0; i < world->world.printer_count; i++) {
		struct farm_printer *printer = world->printer_of[i];
		printer->wants_spool = !printer->attempt && printer->record.bed == BED_EMPTY &&
				       farm_order_for_spool(&world->world, i) != SIZE_MAX;
	}
	(void)farm;
}

static bool is_planned(const struct farm *farm, const struct farm_printer *printer)
{
	for (size_t i = 0; i < farm->planned_count; i++)
		if (farm->planned[i].printer == printer->name)
			return true;
	return false;
}

static enum spent_kind waits_for(const struct farm *farm, const struct farm_printer *printer)
{
	bool staffed = farm_staffed(farm);
	if (printer->record.bed != BED_EMPTY)
		return staffed ? SPENT_CLEARING : SPENT_CLOSED;
	if (printer->ready_after_us > farm->now_us || printer->state.hot_by_us)
		return SPENT_OTHER;
	if (is_planned(farm, printer))
		return SPENT_CLOSED;
	return printer->wants_spool ? SPENT_SPOOL : SPENT_IDLE;
}

static enum spent_kind spends(const struct farm *farm, const struct farm_printer *printer)
{
	enum wire_activity activity = farm_printer_activity(printer);
	if (farm_printer_link(printer) != WIRE_ONLINE)
		return SPENT_OFFLINE;
	if (printer->record.lock_fault || printer->record.quarantined_s ||
		activity == WIRE_NEEDS_ATTENTION)
		return SPENT_FAULT;
	if (printer->attempt)
		return SPENT_PRINTING;
	if (!printer->record.enabled || activity == WIRE_BY_HAND)
		return SPENT_OUT;
	return waits_for(farm, printer);
}

/* ---- adding up ---- */

int farm_load_spent(struct farm *farm, const struct spent_record *record)
{
	if (record->id >= farm->next_spent_id)
		farm->next_spent_id = record->id + 1;
	struct farm_printer *printer = farm_find_printer(farm, record->printer, NULL);
	if ((unsigned)record->kind >= SPENT_KINDS)
		return -EINVAL;
	if (printer)
		printer->spent[record->kind] = *record;
	return 0;
}

static void add(struct farm *farm, struct farm_printer *printer, int64_t day_s,
	enum spent_kind kind, int64_t amount)
{
	struct spent_record *spent = &printer->spent[kind];
	if (spent->id == 0 || spent->day_s != day_s) {
		*spent = (struct spent_record){
			.id = farm->next_spent_id++, .day_s = day_s, .kind = kind
		};
		farm_copy(spent->printer, sizeof(spent->printer), printer->name);
	}
	spent->amount += amount;
	farm_changes_add(&farm->changes, CHANGE_SPENT, spent, sizeof(*spent), NULL);
}

static void begin(const struct farm *farm, struct farm_printer *printer)
{
	printer->spends_since_s = farm->now_s;
	printer->spends_since_us = farm->now_us;
}

/* Up to now, each day its part. */
static void settle(struct farm *farm, struct farm_printer *printer)
{
	int64_t at_s = printer->spends_since_s;
	while (at_s < farm->now_s) {
		int64_t day_s = farm_day_start_s(farm, at_s);
		int64_t until_s = day_s + DAY_S < farm->now_s ? day_s + DAY_S : farm->now_s;
		add(farm, printer, day_s, printer->spends, until_s - at_s);
		at_s = until_s;
	}
	begin(farm, printer);
}

/* A clock that was set by days says nothing of what the printers did, nor does a machine that
 * slept; a board without a clock of its own begins in 1970. */
static bool is_known(const struct farm *farm, const struct farm_printer *printer)
{
	int64_t passed_s = farm->now_s - printer->spends_since_s;
	int64_t jump_s = passed_s - (farm->now_us - printer->spends_since_us) / 1000000;
	return printer->spends_since_s > 0 && passed_s >= 0 && jump_s <= SPENT_JUMP_S;
}

void farm_spent_step(struct farm *farm)
{
	for (size_t i = 0; i < farm->printer_count && !farm->broken; i++) {
		struct farm_printer *printer = farm->printer[i];
		if (printer->removed) {
			printer->spends_since_s = 0;
			continue;
		}
		enum spent_kind kind = spends(farm, printer);
		bool is_old = farm->now_s - printer->spends_since_s >= SPENT_STORED_S;
		if (!is_known(farm, printer))
			begin(farm, printer);
		else if (kind != printer->spends || is_old)
			settle(farm, printer);
		printer->spends = kind;
	}
}

void farm_spent_failed(struct farm *farm, struct farm_printer *printer)
{
	add(farm, printer, farm_day_start_s(farm, farm->now_s), SPENT_FAILED, 1);
}

bool farm_spent_lately(const struct farm *farm, size_t index, struct spent_record *spent)
{
	size_t at = 0;
	for (size_t i = 0; i < farm->printer_count; i++) {
		const struct farm_printer *printer = farm->printer[i];
		if (printer->removed || printer->spends_since_s == 0 || at++ != index)
			continue;
		*spent = (struct spent_record){ .kind = printer->spends,
			.day_s = farm_day_start_s(farm, farm->now_s),
			.amount = farm->now_s - printer->spends_since_s };
		farm_copy(spent->printer, sizeof(spent->printer), printer->name);
		return true;
	}
	return false;
}
