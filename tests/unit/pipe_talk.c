/* See pipe_talk.h. */
#include "tests/unit/pipe_talk.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static void append(
	char *to, const struct driver_effects *effects, const struct driver_effect *effect)
{
	size_t used = strlen(to);

	assert(used + effect->write_length < TALK_WRITTEN_MAX);
	memcpy(to + used, effects->bytes + effect->write_offset, effect->write_length);
	to[used + effect->write_length] = '\0';
}

static void perform_one(struct pipe_talk *talk, const struct driver_effect *effect)
{
	switch (effect->kind) {
	case DRIVER_WRITE:
		append(talk->written, &talk->effects, effect);
		break;
	case DRIVER_SIDE_WRITE:
		append(talk->side, &talk->effects, effect);
		break;
	case DRIVER_WAKE_AT:
		talk->wake_us = effect->time_us;
		break;
	case DRIVER_STATE:
		talk->state = effect->state;
		break;
	case DRIVER_ACKNOWLEDGED:
		assert(effect->index > talk->acknowledged);
		talk->acknowledged = effect->index;
		break;
	case DRIVER_JOB_FAULT:
	case DRIVER_LINK_FAULT:
		talk->faults++;
		talk->fault = effect->fault;
		memcpy(talk->reason, effect->text, sizeof talk->reason);
		break;
	case DRIVER_ATTENTION:
		memcpy(talk->attention, effect->text, sizeof talk->attention);
		break;
	case DRIVER_ATTENTION_OVER:
		talk->attention[0] = '\0';
		break;
	case DRIVER_HEATERS:
		talk->readings++;
		break;
	case DRIVER_JOB_DONE:
		talk->done = true;
		break;
	case DRIVER_JOB_CANCELLED:
		talk->cancelled = true;
		break;
	case DRIVER_COLD:
		talk->cold = true;
		break;
	case DRIVER_BY_HAND:
		talk->by_hand = true;
		break;
	case DRIVER_BY_HAND_OVER:
		talk->by_hand = false;
		break;
	case DRIVER_SAID:
		snprintf(talk->said, sizeof(talk->said), "%s", effect->text);
		break;
	case DRIVER_IDENTITY:
	case DRIVER_NUMBERED:
	case DRIVER_PAUSED_NOW:
	case DRIVER_RESUMED_NOW:
	case DRIVER_RESET_LINE:
	case DRIVER_ADOPTED:
		break;
	}
}

void pipe_talk_perform(struct pipe_talk *talk)
{
	for (size_t i = 0; i < talk->effects.count; i++)
		perform_one(talk, &talk->effects.effect[i]);
	driver_effects_clear(&talk->effects);
}

void pipe_talk_start(struct pipe_talk *talk, const char *dialect)
{
	struct driver_settings settings = { .park_lift_mm = 5, .seed = 3 };

	memset(talk, 0, sizeof *talk);
	talk->dialect = driver_dialect_find(dialect);
	talk->driver = talk->dialect->create(&settings);
	assert(talk->driver);
	talk->now_us = 1000000;
	talk->wake_us = DRIVER_NEVER;
	talk->acknowledged = -1;
	talk->dialect->opened(talk->driver, talk->now_us, &talk->effects);
	pipe_talk_perform(talk);
}

void pipe_talk_end(struct pipe_talk *talk)
{
	talk->dialect->destroy(talk->driver);
}

void pipe_talk_say(struct pipe_talk *talk, const char *text)
{
	talk->now_us += 1000;
	for (size_t length = strlen(text); length > 0;) {
		size_t part = length < DRIVER_RECEIVE_MAX ? length : DRIVER_RECEIVE_MAX;

		talk->dialect->receive(talk->driver, talk->now_us, text, part, &talk->effects);
		pipe_talk_perform(talk);
		text += part;
		length -= part;
	}
}

void pipe_talk_side(struct pipe_talk *talk, const char *text, size_t length)
{
	talk->now_us += 1000;
	for (; length > 0;) {
		size_t part = length < DRIVER_RECEIVE_MAX ? length : DRIVER_RECEIVE_MAX;

		talk->dialect->side->receive(
			talk->driver, talk->now_us, text, part, &talk->effects);
		pipe_talk_perform(talk);
		text += part;
		length -= part;
	}
}

void pipe_talk_pass(struct pipe_talk *talk, int64_t us)
{
	int64_t end_us = talk->now_us + us;

	while (talk->wake_us <= end_us) {
		talk->now_us = talk->wake_us > talk->now_us ? talk->wake_us : talk->now_us + 1;
		talk->wake_us = DRIVER_NEVER;
		talk->dialect->wake(talk->driver, talk->now_us, &talk->effects);
		pipe_talk_perform(talk);
	}
	talk->now_us = end_us;
}

void pipe_talk_forget(struct pipe_talk *talk)
{
	talk->written[0] = talk->side[0] = '\0';
}

int pipe_talk_count(const struct pipe_talk *talk, const char *text)
{
	int count = 0;

	for (const char *at = talk->written; (at = strstr(at, text)); at += strlen(text))
		count++;
	return count;
}

const char *pipe_talk_nonce(const struct pipe_talk *talk)
{
	static char nonce[11];
	const char *found = NULL;

	for (const char *at = talk->written; (at = strstr(at, "pf")); at += 2)
		found = at;
	assert(found);
	memcpy(nonce, found, 10);
	return nonce;
}

void pipe_talk_ready(struct pipe_talk *talk)
{
	char line[64];

	if (talk->dialect->side) {
		snprintf(line, sizeof line, "ok\n// ECHO PF=%s\nok\n", pipe_talk_nonce(talk));
		pipe_talk_say(talk, line);
		pipe_talk_say(talk, "ok FIRMWARE_NAME:Klipper FIRMWARE_VERSION:v0.12.0\n");
		pipe_talk_say(talk, "// Klipper state: Ready\nok\n");
	} else {
		pipe_talk_say(talk, "ok\nFIRMWARE_NAME: RepRapFirmware for Duet 2 "
				    "FIRMWARE_VERSION: 3.5.3 ELECTRONICS: Duet WiFi\nok\n");
		pipe_talk_say(talk, "{\"key\":\"state.status\",\"flags\":\"\",\"result\":\"idle\"}"
				    "\nok\n");
		pipe_talk_say(talk, "ok T:20.0 /0.0 T0:20.0 /0.0 B:20.0 /0.0\n");
		snprintf(line, sizeof line, "%s\nok\n", pipe_talk_nonce(talk));
		pipe_talk_say(talk, line);
	}
	assert(talk->state == DRIVER_READY);
	pipe_talk_forget(talk);
}

void pipe_talk_print(struct pipe_talk *talk, const char *const *commands, size_t count)
{
	talk->acknowledged = -1;
	talk->dialect->job_start(talk->driver, talk->now_us, &talk->effects);
	pipe_talk_perform(talk);
	for (size_t i = 0; i < count && talk->dialect->wants_command(talk->driver); i++) {
		talk->dialect->command(talk->driver, talk->now_us, commands[i], strlen(commands[i]),
			&talk->effects);
		pipe_talk_perform(talk);
	}
}
