/* The grbl dialect against the simulated grbl, grblHAL and FluidNC, and against scripted words. */
#include "tests/unit/grbl_rig.h"

#include "base/transcript.h"
#include "drivers/grbl_reply.h"
#include "sim/faults.h"
#include "tests/unit/guard_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define S(n) ((int64_t)(n)*1000000)

static struct grig rig;

static void begin_with(const char *firmware, const char *dialect, enum driver_kind kind,
	bool homing, int32_t window)
{
	struct sim_settings sim;
	struct driver_settings settings = { .kind = kind, .window_lines = window, .baud = 115200 };

	assert_true(sim_settings_init(&sim, "unit", firmware));
	sim.homing = homing;
	grig_init(&rig, &sim, dialect, &settings, 1);
}

static void begin(const char *firmware, enum driver_kind kind)
{
	begin_with(firmware, "grbl", kind, false, 0);
}

static bool is_ready(const struct grig *r)
{
	return r->state == DRIVER_READY;
}

static bool is_paused(const struct grig *r)
{
	return r->paused;
}

static bool has_resumed(const struct grig *r)
{
	return r->resumed;
}

static bool is_cold(const struct grig *r)
{
	return r->cold;
}

static bool is_lit(const struct grig *r)
{
	return r->executed_count > 8 && grig_beam(r) > 0;
}

static void fault(const char *words)
{
	char copy[64], *part[8];
	struct sim_fault what;
	struct error *none = NULL;

	snprintf(copy, sizeof(copy), "%s", words);
	size_t count = sim_words(copy, part, 8);
	assert_true(sim_fault_from_words(&what, part, count, none));
	sim_printer_apply(rig.printer, &what, rig.now_us);
}

enum { JOB = 60 };
static char job[JOB][GRIG_COMMAND_MAX];

/* A raster: the beam on in each line, long enough to be met in the middle. */
static void make_job(void)
{
	snprintf(job[0], GRIG_COMMAND_MAX, "G0 X0 Y0");
	snprintf(job[1], GRIG_COMMAND_MAX, "M4 S400");
	snprintf(job[2], GRIG_COMMAND_MAX, "G1 F1200");
	for (int i = 3; i < JOB - 1; i++)
		snprintf(job[i], GRIG_COMMAND_MAX, "G1 X%d Y%d.5 S%d", i % 2 ? 20 : 0, i, 300 + i);
	snprintf(job[JOB - 1], GRIG_COMMAND_MAX, "M5");
}

static void start_job(void)
{
	make_job();
	grig_print(&rig, (const char(*)[GRIG_COMMAND_MAX])job, JOB);
}

static void expect_executed(int least, int most)
{
	char wrong[GRIG_COMMAND_MAX];
	int count = grig_judge(&rig, wrong);

	if (count < 0)
		fail_msg("\"%s\" is no command of the file, or out of order", wrong);
	if (count < least || count > most)
		fail_msg("%d commands ran", count);
}

/* Dark after so long, and stays so. */
static void expect_dark_within(int64_t limit_us)
{
	grig_pass(&rig, limit_us);
	assert_true(grig_beam(&rig) == 0);
	/* The simulator keeps its account ten times a second. */
	grig_pass(&rig, 110000);
	int64_t before_us = sim_printer_counters(rig.printer)->beam_on_us;
	grig_pass(&rig, S(20));
	assert_true(grig_beam(&rig) == 0);
	assert_int_equal(sim_printer_counters(rig.printer)->beam_on_us, before_us);
}

static void expect_dark(void)
{
	expect_dark_within(0);
}

static void act(void (*call)(struct driver *, int64_t, struct driver_effects *))
{
	struct driver_effects *effects = grig_effects();

	call(rig.driver, rig.now_us, effects);
	grig_apply(&rig, effects);
}

static const char *const all_firmwares[] = { "grbl-laser", "grblhal", "fluidnc" };

/* ---- whole prints ---- */

static void test_a_job_runs_whole_and_in_order_and_ends_dark(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		begin(all_firmwares[i], DRIVER_KIND_LASER);
		start_job();
		assert_true(grig_run(&rig, S(600), NULL));
		assert_true(rig.done);
		assert_int_equal(rig.acknowledged, JOB - 1);
		expect_executed(JOB, JOB);
		assert_true(grig_beam(&rig) == 0);
		assert_int_equal(sim_printer_counters(rig.printer)->beam_still_us, 0);
		assert_int_equal(sim_printer_counters(rig.printer)->rx_overruns, 0);
		grig_finish(&rig);
	}
}

