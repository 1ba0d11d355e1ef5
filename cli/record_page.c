/* The production record as HTML; see record_page.h. */
#include "cli/record_page.h"

#include "cli/cli.h"
#include "cli/markup.h"
#include "cli/new_file.h"
#include "cli/record_gather.h"
#include "cli/record_label.h"
#include "cli/words.h"

#include "gcode/decimal.h"

#include <string.h>

enum { CODE_MM = 24, SETTING_LETTERS = 160 };

static const char style[] =
	"*{box-sizing:border-box}"
	"body{font:13px/1.4 sans-serif;color:#16191d;max-width:1000px;margin:1.2em auto;"
	"padding:0 1.2em}"
	"header{display:flex;gap:1.2em;align-items:flex-start;border-bottom:3px solid #16191d;"
	"padding-bottom:.7em}"
	"header>div{flex:1}header p{margin:.1em 0;color:#5a626c}"
	"h1{font-size:1.9em;line-height:1.15;margin:0;overflow-wrap:anywhere}"
	"h2{font-size:1.1em;margin:1.3em 0 .3em;border-bottom:1px solid #b9bfc7}"
	"h3{font-size:1em;margin:0 0 .2em;overflow-wrap:anywhere}"
	".figures{display:flex;flex-wrap:wrap;gap:.4em 2.2em;margin:.8em 0}"
	".figures div{color:#5a626c}.figures b{display:block;font-size:1.7em;line-height:1.1;"
	"color:#16191d}"
	".sides{display:grid;grid-template-columns:1fr 1fr;gap:0 2em}"
	"table{border-collapse:collapse;width:100%;margin:.2em 0}"
	"th,td{text-align:left;vertical-align:top;padding:.15em .7em .15em 0;"
	"overflow-wrap:anywhere}"
	"th{font-weight:normal;color:#5a626c;width:8.5em}"
	"code{font:11px monospace;overflow-wrap:anywhere}small{color:#5a626c;font-size:.88em}"
	"time{white-space:nowrap}"
	".plate{display:flex;gap:1em;border:1px solid #d4d8dd;border-radius:4px;padding:.6em .8em;"
	"margin:.4em 0;break-inside:avoid}.plate>div{flex:1}.plate img{width:200px;height:150px;"
	"object-fit:contain;background:#f4f5f7}"
	".made th,.made td{overflow-wrap:break-word}.made "
	".wrap{overflow-wrap:anywhere;min-width:8em}"
	".made th{width:auto;border-bottom:1px solid #b9bfc7}.made tbody{break-inside:avoid;"
	"border-bottom:1px solid #d4d8dd}.made td{padding-top:.3em;border-top:1px solid #eceef0}"
	".acts td,.count td{border:0;padding-top:0}.acts td,.count ul{color:#5a626c;"
	"font-size:.92em}"
	"ul{margin:.1em 0 .2em;padding-left:1.1em;overflow-wrap:anywhere}.bad{color:#a4161a}"
	".photos{display:flex;flex-wrap:wrap;gap:.6em}figure{margin:.4em 0;break-inside:avoid}"
	"figure img{height:150px;display:block}figcaption{font-size:.85em;color:#5a626c}"
	".settings{columns:3;column-gap:1.6em;font-size:9px;line-height:1.3;overflow-wrap:anywhere}"
	".settings p{margin:0}footer{margin:1.5em 0;color:#5a626c;font-size:.9em}"
	"@page{size:A4;margin:12mm}"
	"@media print{body{margin:0;padding:0;max-width:none;font-size:9.5px}"
	".plate img{width:150px;height:112px}.settings{font-size:6.5px}code{font-size:8px}"
	"h1{font-size:1.8em}}";

/* ---- head --------------------------------------------------------------------------------- */

struct sums {
	int64_t good, scrap, attempts, failed;
	double print_s;
};

static struct sums sum_up(const json_t *record)
{
	const json_t *job, *attempt;
	struct sums sums = { 0 };
	size_t index, inner;

	json_array_foreach (json_object_get(record, "jobs"), index, job) {
		sums.good += words_integer(job, "good");
		sums.scrap += words_integer(job, "scrap");
		json_array_foreach (json_object_get(job, "attempts"), inner, attempt) {
			const char *state = words_text(attempt, "state");

			sums.attempts++;
			sums.print_s += words_number(attempt, "print_s");
			sums.failed +=
				strcmp(state, "printed") != 0 && strcmp(state, "started") != 0;
		}
	}
	return sums;
}

