/* May this plate run on this printer, and if not, why; see match.h.
 *
 * One row per condition: who can change it, the question, and the sentence. */
#include "scheduler/match.h"
#include "scheduler/match_private.h"
#include "scheduler/calendar.h"
#include "scheduler/choice.h"

#include <assert.h> /* assert */
#include <math.h>   /* ceil, fabs, sqrt, isfinite, isnan */
#include <stdio.h>  /* snprintf */
#include <string.h> /* strcmp, memcpy */

/* Slicers round coordinates to a thousandth and temperatures are whole: what is less is the same.
 */
static const double slack_mm = 0.01, slack_nozzle_mm = 0.001, slack_celsius = 0.01;

enum changed_by { CHANGED_BY_NOBODY, CHANGED_BY_PERSON, CHANGED_BY_TIME };

struct row {
	const char *name;
	enum changed_by changed_by;
	bool waits; /* a plan need not care: a clear, a reel or an hour sets it right */
	bool (*is_unmet)(const struct match_question *question);
	void (*say)(const struct match_question *question, char *text);
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_ignoring_case(const char *a, const char *b)
{
	for (; *a && lower(*a) == lower(*b); a++, b++)
		;
	return lower(*a) == lower(*b);
}

/* ---- what can never change ------------------------------------------------ */

static bool printer_wish_is_unmet(const struct match_question *question)
{
	const char *wish = question->order->printer;

	return wish[0] && strcmp(wish, question->printer->name) != 0;
}

static void say_printer_wish(const struct match_question *question, char *text)
{
	char wish[MATCH_WORD_MAX];

	snprintf(text, MATCH_TEXT_MAX, "the order is for printer %s",
		match_put_word(wish, question->order->printer));
}

static bool tag_wish_is_unmet(const struct match_question *question)
{
	const struct world_printer *printer = question->printer;
	const char *wish = question->order->tag;

	if (!wish[0])
		return false;
	for (size_t i = 0; i < printer->tag_count && i < WORLD_TAGS_MAX; i++)
		if (strcmp(wish, printer->tag[i]) == 0)
			return false;
	return true;
}

static void say_tag_wish(const struct match_question *question, char *text)
{
	char wish[MATCH_WORD_MAX];

	snprintf(text, MATCH_TEXT_MAX, "the order is for printers with the tag %s",
		match_put_word(wish, question->order->tag));
}

static bool is_program(const struct world_plate *plate)
{
	return strncmp(plate->machine, "grbl", 4) == 0;
}

/* Heats, extrudes, or was sliced for a printer.  What is neither print nor program may be both. */
static bool is_print(const struct world_plate *plate)
{
	return !is_program(plate) &&
	       (plate->machine[0] || plate->hotend_celsius > 0 || plate->bed_celsius > 0 ||
		       plate->grams > 0 || plate->has_box);
}

static bool machine_is_unmet(const struct match_question *question)
{
	const struct world_printer *printer = question->printer;
	const char *machine = question->plate->machine;

	if ((is_program(question->plate) && !printer->programs) ||
		(is_print(question->plate) && printer->programs) ||
		(printer->laser && strcmp(machine, "grbl spindle") == 0))
		return true;
	if (!machine[0] || printer->machine_count == 0)
		return false;
	for (size_t i = 0; i < printer->machine_count && i < WORLD_MACHINES_MAX; i++)
		if (strcmp(machine, printer->machine[i]) == 0)
			return false;
	return true;
}

static void say_machine(const struct match_question *question, char *text)
{
	char wanted[MATCH_WORD_MAX], have[MATCH_WORD_MAX];

	if (is_program(question->plate) && !question->printer->programs) {
		snprintf(text, MATCH_TEXT_MAX, "is a program for a laser or a mill");
		return;
	}
	if (question->printer->programs && is_print(question->plate)) {
		snprintf(text, MATCH_TEXT_MAX, "is a print; this is a laser or a mill");
		return;
	}
	if (question->printer->laser && strcmp(question->plate->machine, "grbl spindle") == 0) {
		snprintf(text, MATCH_TEXT_MAX,
			"switches on with M3, which leaves a laser on while it waits; M4 is "
			"wanted");
		return;
	}

	snprintf(text, MATCH_TEXT_MAX, "was sliced for %s, not for %s",
		match_put_word(wanted, question->plate->machine),
		match_put_word(have, question->printer->machine[0]));
}

/* From the centre to the nearest point of the stretch [low, high]. */
static double nearest(double low, double high)
{
	if (low > 0)
		return low;
	return high < 0 ? -high : 0;
}

/* How far out the print certainly reaches: it touches each side of its box somewhere. */
static double certain_reach_mm(const struct world_plate *plate)
{
	const double *low = plate->box_min_mm, *high = plate->box_max_mm;
	double near_x = nearest(low[0], high[0]), near_y = nearest(low[1], high[1]);
	const double side[4][2] = {
		{ low[0], near_y },
		{ high[0], near_y },
		{ near_x, low[1] },
		{ near_x, high[1] },
	};
	double reach = 0;

	for (size_t i = 0; i < 4; i++) {
		double distance = sqrt(side[i][0] * side[i][0] + side[i][1] * side[i][1]);

		if (isnan(distance))
			return distance;
		if (distance > reach)
			reach = distance;
	}
	return reach;
}

/* The first axis whose side sticks out, 0 to 2; 3: none.  A number that is none sticks out. */
static size_t find_axis_outside(const struct match_question *question, size_t from)
{
	const struct world_printer *printer = question->printer;
	const struct world_plate *plate = question->plate;

	for (size_t i = from; i < 3; i++)
		if (!(plate->box_min_mm[i] >= printer->volume_min_mm[i] - slack_mm) ||
			!(plate->box_max_mm[i] <= printer->volume_max_mm[i] + slack_mm))
			return i;
	return 3;
}

static bool reaches_outside_circle(const struct match_question *question)
{
	return !(certain_reach_mm(question->plate) <=
		 question->printer->volume_max_mm[0] + slack_mm);
}

static bool volume_is_unmet(const struct match_question *question)
{
	if (!question->plate->has_box)
		return false;
	if (question->printer->round_bed)
		return reaches_outside_circle(question) || find_axis_outside(question, 2) < 3;
	return find_axis_outside(question, 0) < 3;
}

static double box_size_mm(const double low[3], const double high[3], size_t axis)
{
	return high[axis] - low[axis];
}

static bool is_too_large(const struct match_question *question, size_t axis)
{
	const struct world_printer *printer = question->printer;
	const struct world_plate *plate = question->plate;

	return box_size_mm(plate->box_min_mm, plate->box_max_mm, axis) >
	       box_size_mm(printer->volume_min_mm, printer->volume_max_mm, axis) + slack_mm;
}

static void say_sizes(const struct match_question *question, char *text)
{
	const struct world_printer *printer = question->printer;
	const struct world_plate *plate = question->plate;
	char wanted[2][MATCH_NUMBER_MAX], have[2][MATCH_NUMBER_MAX];

	for (size_t i = 0; i < 2; i++) {
		match_put_number(wanted[i], box_size_mm(plate->box_min_mm, plate->box_max_mm, i));
		match_put_number(
			have[i], box_size_mm(printer->volume_min_mm, printer->volume_max_mm, i));
	}
	snprintf(text, MATCH_TEXT_MAX, "needs %s x %s mm, bed is %s x %s mm", wanted[0], wanted[1],
		have[0], have[1]);
}

static void say_side(const struct match_question *question, size_t axis, char *text)
{
	const struct world_printer *printer = question->printer;
	const struct world_plate *plate = question->plate;
	char wanted[MATCH_NUMBER_MAX], have[MATCH_NUMBER_MAX];
	char letter = "XYZ"[axis];

	if (plate->box_min_mm[axis] >= printer->volume_min_mm[axis] - slack_mm)
		snprintf(text, MATCH_TEXT_MAX,
			"needs %c up to %s mm, the printer reaches up to %s mm", letter,
			match_put_number(wanted, plate->box_max_mm[axis]),
			match_put_number(have, printer->volume_max_mm[axis]));
	else
		snprintf(text, MATCH_TEXT_MAX,
			"needs %c down to %s mm, the printer reaches down to %s mm", letter,
			match_put_number(wanted, plate->box_min_mm[axis]),
			match_put_number(have, printer->volume_min_mm[axis]));
}

static void say_volume(const struct match_question *question, char *text)
{
	const struct world_printer *printer = question->printer;
	char wanted[MATCH_NUMBER_MAX], have[MATCH_NUMBER_MAX];

	if (printer->round_bed && reaches_outside_circle(question))
		snprintf(text, MATCH_TEXT_MAX,
			"needs %s mm from the centre, the bed's radius is %s mm",
			match_put_number(wanted, certain_reach_mm(question->plate)),
			match_put_number(have, printer->volume_max_mm[0]));
	else if (!printer->round_bed && (is_too_large(question, 0) || is_too_large(question, 1)))
		say_sizes(question, text);
	else
		say_side(question, find_axis_outside(question, printer->round_bed ? 2 : 0), text);
}

static bool nozzle_is_unmet(const struct match_question *question)
{
	double wanted = question->plate->nozzle_mm, have = question->printer->nozzle_mm;

	return wanted > 0 && have > 0 && !(fabs(wanted - have) <= slack_nozzle_mm);
}

/* Nozzles come in hundredths. */
static void put_nozzle(char text[MATCH_NUMBER_MAX], double nozzle_mm)
{
	int hundredths = nozzle_mm < 100 ? (int)(nozzle_mm * 100 + 0.5) : 9999;

	if (hundredths % 10)
		snprintf(text, MATCH_NUMBER_MAX, "%d.%02d", hundredths / 100, hundredths % 100);
	else
		snprintf(text, MATCH_NUMBER_MAX, "%d.%d", hundredths / 100, hundredths % 100 / 10);
}

static void say_nozzle(const struct match_question *question, char *text)
{
	char wanted[MATCH_NUMBER_MAX], have[MATCH_NUMBER_MAX];

	put_nozzle(wanted, question->plate->nozzle_mm);
	put_nozzle(have, question->printer->nozzle_mm);
	snprintf(text, MATCH_TEXT_MAX, "needs a %s mm nozzle, the printer has %s mm", wanted, have);
}

static bool hotend_is_unmet(const struct match_question *question)
{
	return !(question->plate->hotend_celsius <=
		 question->printer->hotend_max_celsius + slack_celsius);
}

static void say_hotend(const struct match_question *question, char *text)
{
	char wanted[MATCH_NUMBER_MAX], have[MATCH_NUMBER_MAX];

	snprintf(text, MATCH_TEXT_MAX, "needs the hotend at %s C, the printer allows %s C",
		match_put_number(wanted, question->plate->hotend_celsius),
		match_put_number(have, question->printer->hotend_max_celsius));
}

static bool bed_heat_is_unmet(const struct match_question *question)
{
	return !(
		question->plate->bed_celsius <= question->printer->bed_max_celsius + slack_celsius);
}

static void say_bed_heat(const struct match_question *question, char *text)
{
	char wanted[MATCH_NUMBER_MAX], have[MATCH_NUMBER_MAX];

	snprintf(text, MATCH_TEXT_MAX, "needs the bed at %s C, the printer allows %s C",
		match_put_number(wanted, question->plate->bed_celsius),
		match_put_number(have, question->printer->bed_max_celsius));
}

/* ---- what a person can change --------------------------------------------- */

static const char *wanted_material(const struct match_question *question)
{
	return question->order->material[0] ? question->order->material : question->plate->material;
}

static bool material_is_unmet(const struct match_question *question)
{
	const char *have = question->printer->material;

	if (question->order->material[0])
		return choice_rank(CHOICE_OF_MATERIAL, question->order->material, have) < 0;
	return question->plate->material[0] && !same_ignoring_case(question->plate->material, have);
}

static void say_loaded(enum choice_of of, const char *wanted, const char *have, char *text)
{
	char wanted_words[MATCH_WORDS_MAX], have_word[MATCH_WORD_MAX];

	choice_say(of, wanted, wanted_words, sizeof wanted_words);
	if (have[0])
		snprintf(text, MATCH_TEXT_MAX, "needs %s, %s is loaded", wanted_words,
			match_put_word(have_word, have));
	else
		snprintf(text, MATCH_TEXT_MAX, "needs %s, nobody has said what is loaded",
			wanted_words);
}

static void say_material(const struct match_question *question, char *text)
{
	say_loaded(
		CHOICE_OF_MATERIAL, wanted_material(question), question->printer->material, text);
}

static bool color_is_unmet(const struct match_question *question)
{
	return choice_rank(CHOICE_OF_COLOR, question->order->color, question->printer->color) < 0;
}

static void say_color(const struct match_question *question, char *text)
{
	say_loaded(CHOICE_OF_COLOR, question->order->color, question->printer->color, text);
}

static bool grams_are_unmet(const struct match_question *question)
{
	return match_is_short_of_grams(question->plate, question->printer);
}

static void say_grams(const struct match_question *question, char *text)
{
	char wanted[MATCH_NUMBER_MAX], have[MATCH_NUMBER_MAX];

	snprintf(text, MATCH_TEXT_MAX, "needs %s g of filament, the spool has %s g left",
		match_put_number(wanted, question->plate->grams),
		match_put_number(have, question->printer->grams_left));
}

static bool order_is_held(const struct match_question *question)
{
	return question->order->held;
}

static void say_order_held(const struct match_question *question, char *text)
{
	if (question->order->held_because)
		snprintf(text, MATCH_TEXT_MAX, "%s", question->order->held_because);
	else
		snprintf(text, MATCH_TEXT_MAX,
			"the order is held until somebody releases it (printfarm order release "
			"%lld)",
			(long long)question->order->id);
}

static bool is_disabled(const struct match_question *question)
{
	return !question->printer->enabled;
}

static void say_disabled(const struct match_question *question, char *text)
{
	char name[MATCH_WORD_MAX];

	snprintf(text, MATCH_TEXT_MAX,
		"takes no new jobs until somebody enables it (printfarm printer enable %s)",
		match_put_word(name, question->printer->name));
}

static bool is_locked(const struct match_question *question)
{
	return question->printer->locked;
}

static void say_locked(const struct match_question *question, char *text)
{
	char name[MATCH_WORD_MAX];

	snprintf(text, MATCH_TEXT_MAX,
		"is locked after a fault until a person has looked (printfarm printer unlock %s)",
		match_put_word(name, question->printer->name));
}

static bool bed_is_not_empty(const struct match_question *question)
{
	return !question->printer->bed_empty;
}

static bool is_printing(const struct match_question *question)
{
	const struct world_printer *printer = question->printer;

	return printer->free_at_s > question->now_s ||
	       (printer->online && !printer->idle && !printer->by_hand &&
		       !printer->needs_attention);
}

static void say_bed(const struct match_question *question, char *text)
{
	char name[MATCH_WORD_MAX];

	if (question->printer->online && is_printing(question))
		snprintf(text, MATCH_TEXT_MAX, "the bed holds the running print");
	else
		snprintf(text, MATCH_TEXT_MAX,
			"nobody has said that the bed is empty (printfarm clear %s)",
			match_put_word(name, question->printer->name));
}

static bool wants_attention(const struct match_question *question)
{
	return question->printer->needs_attention;
}

static void say_attention(const struct match_question *question, char *text)
{
	char name[MATCH_WORD_MAX];

	snprintf(text, MATCH_TEXT_MAX, "needs attention (printfarm printer show %s)",
		match_put_word(name, question->printer->name));
}

static bool is_used_by_hand(const struct match_question *question)
{
	return question->printer->by_hand;
}

static void say_by_hand(const struct match_question *question, char *text)
{
	(void)question;
	snprintf(text, MATCH_TEXT_MAX, "somebody is using it at its own panel");
}

/* ---- what time changes ---------------------------------------------------- */

static bool needs_confirmation(const struct match_question *question)
{
	return question->printer->needs_confirmation;
}

static void say_confirmation(const struct match_question *question, char *text)
{
	char name[MATCH_WORD_MAX];

	snprintf(text, MATCH_TEXT_MAX,
		"each start is confirmed at the machine (printfarm printer confirm %s)",
		match_put_word(name, question->printer->name));
}

static bool is_offline(const struct match_question *question)
{
	return !question->printer->online;
}

static void say_offline(const struct match_question *question, char *text)
{
	(void)question;
	snprintf(text, MATCH_TEXT_MAX, "is not connected");
}

static void say_busy(const struct match_question *question, char *text)
{
	int64_t free_at_s = question->printer->free_at_s;
	char left[MATCH_NUMBER_MAX];

	if (free_at_s > question->now_s)
		snprintf(text, MATCH_TEXT_MAX, "is busy for about %s more",
			match_put_duration(left, free_at_s - question->now_s));
	else
		snprintf(text, MATCH_TEXT_MAX, "is busy");
}

static bool start_is_delayed(const struct match_question *question)
{
	return question->printer->ready_after_s > question->now_s;
}

static void say_start_delay(const struct match_question *question, char *text)
{
	char left[MATCH_NUMBER_MAX];

	snprintf(text, MATCH_TEXT_MAX, "waits %s more since the bed was cleared",
		match_put_duration(left, question->printer->ready_after_s - question->now_s));
}

/* ---- what has happened there, and other orders -------------------------------------------- */

static bool is_quarantined(const struct match_question *question)
{
	return question->printer->quarantine != NULL;
}

static void say_quarantine(const struct match_question *question, char *text)
{
	char name[MATCH_WORD_MAX], why[MATCH_WORDS_MAX];

	snprintf(why, sizeof why, "%s", question->printer->quarantine);
	for (char *at = why; *at; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
			*at = '?';
	snprintf(text, MATCH_TEXT_MAX, "is in quarantine: %s (printfarm printer enable %s)", why,
		match_put_word(name, question->printer->name));
}

static bool has_failed_here(const struct match_question *question)
{
	const char *avoid = question->order->avoid;

	return avoid && strcmp(avoid, question->printer->name) == 0;
}

static void say_retry(const struct match_question *question, char *text)
{
	(void)question;
	snprintf(text, MATCH_TEXT_MAX, "it failed here, another printer tries it next");
}

static bool waits_for_an_order(const struct match_question *question)
{
	return question->order->waits_for != 0;
}

static void say_after(const struct match_question *question, char *text)
{
	const struct world_order *order = question->order;

	snprintf(text, MATCH_TEXT_MAX, "waits for order %lld: %lld of %lld units are left",
		(long long)order->waits_for, (long long)order->waits_left,
		(long long)order->waits_units);
}

/* Whether a list "a,b" holds the word. */
static bool list_holds(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(list, word); at; at = strstr(at + 1, word))
		if ((at == list || at[-1] == ',') && (at[length] == ',' || !at[length]))
			return true;
	return false;
}

static bool dialect_is_unmet(const struct match_question *question)
{
	const char *wanted = question->plate->dialects, *have = question->printer->dialect;

	return wanted && wanted[0] && have && have[0] && !is_program(question->plate) &&
	       !question->printer->programs && !list_holds(wanted, have);
}

static void say_dialect(const struct match_question *question, char *text)
{
	char wanted[MATCH_WORD_MAX], have[MATCH_WORD_MAX];

	snprintf(text, MATCH_TEXT_MAX, "is written for %s firmware, this printer reads %s",
		match_put_word(wanted, question->plate->dialects),
		match_put_word(have, question->printer->dialect));
}

static bool tools_are_unmet(const struct match_question *question)
{
	const struct world_printer *printer = question->printer;

	return printer->tools > 0 && !printer->programs && question->plate->tools > printer->tools;
}

static void say_tools(const struct match_question *question, char *text)
{
	snprintf(text, MATCH_TEXT_MAX, "chooses between %d tools, the printer has %d",
		(int)question->plate->tools, (int)question->printer->tools);
}

/* ---- the table ------------------------------------------------------------ */

static const struct row rows[MATCH_CONDITION_COUNT] = {
	[MATCH_PRINTER_WISH] = { "printer", CHANGED_BY_NOBODY, false, printer_wish_is_unmet,
		say_printer_wish },
	[MATCH_TAG_WISH] = { "tag", CHANGED_BY_NOBODY, false, tag_wish_is_unmet, say_tag_wish },
	[MATCH_MACHINE] = { "machine", CHANGED_BY_NOBODY, false, machine_is_unmet, say_machine },
	[MATCH_VOLUME] = { "volume", CHANGED_BY_NOBODY, false, volume_is_unmet, say_volume },
	[MATCH_NOZZLE] = { "nozzle", CHANGED_BY_NOBODY, false, nozzle_is_unmet, say_nozzle },
	[MATCH_HOTEND] = { "hotend", CHANGED_BY_NOBODY, false, hotend_is_unmet, say_hotend },
	[MATCH_BED_HEAT] = { "bed_heat", CHANGED_BY_NOBODY, false, bed_heat_is_unmet,
		say_bed_heat },
	[MATCH_MATERIAL] = { "material", CHANGED_BY_PERSON, false, material_is_unmet,
		say_material },
	[MATCH_COLOR] = { "color", CHANGED_BY_PERSON, false, color_is_unmet, say_color },
	[MATCH_GRAMS] = { "grams", CHANGED_BY_PERSON, true, grams_are_unmet, say_grams },
	[MATCH_ORDER_HELD] = { "held", CHANGED_BY_PERSON, false, order_is_held, say_order_held },
	[MATCH_DISABLED] = { "disabled", CHANGED_BY_PERSON, false, is_disabled, say_disabled },
	[MATCH_LOCKED] = { "locked", CHANGED_BY_PERSON, false, is_locked, say_locked },
	[MATCH_BED] = { "bed", CHANGED_BY_PERSON, true, bed_is_not_empty, say_bed },
	[MATCH_ATTENTION] = { "attention", CHANGED_BY_PERSON, false, wants_attention,
		say_attention },
	[MATCH_BY_HAND] = { "by_hand", CHANGED_BY_PERSON, false, is_used_by_hand, say_by_hand },
	[MATCH_OFFLINE] = { "offline", CHANGED_BY_TIME, true, is_offline, say_offline },
	[MATCH_BUSY] = { "busy", CHANGED_BY_TIME, true, is_printing, say_busy },
	[MATCH_START_DELAY] = { "start_delay", CHANGED_BY_TIME, true, start_is_delayed,
		say_start_delay },
	[MATCH_HOURS] = { "hours", CHANGED_BY_TIME, true, match_hours_are_unmet, match_say_hours },
	[MATCH_CONFIRMATION] = { "confirmation", CHANGED_BY_PERSON, true, needs_confirmation,
		say_confirmation },
	[MATCH_QUIET] = { "quiet", CHANGED_BY_TIME, true, match_quiet_is_unmet, match_say_quiet },
	[MATCH_MAINTENANCE] = { "maintenance", CHANGED_BY_PERSON, false,
		match_maintenance_is_overdue, match_say_maintenance },
	[MATCH_POWER] = { "power", CHANGED_BY_TIME, true, match_power_is_unmet, match_say_power },
	[MATCH_DIALECT] = { "dialect", CHANGED_BY_NOBODY, false, dialect_is_unmet, say_dialect },
	[MATCH_TOOLS] = { "tools", CHANGED_BY_NOBODY, false, tools_are_unmet, say_tools },
	[MATCH_QUARANTINE] = { "quarantine", CHANGED_BY_PERSON, false, is_quarantined,
		say_quarantine },
	[MATCH_RETRY] = { "retry", CHANGED_BY_TIME, false, has_failed_here, say_retry },
	[MATCH_AFTER] = { "after", CHANGED_BY_TIME, true, waits_for_an_order, say_after },
};

const char *match_condition_name(enum match_condition condition)
{
	assert(condition < MATCH_CONDITION_COUNT);
	return rows[condition].name;
}

bool match_is_for_ever(enum match_condition condition)
{
	assert(condition < MATCH_CONDITION_COUNT);
	return rows[condition].changed_by == CHANGED_BY_NOBODY;
}

void match_check(const struct world *world, const struct world_order *order,
	const struct world_plate *plate, const struct world_printer *printer, int64_t now_s,
	struct match_result *result)
{
	const struct match_question question = { world, order, plate, printer, now_s };