static void test_what_it_is_and_how_much_it_holds_is_learnt(void **state)
{
	static const struct {
		const char *firmware, *name, *window;
	} rows[] = {
		{ "grbl-laser", "grbl 1.1h", "127 bytes" },
		{ "grblhal", "grblHAL 1.1f", "1023 bytes" }, /* G17 */
		{ "fluidnc", "FluidNC 3.7", "255 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		begin(rows[i].firmware, DRIVER_KIND_LASER);
		assert_true(grig_run(&rig, S(20), is_ready));
		const struct driver_identity *identity = rig.dialect->identity(rig.driver);
		assert_string_equal(identity->firmware, rows[i].name);
		assert_non_null(strstr(identity->window, rows[i].window));
		grig_finish(&rig);
	}
}

/* G1, G2: the ring is never overrun, lines end in LF alone. */
static void test_the_ring_is_filled_and_never_overrun(void **state)
{
	static char lines[400][GRIG_COMMAND_MAX];

	(void)state;
	for (int i = 0; i < 400; i++)
		snprintf(lines[i], GRIG_COMMAND_MAX, "G1 X%d.%03d Y%d.%03d F%d", i % 7, i, i % 5,
			i * 2, 3000 + i);
	begin("grbl-laser", DRIVER_KIND_PRINTER);
	grig_print(&rig, (const char(*)[GRIG_COMMAND_MAX])lines, 400);
	assert_true(grig_run(&rig, S(600), NULL));
	assert_true(rig.done);
	expect_executed(400, 400);
	assert_int_equal(sim_printer_counters(rig.printer)->rx_overruns, 0);
	assert_int_equal(sim_printer_counters(rig.printer)->starvations, 0);
	assert_null(strchr(rig.sent, '\r'));
	grig_finish(&rig);
}

static bool first_has_run(const struct grig *r)
{
	return r->acknowledged >= 0;
}

/* Character counting leaves no gaps: 39-byte lines that cost the machine nothing. */
static void test_the_wire_is_never_idle_while_there_is_something_to_send(void **state)
{
	static const int32_t bauds[] = { 115200, 250000, 1000000 };
	static char lines[1000][GRIG_COMMAND_MAX];
	struct driver_settings settings = { .kind = DRIVER_KIND_LASER };

	(void)state;
	for (int i = 0; i < 1000; i++)
		snprintf(lines[i], GRIG_COMMAND_MAX, "G90 G21 G17 G94 F1234.5678 S123.4567890");
	for (size_t i = 0; i < 3; i++) {
		struct sim_settings sim;

		assert_true(sim_settings_init(&sim, "unit", "grbl-laser"));
		sim.command_us = sim.move_us = 0;
		sim.baud = settings.baud = bauds[i];
		grig_init(&rig, &sim, "grbl", &settings, 1);
		grig_print(&rig, (const char(*)[GRIG_COMMAND_MAX])lines, 1000);
		assert_true(grig_run(&rig, S(60), first_has_run));
		int64_t start_us = rig.now_us, start = rig.acknowledged;
		while (rig.acknowledged < 999)
			grig_pass(&rig, 1000);
		double lines_s = (double)(999 - start) * 1e6 / (double)(rig.now_us - start_us);
		double most = bauds[i] / 10.0 / (double)(strlen(lines[0]) + 1);
		if (lines_s < 0.99 * most)
			fail_msg("%.1f lines/s of %.1f at %d baud", lines_s, most, (int)bauds[i]);
		grig_finish(&rig);
	}
}

/* G1: the arithmetic of the window, scripted. */
static void test_a_line_waits_until_its_bytes_fit(void **state)
{
	static const size_t length[] = { 24, 39, 30, 57, 19 }; /* without the line end */
	struct driver_settings settings = { .baud = 115200 };
	const struct driver_dialect *dialect = driver_dialect_find("grbl");
	struct driver *driver = dialect->create(&settings);
	struct driver_effects *effects = grig_effects();
	char line[80];
	int sent_at[5] = { 0 };

	(void)state;
	dialect->opened(driver, 0, effects);
	static const char *const words[] = { "Grbl 1.1h ['$' for help]\n", "[OPT:V,15,128]\nok\n",
		"$32=0\nok\n", "<Idle|MPos:0.000,0.000,0.000|FS:0,0>\n" };
	for (int i = 0; i < 4; i++) {
		dialect->receive(driver, S(i + 1), words[i], strlen(words[i]), effects);
		dialect->wake(driver, S(i + 1) + 900000, effects);
	}
	assert_int_equal(dialect->state(driver), DRIVER_READY);
	dialect->job_start(driver, S(6), effects);
	dialect->receive(driver, S(6), "ok\nok\n", 6, effects);
	int next = 0, acks = 0;
	for (int round = 0; round < 10; round++) {
		while (next < 5 && dialect->wants_command(driver)) {
			memset(line, 'X', sizeof(line));
			memcpy(line, "G1 ", 3);
			int64_t before = dialect->counters(driver)->lines_sent;
			dialect->command(driver, S(7), line, length[next], effects);
			driver_effects_clear(effects);
			if (dialect->counters(driver)->lines_sent > before)
				sent_at[next] = acks;
			else
				sent_at[next] = -1;
			next++;
		}
		if (round >= 5)
			break;
		int64_t before = dialect->counters(driver)->lines_sent;
		dialect->receive(driver, S(7), "ok\n", 3, effects);
		driver_effects_clear(effects);
		acks++;
		if (dialect->counters(driver)->lines_sent > before && sent_at[next - 1] < 0)
			sent_at[next - 1] = acks;
	}
	static const int expected[] = { 0, 0, 0, 2, 2 };
	for (int i = 0; i < 5; i++)
		assert_int_equal(sent_at[i], expected[i]);
	dialect->destroy(driver);
}

/* ---- stops ---- */

static void test_a_pause_is_dark_and_goes_on_where_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		begin(all_firmwares[i], DRIVER_KIND_LASER);
		start_job();
		assert_true(grig_run(&rig, S(60), is_lit));
		act(rig.dialect->pause);
		assert_true(grig_run(&rig, S(10), is_paused));
		expect_dark();
		act(rig.dialect->resume);
		assert_true(grig_run(&rig, S(10), has_resumed));
		assert_true(grig_run(&rig, S(600), NULL));
		assert_true(rig.done);
		expect_executed(JOB, JOB);
		grig_finish(&rig);
	}
}

