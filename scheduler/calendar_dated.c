/* Staffed hours with dates; see calendar_dated.h. */
#include "scheduler/calendar_dated.h"

struct span {
	int64_t begin_s, end_s;
};

/* The same calendar without its dates. */
static struct calendar weekly(const struct calendar *calendar)
{
	struct calendar only_windows = *calendar;

	only_windows.dates = (struct world_dates){ 0 };
	only_windows.always = calendar->staffed_per_week_s == WORLD_WEEK_S;
	return only_windows;
}

/* The first stretch of the windows that ends after at_s, cut to what lies within [from_s, to_s). */
static bool weekly_span(const struct calendar *calendar, int64_t at_s, int64_t from_s, int64_t to_s,
	struct span *span)
{
	const struct calendar windows = weekly(calendar);

	if (at_s < from_s)
		at_s = from_s;
	span->begin_s = calendar_next_opening(&windows, at_s);
	span->end_s = calendar_staffed_until(&windows, span->begin_s);
	if (span->end_s > to_s)
		span->end_s = to_s;
	return span->begin_s < to_s && span->begin_s < CALENDAR_NEVER_S;
}

/* The first stretch with a date that ends after at_s. */
static size_t find(const struct world_dates *dated, int64_t at_s)
{
	size_t low = 0, high = dated->stretch_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (dated->stretch[middle].end_s <= at_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first piece of staffed time that ends after at_s, within the dates, before or behind. */
static bool next_piece(const struct calendar *calendar, int64_t at_s, struct span *span)
{
	const struct world_dates *dated = &calendar->dates;

	if (at_s < dated->from_s && weekly_span(calendar, at_s, INT64_MIN, dated->from_s, span))
		return true;
	if (at_s < dated->until_s) {
		size_t at = find(dated, at_s);

		if (at < dated->stretch_count) {
			*span = (struct span){ dated->stretch[at].begin_s,
				dated->stretch[at].end_s };
			return true;
		}
	}
	return weekly_span(calendar, at_s, dated->until_s, CALENDAR_NEVER_S, span);
}

/* The same, with what follows without a gap: dates may begin or end while somebody is there. */
static bool next_span(const struct calendar *calendar, int64_t at_s, struct span *span)
{
	const struct world_dates *dated = &calendar->dates;
	struct span more;

	if (!next_piece(calendar, at_s, span))
		return false;
	while ((span->end_s == dated->from_s || span->end_s == dated->until_s) &&
		next_piece(calendar, span->end_s, &more) && more.begin_s <= span->end_s)
		span->end_s = more.end_s;
	if (span->begin_s < at_s)
		span->begin_s = at_s;
	return true;
}

bool dated_is_staffed(const struct calendar *calendar, int64_t at_s)
{
	struct span span;

	return next_piece(calendar, at_s, &span) && span.begin_s <= at_s;
}

int64_t dated_staffed_until(const struct calendar *calendar, int64_t at_s)
{
	struct span span;

	return next_span(calendar, at_s, &span) && span.begin_s == at_s ? span.end_s : at_s;
}

int64_t dated_next_opening(const struct calendar *calendar, int64_t at_s)
{
	struct span span;

	if (!next_piece(calendar, at_s, &span))
		return CALENDAR_NEVER_S;
	return span.begin_s > at_s ? span.begin_s : at_s;
}

/* From this stretch on the last one may go on behind the dates; those before end where they end. */
static bool is_inner(const struct world_dates *dated, int64_t at_s, size_t index)
{
	return at_s >= dated->from_s && index + 1 < dated->stretch_count;
}

int64_t dated_next_start(const struct calendar *calendar, int64_t at_s, int64_t length_s)
{
	const struct world_dates *dated = &calendar->dates;
	struct span span;

	for (size_t i = find(dated, at_s); is_inner(dated, at_s, i); i++) {
		const struct world_stretch *stretch = &dated->stretch[i];

		if (at_s < stretch->begin_s)
			at_s = stretch->begin_s;
		if (stretch->end_s - at_s >= length_s)
			return at_s;
		at_s = stretch->end_s;
	}
	while (at_s < dated->until_s) {
		if (!next_span(calendar, at_s, &span))
			return CALENDAR_NEVER_S;
		if (span.end_s - span.begin_s >= length_s)
			return span.begin_s;
		at_s = span.end_s;
	}

	const struct calendar windows = weekly(calendar);

	return calendar_next_start(&windows, at_s, length_s);
}

int64_t dated_after_work(const struct calendar *calendar, int64_t at_s, int64_t work_s)
{
	const struct world_dates *dated = &calendar->dates;
	struct span span;

	for (size_t i = find(dated, at_s); is_inner(dated, at_s, i); i++) {
		const struct world_stretch *stretch = &dated->stretch[i];

		if (at_s < stretch->begin_s)
			at_s = stretch->begin_s;
		if (stretch->end_s - at_s >= work_s)
			return at_s + work_s;
		work_s -= stretch->end_s - at_s;
		at_s = stretch->end_s;
	}
	while (at_s < dated->until_s) {
		if (!next_span(calendar, at_s, &span))
			return CALENDAR_NEVER_S;
		if (span.end_s - span.begin_s >= work_s)
			return span.begin_s + work_s;
		work_s -= span.end_s - span.begin_s;
		at_s = span.end_s;
	}

	const struct calendar windows = weekly(calendar);

	return calendar_after_work(&windows, at_s, work_s);
}

int64_t dated_staffed_s(const struct calendar *calendar, int64_t begin_s, int64_t end_s)
{
	const struct world_dates *dated = &calendar->dates;
	const struct calendar windows = weekly(calendar);
	int64_t staffed_s = 0;

	if (begin_s < dated->from_s) {
		int64_t to_s = end_s < dated->from_s ? end_s : dated->from_s;

		staffed_s += calendar_staffed_s(&windows, begin_s, to_s);
		begin_s = to_s;
	}
	for (size_t i = find(dated, begin_s); begin_s < end_s && begin_s < dated->until_s; i++) {
		if (i == dated->stretch_count) {
			begin_s = dated->until_s;
			break;
		}
		const struct world_stretch *stretch = &dated->stretch[i];
		int64_t from_s = stretch->begin_s > begin_s ? stretch->begin_s : begin_s;
		int64_t to_s = stretch->end_s < end_s ? stretch->end_s : end_s;

		if (to_s > from_s)
			staffed_s += to_s - from_s;
		begin_s = stretch->end_s;
	}
	if (begin_s < dated->until_s)
		begin_s = dated->until_s;
	return staffed_s + calendar_staffed_s(&windows, begin_s, end_s);
}

int64_t dated_longest_s(const struct calendar *calendar)
{
	int64_t at_s = calendar->dates.from_s - WORLD_WEEK_S, longest_s = 0;
	struct span span;

	while (at_s < calendar->dates.until_s + WORLD_WEEK_S && next_span(calendar, at_s, &span)) {
		if (span.end_s - span.begin_s > longest_s)
			longest_s = span.end_s - span.begin_s;
		at_s = span.end_s;
	}
	return longest_s;
}

bool dated_opening(
	const struct world_dates *dated, int64_t at_s, int64_t *opening_s, int64_t *offset_s)
{
	size_t at = find(dated, at_s);

	if (at_s < dated->from_s || at == dated->stretch_count)
		return false;
	*opening_s = dated->stretch[at].begin_s > at_s ? dated->stretch[at].begin_s : at_s;
	*offset_s = dated->stretch[at].offset_s;
	return true;
}

void dated_offset_s(const struct world_dates *dated, int64_t at_s, int64_t *offset_s)
{
	if (at_s < dated->from_s || at_s >= dated->until_s || dated->stretch_count == 0)
		return;

	size_t at = find(dated, at_s);

	/* Between two stretches the one before tells: a closing time is local time of its day. */
	if (at == dated->stretch_count || (dated->stretch[at].begin_s > at_s && at > 0))
		at--;
	*offset_s = dated->stretch[at].offset_s;
}
