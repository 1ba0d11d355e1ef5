/* The reset of a board by its DTR line before the first word to it: where that is wanted, and never
 * where a print could be lost by it. */
#include "daemon/stream/session_private.h"
#include "tests/unit/session_rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct session_rig rig;

static int set_up(void **state)
{
	(void)state;
	session_rig_init(&rig, "marlin");
	session_rig_start_streamer(&rig);
	session_rig_write_file(&rig, session_rig_cold_print);
	return session_rig_run(&rig, 60, session_rig_is_ready) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	session_rig_finish(&rig);
	return 0;
}

static bool is_moving(struct session_rig *unused)
{
	(void)unused;
	return session_rig_has_executed(&rig, "G1 X10 Y10 F3000");
}

static bool is_let_go(struct session_rig *unused)
{
	(void)unused;
	return rig.memory.lines_asserted;
}

static void start_with_reset_on_connect(void)
{
	session_rig_kill_streamer(&rig);
	rig.memory.reset_edges = 0;
	rig.said[0] = '\0';
	rig.settings.reset_on_connect = true;
	session_rig_start_streamer(&rig);
}

static void test_a_board_is_reset_before_the_first_word_where_that_is_wanted(void **state)
{
	int64_t begin_us;

	(void)state;
	start_with_reset_on_connect();
	begin_us = rig.now_us;
	assert_false(rig.memory.lines_asserted);
	assert_non_null(strstr(rig.said, "reset by its DTR line"));
	assert_non_null(strstr(session_rig_state(&rig).reason, "reset by its DTR line"));
	assert_int_equal(session_rig_state(&rig).link, WIRE_CONNECTING);
	/* What the board still says is of the life that is over. */
	port_memory_say(&rig.memory, "FIRMWARE_NAME:Marlin 2.1.2\nok\n");
	assert_true(session_rig_run(&rig, 1, is_let_go));
	assert_int_equal(rig.now_us - begin_us, 250000);
	assert_int_equal(rig.memory.from_host_length, 0);
	assert_int_equal(rig.memory.reset_edges, 1);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_int_equal(rig.memory.reset_edges, 1);
	assert_string_equal(session_rig_state(&rig).reason, "");
}

static void test_what_a_board_says_while_it_is_reset_does_not_count(void **state)
{
	(void)state;
	strcpy(rig.settings.dialect, "auto");
	start_with_reset_on_connect();
	assert_false(rig.memory.lines_asserted);
	port_memory_say(&rig.memory, "\nGrbl 1.1h ['$' for help]\n");
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_null(strstr(rig.said, "grbl"));
	assert_non_null(strstr(rig.said, "this speaks marlin"));
	assert_int_equal(rig.memory.reset_edges, 1);
}

static void test_unasked_no_board_is_reset(void **state)
{
	(void)state;
	assert_int_equal(rig.memory.reset_edges, 0);
	session_rig_kill_streamer(&rig);
	session_rig_start_streamer(&rig);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_int_equal(rig.memory.reset_edges, 0);
}

static void test_a_print_that_is_gone_on_with_is_not_reset(void **state)
{
	(void)state;
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, is_moving));
	start_with_reset_on_connect();
	assert_true(session_rig_run(&rig, 300, session_rig_is_idle));
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_PRINTED);
	assert_int_equal(rig.memory.reset_edges, 0);
}

static void test_a_board_that_is_hot_by_us_is_cooled_and_not_reset(void **state)
{
	(void)state;
	session_rig_write_file(&rig, session_rig_hot_print);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, session_rig_is_hot));
	rig.settings.no_adoption = true;
	start_with_reset_on_connect();
	assert_true(session_rig_run(&rig, 300, session_rig_is_ready));
	assert_true(session_rig_heaters_are_off(&rig));
	assert_int_equal(rig.memory.reset_edges, 0);
}

static bool is_by_hand(struct session_rig *unused)
{
	(void)unused;
	return session_rig_state(&rig).activity == WIRE_BY_HAND;
}

