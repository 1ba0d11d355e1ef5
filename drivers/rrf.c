/* RepRapFirmware 2 and 3 (GCodes*.cpp, StringParser.cpp): what its lines mean, how it is connected
 * to, asked, stopped and reset. */
#include "drivers/rrf.h"

#include "base/json_text.h"
#include "drivers/pipe.h"
#include "drivers/reply.h"
#include "drivers/report.h"

#include <stdio.h>  /* snprintf, of words only */
#include <stdlib.h> /* calloc */
#include <string.h>

#define RRF_ASK_US   PIPE_S(10) /* between two questions for message boxes */
#define RRF_RESET_US PIPE_S(10) /* M999: until the board must be gone or back */

enum { STATUS_MAX = 24 };

struct rrf {
	struct pipe pipe;	 /* first */
	char status[STATUS_MAX]; /* of the object model, or M408's letter */
	bool object_model;	 /* M409 is there */
	int stage;		 /* of connecting: identity, status, barrier */
	bool reset_allowed;	 /* a person has dealt with the fault */
	bool boxed;		 /* a message box is up */
	bool in_list;		 /* M20: file names up to its end */
	int64_t asked_us;
};

static struct rrf *of(struct pipe *pipe)
{
	return (struct rrf *)pipe;
}

static bool begins(const char *text, size_t length, const char *word)
{
	return length >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

static bool contains(const char *text, size_t length, const char *word)
{
	for (size_t i = 0; i < length; i++)
		if (reply_starts_with(text + i, length - i, word))
			return true;
	return false;
}

/* ---- JSON ---- */

/* Blocking boxes of our own lines cannot be seen here: the channel is blocked with them. */
static void on_box(struct rrf *r, const struct json_text *box)
{
	struct pipe *pipe = &r->pipe;
	struct json_text message = json_text_member(box, "message");
	char text[PIPE_WORDS_MAX];

	if (message.kind == JSON_NONE)
		message = json_text_member(box, "msg");
	if (json_text_string(&message, text, sizeof(text))) {
		r->boxed = true;
		pipe_remember(pipe, text, strlen(text));
		pipe_attention(pipe, "the printer shows a message");
	} else if (r->boxed) {
		r->boxed = false;
		pipe_attention_over(pipe);
	}
}

/* It prints from its own card, or is paused while it does. */
static bool is_at_work(const struct rrf *r)
{
	static const char *const words[] = { "processing", "pausing", "paused", "resuming",
		"simulating", "P", "D", "S", "A", "R", "M" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(r->status, words[i]) == 0)
			return true;
	return false;
}

/* What a print of ours makes it say is no news. */
static void on_status(struct rrf *r)
{
	if (!r->pipe.job)
		pipe_by_hand(&r->pipe, is_at_work(r), "the printer prints from its own card");
}

static void on_json(struct rrf *r, const char *text, size_t length)
{
	struct json_text top = json_text_read(text, length),
			 status = json_text_member(&top, "status"),
			 key = json_text_member(&top, "key"),
			 result = json_text_member(&top, "result"),
			 box = json_text_member(&top, "msgBox");

	if (json_text_is_string(&key, "state.status")) {
		json_text_string(&result, r->status, sizeof(r->status));
		on_status(r);
	} else if (json_text_is_string(&key, "state.messageBox")) {
		on_box(r, &result);
	} else if (status.kind == JSON_STRING) {
		json_text_string(&status, r->status, sizeof(r->status));
		on_status(r);
		on_box(r, &box);
	}
}

static bool is_halted(const struct rrf *r)
{
	return strcmp(r->status, "halted") == 0 || strcmp(r->status, "H") == 0;
}

/* ---- lines ---- */

/* Where the word begins; `length` when it does not. */
static size_t find(const char *text, size_t length, const char *word)
{
	size_t at = 0;

	while (at < length && !begins(text + at, length - at, word))
		at++;
	return at;
}

/* The value behind a key of M115's answer, up to the next key: they hold blanks. */
static void take_value(const char *text, size_t length, const char *key, char *value, size_t size)
{
	static const char *const keys[] = {
		"FIRMWARE_NAME:", "FIRMWARE_VERSION:", "ELECTRONICS:", "FIRMWARE_DATE:"
	};
	size_t at = find(text, length, key), end;

	value[0] = '\0';
	if (at == length)
		return;
	text += at + strlen(key);
	length -= at + strlen(key);
	end = length;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t next = find(text, length, keys[i]);

		end = next < end ? next : end;
	}
	while (end > 0 && *text == ' ')
		text++, end--;
	while (end > 0 && text[end - 1] == ' ')
		end--;
	report_escape(text, end, value, size);
}

