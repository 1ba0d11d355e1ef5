/* A lab that lives for weeks; see lab.h. */
#include "tests/unit/lab.h"

#include "base/error.h"
#include "drivers/driver.h"
#include "scheduler/calendar.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HOUR = 3600, DAY = 24 * HOUR, WEEK = 7 * DAY, TICK_S = 3 * HOUR, PLATES = 2 };

static const double TWO_PI = 6.283185307179586;

/* Hours of each design's plates; of two kinds: few and many units. */
static const struct {
	double hours;
	int32_t yield;
} plates[LAB_DESIGNS][PLATES] = {
	{ { 0.8, 1 }, { 2.6, 4 } },
	{ { 1.5, 2 }, { 5.0, 8 } },
	{ { 0.5, 1 }, { 7.0, 16 } },
};

double lab_lognormal(struct random *random, double sigma)
{
	double a = 1 - random_unit(random), b = random_unit(random);

	return exp(sigma * sqrt(-2 * log(a)) * cos(TWO_PI * b) - sigma * sigma / 2);
}

double lab_weibull(struct random *random, double shape)
{
	return pow(-log(1 - random_unit(random)), 1 / shape) / tgamma(1 + 1 / shape);
}

static double between(struct lab *lab, double low, double high)
{
	return low + (high - low) * random_unit(&lab->random);
}

/* ---- people ---- */

static void hours_of(const struct lab *lab, struct calendar *calendar)
{
	struct world_calendar hours = { 0 };

	for (size_t i = 0; i < lab->rig->config.hours_count; i++)
		hours.window[hours.window_count++] =
			(struct world_window){ lab->rig->config.hours[i].begin_s,
				lab->rig->config.hours[i].end_s };
	calendar_init(calendar, &hours);
}

static bool is_absent(const struct lab *lab, int64_t at_s)
{
	struct random random;

	random_init(&random, lab->day_seed + (uint64_t)(at_s / DAY));
	random_bits(&random);
	return random_unit(&random) < lab->absent_share;
}

/* When somebody who is there, and comes on this day at all, has waited so long. */
static int64_t after_people(const struct lab *lab, int64_t at_s, double wait_s)
{
	struct calendar calendar;

	hours_of(lab, &calendar);
	for (;;) {
		if (is_absent(lab, at_s)) {
			at_s = (at_s / DAY + 1) * DAY;
			continue;
		}
		at_s = calendar_next_opening(&calendar, at_s);
		if (is_absent(lab, at_s))
			continue;
		int64_t until_s = calendar.always ? (at_s / DAY + 1) * DAY
						  : calendar_staffed_until(&calendar, at_s);

		if ((double)(until_s - at_s) > wait_s)
			return at_s + (int64_t)wait_s + 1;
		wait_s -= (double)(until_s - at_s);
		at_s = until_s;
	}
}

static double wait_of(struct lab *lab, int64_t at_s)
{
	int64_t hour = at_s / HOUR % 24;

	switch (lab->family) {
	case LAB_LOGNORMAL:
		return lab->wait_s * lab_lognormal(&lab->random, 1.1);
	case LAB_BURSTS:
		return lab->wait_s * lab_weibull(&lab->random, 0.6) *
		       (hour == 12 || hour == 13 ? 4 : 1);
	case LAB_ROUNDS:
		return (double)(lab->round_s - at_s % lab->round_s) +
		       between(lab, 0, 0.2 * lab->wait_s);
	case LAB_FAMILIES:
		break;
	}
	return 0;
}

/* What failed for good is tried again when somebody has seen it. */
static void retry_failed(struct lab *lab)
{
	for (size_t i = farm_job_count(lab->rig->farm); i-- > 0;) {
		struct farm_job_view job;
		struct error error = { "" };

		farm_job_at(lab->rig->farm, i, &job);
		if (job.state == JOB_FAILED && job.changed_s + 2 * HOUR < lab->rig->now_s)
			farm_job_retry(lab->rig->farm, "eva", job.id, &error);
	}
}

static void clear(struct lab *lab, size_t i)
{
	struct rig_printer *printer = &lab->rig->printer[i];
	struct farm_clear clear = { .good = -1, .scrap = -1, .why = "" };
	struct error error = { "" };
	struct farm_printer_view view = rig_view(lab->rig, printer->name);

	lab->printer[i].cleared_s = 0;
	if (view.record->lock_fault)
		farm_printer_unlock(lab->rig->farm, "eva", printer->name, &error);
	if (random_below(&lab->random, 25) == 0)
		clear.scrap = 1;
	printer->part_on_bed = false;
	if (farm_printer_clear(lab->rig->farm, "eva", printer->name, &clear, &error) != 0) {
		clear.scrap = -1;
		assert_int_equal(
			farm_printer_clear(lab->rig->farm, "eva", printer->name, &clear, &error),
			0);
	}
	retry_failed(lab);
}

