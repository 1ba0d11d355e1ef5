/* The words of a move; see motion.h.
 *
 * Numbers are read eight digits at a time in a 64 bit word, without a branch on their length: the
 * lengths differ from word to word, and a branch guessed wrong costs more than the whole number. */
#include "gcode/motion.h"

#include <string.h> /* memchr, memcpy */

#include "gcode/command.h"
#include "gcode/lexer.h"

enum {
	EIGHT = 8,
	/* A number is at most sign, seven digits, point, seven digits; two reads of eight bytes
	 * begin within it. */
	NUMBER_ROOM = 32,
};
/* The policy warns of feeds above this (policy_arguments.c). */
#define FEED_PLAIN_MM_MIN 90000.0

static const uint8_t word_of[32] = {
	/* indexed by letter & 31 */
	['X' & 31] = MOTION_X + 1,
	['Y' & 31] = MOTION_Y + 1,
	['Z' & 31] = MOTION_Z + 1,
	['E' & 31] = MOTION_E + 1,
	['F' & 31] = MOTION_F + 1,
	['I' & 31] = MOTION_I + 1,
	['J' & 31] = MOTION_J + 1,
	['R' & 31] = MOTION_R + 1,
};

static enum motion_word find_word(char letter)
{
	if (letter < 'A' || letter > 'Z' || !word_of[letter & 31])
		return MOTION_WORDS;
	return (enum motion_word)(word_of[letter & 31] - 1);
}

/* The first character in the lowest byte, whatever the machine's order. */
static uint64_t load_eight(const char *at)
{
	uint64_t eight;

	memcpy(&eight, at, sizeof eight);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	eight = __builtin_bswap64(eight);
#endif
	return eight;
}

/* How many digits stand at the front, 0 to 8: a byte is a digit when neither it - '0' nor
 * it + 0x46 leaves the range of 7 bits. */
static unsigned digits_at_front(uint64_t eight)
{
	uint64_t other = ((eight + 0x4646464646464646u) | (eight - 0x3030303030303030u)) &
			 0x8080808080808080u;

	return other ? (unsigned)__builtin_ctzll(other) / 8 : EIGHT;
}

/* The first `digits` (1 to 8) characters as a number: pairs, then fours, then all. */
static uint64_t value_of_digits(uint64_t eight, unsigned digits)
{
	eight <<= (EIGHT - digits) * 8;
	eight = (eight & 0x0f0f0f0f0f0f0f0fu) * 2561 >> 8;
	eight = (eight & 0x00ff00ff00ff00ffu) * 6553601 >> 16;
	return (eight & 0x0000ffff0000ffffu) * 42949672960001u >> 32;
}

static const double power_of_ten[EIGHT] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7 };
static const uint64_t whole_power_of_ten[EIGHT] = { 1, 10, 100, 1000, 10000, 100000, 1000000,
	10000000 };

/* A decimal with up to seven digits on each side of the point; NULL when it is not.  The mantissa
 * stays below 2^53 and the power below 10^22, so that one division rounds exactly. */
static const char *read_decimal(const char *at, double *value)
{
	bool negative = *at == '-';
	uint64_t eight, mantissa = 0;
	unsigned whole, decimals = 0;

	at += negative;
	eight = load_eight(at);
	whole = digits_at_front(eight);
	if (whole == EIGHT)
		return NULL;
	if (whole)
		mantissa = value_of_digits(eight, whole);
	at += whole;
	if (*at == '.') {
		eight = load_eight(++at);
		decimals = digits_at_front(eight);
		if (decimals == 0 || decimals == EIGHT)
			return NULL;
		mantissa =
			mantissa * whole_power_of_ten[decimals] + value_of_digits(eight, decimals);
		at += decimals;
	} else if (!whole) {
		return NULL;
	}
	*value = (double)mantissa / power_of_ten[decimals];
	if (negative)
		*value = -*value;
	return at;
}

