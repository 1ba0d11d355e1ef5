/* When somebody is there, with dates, in the zone of the farm. */
#include "daemon/control/opening.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/error.h"
#include "daemon/control/config_file.h"
#include "daemon/control/dates.h"

enum { DAY_S = 86400, HOUR_S = 3600 };

static int in_paris(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Paris", 1);
	tzset();
	return 0;
}

/* UTC. */
static int64_t at(int year, int month, int day, int hour)
{
	return dates_day(year, month, day) * DAY_S + hour * HOUR_S;
}

static struct opening open_of(struct config *config, const char *text, int64_t now_s)
{
	struct error error = { "" };
	struct opening opening;

	memset(config, 0, sizeof *config);
	if (config_parse(config, text, &error) != 0)
		fail_msg("%s", error.text);
	assert_true(opening_of_staff(&opening, config, now_s));
	return opening;
}

static bool is_open(const struct opening *opening, int64_t at_s)
{
	for (size_t i = 0; i < opening->count; i++)
		if (at_s >= opening->stretch[i].begin_s && at_s < opening->stretch[i].end_s)
			return true;
	return false;
}

static void test_nine_is_nine_before_and_after_the_clocks_change(void **state)
{
	struct config config;
	struct opening opening = open_of(
		&config, "farm = { hours = [\"daily 09:00-18:00\"]; };", at(2026, 10, 20, 12));

	(void)state;
	/* Sunday 25 October 2026 and Sunday 28 March 2027. */
	assert_true(is_open(&opening, at(2026, 10, 24, 7)));
	assert_false(is_open(&opening, at(2026, 10, 25, 7)));
	assert_true(is_open(&opening, at(2026, 10, 25, 8)));
	assert_true(is_open(&opening, at(2026, 10, 25, 17) - 1));
	assert_false(is_open(&opening, at(2026, 10, 25, 17)));
	assert_true(is_open(&opening, at(2027, 3, 27, 8)));
	assert_false(is_open(&opening, at(2027, 3, 27, 8) - 1));
	assert_true(is_open(&opening, at(2027, 3, 28, 7)));
	for (size_t i = 0; i < opening.count; i++)
		assert_int_equal(opening.stretch[i].end_s - opening.stretch[i].begin_s, 9 * HOUR_S);
	opening_finish(&opening);
	config_finish(&config);
}

static void test_a_night_shift_over_the_change_is_an_hour_longer_or_shorter(void **state)
{
	struct config config;
	struct opening opening = open_of(
		&config, "farm = { hours = [\"sat 22:00-06:00\"]; };", at(2026, 10, 20, 12));
	int nine = 0, seven = 0;

	(void)state;
	for (size_t i = 0; i < opening.count; i++) {
		int64_t length_s = opening.stretch[i].end_s - opening.stretch[i].begin_s;

		nine += length_s == 9 * HOUR_S;
		seven += length_s == 7 * HOUR_S;
	}
	/* October 2026 and 2027, March 2027; each night is one stretch. */
	assert_int_equal(nine, 2);
	assert_int_equal(seven, 1);
	assert_int_equal(opening.count, OPENING_WEEKS_BACK + OPENING_WEEKS_AHEAD);
	opening_finish(&opening);
	config_finish(&config);
}

static void test_closed_days_are_closed_and_extra_openings_are_open(void **state)
{
	struct config config;
	struct opening opening = open_of(&config,
		"farm = { hours = [\"mon-fri 09:00-18:00\"]; closed = [\"2026-12-24..2027-01-02\", "
		"\"2026-12-01 12:00-14:00\"]; open = [\"2026-12-19 10:00-14:00\", \"2026-12-28 "
		"10:00-12:00\"]; };",
		at(2026, 11, 26, 12));

	(void)state;
	assert_true(is_open(&opening, at(2026, 12, 23, 12)));
	assert_false(is_open(&opening, at(2026, 12, 24, 12)));
	assert_false(is_open(&opening, at(2027, 1, 1, 12)));
	assert_true(is_open(&opening, at(2027, 1, 4, 12)));
	/* Half a day. */
	assert_true(is_open(&opening, at(2026, 12, 1, 10)));
	assert_false(is_open(&opening, at(2026, 12, 1, 11)));
	assert_true(is_open(&opening, at(2026, 12, 1, 13)));
	/* A Saturday, and a day in the middle of the holidays. */
	assert_true(is_open(&opening, at(2026, 12, 19, 9)));
	assert_false(is_open(&opening, at(2026, 12, 19, 13)));
	assert_true(is_open(&opening, at(2026, 12, 28, 9)));
	assert_int_equal(opening.closure_count, 2);
	assert_string_equal(opening.closure[0].name, "closed");
	opening_finish(&opening);
	config_finish(&config);
}

static void test_a_farm_that_is_always_staffed_has_closed_days_too(void **state)
{
	struct config config;
	struct opening opening =
		open_of(&config, "farm = { closed = [\"2026-12-25\"]; };", at(2026, 11, 26, 12));

	(void)state;
	assert_int_equal(opening.count, 2);
	assert_int_equal(opening.stretch[0].end_s, at(2026, 12, 24, 23));
	assert_int_equal(opening.stretch[1].begin_s, at(2026, 12, 25, 23));
	assert_int_equal(opening.stretch[1].end_s, opening.until_s);
	opening_finish(&opening);
	config_finish(&config);
	opening = open_of(&config, "", at(2026, 11, 26, 12));
	assert_int_equal(opening.from_s, opening.until_s);
	assert_true(opening_opens(&opening, at(2026, 11, 26, 12)));
	opening_finish(&opening);
	config_finish(&config);
}

