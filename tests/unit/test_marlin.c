/* The numbered dialects against scripted conversations: tests/transcripts/sender, the rows of
 * serial-protocols.md 15 that concern them, by their names.  Each case starts with a printer that
 * has just been connected and a print that has just begun.
 *
 *	== name of the case	plain | advanced | reports, window N, held (a board that erases),
 *				auto, cdc, mk3, buddy, repetier, smoothie, can-reset, standby C, idle
 *(no print), closed (not connected), slow-start (200 ms for an answer) = command		is
 *offered as soon as the driver wants one; "end": no more
 *	> line			is what the driver writes next ("N2005 G1 X1" gets its checksum
 *here; $ stands for the nonce of the last barrier; "erased LINE" is a line without line end and 96
 *times 0x08) ~ line			is what the driver has written last, without its line end <
 *line			is what the printer says ("\xNN" and "\n" work; a line end is added)
 *	+ ms			time passes
 *	! start|pause|resume|cancel|cool|estop|manual LINE
 *	? word ...		must hold: a state's name, "acked N", "fault NAME", "done",
 *				"cancelled", "paused now", "resumed", "cold", "attention TEXT",
 *				"no attention", "reset line", "link fault NAME", "quiet" (nothing
 *				more was written), "working" (no fault), "one write" (by the last
 *				call that wrote), "window TEXT", "resends N" */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "drivers/driver.h"
#include "drivers/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 512, WRITTEN_MAX = 16384, OFFERS_MAX = 64 };

struct peer {
	const struct driver_dialect *dialect;
	struct driver *driver;
	struct driver_effects effects;
	int64_t now_us, wake_us;
	char written[WRITTEN_MAX];
	size_t written_length, taken;
	char nonce[16];
	char offers[OFFERS_MAX][LINE_MAX_BYTES];
	size_t offer_count, offered;
	bool ended;

	size_t writes; /* of the last call that wrote */
	enum driver_state state;
	enum driver_fault fault, link_fault;
	int64_t acknowledged;
	bool done, cancelled, paused, resumed, cold, attention, reset_line;
	char attention_text[DRIVER_REASON_MAX];
	const char *where; /* for messages */
	int line;
};

static void apply(struct peer *peer)
{
	size_t writes = 0;

	for (size_t i = 0; i < peer->effects.count; i++) {
		const struct driver_effect *effect = &peer->effects.effect[i];

		switch (effect->kind) {
		case DRIVER_WRITE:
			assert_true(peer->written_length + effect->write_length < WRITTEN_MAX);
			memcpy(peer->written + peer->written_length,
				peer->effects.bytes + effect->write_offset, effect->write_length);
			peer->written_length += effect->write_length;
			writes++;
			break;
		case DRIVER_WAKE_AT:
			peer->wake_us = effect->time_us;
			break;
		case DRIVER_STATE:
			peer->state = effect->state;
			break;
		case DRIVER_ACKNOWLEDGED:
			assert_true(effect->index > peer->acknowledged);
			peer->acknowledged = effect->index;
			break;
		case DRIVER_ATTENTION:
			peer->attention = true;
			memcpy(peer->attention_text, effect->text, sizeof(effect->text));
			break;
		case DRIVER_ATTENTION_OVER:
			peer->attention = false;
			break;
		case DRIVER_PAUSED_NOW:
			peer->paused = true;
			break;
		case DRIVER_RESUMED_NOW:
			peer->resumed = true;
			break;
		case DRIVER_JOB_DONE:
			peer->done = true;
			break;
		case DRIVER_JOB_CANCELLED:
			peer->cancelled = true;
			break;
		case DRIVER_JOB_FAULT:
			assert_int_equal(peer->fault, DRIVER_FAULT_NONE);
			assert_true(effect->text[0] != '\0');
			peer->fault = effect->fault;
			break;
		case DRIVER_LINK_FAULT:
			peer->link_fault = effect->fault;
			break;
		case DRIVER_COLD:
			peer->cold = true;
			break;
		case DRIVER_RESET_LINE:
		case DRIVER_SIDE_WRITE:
			peer->reset_line = true;
			break;
		case DRIVER_IDENTITY:
		case DRIVER_ADOPTED:
		case DRIVER_BY_HAND:
		case DRIVER_BY_HAND_OVER:
		case DRIVER_NUMBERED:
		case DRIVER_HEATERS:
		case DRIVER_SAID:
			break;
		}
	}
	if (writes > 0)
		peer->writes = writes;
	driver_effects_clear(&peer->effects);
}

