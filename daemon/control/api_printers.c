/* Printers, spools and the emergency stop. */
#include "daemon/control/api_private.h"
#include "gcode/cnc.h"
#include "gcode/command.h"
#include "gcode/lexer.h"
#include "gcode/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void list_printers(struct api_call *call)
{
	json_t *items = json_array();
	for (size_t i = 0; i < farm_printer_count(call->farm); i++) {
		struct farm_printer_view view;
		farm_printer_at(call->farm, i, &view);
		json_array_append_new(items, json_out_printer(&view));
	}
	api_answer(call, 200, json_out_items(items));
}

static void answer_printer(struct api_call *call, int result, const struct error *error)
{
	struct farm_printer_view view;
	struct error missing = { "" };
	error_set(&missing, "there is no printer \"%s\"", call->argument[0]);
	if (result)
		api_fail(call, result, error);
	else if (farm_printer_by_name(call->farm, call->argument[0], &view))
		api_answer(call, 200, json_out_printer(&view));
	else
		api_fail(call, -ENOENT, &missing);
}

static void show_printer(struct api_call *call)
{
	answer_printer(call, 0, NULL);
}

static void act_on_printer(struct api_call *call,
	int (*act)(struct farm *, const char *user, const char *name, struct error *))
{
	struct error error = { "" };
	answer_printer(call, act(call->farm, call->user, call->argument[0], &error), &error);
}

static void ask_printer(
	struct api_call *call, int (*act)(struct farm *, const char *user, const char *name,
				       uint64_t *request, struct error *))
{
	struct error error = { "" };
	int result = act(call->farm, call->user, call->argument[0], &call->wire_request, &error);
	if (result)
		call->wire_request = 0;
	answer_printer(call, result, &error);
}

static void pause_printer(struct api_call *call)
{
	ask_printer(call, farm_printer_pause);
}

static void resume_printer(struct api_call *call)
{
	ask_printer(call, farm_printer_resume);
}

static void connect_printer(struct api_call *call)
{
	struct error error = { "" };
	bool reset = false;
	struct json_in in = { call->body, false, &error };
	json_in_only(&in, (const char *const[]){ "reset", NULL });
	json_in_bool(&in, "reset", &reset);
	if (in.failed)
		answer_printer(call, -EINVAL, &error);
	else
		ask_printer(call, reset ? farm_printer_reset : farm_printer_connect);
}

static void enable_printer(struct api_call *call)
{
	act_on_printer(call, farm_printer_enable);
}

static void disable_printer(struct api_call *call)
{
	act_on_printer(call, farm_printer_disable);
}

static void unlock_printer(struct api_call *call)
{
	act_on_printer(call, farm_printer_unlock);
}

static void confirm_printer(struct api_call *call)
{
	act_on_printer(call, farm_printer_confirm);
}

static void maintained_printer(struct api_call *call)
{
	struct error error = { "" };
	struct json_in in = { call->body, false, &error };
	char what[NAME_MAX_BYTES] = "";
	json_in_only(&in, (const char *const[]){ "what", NULL });
	json_in_text(&in, "what", what, sizeof(what));
	int result = in.failed ? -EINVAL
			       : farm_printer_maintained(
					 call->farm, call->user, call->argument[0], what, &error);
	answer_printer(call, result, &error);
}

static void clear_printer(struct api_call *call)
{
	struct error error = { "" };
	int64_t good = -1, scrap = -1;
	char why[REASON_MAX_BYTES] = "";
	struct farm_clear clear = { .why = why };
	struct json_in in = { call->body, false, &error };
	json_in_only(&in, (const char *const[]){ "good", "scrap", "why", "not_yet", NULL });
	json_in_integer(&in, "good", 0, INT32_MAX, &good);
	json_in_integer(&in, "scrap", 0, INT32_MAX, &scrap);
	json_in_text(&in, "why", why, sizeof(why));
	json_in_bool(&in, "not_yet", &clear.not_yet);
	clear.good = (int32_t)good;
	clear.scrap = (int32_t)scrap;
	int result = in.failed ? -EINVAL
			       : farm_printer_clear(
					 call->farm, call->user, call->argument[0], &clear, &error);
	answer_printer(call, result, &error);
}

static void load_printer(struct api_call *call)
{
	struct error error = { "" };
	int64_t spool = -1;
	struct json_in in = { call->body, false, &error };
	json_in_only(&in, (const char *const[]){ "spool", NULL });
	json_in_integer(&in, "spool", 0, INT64_MAX, &spool);
	if (!in.failed && spool < 0) {
		error_set(&error, "\"spool\" must be the number of a spool, or 0 for none");
		in.failed = true;
	}
	int result = in.failed ? -EINVAL
			       : farm_printer_load(
					 call->farm, call->user, call->argument[0], spool, &error);
	answer_printer(call, result, &error);
}

/* By the firmware and the profile that are configured; the streamer looks again, by the firmware
 * that is there.  *why is filled when it may not be sent. */
