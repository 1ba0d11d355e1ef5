/* The lives of a job, an attempt, a bed and a lock: every pair of state and event, against the
 * drawing of architecture.md section 4 written down here a second time. */
#include "daemon/control/lives.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* One row a state, one column an event: the state it leads to, '.' nothing.
 * States: h held, q queued, a assigned, p printing, z paused, d printed, i inspected, f failed,
 * l needs look, c cancelled. */
static const char job_states[] = "hqapzdiflc";
static const char *const job_table[JOB_STATE_COUNT] = {
	/* hold release assign return start pause resume printed inspected again failed suspect
	 * retry redo cancel */
	[JOB_HELD] = ".q............c",
	[JOB_QUEUED] = "h.a...........c",
	[JOB_ASSIGNED] = "...qp..d.qfl..c",
	[JOB_PRINTING] = ".....z.d.qfl..c",
	[JOB_PAUSED] = "......pd.qfl..c",
	[JOB_PRINTED] = "........i......",
	[JOB_INSPECTED] = "...............",
	[JOB_FAILED] = "............q.c",
	[JOB_NEEDS_LOOK] = ".......d.....qc",
	[JOB_CANCELLED] = "...............",
};

static void test_every_state_and_event_of_a_job_leads_where_the_drawing_says(void **state)
{
	(void)state;
	for (int from = 0; from < JOB_STATE_COUNT; from++) {
		assert_int_equal(strlen(job_table[from]), JOB_EVENT_COUNT);
		for (int event = 0; event < JOB_EVENT_COUNT; event++) {
			enum job_state to = (enum job_state) - 1;
			bool may = job_next((enum job_state)from, (enum job_event)event, &to);
			char expected = job_table[from][event];

			if (may != (expected != '.'))
				fail_msg("%s on %s", job_state_name((enum job_state)from),
					job_event_name((enum job_event)event));
			if (may)
				assert_int_equal(job_states[to], expected);
			else
				assert_int_equal(to, (enum job_state) - 1);
		}
	}
}

static void test_a_job_may_go_only_where_some_event_leads(void **state)
{
	(void)state;
	for (int from = 0; from < JOB_STATE_COUNT; from++)
		for (int to = 0; to < JOB_STATE_COUNT; to++)
			assert_int_equal(job_may((enum job_state)from, (enum job_state)to),
				strchr(job_table[from], job_states[to]) != NULL);
}

static void test_nothing_leads_out_of_counted_or_cancelled(void **state)
{
	(void)state;
	for (int from = 0; from < JOB_STATE_COUNT; from++)
		assert_int_equal(job_is_final((enum job_state)from),
			from == JOB_INSPECTED || from == JOB_CANCELLED);
}

static void test_what_may_lie_on_a_bed_is_never_queued_without_a_person(void **state)
{
	enum job_state to;

	(void)state;
	for (int event = 0; event < JOB_EVENT_COUNT; event++)
		if (job_next(JOB_NEEDS_LOOK, (enum job_event)event, &to) && to == JOB_QUEUED)
			assert_int_equal(event, JOB_ON_REDO);
	assert_false(job_may(JOB_PRINTED, JOB_QUEUED));
	assert_false(job_may(JOB_PRINTED, JOB_CANCELLED));
}

static void test_units_are_counted_only_from_printed(void **state)
{
	(void)state;
	for (int from = 0; from < JOB_STATE_COUNT; from++)
		assert_int_equal(job_may((enum job_state)from, JOB_INSPECTED), from == JOB_PRINTED);
}

static void test_a_job_with_an_attempt_is_under_way(void **state)
{
	(void)state;
	for (int at = 0; at < JOB_STATE_COUNT; at++)
		assert_int_equal(job_is_under_way((enum job_state)at),
			at == JOB_ASSIGNED || at == JOB_PRINTING || at == JOB_PAUSED);
}