static void test_quiet_hours_leave_the_rest_of_the_week(void **state)
{
	struct config config;
	struct opening staff = open_of(&config,
		"farm = { quiet_hours = [\"daily 22:00-07:00\", \"sun 00:00-24:00\"]; };",
		at(2026, 11, 26, 12));
	struct opening noise;

	(void)state;
	assert_int_equal(staff.from_s, staff.until_s);
	assert_true(opening_of_noise(&noise, &config, at(2026, 11, 26, 12)));
	assert_true(is_open(&noise, at(2026, 11, 26, 20)));
	assert_false(is_open(&noise, at(2026, 11, 26, 21)));
	assert_false(is_open(&noise, at(2026, 11, 27, 5)));
	assert_true(is_open(&noise, at(2026, 11, 27, 6)));
	assert_false(is_open(&noise, at(2026, 11, 29, 12)));
	opening_finish(&noise);
	opening_finish(&staff);
	config_finish(&config);
}

static void test_calendars_that_never_open_are_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "\nfarm = { closed = [\"2020-01-01..2199-12-31\"]; };",
			":2: farm: this calendar never opens" },
		{ "farm = { hours = [\"mon 09:00-10:00\"]; closed = [\"2020-01-01..2199-12-31\"]; "
		  "};",
			"farm: this calendar never opens" },
		{ "farm = { quiet_hours = [\"daily 12:00-12:00\"]; };",
			"farm: quiet_hours leave no time of the week" },
		{ "farm = { closed = [\"2026-02-29\"]; };",
			"farm.closed: \"2026-02-29\" is not accepted; give a list of texts such as "
			"\"2026-12-24\"" },
		{ "farm = { closed = [\"2026-12-24..2026-12-23\"]; };", "farm.closed: " },
		{ "farm = { closed = [\"2026-12-24 10:00\"]; };", "farm.closed: " },
		{ "farm = { open = [20261224]; };", "farm.open: 20261224 is not accepted" },
		{ "farm = { holidays = \"/no/such.ics\"; };", "/no/such.ics cannot be read" },
		{ "farm = { hours = ( { when = \"mon 09:00-10:00\"; operators = 0; } ); };",
			"farm.hours: a group is not accepted" },
		{ "farm = { hours = ( { when = \"mon 09:00-10:00\"; people = 2; } ); };",
			"farm.hours: a group is not accepted" },
		{ "farm = { quiet_hours = ( { when = \"mon 09:00-10:00\"; } ); };",
			"farm.quiet_hours: a group is not accepted" },
		{ "farm = { power_budget_w = -1; };", "farm.power_budget_w: -1" },
		{ "farm = { power_budget_w = 500; };\nprinters = ( { name = \"p1\"; port = "
		  "\"/dev/null\"; profile = \"x\"; heat_watts = 501; } );",
			":2: printers[1]: watts or heat_watts exceed farm.power_budget_w" },
		{ "maintenance = ( { what = \"grease\"; } );",
			"maintenance[1].every_h: is missing" },
		{ "maintenance = ( { what = \"grease\"; every_h = 200; printers = [\"p9\"]; } );",
			"maintenance[1]: printers: no printer has this name" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct config config = { 0 };
		struct error error = { "" };
		int result = config_parse(&config, rows[i].text, &error);

		if (result != -EINVAL || !strstr(error.text, rows[i].says))
			fail_msg("row %zu: %d \"%s\" and not \"%s\"", i, result, error.text,
				rows[i].says);
	}
}

static void test_hours_say_how_many_people_are_there(void **state)
{
	struct config config;
	struct opening opening = open_of(&config,
		"farm = { operators = 3; hours = ( \"mon-fri 09:00-18:00\", { when = \"sat "
		"10:00-14:00\"; operators = 1; } ); };",
		at(2026, 11, 26, 12));

	(void)state;
	assert_int_equal(config.operators, 3);
	assert_int_equal(config.hours_count, 6);
	assert_int_equal(config.hours[0].operators, 0);
	assert_int_equal(config.hours[5].operators, 1);
	assert_int_equal(config.hours[5].begin_s, 5 * DAY_S + 10 * HOUR_S);
	opening_finish(&opening);
	config_finish(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nine_is_nine_before_and_after_the_clocks_change),
		cmocka_unit_test(test_a_night_shift_over_the_change_is_an_hour_longer_or_shorter),
		cmocka_unit_test(test_closed_days_are_closed_and_extra_openings_are_open),
		cmocka_unit_test(test_a_farm_that_is_always_staffed_has_closed_days_too),
		cmocka_unit_test(test_quiet_hours_leave_the_rest_of_the_week),
		cmocka_unit_test(test_calendars_that_never_open_are_refused),
		cmocka_unit_test(test_hours_say_how_many_people_are_there),
	};

	return cmocka_run_group_tests_name("opening", tests, in_paris, NULL);
}