static enum command_result read_manual(const struct api_call *call, const char *text,
	struct command *command, char *why, size_t why_size)
{
	struct policy_findings findings = { .count = 0 };
	struct farm_printer_view view;
	struct lexer_line line;
	bool found = farm_printer_by_name(call->farm, call->argument[0], &view);
	const struct profile *profile = found ? view.profile : NULL;
	enum command_result result;

	command->rule = NULL;
	if (found && (cnc_is_dialect(view.config->dialect) || view.config->kind != KIND_PRINTER)) {
		result = cnc_manual(text, strlen(text), command);
	} else {
		lexer_read(text, strlen(text), &line);
		result = command_from_words_within(&line, profile, COMMAND_MAX, command, &findings);
	}
	snprintf(why, why_size, "rule %s", command->rule ? command->rule : "of the file policy");
	for (size_t i = 0; i < findings.count && command->rule; i++)
		if (strcmp(policy_rule(findings.finding[i].id)->name, command->rule) == 0)
			policy_describe(&findings.finding[i], why, why_size);
	return result;
}

static void gcode_printer(struct api_call *call)
{
	struct error error = { "" };
	char text[256] = "", why[ANALYSIS_TEXT_MAX];
	struct command command;
	struct json_in in = { call->body, false, &error };
	json_in_only(&in, (const char *const[]){ "command", NULL });
	json_in_text(&in, "command", text, sizeof(text));
	int result = in.failed ? -EINVAL : 0;
	enum command_result checked =
		result ? COMMAND_NOTHING : read_manual(call, text, &command, why, sizeof why);
	if (!result && checked != COMMAND_SEND) {
		result = -EINVAL;
		if (checked == COMMAND_NOTHING)
			error_set(&error, "\"command\" holds no command: such as M104 S0");
		else
			error_set(&error, "\"%.80s\" may not be sent: %s", text, why);
	}
	if (!result)
		result = farm_printer_gcode(call->farm, call->user, call->argument[0], command.text,
			&call->wire_request, &error);
	answer_printer(call, result, &error);
}

static void log_of_printer(struct api_call *call)
{
	struct farm_printer_view view;
	if (!farm_printer_by_name(call->farm, call->argument[0], &view)) {
		answer_printer(call, 0, NULL);
		return;
	}
	json_t *items = json_array();
	const char *line;
	for (size_t i = 0; (line = farm_printer_said(call->farm, call->argument[0], i)); i++)
		json_array_append_new(items, json_out_text(line));
	api_answer(call, 200, json_out_items(items));
}

/* "next" of the page before: three whole numbers; NULL: from the oldest on. */
static bool read_cursor(const char *text, int64_t next[WIRE_RECORDER_KINDS])
{
	for (int i = 0; i < WIRE_RECORDER_KINDS; i++) {
		char *end;
		next[i] = 0;
		if (!text)
			continue;
		if (*text < '0' || *text > '9')
			return false;
		errno = 0;
		next[i] = strtoll(text, &end, 10);
		if (errno || *end != (i + 1 < WIRE_RECORDER_KINDS ? '.' : '\0'))
			return false;
		text = end + 1;
	}
	return true;
}

static void recording_of_printer(struct api_call *call)
{
	struct error error = { "" };
	int64_t next[WIRE_RECORDER_KINDS];
	int result = -EINVAL;
	if (read_cursor(http_query(call->request, "after"), next))
		result = farm_printer_recording(
			call->farm, call->argument[0], next, &call->wire_request, &error);
	else
		error_set(&error, "\"after\" must be the \"next\" of a page, such as 12.3.15");
	answer_printer(call, result, &error);
}

/* ---- emergency stop ---- */

static void estop_printer(struct api_call *call)
{
	struct error error = { "" };
	answer_printer(call, farm_estop(call->farm, call->user, call->argument[0], &error), &error);
}

static void estop_list(struct api_call *call, const json_t *names, struct error *error)
{
	int result = 0;
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		int one = farm_estop(call->farm, call->user, name ? name : "", error);
		if (one)
			result = one;
	}
	if (result)
		api_fail(call, result, error);
}

static void estop(struct api_call *call)
{
	struct error error = { "" };
	const json_t *names = json_object_get(call->body, "printers");
	api_answer(call, 200, json_pack("{s:b}", "stopped", 1));
	if (json_is_array(names)) {
		estop_list(call, names, &error);
		return;
	}
	/* Whatever the body says: in doubt everything stops. */
	int result = farm_estop(call->farm, call->user, NULL, &error);
	if (result)
		api_fail(call, result, &error);
}

/* ---- spools ---- */

static void list_spools(struct api_call *call)
{
	json_t *items = json_array();
	for (size_t i = 0; i < farm_spool_count(call->farm); i++) {
		const char *printer;
		const struct spool_record *spool = farm_spool_at(call->farm, i, &printer);
		json_array_append_new(items, json_out_spool(spool, printer));
	}
	api_answer(call, 200, json_out_items(items));
}