static void test_an_attempt_ends_once_whatever_comes_after(void **state)
{
	static const enum attempt_state ends[ATTEMPT_EVENT_COUNT] = {
		[ATTEMPT_ON_PRINTED] = ATTEMPT_PRINTED,
		[ATTEMPT_ON_FAILED] = ATTEMPT_FAILED,
		[ATTEMPT_ON_CANCELLED] = ATTEMPT_CANCELLED,
		[ATTEMPT_ON_LOST] = ATTEMPT_SUSPECT,
	};

	(void)state;
	for (int from = 0; from < ATTEMPT_STATE_COUNT; from++) {
		assert_int_equal(
			attempt_is_final((enum attempt_state)from), from != ATTEMPT_STARTED);
		for (int event = 0; event < ATTEMPT_EVENT_COUNT; event++) {
			enum attempt_state to = ATTEMPT_STARTED;
			bool may = attempt_next(
				(enum attempt_state)from, (enum attempt_event)event, &to);

			assert_int_equal(may, from == ATTEMPT_STARTED);
			assert_int_equal(to, may ? ends[event] : ATTEMPT_STARTED);
			assert_int_equal(attempt_may((enum attempt_state)from, ends[event]), may);
		}
	}
}

static void test_a_bed_is_empty_only_by_a_named_act_and_taken_only_when_empty(void **state)
{
	(void)state;
	for (int from = 0; from < BED_STATE_COUNT; from++) {
		for (int event = 0; event < BED_EVENT_COUNT; event++) {
			enum bed_state to;

			if (!bed_next((enum bed_state)from, (enum bed_event)event, &to)) {
				assert_int_equal(event, BED_ON_START);
				assert_int_not_equal(from, BED_EMPTY);
				continue;
			}
			assert_int_equal(to == BED_EMPTY, event == BED_ON_CLEAR);
			assert_int_equal(to == BED_OCCUPIED, event == BED_ON_START);
			assert_int_equal(to == BED_UNKNOWN, event == BED_ON_DOUBT);
			assert_true(bed_may((enum bed_state)from, to));
		}
	}
	assert_false(bed_may(BED_UNKNOWN, BED_OCCUPIED));
	assert_false(bed_may(BED_OCCUPIED, BED_OCCUPIED));
}

static void test_a_lock_goes_only_by_a_person(void **state)
{
	(void)state;
	for (int from = 0; from < LOCK_STATE_COUNT; from++) {
		for (int event = 0; event < LOCK_EVENT_COUNT; event++) {
			enum lock_state to;

			assert_true(lock_next((enum lock_state)from, (enum lock_event)event, &to));
			assert_int_equal(to, event == LOCK_ON_FAULT ? LOCK_FAULT : LOCK_NONE);
		}
	}
}

static void test_every_state_and_event_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int one = 0; one < JOB_STATE_COUNT; one++)
		for (int other = 0; other < one; other++)
			assert_string_not_equal(job_state_name((enum job_state)one),
				job_state_name((enum job_state)other));
	for (int one = 0; one < JOB_EVENT_COUNT; one++)
		for (int other = 0; other < one; other++)
			assert_string_not_equal(job_event_name((enum job_event)one),
				job_event_name((enum job_event)other));
	assert_string_equal(job_state_name(JOB_NEEDS_LOOK), "needs_look");
	assert_string_equal(attempt_state_name(ATTEMPT_SUSPECT), "suspect");
	assert_string_equal(bed_state_name(BED_UNKNOWN), "unknown");
	assert_string_equal(order_state_name(ORDER_HELD), "held");
	assert_string_equal(job_state_name((enum job_state)99), "unknown");
	assert_string_equal(job_event_name((enum job_event)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_state_and_event_of_a_job_leads_where_the_drawing_says),
		cmocka_unit_test(test_what_may_lie_on_a_bed_is_never_queued_without_a_person),
		cmocka_unit_test(test_units_are_counted_only_from_printed),
		cmocka_unit_test(test_an_attempt_ends_once_whatever_comes_after),
		cmocka_unit_test(test_a_bed_is_empty_only_by_a_named_act_and_taken_only_when_empty),
		cmocka_unit_test(test_a_lock_goes_only_by_a_person),
		cmocka_unit_test(test_a_job_may_go_only_where_some_event_leads),
		cmocka_unit_test(test_nothing_leads_out_of_counted_or_cancelled),
		cmocka_unit_test(test_a_job_with_an_attempt_is_under_way),
		cmocka_unit_test(test_every_state_and_event_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests_name("lives", tests, NULL, NULL);
}
