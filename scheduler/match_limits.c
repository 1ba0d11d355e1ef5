/* What hours, noise, maintenance and power say about a start; conditions of match.c. */
#include "scheduler/calendar.h"
#include "scheduler/match.h"
#include "scheduler/match_private.h"

#include <stdio.h> /* snprintf */

/* ---- staffed hours ------------------------------------------------------------------------- */

bool match_hours_are_unmet(const struct match_question *question)
{
	struct calendar calendar;

	if (!match_needs_staff(question->plate, question->printer))
		return false;
	calendar_init(&calendar, &question->world->calendar);
	return !calendar_covers(&calendar, question->now_s,
		question->now_s + match_duration_s(question->plate, question->printer));
}

static void say_closed(const struct calendar *calendar, int64_t now_s, int64_t next_s,
	const char *closure, char *text)
{
	int64_t opens_s = calendar_next_opening(calendar, now_s);
	char opens[CALENDAR_TEXT_MAX], next[CALENDAR_TEXT_MAX], name[MATCH_WORD_MAX];

	calendar_text(calendar, now_s, opens_s, opens);
	calendar_text(calendar, now_s, next_s, next);
	if (opens_s == next_s)
		snprintf(text, MATCH_TEXT_MAX, "closed until %s (%s)", opens,
			match_put_word(name, closure));
	else
		snprintf(text, MATCH_TEXT_MAX, "closed until %s (%s): may start %s", opens,
			match_put_word(name, closure), next);
}

void match_say_hours(const struct match_question *question, char *text)
{
	int64_t now_s = question->now_s;
	int64_t length_s = match_duration_s(question->plate, question->printer);
	struct calendar calendar;
	char length[MATCH_NUMBER_MAX], longest[MATCH_NUMBER_MAX];
	char end[CALENDAR_TEXT_MAX], until[CALENDAR_TEXT_MAX], next[CALENDAR_TEXT_MAX];

	calendar_init(&calendar, &question->world->calendar);
	calendar_measure(&calendar);
	int64_t next_s = calendar_next_start(&calendar, now_s, length_s);

	const char *closure = calendar_closure(&calendar, now_s);

	calendar_text(&calendar, now_s, now_s + length_s, end);
	calendar_text(&calendar, now_s, calendar_staffed_until(&calendar, now_s), until);
	calendar_text(&calendar, now_s, next_s, next);
	if (next_s == CALENDAR_NEVER_S)
		snprintf(text, MATCH_TEXT_MAX,
			"takes %s and may not run unattended; nobody is there longer than %s",
			match_put_duration(length, length_s),
			match_put_duration(longest, calendar.longest_s));
	else if (calendar_is_staffed(&calendar, now_s))
		snprintf(text, MATCH_TEXT_MAX,
			"would end %s, somebody is there until %s: may start %s", end, until, next);
	else if (closure)
		say_closed(&calendar, now_s, next_s, closure, text);
	else
		snprintf(text, MATCH_TEXT_MAX, "nobody is there: may start %s", next);
}

/* ---- noise, maintenance, power ------------------------------------------------------------ */

bool match_quiet_is_unmet(const struct match_question *question)
{
	struct calendar noise;

	if (!question->printer->noisy)
		return false;
	calendar_init(&noise, &question->world->noise);
	return !calendar_covers(&noise, question->now_s,
		question->now_s + match_duration_s(question->plate, question->printer));
}

void match_say_quiet(const struct match_question *question, char *text)
{
	int64_t now_s = question->now_s;
	int64_t length_s = match_duration_s(question->plate, question->printer);
	struct calendar noise;
	char length[MATCH_NUMBER_MAX], longest[MATCH_NUMBER_MAX];
	char until[CALENDAR_TEXT_MAX], next[CALENDAR_TEXT_MAX];

	calendar_init(&noise, &question->world->noise);
	calendar_measure(&noise);
	int64_t next_s = calendar_next_start(&noise, now_s, length_s);

	calendar_text(&noise, now_s, calendar_staffed_until(&noise, now_s), until);
	calendar_text(&noise, now_s, next_s, next);
	if (next_s == CALENDAR_NEVER_S)
		snprintf(text, MATCH_TEXT_MAX,
			"takes %s and is noisy; between quiet hours are at most %s",
			match_put_duration(length, length_s),
			match_put_duration(longest, noise.longest_s));
	else if (calendar_is_staffed(&noise, now_s))
		snprintf(text, MATCH_TEXT_MAX,
			"is noisy and takes %s, quiet hours begin %s: may start %s",
			match_put_duration(length, length_s), until, next);
	else
		snprintf(text, MATCH_TEXT_MAX, "is noisy, quiet hours: may start %s", next);
}

bool match_is_overdue(const struct world_printer *printer)
{
	return printer->maintenance_every_s > 0 && printer->maintenance_left_s <= 0;
}

bool match_maintenance_is_overdue(const struct match_question *question)
{
	return match_is_overdue(question->printer);
}

void match_say_maintenance(const struct match_question *question, char *text)
{
	const struct world_printer *printer = question->printer;
	char name[MATCH_WORD_MAX], what[MATCH_WORD_MAX];

	snprintf(text, MATCH_TEXT_MAX,
		"maintenance is overdue: %s (printfarm printer maintained %s)",
		match_put_word(what, printer->maintenance ? printer->maintenance : "?"),
		match_put_word(name, printer->name));
}

bool match_power_is_unmet(const struct match_question *question)
{
	const struct world *world = question->world;

	return world->power_budget_w > 0 &&
	       world->power_used_w > world->power_budget_w - question->printer->heat_watts;
}

void match_say_power(const struct match_question *question, char *text)
{
	const struct world *world = question->world;
	int length = snprintf(text, MATCH_TEXT_MAX, "needs %d W, of %d W are %d W in use",
		(int)question->printer->heat_watts, (int)world->power_budget_w,
		(int)world->power_used_w);

	if (world->power_held && world->power_held[0] && length > 0 && length < MATCH_TEXT_MAX)
		snprintf(text + length, MATCH_TEXT_MAX - (size_t)length, ": %.100s",
			world->power_held);
}
