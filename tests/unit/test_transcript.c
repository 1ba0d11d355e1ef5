#include "base/transcript.h"
#include "tests/unit/guard_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

struct row_case {
	const char *row;
	enum transcript_kind kind;
	int64_t time_us;
	const char *bytes;
	size_t length;
};

#define BYTES(text) text, sizeof(text) - 1

static const struct row_case cases[] = {
	{ "    0.0000 > M115\\n", TRANSCRIPT_SENT, 0, BYTES("M115\n") },
	{ "   12.3456 < ok\\r\\n", TRANSCRIPT_RECEIVED, 12345600, BYTES("ok\r\n") },
	{ "1 < a", TRANSCRIPT_RECEIVED, 1000000, BYTES("a") },
	{ "86400.000001 > \\n", TRANSCRIPT_SENT, INT64_C(86400000001), BYTES("\n") },
	{ "0.5 < \\x1b[2J\\x00\\xFF\\xff", TRANSCRIPT_RECEIVED, 500000,
		BYTES("\x1b[2J\0\xff\xff") },
	{ "0.0 <", TRANSCRIPT_RECEIVED, 0, BYTES("") },
	{ "0.0 < ", TRANSCRIPT_RECEIVED, 0, BYTES("") },
	/* Blanks belong to what was said. */
	{ "0.0 <  T:25", TRANSCRIPT_RECEIVED, 0, BYTES(" T:25") },
	{ "0.0 # a \\n stays as it is", TRANSCRIPT_REMARK, 0, BYTES("a \\n stays as it is") },
	/* A backslash that begins nothing is one. */
	{ "0.0 < \\q\\x1\\xzz\\", TRANSCRIPT_RECEIVED, 0, BYTES("\\q\\x1\\xzz\\") },
	{ "", TRANSCRIPT_NOTHING, 0, NULL, 0 },
	{ "   \r\n", TRANSCRIPT_NOTHING, 0, NULL, 0 },
	{ "G28", TRANSCRIPT_BAD, 0, NULL, 0 },
	{ "0.0", TRANSCRIPT_BAD, 0, NULL, 0 },
	{ "0.0 ? ok", TRANSCRIPT_BAD, 0, NULL, 0 },
	{ "0,5 < ok", TRANSCRIPT_BAD, 0, NULL, 0 },
	{ "-1.0 < ok", TRANSCRIPT_BAD, 0, NULL, 0 },
	{ "99999999999999999999 < ok", TRANSCRIPT_BAD, 0, NULL, 0 },
};

static void test_each_row_is_read_to_its_last_byte_and_not_behind(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct row_case *wanted = &cases[i];
		size_t length = strlen(wanted->row);
		char *copy = guard_page_copy(wanted->row, length);
		struct transcript_row row;

		transcript_read(copy, length, &row);
		if (row.kind != wanted->kind)
			fail_msg("\"%s\": kind %d", wanted->row, (int)row.kind);
		if (row.kind != TRANSCRIPT_BAD && row.kind != TRANSCRIPT_NOTHING) {
			assert_int_equal(row.time_us, wanted->time_us);
			assert_int_equal(row.length, wanted->length);
			assert_memory_equal(row.bytes, wanted->bytes, wanted->length);
		}
		guard_page_free(copy, length);
	}
}

static void test_a_row_cut_at_any_byte_is_read_within_its_bounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t length = 0; length <= strlen(cases[i].row); length++) {
			char *copy = guard_page_copy(cases[i].row, length);
			struct transcript_row row;

			transcript_read(copy, length, &row);
			if (row.length > 0)
				assert_true(row.bytes >= copy &&
					    row.bytes + row.length <= copy + length);
			guard_page_free(copy, length);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_row_is_read_to_its_last_byte_and_not_behind),
		cmocka_unit_test(test_a_row_cut_at_any_byte_is_read_within_its_bounds),
	};

	return cmocka_run_group_tests_name("transcript", tests, NULL, NULL);
}