static void test_a_mills_spindle_stops_in_a_pause_and_turns_again_behind_it(void **state)
{
	(void)state;
	begin("grbl", DRIVER_KIND_MILL);
	make_job();
	snprintf(job[1], GRIG_COMMAND_MAX, "M3 S500");
	grig_print(&rig, (const char(*)[GRIG_COMMAND_MAX])job, JOB);
	assert_true(grig_run(&rig, S(60), is_lit));
	act(rig.dialect->pause);
	assert_true(grig_run(&rig, S(10), is_paused));
	assert_true(grig_beam(&rig) == 0);
	act(rig.dialect->resume);
	assert_true(grig_run(&rig, S(10), has_resumed));
	assert_true(grig_beam(&rig) > 0);
	assert_true(grig_run(&rig, S(3000), NULL));
	assert_true(rig.done);
	assert_true(grig_beam(&rig) == 0);
	grig_finish(&rig);
}

/* G8 */
static void test_a_cancel_brakes_resets_keeps_the_position_and_proves_dark(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		begin(all_firmwares[i], DRIVER_KIND_LASER);
		start_job();
		assert_true(grig_run(&rig, S(60), is_lit));
		act(rig.dialect->cancel);
		assert_true(grig_run(&rig, S(10), NULL));
		assert_true(rig.cancelled);
		expect_dark();
		expect_executed(1, JOB - 1);
		assert_int_equal(rig.state, DRIVER_READY);
		assert_false(rig.attention); /* no alarm: it stood when it was reset */
		act(rig.dialect->cool);
		assert_true(rig.cold);
		/* And the next job runs. */
		start_job();
		assert_true(grig_run(&rig, S(600), NULL));
		assert_true(rig.done);
		expect_executed(JOB, JOB);
		grig_finish(&rig);
	}
}

static void test_a_cancel_out_of_a_pause_stops_there(void **state)
{
	(void)state;
	begin("grbl-laser", DRIVER_KIND_LASER);
	start_job();
	assert_true(grig_run(&rig, S(60), is_lit));
	act(rig.dialect->pause);
	assert_true(grig_run(&rig, S(10), is_paused));
	act(rig.dialect->cancel);
	assert_true(grig_run(&rig, S(10), NULL));
	assert_true(rig.cancelled);
	expect_dark();
	grig_finish(&rig);
}

static void test_an_emergency_stop_is_dark_at_once_and_locks(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		begin(all_firmwares[i], DRIVER_KIND_LASER);
		start_job();
		assert_true(grig_run(&rig, S(60), is_lit));
		act(rig.dialect->estop);
		assert_int_equal(rig.state, DRIVER_FAULT);
		/* No longer than the bytes before it are on the wire. */
		expect_dark_within(i == 0 ? 15000 : 100000);
		act(rig.dialect->cool);
		assert_true(rig.cold);
		grig_finish(&rig);
	}
}

static void test_an_emergency_stop_reaches_a_machine_that_homes(void **state)
{
	struct driver_effects *effects = grig_effects();

	(void)state;
	begin_with("grbl", "grbl", DRIVER_KIND_MILL, true, 0);
	assert_true(grig_run(&rig, S(20), is_ready));
	assert_true(rig.attention);
	rig.dialect->manual(rig.driver, rig.now_us, "$H", 2, effects);
	grig_apply(&rig, effects);
	grig_pass(&rig, S(2));
	act(rig.dialect->estop);
	grig_pass(&rig, S(3));
	act(rig.dialect->cool);
	assert_true(rig.cold);
	grig_finish(&rig);
}

/* ---- doubts: G4 to G7, G9, G14 to G16 ---- */

