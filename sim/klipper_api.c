/* Klipper's API socket: JSON requests and replies, each ended by a byte 0x03. */
#include "base/json_text.h"
#include "sim/firmware.h"
#include "sim/klipper.h"

#include <stdarg.h> /* va_list */
#include <stdio.h>  /* vsnprintf, snprintf */
#include <string.h> /* memchr, memcpy, memmove, strcmp */

enum { PUSH_US = 250000 };
static const char frame_end = 0x03;

/* ---- writing ---- */

/* A client that does not read loses the connection; here, what does not fit. */
static void put(struct klipper *klipper, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void put(struct klipper *klipper, const char *format, ...)
{
	size_t room = sizeof klipper->reply - klipper->reply_length;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(klipper->reply + klipper->reply_length, room, format, arguments);
	va_end(arguments);
	if (length > 0)
		klipper->reply_length += (size_t)length < room ? (size_t)length : room - 1;
}

static void put_text(struct klipper *klipper, const char *text)
{
	put(klipper, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			put(klipper, "\\%c", *text);
		else if (*text == '\n')
			put(klipper, "\\n");
		else if (*text >= ' ')
			put(klipper, "%c", *text);
	}
	put(klipper, "\"");
}

static void end_frame(struct klipper *klipper)
{
	put(klipper, "%c", frame_end);
}

static void reply_error(struct klipper *klipper, const char *id, const char *message)
{
	put(klipper, "{\"id\":%s,\"error\":{\"error\":\"WebRequestError\",\"message\":", id);
	put_text(klipper, message);
	put(klipper, "}}");
	end_frame(klipper);
}

static void reply_empty(struct klipper *klipper, const char *id)
{
	put(klipper, "{\"id\":%s,\"result\":{}}", id);
	end_frame(klipper);
}

/* ---- objects ---- */

static void put_quoted(char *text, size_t size, const char *words)
{
	size_t length = 0;

	text[length++] = '"';
	for (; *words && length + 4 < size; words++) {
		if (*words == '"' || *words == '\\' || *words == '\n')
			text[length++] = '\\';
		text[length++] = *words == '\n' ? 'n' : *words;
	}
	text[length++] = '"';
	text[length] = '\0';
}

static void state_value(const struct klipper *klipper, char *text, size_t size)
{
	snprintf(text, size, "\"%s\"", sim_klipper_state(klipper));
}

static void message_value(const struct klipper *klipper, char *text, size_t size)
{
	char words[KLIPPER_FIELD_BYTES * 2];

	sim_klipper_state_message(klipper, words, sizeof words);
	put_quoted(text, size, words);
}

/* Behind a shutdown nothing is measured: it tells what it knew last, targets too. */
static double told_celsius(const struct klipper *klipper, enum sim_heater heater)
{
	if (klipper->life == KLIPPER_SHUTDOWN)
		return klipper->last_celsius[heater];
	return klipper->now_us < klipper->measured_from_us
		       ? 0
		       : machine_celsius(&klipper->machine, heater);
}

static double told_target(const struct klipper *klipper, enum sim_heater heater)
{
	return klipper->life == KLIPPER_SHUTDOWN ? klipper->last_target_celsius[heater]
						 : klipper->machine.target_celsius[heater];
}

static void hotend_value(const struct klipper *klipper, char *text, size_t size)
{
	snprintf(text, size, "%.2f", told_celsius(klipper, SIM_HOTEND));
}

static void hotend_target_value(const struct klipper *klipper, char *text, size_t size)
{
	snprintf(text, size, "%.1f", told_target(klipper, SIM_HOTEND));
}

static void hotend_power_value(const struct klipper *klipper, char *text, size_t size)
{
	snprintf(text, size, "%.3f", klipper->board->heat.element[SIM_HOTEND].power);
}

static void bed_value(const struct klipper *klipper, char *text, size_t size)
{
	snprintf(text, size, "%.2f", told_celsius(klipper, SIM_BED));
}

static void bed_target_value(const struct klipper *klipper, char *text, size_t size)
{
	snprintf(text, size, "%.1f", told_target(klipper, SIM_BED));
}

static void bed_power_value(const struct klipper *klipper, char *text, size_t size)
{
	snprintf(text, size, "%.3f", klipper->board->heat.element[SIM_BED].power);
}

static void homed_value(const struct klipper *klipper, char *text, size_t size)
{
	const bool *homed = klipper->machine.homed;

	snprintf(text, size, "\"%s%s%s\"", homed[0] ? "x" : "", homed[1] ? "y" : "",
		homed[2] ? "z" : "");
}

static void paused_value(const struct klipper *klipper, char *text, size_t size)
{
	snprintf(text, size, "%s", klipper->paused ? "true" : "false");
}

static void idle_value(const struct klipper *klipper, char *text, size_t size)
{
	snprintf(text, size, "\"%s\"", klipper->machine.print_going ? "Printing" : "Ready");
}

static void standby_value(const struct klipper *klipper, char *text, size_t size)
{
	(void)klipper;
	snprintf(text, size, "\"standby\"");
}

static void false_value(const struct klipper *klipper, char *text, size_t size)
{
	(void)klipper;
	snprintf(text, size, "false");
}

static void heaters_value(const struct klipper *klipper, char *text, size_t size)
{
	(void)klipper;
	snprintf(text, size, "[\"heater_bed\",\"extruder\"]");
}

/* By object. */
static const struct {
	const char *object, *name;
	void (*value)(const struct klipper *klipper, char *text, size_t size);
} fields[] = {
	{ "webhooks", "state", state_value },
	{ "webhooks", "state_message", message_value },
	{ "extruder", "temperature", hotend_value },
	{ "extruder", "target", hotend_target_value },
	{ "extruder", "power", hotend_power_value },
	{ "heater_bed", "temperature", bed_value },
	{ "heater_bed", "target", bed_target_value },
	{ "heater_bed", "power", bed_power_value },
	{ "heaters", "available_heaters", heaters_value },
	{ "toolhead", "homed_axes", homed_value },
	{ "pause_resume", "is_paused", paused_value },
	{ "idle_timeout", "state", idle_value },
	{ "print_stats", "state", standby_value },
	{ "virtual_sdcard", "is_active", false_value },
};
enum { FIELDS = sizeof fields / sizeof fields[0] };
_Static_assert(sizeof fields / sizeof fields[0] <= KLIPPER_FIELDS_MAX, "one text for each field");

static bool is_wanted(const struct json_text *objects, size_t field)
{
	struct json_text wanted = json_text_member(objects, fields[field].object), name;

	if (wanted.kind == JSON_NULL)
		return true;
	for (size_t i = 0; (name = json_text_element(&wanted, i)).kind != JSON_NONE; i++)
		if (json_text_is_string(&name, fields[field].name))
			return true;
	return false;
}

/* {"webhooks":{"state":…},…} with the wanted fields, or those of them that have changed since they
 * were told; false: none. */
static bool put_status(struct klipper *klipper, const struct json_text *objects, bool changed_only)
{
	const char *open = NULL;
	char text[KLIPPER_FIELD_BYTES];

	put(klipper, "{");
	for (size_t i = 0; i < FIELDS; i++) {
		if (!is_wanted(objects, i))
			continue;
		fields[i].value(klipper, text, sizeof text);
		if (changed_only && strcmp(text, klipper->told[i]) == 0)
			continue;
		if (changed_only)
			memcpy(klipper->told[i], text, sizeof text);
		if (!open || strcmp(open, fields[i].object) != 0)
			put(klipper, "%s\"%s\":{", open ? "}," : "", fields[i].object);
		else
			put(klipper, ",");
		open = fields[i].object;
		put(klipper, "\"%s\":%s", fields[i].name, text);
	}
	put(klipper, open ? "}}" : "}");
	return open != NULL;
}

static void put_eventtime(struct klipper *klipper)
{
	put(klipper, "{\"eventtime\":%.6f,\"status\":", (double)klipper->now_us / 1e6);
}

static void push(struct klipper *klipper)
{
	struct json_text objects = json_text_read(klipper->objects, strlen(klipper->objects));
	size_t before = klipper->reply_length;

	klipper->next_push_us = klipper->now_us + PUSH_US;
	put(klipper, "{\"params\":");
	put_eventtime(klipper);
	if (!put_status(klipper, &objects, true)) {
		klipper->reply_length = before;
		return;
	}
	put(klipper, "}}");
	end_frame(klipper);
}

/* ---- requests ---- */

static void query(
	struct klipper *klipper, const char *id, const struct json_text *params, bool subscribe)
{
	struct json_text objects = json_text_member(params, "objects");

	if (objects.kind != JSON_OBJECT) {
		reply_error(klipper, id, "Missing Argument [objects]");
		return;
	}
	put(klipper, "{\"id\":%s,\"result\":", id);
	put_eventtime(klipper);
	put_status(klipper, &objects, false);
	put(klipper, "}}");
	end_frame(klipper);
	if (!subscribe || objects.length >= sizeof klipper->objects)
		return;
	memcpy(klipper->objects, objects.text, objects.length);
	klipper->objects[objects.length] = '\0';
	klipper->subscribed = true;
	klipper->next_push_us = klipper->now_us + PUSH_US;
	/* Told just now. */
	for (size_t i = 0; i < FIELDS; i++)
		fields[i].value(klipper, klipper->told[i], sizeof klipper->told[i]);
}

static void info(struct klipper *klipper, const char *id)
{
	char words[KLIPPER_FIELD_BYTES * 2];

	sim_klipper_state_message(klipper, words, sizeof words);
	put(klipper, "{\"id\":%s,\"result\":{\"state\":\"%s\",\"state_message\":", id,
		sim_klipper_state(klipper));
	put_text(klipper, words);
	put(klipper, ",\"hostname\":\"printer\",\"software_version\":\"%s\"}}",
		klipper->variant->version);
	end_frame(klipper);
}

static void list(struct klipper *klipper, const char *id)
{
	put(klipper, "{\"id\":%s,\"result\":{\"objects\":[", id);
	for (size_t i = 0; i < FIELDS; i++)
		if (i == 0 || strcmp(fields[i].object, fields[i - 1].object) != 0)
			put(klipper, "%s\"%s\"", i > 0 ? "," : "", fields[i].object);
	put(klipper, "]}}");
	end_frame(klipper);
}

static void add_script(struct klipper *klipper, const char *id, const char *text)
{
	struct sim_klipper_script *script;

	if (klipper->scripts == KLIPPER_SCRIPTS_MAX) {
		reply_error(klipper, id, "too many scripts");
		return;
	}
	script = &klipper->script[klipper->scripts++];
	script->at = 0;
	snprintf(script->id, sizeof script->id, "%s", id);
	snprintf(script->text, sizeof script->text, "%s", text);
}

void sim_klipper_script_over(struct klipper *klipper, const char *error)
{
	if (klipper->scripts == 0)
		return;
	if (klipper->script[0].id[0] && error[0])
		reply_error(klipper, klipper->script[0].id, error);
	else if (klipper->script[0].id[0])
		reply_empty(klipper, klipper->script[0].id);
	klipper->scripts--;
	memmove(klipper->script, klipper->script + 1, klipper->scripts * sizeof klipper->script[0]);
}

static const struct {
	const char *method, *script;
} scripts[] = { { "gcode/restart", "RESTART" }, { "gcode/firmware_restart", "FIRMWARE_RESTART" },
	{ "pause_resume/pause", "PAUSE" }, { "pause_resume/resume", "RESUME" },
	{ "pause_resume/cancel", "CANCEL_PRINT" } };

static void act(
	struct klipper *klipper, const char *id, const char *method, const struct json_text *params)
{
	char text[KLIPPER_LINE_MAX];
	struct json_text script = json_text_member(params, "script");

	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
		if (strcmp(method, scripts[i].method) == 0) {
			add_script(klipper, id, scripts[i].script);
			return;
		}
	if (strcmp(method, "gcode/script") == 0 && json_text_string(&script, text, sizeof text)) {
		add_script(klipper, id, text);
	} else if (strcmp(method, "info") == 0) {
		info(klipper, id);
	} else if (strcmp(method, "emergency_stop") == 0) {
		sim_klipper_shutdown(klipper, "Shutdown due to webhooks request");
		reply_empty(klipper, id);
	} else if (strcmp(method, "objects/list") == 0) {
		list(klipper, id);
	} else if (strcmp(method, "objects/query") == 0) {
		query(klipper, id, params, false);
	} else if (strcmp(method, "objects/subscribe") == 0) {
		query(klipper, id, params, true);
	} else {
		reply_error(klipper, id, "No registered callback for path");
	}
}

/* Without an id there is no answer, not even to an error; what is no JSON is ignored. */
static void request(struct klipper *klipper, const char *text, size_t length)
{
	struct json_text top = json_text_read(text, length), id = json_text_member(&top, "id"),
			 params = json_text_member(&top, "params"),
			 method = json_text_member(&top, "method");
	char id_text[KLIPPER_ID_MAX] = "", method_text[48];
	size_t before = klipper->reply_length;
	bool silent = id.kind == JSON_NONE || id.kind == JSON_NULL || id.length >= sizeof id_text;

	if (!json_text_string(&method, method_text, sizeof method_text))
		return;
	if (!silent)
		memcpy(id_text, id.text, id.length);
	act(klipper, id_text, method_text, &params);
	if (silent)
		klipper->reply_length = before;
}

/* ---- the side channel ---- */

static void connected(void *state, bool is_connected, int64_t now_us)
{
	struct klipper *klipper = state;

	(void)now_us;
	klipper->connected = is_connected;
	klipper->subscribed = false;
	klipper->request_length = klipper->reply_length = 0;
	for (size_t i = 0; i < klipper->scripts; i++)
		klipper->script[i].id[0] = '\0';
}

static void receive(void *state, const char *bytes, size_t length, int64_t now_us)
{
	struct klipper *klipper = state;

	if (klipper->now_us < now_us)
		klipper->now_us = now_us;
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == frame_end) {
			request(klipper, klipper->request, klipper->request_length);
			klipper->request_length = 0;
		} else if (klipper->request_length < sizeof klipper->request) {
			klipper->request[klipper->request_length++] = bytes[i];
		}
	}
	klipper->free_us = klipper->now_us;
}

static size_t take(void *state, char *bytes, size_t size)
{
	struct klipper *klipper = state;
	size_t length = klipper->reply_length < size ? klipper->reply_length : size;

	memcpy(bytes, klipper->reply, length);
	klipper->reply_length -= length;
	memmove(klipper->reply, klipper->reply + length, klipper->reply_length);
	return length;
}

static bool serves(const void *state)
{
	const struct klipper *klipper = state;

	return klipper->life != KLIPPER_OFF && klipper->now_us >= klipper->no_socket_us;
}

const struct sim_side sim_klipper_side = {
	.connected = connected,
	.receive = receive,
	.take = take,
	.serves = serves,
};

int64_t sim_klipper_api_next_us(const struct klipper *klipper)
{
	if (klipper->now_us < klipper->no_socket_us)
		return klipper->no_socket_us;
	return klipper->connected && klipper->subscribed ? klipper->next_push_us : SIM_NEVER;
}

void sim_klipper_api_step(struct klipper *klipper)
{
	if (klipper->connected && klipper->subscribed && klipper->now_us >= klipper->next_push_us)
		push(klipper);
}
