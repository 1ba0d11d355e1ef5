/* Heater supervision: each way of burning a house down is seen in time, and a healthy printer is
 * never stopped. */
#include "daemon/stream/supervisor.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SECOND_US = 1000000, READING_EVERY_S = 2 };

/* A heater with a time constant, a power and a thermostat; good enough to be healthy. */
struct plant {
	double celsius, target_celsius, ambient_celsius, celsius_per_s, loss_per_s;
	bool heater_broken, stuck_on;
};

static void plant_step(struct plant *plant, double seconds)
{
	double power = plant->celsius < plant->target_celsius ? 1 : 0;

	if (plant->heater_broken)
		power = 0;
	if (plant->stuck_on)
		power = 1;
	plant->celsius +=
		seconds * (power * plant->celsius_per_s -
				  plant->loss_per_s * (plant->celsius - plant->ambient_celsius));
}

struct scene {
	struct supervisor supervisor;
	struct plant hotend, bed;
	struct random noise;
	int64_t now_us;
};

static void scene_init(struct scene *scene, uint64_t seed)
{
	supervisor_init(&scene->supervisor, 260, 110);
	random_init(&scene->noise, seed);
	scene->hotend = (struct plant){
		.celsius = 22, .ambient_celsius = 22, .celsius_per_s = 3.0, .loss_per_s = 0.008
	};
	scene->bed = (struct plant){
		.celsius = 22, .ambient_celsius = 22, .celsius_per_s = 0.40, .loss_per_s = 0.003
	};
	scene->now_us = 5 * SECOND_US;
}

/* Lets time pass with a byte and a reading every two seconds. */
static enum supervisor_verdict scene_run(struct scene *scene, int seconds)
{
	enum supervisor_verdict verdict = scene->supervisor.verdict;

	for (int i = 0; i < seconds && verdict == SUPERVISOR_FINE; i++) {
		struct driver_heaters heaters = { .count = 2 };

		scene->now_us += SECOND_US;
		plant_step(&scene->hotend, 1);
		plant_step(&scene->bed, 1);
		if (i % READING_EVERY_S != 0)
			continue;
		strcpy(heaters.heater[0].name, "T");
		heaters.heater[0].celsius =
			scene->hotend.celsius + random_unit(&scene->noise) - 0.5;
		heaters.heater[0].target_celsius = scene->hotend.target_celsius;
		strcpy(heaters.heater[1].name, "B");
		heaters.heater[1].celsius = scene->bed.celsius + random_unit(&scene->noise) - 0.5;
		heaters.heater[1].target_celsius = scene->bed.target_celsius;
		supervisor_heard(&scene->supervisor, scene->now_us);
		supervisor_reading(&scene->supervisor, scene->now_us, &heaters);
		verdict = supervisor_check(&scene->supervisor, scene->now_us, false);
	}
	return verdict;
}

static void heat(struct scene *scene, double hotend_celsius, double bed_celsius)
{
	scene->hotend.target_celsius = hotend_celsius;
	scene->bed.target_celsius = bed_celsius;
}

static void test_silence_while_hot_is_noticed_after_ten_seconds(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, 1);
	heat(&scene, 200, 60);
	assert_int_equal(scene_run(&scene, 41), SUPERVISOR_FINE);
	assert_int_equal(supervisor_check(&scene.supervisor, scene.now_us + 9900000, false),
		SUPERVISOR_FINE);
	assert_true(supervisor_due_us(&scene.supervisor) <= scene.now_us + 10 * SECOND_US);
	assert_int_equal(supervisor_check(&scene.supervisor, scene.now_us + 10 * SECOND_US, false),
		SUPERVISOR_SILENT);
	assert_non_null(strstr(scene.supervisor.text, "10 s"));
}

static void test_silence_of_a_cold_printer_is_none_of_our_business(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, 1);
	assert_int_equal(scene_run(&scene, 21), SUPERVISOR_FINE);
	assert_int_equal(
		supervisor_check(&scene.supervisor, scene.now_us + 3600LL * SECOND_US, false),
		SUPERVISOR_FINE);
	assert_true(supervisor_due_us(&scene.supervisor) == INT64_MAX);
}

