/* The simulated Marlin and grbl against conversations recorded from real ones (tests/transcripts).
 *
 * What the host sent is sent again as long after the line before it as it was; what the printer
 * said must come back in the same order, byte for byte.  Temperatures are compared by form (two
 * decimals), and so are the few lines that the table names.  Reports that come by the clock (busy,
 * temperatures, positions on M154) must come where the recording has them, in form; how many
 * depends on how long things take, which a model of heat and motion does not share to the second.
 */
#include "sim/faults.h"
#include "sim/printer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>  /* fopen, fgets */
#include <stdlib.h> /* strtod */
#include <string.h> /* strcmp, strncmp, memcpy */

enum { TEXT_MAX = 4096, QUEUE_MAX = 512 };

static const struct script {
	const char *file, *firmware;
	int64_t boot_us;
	const char *loose; /* lines with this start are compared by form */
} scripts[] = {
	{ "marlin_action", "marlin", 3000, "X:3." },
	{ "marlin_after_kill", "marlin", 3000, NULL },
	{ "marlin_autoreport", "marlin", 3000, NULL },
	{ "marlin_boot", "marlin", 3000, NULL },
	{ "marlin_bootloader", "marlin", 1500000, NULL },
	{ "marlin_checksums", "marlin", 3000, NULL },
	{ "marlin_dwell_busy", "marlin", 3000, NULL },
	{ "marlin_heat", "marlin", 3000, NULL },
	{ "marlin_kill", "marlin", 3000, NULL },
	{ "marlin_moves", "marlin", 3000, NULL },
	{ "grbl_alarms", "grbl", 3000, "<" },
	{ "grbl_boot", "grbl", 3000, "<" },
	{ "grbl_char_counting", "grbl", 3000, "<" },
	{ "grbl_hold_resume", "grbl", 3000, "<" },
	{ "grbl_jog", "grbl", 3000, "<" },
	{ "grbl_moves_pingpong", "grbl", 3000, "<" },
	{ "grbl_throughput", "grbl", 3000, "<" },
	{ "klipper_moves", "klipper", 3000, NULL },
	{ "stock_m112", "marlin-stock", 3000, NULL },
	{ "stock_mintemp", "marlin-stock", 3000, NULL },
	{ "stock_reset_button", "marlin-stock", 3000, NULL },
};

struct replay {
	const struct script *script;
	struct sim_printer *printer;
	int64_t now_us;
	char text[TEXT_MAX]; /* a line from the printer that is not complete */
	size_t length;
	char *line[QUEUE_MAX]; /* complete lines that nobody has compared yet */
	size_t first, count;
	int busy, temperatures, positions; /* reports by the clock since the last thing sent */
	bool hasty; /* the last thing was sent within a millisecond of the one before */
};

/* ---- forms ---- */

static bool is_number_byte(char c)
{
	return (c >= '0' && c <= '9') || c == '.' || c == '-';
}

/* Replaces each number by # (with its decimals kept as a count: 25.00 is #.2). */
static void form(const char *line, char *out)
{
	while (*line) {
		if (!(*line >= '0' && *line <= '9') &&
			!(*line == '-' && line[1] >= '0' && line[1] <= '9')) {
			*out++ = *line++;
			continue;
		}
		int decimals = -1;
		for (; is_number_byte(*line); line++)
			decimals = *line == '.' ? 0 : decimals >= 0 ? decimals + 1 : decimals;
		*out++ = '#';
		if (decimals >= 0) {
			*out++ = '.';
			*out++ = (char)('0' + decimals);
		}
	}
	*out = '\0';
}

static bool same_form(const char *one, const char *other)
{
	char a[TEXT_MAX], b[TEXT_MAX];

	form(one, a);
	form(other, b);
	return strcmp(a, b) == 0;
}

