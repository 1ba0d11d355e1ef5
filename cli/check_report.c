/* The report of `printfarm check`; see check_report.h. */
#include "cli/check_report.h"

#include <math.h> /* lround */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gcode/analysis.h"
#include "gcode/decimal.h"
#include "gcode/policy.h"
#include "gcode/profile.h"

enum {
	LABEL_WIDTH = 10,
	VALUE_COLUMN = 2 + LABEL_WIDTH,
	TEXT_COLUMN = 24,
	LINE_WIDTH = 79,
	FEATURE_PERCENT_MIN = 2,
};

static void print_label(const char *label)
{
	printf("  %-*s", LABEL_WIDTH, label);
}

static const char *decimal(double value, int decimals)
{
	static char texts[8][DECIMAL_TEXT_MAX];
	static size_t next;

	next = (next + 1) % 8;
	return decimal_write(texts[next], value, decimals);
}

static void print_duration(double seconds)
{
	long total = lround(seconds);

	if (total >= 3600)
		printf("%ld h %ld min", total / 3600, total % 3600 / 60);
	else if (total >= 60)
		printf("%ld min %ld s", total / 60, total % 60);
	else
		printf("%ld s", total);
}

/* A list that goes on under its own column when the line is full. */
struct list {
	size_t column;
	bool any;
};

static void print_item(struct list *list, const char *text)
{
	size_t length = strlen(text);

	if (list->any && list->column + 2 + length > LINE_WIDTH) {
		printf(",\n%*s", VALUE_COLUMN, "");
		list->column = VALUE_COLUMN;
	} else if (list->any) {
		printf(", ");
		list->column += 2;
	}
	printf("%s", text);
	list->column += length;
	list->any = true;
}

static struct list begin_list(const char *label)
{
	print_label(label);
	return (struct list){ .column = VALUE_COLUMN };
}

static void print_time(const struct analysis *analysis)
{
	print_label("time");
	print_duration(analysis->time_s);
	if (analysis->slicer_time_s > 0) {
		printf(" (the slicer says ");
		print_duration(analysis->slicer_time_s);
		printf(")");
	}
	printf("\n");
	if (analysis->heat_s < 0.5 && analysis->wait_s < 0.5)
		return;
	print_label("besides");
	if (analysis->heat_s >= 0.5) {
		printf("heating ");
		print_duration(analysis->heat_s);
	}
	if (analysis->wait_s >= 0.5) {
		printf("%shoming and other waits ", analysis->heat_s >= 0.5 ? ", " : "");
		print_duration(analysis->wait_s);
	}
	printf("\n");
}

/* What the time goes into, the longest first, and as long as it matters. */
static void print_features(const struct analysis *analysis)
{
	bool shown[FEATURE_COUNT] = { false };
	struct list list = begin_list("of it");

	for (;;) {
		int longest = -1;
		char text[48];
		double share;

		for (int i = 0; i < FEATURE_COUNT; i++)
			if (!shown[i] && (longest < 0 || analysis->feature_s[i] >
								 analysis->feature_s[longest]))
				longest = i;
		share = longest < 0 || !(analysis->time_s > 0)
				? 0
				: analysis->feature_s[longest] / analysis->time_s * 100;
		if (share < FEATURE_PERCENT_MIN)
			break;
		shown[longest] = true;
		snprintf(text, sizeof text, "%s %s %%", feature_name((enum feature)longest),
			decimal(share, 0));
		print_item(&list, text);
	}
	printf("\n");
}