	result->unmet_count = 0;
	result->can_ever = true;
	result->can_without_person = true;
	for (size_t i = 0; i < MATCH_CONDITION_COUNT; i++) {
		if (!rows[i].is_unmet(&question))
			continue;
		struct match_unmet *unmet = &result->unmet[result->unmet_count++];

		unmet->condition = (enum match_condition)i;
		rows[i].say(&question, unmet->text);
		if (rows[i].changed_by == CHANGED_BY_NOBODY)
			result->can_ever = false;
		if (rows[i].changed_by != CHANGED_BY_TIME && i != MATCH_BED &&
			i != MATCH_CONFIRMATION)
			result->can_without_person = false;
	}
}

bool match_can_plan(const struct world_order *order, const struct world_plate *plate,
	const struct world_printer *printer)
{
	const struct match_question question = { NULL, order, plate, printer, 0 };

	for (size_t i = 0; i < MATCH_CONDITION_COUNT; i++)
		if (!rows[i].waits && rows[i].is_unmet(&question))
			return false;
	return true;
}

int match_preference(const struct world_order *order, const struct world_printer *printer)
{
	int material = choice_rank(CHOICE_OF_MATERIAL, order->material, printer->material);
	int color = choice_rank(CHOICE_OF_COLOR, order->color, printer->color);

	return material < 0 || color < 0 ? CHOICE_WORDS_MAX * CHOICE_WORDS_MAX
					 : material * CHOICE_WORDS_MAX + color;
}

bool match_is_short_of_grams(const struct world_plate *plate, const struct world_printer *printer)
{
	return !printer->runout_change && plate->grams > 0 && printer->grams_left >= 0 &&
	       plate->grams > printer->grams_left;
}

bool match_needs_staff(const struct world_plate *plate, const struct world_printer *printer)
{
	return plate->needs_person || !printer->may_run_unattended;
}

int64_t match_duration_s(const struct world_plate *plate, const struct world_printer *printer)
{
	double factor = printer->speed_factor > 0 ? printer->speed_factor : 1;
	double seconds = ceil((double)plate->time_s * factor);

	if (!(seconds > 1))
		return 1;
	return seconds < MATCH_DURATION_MAX_S ? (int64_t)seconds : MATCH_DURATION_MAX_S;
}