static void offer(struct peer *peer)
{
	while (peer->offered < peer->offer_count && peer->dialect->wants_command(peer->driver)) {
		const char *command = peer->offers[peer->offered++];

		peer->dialect->command(
			peer->driver, peer->now_us, command, strlen(command), &peer->effects);
		apply(peer);
	}
	if (peer->ended && peer->offered == peer->offer_count) {
		peer->ended = false;
		peer->dialect->job_end(peer->driver, peer->now_us, &peer->effects);
		apply(peer);
	}
}

static void pass_time(struct peer *peer, int64_t us)
{
	int64_t end_us = peer->now_us + us;

	while (peer->wake_us <= end_us) {
		if (peer->wake_us > peer->now_us)
			peer->now_us = peer->wake_us;
		peer->wake_us = DRIVER_NEVER;
		peer->dialect->wake(peer->driver, peer->now_us, &peer->effects);
		apply(peer);
		offer(peer);
	}
	peer->now_us = end_us;
}

static size_t unescape(const struct peer *peer, const char *text, char *out)
{
	size_t length = 0;

	for (; *text != '\0'; text++) {
		if (text[0] == '\\' && text[1] == 'n') {
			out[length++] = '\n';
			text++;
		} else if (text[0] == '\\' && text[1] == 'x') {
			const char digits[3] = { text[2], text[3], '\0' };

			out[length++] = (char)strtoul(digits, NULL, 16);
			text += 3;
		} else if (text[0] == '$') {
			memcpy(out + length, peer->nonce, strlen(peer->nonce));
			length += strlen(peer->nonce);
		} else {
			out[length++] = *text;
		}
	}
	return length;
}

static void say(struct peer *peer, const char *text)
{
	char bytes[2 * LINE_MAX_BYTES];
	size_t length = unescape(peer, text, bytes);

	bytes[length++] = '\n';
	pass_time(peer, 10000);
	peer->dialect->receive(peer->driver, peer->now_us, bytes, length, &peer->effects);
	apply(peer);
	offer(peer);
}

/* The next line written, without its line end. */
static bool next_written(struct peer *peer, char *line)
{
	const char *start = peer->written + peer->taken;
	const char *end = memchr(start, '\n', peer->written_length - peer->taken);
	size_t length;

	if (!end)
		return false;
	length = (size_t)(end - start);
	assert_true(length < LINE_MAX_BYTES);
	memcpy(line, start, length);
	line[length] = '\0';
	peer->taken += length + 1;
	/* The tail of the test whether the board erases: its nonce is nobody's business. */
	if (strncmp(line, "M118 E1 no", 10) == 0 && length > 18)
		memmove(line + 10, line + 18, length - 18 + 1);
	if (strncmp(line, "M118 pf", 7) == 0) {
		assert_true(length - 5 < sizeof(peer->nonce));
		strcpy(peer->nonce, line + 5);
	}
	if (strncmp(line, "M118 E1 pf", 10) == 0) {
		assert_true(length - 8 < sizeof(peer->nonce));
		strcpy(peer->nonce, line + 8);
	}
	return true;
}

/* What a line of the script stands for, without a line end. */
static void expand(const struct peer *peer, const char *text, char *expected)
{
	const char *blank = strchr(text, ' ');

	if (text[0] == 'N' && blank) {
		size_t length = frame_write(
			expected, strtoll(text + 1, NULL, 10), blank + 1, strlen(blank + 1));

		expected[length - 1] = '\0';
	} else {
		expected[unescape(peer, text, expected)] = '\0';
	}
}

static void expect_written(struct peer *peer, const char *text)
{
	char line[LINE_MAX_BYTES], expected[LINE_MAX_BYTES] = "";
	bool erased = strncmp(text, "erased", 6) == 0;

	if (erased)
		text += text[6] == ' ' ? 7 : 6;
	if (!next_written(peer, line))
		fail_msg("%s:%d: nothing written, expected %s (state %s)", peer->where, peer->line,
			text, driver_state_name(peer->state));
	expand(peer, text, expected);
	if (erased) {
		size_t length = strlen(expected);

		memset(expected + length, '\b', 96);
		expected[length + 96] = '\0';
	}
	if (strcmp(line, expected) != 0)
		fail_msg("%s:%d: written %s, expected %s", peer->where, peer->line, line, expected);
}

