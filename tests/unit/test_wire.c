/* The frames between control and streamer: what goes in comes out, and nothing else gets in. */
#include "daemon/wire/wire.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { FRAME_BYTES = 4 + WIRE_FRAME_MAX };

/* Two pages followed by one that may not be touched: reading one byte too far is a crash. */
struct guarded {
	uint8_t *base;
	size_t usable;
};

static void guarded_init(struct guarded *guarded)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	guarded->usable = 2 * page;
	guarded->base = mmap(NULL, guarded->usable + page, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(guarded->base != MAP_FAILED);
	assert_int_equal(mprotect(guarded->base + guarded->usable, page, PROT_NONE), 0);
}

static void guarded_finish(struct guarded *guarded)
{
	munmap(guarded->base, guarded->usable + (size_t)sysconf(_SC_PAGESIZE));
}

static const uint8_t *guarded_copy(struct guarded *guarded, const uint8_t *bytes, size_t length)
{
	uint8_t *at = guarded->base + guarded->usable - length;

	memcpy(at, bytes, length);
	return at;
}

static void fill_text(char *text, size_t size, int seed)
{
	for (size_t i = 0; i + 1 < size; i++)
		text[i] = (char)('!' + (seed + (int)i) % 90);
	text[size - 1] = '\0';
}

static void fill_progress(struct wire_progress *progress, int64_t seed)
{
	*progress = (struct wire_progress){ .commands_done = seed,
		.commands = seed + 1,
		.lines_sent = seed + 2,
		.resends = seed + 3,
		.bytes_sent = seed + 4,
		.lost_acknowledgements = seed + 5,
		.surplus_acknowledgements = seed + 6,
		.print_us = -seed };
}

static void fill_settings(struct wire_settings *settings)
{
	fill_text(settings->port, sizeof(settings->port), 1);
	fill_text(settings->dialect, sizeof(settings->dialect), 2);
	settings->baud = 250000;
	settings->window_lines = 3;
	settings->hotend_max_celsius = 280;
	settings->bed_max_celsius = 110.5;
	for (int i = 0; i < 3; i++) {
		settings->volume_min_mm[i] = -1.25 * (i + 1);
		settings->volume_max_mm[i] = 100.0 * (i + 1);
	}
	settings->can_reset_line = settings->reset_on_connect = true;
	settings->machine_kind = 2;
	settings->meatpack = true;
	settings->short_numbers = true;
	settings->window_bytes = 255;
	settings->no_adoption = true;
	fill_text(settings->uuid, sizeof(settings->uuid), 3);
	settings->pause_heat_s = 1200;
	settings->dead_man_s = 900;
	fill_text(settings->power_off, sizeof(settings->power_off), 4);
	settings->park_x_mm = 5;
	settings->park_y_mm = 200;
	settings->park_lift_mm = 0.1;
	settings->hotend_standby_celsius = 150;
	fill_text(settings->side_port, sizeof(settings->side_port), 3);
}

static void fill_state(struct wire_printer_state *state)
{
	state->link = WIRE_ONLINE;
	state->no_remote_stop = true;
	state->activity = WIRE_BY_HAND;
	fill_text(state->attempt, sizeof(state->attempt), 3);
	fill_text(state->reason, sizeof(state->reason), 4);
	state->fault = 7;
	fill_text(state->firmware, sizeof(state->firmware), 5);
	fill_text(state->window, sizeof(state->window), 6);
	fill_text(state->window, sizeof(state->window), 6);
	fill_text(state->machine, sizeof(state->machine), 6);
	fill_text(state->uuid, sizeof(state->uuid), 7);
	state->heaters_age_us = -1;
	state->heater_count = WIRE_HEATERS_MAX;
	for (int i = 0; i < WIRE_HEATERS_MAX; i++) {
		snprintf(state->heater[i].name, sizeof(state->heater[i].name), "T%c", '0' + i);
		state->heater[i].celsius = 20.5 + i;
		state->heater[i].target_celsius = 200.0 + i;
	}
	state->hot_by_us = true;
	fill_progress(&state->progress, 1000);
}

