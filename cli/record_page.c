/* The production record as HTML; see record_page.h. */
#include "cli/record_page.h"

#include "cli/cli.h"
#include "cli/words.h"

#include <errno.h>
#include <limits.h> /* PATH_MAX */
#include <string.h>
#include <unistd.h> /* unlink */

static const char style[] =
	"body{font:14px/1.45 sans-serif;color:#1d2126;max-width:64em;margin:2em auto;padding:0 1em}"
	"h1{font-size:1.6em;margin:0 0 .6em}"
	"h2{font-size:1.2em;margin:1.8em 0 .4em;border-bottom:1px solid #c8ccd2}"
	"h3{font-size:1em;margin:0 0 .4em}"
	"table{border-collapse:collapse;width:100%;margin:.3em 0 .6em}"
	"th,td{text-align:left;vertical-align:top;padding:.2em .7em .2em 0;overflow-wrap:anywhere}"
	"th{font-weight:normal;color:#5a626c;width:11em}"
	"code{font:12px monospace;overflow-wrap:anywhere}"
	"section{border:1px solid #c8ccd2;border-radius:4px;padding:.7em 1em;margin:.8em 0}"
	"section section{border-color:#e3e6ea;background:#f8f9fa;break-inside:avoid}"
	"ul{margin:.2em 0 .4em;padding-left:1.2em}"
	".bad{color:#a4161a}.dim{color:#5a626c}"
	"@media print{body{margin:0;max-width:none;font-size:11px}section "
	"section{background:none}}";

/* ---- pieces ---- */

/* Whatever stands in `text` it is text in the page: in an element and in an attribute. */
static void put_text(FILE *file, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", file);
			break;
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		case '"':
			fputs("&quot;", file);
			break;
		case '\'':
			fputs("&#39;", file);
			break;
		default:
			fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, file);
		}
}

static void open_row(FILE *file, const char *name)
{
	fputs("<tr><th>", file);
	put_text(file, name);
	fputs("</th><td>", file);
}

static void close_row(FILE *file)
{
	fputs("</td></tr>\n", file);
}

/* No row where there is nothing to tell. */
static void put_row(FILE *file, const char *name, const char *text)
{
	if (!*text)
		return;
	open_row(file, name);
	put_text(file, text);
	close_row(file);
}

static void put_hash(FILE *file, const char *name, const char *hash)
{
	if (!*hash)
		return;
	open_row(file, name);
	fputs("<code>", file);
	put_text(file, hash);
	fputs("</code>", file);
	close_row(file);
}

static void put_amount(
	FILE *file, const char *name, const json_t *object, const char *key, const char *unit)
{
	char text[WORDS_MAX];

	if (!words_is_null(object, key))
		put_row(file, name, words_amount(text, object, key, unit));
}

static void put_duration(FILE *file, const char *name, const json_t *object, const char *key)
{
	char text[WORDS_MAX];

	if (!words_is_null(object, key))
		put_row(file, name, words_duration(text, object, key));
}

static void put_acts(FILE *file, const json_t *object)
{
	const json_t *acts = json_object_get(object, "acts"), *act;
	size_t index;

	if (json_array_size(acts) == 0)
		return;
	fputs("<ul>\n", file);
	json_array_foreach (acts, index, act) {
		fputs("<li><span class=\"dim\">", file);
		put_text(file, words_text(act, "at"));
		fputs("</span> <b>", file);
		put_text(file, words_text(act, "user"));
		fputs("</b>: ", file);
		put_text(file, words_text(act, "text"));
		fputs("</li>\n", file);
	}
	if (words_is_true(object, "acts_left_off"))
		fputs("<li class=\"bad\">further acts are not shown here; the farm's events have "
		      "them</li>\n",
			file);
	fputs("</ul>\n", file);
}

/* ---- design, order, plates ---- */