/* The body that waits for its line end. */
static void expect_pending(struct peer *peer, const char *text)
{
	char expected[LINE_MAX_BYTES] = "";
	size_t length;

	expand(peer, text, expected);
	length = strlen(expected);
	if (peer->written_length - peer->taken != length ||
		memcmp(peer->written + peer->taken, expected, length) != 0)
		fail_msg("%s:%d: pending is %.*s, expected %s", peer->where, peer->line,
			(int)(peer->written_length - peer->taken), peer->written + peer->taken,
			expected);
}

static bool starts(const char *text, const char *word, const char **rest)
{
	size_t length = strlen(word);

	*rest = text + length;
	return strncmp(text, word, length) == 0;
}

static bool holds(struct peer *peer, const char *text)
{
	const char *rest;

	if (starts(text, "acked ", &rest))
		return peer->acknowledged == strtoll(rest, NULL, 10);
	if (starts(text, "resends ", &rest))
		return peer->dialect->counters(peer->driver)->resends == strtoll(rest, NULL, 10);
	if (starts(text, "fault ", &rest))
		return strcmp(driver_fault_name(peer->fault), rest) == 0;
	if (starts(text, "link fault ", &rest))
		return strcmp(driver_fault_name(peer->link_fault), rest) == 0;
	if (starts(text, "attention ", &rest))
		return peer->attention && strcmp(peer->attention_text, rest) == 0;
	if (starts(text, "window ", &rest))
		return strcmp(peer->dialect->identity(peer->driver)->window, rest) == 0;
	if (strcmp(text, "one write") == 0)
		return peer->writes == 1;
	if (strcmp(text, "no attention") == 0)
		return !peer->attention;
	if (strcmp(text, "done") == 0)
		return peer->done;
	if (strcmp(text, "not done") == 0)
		return !peer->done;
	if (strcmp(text, "cancelled") == 0)
		return peer->cancelled;
	if (strcmp(text, "paused now") == 0)
		return peer->paused;
	if (strcmp(text, "resumed") == 0)
		return peer->resumed;
	if (strcmp(text, "cold") == 0)
		return peer->cold;
	if (strcmp(text, "reset line") == 0)
		return peer->reset_line;
	if (strcmp(text, "quiet") == 0)
		return peer->taken == peer->written_length;
	if (strcmp(text, "working") == 0)
		return peer->fault == DRIVER_FAULT_NONE && peer->link_fault == DRIVER_FAULT_NONE;
	return strcmp(driver_state_name(peer->dialect->state(peer->driver)), text) == 0;
}

static void act(struct peer *peer, const char *text)
{
	const struct driver_dialect *dialect = peer->dialect;
	const char *rest;

	if (strcmp(text, "start") == 0)
		dialect->job_start(peer->driver, peer->now_us, &peer->effects);
	else if (strcmp(text, "pause") == 0)
		dialect->pause(peer->driver, peer->now_us, &peer->effects);
	else if (strcmp(text, "resume") == 0)
		dialect->resume(peer->driver, peer->now_us, &peer->effects);
	else if (strcmp(text, "cancel") == 0)
		dialect->cancel(peer->driver, peer->now_us, &peer->effects);
	else if (strcmp(text, "cool") == 0)
		dialect->cool(peer->driver, peer->now_us, &peer->effects);
	else if (strcmp(text, "estop") == 0)
		dialect->estop(peer->driver, peer->now_us, &peer->effects);
	else if (starts(text, "manual ", &rest))
		dialect->manual(peer->driver, peer->now_us, rest, strlen(rest), &peer->effects);
	else
		fail_msg("%s:%d: unknown act %s", peer->where, peer->line, text);
	apply(peer);
	offer(peer);
}

static void open_port(struct peer *peer)
{
	driver_effects_clear(&peer->effects);
	peer->dialect->opened(peer->driver, peer->now_us, &peer->effects);
	apply(peer);
	pass_time(peer, 2300000);
}