static void print_filament(const struct analysis *analysis)
{
	for (size_t tool = 0; tool < analysis->tool_count; tool++) {
		char label[sizeof "tool " + 20] = "filament"; /* a size_t has 20 digits at most */

		if (analysis->tool_count > 1)
			snprintf(label, sizeof label, "tool %zu", tool);
		print_label(label);
		printf("%s mm", decimal(analysis->tool[tool].filament_mm, 1));
		if (analysis->tool[tool].filament_print_mm < analysis->tool[tool].filament_mm)
			printf(", %s mm of it print",
				decimal(analysis->tool[tool].filament_print_mm, 1));
		if (analysis->tool[tool].filament_g >= 0)
			printf(", %s g", decimal(analysis->tool[tool].filament_g, 1));
		if (analysis->tool[tool].cost > 0)
			printf(", costs %s", decimal(analysis->tool[tool].cost, 2));
		if (analysis->tool[tool].changes > 0)
			printf(", %d changes", (int)analysis->tool[tool].changes);
		printf("\n");
	}
}

static void print_box(const struct analysis *analysis)
{
	static const char axes[] = "XYZ";

	if (analysis->part.any) {
		print_label("size");
		for (int axis = 0; axis < 3; axis++) {
			double low = axis == 2 ? 0 : analysis->part.min_mm[axis];

			printf("%s%s", axis ? " x " : "",
				decimal(analysis->part.max_mm[axis] - low, 1));
		}
		printf(" mm\n");
	}
	if (!analysis->has_print_box)
		return;
	print_label("prints in");
	for (int axis = 0; axis < 3; axis++)
		printf("%s%c %s to %s", axis ? ", " : "", axes[axis],
			decimal(analysis->box_min_mm[axis], 2),
			decimal(analysis->box_max_mm[axis], 2));
	printf(" mm\n");
}

static void print_name(const char *label, const char *name)
{
	if (!name[0])
		return;
	print_label(label);
	printf("%.*s\n", LINE_WIDTH - VALUE_COLUMN, name);
}

/* What matters of a program for a laser or a mill. */
static void print_program(const struct analysis *analysis)
{
	static const char axes[] = "XYZ";
	const struct analysis_box *box = analysis->cut.any ? &analysis->cut : &analysis->travel;

	print_name("for", analysis->machine);
	if (box->any) {
		print_label(analysis->cut.any ? "cuts in" : "moves in");
		for (int axis = 0; axis < 3; axis++)
			printf("%s%c %s to %s", axis ? ", " : "", axes[axis],
				decimal(box->min_mm[axis], 2), decimal(box->max_mm[axis], 2));
		printf(" mm\n");
	}
	print_label("way");
	printf("%s mm with power, %s mm without\n", decimal(analysis->cut_mm, 1),
		decimal(analysis->idle_mm, 1));
	if (analysis->power_max > 0) {
		print_label("power");
		printf("up to S%s\n", decimal(analysis->power_max, 1));
	}
}

static void print_layers(const struct analysis *analysis)
{
	print_label("layers");
	printf("%d", (int)analysis->layers);
	if (analysis->layer_height_mm > 0)
		printf(" of %s mm", decimal(analysis->layer_height_mm, 2));
	printf("\n");
}

/* UltiGCode leaves the heat to the printer, start macros to themselves. */
static void print_target(const char *heater, double celsius)
{
	if (celsius > 0)
		printf("%s %s C", heater, decimal(celsius, 0));
	else
		printf("%s not set by the file", heater);
}

static void print_heat(const struct analysis *analysis)
{
	print_label("heat");
	print_target("hotend", analysis->hotend_celsius);
	printf(", ");
	print_target("bed", analysis->bed_celsius);
	if (analysis->chamber_celsius > 0)
		printf(", chamber %s C", decimal(analysis->chamber_celsius, 0));
	if (analysis->fan_max > 0)
		printf(", fan up to %s %%", decimal(analysis->fan_max / 255 * 100, 0));
	printf("\n");
}

