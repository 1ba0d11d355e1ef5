/* Klipper's API socket: JSON frames ended by 0x03, answers matched by their id.  It tells the state
 * and the temperatures however busy the terminal is, and takes the emergency stop at once.  Nothing
 * else is sent on it, and nothing is sent again when it comes back. */
#include "base/json_text.h"
#include "drivers/klipper_private.h"
#include "drivers/report.h"

#include <stdio.h> /* snprintf, of whole numbers and our own words */
#include <string.h>

static const char frame_end = 0x03;

/* What is asked for: the objects, in the order of preference for DRIVER_HEATERS_MAX. */
static const char objects[] = "{\"webhooks\":[\"state\",\"state_message\"],"
			      "\"virtual_sdcard\":[\"is_active\"],"
			      "\"extruder\":[\"temperature\",\"target\",\"power\"],"
			      "\"heater_bed\":[\"temperature\",\"target\",\"power\"],"
			      "\"extruder1\":[\"temperature\",\"target\",\"power\"],"
			      "\"extruder2\":[\"temperature\",\"target\",\"power\"],"
			      "\"heater_generic chamber\":[\"temperature\",\"target\",\"power\"]}";

static const struct {
	const char *object, *name;
} heater_objects[] = { { "extruder", "T0" }, { "heater_bed", "B" }, { "extruder1", "T1" },
	{ "extruder2", "T2" }, { "heater_generic chamber", "C" } };

/* ---- asking ---- */

static int64_t ask(struct klipper *k, const char *method, const char *params)
{
	char frame[768];
	int length =
		snprintf(frame, sizeof(frame), "{\"id\":%lld,\"method\":\"%s\",\"params\":%s}%c",
			(long long)++k->next_id, method, params, frame_end);

	if (length > 0 && (size_t)length < sizeof(frame))
		effects_side_write(k->pipe.effects, frame, (size_t)length);
	return k->next_id;
}

static int64_t ask_objects(struct klipper *k, const char *method)
{
	char params[640];

	snprintf(params, sizeof(params), "{\"objects\":%s}", objects);
	k->asked_us = k->pipe.now_us;
	return ask(k, method, params);
}

void klipper_api_stop(struct klipper *k)
{
	if (k->connected)
		ask(k, "emergency_stop", "{}");
}

void klipper_api_ask_why(struct klipper *k)
{
	if (k->connected)
		k->query_id = ask_objects(k, "objects/query");
}

bool klipper_api_reads(const struct klipper *k)
{
	return k->connected && k->reading_us != 0 &&
	       k->pipe.now_us - k->reading_us < KLIPPER_FRESH_US;
}

/* What does not change is not told: then it is asked for. */
bool klipper_api_advance(struct klipper *k, int64_t *wake_us)
{
	int64_t since = k->reading_us > k->asked_us ? k->reading_us : k->asked_us;

	if (!k->connected || k->pipe.phase == PIPE_CLOSED)
		return false;
	if (k->pipe.now_us >= since + KLIPPER_QUERY_US) {
		k->query_id = ask_objects(k, "objects/query");
		since = k->asked_us;
	}
	if (since + KLIPPER_QUERY_US < *wake_us)
		*wake_us = since + KLIPPER_QUERY_US;
	return false;
}

/* ---- answers ---- */

static struct driver_heater *find_heater(struct driver_heaters *heaters, const char *name)
{
	for (size_t i = 0; i < heaters->count; i++)
		if (strcmp(heaters->heater[i].name, name) == 0)
			return &heaters->heater[i];
	return NULL;
}

static struct driver_heater *add_heater(struct driver_heaters *heaters, const char *name)
{
	struct driver_heater *heater;

	if (heaters->count == DRIVER_HEATERS_MAX)
		return NULL;
	heater = &heaters->heater[heaters->count++];
	*heater = (struct driver_heater){ .power = -1 };
	snprintf(heater->name, sizeof(heater->name), "%s", name);
	return heater;
}

static bool is_celsius(double value)
{
	return value > -1000 && value < 10000;
}

/* True: something was said of it. */
static bool take_heater(struct klipper *k, const struct json_text *status, size_t index)
{
	struct json_text object = json_text_member(status, heater_objects[index].object);
	struct json_text celsius = json_text_member(&object, "temperature"),
			 target = json_text_member(&object, "target"),
			 power = json_text_member(&object, "power");
	struct driver_heater *heater = find_heater(&k->readings, heater_objects[index].name);
	bool taken = false;
	double value;

	if (json_text_number(&celsius, &value) && !klipper_is_measured(value))
		return false;
	/* A heater that is not in this machine has no temperature. */
	if (!heater && json_text_number(&celsius, &value))
		heater = add_heater(&k->readings, heater_objects[index].name);
	if (!heater)
		return false;
	if (json_text_number(&celsius, &value) && is_celsius(value)) {
		heater->celsius = value;
		taken = true;
	}
	if (json_text_number(&target, &value) && is_celsius(value)) {
		heater->target_celsius = value;
		taken = true;
	}
	if (json_text_number(&power, &value) && value >= 0 && value <= 1)
		heater->power = (int32_t)(value * 127);
	return taken;
}

