/* The printer that the recorded one does not play: for what our driver says and another host did
 * not. */
#include "daemon/stream/replay_private.h"

#include <stdlib.h>
#include <string.h>

static void answer_later(struct replay *replay, const char *text)
{
	struct answer *answer;

	if (replay->answer_count == ANSWERS_MAX)
		return;
	answer = &replay->answer[replay->answer_count++];
	answer->due_us = replay->now_us + ANSWER_US;
	snprintf(answer->text, sizeof(answer->text), "%s", text);
}

/* False: not the number that a printer expects. */
static bool count_line(struct replay *replay, const struct replay_line *line)
{
	if (strncmp(line->text, "M110", 4) == 0) {
		const char *at = strchr(line->text, 'N');

		replay->counter = at ? strtoll(at + 1, NULL, 10) : line->number;
		return true;
	}
	if (line->number >= 0 && line->number != replay->counter + 1)
		return false;
	if (line->number >= 0)
		replay->counter = line->number;
	return true;
}

/* By the name of the recorded printer, where it was asked. */
static void introduce(const struct replay *replay, char text[LINE_BYTES])
{
	snprintf(text, LINE_BYTES, "FIRMWARE_NAME:Marlin\nok\n");
	for (size_t i = 0; i < replay->count; i++) {
		const struct transcript_row *row = &replay->row[i];

		if (row->kind != TRANSCRIPT_RECEIVED || row->length < 14 || row->length > 300 ||
			memcmp(row->bytes, "FIRMWARE_NAME:", 14) != 0)
			continue;
		snprintf(text, LINE_BYTES, "%.*sok\n", (int)row->length, row->bytes);
		return;
	}
	/* Klipper's name stands in the acknowledgement. */
	if (strcmp(replay->dialect->name, "klipper") == 0)
		snprintf(text, LINE_BYTES, "ok FIRMWARE_NAME:Klipper\n");
}

/* The state that the recorded machine told last. */
static bool report_again(const struct replay *replay, char text[LINE_BYTES])
{
	for (size_t i = replay->at; i > 0; i--) {
		const struct transcript_row *row = &replay->row[i - 1];

		if (row->kind != TRANSCRIPT_RECEIVED || row->length < 3 || row->length > 200 ||
			row->bytes[0] != '<')
			continue;
		snprintf(text, LINE_BYTES, "%.*s", (int)row->length, row->bytes);
		return true;
	}
	return false;
}

static bool has_shut_down(const struct replay *replay)
{
	static const char state[] = "// Klipper state: Shutdown";

	for (size_t i = replay->at; i > 0; i--) {
		const struct transcript_row *row = &replay->row[i - 1];

		if (row->kind == TRANSCRIPT_RECEIVED && row->length >= sizeof(state) - 1 &&
			memcmp(row->bytes, state, sizeof(state) - 1) == 0)
			return true;
	}
	return false;
}

/* What a printer would say to a line that the recorded one never got. */
void replay_stand_in(struct replay *replay, const struct replay_line *line)
{
	static const struct {
		const char *begins, *answer;
	} answers[] = {
		{ "M105", "ok T:20.0 /0.0 B:20.0 /0.0\n" },
		{ "M114", "X:0.00 Y:0.00 Z:0.00 E:0.00 Count X:0 Y:0 Z:0\nok\n" },
		{ "STATUS", "// Klipper state: Ready\nok\n" },
		{ "$I", "[VER:1.1h.20190830:]\r\n[OPT:V,15,128]\r\nok\r\n" },
		{ "$$", "$32=0\r\nok\r\n" },
		{ "?", "<Idle|MPos:0.000,0.000,0.000|FS:0,0|Bf:15,128>\r\n" },
		{ "!", "" },
		{ "~", "" },
		{ "\x18", "\r\nGrbl 1.1h ['$' for help]\r\n" },
		{ "M112", "" },
		{ "M108", "" },
	};
	char echo[LINE_BYTES];

	if (!line->text[0] && line->number < 0)
		return;
	if (!count_line(replay, line)) {
		snprintf(echo, sizeof(echo),
			"Error:Line Number is not Last Line Number+1, Last Line: %lld\n"
			"Resend: %lld\nok\n",
			(long long)replay->counter, (long long)replay->counter + 1);
		answer_later(replay, echo);
		return;
	}
	if (strncmp(line->text, "M115", 4) == 0) {
		introduce(replay, echo);
		answer_later(replay, echo);
		return;
	}
	if (strncmp(line->text, "M118", 4) == 0 && replay_find_nonce(line->text)) {
		snprintf(echo, sizeof(echo), "echo:%.10s\nok\n", replay_find_nonce(line->text));
		answer_later(replay, echo);
		return;
	}
	if (strncmp(line->text, "ECHO ", 5) == 0) {
		snprintf(echo, sizeof(echo), "// %.60s\nok\n", line->text);
		answer_later(replay, echo);
		return;
	}
	/* The recorded one says itself why it has shut down, sooner or later. */
	if (strcmp(line->text, "STATUS") == 0 && has_shut_down(replay))
		return;
	if (strcmp(line->text, "?") == 0 && report_again(replay, echo)) {
		answer_later(replay, echo);
		return;
	}
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (strncmp(line->text, answers[i].begins, strlen(answers[i].begins)) == 0) {
			answer_later(replay, answers[i].answer);
			return;
		}
	answer_later(replay, "ok\n");
}
