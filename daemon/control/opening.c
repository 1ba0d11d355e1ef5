/* When somebody is there, with dates; see opening.h. */
#include "daemon/control/opening.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY_S = 86400, WEEK_DAYS = 7 };

/* ---- local time --------------------------------------------------------------------------- */

/* Second `second` of the local day that is `days` after the one of `monday`. */
static int64_t moment_of(const struct tm *monday, int days, int second)
{
	struct tm local = *monday;

	local.tm_mday += days + second / DAY_S;
	local.tm_hour = second % DAY_S / 3600;
	local.tm_min = second % 3600 / 60;
	local.tm_sec = second % 60;
	local.tm_isdst = -1;
	return (int64_t)mktime(&local);
}

static struct tm monday_before(int64_t at_s)
{
	time_t moment = (time_t)at_s;
	struct tm local;

	localtime_r(&moment, &local);
	local.tm_mday -= (local.tm_wday + WEEK_DAYS - 1) % WEEK_DAYS;
	return local;
}

static int32_t offset_of(int64_t at_s)
{
	time_t moment = (time_t)at_s;
	struct tm local;

	localtime_r(&moment, &local);
	return (int32_t)local.tm_gmtoff;
}

/* What is counted as if it were UTC is local time. */
static int64_t real_s(const struct config_span *span, int64_t at_s)
{
	time_t moment = (time_t)at_s;
	struct tm local;

	if (span->is_utc)
		return at_s;
	gmtime_r(&moment, &local);
	local.tm_isdst = -1;
	return (int64_t)mktime(&local);
}

/* ---- stretches ---------------------------------------------------------------------------- */

static bool add(struct opening *opening, int64_t begin_s, int64_t end_s)
{
	if (begin_s < opening->from_s)
		begin_s = opening->from_s;
	if (end_s > opening->until_s)
		end_s = opening->until_s;
	if (begin_s >= end_s)
		return true;
	if (opening->count == opening->room) {
		size_t room = opening->room ? 2 * opening->room : 512;
		struct world_stretch *bigger = reallocarray(opening->stretch, room, sizeof *bigger);

		if (!bigger)
			return false;
		opening->stretch = bigger;
		opening->room = room;
	}
	opening->stretch[opening->count++] =
		(struct world_stretch){ .begin_s = begin_s, .end_s = end_s };
	return true;
}

static int by_begin(const void *one, const void *other)
{
	const struct world_stretch *a = one, *b = other;

	return (a->begin_s > b->begin_s) - (a->begin_s < b->begin_s);
}

static void sort_and_join(struct opening *opening)
{
	struct world_stretch *stretch = opening->stretch;
	size_t kept = 0;

	if (opening->count > 1)
		qsort(stretch, opening->count, sizeof *stretch, by_begin);
	for (size_t i = 0; i < opening->count; i++) {
		if (kept == 0 || stretch[i].begin_s > stretch[kept - 1].end_s)
			stretch[kept++] = stretch[i];
		else if (stretch[i].end_s > stretch[kept - 1].end_s)
			stretch[kept - 1].end_s = stretch[i].end_s;
	}
	opening->count = kept;
}

static bool cut_out(struct opening *opening, int64_t begin_s, int64_t end_s)
{
	size_t count = opening->count;

	for (size_t i = 0; i < count; i++) {
		struct world_stretch *stretch = &opening->stretch[i];
		int64_t rest_s = stretch->end_s;

		if (stretch->begin_s >= end_s || stretch->end_s <= begin_s)
			continue;
		stretch->end_s = stretch->begin_s < begin_s ? begin_s : stretch->begin_s;
		if (rest_s > end_s && !add(opening, end_s, rest_s))
			return false;
	}
	return true;
}

static void drop_empty(struct opening *opening)
{
	size_t kept = 0;

	for (size_t i = 0; i < opening->count; i++)
		if (opening->stretch[i].end_s > opening->stretch[i].begin_s)
			opening->stretch[kept++] = opening->stretch[i];
	opening->count = kept;
}

static void set_offsets(struct opening *opening)
{
	for (size_t i = 0; i < opening->count; i++)
		opening->stretch[i].offset_s = offset_of(opening->stretch[i].begin_s);
}

/* ---- from the configuration --------------------------------------------------------------- */