/* "G1", "G01": the code, 0 to 3; behind it a blank. */
static const char *read_code(const char *at, int32_t *code)
{
	if (*at++ != 'G')
		return NULL;
	if (*at == '0' && at[1] != ' ')
		at++;
	if (*at < '0' || *at > '3' || at[1] != ' ')
		return NULL;
	*code = *at - '0';
	return at + 1;
}

/* Blanks, a comment, and the line end. */
static bool read_end(const char *bytes, const char *at, const char *end, struct motion_line *line)
{
	line->body_length = (size_t)(at - bytes);
	line->comment = 0;
	line->comment_length = 0;
	while (at < end && *at == ' ')
		at++;
	if (at < end && *at == ';') {
		const char *stop;

		at++;
		stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop)
			return false;
		if (stop > at && stop[-1] == '\r')
			stop--;
		/* The line reader has its own words about these. */
		if (memchr(at, '\r', (size_t)(stop - at)) || memchr(at, '\0', (size_t)(stop - at)))
			return false;
		line->comment = (size_t)(at - bytes);
		line->comment_length = (size_t)(stop - at);
		at = stop;
	}
	if (at == end)
		return false;
	if (*at == '\r')
		at++;
	if (at == end || *at != '\n')
		return false;
	line->used_bytes = (size_t)(at - bytes) + 1;
	return line->body_length <= COMMAND_SHORT_MAX;
}

bool motion_read(const char *bytes, size_t length, struct motion *motion, struct motion_line *line)
{
	const char *at = bytes, *end = bytes + length;
	unsigned has = 0;

	if (length < NUMBER_ROOM)
		return false;
	at = read_code(at, &motion->code);
	if (!at)
		return false;
	/* A blank, a letter, a number; what is behind them is for read_end to judge. */
	while (end - at >= NUMBER_ROOM && *at == ' ') {
		enum motion_word word = find_word(at[1]);

		if (word == MOTION_WORDS)
			break;
		if (has & 1U << word)
			return false;
		has |= 1U << word;
		at = read_decimal(at + 2, &motion->value[word]);
		if (!at)
			return false;
	}
	if (!has || !read_end(bytes, at, end, line))
		return false;
	motion->has = motion->numbers = has;
	motion->axis_a = false;
	return !(has & 1U << MOTION_F) ||
	       (motion->value[MOTION_F] > 0 && motion->value[MOTION_F] <= FEED_PLAIN_MM_MIN);
}

bool motion_read_command(const char *text, size_t length, struct motion *motion)
{
	char padded[COMMAND_SHORT_MAX + 1 + NUMBER_ROOM];
	struct motion_line line;

	if (length < 2 || length > COMMAND_SHORT_MAX || text[0] != 'G')
		return false;
	memcpy(padded, text, length);
	padded[length] = '\n';
	memset(padded + length + 1, 0, NUMBER_ROOM);
	return motion_read(padded, length + 1 + NUMBER_ROOM, motion, &line) &&
	       line.body_length == length;
}

void motion_from_line(const struct lexer_line *line, struct motion *motion)
{
	motion->code = line->code;
	motion->has = motion->numbers = 0;
	motion->axis_a = false;
	for (size_t i = 0; i < line->word_count; i++) {
		const struct lexer_word *word = &line->word[i];
		bool is_a = word->letter == 'A';
		enum motion_word at = is_a ? MOTION_E : find_word(word->letter);

		/* The first of two counts, and E before A. */
		if (at == MOTION_WORDS || (motion_has(motion, at) && !(motion->axis_a && !is_a)))
			continue;
		if (at == MOTION_E)
			motion->axis_a = is_a;
		motion->has |= 1U << at;
		motion->numbers &= ~(1U << at);
		if (word->form == LEXER_NUMBER || word->form == LEXER_LIST)
			motion->numbers |= 1U << at;
		motion->value[at] = word->value;
	}
}
