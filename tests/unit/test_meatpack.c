/* MeatPack's sending side: the vectors of serial-protocols.md 6.1, and every line back through an
 * unpacker that somebody else has written (gcode/, for binary files). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/random.h"
#include "drivers/meatpack.h"
#include "gcode/meatpack_decoder.h"

#include <string.h>

enum { LINE_BYTES = 96 };

static size_t pack_line(char *out, const char *text)
{
	bool open;
	size_t count = meatpack_pack(out, text, strlen(text), &open);

	if (!strchr(text, '\n'))
		out[count++] = meatpack_line_end(open);
	return count;
}

static void test_the_vectors_of_the_protocol(void **state)
{
	static const struct {
		const char *text;
		unsigned char packed[16];
		size_t length;
	} rows[] = {
		{ "G1 X1\n", { 0x1d, 0xeb, 0xc1 }, 3 },
		{ "G28\n", { 0x2d, 0xc8 }, 2 },
		{ "M105\n", { 0x1f, 0x4d, 0x50, 0xcc }, 4 },
		{ "Y5\n", { 0x5f, 0x59, 0xcc }, 3 },
		{ "G1X10Y20\n", { 0x1d, 0x1e, 0xf0, 0x59, 0x02, 0xcc }, 6 },
		{ "N1 M105*38\n", { 0x1f, 0x4e, 0xfb, 0x4d, 0x01, 0xf5, 0x2a, 0x83, 0xcc }, 9 },
		{ "M117 Hi\n", { 0x1f, 0x4d, 0x71, 0xfb, 0x48, 0xcf, 0x69 }, 7 },
		/* Without their ends, which come later as one byte. */
		{ "G1 X1", { 0x1d, 0xeb, 0xf1, 0x0a }, 4 },
		{ "M105", { 0x1f, 0x4d, 0x50, 0xcc }, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[MEATPACK_PACKED_MAX(LINE_BYTES) + 1];

		assert_int_equal(pack_line(out, rows[i].text), rows[i].length);
		assert_memory_equal(out, rows[i].packed, rows[i].length);
	}
}

static size_t unpack(
	struct meatpack_decoder *decoder, const char *packed, size_t length, char *text)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += meatpack_decoder_take(decoder, (unsigned char)packed[i], text + count);
	return count;
}

/* Also where one line ends in half a byte and the next one follows. */
static void test_every_line_comes_out_as_it_went_in(void **state)
{
	static const char enable[] = { (char)0xff, (char)0xff, (char)MEATPACK_ENABLE };
	struct meatpack_decoder decoder;
	struct random random;
	char none[4];

	(void)state;
	random_init(&random, 1);
	meatpack_decoder_init(&decoder);
	assert_int_equal(unpack(&decoder, enable, sizeof(enable), none), 0);
	for (int i = 0; i < 20000; i++) {
		char text[LINE_BYTES] = "", packed[MEATPACK_PACKED_MAX(LINE_BYTES) + 1],
		     back[2 * LINE_BYTES + 8];
		size_t length = 1 + random_below(&random, LINE_BYTES - 2), count;

		for (size_t j = 0; j < length; j++)
			text[j] = random_below(&random, 2)
					  ? "0123456789. GX"[random_below(&random, 14)]
					  : (char)(' ' + random_below(&random, 95));
		if (random_below(&random, 2))
			text[length] = '\n';
		count = pack_line(packed, text);
		assert_true(count <= sizeof(packed));
		count = unpack(&decoder, packed, count, back);
		/* An even line's end fills its byte with a second line end, or is dropped. */
		while (count > length + 1 && back[count - 1] == '\n')
			count--;
		assert_int_equal(count, length + 1);
		assert_memory_equal(back, text, length);
		assert_int_equal(back[length], '\n');
		for (size_t j = 0; j + 1 < count; j++)
			assert_false(packed[j] == (char)0xff && packed[j + 1] == (char)0xff);
	}
}

static void test_a_slicers_line_takes_less_than_two_thirds(void **state)
{
	static const char text[] = "N2345 G1 X139.938 Y102.674 E0.08877*87";
	char out[MEATPACK_PACKED_MAX(LINE_BYTES) + 1];

	(void)state;
	assert_true(pack_line(out, text) * 3 <= (sizeof(text)) * 2);
}

static void test_the_state_is_read_from_its_line_and_from_no_other(void **state)
{
	static const struct {
		const char *line;
		bool is_state, on, spaces;
	} rows[] = {
		{ "[MP] PV01 ON ESP", true, true, true },
		{ "[MP] PV01 OFF ESP", true, false, true },
		{ "[MP] PV02 ON NSP", true, true, false },
		{ "[MP]", false, false, false },
		{ "[MP] ", true, false, false },
		{ "ok", false, false, false },
		{ "echo:[MP] PV01 ON ESP", false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool on = false, spaces = false;

		assert_int_equal(
			meatpack_is_state(rows[i].line, strlen(rows[i].line), &on, &spaces),
			rows[i].is_state);
		assert_int_equal(on, rows[i].on);
		assert_int_equal(spaces, rows[i].spaces);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_every_line_comes_out_as_it_went_in),
	cmocka_unit_test(test_the_vectors_of_the_protocol),
	cmocka_unit_test(test_the_state_is_read_from_its_line_and_from_no_other),
	cmocka_unit_test(test_a_slicers_line_takes_less_than_two_thirds),
};

int main(void)
{
	return cmocka_run_group_tests_name("meatpack", tests, NULL, NULL);
}
