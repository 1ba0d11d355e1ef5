/* What the planner sees of the farm: copies and borrowed names, made for one plan or one question.
 */
#include "daemon/control/farm_state.h"

#include "gcode/cnc.h"
#include "gcode/policy.h"

#include <math.h> /* ceil */
#include <stdlib.h>
#include <string.h>

static void fill_plate(struct world_plate *to, const struct farm_plate *plate)
{
	const struct file_record *file = plate->file;
	*to = (struct world_plate){
		.id = plate->record.id,
		.yield = plate->record.yield,
		.time_s = (int64_t)ceil(file->time_s + file->heat_s),
		.heat_s = (int64_t)ceil(file->heat_s),
		.grams = file->filament_g,
		.has_box = file->has_print_box,
		.hotend_celsius = file->hotend_celsius,
		.bed_celsius = file->bed_celsius,
		.nozzle_mm = file->nozzle_mm,
		.machine = file->machine,
		.dialects = file->dialects,
		.tools = file->tools,
		.material = file->material,
		.needs_person = file->needs_person,
	};
	memcpy(to->box_min_mm, file->box_min_mm, sizeof(to->box_min_mm));
	memcpy(to->box_max_mm, file->box_max_mm, sizeof(to->box_max_mm));
}

static void fill_order(
	const struct farm *farm, struct world_order *to, const struct farm_order *order)
{
	static const char not_allowed[] = "nobody has approved its design, or the approval was "
					  "revoked (printfarm design approve)";
	const struct order_record *record = &order->record;
	*to = (struct world_order){
		.id = record->id,
		.units_left = farm_order_to_plan(order),
		.priority = record->priority,
		.due_s = record->due_s,
		.created_s = record->created_s,
		.held = record->state == ORDER_HELD || !farm_order_is_allowed(farm, order),
		.held_because = record->state == ORDER_HELD ? NULL : not_allowed,
		.material = record->material,
		.color = record->color,
		.printer = record->printer,
		.tag = record->tag,
	};
}

/* What the firmware reads: the profile's word, else the dialect that it is spoken to in; "": any.
 */
static const char *dialect_of(const struct farm_printer *printer)
{
	static const struct {
		const char *spoken;
		enum profile_firmware firmware;
	} known[] = {
		{ "marlin", PROFILE_FIRMWARE_MARLIN },
		{ "prusa-mk3", PROFILE_FIRMWARE_MARLIN },
		{ "prusa-buddy", PROFILE_FIRMWARE_MARLIN },
		{ "klipper", PROFILE_FIRMWARE_KLIPPER },
		{ "rrf", PROFILE_FIRMWARE_REPRAP },
	};
	const struct profile *profile = printer->profile;

	/* A profile may take mach3's amounts and temperatures all the same. */
	if (policy_severity(profile, POLICY_FOREIGN_DIALECT) != VERDICT_REFUSE)
		return "";
	if (profile->firmware != PROFILE_FIRMWARE_UNSAID)
		return profile_firmware_name(profile->firmware);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (!strcmp(printer->config.dialect, known[i].spoken))
			return profile_firmware_name(known[i].firmware);
	return "";
}

static void fill_abilities(struct world_printer *to, const struct farm_printer *printer)
{
	const struct profile *profile = printer->profile;
	to->round_bed = profile->shape == PROFILE_ROUND;
	memcpy(to->volume_min_mm, profile->volume_min_mm, sizeof(to->volume_min_mm));
	memcpy(to->volume_max_mm, profile->volume_max_mm, sizeof(to->volume_max_mm));
	to->nozzle_mm = profile->nozzle_mm;
	to->hotend_max_celsius = profile->hotend_max_celsius;
	to->bed_max_celsius = profile->bed_max_celsius;
	for (size_t i = 0; i < profile->machine_count && i < WORLD_MACHINES_MAX; i++)
		to->machine[to->machine_count++] = profile->machine[i];
	for (size_t i = 0; i < printer->config.tag_count && i < WORLD_TAGS_MAX; i++)
		to->tag[to->tag_count++] = printer->config.tag[i];
	to->dialect = dialect_of(printer);
	to->tools = profile->tool_count > 0 ? profile->tool_count : 1;
	to->speed_factor = printer->learnt.speed_factor;
	to->speed_spread = printer->learnt.speed_spread;
	to->fail_per_hour = farm_fail_per_hour(printer, to->material);
	to->programs =
		printer->config.kind != KIND_PRINTER || cnc_is_dialect(printer->config.dialect);
	to->laser = printer->config.kind == KIND_LASER;
	to->may_run_unattended = farm_printer_runs_unattended(printer);
	to->noisy = printer->config.noisy;
	to->runout_change = printer->config.runout_change;
	to->watts = printer->config.watts;
	to->heat_watts = farm_printer_peak_w(printer);
}