/* A message of that kind with every member of it at its longest or set to something unlikely. */
static void fill_message(struct wire_message *message, enum wire_kind kind)
{
	memset(message, 0, sizeof(*message));
	message->kind = kind;
	message->request = UINT64_MAX;
	fill_text(message->printer, sizeof(message->printer), 8);
	fill_text(message->attempt, sizeof(message->attempt), 9);
	if (kind == WIRE_HELLO) {
		message->hello.version = UINT32_MAX;
		message->hello.process_id = INT64_MIN;
		fill_text(message->hello.program, sizeof(message->hello.program), 10);
	} else if (kind == WIRE_SET_PRINTER) {
		fill_settings(&message->settings);
	} else if (kind == WIRE_CONNECT) {
		message->reset = true;
	} else if (kind == WIRE_START) {
		fill_text(message->start.path, sizeof(message->start.path), 11);
		message->start.bytes = INT64_MAX;
		message->start.commands = 123456;
	} else if (kind == WIRE_PRINTER) {
		fill_state(&message->state);
	} else if (kind == WIRE_ENDED) {
		fill_text(message->ended.attempt, sizeof(message->ended.attempt), 12);
		message->ended.result = WIRE_SUSPECT;
		message->ended.fault = -3;
		fill_text(message->ended.reason, sizeof(message->ended.reason), 13);
		fill_progress(&message->ended.progress, 77);
	}
	if (kind == WIRE_ANSWER)
		message->error = -110;
	if (kind == WIRE_ANSWER || kind == WIRE_SAID || kind == WIRE_MANUAL)
		fill_text(message->text, sizeof(message->text), 14);
}

static size_t encoded(enum wire_kind kind, uint8_t *bytes)
{
	struct wire_message message;
	size_t length;

	fill_message(&message, kind);
	length = wire_encode(&message, bytes, FRAME_BYTES);
	assert_true(length > 0);
	return length;
}

static void test_every_kind_comes_out_as_it_went_in(void **state)
{
	(void)state;
	for (int kind = WIRE_HELLO; kind <= WIRE_KIND_LAST; kind++) {
		struct wire_message message, again;
		uint8_t bytes[FRAME_BYTES];
		size_t length, used = 0;

		fill_message(&message, (enum wire_kind)kind);
		length = wire_encode(&message, bytes, sizeof(bytes));
		assert_true(length > 0);
		memset(&again, 0xA5, sizeof(again));
		assert_int_equal(wire_decode(bytes, length, &again, &used), WIRE_OK);
		assert_int_equal(used, length);
		assert_memory_equal(&message, &again, sizeof(message));
	}
}

static void test_a_frame_cut_at_every_byte_is_incomplete_and_nothing_is_read_behind_it(void **state)
{
	struct guarded guarded;

	(void)state;
	guarded_init(&guarded);
	for (int kind = WIRE_HELLO; kind <= WIRE_KIND_LAST; kind++) {
		uint8_t bytes[FRAME_BYTES];
		size_t length = encoded((enum wire_kind)kind, bytes), used = 4711;
		struct wire_message message = { .kind = WIRE_SAID };

		for (size_t cut = 0; cut < length; cut++) {
			const uint8_t *at = guarded_copy(&guarded, bytes, cut);

			assert_int_equal(wire_decode(at, cut, &message, &used), WIRE_INCOMPLETE);
			assert_int_equal(used, 4711);
			assert_int_equal(message.kind, WIRE_SAID);
		}
		assert_int_equal(
			wire_decode(guarded_copy(&guarded, bytes, length), length, &message, &used),
			WIRE_OK);
	}
	guarded_finish(&guarded);
}

