/* The plan as a picture; see gantt.h.  Plain SVG 1.1 without scripts; foreign names are escaped. */
#include "cli/gantt.h"
#include "cli/markup.h"
#include "cli/text.h"
#include "cli/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	ROWS_MAX = 1024,
	LEFT = 110,   /* for the names */
	TOP = 44,     /* for days and times */
	WIDTH = 1200, /* of the time */
	ROW = 26,
	BAR = 18,
	LETTER = 8,	/* at most so wide, on average */
	TICKS_MAX = 16, /* with a label each */
	HUES = 12,
	LEGEND_MAX = 30, /* orders that are named below */
	LEGEND_COLUMNS = 5,
	LEGEND_ROW = 18,
	DAY_S = 86400,
};

struct gantt {
	FILE *file;
	const json_t *items, *staffed, *closures, *printers;
	int64_t now_s, begin_s, end_s;
	const char *row[ROWS_MAX]; /* printers, by name; borrowed */
	size_t row_count;
	const json_t *legend[LEGEND_MAX]; /* the first print of each order; borrowed */
	size_t legend_count;
	bool legend_is_full; /* there are more orders */
};

/* ---- what is shown -------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t row_of(const struct gantt *gantt, const char *printer)
{
	for (size_t i = 0; i < gantt->row_count; i++)
		if (strcmp(gantt->row[i], printer) == 0)
			return i;
	return gantt->row_count;
}

static void note_row(struct gantt *gantt, const char *printer)
{
	if (gantt->row_count < ROWS_MAX && row_of(gantt, printer) == gantt->row_count)
		gantt->row[gantt->row_count++] = printer;
}

static void note_order(struct gantt *gantt, const json_t *item)
{
	int64_t order = words_integer(item, "order");

	for (size_t i = 0; i < gantt->legend_count; i++)
		if (words_integer(gantt->legend[i], "order") == order)
			return;
	if (gantt->legend_count < LEGEND_MAX)
		gantt->legend[gantt->legend_count++] = item;
	else
		gantt->legend_is_full = true;
}

static void look_at(struct gantt *gantt)
{
	const json_t *item;
	size_t index;

	gantt->begin_s = gantt->end_s = gantt->now_s;

	json_array_foreach (gantt->items, index, item) {
		int64_t start_s = words_integer(item, "start_s"),
			end_s = words_integer(item, "end_s");

		if (start_s < gantt->begin_s)
			gantt->begin_s = start_s;
		if (end_s > gantt->end_s)
			gantt->end_s = end_s;
		note_row(gantt, words_text(item, "printer"));
		note_order(gantt, item);
	}
	json_array_foreach (gantt->printers, index, item)
		note_row(gantt, words_text(item, "name"));
	if (gantt->end_s <= gantt->begin_s)
		gantt->end_s = gantt->begin_s + 1;
	qsort(gantt->row, gantt->row_count, sizeof *gantt->row, by_name);
}

/* ---- drawing -------------------------------------------------------------- */

static void put_text(FILE *file, const char *foreign)
{
	char *clean = text_clean(foreign, false);

	markup_text(file, clean ? clean : "");
	free(clean);
}

/* In hundredths: never a decimal comma. */
static int64_t x_of(const struct gantt *gantt, int64_t at_s)
{
	return 100 * LEFT + 100 * (at_s - gantt->begin_s) * WIDTH / (gantt->end_s - gantt->begin_s);
}

static void put_box(const struct gantt *gantt, int64_t from_s, int64_t to_s, int64_t y,
	int64_t height, const char *style)
{
	int64_t x = x_of(gantt, from_s), width = x_of(gantt, to_s) - x;

	fprintf(gantt->file,
		"<rect x=\"%lld.%02lld\" y=\"%lld\" width=\"%lld.%02lld\" height=\"%lld\" %s",
		(long long)x / 100, (long long)x % 100, (long long)y, (long long)width / 100,
		(long long)width % 100, (long long)height, style);
}

static int64_t height(const struct gantt *gantt)
{
	return (int64_t)gantt->row_count * ROW;
}