/* G4 */
static void test_an_error_stops_the_job_with_its_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		begin(all_firmwares[i], DRIVER_KIND_LASER);
		make_job();
		snprintf(job[20], GRIG_COMMAND_MAX, "G1 X5 G99");
		grig_print(&rig, (const char(*)[GRIG_COMMAND_MAX])job, JOB);
		assert_true(grig_run(&rig, S(600), NULL));
		assert_true(rig.faulted);
		assert_int_equal(rig.fault, DRIVER_FAULT_STOPPED);
		assert_non_null(strstr(rig.reason, "error:20, unsupported command"));
		assert_non_null(strstr(rig.reason, "G1 X5 G99"));
		expect_dark_within(S(1) / 4);
		act(rig.dialect->cool);
		assert_true(rig.cold);
		grig_finish(&rig);
	}
}

/* G6 */
static void test_a_limit_ends_the_job_and_only_a_reset_is_sent(void **state)
{
	(void)state;
	begin("grbl-laser", DRIVER_KIND_LASER);
	start_job();
	assert_true(grig_run(&rig, S(60), is_lit));
	fault("press limit");
	assert_true(grig_run(&rig, S(5), NULL));
	assert_true(rig.faulted);
	assert_non_null(strstr(rig.reason, "ALARM:1, hard limit"));
	expect_dark();
	grig_finish(&rig);
}

/* G7 */
static void test_a_board_that_restarts_fails_the_job(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		begin(all_firmwares[i], DRIVER_KIND_LASER);
		start_job();
		assert_true(grig_run(&rig, S(60), is_lit));
		fault("reset");
		assert_true(grig_run(&rig, S(20), NULL));
		assert_true(rig.faulted);
		assert_non_null(strstr(rig.reason, "restarted"));
		expect_dark();
		expect_executed(1, JOB - 1);
		grig_finish(&rig);
	}
}

static void test_a_machine_that_says_nothing_is_stopped(void **state)
{
	(void)state;
	begin("grbl-laser", DRIVER_KIND_LASER);
	start_job();
	assert_true(grig_run(&rig, S(60), is_lit));
	fault("freeze");
	assert_true(grig_run(&rig, S(60), NULL));
	assert_true(rig.faulted);
	assert_int_equal(rig.fault, DRIVER_FAULT_SILENT);
	grig_pass(&rig, S(20));
	assert_true(rig.link_fault);
	assert_non_null(strstr(rig.attention_text, "mains"));
	grig_finish(&rig);
}

/* G14 */
static void test_a_lost_answer_is_found_and_the_position_explains_it(void **state)
{
	(void)state;
	begin("grbl-laser", DRIVER_KIND_LASER);
	start_job();
	assert_true(grig_run(&rig, S(60), is_lit));
	fault("lost-ok 1");
	grig_pass(&rig, S(1));
	fault("lost-ok 0");
	assert_true(grig_run(&rig, S(600), NULL));
	if (rig.faulted)
		fail_msg("%s", rig.reason);
	assert_true(rig.done);
	expect_executed(JOB, JOB);
	assert_true(rig.dialect->counters(rig.driver)->lost_acknowledgements > 0);
	grig_finish(&rig);
}

static bool has_ended(const struct grig *r)
{
	return r->ended;
}

static void test_a_dwell_behind_long_moves_is_no_lost_answer(void **state)
{
	(void)state;
	begin("grbl-laser", DRIVER_KIND_LASER);
	make_job();
	snprintf(job[3], GRIG_COMMAND_MAX, "G1 X100 F60"); /* 100 s */
	snprintf(job[10], GRIG_COMMAND_MAX, "G4 P60");
	snprintf(job[11], GRIG_COMMAND_MAX, "G04P2.5");
	grig_print(&rig, (const char(*)[GRIG_COMMAND_MAX])job, JOB);
	assert_true(grig_run(&rig, S(6000), NULL));
	if (!rig.done)
		fail_msg("%s", rig.reason);
	assert_int_equal(rig.dialect->counters(rig.driver)->lost_acknowledgements, 0);
	expect_executed(JOB, JOB);
	grig_finish(&rig);
}

static void test_an_answer_too_many_stops_the_job(void **state)
{
	(void)state;
	begin("grbl-laser", DRIVER_KIND_LASER);
	start_job();
	assert_true(grig_run(&rig, S(60), has_ended));
	fault("doubled-ok 1");
	assert_true(grig_run(&rig, S(600), NULL));
	assert_true(rig.faulted);
	assert_int_equal(rig.fault, DRIVER_FAULT_SURPLUS_OK);
	expect_dark_within(S(1) / 4);
	grig_finish(&rig);
}