static void test_a_hot_nozzle_with_its_target_off_still_counts_as_hot(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, 1);
	scene.hotend.celsius = 150;
	assert_int_equal(scene_run(&scene, 3), SUPERVISOR_FINE);
	assert_false(supervisor_is_heating(&scene.supervisor));
	assert_int_equal(supervisor_check(&scene.supervisor, scene.now_us + 11 * SECOND_US, false),
		SUPERVISOR_SILENT);
}

static void test_a_heater_that_does_not_heat_is_noticed(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, 2);
	heat(&scene, 200, 0);
	scene.hotend.heater_broken = true;
	assert_int_equal(scene_run(&scene, 39), SUPERVISOR_FINE);
	assert_int_equal(scene_run(&scene, 10), SUPERVISOR_NO_RISE);
	scene_init(&scene, 2);
	heat(&scene, 0, 60);
	scene.bed.heater_broken = true;
	assert_int_equal(scene_run(&scene, 59), SUPERVISOR_FINE);
	assert_int_equal(scene_run(&scene, 10), SUPERVISOR_NO_RISE);
	assert_non_null(strstr(scene.supervisor.text, "bed"));
}

static void test_a_sensor_that_fell_out_while_printing_is_noticed(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, 3);
	heat(&scene, 215, 60);
	assert_int_equal(scene_run(&scene, 600), SUPERVISOR_FINE);
	scene.hotend.heater_broken = true;
	assert_int_equal(scene_run(&scene, 90), SUPERVISOR_NO_RISE);
}

static void test_a_heater_stuck_on_is_noticed_above_its_target(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, 4);
	heat(&scene, 200, 60);
	assert_int_equal(scene_run(&scene, 300), SUPERVISOR_FINE);
	scene.hotend.stuck_on = true;
	assert_int_equal(scene_run(&scene, 30), SUPERVISOR_OVER_TARGET);
	assert_true(scene.hotend.celsius < 260);
}

static void test_a_heater_stuck_on_after_being_switched_off_is_noticed(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, 4);
	heat(&scene, 200, 0);
	assert_int_equal(scene_run(&scene, 300), SUPERVISOR_FINE);
	heat(&scene, 0, 0);
	assert_int_equal(scene_run(&scene, 60), SUPERVISOR_FINE);
	scene.hotend.stuck_on = true;
	assert_int_equal(scene_run(&scene, 60), SUPERVISOR_OVER_TARGET);
}

static void test_above_the_maximum_of_the_profile_is_noticed_at_the_second_reading(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, 5);
	heat(&scene, 265, 0);
	scene.hotend.celsius = 290;
	assert_int_equal(scene_run(&scene, 1), SUPERVISOR_FINE);
	scene.hotend.celsius = 290;
	assert_int_equal(scene_run(&scene, 3), SUPERVISOR_OVER_MAX);
	assert_non_null(strstr(scene.supervisor.text, "260"));
}

static void test_bytes_without_readings_are_noticed_but_a_long_command_may_take_minutes(
	void **state)
{
	struct scene scene;
	int64_t later_us;

	(void)state;
	scene_init(&scene, 6);
	heat(&scene, 200, 60);
	assert_int_equal(scene_run(&scene, 301), SUPERVISOR_FINE);
	for (int i = 2; i < 300; i += 2) {
		later_us = scene.now_us + i * (int64_t)SECOND_US;
		supervisor_heard(&scene.supervisor, later_us);
		assert_int_equal(
			supervisor_check(&scene.supervisor, later_us, true), SUPERVISOR_FINE);
		assert_true(supervisor_due_us(&scene.supervisor) > later_us);
	}
	assert_int_equal(supervisor_check(&scene.supervisor, later_us, false), SUPERVISOR_STALE);
}

static void read_heaters(struct supervisor *supervisor, int64_t now_us, const char *names)
{
	struct driver_heaters heaters = { .count = strlen(names) };

	for (size_t i = 0; i < heaters.count; i++) {
		heaters.heater[i].name[0] = names[i];
		heaters.heater[i].celsius = 200;
		heaters.heater[i].target_celsius = names[i] == 'C' ? 0 : 200;
	}
	supervisor_heard(supervisor, now_us);
	supervisor_reading(supervisor, now_us, &heaters);
}

