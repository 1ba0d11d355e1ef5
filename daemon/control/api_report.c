/* The report: where the printers' hours went, what was made, and what would have made more. */
#include "daemon/control/api_private.h"
#include "daemon/control/due.h"
#include "daemon/control/farm_questions.h"
#include "daemon/control/json_promises.h"
#include "daemon/control/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPORT_PRINTERS_MAX = 4096, REPORT_DAYS_MAX = 400, DAY_S = 86400 };

struct row {
	const char *printer;
	int64_t amount[SPENT_KINDS];
};

struct rows {
	size_t count;
	struct row *row;
	int64_t other[SPENT_KINDS]; /* of printers that are not configured any more */
};

static void add_spent(void *context, const struct spent_record *spent)
{
	struct rows *rows = context;
	int64_t *amount = rows->other;
	for (size_t i = 0; i < rows->count; i++)
		if (strcmp(rows->row[i].printer, spent->printer) == 0)
			amount = rows->row[i].amount;
	if ((unsigned)spent->kind < SPENT_KINDS)
		amount[spent->kind] += spent->amount;
}

static void set_amounts(json_t *object, const int64_t amount[SPENT_KINDS])
{
	for (int kind = 0; kind < SPENT_KINDS; kind++) {
		char name[32];
		snprintf(name, sizeof(name), kind == SPENT_FAILED ? "%s" : "%s_s",
			spent_kind_name((enum spent_kind)kind));
		json_object_set_new(object, name, json_integer(amount[kind]));
	}
}

static void set_made(json_t *object, const struct farm_made *made)
{
	json_object_set_new(object, "prints", json_integer(made->prints));
	json_object_set_new(object, "good", json_integer(made->good));
	json_object_set_new(object, "scrap", json_integer(made->scrap));
	json_object_set_new(object, "filament_g", json_real(made->filament_g));
}

/* Days that are wholly or partly in the stretch. */
static int read_hours(const struct api_call *call, struct rows *rows, const struct farm_made *made,
	int64_t from_s, int64_t until_s)
{
	struct spent_record lately;
	for (size_t i = 0; i < rows->count; i++)
		rows->row[i].printer = made[i].printer;
	for (size_t i = 0; farm_spent_lately(call->farm, i, &lately); i++)
		if (lately.day_s < until_s && lately.day_s >= from_s)
			add_spent(rows, &lately);
	return ledger_each_spent(call->api->setup.ledger, from_s, until_s, add_spent, rows);
}

static json_t *make(struct api_call *call, int64_t from_s, int64_t until_s)
{
	struct farm_made *made = calloc(REPORT_PRINTERS_MAX, sizeof(*made));
	struct rows rows = { .row = calloc(REPORT_PRINTERS_MAX, sizeof(struct row)) };
	struct farm_report report;
	json_t *object = json_object(), *printers = json_array(), *all = json_object(),
	       *promises = json_object();
	if (made && rows.row) {
		farm_report(call->farm, from_s, until_s, &report, made, REPORT_PRINTERS_MAX);
		rows.count = report.printer_count;
		read_hours(call, &rows, made, from_s, until_s);
	} else {
		report = (struct farm_report){ 0 };
	}
	for (size_t i = 0; i < rows.count; i++) {
		json_t *printer = json_object();
		json_object_set_new(printer, "printer", json_out_text(made[i].printer));
		set_amounts(printer, rows.row[i].amount);
		set_made(printer, &made[i]);
		json_array_append_new(printers, printer);
		for (int kind = 0; kind < SPENT_KINDS; kind++)
			rows.other[kind] += rows.row[i].amount[kind];
	}
	set_amounts(all, rows.other);
	set_made(all, &report.all);
	json_object_set_new(promises, "confidence_percent", json_integer(90));
	json_object_set_new(promises, "made", json_integer(report.promises_made));
	json_object_set_new(promises, "kept", json_integer(report.promises_kept));
	json_out_time(object, "since", from_s);
	json_out_time(object, "until", until_s);
	json_object_set_new(object, "printers", printers);
	json_object_set_new(object, "all", all);
	json_object_set_new(object, "promises", promises);
	json_object_set_new(object, "hindsight", json_null());
	json_object_set_new(object, "hindsight_late", json_false());
	free(made);
	free(rows.row);
	return object;
}