static bool is_not_by_hand(struct session_rig *unused)
{
	return session_rig_is_ready(unused) && !is_by_hand(unused);
}

static void test_a_board_that_worked_for_somebody_else_is_not_reset(void **state)
{
	(void)state;
	session_rig_fault(&rig, "press M140 S60");
	assert_true(session_rig_run(&rig, 60, is_by_hand));
	start_with_reset_on_connect();
	assert_true(session_rig_run(&rig, 60, is_by_hand));
	assert_int_equal(rig.memory.reset_edges, 0);
	session_rig_fault(&rig, "press M140 S0");
	assert_true(session_rig_run(&rig, 60, is_not_by_hand));
	start_with_reset_on_connect();
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_int_equal(rig.memory.reset_edges, 1);
}

static void test_a_locked_board_is_not_reset_until_a_person_has_unlocked_it(void **state)
{
	struct error error = { "" };

	(void)state;
	session_estop(rig.session, rig.now_us, &error);
	session_rig_run(&rig, 1, NULL);
	start_with_reset_on_connect();
	session_rig_run(&rig, 60, NULL);
	assert_int_equal(rig.memory.reset_edges, 0);
	assert_int_equal(session_connect(rig.session, false, rig.now_us, &error), 0);
	session_rig_run(&rig, 1, NULL);
	assert_int_equal(rig.memory.reset_edges, 1);
}

static void test_a_person_may_reset_an_idle_board_and_no_other(void **state)
{
	struct error error = { "" };

	(void)state;
	assert_int_equal(session_connect(rig.session, true, rig.now_us, &error), 0);
	assert_non_null(strstr(rig.said, "as a person wished"));
	assert_false(rig.memory.lines_asserted);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_int_equal(rig.memory.reset_edges, 1);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, is_moving));
	assert_int_equal(session_connect(rig.session, true, rig.now_us, &error), -EBUSY);
	assert_true(session_rig_run(&rig, 300, session_rig_is_idle));
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_PRINTED);
	assert_int_equal(rig.memory.reset_edges, 1);
}

static void test_a_reset_that_was_asked_for_does_not_come_later(void **state)
{
	struct error error = { "" };

	(void)state;
	session_rig_fault(&rig, "unplug");
	session_rig_run(&rig, 1, NULL);
	assert_int_equal(session_connect(rig.session, true, rig.now_us, &error), -ENODEV);
	assert_non_null(strstr(error.text, "was not reset"));
	session_rig_fault(&rig, "replug");
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_int_equal(rig.memory.reset_edges, 0);
}

static void test_an_emergency_stop_goes_out_while_the_board_is_reset(void **state)
{
	struct error error = { "" };

	(void)state;
	start_with_reset_on_connect();
	session_estop(rig.session, rig.now_us, &error);
	assert_non_null(memmem(rig.memory.from_host, rig.memory.from_host_length, "M112\n", 5));
	assert_true(session_rig_run(&rig, 1, is_let_go));
	assert_int_not_equal(session_rig_state(&rig).fault, 0);
}

#define SESSION_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SESSION_TEST(test_a_print_that_is_gone_on_with_is_not_reset),
		SESSION_TEST(test_a_board_that_worked_for_somebody_else_is_not_reset),
		SESSION_TEST(test_a_board_that_is_hot_by_us_is_cooled_and_not_reset),
		SESSION_TEST(test_unasked_no_board_is_reset),
		SESSION_TEST(test_a_locked_board_is_not_reset_until_a_person_has_unlocked_it),
		SESSION_TEST(test_an_emergency_stop_goes_out_while_the_board_is_reset),
		SESSION_TEST(test_a_person_may_reset_an_idle_board_and_no_other),
		SESSION_TEST(test_a_reset_that_was_asked_for_does_not_come_later),
		SESSION_TEST(test_a_board_is_reset_before_the_first_word_where_that_is_wanted),
		SESSION_TEST(test_what_a_board_says_while_it_is_reset_does_not_count),
	};

	return cmocka_run_group_tests_name("session_reset", tests, NULL, NULL);
}