/* The ok comes first, FIRMWARE_NAME behind it, and a "wait" ends the answer. */
static void connect_repetier(struct peer *peer)
{
	open_port(peer);
	expect_written(peer, "");
	/* What allows more than a Marlin does is asked twice. */
	for (int i = 0; i < 2; i++) {
		expect_written(peer, "M115");
		say(peer, "ok 0");
		say(peer, "FIRMWARE_NAME:Repetier_1.0.4 COMPILED:x MACHINE_TYPE:Test");
		say(peer, "Cap:EMERGENCY_PARSER:1");
		say(peer, "wait");
	}
	expect_written(peer, "N0 M110 N0");
	say(peer, "ok");
	expect_written(peer, "");
	pass_time(peer, 60000);
	expect_written(peer, "M118 $");
	say(peer, "ok 0");
	say(peer, "Echo:$");
	expect_written(peer, "N1001 M105");
	say(peer, "Error:expected line 1 got 1001\\n\\nResend:1\\nok");
	expect_written(peer, "N1 M105");
	say(peer, "ok 1\\nT:20.0 /0 B:20.0 /0 B@:0 @:0");
	assert_int_equal(peer->state, DRIVER_READY);
}

/* It greets with an ok that nobody asked for; its refusals stand alone, so the counter is asked
 * twice. */
static void connect_smoothie(struct peer *peer)
{
	driver_effects_clear(&peer->effects);
	peer->dialect->opened(peer->driver, peer->now_us, &peer->effects);
	apply(peer);
	say(peer, "Smoothie\\nok");
	pass_time(peer, 2300000);
	expect_written(peer, "");
	say(peer, "ok");
	pass_time(peer, 300000);
	expect_written(peer, "M115");
	say(peer, "FIRMWARE_NAME:Smoothieware, FIRMWARE_VERSION:edge-1, X-GRBL_MODE:0");
	say(peer, "ok");
	expect_written(peer, "N0 M110 N0");
	say(peer, "ok");
	for (int i = 0; i < 2; i++) {
		pass_time(peer, 200000);
		expect_written(peer, "*");
		say(peer, "ok - ignored");
		pass_time(peer, 310000);
		expect_written(peer, "M105");
		say(peer, "ok T:20.0 /0.0 @0 B:20.0 /0.0 @0");
		expect_written(peer, "N1001 M105");
		say(peer, "rs N1");
		pass_time(peer, 2000);
	}
	expect_written(peer, "N1 M105");
	say(peer, "ok T:20.0 /0.0 @0 B:20.0 /0.0 @0");
	assert_int_equal(peer->state, DRIVER_READY);
}

/* The firmware that the case is about. */
struct firmware {
	const char *option, *name;
	int first_number;
	bool echoes;			    /* knows M118 */
	bool asked_twice;		    /* which firmware is this */
	void (*connect)(struct peer *peer); /* in its own way */
};

static const struct firmware firmwares[] = {
	{ "repetier", "Repetier_1.0.4", 0, true, true, connect_repetier },
	{ "smoothie", "Smoothieware", 0, false, false, connect_smoothie },
	{ "mk3", "Prusa-Firmware 3.13.3 based on Marlin", 0, false, true, NULL },
	{ "buddy", "Prusa-Firmware-Buddy 6.2.2+8853 (Github)", 2000, true, false, NULL },
	{ "marlin-2.1.2", "Marlin 2.1.2.5 (x)", 2000, true, false, NULL },
	{ "marlin-2.0.5", "Marlin 2.0.5 (x)", 2000, true, false, NULL },
	{ "marlin-1.1.6", "Marlin 1.1.6 (x)", 2000, true, true, NULL },
	{ "", "Marlin 2.0.9.5 (x)", 2000, true, false, NULL },
};

static const struct firmware *find_firmware(const char *options)
{
	const struct firmware *firmware = firmwares;

	while (!strstr(options, firmware->option))
		firmware++;
	return firmware;
}

/* "N<number> TEXT" */
static void expect_numbered(struct peer *peer, int number, const char *text)
{
	char line[160];

	snprintf(line, sizeof(line), "N%d %s", number, text);
	expect_written(peer, line);
}

static void say_counter(struct peer *peer, int last)
{
	char line[96];

	snprintf(line, sizeof(line), "Error:Line Number is not Last Line Number+1, Last Line: %d",
		last);
	say(peer, line);
	snprintf(line, sizeof(line), "Resend: %d", last + 1);
	say(peer, line);
	say(peer, "ok");
}