/* "RepRapFirmware for Duet 2 …" becomes "RepRapFirmware 3.5.3"; the board is told by ELECTRONICS.
 */
static void on_identity(struct pipe *pipe, const char *text, size_t length)
{
	struct driver_identity *identity = &pipe->identity;
	char name[48], version[32];

	take_value(text, length, "FIRMWARE_NAME:", name, sizeof(name));
	take_value(text, length, "FIRMWARE_VERSION:", version, sizeof(version));
	take_value(text, length, "ELECTRONICS:", identity->machine, sizeof(identity->machine));
	if (begins(name, strlen(name), "RepRapFirmware"))
		snprintf(identity->firmware, sizeof(identity->firmware), "RepRapFirmware %s",
			version);
	else
		snprintf(identity->firmware, sizeof(identity->firmware), "%s", name);
	pipe->identity_seen = true;
	of(pipe)->object_model = version[0] >= '3' && version[0] <= '9';
}

static bool is_heater_fault(const char *text, size_t length)
{
	return contains(text, length, "heating fault") ||
	       (contains(text, length, "heater") && contains(text, length, "fault")) ||
	       contains(text, length, "temperature reading error") ||
	       contains(text, length, "over temperature");
}

static void on_error(struct pipe *pipe, const char *text, size_t length)
{
	char words[DRIVER_REASON_MAX];

	report_escape(text, length, words, sizeof(words));
	if (is_heater_fault(text, length))
		pipe_fault(pipe, DRIVER_FAULT_THERMAL, words);
	else if (contains(text, length, "not supported") ||
		 contains(text, length, "unsupported command"))
		pipe_on_unknown(pipe, text, length);
	else if (pipe->phase != PIPE_FAULTED)
		pipe_on_error(pipe, text, length);
}

static void on_text(struct pipe *pipe, const char *text, size_t length)
{
	if (begins(text, length, "Emergency Stop")) {
		pipe_fault(pipe, DRIVER_FAULT_KILLED,
			"the printer was stopped by an emergency stop (unlock resets it)");
	} else if (begins(text, length, "FIRMWARE_NAME:")) {
		on_identity(pipe, text, length);
	} else if (!pipe_on_nonce(pipe, text, length)) {
		pipe_remember(pipe, text, length);
		if (pipe->phase >= PIPE_READY && pipe->phase != PIPE_FAULTED)
			effects_text(pipe->effects, DRIVER_SAID, text, length);
	}
}

static void line(struct pipe *pipe, const char *text, size_t length)
{
	static const char action[] = "//action:", error[] = "Error: ", warning[] = "Warning: ";
	struct rrf *r = of(pipe);

	if (r->in_list) {
		r->in_list = !begins(text, length, "End file list");
	} else if (length >= 2 && memcmp(text, "ok", 2) == 0 && (length == 2 || text[2] == ' ')) {
		pipe_on_ok(pipe, length > 3 && pipe_on_temperatures(pipe, text + 2, length - 2));
	} else if (text[0] == '{') {
		on_json(r, text, length);
	} else if (begins(text, length, error)) {
		on_error(pipe, text + strlen(error), length - strlen(error));
	} else if (begins(text, length, warning) && contains(text, length, "not supported")) {
		pipe_on_unknown(pipe, text + strlen(warning), length - strlen(warning));
	} else if (begins(text, length, action)) {
		pipe_on_action(pipe, text + strlen(action), length - strlen(action));
	} else if (begins(text, length, "Begin file list")) {
		r->in_list = true;
	} else if (!pipe_on_temperatures(pipe, text, length)) {
		on_text(pipe, text, length);
	}
}

/* ---- programs ---- */

static void ask_status(struct rrf *r)
{
	if (r->object_model)
		script_line(&r->pipe.script, "M409 K\"state.status\"");
	else
		script_line(&r->pipe.script, "M408 S0");
}

static void connect(struct pipe *pipe)
{
	struct rrf *r = of(pipe);

	r->status[0] = '\0';
	r->in_list = r->boxed = r->object_model = false;
	r->stage = 0;
	/* Without M555 P2 a config.g may have switched the oks off. */
	pipe_write(pipe, "\nM555 P2\n");
	script_line(&pipe->script, "M115");
}