static void test_a_heater_that_is_in_no_report_any_more_is_forgotten(void **state)
{
	struct supervisor supervisor;

	(void)state;
	supervisor_init(&supervisor, 260, 110);
	read_heaters(&supervisor, SECOND_US, "TC");
	read_heaters(&supervisor, 50 * SECOND_US, "BC");
	assert_int_equal(supervisor.count, 3);
	/* A wait for the heat of one of them. */
	for (int64_t s = 50; s < 200; s++)
		read_heaters(&supervisor, s * SECOND_US, "T");
	assert_int_equal(supervisor.count, 3);
	for (int64_t s = 200; s < 270; s++)
		read_heaters(&supervisor, s * SECOND_US, "BC");
	assert_int_equal(supervisor.count, 2);
	assert_string_equal(supervisor.heater[0].name, "C");
	assert_string_equal(supervisor.heater[1].name, "B");
}

static void test_a_verdict_stays_until_the_port_is_opened_again(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, 7);
	heat(&scene, 200, 0);
	scene.hotend.heater_broken = true;
	assert_int_equal(scene_run(&scene, 60), SUPERVISOR_NO_RISE);
	scene.hotend.heater_broken = false;
	assert_int_equal(scene_run(&scene, 600), SUPERVISOR_NO_RISE);
	supervisor_init(&scene.supervisor, 260, 110);
	assert_int_equal(scene_run(&scene, 600), SUPERVISOR_FINE);
}

/* Heating up, printing, changed targets, standby, cooling down, again and again, with other
 * materials, weak beds and strong hot ends: a thousand prints without one word. */
static void test_a_thousand_healthy_prints_raise_no_alarm(void **state)
{
	struct random random;

	(void)state;
	random_init(&random, 2026);
	for (int print = 0; print < 1000; print++) {
		struct scene scene;
		double hotend, bed;

		scene_init(&scene, (uint64_t)print);
		scene.hotend.celsius_per_s = 2.3 + 4 * random_unit(&random);
		scene.bed.celsius_per_s = 0.40 + 1.0 * random_unit(&random);
		hotend = 180 + 79 * random_unit(&random);
		bed = 40 + 70 * random_unit(&random);
		heat(&scene, random_below(&random, 2) ? 0 : 150, bed);
		assert_int_equal(scene_run(&scene, 500), SUPERVISOR_FINE);
		heat(&scene, hotend, bed);
		assert_int_equal(scene_run(&scene, 400), SUPERVISOR_FINE);
		heat(&scene, hotend - 40 * random_unit(&random), bed - 10 * random_unit(&random));
		assert_int_equal(scene_run(&scene, 300), SUPERVISOR_FINE);
		heat(&scene, 0, bed);
		assert_int_equal(scene_run(&scene, 120), SUPERVISOR_FINE);
		heat(&scene, hotend, bed);
		assert_int_equal(scene_run(&scene, 300), SUPERVISOR_FINE);
		heat(&scene, 0, 0);
		if (scene_run(&scene, 1200) != SUPERVISOR_FINE)
			fail_msg("print %d: %s", print, scene.supervisor.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silence_while_hot_is_noticed_after_ten_seconds),
		cmocka_unit_test(test_a_heater_stuck_on_is_noticed_above_its_target),
		cmocka_unit_test(test_a_heater_stuck_on_after_being_switched_off_is_noticed),
		cmocka_unit_test(
			test_above_the_maximum_of_the_profile_is_noticed_at_the_second_reading),
		cmocka_unit_test(test_a_heater_that_does_not_heat_is_noticed),
		cmocka_unit_test(test_a_sensor_that_fell_out_while_printing_is_noticed),
		cmocka_unit_test(
			test_bytes_without_readings_are_noticed_but_a_long_command_may_take_minutes),
		cmocka_unit_test(test_a_hot_nozzle_with_its_target_off_still_counts_as_hot),
		cmocka_unit_test(test_a_heater_that_is_in_no_report_any_more_is_forgotten),
		cmocka_unit_test(test_a_verdict_stays_until_the_port_is_opened_again),
		cmocka_unit_test(test_silence_of_a_cold_printer_is_none_of_our_business),
		cmocka_unit_test(test_a_thousand_healthy_prints_raise_no_alarm),
	};

	return cmocka_run_group_tests_name("supervisor", tests, NULL, NULL);
}