/* Where reports tell how full the ring is, an answer too many shows before the end. */
static void test_a_ring_fuller_than_it_can_be_stops_the_job(void **state)
{
	struct driver_effects *effects = grig_effects();

	(void)state;
	begin("grbl-laser", DRIVER_KIND_LASER);
	start_job();
	assert_true(grig_run(&rig, S(60), is_lit));
	static const char report[] = "<Run|MPos:0.000,0.000,0.000|Bf:9,900|FS:0,0>\n"
				     "<Run|MPos:0.000,0.000,0.000|Bf:0,0|FS:0,0>\n";
	rig.dialect->receive(rig.driver, rig.now_us, report, sizeof(report) - 1, effects);
	grig_apply(&rig, effects);
	assert_true(rig.faulted);
	assert_int_equal(rig.fault, DRIVER_FAULT_SURPLUS_OK);
	grig_finish(&rig);
}

static bool is_attended(const struct grig *r)
{
	return r->attention && r->paused;
}

/* G16, and the door */
static void test_m0_and_the_door_wait_for_a_person(void **state)
{
	(void)state;
	begin("grbl-laser", DRIVER_KIND_LASER);
	make_job();
	snprintf(job[20], GRIG_COMMAND_MAX, "M0");
	grig_print(&rig, (const char(*)[GRIG_COMMAND_MAX])job, JOB);
	assert_true(grig_run(&rig, S(600), is_attended));
	assert_non_null(strstr(rig.attention_text, "M0"));
	expect_dark();
	act(rig.dialect->resume);
	assert_true(grig_run(&rig, S(10), has_resumed));
	assert_false(rig.attention);
	rig.paused = rig.resumed = false;
	fault("press door");
	assert_true(grig_run(&rig, S(60), is_attended));
	assert_non_null(strstr(rig.attention_text, "door"));
	expect_dark();
	fault("press door-closed");
	act(rig.dialect->resume);
	assert_true(grig_run(&rig, S(600), NULL));
	assert_true(rig.done);
	expect_executed(JOB, JOB);
	grig_finish(&rig);
}

/* G10, G13, and the laser's own rule: nothing of that leaves. */
static void test_what_may_not_be_sent_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *line, *word;
	} rows[] = {
		{ "G1 X1 ?", "acts at once" },
		{ "M3 S500", "only M4" },
		{ "G1X1.000000000Y1.000000000Z1.000000000F1000.0000000S1000.00000000000A1."
		  "0000000000B",
			"longer" },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		begin("grbl-laser", DRIVER_KIND_LASER);
		make_job();
		snprintf(job[20], GRIG_COMMAND_MAX, "%s", rows[i].line);
		grig_print(&rig, (const char(*)[GRIG_COMMAND_MAX])job, JOB);
		assert_true(grig_run(&rig, S(600), NULL));
		assert_true(rig.faulted);
		assert_int_equal(rig.fault, DRIVER_FAULT_COMMAND);
		assert_non_null(strstr(rig.reason, rows[i].word));
		expect_executed(1, 20);
		expect_dark_within(S(1) / 4);
		assert_int_equal(rig.state, DRIVER_READY); /* the machine is as good as it was */
		grig_finish(&rig);
	}
}

/* ---- connecting ---- */

