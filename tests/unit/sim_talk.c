/* Talking to one simulated printer in a unit test; see sim_talk.h. */
#include "tests/unit/sim_talk.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>  /* snprintf */
#include <string.h> /* memset, strstr, strlen */

static void collect(struct talk *talk)
{
	struct sim_executed executed;
	size_t got;

	while ((got = sim_printer_take_output(talk->printer, talk->heard + talk->heard_length,
			sizeof talk->heard - 1 - talk->heard_length)) > 0)
		talk->heard_length += got;
	talk->heard[talk->heard_length] = '\0';
	while (sim_printer_next_executed(talk->printer, &executed)) {
		char number[24] = "-";
		if (executed.number != SIM_UNNUMBERED)
			snprintf(number, sizeof number, "%lld", (long long)executed.number);
		int wrote = snprintf(talk->done + talk->done_length,
			sizeof talk->done - talk->done_length, "%s\t%s\n", number,
			executed.command);
		assert_true(wrote > 0 && (size_t)wrote < sizeof talk->done - talk->done_length);
		talk->done_length += (size_t)wrote;
	}
}

void talk_pass(struct talk *talk, double seconds)
{
	int64_t until_us = talk->now_us + (int64_t)(seconds * 1e6);

	while (talk->now_us < until_us) {
		int64_t next_us = sim_printer_next_event_us(talk->printer);
		talk->now_us = next_us < until_us ? next_us : until_us;
		sim_printer_advance(talk->printer, talk->now_us);
		collect(talk);
	}
}

void talk_forget(struct talk *talk)
{
	talk->heard_length = talk->done_length = 0;
	talk->heard[0] = talk->done[0] = '\0';
}

void talk_start(struct talk *talk, const struct sim_settings *settings, uint64_t seed)
{
	memset(talk, 0, sizeof *talk);
	talk->printer = sim_printer_create(settings, seed, 0);
	assert_non_null(talk->printer);
	talk_pass(talk, (double)settings->boot_us * 1e-6 + 0.5);
	talk_forget(talk);
}

void talk_start_firmware(struct talk *talk, const char *firmware)
{
	struct sim_settings settings;

	assert_true(sim_settings_init(&settings, "unit", firmware));
	settings.boot_us = 0;
	settings.leveling = false;
	talk_start(talk, &settings, 1);
}

void talk_end(struct talk *talk)
{
	sim_printer_destroy(talk->printer);
	talk->printer = NULL;
}

void talk_send(struct talk *talk, const char *text, double seconds)
{
	size_t length = strlen(text);

	assert_int_equal(sim_printer_receive(talk->printer, text, length, talk->now_us), length);
	talk_pass(talk, seconds);
}

void talk_frame(char *text, size_t size, int64_t number, const char *command)
{
	unsigned char sum = 0;
	int length = snprintf(text, size, "N%lld %s", (long long)number, command);

	assert_true(length > 0 && (size_t)length + 6 < size);
	for (int i = 0; i < length; i++)
		sum ^= (unsigned char)text[i];
	snprintf(text + length, size - (size_t)length, "*%d\n", sum);
}

void talk_send_numbered(struct talk *talk, int64_t number, const char *command, double seconds)
{
	char line[256];

	talk_frame(line, sizeof line, number, command);
	talk_send(talk, line, seconds);
}

void talk_fault(struct talk *talk, const char *text)
{
	char copy[128], *words[16];
	struct sim_fault fault;
	struct error error;

	snprintf(copy, sizeof copy, "%s", text);
	size_t count = sim_words(copy, words, 16);
	if (!sim_fault_from_words(&fault, words, count, &error))
		fail_msg("%s: %s", text, error.text);
	sim_printer_apply(talk->printer, &fault, talk->now_us);
	collect(talk);
}

int talk_count(const struct talk *talk, const char *text)
{
	int count = 0;

	for (const char *at = talk->heard; (at = strstr(at, text)) != NULL; at++)
		count++;
	return count;
}

double talk_celsius(const struct talk *talk, enum sim_heater heater)
{
	struct sim_status status;

	sim_printer_status(talk->printer, &status);
	return heater == SIM_BED ? status.bed_celsius : status.hotend_celsius;
}