/* Since when somebody is expected at the printer; 0: nobody is needed there. */
static int64_t waits_since_s(const struct farm_printer *printer)
{
	int64_t since_s = printer->offline_since_s;
	bool waits_for_clear = !printer->attempt && printer->record.bed != BED_EMPTY;
	if (waits_for_clear && (!since_s || printer->bed_since_s < since_s))
		since_s = printer->bed_since_s;
	return since_s;
}

static void fill_printer(
	const struct farm *farm, struct world_printer *to, const struct farm_printer *printer)
{
	const struct spool_record *spool = farm_printer_spool(farm, printer);
	enum wire_activity activity = farm_printer_activity(printer);
	*to = (struct world_printer){
		.name = printer->name,
		.material = farm_printer_material(farm, printer),
		.color = farm_printer_color(farm, printer),
		.grams_left = spool ? spool->grams_left : -1.0,
		.online = farm_printer_link(printer) == WIRE_ONLINE,
		.enabled = printer->record.enabled,
		.locked = printer->record.lock_fault != 0,
		.quarantine =
			printer->record.quarantined_s ? printer->record.quarantine_reason : NULL,
		.bed_empty = printer->record.bed == BED_EMPTY,
		/* Its streamer starts nothing before what the last print has heated is off. */
		.idle = !printer->attempt && activity == WIRE_IDLE && !printer->state.hot_by_us,
		.needs_attention = activity == WIRE_NEEDS_ATTENTION,
		.by_hand = activity == WIRE_BY_HAND,
		.needs_confirmation = farm_printer_needs_confirmation(farm, printer),
		.free_at_s = farm->now_s,
		.waits_since_s = waits_since_s(printer),
	};
	fill_abilities(to, printer);
	if (printer->attempt)
		to->free_at_s += farm_attempt_eta_s(farm, printer->attempt);
	to->heats_until_s = farm_printer_heats_until_s(farm, printer);
	farm_fill_maintenance(farm, printer, to);
	if (printer->ready_after_us > farm->now_us)
		to->ready_after_s =
			farm->now_s + (printer->ready_after_us - farm->now_us + 999999) / 1000000;
}

static void fill_windows(struct world_calendar *calendar, const struct config_hours *hours,
	size_t count, const struct opening *dated)
{
	for (size_t i = 0; i < count && i < WORLD_WINDOWS_MAX; i++)
		calendar->window[calendar->window_count++] =
			(struct world_window){ hours[i].begin_s, hours[i].end_s };
	calendar->dates = (struct world_dates){
		.from_s = dated->from_s,
		.until_s = dated->until_s,
		.stretch_count = dated->count,
		.stretch = dated->stretch,
		.closure_count = dated->closure_count,
		.closure = dated->closure,
	};
}

/* The windows between the quiet hours. */
static size_t loud_windows(
	const struct config *config, struct config_hours loud[CONFIG_HOURS_MAX + 1])
{
	int32_t end_s = 0;
	size_t count = 0;

	for (size_t i = 0; i < config->quiet_count; i++) {
		if (config->quiet[i].begin_s > end_s)
			loud[count++] = (struct config_hours){ .begin_s = end_s,
				.end_s = config->quiet[i].begin_s };
		end_s = config->quiet[i].end_s;
	}
	if (config->quiet_count > 0 && end_s < WORLD_WEEK_S)
		loud[count++] = (struct config_hours){ .begin_s = end_s, .end_s = WORLD_WEEK_S };
	return count;
}

static void fill_calendar(const struct farm *farm, struct world *world)
{
	const struct config *config = farm->config;
	struct config_hours loud[CONFIG_HOURS_MAX + 1];

	world->calendar = (struct world_calendar){ .week_start_s = farm->week_start_s };
	fill_windows(&world->calendar, config->hours, config->hours_count, &farm->staff);
	world->noise = (struct world_calendar){ .week_start_s = farm->week_start_s };
	fill_windows(&world->noise, loud, loud_windows(config, loud), &farm->noise);
	world->clear_s = config->clear_s;
	world->start_delay_s = config->start_delay_s;
}