static void shade(const struct gantt *gantt, int64_t from_s, int64_t to_s)
{
	if (to_s <= from_s)
		return;
	put_box(gantt, from_s, to_s, TOP, height(gantt), "fill=\"#d9dce1\">");
	fputs("<title>nobody is there</title></rect>\n", gantt->file);
}

/* Between the staffed stretches. */
static void draw_closed_hours(const struct gantt *gantt)
{
	/* Of the hours before now nothing is known. */
	int64_t at_s = gantt->now_s;
	const json_t *stretch;
	size_t index;

	if (!json_is_array(gantt->staffed))
		return;
	json_array_foreach (gantt->staffed, index, stretch) {
		shade(gantt, at_s, words_integer(stretch, "begin_s"));
		at_s = words_integer(stretch, "end_s");
	}
	shade(gantt, at_s, gantt->end_s);
}

/* Holidays bear their names, and are a little darker. */
static void draw_closures(const struct gantt *gantt)
{
	const json_t *closure;
	size_t index;

	json_array_foreach (gantt->closures, index, closure) {
		int64_t from_s = words_integer(closure, "begin_s");
		int64_t to_s = words_integer(closure, "end_s");

		if (from_s < gantt->now_s)
			from_s = gantt->now_s;
		if (to_s > gantt->end_s)
			to_s = gantt->end_s;
		if (to_s <= from_s)
			continue;
		put_box(gantt, from_s, to_s, TOP, height(gantt), "fill=\"#c5cad3\"><title>");
		put_text(gantt->file, words_text(closure, "name"));
		fputs("</title></rect>\n", gantt->file);
	}
}

static int64_t next_midnight_s(int64_t at_s)
{
	time_t at = (time_t)at_s;
	struct tm local;

	localtime_r(&at, &local);
	local.tm_mday++;
	local.tm_hour = local.tm_min = local.tm_sec = 0;
	local.tm_isdst = -1;
	return (int64_t)mktime(&local);
}

/* The next time of the clock that can be divided by `step_s`, in the local zone. */
static int64_t next_tick_s(int64_t at_s, int64_t step_s)
{
	int64_t midnight_s = next_midnight_s(at_s), first_s = midnight_s - DAY_S;
	int64_t next_s = at_s + step_s - (at_s - first_s) % step_s;

	/* A day that is not 24 hours long has its odd step at its end. */
	return next_s < midnight_s ? next_s : midnight_s;
}

static void draw_tick(const struct gantt *gantt, int64_t at_s, int64_t step_s)
{
	time_t at = (time_t)at_s;
	int64_t x = x_of(gantt, at_s) / 100;
	struct tm local;

	localtime_r(&at, &local);
	bool is_day = local.tm_hour == 0 && local.tm_min == 0;

	fprintf(gantt->file,
		"<line x1=\"%lld\" y1=\"%d\" x2=\"%lld\" y2=\"%lld\" stroke=\"%s\"/>\n",
		(long long)x, TOP - 6, (long long)x, (long long)(TOP + height(gantt)),
		is_day ? "#8a93a0" : "#e1e4e8");
	if (step_s < DAY_S && x + 5 * LETTER <= LEFT + WIDTH)
		fprintf(gantt->file, "<text x=\"%lld\" y=\"%d\">%02d:%02d</text>\n",
			(long long)x + 3, TOP - 8, local.tm_hour, local.tm_min);
}

