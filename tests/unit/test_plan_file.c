/* The kept plan's file. */
#include "daemon/control/plan_file.h"

#include "daemon/control/ledger.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h> /* usleep */

#include <cmocka.h>
#include <event2/event.h>

#include "base/error.h"

struct bench {
	struct scratch scratch;
	struct event_base *base;
	struct ledger *ledger;
};

static int set_up(void **state)
{
	static struct bench bench;
	struct error error = { "" };
	scratch_make(&bench.scratch);
	bench.base = event_base_new();
	if (ledger_open(&bench.ledger, scratch_path(&bench.scratch, "ledger.db"), bench.base,
		    &error) != 0)
		fail_msg("%s", error.text);
	*state = &bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;
	event_base_free(bench->base);
	scratch_remove(&bench->scratch);
	return 0;
}

static int slow_disk(void *context)
{
	(void)context;
	usleep(200000);
	return 0;
}

static void test_while_the_disk_is_slow_nobody_waits_and_the_latest_plan_is_kept(void **state)
{
	struct bench *bench = *state;
	struct plan_file *plan_file = plan_file_create(bench->ledger, bench->scratch.directory);
	char text[32];
	size_t size;
	assert_int_equal(ledger_run(bench->ledger, slow_disk, NULL, NULL), 0);
	plan_file_keep(plan_file, "first", 5);
	for (int i = 0; i < 100; i++)
		plan_file_keep(plan_file, text, (size_t)snprintf(text, sizeof(text), "plan %d", i));
	assert_null(plan_file_read(bench->scratch.directory, &size));
	char *kept = NULL;
	while (!kept || strcmp(kept, "plan 99") != 0) {
		free(kept);
		event_base_loop(bench->base, EVLOOP_ONCE);
		kept = plan_file_read(bench->scratch.directory, &size);
	}
	assert_int_equal(size, 7);
	free(kept);
	ledger_close(bench->ledger);
	plan_file_destroy(plan_file);
}

static void test_a_plan_that_is_under_way_at_the_end_is_kept_or_not_but_never_in_part(void **state)
{
	struct bench *bench = *state;
	struct plan_file *plan_file = plan_file_create(bench->ledger, bench->scratch.directory);
	size_t size;
	plan_file_keep(plan_file, "the first", 9);
	plan_file_keep(plan_file, "the second", 10);
	ledger_close(bench->ledger);
	plan_file_destroy(plan_file);
	char *kept = plan_file_read(bench->scratch.directory, &size);
	assert_non_null(kept);
	assert_true(strcmp(kept, "the first") == 0 || strcmp(kept, "the second") == 0);
	free(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_while_the_disk_is_slow_nobody_waits_and_the_latest_plan_is_kept,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_plan_that_is_under_way_at_the_end_is_kept_or_not_but_never_in_part,
			set_up, tear_down),
	};
	return cmocka_run_group_tests_name("plan_file", tests, NULL, NULL);
}