static void fill_power(const struct farm *farm, struct world *world, char held[FARM_POWER_TEXT_MAX])
{
	world->power_budget_w = farm->config->power_budget_w;
	if (world->power_budget_w > 0)
		world->power_used_w = farm_power_used_w(farm, held, FARM_POWER_TEXT_MAX);
	world->power_held = held;
}

bool farm_is_quiet(const struct farm *farm)
{
	struct world world = { 0 };
	struct calendar noise;

	if (farm->config->quiet_count == 0)
		return false;
	fill_calendar(farm, &world);
	calendar_init(&noise, &world.noise);
	return !calendar_is_staffed(&noise, farm->now_s);
}

/* A plan in the making outlives a change of the calendars. */
static bool keep_stretches(struct farm_world *world)
{
	struct world_dates *staff = &world->world.calendar.dates;
	struct world_dates *noise = &world->world.noise.dates;
	size_t count = staff->stretch_count + noise->stretch_count;

	world->stretch = calloc(count + 1, sizeof(*world->stretch));
	if (!world->stretch)
		return false;
	if (staff->stretch_count)
		memcpy(world->stretch, staff->stretch,
			staff->stretch_count * sizeof(*world->stretch));
	if (noise->stretch_count)
		memcpy(world->stretch + staff->stretch_count, noise->stretch,
			noise->stretch_count * sizeof(*world->stretch));
	staff->stretch = world->stretch;
	noise->stretch = world->stretch + staff->stretch_count;
	staff->closure_count = noise->closure_count = 0;
	return true;
}

void farm_calendar(const struct farm *farm, struct calendar *calendar)
{
	struct world world = { 0 };

	fill_calendar(farm, &world);
	calendar_init(calendar, &world.calendar);
}

bool farm_printer_can_be_planned(const struct farm_printer *printer)
{
	return !printer->removed && printer->profile;
}

/* A queued job that a person gave to one printer: an order of its own for the planner. */
static bool is_wished(const struct farm_job *job)
{
	return job->state == JOB_QUEUED && job->printer[0];
}

struct filling {
	const struct farm *farm;
	struct farm_world *world;
	size_t orders, plates;
};

static void add_order(struct filling *filling, struct farm_order *order, struct farm_job *job)
{
	const struct farm *farm = filling->farm;
	struct farm_world *world = filling->world;
	struct world_order *to = &world->order[filling->orders];
	const struct farm_design *design = order->design;
	fill_order(farm, to, order);
	to->avoid = job ? NULL : farm_retry_avoids(farm, order);
	if (job) {
		to->id = -job->id;
		to->units_left = farm_job_yield(job);
		to->printer = job->printer;
	}
	to->plate = &world->plate[filling->plates];
	to->plate_count = design->plate_count;
	for (size_t i = 0; i < design->plate_count; i++) {
		fill_plate(&world->plate[filling->plates], design->plate[i]);
		world->plate_of[filling->plates++] = design->plate[i];
	}
	if (!job)
		order->world_index = filling->orders;
	world->order_of[filling->orders] = order;
	world->job_of[filling->orders++] = job;
}

static void add_orders(const struct farm *farm, struct filling *filling, struct farm_order *extra)
{
	for (size_t i = 0; i < farm->orders.count; i++) {
		struct farm_order *order = farm->orders.item[i];
		if (farm_order_to_plan(order) > 0)
			add_order(filling, order, NULL);
		if (order->tally.wished == 0)
			continue;
		for (size_t j = 0; j < order->jobs.count; j++)
			if (is_wished(order->jobs.item[j]))
				add_order(filling, order, order->jobs.item[j]);
	}
	if (extra)
		add_order(filling, extra, NULL);
	farm_quota_fill(farm, filling->world->order, filling->world->order_of, filling->orders);
	for (size_t i = 0; i < filling->orders; i++)
		farm_after_fill(farm, filling->world->order_of[i], &filling->world->order[i]);
}

static void count(
	const struct farm *farm, const struct farm_order *extra, size_t *orders, size_t *plates)
{
	*orders = extra ? 1 : 0;
	*plates = extra ? extra->design->plate_count : 0;
	for (size_t i = 0; i < farm->orders.count; i++) {
		const struct farm_order *order = farm->orders.item[i];
		size_t n = farm_order_to_plan(order) > 0 ? 1 : 0;
		for (size_t j = 0; order->tally.wished > 0 && j < order->jobs.count; j++)
			n += is_wished(order->jobs.item[j]) ? 1 : 0;
		*orders += n;
		*plates += n * order->design->plate_count;
	}
}