static void answer_spool(
	struct api_call *call, int status, int64_t id, int result, const struct error *error)
{
	const char *printer = NULL;
	const struct spool_record *spool =
		result ? NULL : farm_spool_by_id(call->farm, id, &printer);
	if (spool)
		api_answer(call, status, json_out_spool(spool, printer));
	else
		api_fail(call, result, error);
}

struct spool_texts {
	char material[NAME_MAX_BYTES], color[NAME_MAX_BYTES], lot[NAME_MAX_BYTES];
};

static bool read_spool(struct api_call *call, struct farm_spool *spool, struct spool_texts *texts,
	struct error *error)
{
	struct json_in in = { call->body, false, error };
	memset(texts, 0, sizeof(*texts));
	*spool = (struct farm_spool){ .grams = -1.0 };
	json_in_only(&in,
		(const char *const[]){ "material", "color", "grams", "grams_left", "lot", NULL });
	json_in_text(&in, "material", texts->material, sizeof(texts->material));
	json_in_text(&in, "color", texts->color, sizeof(texts->color));
	json_in_text(&in, "lot", texts->lot, sizeof(texts->lot));
	json_in_number(&in, "grams", 0.0, 20000.0, &spool->grams);
	json_in_number(&in, "grams_left", 0.0, 20000.0, &spool->grams);
	spool->material = json_in_has(&in, "material") ? texts->material : NULL;
	spool->color = json_in_has(&in, "color") ? texts->color : NULL;
	spool->lot = json_in_has(&in, "lot") ? texts->lot : NULL;
	return !in.failed;
}

static void create_spool(struct api_call *call)
{
	struct error error = { "" };
	struct farm_spool spool;
	struct spool_texts texts;
	int64_t id = 0;
	int result = read_spool(call, &spool, &texts, &error)
			     ? farm_spool_create(call->farm, call->user, &spool, &id, &error)
			     : -EINVAL;
	answer_spool(call, 201, id, result, &error);
}

static void set_spool(struct api_call *call)
{
	struct error error = { "" };
	struct farm_spool spool;
	struct spool_texts texts;
	int64_t id;
	if (!api_id(call, 0, "spool", &id))
		return;
	int result = read_spool(call, &spool, &texts, &error)
			     ? farm_spool_set(call->farm, call->user, id, &spool, &error)
			     : -EINVAL;
	answer_spool(call, 200, id, result, &error);
}

static void retire_spool(struct api_call *call)
{
	struct error error = { "" };
	int64_t id;
	if (api_id(call, 0, "spool", &id))
		answer_spool(call, 200, id, farm_spool_retire(call->farm, call->user, id, &error),
			&error);
}

static void show_spool(struct api_call *call)
{
	struct error error = { "" };
	const char *printer;
	int64_t id;
	if (!api_id(call, 0, "spool", &id))
		return;
	error_set(&error, "there is no spool %lld", (long long)id);
	answer_spool(
		call, 200, id, farm_spool_by_id(call->farm, id, &printer) ? 0 : -ENOENT, &error);
}

const struct api_route api_printer_routes[] = {
	{ "GET", "/api/v1/printers", list_printers, 0 },
	{ "GET", "/api/v1/printers/:", show_printer, 0 },
	{ "GET", "/api/v1/printers/:/log", log_of_printer, 0 },
	{ "GET", "/api/v1/printers/:/recording", recording_of_printer, 0 },
	{ "POST", "/api/v1/printers/:/pause", pause_printer, 0 },
	{ "POST", "/api/v1/printers/:/resume", resume_printer, 0 },
	{ "POST", "/api/v1/printers/:/enable", enable_printer, 0 },
	{ "POST", "/api/v1/printers/:/disable", disable_printer, 0 },
	{ "POST", "/api/v1/printers/:/unlock", unlock_printer, 0 },
	{ "POST", "/api/v1/printers/:/connect", connect_printer, 0 },
	{ "POST", "/api/v1/printers/:/confirm", confirm_printer, 0 },
	{ "POST", "/api/v1/printers/:/maintained", maintained_printer, 0 },
	{ "POST", "/api/v1/printers/:/clear", clear_printer, 0 },
	{ "POST", "/api/v1/printers/:/load", load_printer, 0 },
	{ "POST", "/api/v1/printers/:/gcode", gcode_printer, 0 },
	{ "POST", "/api/v1/printers/:/estop", estop_printer, 0 },
	{ "POST", "/api/v1/estop", estop, 0 },
	{ "GET", "/api/v1/spools", list_spools, 0 },
	{ "POST", "/api/v1/spools", create_spool, API_CREATES },
	{ "GET", "/api/v1/spools/:", show_spool, 0 },
	{ "POST", "/api/v1/spools/:/set", set_spool, 0 },
	{ "POST", "/api/v1/spools/:/retire", retire_spool, 0 },
	{ NULL, NULL, NULL, 0 },
};
