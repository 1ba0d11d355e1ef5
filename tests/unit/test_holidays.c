/* Holidays from an iCalendar file. */
#include "daemon/control/holidays.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "daemon/control/dates.h"
#include "daemon/control/holidays_child.h"
#include "tests/unit/scratch.h"

enum { DAY_S = 86400, HOUR_S = 3600 };

#define CALENDAR(events)                                                                           \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n" events "END:VCALENDAR\r\n"
#define EVENT(lines) "BEGIN:VEVENT\r\nUID:1@x\r\n" lines "END:VEVENT\r\n"

static int64_t at(int year, int month, int day, int hour)
{
	return dates_day(year, month, day) * DAY_S + hour * HOUR_S;
}

static int load(const char *text, struct config_spans *spans, struct error *error)
{
	struct scratch scratch;

	scratch_make(&scratch);
	scratch_write(&scratch, "h.ics", text, strlen(text));
	*spans = (struct config_spans){ 0 };
	*error = (struct error){ "" };
	int result =
		holidays_load(scratch_path(&scratch, "h.ics"), at(2026, 11, 26, 12), spans, error);

	scratch_remove(&scratch);
	return result;
}

static struct config_spans load_good(const char *text)
{
	struct config_spans spans;
	struct error error;

	if (load(text, &spans, &error) != 0)
		fail_msg("%s", error.text);
	return spans;
}

static void check_span(const struct config_span *span, int64_t begin_s, int64_t end_s, bool is_utc,
	const char *name)
{
	assert_int_equal(span->begin_s, begin_s);
	assert_int_equal(span->end_s, end_s);
	assert_int_equal(span->is_utc, is_utc);
	assert_string_equal(span->name, name);
}

static void test_a_day_and_days_are_closed_in_local_time(void **state)
{
	struct config_spans spans = load_good(CALENDAR(EVENT(
		"SUMMARY:Christmas\r\nDTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20270103\r\n")
			EVENT("SUMMARY:Epiphany\r\nDTSTART;VALUE=DATE:20270106\r\nTRANSP:"
			      "TRANSPARENT\r\n")));

	(void)state;
	assert_int_equal(spans.count, 2);
	check_span(&spans.span[0], at(2026, 12, 24, 0), at(2027, 1, 3, 0), false, "Christmas");
	check_span(&spans.span[1], at(2027, 1, 6, 0), at(2027, 1, 7, 0), false, "Epiphany");
	free(spans.span);
}

static void test_hours_are_taken_in_the_zone_that_the_file_names(void **state)
{
	struct config_spans spans = load_good(CALENDAR(EVENT(
		"SUMMARY:Meeting\r\nDTSTART;TZID=Europe/Paris:20261201T090000\r\nDTEND;TZID=Europe/"
		"Paris:20261201T120000\r\n") EVENT("DTSTART:20261202T090000Z\r\nDURATION:PT90M\r\n")
			EVENT("DTSTART:20261203T090000\r\nDTEND:20261203T100000\r\n")));

	(void)state;
	assert_int_equal(spans.count, 3);
	check_span(&spans.span[0], at(2026, 12, 1, 8), at(2026, 12, 1, 11), true, "Meeting");
	check_span(&spans.span[1], at(2026, 12, 2, 9), at(2026, 12, 2, 10) + 1800, true, "holiday");
	/* Without a zone it is the farm's own. */
	check_span(&spans.span[2], at(2026, 12, 3, 9), at(2026, 12, 3, 10), false, "holiday");
	free(spans.span);
}

static void test_a_zone_that_only_the_file_knows_counts(void **state)
{
	struct config_spans spans = load_good(CALENDAR(
		"BEGIN:VTIMEZONE\r\nTZID:Lab\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
		"TZOFFSETFROM:+0500\r\nTZOFFSETTO:+0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n" EVENT(
			"DTSTART;TZID=Lab:20261201T090000\r\nDTEND;TZID=Lab:20261201T120000\r\n")));

	(void)state;
	assert_int_equal(spans.count, 1);
	check_span(&spans.span[0], at(2026, 12, 1, 4), at(2026, 12, 1, 7), true, "holiday");
	free(spans.span);
}