/* ---- printers ---- */

static double fails_after_s(struct lab *lab, struct lab_printer *printer)
{
	double per_hour = printer->fail_per_hour;

	if (lab->family == LAB_BURSTS && random_below(&lab->random, 60) == 0)
		printer->bad_until_s = lab->rig->now_s + (int64_t)between(lab, 8, 30) * HOUR;
	if (lab->rig->now_s < printer->bad_until_s)
		per_hour = 0.25;
	return 3600 / per_hour * lab_weibull(&lab->random, lab->family == LAB_LOGNORMAL ? 2 : 1);
}

static void see_start(struct lab *lab, size_t i)
{
	struct lab_printer *printer = &lab->printer[i];
	const struct attempt_record *attempt = rig_attempt(lab->rig, lab->rig->printer[i].running);
	struct farm_plate_view plate;

	assert_non_null(attempt);
	assert_true(farm_plate_by_id(lab->rig->farm, attempt->plate, &plate));
	double length_s =
		plate.file->time_s * printer->slowness * lab_lognormal(&lab->random, 0.06);
	double good_s = fails_after_s(lab, printer);

	printer->runs = true;
	printer->fails = good_s < length_s;
	printer->locks = printer->fails && random_below(&lab->random, 4) == 0;
	printer->ends_s = lab->rig->now_s + (int64_t)(printer->fails ? good_s : length_s) + 1;
}

static void end(struct lab *lab, size_t i)
{
	struct lab_printer *printer = &lab->printer[i];

	rig_end_print(lab->rig, &lab->rig->printer[i], printer->fails ? WIRE_FAILED : WIRE_PRINTED,
		printer->locks ? DRIVER_FAULT_THERMAL : 0);
	printer->runs = false;
	printer->ends_s = 0;
	printer->cleared_s = after_people(lab, lab->rig->now_s, wait_of(lab, lab->rig->now_s));
}

/* ---- orders ---- */

static void next_order(struct lab *lab)
{
	double wait_s = -(double)WEEK / lab->orders_per_week * log(1 - random_unit(&lab->random));

	lab->next_order_s = lab->rig->now_s + (int64_t)wait_s + 1;
}

static void order(struct lab *lab)
{
	struct farm_wish wish = { .priority = 50 };
	struct error error = { "" };
	size_t design = (size_t)random_below(&lab->random, LAB_DESIGNS);
	int64_t id;

	snprintf(wish.design, sizeof(wish.design), "d%zu", design);
	wish.units =
		1 + (int64_t)(plates[design][1].yield * between(lab, 0, 1) * between(lab, 0, 6));
	if (lab->has_due_dates && random_below(&lab->random, 4) == 0)
		wish.due_s = lab->rig->now_s + (int64_t)(between(lab, 2, 10) * DAY);
	if (random_below(&lab->random, 15) == 0)
		wish.priority = 55;
	if (farm_order_create(lab->rig->farm, "eva", &wish, &id, &error) != 0)
		fail_msg("%s", error.text);
	next_order(lab);
}

/* ---- time ---- */

static void settle(struct lab *lab)
{
	int starts;
	int rounds = 0;

	do {
		starts = lab->rig->starts;
		rig_turn(lab->rig);
		rig_sync(lab->rig, SIZE_MAX);
		rig_exchange(lab->rig);
	} while (starts != lab->rig->starts || ++rounds < 2);
	for (size_t i = 0; i < LAB_PRINTERS; i++)
		if (lab->rig->printer[i].running[0] && !lab->printer[i].runs)
			see_start(lab, i);
}

static int64_t earlier(int64_t a_s, int64_t b_s)
{
	return b_s && b_s < a_s ? b_s : a_s;
}

static int64_t next_s(const struct lab *lab)
{
	int64_t now_s = lab->rig->now_s, at_s = (now_s / TICK_S + 1) * TICK_S;

	at_s = earlier(at_s, lab->next_order_s);
	for (size_t i = 0; i < LAB_PRINTERS; i++) {
		struct farm_printer_view view = rig_view(lab->rig, lab->rig->printer[i].name);

		at_s = earlier(at_s, lab->printer[i].ends_s);
		at_s = earlier(at_s, lab->printer[i].cleared_s);
		if (view.starts_in_s > 0)
			at_s = earlier(at_s, now_s + view.starts_in_s);
	}
	int64_t question_s = farm_next_question_s(lab->rig->farm);

	if (question_s > now_s)
		at_s = earlier(at_s, question_s);
	return at_s > now_s ? at_s : now_s + 1;
}