/* Barrier and question for the counter. */
static void verify(struct peer *peer, const struct firmware *firmware, bool erased, int64_t slow_us)
{
	const int first = firmware->first_number;

	expect_written(peer, erased ? "erased M118 E1 no" : "");
	pass_time(peer, firmware->echoes ? 60000 : 310000);
	if (firmware->echoes) {
		expect_written(peer, "M118 E1 $");
		pass_time(peer, slow_us);
		say(peer, "echo:$");
		say(peer, "ok");
	} else {
		expect_written(peer, "M105");
		say(peer, "ok T:20.0 /0.0 B:20.0 /0.0");
	}
	expect_numbered(peer, first + 1001, "M105");
	pass_time(peer, slow_us);
	say_counter(peer, first);
}

static void connect(struct peer *peer, const char *options)
{
	const struct firmware *firmware = find_firmware(options);
	const int first = firmware->first_number;
	bool advanced = strstr(options, "advanced"), reports = strstr(options, "reports");
	int64_t slow_us = strstr(options, "slow-start") ? 200000 : 0;
	char text[96];

	if (firmware->connect) {
		firmware->connect(peer);
		return;
	}
	driver_effects_clear(&peer->effects);
	peer->dialect->opened(peer->driver, peer->now_us, &peer->effects);
	apply(peer);
	pass_time(peer, 2300000);
	expect_written(peer, "");
	for (int i = 0; i < 1 + firmware->asked_twice; i++) {
		expect_written(peer, "M115");
		snprintf(text, sizeof(text), "FIRMWARE_NAME:%s MACHINE_TYPE:Test", firmware->name);
		say(peer, text);
		say(peer, "Cap:EMERGENCY_PARSER:0");
		if (reports)
			say(peer, "Cap:AUTOREPORT_TEMP:1");
		say(peer, advanced ? "ok P15 B3" : "ok");
	}
	snprintf(text, sizeof(text), "M110 N%d", first);
	expect_numbered(peer, first, text);
	snprintf(text, sizeof(text), "ok N%d P15 B3", first);
	say(peer, advanced ? text : "ok");
	verify(peer, firmware, false, slow_us);
	if (strstr(options, "held"))
		verify(peer, firmware, true, slow_us);
	if (reports) {
		expect_numbered(peer, first + 1, "M155 S2");
		snprintf(text, sizeof(text), "ok N%d P15 B3", first + 1);
		say(peer, advanced ? text : "ok");
	}
	expect_numbered(peer, first + 1 + reports, "M105");
	say(peer, "ok T:20.0 /0.0 B:20.0 /0.0 @:0 B@:0");
	assert_int_equal(peer->state, DRIVER_READY);
}

static int32_t window_of(const char *options)
{
	const char *window = strstr(options, "window ");

	if (strstr(options, "held"))
		return DRIVER_WINDOW_HELD;
	if (strstr(options, "auto"))
		return DRIVER_WINDOW_AUTO;
	return window ? atoi(window + 7) : DRIVER_WINDOW_PING_PONG;
}

static void begin_case(struct peer *peer, const char *options)
{
	const char *standby = strstr(options, "standby ");
	const struct driver_settings settings = { .window_lines = window_of(options),
		.can_reset_line = strstr(options, "can-reset") != NULL,
		.hotend_standby_celsius = standby ? atof(standby + 8) : 0,
		.park_x_mm = 5,
		.park_y_mm = 190,
		.park_lift_mm = 10,
		.seed = 3 };
	const char *where = peer->where;
	int line = peer->line;

	memset(peer, 0, sizeof(*peer));
	peer->where = where;
	peer->line = line;
	peer->acknowledged = -1;
	peer->wake_us = DRIVER_NEVER;
	peer->dialect = driver_dialect_find("marlin");
	peer->driver = peer->dialect->create(&settings);
	assert_non_null(peer->driver);
	peer->dialect->link(
		peer->driver, strstr(options, "cdc") ? DRIVER_LINK_CDC : DRIVER_LINK_UART);
	if (strstr(options, "closed")) {
		driver_effects_clear(&peer->effects);
		peer->dialect->opened(peer->driver, peer->now_us, &peer->effects);
		apply(peer);
		return;
	}
	connect(peer, options);
	if (strstr(options, "idle"))
		return;
	peer->dialect->job_start(peer->driver, peer->now_us, &peer->effects);
	apply(peer);
}