static void put_figure(FILE *file, const char *value, const char *name)
{
	fprintf(file, "<div><b>%s</b>%s</div>\n", value, name);
}

static void put_figures(FILE *file, const json_t *record)
{
	struct sums sums = sum_up(record);
	char text[WORDS_MAX];

	fputs("<div class=\"figures\">\n", file);
	snprintf(text, sizeof text, "%lld", (long long)sums.good);
	put_figure(file, text, "units good");
	snprintf(text, sizeof text, "%lld", (long long)sums.scrap);
	put_figure(file, text, "units scrap");
	put_figure(file, words_count(text, json_object_get(record, "order"), "units"),
		"units ordered");
	snprintf(text, sizeof text, "%lld", (long long)sums.attempts);
	put_figure(file, text, sums.attempts == 1 ? "print" : "prints");
	snprintf(text, sizeof text, "%lld", (long long)sums.failed);
	put_figure(file, text, "of them failed");
	put_figure(file, words_duration_of(text, sums.print_s), "on printers");
	fputs("</div>\n", file);
}

static void put_head(FILE *file, const json_t *record)
{
	const json_t *order = json_object_get(record, "order");
	const char *farm = words_text(json_object_get(record, "farm"), "name");
	char text[512];

	fputs("<header><div><p>Production record", file);
	if (*farm) {
		fputs(" of ", file);
		markup_text(file, farm);
	}
	fputs("</p>\n<h1>", file);
	markup_text(file, words_text(json_object_get(record, "design"), "name"));
	fprintf(file, "</h1>\n<p>order %lld", (long long)words_integer(order, "id"));
	if (words_is_true(record, "is_job"))
		fprintf(file, ", job %lld alone",
			(long long)words_integer(
				json_array_get(json_object_get(record, "jobs"), 0), "id"));
	fputs("</p></div>\n", file);
	record_label_text(record, text, sizeof text);
	record_label_code(file, text, CODE_MM, "mm");
	fputs("</header>\n", file);
}

/* ---- order and design ---------------------------------------------------------------------- */

static void put_approval(FILE *file, const json_t *approval)
{
	if (!json_is_object(approval)) {
		markup_row(file, "approval", "none");
		return;
	}
	markup_row(file, "approved by", words_text(approval, "by"));
	markup_row_moment(file, "approved", approval, "approved_at");
	markup_row(file, "evidence", words_text(approval, "evidence"));
	markup_row(file, "signed by", words_text(approval, "signer"));
	markup_row_hash(file, "signature", words_text(approval, "signature"));
	markup_row_hash(file, "public key", words_text(approval, "public_key"));
	markup_row_moment(file, "revoked", approval, "revoked_at");
	markup_row(file, "revoked by", words_text(approval, "revoked_by"));
	markup_row(file, "revoked because", words_text(approval, "revoke_reason"));
}

static void put_acts(FILE *file, const json_t *object)
{
	const json_t *act;
	size_t index;

	fputs("<ul>\n", file);
	json_array_foreach (json_object_get(object, "acts"), index, act) {
		fputs("<li>", file);
		markup_moment(file, act, "at");
		fputs(" <b>", file);
		markup_text(file, words_text(act, "user"));
		fputs("</b> ", file);
		markup_text(file, words_text(act, "text"));
		fputs("</li>\n", file);
	}
	if (words_is_true(object, "acts_left_off"))
		fputs("<li class=\"bad\">further acts are not shown here; the farm's events have "
		      "them</li>\n",
			file);
	fputs("</ul>\n", file);
}

static void put_deliveries(FILE *file, const json_t *deliveries)
{
	const json_t *row;
	size_t index;

	json_array_foreach (deliveries, index, row) {
		const char *note = words_text(row, "note");

		markup_row_open(file, index ? "" : "delivered");
		fprintf(file, "%lld, ", (long long)words_integer(row, "units"));
		markup_moment(file, row, "delivered_at");
		fputs(" by ", file);
		markup_text(file, words_text(row, "user"));
		fputs(*note ? ": " : "", file);
		markup_text(file, note);
		markup_row_close(file);
	}
}

