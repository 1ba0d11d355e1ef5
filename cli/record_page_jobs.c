/* The jobs of a production record's page: a row for each attempt, what people did below it. */
#include "cli/record_page.h"

#include "cli/markup.h"
#include "cli/record_gather.h"
#include "cli/words.h"

#include "gcode/decimal.h"

#include <string.h>

enum { COLUMNS = 8 };

/* ---- one attempt -------------------------------------------------------------------------- */

static void put_times(FILE *file, const json_t *attempt)
{
	char real[WORDS_MAX], planned[WORDS_MAX];

	fputs("<td>", file);
	markup_moment(file, attempt, "started_at");
	if (!words_is_null(attempt, "print_s"))
		fprintf(file, "<br>%s", words_duration(real, attempt, "print_s"));
	if (!words_is_null(attempt, "planned_s"))
		fprintf(file, " <small>planned %s</small>",
			words_duration(planned, attempt, "planned_s"));
	fputs("</td>", file);
}

static void put_filament(FILE *file, const json_t *attempt)
{
	const char *lot = words_text(attempt, "lot"), *by = words_text(attempt, "loaded_by");

	fputs("<td class=\"wrap\">", file);
	markup_text(file, words_text(attempt, "material"));
	fputs(" ", file);
	markup_text(file, words_text(attempt, "color"));
	if (!words_is_null(attempt, "spool"))
		fprintf(file, "<br><small>spool %lld", (long long)words_integer(attempt, "spool"));
	if (*lot) {
		fputs(", lot ", file);
		markup_text(file, lot);
	}
	if (*by) {
		fputs(", put in by ", file);
		markup_text(file, by);
	}
	fputs(!words_is_null(attempt, "spool") ? "</small></td>" : "</td>", file);
}

static const char *degrees(char text[DECIMAL_TEXT_MAX], const json_t *heater, const char *key)
{
	return decimal_write(text, words_number(heater, key), 0);
}

static void put_heater(FILE *file, const json_t *heater)
{
	char set[DECIMAL_TEXT_MAX], mean[DECIMAL_TEXT_MAX], least[DECIMAL_TEXT_MAX],
		most[DECIMAL_TEXT_MAX];

	markup_text(file, words_text(heater, "name"));
	fprintf(file, " %s <small>(%s to %s, set %s)</small><br>",
		degrees(mean, heater, "mean_celsius"), degrees(least, heater, "min_celsius"),
		degrees(most, heater, "max_celsius"), degrees(set, heater, "set_celsius"));
}

static void put_heat(FILE *file, const json_t *attempt)
{
	const json_t *heaters = json_object_get(attempt, "heaters"), *heater;
	size_t index;

	fputs("<td>", file);
	json_array_foreach (heaters, index, heater)
		put_heater(file, heater);
	fputs(json_array_size(heaters) ? "</td>" : "-</td>", file);
}

static void put_flow(FILE *file, const json_t *attempt)
{
	char text[WORDS_MAX];

	fprintf(file, "<td>%s <small>of ", words_count(text, attempt, "resends"));
	fprintf(file, "%s</small>", words_count(text, attempt, "lines_sent"));
	if (words_integer(attempt, "starved_count") > 0)
		fprintf(file, "<br><small>starved %s</small>",
			words_amount(text, attempt, "starved_s", "s"));
	fputs("</td>", file);
}

static bool went_well(const json_t *attempt)
{
	const char *state = words_text(attempt, "state");

	return strcmp(state, "printed") == 0 || strcmp(state, "started") == 0;
}

static void put_result(FILE *file, const json_t *attempt)
{
	const char *fault = words_text(attempt, "fault"), *reason = words_text(attempt, "reason");

	fprintf(file, "<td%s>", went_well(attempt) ? "" : " class=\"bad\"");
	markup_text(file, words_text(attempt, "state"));
	if (strcmp(fault, "none") != 0) {
		fputs(": ", file);
		markup_text(file, fault);
	}
	if (*reason) {
		fputs("<br><small>", file);
		markup_text(file, reason);
		fputs("</small>", file);
	}
	fputs("</td>", file);
}

/* What lies between two prints belongs to both, and is shown with the first: `shown` has the ids of
 * acts that are on the page. */
static void put_acts(FILE *file, const json_t *object, const char *key, json_t *shown)
{
	const json_t *acts = json_object_get(object, key), *act;
	char left_off[32];
	size_t index;

	json_array_foreach (acts, index, act) {
		char id[24];

		snprintf(id, sizeof id, "%lld", (long long)words_integer(act, "id"));
		if (json_object_get(shown, id))
			continue;
		json_object_set_new(shown, id, json_true());
		fputs("<li>", file);
		markup_moment(file, act, "at");
		fputs(" <b>", file);
		markup_text(file, words_text(act, "user"));
		fputs("</b> ", file);
		markup_text(file, words_text(act, "text"));
		fputs("</li>\n", file);
	}
	snprintf(left_off, sizeof left_off, "%s_left_off", key);
	if (words_is_true(object, left_off))
		fputs("<li class=\"bad\">further acts are not shown here; the farm's events have "
		      "them</li>\n",
			file);
}