/* The day's name stands where the day begins, or where the picture does. */
static void draw_day(const struct gantt *gantt, int64_t at_s)
{
	static const char *const day[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	time_t at = (time_t)at_s;
	int64_t x = x_of(gantt, at_s) / 100, next_s = next_midnight_s(at_s);
	int64_t end = x_of(gantt, next_s < gantt->end_s ? next_s : gantt->end_s) / 100;
	struct tm local;

	localtime_r(&at, &local);
	if (end - x < 14 * LETTER && at_s == gantt->begin_s && next_s < gantt->end_s)
		return; /* the next one stands there */
	fprintf(gantt->file, "<text x=\"%lld\" y=\"%d\">%s %d-%02d-%02d</text>\n", (long long)x + 3,
		TOP - 24, day[local.tm_wday], local.tm_year + 1900, local.tm_mon + 1,
		local.tm_mday);
}

static void draw_axis(const struct gantt *gantt)
{
	static const int64_t steps_s[] = { 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
		DAY_S };
	int64_t length_s = gantt->end_s - gantt->begin_s, step_s = DAY_S, days = 0;

	for (size_t i = sizeof steps_s / sizeof *steps_s; i-- > 0;)
		if (length_s / steps_s[i] <= TICKS_MAX)
			step_s = steps_s[i];
	for (int64_t at_s = next_tick_s(gantt->begin_s, step_s); at_s < gantt->end_s;
		at_s = next_tick_s(at_s, step_s))
		draw_tick(gantt, at_s, step_s);

	int64_t every = 1 + length_s / DAY_S / (WIDTH / (14 * LETTER));

	for (int64_t at_s = gantt->begin_s; at_s < gantt->end_s;
		at_s = next_midnight_s(at_s), days++)
		if (days % every == 0)
			draw_day(gantt, at_s);
}

static void draw_now(const struct gantt *gantt)
{
	int64_t x = x_of(gantt, gantt->now_s) / 100, bottom = TOP + height(gantt);

	fprintf(gantt->file,
		"<line x1=\"%lld\" y1=\"%d\" x2=\"%lld\" y2=\"%lld\" stroke=\"#c01c28\" "
		"stroke-width=\"2\"/>\n"
		"<text x=\"%lld\" y=\"%lld\" fill=\"#c01c28\">now</text>\n",
		(long long)x, TOP - 6, (long long)x, (long long)bottom, (long long)x + 3,
		(long long)bottom + 14);
}

static void draw_rows(const struct gantt *gantt)
{
	for (size_t i = 0; i < gantt->row_count; i++) {
		int64_t y = TOP + (int64_t)i * ROW;

		fprintf(gantt->file,
			"<line x1=\"0\" y1=\"%lld\" x2=\"%d\" y2=\"%lld\" stroke=\"#c5cad2\"/>\n"
			"<text x=\"4\" y=\"%lld\">",
			(long long)y, LEFT + WIDTH, (long long)y, (long long)(y + 17));
		put_text(gantt->file, gantt->row[i]);
		fputs("</text>\n", gantt->file);
	}
}

/* "#12 visor.gcode" where it fits, or "#12". */
static void draw_label(const struct gantt *gantt, const json_t *item, int64_t y)
{
	const char *plate = words_text(item, "plate");
	int64_t from = x_of(gantt, words_integer(item, "start_s")) / 100,
		to = x_of(gantt, words_integer(item, "end_s")) / 100;
	char number[WORDS_MAX];

	snprintf(number, sizeof number, "#%lld", (long long)words_integer(item, "order"));
	size_t letters = to - from > 8 ? (size_t)(to - from - 8) / LETTER : 0;

	if (strlen(number) > letters)
		return;
	fprintf(gantt->file, "<text x=\"%lld\" y=\"%lld\">%s", (long long)from + 4, (long long)y,
		number);
	if (strlen(number) + 1 + text_width(plate) <= letters) {
		fputc(' ', gantt->file);
		put_text(gantt->file, plate);
	}
	fputs("</text>\n", gantt->file);
}

/* Orders keep their colour from picture to picture. */
static void put_color(char *color, size_t size, int64_t order, bool prints)
{
	snprintf(color, size, "hsl(%lld,55%%,%d%%)", (long long)(order * 7 % HUES * (360 / HUES)),
		prints ? 55 : 72);
}

static void draw_print(const struct gantt *gantt, const json_t *item)
{
	int64_t start_s = words_integer(item, "start_s"), end_s = words_integer(item, "end_s");
	int64_t order = words_integer(item, "order");
	size_t row = row_of(gantt, words_text(item, "printer"));
	bool prints = strcmp(words_text(item, "state"), "printing") == 0;
	int64_t y = TOP + (int64_t)row * ROW + (ROW - BAR) / 2;
	char color[32], style[128], from[WORDS_MAX], to[WORDS_MAX];

	if (row == gantt->row_count)
		return;
	put_color(color, sizeof color, order, prints);
	snprintf(style, sizeof style, "rx=\"3\" fill=\"%s\" stroke=\"#30343a\"%s>", color,
		prints ? " stroke-width=\"2\"" : "");
	put_box(gantt, start_s, end_s, y, BAR, style);
	fprintf(gantt->file, "<title>order %lld, ", (long long)order);
	put_text(gantt->file, words_text(item, "plate"));
	fprintf(gantt->file, ", %lld units, %s to %s</title></rect>\n",
		(long long)words_integer(item, "yield"), words_time(from, item, "start_s"),
		words_time(to, item, "end_s"));
	draw_label(gantt, item, y + 13);
}

static int64_t legend_height(const struct gantt *gantt)
{
	size_t cells = gantt->legend_count + gantt->legend_is_full;

	return (int64_t)((cells + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS) * LEGEND_ROW;
}

/* Which colour is whose, below the picture. */
static void draw_legend(const struct gantt *gantt)
{
	enum { CELL = WIDTH / LEGEND_COLUMNS, TEXT = 20, LETTERS = (CELL - TEXT) / LETTER };
	int64_t top = TOP + height(gantt) + 24;

	for (size_t i = 0; i < gantt->legend_count + gantt->legend_is_full; i++) {
		int64_t x = LEFT + (int64_t)(i % LEGEND_COLUMNS) * CELL;
		int64_t y = top + (int64_t)(i / LEGEND_COLUMNS) * LEGEND_ROW;
		char color[32];

		if (i == gantt->legend_count) {
			fprintf(gantt->file, "<text x=\"%lld\" y=\"%lld\">and more</text>\n",
				(long long)x + TEXT, (long long)y + 11);
			continue;
		}
		int64_t order = words_integer(gantt->legend[i], "order");

		put_color(color, sizeof color, order, false);
		fprintf(gantt->file,
			"<rect x=\"%lld\" y=\"%lld\" width=\"14\" height=\"12\" rx=\"3\" "
			"fill=\"%s\" "
			"stroke=\"#30343a\"/>\n<text x=\"%lld\" y=\"%lld\">#%lld ",
			(long long)x, (long long)y, color, (long long)x + TEXT, (long long)y + 11,
			(long long)order);
		char *name = text_clean(words_text(gantt->legend[i], "plate"), false);

		markup_text_cut(gantt->file, name ? name : "", LETTERS);
		free(name);
		fputs("</text>\n", gantt->file);
	}
}

static void draw(const struct gantt *gantt)
{
	const json_t *item;
	size_t index;
	long long tall = TOP + height(gantt) + 24 + legend_height(gantt);

	fprintf(gantt->file,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%lld\" "
		"viewBox=\"0 0 %d %lld\" font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
		LEFT + WIDTH + 10, tall, LEFT + WIDTH + 10, tall);
	draw_closed_hours(gantt);
	draw_closures(gantt);
	draw_rows(gantt);
	draw_axis(gantt);
	json_array_foreach (gantt->items, index, item)
		draw_print(gantt, item);
	draw_now(gantt);
	draw_legend(gantt);
	fputs("</svg>\n", gantt->file);
}

int gantt_write(const json_t *plan, const json_t *printers, const char *path)
{
	struct gantt gantt = { .now_s = (int64_t)time(NULL),
		.items = words_items(plan),
		.staffed = json_object_get(plan, "staffed"),
		.closures = json_object_get(plan, "closures"),
		.printers = words_items(printers) };
	bool is_stdout = strcmp(path, "-") == 0;

	look_at(&gantt);
	gantt.file = is_stdout ? stdout : fopen(path, "w");
	if (!gantt.file) {
		cli_error("%s: %s", path, strerror(errno));
		return CLI_NO_FILE;
	}
	draw(&gantt);
	bool is_written = !ferror(gantt.file);

	if (!is_stdout && fclose(gantt.file) != 0)
		is_written = false;
	if (is_written)
		return CLI_DONE;
	cli_error("%s: could not be written", path);
	return CLI_REFUSED;
}
