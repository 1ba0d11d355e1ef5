/* What kept and broken promises say about the next ones. */
#include "scheduler/promise_kept.h"
#include "base/random.h"
#include "tests/unit/worlds.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { HOUR = 3600, DAY = 24 * HOUR };

static struct calendar weekdays(void)
{
	struct world_calendar hours = worlds_weekdays(8, 18);
	struct calendar calendar;

	calendar_init(&calendar, &hours);
	return calendar;
}

static double exponential(struct random *random, double mean)
{
	return -mean * log(1 - random_unit(random));
}

/* Whatever a farm's orders take, of the model's time: nine of ten of the next are kept. */
static void test_nine_of_ten_are_kept_whatever_the_scores_are(void **state)
{
	static const double means[] = { 0.2, 1, 4 };

	(void)state;
	for (size_t m = 0; m < 3; m++) {
		struct random random;
		int kept = 0, all = 0;

		random_init(&random, 7 + m);
		for (int farm = 0; farm < 200; farm++) {
			double score[PROMISE_SCORES_MAX];

			for (size_t i = 0; i < PROMISE_SCORES_MAX; i++)
				score[i] = exponential(&random, means[m]);
			double stretch = promise_stretch(score, PROMISE_SCORES_MAX);

			for (int i = 0; i < 20; i++)
				kept += exponential(&random, means[m]) <= stretch;
			all += 20;
		}
		assert_in_range(1000 * kept / all, 890, 945);
	}
}

static void test_a_farm_without_a_past_is_promised_a_little_more_than_the_model_says(void **state)
{
	(void)state;
	double stretch = promise_stretch(NULL, 0);

	assert_true(stretch > 1 && stretch < 1.5);
}

static void test_few_broken_promises_are_enough_to_be_more_careful(void **state)
{
	const double broken[] = { 2, 2.5, 3 };

	(void)state;
	assert_true(promise_stretch(broken, 3) > promise_stretch(NULL, 0));
}

static void test_a_little_late_on_friday_evening_is_monday_morning(void **state)
{
	struct calendar calendar = weekdays();
	int64_t made_s = 4 * DAY + 9 * HOUR, model_s = 4 * DAY + 17 * HOUR + 1800;
	int64_t promised_s = promise_stretched_s(&calendar, made_s, model_s, 1.4);

	(void)state;
	assert_in_range(promised_s, 7 * DAY, 7 * DAY + 12 * HOUR);
}

static void test_what_was_done_when_promised_scores_its_stretch(void **state)
{
	struct calendar calendar = weekdays();

	(void)state;
	for (int64_t made_s = 0; made_s < 7 * DAY; made_s += 5 * HOUR)
		for (double stretch = 0.5; stretch < 4; stretch *= 1.7) {
			int64_t model_s = made_s + 30 * HOUR;
			int64_t at_s = promise_stretched_s(&calendar, made_s, model_s, stretch);
			double score = promise_score(&calendar, made_s, model_s, at_s);

			assert_true(at_s >= made_s);
			assert_true(at_s == made_s || fabs(score - stretch) < 0.01);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nine_of_ten_are_kept_whatever_the_scores_are),
		cmocka_unit_test(
			test_a_farm_without_a_past_is_promised_a_little_more_than_the_model_says),
		cmocka_unit_test(test_few_broken_promises_are_enough_to_be_more_careful),
		cmocka_unit_test(test_a_little_late_on_friday_evening_is_monday_morning),
		cmocka_unit_test(test_what_was_done_when_promised_scores_its_stretch),
	};

	return cmocka_run_group_tests_name("promise_kept", tests, NULL, NULL);
}