static void end_case(struct peer *peer)
{
	if (peer->driver)
		peer->dialect->destroy(peer->driver);
	peer->driver = NULL;
}

static void do_line(struct peer *peer, const char *line)
{
	const char *text = line[0] != '\0' && line[1] == ' ' ? line + 2 : line + 1;

	switch (line[0]) {
	case '=':
		if (line[1] == '=') {
			end_case(peer);
			begin_case(peer, strchr(line, '\t') ? strchr(line, '\t') : "");
		} else if (strcmp(text, "end") == 0) {
			peer->ended = true;
		} else {
			assert_true(peer->offer_count < OFFERS_MAX);
			strcpy(peer->offers[peer->offer_count++], text);
		}
		offer(peer);
		break;
	case '>':
		expect_written(peer, text);
		break;
	case '~':
		expect_pending(peer, text);
		break;
	case '<':
		say(peer, text);
		break;
	case '+':
		pass_time(peer, strtoll(text, NULL, 10) * 1000);
		break;
	case '!':
		act(peer, text);
		break;
	case '?':
		if (!holds(peer, text))
			fail_msg("%s:%d: not so: %s (state %s, acked %lld, fault %s, next written "
				 "%.*s)",
				peer->where, peer->line, text,
				driver_state_name(peer->dialect->state(peer->driver)),
				(long long)peer->acknowledged, driver_fault_name(peer->fault),
				(int)(peer->written_length - peer->taken),
				peer->written + peer->taken);
		break;
	default:
		fail_msg("%s:%d: what is this: %s", peer->where, peer->line, line);
	}
}

static void replay(const char *path)
{
	static struct peer peer;
	char line[LINE_MAX_BYTES];
	FILE *file = fopen(path, "r");
	int cases = 0;

	if (!file)
		fail_msg("%s: cannot be read (run from the root of the tree)", path);
	memset(&peer, 0, sizeof(peer));
	peer.where = path;
	while (fgets(line, sizeof(line), file)) {
		peer.line++;
		line[strcspn(line, "\n")] = '\0';
		cases += line[0] == '=' && line[1] == '=';
		if (line[0] != '\0' && line[0] != '#')
			do_line(&peer, line);
	}
	fclose(file);
	end_case(&peer);
	assert_true(cases > 0);
}

static void test_faults_of_the_printer_stop_the_print_at_once(void **state)
{
	(void)state;
	replay("tests/transcripts/sender/faults.txt");
}

static void test_line_errors_one_line_in_flight(void **state)
{
	(void)state;
	replay("tests/transcripts/sender/line_errors.txt");
}

static void test_line_errors_three_lines_in_flight(void **state)
{
	(void)state;
	replay("tests/transcripts/sender/window.txt");
}

static void test_acknowledgements(void **state)
{
	(void)state;
	replay("tests/transcripts/sender/acks.txt");
}

static void test_pause_resume_cancel_end_and_cool(void **state)
{
	(void)state;
	replay("tests/transcripts/sender/job.txt");
}

static void test_the_held_newline(void **state)
{
	(void)state;
	replay("tests/transcripts/sender/held.txt");
}

static void test_the_prusa_forks(void **state)
{
	(void)state;
	replay("tests/transcripts/sender/prusa.txt");
}

static void test_connecting(void **state)
{
	(void)state;
	replay("tests/transcripts/sender/connect.txt");
}

static void test_repetier_by_its_rows(void **state)
{
	(void)state;
	replay("tests/transcripts/sender/repetier.txt");
}

static void test_smoothieware_by_its_rows(void **state)
{
	(void)state;
	replay("tests/transcripts/sender/smoothie.txt");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_faults_of_the_printer_stop_the_print_at_once),
	cmocka_unit_test(test_line_errors_one_line_in_flight),
	cmocka_unit_test(test_line_errors_three_lines_in_flight),
	cmocka_unit_test(test_the_held_newline),
	cmocka_unit_test(test_acknowledgements),
	cmocka_unit_test(test_the_prusa_forks),
	cmocka_unit_test(test_pause_resume_cancel_end_and_cool),
	cmocka_unit_test(test_connecting),
	cmocka_unit_test(test_repetier_by_its_rows),
	cmocka_unit_test(test_smoothieware_by_its_rows),
};

int main(void)
{
	return cmocka_run_group_tests_name("marlin", tests, NULL, NULL);
}
