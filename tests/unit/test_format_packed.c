/* Binary G-code, ZIP, 3MF and UFP: the same commands as the plain file, or a stated refusal.  The
 * fixtures hold cube.gcode, packed by the reference encoders: libbgcode's MeatPack, heatshrink
 * 0.4.1, zlib, and a ZIP writer with and without a seekable output. */
#include "gcode/inspect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gcode/heatshrink.h"
#include "gcode/meatpack_decoder.h"
#include "tests/unit/gcode_text.h"

#define FIXTURES "tests/fixtures/packed/"

enum { COMMANDS_MAX = 64 << 10 };

static const char *const bgcodes[] = { "plain.bgcode", "deflate.bgcode",
	"heatshrink11_meatpack.bgcode", "heatshrink12_meatpack_comments.bgcode",
	"deflate_meatpack_nospaces.bgcode" };
static const char *const archives[] = { "one.zip", "stored.zip", "streamed.zip", "cura.ufp" };

/* What would be sent of a file. */
struct sent {
	size_t length;
	char commands[COMMANDS_MAX];
	struct analysis analysis;
	char format[16];
};

struct how {
	bool is_stream; /* cannot seek */
	size_t piece;
	int32_t plate;
	const char *name;
};

static void on_command(void *context, const char *text, size_t length)
{
	struct sent *sent = context;

	assert_true(sent->length + length + 1 < COMMANDS_MAX);
	memcpy(sent->commands + sent->length, text, length);
	sent->length += length;
	sent->commands[sent->length++] = '\n';
}

static void send(const char *bytes, size_t length, const struct how *how, struct sent *sent)
{
	struct inspector_settings settings = {
		.name = how->name,
		.plate = how->plate,
		.text_max_bytes = 1 << 20,
		.on_command = on_command,
		.context = sent,
	};
	struct gcode_text_source memory = { bytes, length, how->piece, 0 };
	struct format_source source = gcode_text_source(&memory);
	struct inspector *inspector = inspector_create(&settings);

	memset(sent, 0, sizeof *sent);
	assert_non_null(inspector);
	if (how->is_stream)
		source.seek = NULL;
	assert_int_equal(inspector_read(inspector, &source), 0);
	inspector_finish(inspector, &sent->analysis);
	snprintf(sent->format, sizeof sent->format, "%s", inspector_format(inspector));
	inspector_destroy(inspector);
}

static void send_file(const char *name, const struct how *how, struct sent *sent)
{
	char path[128];
	size_t length;

	snprintf(path, sizeof path, FIXTURES "%s", name);
	char *bytes = gcode_text_read_file(path, &length);

	send(bytes, length, how, sent);
	free(bytes);
}

static struct sent *wanted(void)
{
	static struct sent sent;

	if (sent.length == 0)
		send_file("cube.gcode", &(struct how){ 0 }, &sent);
	assert_true(sent.length > 10000);
	assert_int_not_equal(sent.analysis.verdict, VERDICT_REFUSE);
	return &sent;
}

static void assert_same_commands(const struct sent *sent, const char *name)
{
	if (sent->analysis.verdict == VERDICT_REFUSE)
		fail_msg("%s is refused: %s", name, sent->analysis.problem[0].text);
	if (sent->length != wanted()->length ||
		memcmp(sent->commands, wanted()->commands, sent->length))
		fail_msg("%s gives other commands", name);
}

static void assert_refused(const struct sent *sent, const char *because)
{
	assert_int_equal(sent->analysis.verdict, VERDICT_REFUSE);
	if (!strstr(sent->analysis.problem[0].text, because))
		fail_msg("\"%s\" does not say \"%s\"", sent->analysis.problem[0].text, because);
}

/* ---- the same commands ---------------------------------------------------------------------- */

static void test_every_packed_form_gives_the_same_commands(void **state)
{
	static struct sent sent;

	(void)state;
	for (size_t i = 0; i < sizeof bgcodes / sizeof *bgcodes; i++) {
		send_file(bgcodes[i], &(struct how){ 0 }, &sent);
		assert_same_commands(&sent, bgcodes[i]);
		assert_string_equal(sent.format, "bgcode");
	}
	for (size_t i = 0; i < sizeof archives / sizeof *archives; i++) {
		send_file(archives[i], &(struct how){ 0 }, &sent);
		assert_same_commands(&sent, archives[i]);
		assert_string_equal(
			sent.format, strrchr(archives[i], '.')[1] == 'u' ? "ufp" : "zip");
	}
}