static void set_bounds(struct opening *opening, const struct tm *monday)
{
	opening->from_s = moment_of(monday, -OPENING_WEEKS_BACK * WEEK_DAYS, 0);
	opening->until_s = moment_of(monday, OPENING_WEEKS_AHEAD * WEEK_DAYS, 0);
}

static bool add_weeks(struct opening *opening, const struct tm *monday,
	const struct config_hours *hours, size_t count)
{
	bool done = true;

	for (int week = -OPENING_WEEKS_BACK; done && week < OPENING_WEEKS_AHEAD; week++)
		for (size_t i = 0; done && i < count; i++)
			done = add(opening, moment_of(monday, week * WEEK_DAYS, hours[i].begin_s),
				moment_of(monday, week * WEEK_DAYS, hours[i].end_s));
	return done;
}

static bool note_closure(struct opening *opening, int64_t begin_s, int64_t end_s, const char *name)
{
	if (end_s <= opening->from_s || begin_s >= opening->until_s)
		return true;
	if (opening->closure_count == opening->closure_room) {
		size_t room = opening->closure_room ? 2 * opening->closure_room : 64;
		struct world_closure *bigger = reallocarray(opening->closure, room, sizeof *bigger);

		if (!bigger)
			return false;
		opening->closure = bigger;
		opening->closure_room = room;
	}
	opening->closure[opening->closure_count++] = (struct world_closure){ begin_s, end_s, name };
	return true;
}

static bool close_at(struct opening *opening, const struct config_span *span, const char *name)
{
	int64_t begin_s = real_s(span, span->begin_s), end_s = real_s(span, span->end_s);

	if (!note_closure(opening, begin_s, end_s, span->name[0] ? span->name : name) ||
		!cut_out(opening, begin_s, end_s))
		return false;
	drop_empty(opening);
	return true;
}

bool opening_of_staff(struct opening *opening, const struct config *config, int64_t now_s)
{
	const struct tm monday = monday_before(now_s);
	const struct config_spans *holidays = &config->holidays;
	bool done = true;

	*opening = (struct opening){ 0 };
	if (config->hours_count == 0 && config->closed_count == 0 && holidays->count == 0)
		return true;
	set_bounds(opening, &monday);
	if (config->hours_count > 0)
		done = add_weeks(opening, &monday, config->hours, config->hours_count);
	else
		done = add(opening, opening->from_s, opening->until_s);
	sort_and_join(opening);
	for (size_t i = 0; done && i < config->closed_count; i++)
		done = close_at(opening, &config->closed[i], "closed");
	for (size_t i = 0; done && i < holidays->count; i++)
		done = close_at(opening, &holidays->span[i], "holiday");
	for (size_t i = 0; done && i < config->extra_count; i++)
		done = add(opening, real_s(&config->extra[i], config->extra[i].begin_s),
			real_s(&config->extra[i], config->extra[i].end_s));
	sort_and_join(opening);
	set_offsets(opening);
	if (!done)
		opening_finish(opening);
	return done;
}

bool opening_of_noise(struct opening *opening, const struct config *config, int64_t now_s)
{
	const struct tm monday = monday_before(now_s);
	struct opening quiet = { 0 };
	bool done = true;

	*opening = (struct opening){ 0 };
	if (config->quiet_count == 0)
		return true;
	set_bounds(&quiet, &monday);
	set_bounds(opening, &monday);
	done = add_weeks(&quiet, &monday, config->quiet, config->quiet_count) &&
	       add(opening, opening->from_s, opening->until_s);
	sort_and_join(&quiet);
	for (size_t i = 0; done && i < quiet.count; i++) {
		done = cut_out(opening, quiet.stretch[i].begin_s, quiet.stretch[i].end_s);
		drop_empty(opening);
	}
	sort_and_join(opening);
	set_offsets(opening);
	opening_finish(&quiet);
	if (!done)
		opening_finish(opening);
	return done;
}

void opening_finish(struct opening *opening)
{
	free(opening->stretch);
	free(opening->closure);
	*opening = (struct opening){ 0 };
}

bool opening_opens(const struct opening *opening, int64_t now_s)
{
	if (opening->from_s == opening->until_s)
		return true;
	return opening->count > 0 && opening->stretch[opening->count - 1].end_s > now_s;
}
