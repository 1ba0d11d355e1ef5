/* Pictures of plates: real PNGs, whose dots are where the lines are. */
#include "gcode/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "gcode/modal.h"

enum { PNG_MAX = 1 << 20, SIDE_MAX = 256 };

struct file {
	size_t length;
	unsigned char bytes[PNG_MAX];
};

struct image {
	int width, height;
	unsigned char row[SIDE_MAX][3 * SIDE_MAX + 1];
};

static struct file png;
static struct image image;

static void take(void *context, const unsigned char *bytes, size_t length)
{
	struct file *file = context;

	assert_true(file->length + length <= sizeof file->bytes);
	memcpy(file->bytes + file->length, bytes, length);
	file->length += length;
}

static uint32_t big_endian(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Every chunk's sum is right; the rows come back. */
static void decode(const struct file *file)
{
	static unsigned char packed[PNG_MAX], plain[SIDE_MAX * (3 * SIDE_MAX + 1)];
	size_t packed_length = 0;
	uLongf plain_length = sizeof plain;
	bool ended = false;

	assert_memory_equal(file->bytes, "\x89PNG\r\n\x1a\n", 8);
	for (size_t at = 8; at < file->length;) {
		uint32_t length = big_endian(file->bytes + at);
		const unsigned char *type = file->bytes + at + 4;

		assert_true(at + 12 + length <= file->length);
		assert_int_equal(
			crc32(crc32(0, NULL, 0), type, length + 4), big_endian(type + 4 + length));
		if (!memcmp(type, "IHDR", 4)) {
			image.width = (int)big_endian(type + 4);
			image.height = (int)big_endian(type + 8);
		} else if (!memcmp(type, "IDAT", 4)) {
			memcpy(packed + packed_length, type + 4, length);
			packed_length += length;
		}
		ended = !memcmp(type, "IEND", 4);
		at += 12 + length;
	}
	assert_true(ended);
	assert_int_equal(uncompress(plain, &plain_length, packed, packed_length), Z_OK);
	assert_int_equal(plain_length, image.height * (3 * image.width + 1));
	for (int y = 0; y < image.height; y++) {
		unsigned char *row = plain + y * (3 * image.width + 1);

		assert_int_equal(row[0], 1);
		for (int i = 0; i < 3 * image.width; i++) {
			row[1 + i] = (unsigned char)(row[1 + i] + (i >= 3 ? row[i - 2] : 0));
			image.row[y][i] = row[1 + i];
		}
	}
}

static uint32_t dot(int x, int y)
{
	const unsigned char *at = image.row[y] + 3 * x;

	return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

/* ---- drawing ----------------------------------------------------------------------------- */

static const struct analysis *plate(void)
{
	static struct analysis analysis;

	memset(&analysis, 0, sizeof analysis);
	analysis.part.any = true;
	analysis.part.max_mm[0] = analysis.part.max_mm[1] = 100;
	analysis.part.max_mm[2] = 20;
	analysis.layer_height_mm = 0.2;
	return &analysis;
}

struct line {
	double from[3], to[3], extruded_mm;
	enum feature feature;
	int32_t layer;
};

static void draw(const struct picture_settings *settings, const struct line *lines, size_t count)
{
	struct picture *picture = picture_create(settings, plate(), NULL);

	assert_non_null(picture);
	for (size_t i = 0; i < count; i++) {
		struct modal_move move = { .is_arc = false };

		memcpy(move.from_mm, lines[i].from, sizeof lines[i].from);
		memcpy(move.to_mm, lines[i].to, sizeof lines[i].to);
		picture_move(
			picture, &move, lines[i].feature, lines[i].extruded_mm, lines[i].layer);
	}
	png.length = 0;
	assert_true(picture_write(picture, take, &png));
	picture_destroy(picture);
	decode(&png);
}

static const struct line wall = { { 0, 50, 0.2 }, { 100, 50, 0.2 }, 60, FEATURE_OUTER_WALL, 1 };
static const struct line roof = { { 50, 0, 10 }, { 50, 100, 10 }, 60, FEATURE_TOP, 2 };
static const struct line purge = { { 0, 10, 0.2 }, { 100, 10, 0.2 }, 60, FEATURE_CUSTOM, 1 };

static void test_a_line_is_where_it_was_laid(void **state)
{
	const struct picture_settings settings = {
		.view = PICTURE_TOP, .width = 101, .height = 101
	};
	uint32_t background, line;

	(void)state;
	draw(&settings, &wall, 1);
	assert_int_equal(image.width, 101);
	assert_int_equal(image.height, 101);
	background = dot(0, 0);
	line = dot(50, 50);
	assert_true(line != background);
	assert_int_equal(dot(20, 50), line);
	assert_int_equal(dot(50, 30), background);
	assert_int_equal(dot(50, 80), background);
	/* Within the margins. */
	assert_int_equal(dot(1, 50), background);
	assert_int_equal(dot(99, 50), background);
}

static void test_what_stands_higher_hides_what_lies_below(void **state)
{
	const struct picture_settings settings = {
		.view = PICTURE_TOP, .width = 250, .height = 250
	};
	struct line lines[2] = { wall, roof };
	uint32_t top;

	(void)state;
	draw(&settings, lines, 2);
	top = dot(125, 60);
	assert_true(top != dot(60, 125));
	assert_int_equal(dot(125, 125), top);
	/* In whatever order they come. */
	lines[0] = roof;
	lines[1] = wall;
	draw(&settings, lines, 2);
	assert_int_equal(dot(125, 125), top);
}

static void test_a_layer_shows_itself_and_the_one_below_in_grey(void **state)
{
	const struct picture_settings first = {
		.view = PICTURE_LAYER, .width = 250, .height = 250, .layer = 1
	};
	const struct picture_settings second = {
		.view = PICTURE_LAYER, .width = 250, .height = 250, .layer = 2
	};
	const struct line lines[2] = { wall, roof };
	uint32_t background;

	(void)state;
	draw(&first, lines, 2);
	background = dot(0, 0);
	assert_int_equal(dot(60, 125), picture_colour(FEATURE_OUTER_WALL));
	assert_int_equal(dot(125, 60), background);
	draw(&second, lines, 2);
	assert_int_equal(dot(125, 60), picture_colour(FEATURE_TOP));
	assert_true(dot(60, 125) != background);
	assert_true(dot(60, 125) != picture_colour(FEATURE_OUTER_WALL));
}

static void test_purge_is_no_part_of_the_picture(void **state)
{
	const struct picture_settings settings = {
		.view = PICTURE_TOP, .width = 100, .height = 100
	};

	(void)state;
	draw(&settings, &purge, 1);
	for (int y = 0; y < 100; y++)
		for (int x = 0; x < 100; x++)
			assert_int_equal(dot(x, y), dot(0, 0));
}

static void test_a_wall_stands_up_in_the_slanted_view(void **state)
{
	const struct picture_settings settings = {
		.view = PICTURE_ISOMETRIC, .width = 200, .height = 200
	};
	struct line lines[100];
	int low = 200, high = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		lines[i] = wall;
		lines[i].from[2] = lines[i].to[2] = 0.2 * (i + 1);
		lines[i].layer = i + 1;
	}
	draw(&settings, lines, 100);
	for (int y = 0; y < 200; y++)
		if (dot(100, y) != dot(0, 0)) {
			low = y < low ? y : low;
			high = y > high ? y : high;
		}
	/* 20 mm high, with no holes. */
	assert_true(high - low > 10);
	for (int y = low + 1; y < high; y++)
		assert_true(dot(100, y) != dot(0, 0));
}

static void test_impossible_pictures_are_none(void **state)
{
	static const struct picture_settings odd[] = {
		{ .view = PICTURE_TOP, .width = 0, .height = 100 },
		{ .view = PICTURE_TOP, .width = 100, .height = PICTURE_SIDE_MAX + 1 },
		{ .view = PICTURE_TOP, .width = -5, .height = 100 },
	};
	const struct picture_settings good = { .view = PICTURE_TOP, .width = 100, .height = 100 };
	struct analysis nothing = { .verdict = VERDICT_OK };

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		assert_null(picture_create(&odd[i], plate(), NULL));
	assert_null(picture_create(&good, &nothing, NULL));
	picture_destroy(NULL);
}

static void test_moves_from_nowhere_to_nowhere_do_no_harm(void **state)
{
	const struct picture_settings settings = {
		.view = PICTURE_ISOMETRIC, .width = 64, .height = 64
	};
	const struct line lines[] = {
		{ { 0, 0, 0.2 }, { 1e12, 50, 0.2 }, 60, FEATURE_OUTER_WALL, 1 },
		{ { -1e300, 0, 0.2 }, { 1e300, 0, 0.2 }, 1e300, FEATURE_OUTER_WALL, 1 },
		{ { 5, 5, 0.2 }, { 5, 5, 0.2 }, 1, FEATURE_OUTER_WALL, 1 },
		{ { 5, 5, -1e9 }, { 5, 5, 1e9 }, 1, FEATURE_OUTER_WALL, 1 },
	};

	(void)state;
	draw(&settings, lines, sizeof lines / sizeof *lines);
	assert_int_equal(image.width, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves_from_nowhere_to_nowhere_do_no_harm),
		cmocka_unit_test(test_impossible_pictures_are_none),
		cmocka_unit_test(test_a_line_is_where_it_was_laid),
		cmocka_unit_test(test_what_stands_higher_hides_what_lies_below),
		cmocka_unit_test(test_a_layer_shows_itself_and_the_one_below_in_grey),
		cmocka_unit_test(test_a_wall_stands_up_in_the_slanted_view),
		cmocka_unit_test(test_purge_is_no_part_of_the_picture),
	};

	return cmocka_run_group_tests_name("picture", tests, NULL, NULL);
}