static void reset_board(struct rrf *r)
{
	struct pipe *pipe = &r->pipe;

	r->reset_allowed = false;
	effects_said(pipe->effects, "a person has unlocked: M999");
	pipe_write(pipe, "M999\n");
	pipe_connect_again(pipe, pipe->now_us + RRF_RESET_US);
}

/* Which question it understands is known when it has said its version; a halted board answers
 * questions only, so the barrier comes last. */
static bool connected(struct pipe *pipe)
{
	static const char window[] = "one line at a time";
	struct rrf *r = of(pipe);

	if (r->stage++ == 0) {
		pipe_task_go_on(pipe);
		ask_status(r);
		return false;
	}
	if (is_halted(r)) {
		if (r->reset_allowed)
			reset_board(r);
		else
			pipe_fault(pipe, DRIVER_FAULT_KILLED,
				"the printer is halted after an emergency stop (unlock resets it)");
		return false;
	}
	if (r->stage == 2) {
		pipe_task_go_on(pipe);
		/* Once asked, it reports by itself while it waits for heat. */
		script_line(&pipe->script, "M105");
		script_barrier(&pipe->script);
		return false;
	}
	pipe->connect_tries = 0;
	r->reset_allowed = false;
	r->asked_us = pipe->now_us;
	if (pipe->link == DRIVER_LINK_UART)
		effects_said(pipe->effects, "behind a serial wire damaged lines run unnoticed: use "
					    "the board's own USB");
	pipe->identity.host_actions = true;
	memcpy(pipe->identity.window, window, sizeof(window));
	return true;
}

static void heaters_off(struct pipe *pipe)
{
	struct script *script = &pipe->script;

	if (pipe->tools_seen <= 1)
		script_line(script, "M104 S0");
	for (int tool = 0; pipe->tools_seen > 1 && tool < MODAL_TOOLS_MAX; tool++)
		if (pipe->tools_seen & 1u << tool) {
			struct script_step *step = script_line(script, "M104");

			script_word(step, " T", tool);
			script_word(step, " S", 0);
		}
	script_line(script, "M140 S0");
	if (pipe->modal.chamber_celsius > 0)
		script_line(script, "M141 S0");
}

static void pause_print(struct pipe *pipe)
{
	(void)pipe;
}

static void resume_print(struct pipe *pipe)
{
	pipe_add_way_back(pipe, &pipe->parked);
}

/* While it prints: does it show a message box, which only a person can answer?  Else: does it print
 * for somebody else? */
static const char *next_question(const struct rrf *r)
{
	if (!r->object_model)
		return "M408 S0";
	return r->pipe.phase == PIPE_PRINTING ? "M409 K\"state.messageBox\""
					      : "M409 K\"state.status\"";
}

static bool advance(struct pipe *pipe, int64_t *wake_us)
{
	struct rrf *r = of(pipe);
	bool asks = (pipe->phase == PIPE_PRINTING || pipe->phase == PIPE_READY) &&
		    pipe->task == PIPE_TASK_NONE && pipe_has_room(pipe);
	int64_t due_us = r->asked_us + RRF_ASK_US;

	if (!asks)
		return false;
	if (pipe->now_us < due_us) {
		*wake_us = due_us < *wake_us ? due_us : *wake_us;
		return false;
	}
	r->asked_us = pipe->now_us;
	return pipe_send_question(pipe, next_question(r));
}

static bool reads(const struct pipe *pipe)
{
	(void)pipe;
	return false;
}

/* M555 P1 takes the oks away, M575 the channel. */
static const char *const forbidden[] = { "M555", "M575", NULL };

static const struct pipe_dialect dialect = {
	.firmware = "RepRapFirmware",
	.window_lines = 1,
	.window_lines_most = 2,
	.window_bytes = 255, /* the cache of the USB channel */
	.barrier_before = "M118 P1 S\"",
	.barrier_behind = "\"",
	/* Queued behind what runs: on USB nothing looks ahead. */
	.emergency = "\nM112\n",
	.forbidden = forbidden,
	.release = "M292 P0",
	.line = line,
	.connect = connect,
	.connected = connected,
	.heaters_off = heaters_off,
	.pause = pause_print,
	.resume = resume_print,
	.advance = advance,
	.reads = reads,
};

struct driver *rrf_create(const struct driver_settings *settings)
{
	struct rrf *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	pipe_init(&r->pipe, &dialect, settings);
	return (struct driver *)r;
}

void rrf_unlocked(struct driver *driver)
{
	((struct rrf *)driver)->reset_allowed = true;
}