static void test_pieces_of_any_size_and_a_pipe_give_the_same_commands(void **state)
{
	static struct sent sent;

	(void)state;
	for (size_t piece = 1; piece < 5000; piece = piece * 3 + 1) {
		struct how how = { .is_stream = true, .piece = piece };

		for (size_t i = 0; i < sizeof bgcodes / sizeof *bgcodes; i++) {
			send_file(bgcodes[i], &how, &sent);
			assert_same_commands(&sent, bgcodes[i]);
		}
		for (size_t i = 0; i < sizeof archives / sizeof *archives; i++) {
			send_file(archives[i], &how, &sent);
			assert_same_commands(&sent, archives[i]);
		}
	}
}

/* ---- damage --------------------------------------------------------------------------------- */

/* The checksums of the formats are there for this; "plain.bgcode" has none. */
static void test_a_damaged_byte_anywhere_never_changes_a_command_in_silence(void **state)
{
	static const char *const names[] = { "deflate.bgcode", "heatshrink11_meatpack.bgcode",
		"heatshrink12_meatpack_comments.bgcode", "one.zip", "stored.zip", "cura.ufp" };
	static struct sent sent;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[128];
		size_t length, refused = 0;

		snprintf(path, sizeof path, FIXTURES "%s", names[i]);
		char *bytes = gcode_text_read_file(path, &length);

		for (size_t at = 4; at < length; at += 1 + length / 400) {
			bytes[at] = (char)(bytes[at] ^ 0x15);
			send(bytes, length, &(struct how){ 0 }, &sent);
			bytes[at] = (char)(bytes[at] ^ 0x15);
			if (sent.analysis.verdict == VERDICT_REFUSE)
				refused++;
			else
				assert_same_commands(&sent, names[i]);
		}
		assert_true(refused > 100);
		free(bytes);
	}
}

static void test_a_file_cut_anywhere_is_refused(void **state)
{
	static const char *const names[] = { "deflate.bgcode", "heatshrink11_meatpack.bgcode",
		"one.zip", "stored.zip", "streamed.zip", "cura.ufp" };
	static struct sent sent;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[128];
		size_t length;

		snprintf(path, sizeof path, FIXTURES "%s", names[i]);
		char *bytes = gcode_text_read_file(path, &length);

		for (size_t cut = 5; cut < length - 1; cut += 1 + length / 300) {
			send(bytes, cut, &(struct how){ 0 }, &sent);
			/* A ZIP may lose its list of members and nothing else. */
			if (sent.analysis.verdict != VERDICT_REFUSE)
				assert_same_commands(&sent, names[i]);
		}
		free(bytes);
	}
}

static void test_a_small_archive_with_a_flood_inside_is_refused(void **state)
{
	static struct sent sent;
	size_t length;
	char *bytes = gcode_text_read_file(FIXTURES "one.zip", &length);
	struct inspector_settings settings = { .text_max_bytes = 4096 };
	struct gcode_text_source memory = { bytes, length, 0, 0 };
	struct format_source source = gcode_text_source(&memory);
	struct inspector *inspector = inspector_create(&settings);

	(void)state;
	assert_int_equal(inspector_read(inspector, &source), 0);
	inspector_finish(inspector, &sent.analysis);
	assert_refused(&sent, "more text than is accepted");
	inspector_destroy(inspector);
	free(bytes);
}

/* ---- plates, names, pictures ---------------------------------------------------------------- */

static void test_a_plain_file_has_no_plates(void **state)
{
	static struct sent sent;

	(void)state;
	send(gcode_text_square, strlen(gcode_text_square), &(struct how){ .plate = 2 }, &sent);
	assert_refused(&sent, "a plain file has no plates");
	send(gcode_text_square, strlen(gcode_text_square), &(struct how){ 0 }, &sent);
	assert_int_equal(sent.analysis.verdict, VERDICT_OK);
}

static void test_of_several_plates_one_must_be_chosen(void **state)
{
	static struct sent sent;

	(void)state;
	send_file("plates.3mf", &(struct how){ 0 }, &sent);
	assert_refused(&sent, "2 plates with G-code: choose one with --plate N");
	send_file("plates.3mf", &(struct how){ .plate = 3 }, &sent);
	assert_refused(&sent, "no plate 3: it has 2");
	assert_string_equal(sent.format, "3mf");
	send_file("plates.3mf", &(struct how){ .plate = 2 }, &sent);
	assert_same_commands(&sent, "plate 2");
	assert_string_equal(sent.format, "3mf");
	assert_int_equal(sent.analysis.thumbnails, 1);
	send_file("plates.3mf", &(struct how){ .plate = 1, .is_stream = true }, &sent);
	assert_same_commands(&sent, "plate 1 of a pipe");
}