static void test_a_yearly_holiday_comes_again_for_five_years(void **state)
{
	struct config_spans spans = load_good(CALENDAR(
		EVENT("SUMMARY:New Year\r\nDTSTART;VALUE=DATE:19900101\r\nRRULE:FREQ=YEARLY\r\n")));

	(void)state;
	assert_int_equal(spans.count, 5);
	for (int i = 0; i < 5; i++)
		check_span(&spans.span[i], at(2027 + i, 1, 1, 0), at(2027 + i, 1, 2, 0), false,
			"New Year");
	free(spans.span);
}

static void test_left_out_moved_and_cancelled_days_are_open(void **state)
{
	struct config_spans spans = load_good(CALENDAR(
		/* Every Friday of December; not the 11th; the 18th moves to the 17th; the 25th not.
		 */
		"BEGIN:VEVENT\r\nUID:fri@x\r\nDTSTART;VALUE=DATE:20261204\r\n"
		"RRULE:FREQ=WEEKLY;UNTIL=20261231\r\nEXDATE;VALUE=DATE:20261211\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nUID:fri@x\r\nRECURRENCE-ID;VALUE=DATE:20261218\r\n"
		"DTSTART;VALUE=DATE:20261217\r\nSUMMARY:moved\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nUID:fri@x\r\nRECURRENCE-ID;VALUE=DATE:20261225\r\n"
		"DTSTART;VALUE=DATE:20261225\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nUID:no@x\r\nDTSTART;VALUE=DATE:20261230\r\nSTATUS:CANCELLED\r\n"
		"END:VEVENT\r\n"));

	(void)state;
	assert_int_equal(spans.count, 2);
	check_span(&spans.span[0], at(2026, 12, 4, 0), at(2026, 12, 5, 0), false, "holiday");
	check_span(&spans.span[1], at(2026, 12, 17, 0), at(2026, 12, 18, 0), false, "moved");
	free(spans.span);
}

static void test_long_lines_line_feeds_and_control_bytes_are_no_trouble(void **state)
{
	struct config_spans spans = load_good("\xef\xbb\xbf"
					      "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:"
					      "1\nSUMMARY:a\\nb\x01 and so on and so "
					      "on\n  and so on and so on and so on and so "
					      "on\nDTSTART;VALUE=DATE:20261224\nEND:VEVENT\n"
					      "END:VCALENDAR\n");

	(void)state;
	assert_int_equal(spans.count, 1);
	assert_null(strpbrk(spans.span[0].name, "\n\x01"));
	free(spans.span);
}

static void test_a_broken_file_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "h.ics:1: BEGIN:VCALENDAR is expected" },
		{ "<html>\n", "h.ics:1: NAME:VALUE is expected" },
		{ "BEGIN:VCALENDAR\nVERSION:2.0\n", "h.ics:1: BEGIN:VCALENDAR has no END" },
		{ "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n",
			"h.ics:3: END:VCALENDAR does not end what is open here: VEVENT" },
		{ "BEGIN:VEVENT\nEND:VEVENT\n", "h.ics:1: BEGIN:VCALENDAR is expected" },
		{ "BEGIN:VCALENDAR\nrubbish\nEND:VCALENDAR\n", "h.ics:2: NAME:VALUE" },
		{ CALENDAR(EVENT("SUMMARY:x\r\n")),
			"h.ics:4: DTSTART: when it begins must be said" },
		{ CALENDAR(EVENT("DTSTART;VALUE=DATE:christmas\r\n")), "h.ics:6: DTSTART: " },
		{ CALENDAR(EVENT("DTSTART;VALUE=DATE:20261324\r\n")), "h.ics:6: DTSTART: " },
		{ CALENDAR(EVENT("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261220\r\n")),
			"h.ics:7: DTEND: ends before it begins" },
		{ CALENDAR(EVENT("DTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=NEVER\r\n")),
			"h.ics:7: RRULE: " },
		{ CALENDAR(EVENT("DTSTART;TZID=Mars/Olympus:20261224T100000\r\n")),
			"h.ics:6: DTSTART: the time zone Mars/Olympus is not known" },
		{ CALENDAR(EVENT("DTSTART:20261224T000000Z\r\nRRULE:FREQ=SECONDLY\r\n")),
			"h.ics:7: RRULE: holidays repeat DAILY, WEEKLY, MONTHLY or YEARLY" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct config_spans spans;
		struct error error;
		int result = load(rows[i].text, &spans, &error);

		if (result != -EINVAL || !strstr(error.text, rows[i].says))
			fail_msg("row %zu: %d \"%s\" and not \"%s\"", i, result, error.text,
				rows[i].says);
		free(spans.span);
	}
}