void lab_live(struct lab *lab, int64_t seconds)
{
	int64_t until_s = lab->rig->now_s + seconds;

	while (lab->rig->now_s < until_s) {
		rig_advance(lab->rig, next_s(lab) - lab->rig->now_s);
		for (size_t i = 0; i < LAB_PRINTERS; i++) {
			if (lab->printer[i].ends_s && lab->rig->now_s >= lab->printer[i].ends_s)
				end(lab, i);
			else if (lab->printer[i].cleared_s &&
				 lab->rig->now_s >= lab->printer[i].cleared_s)
				clear(lab, i);
		}
		if (lab->rig->now_s >= lab->next_order_s)
			order(lab);
		settle(lab);
	}
}

/* ---- making ---- */

static void add_design(struct lab *lab, size_t design)
{
	struct farm_plate_wish wish[PLATES] = { 0 };
	struct error error = { "" };
	char name[8];
	int64_t id;
	bool created;

	for (size_t i = 0; i < PLATES; i++) {
		struct file_record file = { .bytes = 1000,
			.commands = 1000,
			.lines = 1000,
			.time_s = plates[design][i].hours * HOUR,
			.filament_g = 10,
			.hotend_celsius = 210,
			.bed_celsius = 60,
			.layers = 10 };

		snprintf(file.sha256, sizeof(file.sha256), "%063zu%zu", design, i);
		snprintf(file.upload_sha256, sizeof(file.upload_sha256), "%s", file.sha256);
		snprintf(file.name, sizeof(file.name), "d%zu-%zu.gcode", design, i);
		farm_add_file(lab->rig->farm, &file, "{}");
		memcpy(wish[i].sha256, file.sha256, sizeof(wish[i].sha256));
		wish[i].yield = plates[design][i].yield;
	}
	snprintf(name, sizeof(name), "d%zu", design);
	assert_int_equal(farm_design_create(lab->rig->farm, "eva", name, wish, PLATES, false, &id,
				 &created, &error),
		0);
}

static void open_hours(struct lab *lab)
{
	int32_t begin = 7 + (int32_t)random_below(&lab->random, 3);
	int32_t length = 8 + (int32_t)random_below(&lab->random, 5);

	lab->never_closes = random_below(&lab->random, 8) == 0;
	if (lab->never_closes)
		return;
	for (int day = 0; day < 5; day++)
		lab->rig->config.hours[lab->rig->config.hours_count++] =
			(struct config_hours){ .begin_s = day * DAY + begin * HOUR,
				.end_s = day * DAY + (begin + length) * HOUR };
}

struct lab *lab_create(enum lab_family family, uint64_t seed)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	lab->family = family;
	random_init(&lab->random, seed * LAB_FAMILIES + family);
	lab->day_seed = random_bits(&lab->random);
	lab->rig = rig_create(LAB_PRINTERS);
	lab->rig->now_s = 100 * WEEK;
	open_hours(lab);
	lab->unattended = random_below(&lab->random, 3) == 0;
	lab->has_due_dates = random_below(&lab->random, 3) == 0;
	lab->wait_s = between(lab, 300, 3600);
	lab->absent_share = family == LAB_ROUNDS ? between(lab, 0.02, 0.1) : 0.02;
	lab->round_s = (int64_t)between(lab, 1, 4) * HOUR;
	for (size_t i = 0; i < LAB_PRINTERS; i++) {
		lab->printer[i].slowness = between(lab, 0.85, 1.35);
		lab->printer[i].fail_per_hour = between(lab, 0.003, 0.03);
		if (lab->unattended)
			lab->rig->config_printer[i].unattended = UNATTENDED_ALLOWED;
	}
	farm_configure(lab->rig->farm, &lab->rig->config);
	for (size_t i = 0; i < LAB_DESIGNS; i++)
		add_design(lab, i);
	rig_settle(lab->rig);
	rig_clear_all(lab->rig);
	/* As busy as a lab that still sees the end of its orders. */
	double open_h = lab->never_closes ? 168 : lab->unattended ? 90 : 40;

	lab->orders_per_week = LAB_PRINTERS * open_h / 10 * between(lab, 0.25, 0.6);
	if (family == LAB_BURSTS)
		lab->orders_per_week *= 0.7;
	next_order(lab);
	return lab;
}

void lab_destroy(struct lab *lab)
{
	if (!lab)
		return;
	rig_destroy(lab->rig);
	free(lab);
}