static bool starts(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

/* Counts a report that comes by the clock; false: it is no such thing. */
static bool count_report(struct replay *replay, const char *line)
{
	/* M154 reports come on their own; an M114 is asked for and compared like any line. */
	bool autoreport = strcmp(replay->script->file, "marlin_autoreport") == 0;
	/* Between the oks of lines already under way a report comes where microseconds put it. */
	bool counting = strcmp(replay->script->file, "grbl_char_counting") == 0;

	if (starts(line, "echo:busy: "))
		replay->busy++;
	else if (starts(line, " T:"))
		replay->temperatures++;
	else if ((autoreport && starts(line, "X:")) || (counting && starts(line, "<")))
		replay->positions++;
	else
		return false;
	return true;
}

/* ---- the printer's side ---- */

static void complete_line(struct replay *replay)
{
	replay->text[replay->length] = '\0';
	replay->length = 0;
	if (count_report(replay, replay->text))
		return;
	assert_true(replay->count < QUEUE_MAX);
	replay->line[(replay->first + replay->count++) % QUEUE_MAX] = strdup(replay->text);
}

static void collect(struct replay *replay)
{
	char buffer[512];
	size_t got;

	while ((got = sim_printer_take_output(replay->printer, buffer, sizeof buffer)) > 0)
		for (size_t i = 0; i < got; i++) {
			if (buffer[i] == '\n') {
				complete_line(replay);
				continue;
			}
			assert_true(replay->length < TEXT_MAX - 1);
			replay->text[replay->length++] = buffer[i];
		}
}

static void pass_until(struct replay *replay, int64_t until_us)
{
	while (replay->now_us < until_us) {
		int64_t next_us = sim_printer_next_event_us(replay->printer);
		replay->now_us = next_us < until_us ? next_us : until_us;
		sim_printer_advance(replay->printer, replay->now_us);
		collect(replay);
	}
}

/* The next line from the printer, within ten simulated minutes; NULL: there is none. */
static char *next_line(struct replay *replay)
{
	int64_t limit_us = replay->now_us + 600000000;

	while (replay->count == 0 && replay->now_us < limit_us) {
		int64_t next_us = sim_printer_next_event_us(replay->printer);
		replay->now_us = next_us > replay->now_us ? next_us : replay->now_us + 1;
		if (replay->now_us > limit_us)
			break;
		sim_printer_advance(replay->printer, replay->now_us);
		collect(replay);
	}
	if (replay->count == 0)
		return NULL;
	char *line = replay->line[replay->first];
	replay->first = (replay->first + 1) % QUEUE_MAX;
	replay->count--;
	return line;
}

/* ---- the recording ---- */

static size_t unescape(char *text)
{
	char *to = text;

	for (char *from = text; *from && *from != '\n';) {
		if (from[0] != '\\') {
			*to++ = *from++;
		} else if (from[1] == 'x') {
			char digits[3] = { from[2], from[3], '\0' };
			*to++ = (char)strtoul(digits, NULL, 16);
			from += 4;
		} else {
			*to++ = from[1] == 'n' ? '\n' : '\r';
			from += 2;
		}
	}
	*to = '\0';
	return (size_t)(to - text);
}

static void expect_line(struct replay *replay, const char *recorded, int number)
{
	char *line = next_line(replay);
	const char *loose = replay->script->loose;

	if (!line)
		fail_msg("%s:%d: nothing comes instead of \"%s\"", replay->script->file, number,
			recorded);
	bool temperatures = starts(recorded, "ok T:") || starts(recorded, "ok B:");
	/* grbl: whether the state before '!' or after it is shown hangs on microseconds then; and
	 * how long moves take differs from the real thing by some hundredths. */
	bool about_over = strcmp(replay->script->file, "grbl_moves_pingpong") == 0 &&
			  strstr(recorded, "|FS:0,0");
	if ((replay->hasty || about_over) && starts(recorded, "<") && starts(line, "<")) {
		recorded += strcspn(recorded, "|");
		memmove(line, line + strcspn(line, "|"), strlen(line + strcspn(line, "|")) + 1);
		loose = "|";
	}
	bool good = temperatures || (loose && starts(recorded, loose))
			    ? same_form(line, recorded)
			    : strcmp(line, recorded) == 0;
	if (!good)
		fail_msg("%s:%d: \"%s\" instead of \"%s\"", replay->script->file, number, line,
			recorded);
	free(line);
}

static void do_remark(struct replay *replay, const char *remark)
{
	struct sim_fault fault = { .kind = SIM_FAULT_RESET };

	if (strstr(remark, "thermistor goes open")) {
		fault.kind = SIM_FAULT_THERMISTOR;
		fault.thermistor = SIM_THERMISTOR_OPEN;
	} else if (strstr(remark, "thermistor mended")) {
		fault.kind = SIM_FAULT_THERMISTOR;
	} else if (!strstr(remark, "RESET pressed")) {
		return;
	}
	sim_printer_apply(replay->printer, &fault, replay->now_us);
}

/* Which reports by the clock the recording has had since the last thing sent. */
struct recorded_reports {
	int busy, temperatures, positions;
};

static void check_reports(struct replay *replay, struct recorded_reports *recorded, int number)
{
	struct sim_status status;

	sim_printer_status(replay->printer, &status);
	/* A wait that is over before the first report is due does not have to have one. */
	if ((recorded->busy > 1 && replay->busy == 0) ||
		(recorded->busy == 0 && replay->busy > 1) ||
		(recorded->temperatures > 1 && replay->temperatures == 0) ||
		(recorded->temperatures == 0 && replay->temperatures > 0) ||
		(recorded->positions > 1 && replay->positions == 0))
		fail_msg("%s:%d: %d busy, %d temperatures, %d positions; recorded were %d, %d, %d",
			replay->script->file, number, replay->busy, replay->temperatures,
			replay->positions, recorded->busy, recorded->temperatures,
			recorded->positions);
	*recorded = (struct recorded_reports){ 0 };
	replay->busy = replay->temperatures = replay->positions = 0;
}

static void replay_entry(struct replay *replay, char direction, char *text, double seconds,
	double *since, struct recorded_reports *recorded, int number)
{
	size_t length = direction == '#' ? strlen(text) : unescape(text);
	struct replay counter = { .script = replay->script };

	if (direction == '<') {
		text[length > 0 ? length - 1 : 0] = '\0';
		if (count_report(&counter, text)) {
			recorded->busy += counter.busy;
			recorded->temperatures += counter.temperatures;
			recorded->positions += counter.positions;
			return;
		}
		expect_line(replay, text, number);
		*since = seconds;
		return;
	}
	replay->hasty = seconds - *since < 0.001;
	pass_until(replay, replay->now_us + (int64_t)((seconds - *since) * 1e6));
	*since = seconds;
	if (direction == '#') {
		do_remark(replay, text);
		return;
	}
	check_reports(replay, recorded, number);
	assert_int_equal(
		sim_printer_receive(replay->printer, text, length, replay->now_us), length);
}

static void open_printer(struct replay *replay)
{
	struct sim_settings settings;

	assert_true(sim_settings_init(&settings, "recorded", replay->script->firmware));
	settings.boot_us = replay->script->boot_us;
	settings.leveling = false;
	snprintf(settings.uuid, sizeof settings.uuid, "cede2a2f-41a2-4748-9b12-c55c62f367ff");
	replay->printer = sim_printer_create(&settings, 1, 0);
	assert_non_null(replay->printer);
}

static void run_script(const struct script *script)
{
	struct replay replay = { .script = script };
	struct recorded_reports recorded = { 0 };
	char path[128], row[TEXT_MAX];
	double since = 0;
	int number = 0;

	snprintf(path, sizeof path, "tests/transcripts/%s.txt", script->file);
	FILE *file = fopen(path, "r");
	if (!file)
		fail_msg("%s cannot be opened; the tests run in the tree's root", path);
	open_printer(&replay);
	while (fgets(row, sizeof row, file)) {
		char *end;
		double seconds = strtod(row, &end);
		number++;
		replay_entry(&replay, end[1], end + 3, seconds, &since, &recorded, number);
	}
	fclose(file);
	collect(&replay);
	if (replay.count > 0)
		fail_msg("%s: \"%s\" is too much at the end", script->file,
			replay.line[replay.first]);
	sim_printer_destroy(replay.printer);
}

static void test_the_recorded_conversations_come_out_byte_for_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
		run_script(&scripts[i]);
}