static size_t count_acts(const json_t *object)
{
	return json_array_size(json_object_get(object, "before")) +
	       json_array_size(json_object_get(object, "acts"));
}

static void put_attempt(
	FILE *file, const json_t *job, const json_t *attempt, size_t number, json_t *shown)
{
	fprintf(file, "<tr><td>%lld", (long long)words_integer(job, "id"));
	if (number > 1)
		fprintf(file, " <small>try %zu</small>", number);
	fputs("</td><td>", file);
	markup_text(file, words_text(attempt, "printer"));
	fputs("<br><small>", file);
	markup_text_cut(file, words_text(attempt, "firmware"), 40);
	fputs("</small></td>", file);
	put_times(file, attempt);
	fputs("<td class=\"wrap\">", file);
	markup_text(file, words_text(json_object_get(attempt, "plate"), "file"));
	fprintf(file, "<br><small><code>%.12s</code></small></td>",
		words_text(json_object_get(attempt, "plate"), "sha256"));
	put_filament(file, attempt);
	put_heat(file, attempt);
	put_flow(file, attempt);
	put_result(file, attempt);
	fputs("</tr>\n", file);
	if (count_acts(attempt) == 0)
		return;
	fprintf(file, "<tr class=\"acts\"><td></td><td colspan=\"%d\"><ul>\n", COLUMNS - 1);
	put_acts(file, attempt, "before", shown);
	put_acts(file, attempt, "acts", shown);
	fputs("</ul></td></tr>\n", file);
}

/* ---- one job ------------------------------------------------------------------------------ */

/* How it was counted, and why so. */
static void put_count(FILE *file, const json_t *job, json_t *shown)
{
	const char *reason = words_text(job, "reason");

	fprintf(file, "<tr class=\"count\" id=\"job-%lld\"><td>%lld</td><td colspan=\"%d\"><b>",
		(long long)words_integer(job, "id"), (long long)words_integer(job, "id"),
		COLUMNS - 1);
	if (words_is_null(job, "good"))
		markup_text(file, words_state(words_text(job, "state")));
	else
		fprintf(file, "%lld good, %lld scrap", (long long)words_integer(job, "good"),
			(long long)words_integer(job, "scrap"));
	fputs("</b>", file);
	if (*reason) {
		fputs(": ", file);
		markup_text(file, reason);
	}
	if (json_array_size(json_object_get(job, "acts")) > 0) {
		fputs("<ul>\n", file);
		put_acts(file, job, "acts", shown);
		fputs("</ul>", file);
	}
	if (words_integer(job, "attempts_left_off") > 0)
		fprintf(file, "<p class=\"bad\">%lld further attempts are not shown</p>",
			(long long)words_integer(job, "attempts_left_off"));
	fputs("</td></tr>\n", file);
}

static void put_photos(FILE *file, const json_t *job, const struct record_images *images)
{
	const json_t *photo;
	size_t index;

	json_array_foreach (json_object_get(job, "photos"), index, photo) {
		const struct record_image *image =
			record_image(images, words_text(photo, "sha256"));

		if (!image)
			continue;
		fputs("<figure>", file);
		markup_image(file, image->type, image->bytes, image->length, "photo");
		fprintf(file, "<figcaption>job %lld, %s, ", (long long)words_integer(job, "id"),
			strcmp(words_text(photo, "moment"), "cleared") == 0 ? "cleared" : "ended");
		markup_moment(file, photo, "taken_at");
		fputs("</figcaption></figure>\n", file);
	}
}

void record_page_jobs(FILE *file, const json_t *record, const struct record_images *images)
{
	const json_t *jobs = json_object_get(record, "jobs"), *job, *attempt;
	json_t *shown = json_object();
	size_t index, inner;

	fputs("<h2>Made</h2>\n<table class=\"made\"><thead><tr><th>Job</th><th>Printer</th>"
	      "<th>Started, took</th><th>Plate</th><th>Filament</th><th>Measured °C</th>"
	      "<th>Lines sent again</th><th>Result</th></tr></thead>\n",
		file);
	json_array_foreach (jobs, index, job) {
		fputs("<tbody>\n", file);
		json_array_foreach (json_object_get(job, "attempts"), inner, attempt)
			put_attempt(file, job, attempt, inner + 1, shown);
		put_count(file, job, shown);
		fputs("</tbody>\n", file);
	}
	fputs("</table>\n<div class=\"photos\">\n", file);
	json_array_foreach (jobs, index, job)
		put_photos(file, job, images);
	fputs("</div>\n", file);
	json_decref(shown);
}