static void put_approval(FILE *file, const json_t *approval)
{
	if (!json_is_object(approval)) {
		put_row(file, "approval", "none");
		return;
	}
	put_row(file, "approved by", words_text(approval, "by"));
	put_row(file, "approved", words_text(approval, "approved_at"));
	put_row(file, "signed by", words_text(approval, "signer"));
	put_row(file, "evidence", words_text(approval, "evidence"));
	put_row(file, "revoked", words_text(approval, "revoked_at"));
	put_row(file, "revoked by", words_text(approval, "revoked_by"));
	put_row(file, "revoked because", words_text(approval, "revoke_reason"));
}

static void put_order(FILE *file, const json_t *order, const json_t *design)
{
	char text[WORDS_MAX];

	fputs("<table>\n", file);
	put_row(file, "design", words_text(design, "name"));
	put_hash(file, "content (SHA-256)", words_text(design, "content_sha256"));
	put_approval(file, json_object_get(design, "approval"));
	put_row(file, "order", words_count(text, order, "id"));
	put_row(file, "state", words_state(words_text(order, "state")));
	put_row(file, "kind", words_is_true(order, "test") ? "a test print" : "");
	put_row(file, "units wanted", words_count(text, order, "units"));
	put_row(file, "good", words_count(text, order, "good"));
	put_row(file, "scrap", words_count(text, order, "scrap"));
	put_row(file, "for", words_text(order, "user"));
	put_row(file, "ordered", words_text(order, "created_at"));
	put_row(file, "due", words_text(order, "due_at"));
	put_row(file, "material wanted", words_text(order, "material"));
	put_row(file, "color wanted", words_text(order, "color"));
	fputs("</table>\n", file);
	put_acts(file, order);
}

static void put_plate(FILE *file, const json_t *plate)
{
	const json_t *settings = json_object_get(plate, "settings");
	char text[WORDS_MAX];

	fputs("<section><h3>", file);
	put_text(file, words_text(plate, "name"));
	fputs("</h3>\n<table>\n", file);
	put_hash(file, "SHA-256", words_text(plate, "sha256"));
	put_row(file, "units on it", words_count(text, plate, "yield"));
	put_row(file, "slicer", words_text(plate, "slicer"));
	put_row(file, "sliced for", words_text(settings, "machine"));
	put_row(file, "material", words_text(settings, "material"));
	put_row(file, "color", words_text(settings, "colour"));
	put_amount(file, "layer height", settings, "layer_height_mm", "mm");
	put_amount(file, "nozzle", settings, "nozzle_mm", "mm");
	put_amount(file, "hotend", settings, "hotend_celsius", "°C");
	put_amount(file, "bed", settings, "bed_celsius", "°C");
	put_amount(file, "layers", settings, "layers", "");
	put_duration(file, "time by the file", settings, "time_s");
	fputs("</table></section>\n", file);
}

/* ---- jobs ---- */

static void put_material(FILE *file, const json_t *attempt)
{
	char text[WORDS_MAX];

	put_row(file, "material", words_text(attempt, "material"));
	put_row(file, "color", words_text(attempt, "color"));
	if (!words_is_null(attempt, "spool"))
		put_row(file, "spool", words_count(text, attempt, "spool"));
	put_row(file, "lot", words_text(attempt, "lot"));
}

static void put_flow(FILE *file, const json_t *attempt)
{
	char lines[WORDS_MAX], resends[WORDS_MAX], errors[WORDS_MAX], lost[WORDS_MAX];

	open_row(file, "lines sent");
	fprintf(file,
		"%s, %s sent again, %s found damaged by the printer, %s acknowledgements lost",
		words_count(lines, attempt, "lines_sent"), words_count(resends, attempt, "resends"),
		words_count(errors, attempt, "line_errors"),
		words_count(lost, attempt, "lost_acknowledgements"));
	close_row(file);
	if (words_integer(attempt, "starved_count") > 0)
		put_amount(file, "starved", attempt, "starved_s", "s");
}

