/* Shorter numbers: the same value, the same command. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/random.h"
#include "drivers/shorten.h"

#include <stdio.h>
#include <string.h>

static void test_what_is_left_out_and_what_is_not(void **state)
{
	static const struct {
		const char *command, *shorter;
	} rows[] = {
		{ "G1 X0.5 Y-0.25 E+1.5", "G1 X.5 Y-.25 E1.5" },
		{ "G1 X00012.50 Z007", "G1 X12.50 Z7" },
		{ "G1 X0 Y0. Z-0 E0.0", "G1 X0 Y0. Z-0 E.0" },
		{ "G1 X+.5", "G1 X.5" },
		{ "G92 E0", "G92 E0" },
		{ "G92 E0.00", "G92 E.00" },
		{ "M117 Layer 0.5", "M117 Layer 0.5" },
		{ "M204 S0500", "M204 S0500" },
		{ "G28 X0", "G28 X0" },
		{ "G1", "G1" },
		{ "G1 X", "G1 X" },
		{ "G1 X+", "G1 X+" },
		{ "G1 X-", "G1 X-" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[96] = "";
		size_t length = shorten_numbers(out, rows[i].command, strlen(rows[i].command));

		out[length] = '\0';
		assert_string_equal(out, rows[i].shorter);
	}
}

/* What a firmware's reader does with digits before it scales: mantissa, number of decimals and sign
 * must be the same. */
static void read_digits(const char *text, long *mantissa, int *decimals, int *sign)
{
	int behind = 0;

	*mantissa = 0;
	*decimals = 0;
	*sign = *text == '-' ? -1 : 1;
	text += *text == '-' || *text == '+';
	for (; (*text >= '0' && *text <= '9') || *text == '.'; text++) {
		if (*text == '.') {
			behind = 1;
			continue;
		}
		*mantissa = *mantissa * 10 + (*text - '0');
		*decimals += behind;
	}
}

static void test_digits_scale_and_sign_stay(void **state)
{
	static const char *const signs[] = { "", "-", "+" };
	struct random random;

	(void)state;
	random_init(&random, 1);
	for (int i = 0; i < 20000; i++) {
		char command[96], out[96] = "", number[40];
		long mantissa[2];
		int decimals[2], sign[2];

		snprintf(number, sizeof(number), "%s%0*d.%0*d", signs[random_below(&random, 3)],
			(int)(1 + random_below(&random, 4)), (int)random_below(&random, 300),
			(int)(1 + random_below(&random, 5)), (int)random_below(&random, 10));
		snprintf(command, sizeof(command), "G1 X%s E1", number);
		out[shorten_numbers(out, command, strlen(command))] = '\0';
		assert_true(strlen(out) <= strlen(command));
		read_digits(number, &mantissa[0], &decimals[0], &sign[0]);
		read_digits(out + 4, &mantissa[1], &decimals[1], &sign[1]);
		assert_int_equal(mantissa[0], mantissa[1]);
		assert_int_equal(decimals[0], decimals[1]);
		assert_int_equal(sign[0], sign[1]);
		assert_string_equal(strrchr(out, ' '), " E1");
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_digits_scale_and_sign_stay),
	cmocka_unit_test(test_what_is_left_out_and_what_is_not),
};

int main(void)
{
	return cmocka_run_group_tests_name("shorten", tests, NULL, NULL);
}