static void test_a_hostile_value_at_any_byte_is_never_read_past_the_frame(void **state)
{
	static const uint8_t values[] = { 0, 1, 3, 0x10, 0x7F, 0x80, 0xFE, 0xFF };
	struct guarded guarded;
	uint8_t good[FRAME_BYTES];
	size_t length = encoded(WIRE_PRINTER, good);

	(void)state;
	guarded_init(&guarded);
	for (size_t i = 0; i < length * sizeof(values); i++) {
		struct wire_message message;
		enum wire_result_code code;
		uint8_t bytes[FRAME_BYTES];
		size_t used = 0;

		memcpy(bytes, good, length);
		bytes[i / sizeof(values)] = values[i % sizeof(values)];
		code = wire_decode(guarded_copy(&guarded, bytes, length), length, &message, &used);
		assert_true(code == WIRE_OK ? used > 0 && used <= length : used == 0);
	}
	guarded_finish(&guarded);
}

static enum wire_result_code decode(const uint8_t *bytes, size_t length)
{
	struct wire_message message;
	size_t used;

	return wire_decode(bytes, length, &message, &used);
}

static void test_a_frame_longer_than_the_limit_is_refused_before_it_has_arrived(void **state)
{
	static const uint8_t too_long[] = { 0x01, 0x10, 0, 0 }, huge[] = { 0xFF, 0xFF, 0xFF, 0xFF },
			     longest[] = { 0x00, 0x10, 0, 0 }, no_head[] = { 3, 0, 0, 0, 1, 0, 0 };

	(void)state;
	assert_int_equal(decode(too_long, sizeof(too_long)), WIRE_BAD);
	assert_int_equal(decode(huge, sizeof(huge)), WIRE_BAD);
	assert_int_equal(decode(longest, sizeof(longest)), WIRE_INCOMPLETE);
	assert_int_equal(decode(no_head, sizeof(no_head)), WIRE_BAD);
}

/* A frame of one field. */
static size_t one_field(
	uint8_t *bytes, enum wire_kind kind, unsigned int id, const void *value, size_t length)
{
	size_t frame = 4 + 4 + length;

	memset(bytes, 0, 12);
	bytes[0] = (uint8_t)frame;
	bytes[1] = (uint8_t)(frame >> 8);
	bytes[4] = (uint8_t)kind;
	bytes[8] = (uint8_t)id;
	bytes[9] = (uint8_t)(id >> 8);
	bytes[10] = (uint8_t)length;
	bytes[11] = (uint8_t)(length >> 8);
	memcpy(bytes + 12, value, length);
	return 4 + frame;
}

