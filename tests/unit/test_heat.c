/* How long heaters take: against their own exponential. */
#include "gcode/heat.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_a_usual_hotend_takes_a_minute_or_two(void **state)
{
	struct heater heater;

	(void)state;
	heater_init(&heater, &heater_model_hotend);
	heater.target_celsius = 210;
	assert_true(heater_wait_s(&heater, 0) > 60 && heater_wait_s(&heater, 0) < 150);
	/* Hotter takes longer than in proportion. */
	double to_210 = heater_wait_s(&heater, 0);
	heater.target_celsius = 280;
	assert_true(heater_wait_s(&heater, 0) / to_210 > (280 - 22) / (210.0 - 22));
}

static void test_what_has_passed_is_not_waited_for(void **state)
{
	struct heater heater;

	(void)state;
	heater_init(&heater, &heater_model_bed);
	heater.target_celsius = 60;
	double all = heater_wait_s(&heater, 0);
	heater_pass(&heater, all / 2);
	assert_true(fabs(heater_wait_s(&heater, 0) - all / 2) < 1e-6);
	heater_pass(&heater, all);
	assert_true(heater.celsius == 60);
	assert_true(heater_wait_s(&heater, 0) == 0);
}

static void test_cooling_is_waited_for_only_when_asked(void **state)
{
	struct heater heater;

	(void)state;
	heater_init(&heater, &heater_model_hotend);
	heater.target_celsius = 210;
	heater_pass(&heater, 1000);
	heater.target_celsius = 170;
	assert_true(heater_wait_s(&heater, 0) == 0);
	double cooling = heater_wait_s(&heater, 1);
	assert_true(cooling > 10 && cooling < 200);
	heater_pass(&heater, cooling);
	assert_true(fabs(heater.celsius - 171) < 1e-6);
	/* Off: it ends at the room's temperature and not below. */
	heater.target_celsius = 0;
	heater_pass(&heater, 1e6);
	assert_true(heater.celsius > 15 && heater.celsius < 30);
	assert_true(heater_wait_s(&heater, 1) == 0);
}

static void test_what_is_never_reached_ends_all_the_same(void **state)
{
	struct heater heater;

	(void)state;
	heater_init(&heater, &heater_model_bed);
	heater.target_celsius = 1e9;
	assert_true(isfinite(heater_wait_s(&heater, 0)));
	heater_pass(&heater, -5);
	heater_pass(&heater, 1e300);
	assert_true(isfinite(heater.celsius));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_usual_hotend_takes_a_minute_or_two),
		cmocka_unit_test(test_what_has_passed_is_not_waited_for),
		cmocka_unit_test(test_cooling_is_waited_for_only_when_asked),
		cmocka_unit_test(test_what_is_never_reached_ends_all_the_same),
	};

	return cmocka_run_group_tests_name("heat", tests, NULL, NULL);
}
