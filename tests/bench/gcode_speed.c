/* How fast G-code is read, on one thread, in CPU time: gcode_speed FILE [RUNS].
 *
 * Side by side in one run: newline counting (what the memory gives), the plainest tokenizer with
 * state (what reading numbers costs at least), then gcode/: words, modal state, filament and box;
 * and the whole analysis with its planner.  Prints one line a measure: name, MB/s of each run. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h> /* clock */

#include "gcode/analysis.h"
#include "gcode/extent.h"
#include "gcode/filament.h"
#include "gcode/lexer.h"
#include "gcode/line_reader.h"
#include "gcode/modal.h"
#include "gcode/motion.h"

enum { CHUNK_BYTES = 1 << 16, RUNS_MAX = 20 };

static char chunk[CHUNK_BYTES];
/* What is computed must be used, or it need not be. */
static volatile double sink;

struct pass {
	const char *name;
	void (*begin)(void);
	void (*feed)(const char *bytes, size_t length);
	void (*end)(void);
};

static void nothing(void)
{
}

/* ---- newlines ---------------------------------------------------------------------------- */

static int64_t lines;

static void begin_lines(void)
{
	lines = 0;
}

static void count_lines(const char *bytes, size_t length)
{
	const char *end = bytes + length, *at;

	while ((at = memchr(bytes, '\n', (size_t)(end - bytes)))) {
		lines++;
		bytes = at + 1;
	}
}

static void end_lines(void)
{
	sink = (double)lines;
}

/* ---- the plainest tokenizer -------------------------------------------------------------- */

/* Letters and decimals, nothing checked: wrong for half of what people write, and the floor for
 * what is right. */
static double value_of[128];
static bool in_comment;

static void tokenize(const char *bytes, size_t length)
{
	const char *end = bytes + length;

	while (bytes < end) {
		char letter = *bytes++;
		double value = 0, scale = 1;
		bool negative = false;

		if (letter == '\n')
			in_comment = false;
		if (letter == ';')
			in_comment = true;
		if (in_comment || letter < 'A' || letter > 'Z')
			continue;
		if (bytes < end && *bytes == '-') {
			negative = true;
			bytes++;
		}
		for (; bytes < end && *bytes >= '0' && *bytes <= '9'; bytes++)
			value = value * 10 + (*bytes - '0');
		if (bytes < end && *bytes == '.')
			for (bytes++; bytes < end && *bytes >= '0' && *bytes <= '9'; bytes++)
				value += (*bytes - '0') * (scale /= 10);
		value_of[(unsigned char)letter] = negative ? -value : value;
	}
}

static void end_tokens(void)
{
	sink = value_of['X'] + value_of['E'];
}

/* ---- words, modal state, filament and box ------------------------------------------------ */

static struct line_reader reader;
static struct modal modal;
static struct filament filament;
static struct extent extent;

static void begin_modal(void)
{
	line_reader_init(&reader);
	modal_init(&modal);
	memset(&filament, 0, sizeof filament);
	memset(&extent, 0, sizeof extent);
}

static void take_move(const struct modal_move *move)
{
	double extruded = move->to_mm[MODAL_E] - move->from_mm[MODAL_E];

	if (extruded != 0)
		filament_move(&filament, extruded, 0, true);
	if (extruded > 0)
		extent_add_move(&extent, move);
}

static void feed_modal(const char *bytes, size_t length)
{
	struct line_reader_line line;
	struct lexer_line words;
	struct motion motion;
	struct motion_line at;
	struct modal_move move;
	int64_t number;

	for (;;) {
		while (line_reader_is_between(&reader) &&
			motion_read(bytes, length, &motion, &at)) {
			line_reader_skip(&reader, &bytes, &length, at.used_bytes, &number);
			if (modal_apply_motion(&modal, &motion, &move) == MODAL_MOVE)
				take_move(&move);
		}
		if (line_reader_next(&reader, &bytes, &length, &line) == LINE_READER_MORE)
			return;
		lexer_read(line.text, line.length, &words);
		if (modal_apply_words(&modal, &words, &move) == MODAL_MOVE)
			take_move(&move);
	}
}

static void end_modal(void)
{
	sink = filament.used_mm + extent.max_mm[0];
}

/* ---- everything -------------------------------------------------------------------------- */

static struct analyser *analyser;
static struct analysis analysis;

static void begin_analysis(void)
{
	analyser = analyser_create(NULL);
	if (!analyser)
		abort();
}

static void feed_analysis(const char *bytes, size_t length)
{
	analyser_feed(analyser, bytes, length);
}

static void end_analysis(void)
{
	analyser_finish(analyser, &analysis);
	analyser_destroy(analyser);
	sink = analysis.time_s;
}

/* ---- measuring --------------------------------------------------------------------------- */

static const struct pass passes[] = {
	{ "newlines", begin_lines, count_lines, end_lines },
	{ "tokenizer", nothing, tokenize, end_tokens },
	{ "modal", begin_modal, feed_modal, end_modal },
	{ "analysis", begin_analysis, feed_analysis, end_analysis },
};

/* Reading the file is no part of it. */
static double run(const struct pass *pass, FILE *file)
{
	clock_t used = 0, began;
	double bytes = 0;
	size_t length;

	rewind(file);
	pass->begin();
	while ((length = fread(chunk, 1, sizeof chunk, file)) > 0) {
		began = clock();
		pass->feed(chunk, length);
		used += clock() - began;
		bytes += (double)length;
	}
	began = clock();
	pass->end();
	used += clock() - began;
	return bytes / 1e6 / ((double)used / CLOCKS_PER_SEC);
}

int main(int argc, char **argv)
{
	FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
	int runs = argc > 2 ? atoi(argv[2]) : 3;

	if (!file || runs < 1 || runs > RUNS_MAX) {
		fprintf(stderr, "usage: gcode_speed FILE [RUNS]\n");
		return 64;
	}
	for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
		printf("%s", passes[i].name);
		for (int j = 0; j < runs; j++)
			printf(" %.1f", run(&passes[i], file));
		printf("\n");
	}
	fclose(file);
	return 0;
}