static void test_a_packed_file_under_a_plain_name_is_refused(void **state)
{
	static struct sent sent;

	(void)state;
	send_file("one.zip", &(struct how){ .name = "a/part.GCODE" }, &sent);
	assert_refused(&sent, "name it .zip");
	send_file("deflate.bgcode", &(struct how){ .name = "part.gco" }, &sent);
	assert_refused(&sent, "name it .bgcode");
	send_file("one.zip", &(struct how){ .name = "part.gcode.3mf" }, &sent);
	assert_same_commands(&sent, "part.gcode.3mf");
}

static void test_what_a_binary_file_says_of_itself_is_known(void **state)
{
	static struct sent sent;

	(void)state;
	send_file("heatshrink11_meatpack.bgcode", &(struct how){ 0 }, &sent);
	assert_string_equal(sent.analysis.slicer, "PrusaSlicer 2.7.0");
	assert_string_equal(sent.analysis.machine, "MINI");
	assert_string_equal(sent.analysis.material, "PLA");
	assert_int_equal(sent.analysis.thumbnails, 1);
	assert_true(sent.analysis.tool[0].filament_g > 0);
	send_file("cura.ufp", &(struct how){ 0 }, &sent);
	assert_int_equal(sent.analysis.thumbnails, 1);
}

/* ---- the two decoders ----------------------------------------------------------------------- */

struct vector {
	const char *packed;
	size_t length;
	const char *text;
};
#define VECTOR(packed, text)                                                                       \
	{                                                                                          \
		packed, sizeof packed - 1, text                                                    \
	}

/* serial protocols, MeatPack: the decoder of Prusa-Firmware gives these. */
static const struct vector meatpack_vectors[] = {
	VECTOR("\x1d\xeb\xc1", "G1 X1\n"),
	VECTOR("\x2d\xc8", "G28\n"),
	VECTOR("\x1f\x4d\x50\xcc", "M105\n"),
	VECTOR("\x5f\x59\xcc", "Y5\n"),
	VECTOR("\x1d\x1e\xf0\x59\x02\xcc", "G1X10Y20\n"),
	VECTOR("\x1f\x4e\xfb\x4d\x01\xf5\x2a\x83\xcc", "N1 M105*38\n"),
	VECTOR("\x1f\x4d\x71\xfb\x48\xcf\x69", "M117 Hi\n"),
	VECTOR("\xff\xff\xf7\x1d\xbe\xc1", "G1XE1\n"),
	VECTOR("\xff\xff\xfaG4\xff\xff\xfb\x2d\xc8", "G4G28\n"),
};

static void test_meatpack_gives_what_firmware_understands(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof meatpack_vectors / sizeof *meatpack_vectors; i++) {
		const struct vector *vector = &meatpack_vectors[i];
		struct meatpack_decoder meatpack;
		char text[64], output[MEATPACK_DECODER_OUTPUT_MAX];
		size_t length = 0;

		meatpack_decoder_init(&meatpack);
		for (const char *at = "\xff\xff\xfb"; *at; at++)
			assert_int_equal(
				meatpack_decoder_take(&meatpack, (unsigned char)*at, output), 0);
		for (size_t at = 0; at < vector->length; at++) {
			size_t count = meatpack_decoder_take(
				&meatpack, (unsigned char)vector->packed[at], output);

			memcpy(text + length, output, count);
			length += count;
		}
		text[length] = '\0';
		assert_string_equal(text, vector->text);
	}
}

static void test_heatshrink_copies_from_before_the_start_as_zeros(void **state)
{
	/* 0, distance 1, length 3: three zeros; then the literal 'A'. */
	static const char packed[] = "\x00\x02\xa0\x80";
	struct heatshrink heatshrink;
	const char *input = packed;
	size_t length = sizeof packed - 1;
	char output[16];

	(void)state;
	heatshrink_init(&heatshrink, 11, 4);
	assert_int_equal(heatshrink_unpack(&heatshrink, &input, &length, output, 4), 4);
	assert_memory_equal(output, "\0\0\0A", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_damaged_byte_anywhere_never_changes_a_command_in_silence),
		cmocka_unit_test(test_a_file_cut_anywhere_is_refused),
		cmocka_unit_test(test_a_small_archive_with_a_flood_inside_is_refused),
		cmocka_unit_test(test_every_packed_form_gives_the_same_commands),
		cmocka_unit_test(test_pieces_of_any_size_and_a_pipe_give_the_same_commands),
		cmocka_unit_test(test_a_plain_file_has_no_plates),
		cmocka_unit_test(test_of_several_plates_one_must_be_chosen),
		cmocka_unit_test(test_a_packed_file_under_a_plain_name_is_refused),
		cmocka_unit_test(test_what_a_binary_file_says_of_itself_is_known),
		cmocka_unit_test(test_meatpack_gives_what_firmware_understands),
		cmocka_unit_test(test_heatshrink_copies_from_before_the_start_as_zeros),
	};

	return cmocka_run_group_tests_name("format_packed", tests, NULL, NULL);
}