static void test_values_outside_their_bounds_are_refused(void **state)
{
	static const struct {
		const char *what;
		enum wire_kind kind;
		unsigned int id;
		const char *value;
		size_t length;
		enum wire_result_code code;
	} rows[] = {
		{ "link online", WIRE_PRINTER, 60, "\2\0\0\0\0\0\0\0", 8, WIRE_OK },
		{ "link of no meaning", WIRE_PRINTER, 60, "\3\0\0\0\0\0\0\0", 8, WIRE_BAD },
		{ "link beyond int", WIRE_PRINTER, 60, "\2\0\0\0\1\0\0\0", 8, WIRE_BAD },
		{ "number of 4 bytes", WIRE_PRINTER, 64, "\3\0\0\0", 4, WIRE_BAD },
		{ "number of 9 bytes", WIRE_PRINTER, 64, "\3\0\0\0\0\0\0\0\0", 9, WIRE_BAD },
		{ "5 heaters", WIRE_PRINTER, 69, "\5\0\0\0\0\0\0\0", 8, WIRE_BAD },
		{ "-1 heaters", WIRE_PRINTER, 69, "\377\377\377\377\377\377\377\377", 8, WIRE_BAD },
		{ "bool 2", WIRE_PRINTER, 70, "\2\0\0\0\0\0\0\0", 8, WIRE_BAD },
		{ "heater name", WIRE_PRINTER, 80, "T10", 3, WIRE_OK },
		{ "heater name too long", WIRE_PRINTER, 80, "T100", 4, WIRE_BAD },
		{ "not a number", WIRE_PRINTER, 81, "\0\0\0\0\0\0\370\177", 8, WIRE_BAD },
		{ "infinite", WIRE_PRINTER, 81, "\0\0\0\0\0\0\360\377", 8, WIRE_BAD },
		{ "version beyond 32 bits", WIRE_HELLO, 10, "\0\0\0\0\1\0\0\0", 8, WIRE_BAD },
		{ "NUL in a text", WIRE_SAID, 5, "a\0b", 3, WIRE_BAD },
		{ "empty text", WIRE_SAID, 5, "", 0, WIRE_OK },
		{ "UTF-8", WIRE_SAID, 5, "\303\251", 2, WIRE_OK },
		{ "Latin 1", WIRE_SAID, 5, "\351t", 2, WIRE_BAD },
		{ "UTF-8 cut short", WIRE_SAID, 5, "ab\342\202", 4, WIRE_BAD },
		{ "surrogate", WIRE_SAID, 5, "\355\240\200", 3, WIRE_BAD },
		{ "overlong slash", WIRE_SAID, 5, "\300\257", 2, WIRE_BAD },
		{ "above U+10FFFF", WIRE_SAID, 5, "\364\220\200\200", 4, WIRE_BAD },
		{ "unknown field", WIRE_SAID, 999, "\0\1\2", 3, WIRE_OK },
		{ "field of another kind", WIRE_SAID, 81, "\1", 1, WIRE_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[64];
		size_t length =
			one_field(bytes, rows[i].kind, rows[i].id, rows[i].value, rows[i].length);

		if (decode(bytes, length) != rows[i].code)
			fail_msg("%s: %u", rows[i].what, (unsigned int)decode(bytes, length));
	}
}

static void test_a_field_that_comes_twice_is_refused(void **state)
{
	uint8_t bytes[128];
	size_t length = one_field(bytes, WIRE_SAID, 5, "once", 4), frame = 2 * length - 8 - 4;

	(void)state;
	memcpy(bytes + length, bytes + 8, length - 8);
	bytes[0] = (uint8_t)frame;
	assert_int_equal(decode(bytes, frame + 4), WIRE_BAD);
}

static void test_a_reserved_word_in_use_is_refused(void **state)
{
	uint8_t bytes[64];
	size_t length = one_field(bytes, WIRE_SAID, 5, "once", 4);

	(void)state;
	assert_int_equal(decode(bytes, length), WIRE_OK);
	bytes[6] = 1;
	assert_int_equal(decode(bytes, length), WIRE_BAD);
}

static void test_a_kind_of_a_newer_peer_is_skipped(void **state)
{
	struct wire_message message;
	uint8_t bytes[64];
	size_t used = 0, length = one_field(bytes, (enum wire_kind)200, 77, "whatever", 8);

	(void)state;
	assert_int_equal(wire_decode(bytes, length, &message, &used), WIRE_OK);
	assert_int_equal(message.kind, WIRE_NONE);
	assert_int_equal(used, length);
}

static void test_what_is_encoded_can_always_be_decoded(void **state)
{
	struct wire_message message = { .kind = WIRE_PRINTER }, again;
	uint8_t bytes[FRAME_BYTES];
	size_t used = 0, length;

	(void)state;
	memset(message.state.reason, 0xFF, sizeof(message.state.reason)); /* no end, no UTF-8 */
	memcpy(message.state.machine, "caf\303\251 \342\202", 9);
	message.state.heater[0].celsius = (double)NAN;
	length = wire_encode(&message, bytes, sizeof(bytes));
	assert_int_equal(wire_decode(bytes, length, &again, &used), WIRE_OK);
	assert_int_equal(strlen(again.state.reason), WIRE_TEXT_MAX - 1);
	assert_int_equal(strspn(again.state.reason, "?"), WIRE_TEXT_MAX - 1);
	assert_string_equal(again.state.machine, "caf\303\251 ?"
						 "?");
	assert_true(again.state.heater[0].celsius == 0);
}

static void test_a_frame_that_does_not_fit_is_refused(void **state)
{
	struct wire_message message;
	uint8_t bytes[FRAME_BYTES];
	size_t length;

	(void)state;
	fill_message(&message, WIRE_PRINTER);
	length = wire_encode(&message, bytes, sizeof(bytes));
	for (size_t size = 0; size < length; size++)
		assert_int_equal(wire_encode(&message, bytes, size), 0);
	assert_int_equal(wire_encode(&message, bytes, length), length);
	message.kind = WIRE_NONE;
	assert_int_equal(wire_encode(&message, bytes, sizeof(bytes)), 0);
}

static void test_every_kind_has_a_name(void **state)
{
	(void)state;
	for (int kind = WIRE_NONE; kind <= WIRE_KIND_LAST; kind++)
		assert_non_null(wire_kind_name((enum wire_kind)kind));
	assert_string_equal(wire_kind_name((enum wire_kind)(WIRE_KIND_LAST + 1)), "unknown");
}

static void test_settings_are_equal_by_what_they_say_not_by_their_bytes(void **state)
{
	struct wire_settings a, b;

	(void)state;
	memset(&a, 0x55, sizeof a);
	memset(&b, 0xaa, sizeof b);
	for (struct wire_settings *each = &a; each; each = each == &a ? &b : NULL) {
		strcpy(each->port, "/dev/serial/by-id/one");
		strcpy(each->dialect, "marlin");
		each->baud = 115200;
		strcpy(each->side_port, "");
		each->window_lines = 3;
		each->hotend_max_celsius = 275;
		each->bed_max_celsius = 120;
		for (size_t axis = 0; axis < 3; axis++) {
			each->volume_min_mm[axis] = 0;
			each->volume_max_mm[axis] = 200;
		}
		each->can_reset_line = each->reset_on_connect = false;
		each->machine_kind = 0;
		each->meatpack = each->short_numbers = false;
		each->window_bytes = 0;
		each->no_adoption = false;
		each->uuid[0] = each->power_off[0] = each->rules[0] = '\0';
		each->tools = each->firmware = 0;
		each->pause_heat_s = each->dead_man_s = 0;
		each->park_x_mm = each->park_y_mm = each->park_lift_mm = 1;
		each->hotend_standby_celsius = 0;
	}
	assert_memory_not_equal(&a, &b, sizeof a);
	assert_true(wire_settings_are_equal(&a, &b));
	b.volume_max_mm[2] = 250;
	assert_false(wire_settings_are_equal(&a, &b));
	b.volume_max_mm[2] = 200;
	strcpy(b.port, "/dev/serial/by-id/two");
	assert_false(wire_settings_are_equal(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_comes_out_as_it_went_in),
		cmocka_unit_test(test_settings_are_equal_by_what_they_say_not_by_their_bytes),
		cmocka_unit_test(
			test_a_frame_cut_at_every_byte_is_incomplete_and_nothing_is_read_behind_it),
		cmocka_unit_test(test_a_hostile_value_at_any_byte_is_never_read_past_the_frame),
		cmocka_unit_test(
			test_a_frame_longer_than_the_limit_is_refused_before_it_has_arrived),
		cmocka_unit_test(test_values_outside_their_bounds_are_refused),
		cmocka_unit_test(test_a_field_that_comes_twice_is_refused),
		cmocka_unit_test(test_a_reserved_word_in_use_is_refused),
		cmocka_unit_test(test_a_kind_of_a_newer_peer_is_skipped),
		cmocka_unit_test(test_what_is_encoded_can_always_be_decoded),
		cmocka_unit_test(test_a_frame_that_does_not_fit_is_refused),
		cmocka_unit_test(test_every_kind_has_a_name),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