static void put_attempt(FILE *file, const json_t *attempt, size_t number)
{
	const char *state = words_text(attempt, "state"), *fault = words_text(attempt, "fault");

	fprintf(file, "<section><h3%s>Attempt %zu: ",
		strcmp(state, "printed") != 0 && strcmp(state, "started") != 0 ? " class=\"bad\""
									       : "",
		number);
	put_text(file, state);
	fputs(" on ", file);
	put_text(file, words_text(attempt, "printer"));
	fputs("</h3>\n<table>\n", file);
	put_row(file, "fault", strcmp(fault, "none") != 0 ? fault : "");
	put_row(file, "reason", words_text(attempt, "reason"));
	put_row(file, "started", words_text(attempt, "started_at"));
	put_row(file, "ended", words_text(attempt, "ended_at"));
	put_duration(file, "planned time", attempt, "planned_s");
	put_duration(file, "real time", attempt, "print_s");
	put_row(file, "plate", words_text(json_object_get(attempt, "plate"), "file"));
	put_hash(file, "SHA-256 sent", words_text(json_object_get(attempt, "plate"), "sha256"));
	put_row(file, "firmware", words_text(attempt, "firmware"));
	put_material(file, attempt);
	put_flow(file, attempt);
	fputs("</table>\n", file);
	put_acts(file, attempt);
	fputs("</section>\n", file);
}

static void put_job(FILE *file, const json_t *job)
{
	const json_t *attempts = json_object_get(job, "attempts"), *attempt;
	size_t index;
	char text[WORDS_MAX];

	fprintf(file, "<section><h3>Job %lld: ", (long long)words_integer(job, "id"));
	put_text(file, words_state(words_text(job, "state")));
	if (!words_is_null(job, "good"))
		fprintf(file, ", %lld good, %lld scrap", (long long)words_integer(job, "good"),
			(long long)words_integer(job, "scrap"));
	fputs("</h3>\n<table>\n", file);
	put_row(file, "tries", words_count(text, job, "tries"));
	put_row(file, "reason", words_text(job, "reason"));
	fputs("</table>\n", file);
	put_acts(file, job);
	json_array_foreach (attempts, index, attempt)
		put_attempt(file, attempt, index + 1);
	if (words_integer(job, "attempts_left_off") > 0)
		fprintf(file, "<p class=\"bad\">%lld further attempts are not shown</p>\n",
			(long long)words_integer(job, "attempts_left_off"));
	fputs("</section>\n", file);
}

static void put_page(FILE *file, const json_t *record)
{
	const json_t *order = json_object_get(record, "order"), *row;
	size_t index;

	fprintf(file,
		"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" "
		"content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width\">\n"
		"<title>Production record of order %lld</title>\n<style>%s</style></head><body>\n"
		"<h1>Production record of order %lld</h1>\n",
		(long long)words_integer(order, "id"), style,
		(long long)words_integer(order, "id"));
	put_order(file, order, json_object_get(record, "design"));
	fputs("<h2>Plates</h2>\n", file);
	json_array_foreach (json_object_get(record, "plates"), index, row)
		put_plate(file, row);
	fputs("<h2>Jobs</h2>\n", file);
	json_array_foreach (json_object_get(record, "jobs"), index, row)
		put_job(file, row);
	fputs("</body></html>\n", file);
}

/* ---- the file ---- */

static int complain(const char *path)
{
	cli_error("%s: %s", path, strerror(errno));
	return CLI_NO_FILE;
}

/* Whole or not at all: a record that bears its name is complete. */
int record_page_write(const json_t *record, const char *path)
{
	char part[PATH_MAX];

	if (strcmp(path, "-") == 0) {
		put_page(stdout, record);
		return fflush(stdout) == 0 ? CLI_DONE : complain("standard output");
	}
	if ((size_t)snprintf(part, sizeof part, "%s.part", path) >= sizeof part) {
		errno = ENAMETOOLONG;
		return complain(path);
	}
	FILE *file = fopen(part, "w");

	if (!file)
		return complain(part);
	put_page(file, record);
	bool is_written = !ferror(file);

	if (fclose(file) != 0)
		is_written = false;
	if (is_written && rename(part, path) == 0)
		return CLI_DONE;
	cli_error("%s: could not be written", path);
	unlink(part);
	return CLI_REFUSED;
}