static void test_laser_mode_is_wanted_of_a_laser_and_not_of_a_mill(void **state)
{
	static const struct {
		const char *firmware;
		enum driver_kind kind;
		const char *word;
	} rows[] = {
		{ "grbl", DRIVER_KIND_LASER, "$32=1" },
		{ "grbl-laser", DRIVER_KIND_MILL, "$32=0" },
		{ "grbl-laser", DRIVER_KIND_LASER, NULL },
		{ "grbl", DRIVER_KIND_MILL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		begin(rows[i].firmware, rows[i].kind);
		assert_true(grig_run(&rig, S(20), is_ready));
		grig_pass(&rig, S(2));
		assert_int_equal(rig.attention, rows[i].word != NULL);
		if (rows[i].word)
			assert_non_null(strstr(rig.attention_text, rows[i].word));
		grig_finish(&rig);
	}
}

static bool is_free(const struct grig *r)
{
	return !r->attention;
}

/* G11 */
static void test_a_lock_wants_a_person_and_homing_may_take_a_minute(void **state)
{
	struct driver_effects *effects = grig_effects();

	(void)state;
	begin_with("grbl", "grbl", DRIVER_KIND_MILL, true, 0);
	assert_true(grig_run(&rig, S(20), is_ready));
	grig_pass(&rig, S(2));
	assert_non_null(strstr(rig.attention_text, "$H"));
	rig.dialect->manual(rig.driver, rig.now_us, "$H", 2, effects);
	grig_apply(&rig, effects);
	assert_true(grig_run(&rig, S(120), is_free));
	assert_false(rig.link_fault);
	assert_int_equal(rig.state, DRIVER_READY);
	grig_finish(&rig);
}

static void test_unlocking_frees_a_machine_that_cannot_home_and_no_other(void **state)
{
	(void)state;
	for (int homing = 0; homing < 2; homing++) {
		begin_with("grbl-laser", "grbl", DRIVER_KIND_LASER, false, 0);
		if (homing) {
			assert_true(grig_run(&rig, S(20), is_ready));
			grig_pass(&rig, S(1));
			sim_printer_receive(rig.printer, "$22=1\n", 6, rig.now_us);
			grig_pass(&rig, S(1));
		}
		start_job();
		assert_true(grig_run(&rig, S(60), is_lit));
		act(rig.dialect->estop); /* while it moves: ALARM:3 */
		grig_pass(&rig, S(3));
		act(rig.dialect->closed);
		rig.commands = NULL;
		rig.dialect->unlocked(rig.driver);
		act(rig.dialect->opened);
		assert_true(grig_run(&rig, S(20), is_ready) || rig.attention);
		grig_pass(&rig, S(3));
		assert_int_equal(rig.state, DRIVER_READY);
		assert_int_equal(rig.attention, homing);
		grig_finish(&rig);
	}
}

/* A streamer that died leaves half a line behind and moves in the planner. */
static void test_what_an_owner_left_ends_dark_and_no_half_line_runs(void **state)
{
	struct driver_settings settings = { .kind = DRIVER_KIND_LASER, .baud = 115200 };
	struct driver_effects *effects;

	(void)state;
	begin("grbl-laser", DRIVER_KIND_LASER);
	start_job();
	assert_true(grig_run(&rig, S(60), is_lit));
	rig.dialect->destroy(rig.driver);
	rig.driver = rig.dialect->create(&settings);
	rig.commands = NULL;
	sim_printer_receive(rig.printer, "G1 X77 S1000", 12, rig.now_us);
	effects = grig_effects();
	rig.dialect->opened(rig.driver, rig.now_us, effects);
	grig_apply(&rig, effects);
	act(rig.dialect->cool);
	assert_true(grig_run(&rig, S(30), is_cold));
	expect_dark();
	grig_pass(&rig, S(5));
	assert_int_equal(rig.state, DRIVER_READY);
	for (size_t i = 0; i < rig.executed_count; i++)
		assert_null(strstr(rig.executed[i], "X77"));
	grig_finish(&rig);
}

/* G12: somebody jogs from another side while the machine shall be dark. */
static void test_a_jog_is_cancelled_on_the_way_to_a_stop(void **state)
{
	(void)state;
	begin("grbl-laser", DRIVER_KIND_LASER);
	assert_true(grig_run(&rig, S(20), is_ready));
	sim_printer_receive(rig.printer, "$J=G91 X100 F600\n", 17, rig.now_us);
	grig_pass(&rig, S(2));
	size_t before = rig.sent_length;
	act(rig.dialect->cool);
	assert_true(grig_run(&rig, S(10), is_cold));
	assert_non_null(memchr(rig.sent + before, 0x85, rig.sent_length - before));
	grig_pass(&rig, S(5));
	assert_int_equal(rig.state, DRIVER_READY);
	assert_false(rig.attention); /* it stood when it was reset */
	grig_finish(&rig);
}

/* G5 */
static void test_an_operators_error_on_grblhal_is_taken_off_again(void **state)
{
	struct driver_effects *effects = grig_effects();

	(void)state;
	begin("grblhal", DRIVER_KIND_LASER);
	assert_true(grig_run(&rig, S(20), is_ready));
	grig_pass(&rig, S(2));
	rig.dialect->manual(rig.driver, rig.now_us, "G99", 3, effects);
	grig_apply(&rig, effects);
	grig_pass(&rig, S(1));
	assert_int_equal(rig.dialect->counters(rig.driver)->line_errors, 1);
	rig.dialect->manual(rig.driver, rig.now_us, "G91", 3, effects);
	grig_apply(&rig, effects);
	grig_pass(&rig, S(1));
	assert_int_equal(rig.dialect->counters(rig.driver)->line_errors, 1);
	grig_finish(&rig);
}

/* A coordinate that noise has changed shows as soon as the machine is on its way there. */
static void test_a_machine_where_no_line_has_sent_it_is_stopped(void **state)
{
	(void)state;
	begin("grbl-laser", DRIVER_KIND_LASER);
	start_job();
	assert_true(grig_run(&rig, S(60), is_lit));
	/* As if noise had made it of a line of ours. */
	sim_printer_receive(rig.printer, "G1 X900\n", 8, rig.now_us);
	assert_true(grig_run(&rig, S(60), NULL));
	assert_true(rig.faulted);
	assert_non_null(strstr(rig.reason, "where no line has sent it"));
	expect_dark_within(S(1) / 4);
	grig_finish(&rig);
}

static void test_another_firmware_is_told_from_silence(void **state)
{
	struct driver_settings settings = { .baud = 115200 };
	struct sim_settings sim;

	(void)state;
	assert_true(sim_settings_init(&sim, "unit", "marlin"));
	grig_init(&rig, &sim, "grbl", &settings, 1);
	assert_true(grig_run(&rig, S(120), NULL));
	assert_true(rig.link_fault);
	assert_non_null(strstr(rig.reason, "another firmware"));
	grig_finish(&rig);
}

/* ---- replies: each cut at every byte, at the end of a page ---- */

static struct grbl_reply read_reply(const char *text)
{
	struct reply_line line = { .text = text, .length = strlen(text) };
	struct grbl_reply reply;

	grbl_reply_read(&line, &reply);
	return reply;
}

/* G3, G9, G15 */
static void test_only_whole_lines_answer(void **state)
{
	static const struct {
		const char *text;
		enum grbl_reply_kind kind;
		int oks;
	} rows[] = {
		{ "ok", GRBL_REPLY_OK, 1 },
		{ "okok", GRBL_REPLY_OK, 2 },
		{ "error:20", GRBL_REPLY_ERROR, 0 },
		{ "ALARM:1", GRBL_REPLY_ALARM, 0 },
		{ ">G54G20:ok", GRBL_REPLY_PUSH, 0 },
		{ "[MSG:ok]", GRBL_REPLY_MESSAGE, 0 },
		{ "<Run|MPos:1.0,2.0,3.0|FS:500,0ok", GRBL_REPLY_DAMAGED_STATUS, 1 },
		{ "<Run|MPos:1.0,2.0,3.0|FS:500,0>", GRBL_REPLY_STATUS, 0 },
		{ "<Hold:0|WPos:1.0,2.0,3.0|Bf:15,128|F:500>", GRBL_REPLY_STATUS, 0 },
		{ "<Run|MPos:1.0,2.x,3.0|FS:500,0>", GRBL_REPLY_DAMAGED_STATUS, 0 },
		{ "<Critical|MPos:1.0,2.0,3.0|FS:500,0>", GRBL_REPLY_STATUS, 0 },
		{ "<R7n|MPos:1.0,2.0,3.0|FS:500,0>", GRBL_REPLY_DAMAGED_STATUS, 0 },
		{ "<Run|MPos:1.0,2.0<Run|MPos:1.0,2.0,3.0>", GRBL_REPLY_DAMAGED_STATUS, 0 },
		{ "o", GRBL_REPLY_UNREADABLE, 0 },
		{ "0k", GRBL_REPLY_UNREADABLE, 0 },
		{ "error:2O", GRBL_REPLY_UNREADABLE, 0 },
		{ "error:", GRBL_REPLY_UNREADABLE, 0 },
		{ "Grbl 1.1h ['$' for help]", GRBL_REPLY_BANNER, 0 },
		{ "GrblHAL 1.1f ['$' or '$HELP' for help]", GRBL_REPLY_BANNER, 0 },
		{ "[OPT:VNM,100,1024,3,0]", GRBL_REPLY_OPTIONS, 0 },
		{ "$32=1", GRBL_REPLY_SETTING, 0 },
		{ "$N0=G54", GRBL_REPLY_PUSH, 0 },
		{ "", GRBL_REPLY_EMPTY, 0 },
		{ "echo:Unknown command", GRBL_REPLY_FOREIGN, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct grbl_reply reply = read_reply(rows[i].text);
		if (reply.kind != rows[i].kind || reply.oks != rows[i].oks)
			fail_msg("\"%s\" is %d with %d oks", rows[i].text, (int)reply.kind,
				reply.oks);
	}
}

static void test_reports_give_state_position_buffer_and_output(void **state)
{
	struct grbl_reply reply;

	(void)state;
	reply = read_reply("<Hold:1|MPos:1.5,-2.0,3.25|Bf:14,120|FS:500,250|WCO:1,2,3|Pn:D>");
	assert_int_equal(reply.status.machine, GRBL_MACHINE_HOLD);
	assert_int_equal(reply.status.sub, 1);
	assert_true(reply.status.position_mm[2] == 3.25);
	assert_int_equal(reply.status.bytes, 120);
	assert_true(reply.status.rpm == 250);
	assert_true(reply.status.offset_mm[1] == 2);
	reply = read_reply("<Idle|MPos:0.000,0.000,0.000|FS:0,0|Ov:100,100,100|A:SF>");
	assert_true(reply.status.spindle && reply.status.has_overrides);
}

/* What a real grbl 1.1h said, cut at every byte as well: nothing of it is taken for noise. */
static void test_every_recorded_line_is_known(void **state)
{
	static const char *const names[] = { "alarms", "boot", "char_counting", "hold_resume",
		"jog", "moves_pingpong", "throughput" };
	char path[64], row[1024];
	int oks = 0, reports = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct reply_reader reader;

		snprintf(path, sizeof(path), "tests/transcripts/grbl_%s.txt", names[i]);
		FILE *file = fopen(path, "r");
		assert_non_null(file);
		reply_reader_init(&reader);
		while (fgets(row, sizeof(row), file)) {
			struct transcript_row read;
			struct reply_line line;

			transcript_read(row, strcspn(row, "\n"), &read);
			if (read.kind != TRANSCRIPT_RECEIVED)
				continue;
			for (size_t at = 0; at < read.length; at++) {
				const char *byte = read.bytes + at;
				size_t one = 1;
				struct grbl_reply reply;

				if (!reply_reader_next(&reader, &byte, &one, &line))
					continue;
				grbl_reply_read(&line, &reply);
				if (reply.kind >= GRBL_REPLY_FOREIGN ||
					reply.kind == GRBL_REPLY_DAMAGED_STATUS)
					fail_msg("%s: %.*s", path, (int)line.length, line.text);
				oks += reply.kind == GRBL_REPLY_OK;
				reports += reply.kind == GRBL_REPLY_STATUS;
			}
		}
		fclose(file);
	}
	assert_true(oks > 100 && reports > 70);
}

/* Each reply at the end of a page, cut at every byte: read no further, and never an answer that
 * it is not. */
static void test_a_reply_cut_at_every_byte_is_no_other_answer(void **state)
{
	static const char *const replies[] = { "error:20", "ALARM:1",
		"<Run|MPos:1.0,2.0,3.0|Bf:3,20|FS:500,0|WCO:0,0,0|Ov:100,100,100|A:SF>",
		"[OPT:VNM,100,1024,3,0]", "[VER:1.1h.20190825:me]", "$132=200.000",
		"Grbl 1.1h ['$' for help]", ">G54G20:ok" };

	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		for (size_t length = 0; length < strlen(replies[i]); length++) {
			char *copy = guard_page_copy(replies[i], length);
			struct reply_line line = { .text = copy, .length = length };
			struct grbl_reply reply;

			grbl_reply_read(&line, &reply);
			assert_int_equal(reply.oks, 0);
			guard_page_free(copy, length);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_job_runs_whole_and_in_order_and_ends_dark),
		cmocka_unit_test(test_a_pause_is_dark_and_goes_on_where_it_was),
		cmocka_unit_test(test_a_cancel_brakes_resets_keeps_the_position_and_proves_dark),
		cmocka_unit_test(test_a_cancel_out_of_a_pause_stops_there),
		cmocka_unit_test(test_an_emergency_stop_is_dark_at_once_and_locks),
		cmocka_unit_test(test_an_emergency_stop_reaches_a_machine_that_homes),
		cmocka_unit_test(test_what_an_owner_left_ends_dark_and_no_half_line_runs),
		cmocka_unit_test(test_unlocking_frees_a_machine_that_cannot_home_and_no_other),
		cmocka_unit_test(test_an_error_stops_the_job_with_its_words),
		cmocka_unit_test(test_a_limit_ends_the_job_and_only_a_reset_is_sent),
		cmocka_unit_test(test_a_board_that_restarts_fails_the_job),
		cmocka_unit_test(test_a_machine_that_says_nothing_is_stopped),
		cmocka_unit_test(test_an_answer_too_many_stops_the_job),
		cmocka_unit_test(test_a_dwell_behind_long_moves_is_no_lost_answer),
		cmocka_unit_test(test_a_ring_fuller_than_it_can_be_stops_the_job),
		cmocka_unit_test(test_a_lost_answer_is_found_and_the_position_explains_it),
		cmocka_unit_test(test_m0_and_the_door_wait_for_a_person),
		cmocka_unit_test(test_what_may_not_be_sent_is_refused_with_the_reason),
		cmocka_unit_test(test_a_mills_spindle_stops_in_a_pause_and_turns_again_behind_it),
		cmocka_unit_test(test_the_ring_is_filled_and_never_overrun),
		cmocka_unit_test(test_the_wire_is_never_idle_while_there_is_something_to_send),
		cmocka_unit_test(test_a_line_waits_until_its_bytes_fit),
		cmocka_unit_test(test_what_it_is_and_how_much_it_holds_is_learnt),
		cmocka_unit_test(test_laser_mode_is_wanted_of_a_laser_and_not_of_a_mill),
		cmocka_unit_test(test_a_lock_wants_a_person_and_homing_may_take_a_minute),
		cmocka_unit_test(test_another_firmware_is_told_from_silence),
		cmocka_unit_test(test_a_jog_is_cancelled_on_the_way_to_a_stop),
		cmocka_unit_test(test_an_operators_error_on_grblhal_is_taken_off_again),
		cmocka_unit_test(test_a_machine_where_no_line_has_sent_it_is_stopped),
		cmocka_unit_test(test_only_whole_lines_answer),
		cmocka_unit_test(test_every_recorded_line_is_known),
		cmocka_unit_test(test_a_reply_cut_at_every_byte_is_no_other_answer),
		cmocka_unit_test(test_reports_give_state_position_buffer_and_output),
	};

	return cmocka_run_group_tests_name("grbl", tests, NULL, NULL);
}