static void test_a_file_that_is_not_there_is_said_by_name(void **state)
{
	struct config_spans spans = { 0 };
	struct error error = { "" };

	(void)state;
	assert_int_equal(holidays_load("/no/such.ics", 0, &spans, &error), -ENOENT);
	assert_non_null(strstr(error.text, "/no/such.ics cannot be read"));
}

static void test_a_child_tells_the_same_as_the_reader_itself(void **state)
{
	static const char text[] = CALENDAR(EVENT(
		"SUMMARY:Easter\r\nDTSTART;VALUE=DATE:20270328\r\nRRULE:FREQ=DAILY;COUNT=300\r\n"));
	struct config_spans own = load_good(text), told = { 0 };
	struct scratch scratch;
	struct error error = { "" };

	(void)state;
	scratch_make(&scratch);
	scratch_write(&scratch, "h.ics", text, strlen(text));
	holidays_use_child("/proc/self/exe");
	assert_int_equal(holidays_load_apart(scratch_path(&scratch, "h.ics"), at(2026, 11, 26, 12),
				 &told, &error),
		0);
	assert_int_equal(own.count, 300);
	assert_int_equal(told.count, own.count);
	for (size_t i = 0; i < told.count; i++)
		check_span(&told.span[i], own.span[i].begin_s, own.span[i].end_s,
			own.span[i].is_utc, own.span[i].name);
	assert_int_equal(holidays_load_apart("/no/such.ics", 0, &told, &error), -ENOENT);
	assert_non_null(strstr(error.text, "/no/such.ics cannot be read: No such file"));
	assert_int_equal(told.count, 300);
	holidays_use_child("/bin/false");
	assert_int_equal(holidays_load_apart("h.ics", 0, &told, &error), -EINVAL);
	assert_string_equal(error.text, "h.ics: reading it has failed, or takes longer than 10 s");
	holidays_use_child(NULL);
	scratch_remove(&scratch);
	free(own.span);
	free(told.span);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--holidays") == 0)
		return holidays_child_main(argc, argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_day_and_days_are_closed_in_local_time),
		cmocka_unit_test(test_hours_are_taken_in_the_zone_that_the_file_names),
		cmocka_unit_test(test_a_zone_that_only_the_file_knows_counts),
		cmocka_unit_test(test_a_yearly_holiday_comes_again_for_five_years),
		cmocka_unit_test(test_left_out_moved_and_cancelled_days_are_open),
		cmocka_unit_test(test_long_lines_line_feeds_and_control_bytes_are_no_trouble),
		cmocka_unit_test(test_a_broken_file_is_refused_with_its_line),
		cmocka_unit_test(test_a_file_that_is_not_there_is_said_by_name),
		cmocka_unit_test(test_a_child_tells_the_same_as_the_reader_itself),
	};

	return cmocka_run_group_tests_name("holidays", tests, NULL, NULL);
}