/* Sixty lines at once into a ring of 128 bytes: which bytes are lost hangs on microseconds. */
static void test_a_burst_overruns_the_ring_and_ends_in_one_resend_with_a_bare_ok(void **state)
{
	struct sim_settings settings;
	char row[TEXT_MAX], output[TEXT_MAX];
	size_t length = 0;

	(void)state;
	FILE *file = fopen("tests/transcripts/stock_burst.txt", "r");
	assert_non_null(file);
	while (fgets(row, sizeof row, file) && !strstr(row, "> N1 "))
		;
	fclose(file);
	char *burst = strstr(row, "N1 ");
	assert_non_null(burst);
	size_t bytes = unescape(burst);
	assert_true(sim_settings_init(&settings, "burst", "marlin-stock"));
	settings.boot_us = 0;
	struct sim_printer *printer = sim_printer_create(&settings, 1, 0);
	sim_printer_advance(printer, 1000000);
	while (sim_printer_take_output(printer, output, sizeof output) > 0)
		;
	assert_int_equal(sim_printer_receive(printer, burst, bytes, 1000000), bytes);
	sim_printer_advance(printer, 20000000);
	/* Ends the line that the overrun has cut. */
	assert_int_equal(sim_printer_receive(printer, "\n", 1, 20000000), 1);
	sim_printer_advance(printer, 21000000);
	for (size_t got; (got = sim_printer_take_output(
				  printer, output + length, sizeof output - 1 - length)) > 0;)
		length += got;
	output[length] = '\0';
	const struct sim_counters *counters = sim_printer_counters(printer);
	assert_true(counters->rx_overruns > 0);
	assert_true(counters->resends > 0);
	assert_int_equal(counters->oks, counters->executed + counters->resends);
	assert_true(counters->executed < 60);
	const char *resend = strstr(output, "\nResend: ");
	assert_non_null(resend);
	assert_int_equal(strncmp(strchr(resend + 1, '\n'), "\nok\n", 4), 0);
	sim_printer_destroy(printer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_recorded_conversations_come_out_byte_for_byte),
		cmocka_unit_test(
			test_a_burst_overruns_the_ring_and_ends_in_one_resend_with_a_bare_ok),
	};

	return cmocka_run_group_tests_name("sim_transcripts", tests, NULL, NULL);
}