static void print_origin(const struct analysis *analysis)
{
	struct list list;
	char nozzle[32];

	print_name("slicer", analysis->slicer);
	print_name("machine", analysis->machine);
	if (analysis->nozzle_mm > 0 || analysis->material[0]) {
		list = begin_list("for");
		snprintf(nozzle, sizeof nozzle, "nozzle %s mm", decimal(analysis->nozzle_mm, 2));
		if (analysis->nozzle_mm > 0)
			print_item(&list, nozzle);
		if (analysis->material[0])
			print_item(&list, analysis->material);
		if (analysis->colour[0])
			print_item(&list, analysis->colour);
		printf("\n");
	}
	if (analysis->object_count == 0)
		return;
	list = begin_list("objects");
	for (size_t i = 0; i < analysis->object_count; i++)
		print_item(&list, analysis->object[i]);
	printf("\n");
}

/* Words wrapped at the line's end, continued under their own column. */
static void print_wrapped(const char *text)
{
	size_t column = TEXT_COLUMN;

	while (*text) {
		size_t length = strcspn(text, " ");

		if (column > TEXT_COLUMN && column + 1 + length > LINE_WIDTH) {
			printf("\n%*s", TEXT_COLUMN, "");
			column = TEXT_COLUMN;
		} else if (column > TEXT_COLUMN) {
			printf(" ");
			column++;
		}
		printf("%.*s", (int)length, text);
		column += length;
		text += length;
		text += strspn(text, " ");
	}
	printf("\n");
}

static void print_problem(const struct analysis_problem *problem)
{
	char place[32] = "";

	if (problem->line > 0)
		snprintf(place, sizeof place, "line %lld", (long long)problem->line);
	printf("  %-14s%-8s", place, analysis_verdict_name(problem->severity));
	print_wrapped(problem->text);
	if (problem->command[0])
		printf("%*s%.*s\n", TEXT_COLUMN, "", LINE_WIDTH - TEXT_COLUMN, problem->command);
}

static void print_problems(const struct analysis *analysis)
{
	int64_t hidden = analysis->problem_total - (int64_t)analysis->problem_count;

	for (size_t i = 0; i < analysis->problem_count; i++)
		print_problem(&analysis->problem[i]);
	if (hidden > 0)
		printf("  and %lld more of the same kinds\n", (long long)hidden);
}

static void print_print(const struct analysis *analysis)
{
	if (analysis->time_s > 0)
		print_features(analysis);
	print_filament(analysis);
	print_box(analysis);
	print_layers(analysis);
	print_heat(analysis);
	print_origin(analysis);
}

void check_report(const char *name, const struct analysis *analysis)
{
	printf("%s: %s\n", name, analysis_verdict_name(analysis->verdict));
	if (analysis->commands > 0) {
		print_time(analysis);
		if (analysis->program)
			print_program(analysis);
		else
			print_print(analysis);
		print_label("lines");
		printf("%lld, %lld of them commands\n", (long long)analysis->lines,
			(long long)analysis->commands);
	}
	print_problems(analysis);
}

static const char *places(unsigned firmwares)
{
	static const struct {
		unsigned bit;
		const char *name;
	} rows[] = { { 1U << PROFILE_FIRMWARE_MARLIN, "marlin" },
		{ 1U << PROFILE_FIRMWARE_KLIPPER, "klipper" },
		{ 1U << PROFILE_FIRMWARE_REPRAP, "reprapfirmware" },
		{ 1U << PROFILE_FIRMWARE_GRBL, "grbl" } };
	static char text[64];
	size_t length = 0;

	if (firmwares == POLICY_EVERYWHERE)
		return "";
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (firmwares & rows[i].bit)
			length += (size_t)snprintf(text + length, sizeof text - length, "%s%s",
				length ? ", " : "", rows[i].name);
	return text;
}

void check_report_rules(void)
{
	for (int id = 0; id < POLICY_COUNT; id++) {
		const struct policy_rule *rule = policy_rule((enum policy_id)id);
		const char *where = places(rule->firmwares);

		printf("%s: %s%s%s%s%s\n%*s", rule->name, analysis_verdict_name(rule->severity),
			rule->filter ? ", the line is dropped" : "", rule->fixed ? ", always" : "",
			where[0] ? ", on " : "", where, TEXT_COLUMN, "");
		print_wrapped(rule->what);
	}
}