/* "today", "yesterday", "mon", "-7d": the begin of that day. */
static bool read_word(const struct farm *farm, const char *text, int64_t now_s, int64_t *at_s)
{
	static const char *const day[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	int64_t today_s = farm_day_start_s(farm, now_s);
	int64_t weekday = (today_s - due_week_start(now_s)) / DAY_S;
	int days = 0, used = 0;
	if (sscanf(text, "-%3dd%n", &days, &used) == 1 && used > 0 && !text[used] && days >= 0) {
		*at_s = today_s - days * (int64_t)DAY_S;
		return true;
	}
	if (strcmp(text, "today") == 0 || strcmp(text, "yesterday") == 0) {
		*at_s = today_s - (text[0] == 'y' ? DAY_S : 0);
		return true;
	}
	for (int i = 0; i < 7; i++)
		if (strcmp(text, day[i]) == 0) {
			*at_s = today_s - (weekday - i + 7) % 7 * DAY_S;
			return true;
		}
	return false;
}

/* A date of the past, or seconds since 1970. */
static bool read_moment(struct api_call *call, const char *name, int64_t *at_s)
{
	const char *text = http_query(call->request, name);
	struct tm day = { .tm_isdst = -1 };
	int year, month, number, used = 0;
	char *end;
	if (!text || !*text || read_word(call->farm, text, (int64_t)time(NULL), at_s))
		return true;
	if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &number, &used) == 3 && !text[used] &&
		month >= 1 && month <= 12 && number >= 1 && number <= 31) {
		day.tm_year = year - 1900;
		day.tm_mon = month - 1;
		day.tm_mday = number;
		*at_s = (int64_t)mktime(&day);
		return true;
	}
	errno = 0;
	*at_s = strtoll(text, &end, 10);
	if (errno == 0 && !*end && *at_s >= 0 && *at_s < INT64_C(1) << 40)
		return true;
	char message[160];
	snprintf(message, sizeof(message),
		"\"%s\" is no date (2026-11-27, today, yesterday, mon, -7d) and no seconds "
		"since 1970",
		name);
	api_fail_with(call, 422, "invalid", message, NULL);
	return false;
}

static void tell_report(struct api_call *call)
{
	int64_t now_s = (int64_t)time(NULL), from_s = now_s - 7 * DAY_S, until_s = now_s;
	uint64_t request = 0;
	struct error error = { "" };
	if (!read_moment(call, "since", &from_s) || !read_moment(call, "until", &until_s))
		return;
	if (until_s > now_s)
		until_s = now_s;
	if (from_s >= until_s || until_s - from_s > REPORT_DAYS_MAX * (int64_t)DAY_S) {
		api_fail_with(call, 422, "invalid",
			"a report is of 1 to 400 days of the past: \"since\" must lie before now "
			"and \"until\"",
			NULL);
		return;
	}
	from_s = farm_day_start_s(call->farm, from_s);
	int result = farm_ask_hindsight(call->farm, from_s, until_s, &request, &error);
	if (result) {
		api_fail(call, result, &error);
		return;
	}
	json_t *report = make(call, from_s, until_s);
	api_answer(call, 200, report);
	if (!request)
		return;
	call->wire_request = request;
	call->is_question = true;
	call->without = json_copy(report);
	json_object_set_new(call->without, "hindsight_late", json_true());
	call->api->setup.leave(call->api->setup.context);
}

const struct api_route api_report_routes[] = {
	{ "GET", "/api/v1/report", tell_report, API_DURABLE | API_COSTLY },
	{ NULL, NULL, NULL, 0 },
};