static void put_sides(FILE *file, const json_t *order, const json_t *design)
{
	fputs("<div class=\"sides\"><div><h2>Order</h2>\n<table>\n", file);
	markup_row(file, "state", words_state(words_text(order, "state")));
	markup_row(file, "kind", words_is_true(order, "test") ? "a test print" : "");
	markup_row(file, "for", words_text(order, "user"));
	markup_row(file, "project", words_text(order, "project"));
	markup_row_moment(file, "ordered", order, "created_at");
	markup_row_moment(file, "due", order, "due_at");
	markup_row(file, "material wanted", words_text(order, "material"));
	markup_row(file, "color wanted", words_text(order, "color"));
	put_deliveries(file, json_object_get(order, "deliveries"));
	fputs("</table>\n", file);
	put_acts(file, order);
	fputs("</div>\n<div><h2>Design and approval</h2>\n<table>\n", file);
	markup_row(file, "revision", words_text(design, "name"));
	markup_row_hash(file, "content, SHA-256", words_text(design, "content_sha256"));
	put_approval(file, json_object_get(design, "approval"));
	fputs("</table></div></div>\n", file);
}

/* ---- plates ------------------------------------------------------------------------------- */

static void put_plate(FILE *file, const json_t *plate, const struct record_images *images)
{
	const json_t *settings = json_object_get(plate, "settings");
	const struct record_image *image = record_image(images, words_text(plate, "sha256"));
	char text[WORDS_MAX];

	fputs("<div class=\"plate\">", file);
	if (image)
		markup_image(file, image->type, image->bytes, image->length, "the plate");
	fputs("<div><h3>", file);
	markup_text(file, words_text(plate, "name"));
	fputs("</h3>\n<div class=\"sides\"><table>\n", file);
	markup_row(file, "units on it", words_count(text, plate, "yield"));
	markup_row(file, "slicer", words_text(plate, "slicer"));
	markup_row(file, "sliced for", words_text(settings, "machine"));
	markup_row(file, "material", words_text(settings, "material"));
	markup_row(file, "color", words_text(settings, "colour"));
	fputs("</table><table>\n", file);
	markup_row_amount(file, "layer height", settings, "layer_height_mm", "mm");
	markup_row_amount(file, "nozzle", settings, "nozzle_mm", "mm");
	markup_row_amount(file, "nozzle heat", settings, "hotend_celsius", "°C");
	markup_row_amount(file, "bed heat", settings, "bed_celsius", "°C");
	markup_row_amount(file, "layers", settings, "layers", "");
	markup_row_duration(file, "time by the file", settings, "time_s");
	fputs("</table></div>\n<table>\n", file);
	markup_row_hash(file, "SHA-256", words_text(plate, "sha256"));
	fputs("</table></div></div>\n", file);
}

static void put_settings(FILE *file, const json_t *plate)
{
	json_t *settings = json_object_get(plate, "slicer_settings"), *value;
	const char *key;

	if (json_object_size(settings) == 0)
		return;
	fputs("<h2>Slicer settings of ", file);
	markup_text(file, words_text(plate, "name"));
	fputs("</h2>\n<div class=\"settings\">\n", file);
	json_object_foreach (settings, key, value) {
		fputs("<p><b>", file);
		markup_text(file, key);
		fputs("</b> ", file);
		markup_text_cut(file, words_text(settings, key), SETTING_LETTERS);
		fputs("</p>\n", file);
	}
	fputs("</div>\n", file);
}

/* ---- the page ----------------------------------------------------------------------------- */

void record_page_put(FILE *file, const json_t *record, const struct record_images *images)
{
	const json_t *order = json_object_get(record, "order"), *plate;
	size_t index;

	fprintf(file,
		"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" "
		"content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
		"<meta name=\"viewport\" content=\"width=device-width\">\n"
		"<title>Production record of order %lld</title>\n<style>%s</style></head><body>\n",
		(long long)words_integer(order, "id"), style);
	put_head(file, record);
	put_figures(file, record);
	put_sides(file, order, json_object_get(record, "design"));
	fputs("<h2>Plates</h2>\n", file);
	json_array_foreach (json_object_get(record, "plates"), index, plate)
		put_plate(file, plate, images);
	record_page_jobs(file, record, images);
	json_array_foreach (json_object_get(record, "plates"), index, plate)
		put_settings(file, plate);
	fputs("<footer>Made by printfarm. Temperatures count from when a heater has come near "
	      "its target. Settings are those that the slicer has left in the file; long ones are "
	      "cut here and whole in the JSON record.</footer>\n</body></html>\n",
		file);
}

int record_page_write(const json_t *record, const struct record_images *images, const char *path)
{
	struct new_file file;
	int status = new_file_open(&file, path);

	if (status != CLI_DONE)
		return status;
	record_page_put(file.stream, record, images);
	return new_file_close(&file);
}
