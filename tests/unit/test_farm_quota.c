/* Quotas in the farm: who has had enough stands behind, or waits, also after control was killed. */
#include "base/error.h"
#include "daemon/control/farm.h"
#include "tests/unit/farm_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { DAY = 86400 };

static struct config_quota quota = { .user = "*", .units = 4, .per = SHARE_DAY };

static struct rig *quota_rig(enum config_quota_policy policy)
{
	struct rig *rig = rig_create(1);
	rig->config.quota = &quota;
	rig->config.quota_count = 1;
	rig->config.quota_policy = policy;
	rig_add_design(rig);
	rig_settle(rig);
	rig_clear_all(rig);
	rig_settle(rig);
	rig_advance(rig, 31);
	rig_settle(rig);
	return rig;
}

static int64_t order(struct rig *rig, const char *user, int64_t units)
{
	struct farm_wish wish = { .design = "visor", .units = units, .priority = 50 };
	struct error error = { "" };
	int64_t id;
	snprintf(wish.user, sizeof(wish.user), "%s", user);
	assert_int_equal(farm_order_create(rig->farm, user, &wish, &id, &error), 0);
	rig_settle(rig);
	return id;
}

/* What p1 prints ends, somebody clears it, and what comes next starts. */
static void next_print(struct rig *rig)
{
	rig_advance(rig, 3000);
	rig_end_print(rig, &rig->printer[0], WIRE_PRINTED, 0);
	rig_settle(rig);
	rig_clear(rig, &rig->printer[0]);
	rig_settle(rig);
	rig_advance(rig, 31);
	rig_settle(rig);
}

static void ignore(void *context, const struct farm_why_view *view)
{
	(void)context;
	(void)view;
}

static int64_t used_units;

static void note_use(void *context, const struct farm_quota_view *view)
{
	if (strcmp(view->name, context) == 0)
		used_units = view->used.units;
}

static int64_t used(struct rig *rig, const char *user)
{
	used_units = -1;
	farm_quota_each(rig->farm, note_use, (void *)user);
	return used_units;
}

static void test_who_has_had_enough_stands_behind_the_others(void **state)
{
	(void)state;
	struct rig *rig = quota_rig(QUOTA_BEHIND);
	int64_t mia = order(rig, "mia", 8), tom = order(rig, "tom", 4);
	assert_int_equal(rig_order(rig, mia).printing, 4);
	assert_int_equal(used(rig, "mia"), 4);
	assert_string_equal(rig_order(rig, tom).quota, "");
	assert_non_null(strstr(rig_order(rig, mia).quota, "mia has had 4 of 4 units this day"));
	next_print(rig);
	assert_int_equal(rig_order(rig, tom).printing, 4);
	/* Nobody else wants the printer. */
	next_print(rig);
	assert_int_equal(rig_order(rig, mia).printing, 4);
	assert_int_equal(used(rig, "mia"), 8);
	rig_destroy(rig);
}

static void test_who_has_had_enough_waits_for_the_next_period(void **state)
{
	(void)state;
	struct rig *rig = quota_rig(QUOTA_WAIT);
	int64_t mia = order(rig, "mia", 8);
	char summary[512];
	struct error error = { "" };
	next_print(rig);
	assert_int_equal(rig_order(rig, mia).printing, 0);
	assert_true(rig_order(rig, mia).job_count >= 2);
	int64_t job = rig_job_of(rig, mia, 1);
	assert_int_equal(
		farm_why(rig->farm, job, NULL, ignore, NULL, summary, sizeof(summary), &error), 0);
	assert_non_null(
		strstr(summary, "waits: mia has had 4 of 4 units this day: it waits until"));
	rig_advance(rig, DAY);
	rig_settle(rig);
	assert_int_equal(rig_order(rig, mia).printing, 4);
	assert_int_equal(used(rig, "mia"), 4);
	rig_destroy(rig);
}

static void test_what_was_had_is_known_after_control_was_killed(void **state)
{
	(void)state;
	struct rig *rig = quota_rig(QUOTA_BEHIND);
	int64_t mia = order(rig, "mia", 8);
	next_print(rig);
	assert_int_equal(used(rig, "mia"), 8);
	rig_restart(rig);
	rig_settle(rig);
	assert_int_equal(used(rig, "mia"), 8);
	assert_non_null(strstr(rig_order(rig, mia).quota, "8 of 4 units"));
	rig_destroy(rig);
}

static void test_a_row_of_ones_own_takes_the_place_of_the_one_for_all(void **state)
{
	(void)state;
	struct config_quota rows[] = { { .user = "*", .units = 1, .per = SHARE_WEEK },
		{ .user = "mia", .units = 100, .per = SHARE_WEEK } };
	struct rig *rig = quota_rig(QUOTA_BEHIND);
	rig->config.quota = rows;
	rig->config.quota_count = 2;
	int64_t mia = order(rig, "mia", 8), tom = order(rig, "tom", 8);
	next_print(rig);
	next_print(rig);
	assert_string_equal(rig_order(rig, mia).quota, "");
	assert_non_null(strstr(rig_order(rig, tom).quota, "of 1 units this week"));
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_has_had_enough_stands_behind_the_others),
		cmocka_unit_test(test_who_has_had_enough_waits_for_the_next_period),
		cmocka_unit_test(test_what_was_had_is_known_after_control_was_killed),
		cmocka_unit_test(test_a_row_of_ones_own_takes_the_place_of_the_one_for_all),
	};

	return cmocka_run_group_tests_name("farm_quota", tests, NULL, NULL);
}