static void take_heaters(struct klipper *k, const struct json_text *status)
{
	bool taken = false;

	for (size_t i = 0; i < sizeof(heater_objects) / sizeof(heater_objects[0]); i++)
		taken = take_heater(k, status, i) || taken;
	if (!taken || k->pipe.phase < PIPE_READY)
		return;
	k->reading_us = k->pipe.now_us;
	k->pipe.heaters = k->readings;
	report_name_the_only_tool(&k->pipe.heaters);
	pipe_new_heaters(&k->pipe);
}

/* The first line of the message says why, the others what to do. */
static void on_state(
	struct klipper *k, const struct json_text *state, const struct json_text *message)
{
	char text[KLIPPER_MESSAGE_MAX], words[KLIPPER_MESSAGE_MAX];

	if (state->kind != JSON_STRING)
		return;
	k->down = json_text_is_string(state, "shutdown") || json_text_is_string(state, "error");
	if (!k->down)
		return;
	json_text_string(message, text, sizeof(text));
	report_escape(text, strcspn(text, "\n"), words, sizeof(words));
	klipper_shutdown(k, words);
}

static void on_status(struct klipper *k, const struct json_text *status)
{
	struct json_text state = json_text_find(status, "webhooks.state"),
			 message = json_text_find(status, "webhooks.state_message"),
			 printing = json_text_find(status, "virtual_sdcard.is_active");

	on_state(k, &state, &message);
	if (!k->down)
		take_heaters(k, status);
	if (printing.kind == JSON_TRUE && k->pipe.phase == PIPE_READY)
		pipe_by_hand(&k->pipe, true, "Klipper prints from its own storage");
	else if (printing.kind == JSON_FALSE)
		pipe_by_hand(&k->pipe, false, "");
}

static void on_answer(struct klipper *k, int64_t id, const struct json_text *result)
{
	struct json_text status = json_text_member(result, "status"),
			 state = json_text_member(result, "state"),
			 message = json_text_member(result, "state_message");

	if (id == k->info_id)
		on_state(k, &state, &message);
	else if (id == k->subscribe_id || id == k->query_id)
		on_status(k, &status);
}

static void on_frame(struct klipper *k)
{
	struct json_text top = json_text_read(k->frame, k->frame_length),
			 id = json_text_member(&top, "id"),
			 result = json_text_member(&top, "result"),
			 error = json_text_member(&top, "error"),
			 pushed = json_text_find(&top, "params.status"),
			 message = json_text_member(&error, "message");
	char text[KLIPPER_MESSAGE_MAX];
	double number;

	if (pushed.kind == JSON_OBJECT)
		on_status(k, &pushed);
	else if (json_text_string(&message, text, sizeof(text)))
		effects_text(k->pipe.effects, DRIVER_SAID, text, strlen(text));
	else if (json_text_number(&id, &number) && number >= 1 && number <= (double)k->next_id)
		on_answer(k, (int64_t)number, &result);
}

static void take_byte(struct klipper *k, char byte)
{
	if (byte != frame_end) {
		if (k->frame_length < sizeof(k->frame))
			k->frame[k->frame_length++] = byte;
		else
			k->frame_too_long = true;
		return;
	}
	if (k->frame_too_long)
		k->pipe.counters.overlong_lines++;
	else
		on_frame(k);
	k->frame_length = 0;
	k->frame_too_long = false;
}

/* ---- the side channel ---- */

static void forget(struct klipper *k)
{
	k->frame_length = 0;
	k->frame_too_long = false;
	k->info_id = k->subscribe_id = k->query_id = 0;
	k->reading_us = 0;
	k->down = false;
	k->readings = (struct driver_heaters){ .time_us = 0 };
}

static void side_opened(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct klipper *k = (struct klipper *)driver;

	pipe_begin_call(&k->pipe, now_us, effects);
	forget(k);
	k->connected = true;
	k->info_id = ask(k, "info", "{\"client_info\":{\"program\":\"printfarm\"}}");
	k->subscribe_id = ask_objects(k, "objects/subscribe");
	pipe_end_call(&k->pipe);
}

static void side_closed(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct klipper *k = (struct klipper *)driver;

	pipe_begin_call(&k->pipe, now_us, effects);
	forget(k);
	k->connected = false;
	pipe_by_hand(&k->pipe, false, "");
	pipe_end_call(&k->pipe);
}

static void side_receive(struct driver *driver, int64_t now_us, const char *bytes, size_t length,
	struct driver_effects *effects)
{
	struct klipper *k = (struct klipper *)driver;

	pipe_begin_call(&k->pipe, now_us, effects);
	for (size_t i = 0; i < length; i++)
		take_byte(k, bytes[i]);
	pipe_end_call(&k->pipe);
}

const struct driver_side klipper_side = {
	.opened = side_opened,
	.closed = side_closed,
	.receive = side_receive,
};