struct farm_world *farm_world_create(const struct farm *farm, struct farm_order *extra)
{
	size_t orders, plates, printers = farm->printer_count;
	count(farm, extra, &orders, &plates);
	struct farm_world *world = calloc(1, sizeof(*world));
	if (!world)
		return NULL;
	world->printer = calloc(printers + 1, sizeof(*world->printer));
	world->printer_of = calloc(printers + 1, sizeof(*world->printer_of));
	world->order = calloc(orders + 1, sizeof(*world->order));
	world->order_of = calloc(orders + 1, sizeof(*world->order_of));
	world->job_of = calloc(orders + 1, sizeof(*world->job_of));
	world->plate = calloc(plates + 1, sizeof(*world->plate));
	world->plate_of = calloc(plates + 1, sizeof(*world->plate_of));
	if (!world->printer || !world->printer_of || !world->order || !world->order_of ||
		!world->job_of || !world->plate || !world->plate_of) {
		farm_world_destroy(world);
		return NULL;
	}
	size_t at = 0;
	for (size_t i = 0; i < printers; i++) {
		if (!farm_printer_can_be_planned(farm->printer[i]))
			continue;
		fill_printer(farm, &world->printer[at], farm->printer[i]);
		world->printer_of[at++] = farm->printer[i];
	}
	struct filling filling = { .farm = farm, .world = world };
	add_orders(farm, &filling, extra);
	world->world.printer = world->printer;
	world->world.printer_count = at;
	world->world.order = world->order;
	world->world.order_count = filling.orders;
	fill_calendar(farm, &world->world);
	fill_power(farm, &world->world, world->power_held);
	world->clearing = farm->clearing;
	world->world.clearing = &world->clearing;
	memcpy(world->operators, farm->operators, sizeof(world->operators));
	world->world.operators = world->operators;
	world->world.visit_s = farm->config->visit_s;
	if (!keep_stretches(world)) {
		farm_world_destroy(world);
		return NULL;
	}
	return world;
}

void farm_world_destroy(struct farm_world *world)
{
	if (!world)
		return;
	free(world->printer);
	free(world->printer_of);
	free(world->order);
	free(world->order_of);
	free(world->job_of);
	free(world->plate);
	free(world->plate_of);
	free(world->stretch);
	free(world);
}

const struct farm_plate *farm_world_plate(
	const struct farm_world *world, size_t order, size_t plate)
{
	return world->plate_of[(size_t)(world->order[order].plate - world->plate) + plate];
}

/* `order` without its plates. */
static void match_one(const struct farm *farm, struct world_order *order,
	const struct farm_plate *plate, const struct farm_printer *printer,
	struct match_result *result)
{
	struct world world = { 0 };
	char held[FARM_POWER_TEXT_MAX] = "";
	fill_calendar(farm, &world);
	fill_power(farm, &world, held);
	struct world_plate world_plate;
	fill_plate(&world_plate, plate);
	order->plate = &world_plate;
	order->plate_count = 1;
	struct world_printer world_printer;
	fill_printer(farm, &world_printer, printer);
	match_check(&world, order, &world_plate, &world_printer, farm->now_s, result);
}

void farm_match(const struct farm *farm, const struct farm_job *job, const struct farm_plate *plate,
	const struct farm_printer *printer, struct match_result *result)
{
	memset(result, 0, sizeof(*result));
	if (!farm_printer_can_be_planned(printer)) {
		result->unmet_count = 1;
		result->unmet[0].condition = MATCH_PRINTER_WISH;
		farm_copy(result->unmet[0].text, sizeof(result->unmet[0].text),
			"is not configured any more");
		return;
	}
	struct world_order order;
	fill_order(farm, &order, job->order);
	farm_after_fill(farm, job->order, &order);
	if (job->state == JOB_HELD) {
		order.held = true;
		order.held_because = "the job is held until somebody releases it";
	}
	if (is_wished(job))
		order.printer = job->printer;
	else
		order.avoid = farm_retry_avoids(farm, job->order);
	match_one(farm, &order, plate, printer, result);
}

void farm_match_order(const struct farm *farm, const struct farm_order *order,
	const struct farm_plate *plate, const struct farm_printer *printer,
	struct match_result *result)
{
	struct world_order world_order;
	memset(result, 0, sizeof(*result));
	fill_order(farm, &world_order, order);
	match_one(farm, &world_order, plate, printer, result);
}
