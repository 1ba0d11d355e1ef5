/* One line of G-code as words; see lexer.h. */
#include "gcode/lexer.h"

#include <string.h> /* memchr, memset */

enum { DIGITS_MAX = 9, MANTISSA_DIGITS = 18 };

/* 18 digits of mantissa and powers up to 10^22 are exact in a double or one rounding away. */
static const double power_of_ten[MANTISSA_DIGITS + 1] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
	1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

struct cursor {
	const char *at, *end;
};

static char peek(const struct cursor *cursor)
{
	return cursor->at < cursor->end ? *cursor->at : '\0';
}

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && is_blank(*cursor->at))
		cursor->at++;
}

/* Sign, digits and point at the cursor, which moves behind them. */
static enum lexer_form read_number(struct cursor *cursor, double *value)
{
	uint64_t mantissa = 0;
	int digits = 0, whole = 0, decimals = 0, kept = 0;
	bool negative = false, point = false;

	if (peek(cursor) == '-' || peek(cursor) == '+')
		negative = *cursor->at++ == '-';
	for (; cursor->at < cursor->end; cursor->at++) {
		char c = *cursor->at;

		if (c == '.' && !point) {
			point = true;
			continue;
		}
		if (!is_digit(c))
			break;
		digits++;
		if (kept < MANTISSA_DIGITS) {
			mantissa = mantissa * 10 + (uint64_t)(c - '0');
			kept += mantissa != 0;
			decimals += point;
		}
		whole += !point && mantissa != 0;
	}
	if (digits == 0)
		return LEXER_SIGN_ONLY;
	if (peek(cursor) == '.')
		return LEXER_TWO_DOTS;
	if (whole > DIGITS_MAX)
		return LEXER_HUGE;
	/* Leading zeros behind the point count as decimals but not as digits kept. */
	double number = (double)mantissa;
	for (; decimals > MANTISSA_DIGITS; decimals -= MANTISSA_DIGITS)
		number /= power_of_ten[MANTISSA_DIGITS];
	number /= power_of_ten[decimals];
	*value = negative ? -number : number;
	return LEXER_NUMBER;
}

bool lexer_number(const char *text, size_t length, double *value, size_t *used)
{
	struct cursor cursor = { text, text + length };
	double number = 0;

	if (read_number(&cursor, &number) != LEXER_NUMBER)
		return false;
	*value = number;
	*used = (size_t)(cursor.at - text);
	return true;
}

/* The commands whose argument is free text: a file name, a message, a version. */
static bool takes_text(char letter, int32_t code)
{
	static const int16_t codes[] = { 0, 1, 16, 20, 23, 28, 30, 32, 33, 36, 115, 117, 118, 486,
		531, 862, 876, 928, 1002 };

	if (letter != 'M')
		return false;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i] == code)
			return true;
	return false;
}

/* Flags for bytes that no command may hold; returns the start of a ; comment or the end. */
static const char *scan_bytes(const char *at, const char *end, unsigned *flags)
{
	for (; at < end && *at != ';'; at++) {
		unsigned char byte = (unsigned char)*at;

		if (byte < 0x20 && byte != '\t')
			*flags |= LEXER_CONTROL;
		else if (byte == 0x7f)
			*flags |= LEXER_CONTROL;
		else if (byte >= 0x80)
			*flags |= LEXER_NON_ASCII;
	}
	return at;
}

/* N and its number in front; leaves the cursor alone when it is something else. */
static void read_line_number(struct cursor *cursor, struct lexer_line *line)
{
	struct cursor ahead = *cursor;
	int64_t number = 0;
	bool negative;
	int digits = 0;

	if (upper(peek(&ahead)) != 'N')
		return;
	ahead.at++;
	skip_blanks(&ahead);
	negative = peek(&ahead) == '-';
	ahead.at += negative;
	for (; is_digit(peek(&ahead)) && digits <= DIGITS_MAX; digits++)
		number = number * 10 + (*ahead.at++ - '0');
	if (digits == 0 || digits > DIGITS_MAX)
		return;
	line->has_number = true;
	line->number = negative ? -number : number;
	*cursor = ahead;
	skip_blanks(cursor);
}

/* "*" and up to three digits at the end.  The sum runs from the first byte of the line, with the
 * blanks before the star: Marlin (all versions) counts what it kept. */
static void read_checksum(const char *start, struct cursor *cursor, struct lexer_line *line)
{
	const char *end = cursor->end;
	const char *digit;
	unsigned stated = 0, sum = 0, power = 1;

	while (end > cursor->at && is_blank(end[-1]))
		end--;
	digit = end;
	while (digit > cursor->at && is_digit(digit[-1]) && end - digit < 4) {
		digit--;
		stated += (unsigned)(*digit - '0') * power;
		power *= 10;
	}
	if (digit == end || digit == cursor->at || digit[-1] != '*')
		return;
	for (const char *at = start; at < digit - 1; at++)
		sum ^= (unsigned char)*at;
	line->has_checksum = true;
	line->checksum_good = sum == stated;
	cursor->end = digit - 1;
}

static void trim_end(struct cursor *cursor)
{
	while (cursor->end > cursor->at && is_blank(cursor->end[-1]))
		cursor->end--;
}

/* RS274 ends a comment at the first ")", so that what follows an inner one would be read as words.
 * Nobody means that: pairs are matched, the flag tells.  Never beyond the line. */
static void skip_paren(struct cursor *cursor, struct lexer_line *line)
{
	size_t depth = 0;

	line->flags |= LEXER_PAREN;
	for (; cursor->at < cursor->end; cursor->at++) {
		if (*cursor->at == '(' && depth++)
			line->flags |= LEXER_PAREN_NESTED;
		if (*cursor->at == ')' && --depth == 0) {
			cursor->at++;
			return;
		}
	}
	line->flags |= LEXER_PAREN_OPEN;
}

static bool spells(const struct cursor *cursor, const char *word)
{
	const char *at = cursor->at;

	for (; *word; word++, at++)
		if (at >= cursor->end || upper(*at) != *word)
			return false;
	return true;
}

static void read_quoted(struct cursor *cursor, struct lexer_word *word)
{
	word->form = LEXER_QUOTED;
	word->text = ++cursor->at;
	while (cursor->at < cursor->end && *cursor->at != '"')
		cursor->at++;
	word->text_length = (size_t)(cursor->at - word->text);
	cursor->at += cursor->at < cursor->end;
}

/* What follows a number directly may show that it was meant to be another one. */
static enum lexer_form check_tail(const struct cursor *cursor, const struct lexer_word *word,
	bool line_is_lower, bool has_blanks)
{
	char c = peek(cursor);
	struct cursor after = { cursor->at + (cursor->at < cursor->end), cursor->end };
	bool number_follows;
	bool is_zero = word->text_length == 1 && word->text[0] == '0';

	skip_blanks(&after);
	number_follows = is_digit(peek(&after)) || peek(&after) == '-' || peek(&after) == '+' ||
			 peek(&after) == '.';
	if (c == ',')
		return LEXER_COMMA;
	if (c == 'e' && number_follows && !line_is_lower)
		return LEXER_EXPONENT;
	if (upper(c) == 'E' && number_follows && has_blanks)
		return LEXER_EXPONENT;
	if (upper(c) == 'X' && is_zero && (word->letter == 'X' || (c == 'x' && !line_is_lower)))
		return LEXER_HEX;
	/* "0b11", "5mm": firmware ignores lower-case letters among upper-case ones. */
	if (c >= 'a' && c <= 'z' && !line_is_lower)
		return LEXER_GARBLED;
	return LEXER_NUMBER;
}

static void read_list(struct cursor *cursor, struct lexer_word *word)
{
	double ignored;

	while (word->form != LEXER_GARBLED && peek(cursor) == ':') {
		cursor->at++;
		word->form =
			read_number(cursor, &ignored) == LEXER_NUMBER ? LEXER_LIST : LEXER_GARBLED;
	}
}

/* The value behind a letter. */
static void read_value(
	struct cursor *cursor, struct lexer_word *word, bool line_is_lower, bool has_blanks)
{
	struct cursor ahead = *cursor;
	char c;

	skip_blanks(&ahead);
	c = peek(&ahead);
	word->value = 0;
	word->text = cursor->at;
	word->text_length = 0;
	if (c == '"') {
		*cursor = ahead;
		read_quoted(cursor, word);
		return;
	}
	if (spells(cursor, "NAN") || spells(cursor, "INF")) {
		word->form = LEXER_NOT_FINITE;
		cursor->at += 3;
		return;
	}
	if (!is_digit(c) && c != '-' && c != '+' && c != '.') {
		word->form = LEXER_MISSING;
		return;
	}
	*cursor = ahead;
	word->text = cursor->at;
	word->form = read_number(cursor, &word->value);
	word->text_length = (size_t)(cursor->at - word->text);
	if (spells(cursor, "NAN") || spells(cursor, "INF"))
		word->form = LEXER_NOT_FINITE;
	if (word->form == LEXER_NUMBER)
		word->form = check_tail(cursor, word, line_is_lower, has_blanks);
	if (word->form == LEXER_NUMBER)
		read_list(cursor, word);
	word->text_length = (size_t)(cursor->at - word->text);
	if (word->form >= LEXER_SIGN_ONLY) {
		word->value = 0;
		while (cursor->at < cursor->end && !is_blank(*cursor->at) && *cursor->at != '(')
			cursor->at++;
		word->text_length = (size_t)(cursor->at - word->text);
	}
}

static void add_word(struct lexer_line *line, const struct lexer_word *word)
{
	uint32_t bit = (uint32_t)1 << (word->letter - 'A');

	if (line->letters & bit)
		line->flags |= LEXER_DUPLICATE;
	line->letters |= bit;
	if ((word->letter == 'G' || word->letter == 'M') && word->form == LEXER_NUMBER)
		line->flags |= LEXER_SECOND_COMMAND;
	if (line->word_count == LEXER_WORDS_MAX) {
		line->flags |= LEXER_TOO_MANY;
		return;
	}
	line->word[line->word_count++] = *word;
}

static void read_words(struct cursor cursor, struct lexer_line *line)
{
	bool line_is_lower = line->body[0] >= 'a';
	bool has_blanks = peek(&cursor) == ' ' || peek(&cursor) == '\t' ||
			  peek(&cursor) == '('; /* which is sent as one */

	while (cursor.at < cursor.end) {
		struct lexer_word word;
		char c = *cursor.at;

		if (is_blank(c)) {
			cursor.at++;
			continue;
		}
		if (c == '(') {
			skip_paren(&cursor, line);
			continue;
		}
		if (!is_letter(c)) {
			line->flags |= c == ')' ? LEXER_PAREN_NESTED : LEXER_STRAY;
			cursor.at++;
			continue;
		}
		word.letter = upper(c);
		word.glued = !is_blank(cursor.at[-1]);
		cursor.at++;
		read_value(&cursor, &word, line_is_lower, has_blanks);
		add_word(line, &word);
	}
}

/* The code behind G, M or T and, behind a point, the subcode.  False: no digits there. */
static bool read_code(struct cursor *cursor, struct lexer_line *line)
{
	const char *start;
	bool negative = false;

	if (line->letter == 'T' && peek(cursor) == '-') {
		negative = true;
		cursor->at++;
	}
	/* "G 1": Marlin skips the blank. */
	skip_blanks(cursor);
	start = cursor->at;
	for (line->code = 0; is_digit(peek(cursor)); cursor->at++) {
		line->code = line->code * 10 + (*cursor->at - '0');
		if (line->code > LEXER_CODE_MAX)
			line->code = LEXER_CODE_MAX;
	}
	if (cursor->at == start)
		return false;
	if (cursor->at - start > 2 && *start == '0')
		line->flags |= LEXER_ZERO_PADDED;
	if (negative)
		line->code = -line->code;
	line->subcode = -1;
	if (peek(cursor) == '.' && cursor->at + 1 < cursor->end && is_digit(cursor->at[1])) {
		cursor->at++;
		for (line->subcode = 0; is_digit(peek(cursor)); cursor->at++)
			if (line->subcode < LEXER_CODE_MAX)
				line->subcode = line->subcode * 10 + (*cursor->at - '0');
	}
	return true;
}

static bool is_name(char c)
{
	return is_letter(c) || is_digit(c) || c == '_';
}

static void set_text(struct cursor cursor, struct lexer_line *line)
{
	skip_blanks(&cursor);
	line->text = cursor.at;
	line->text_length = (size_t)(cursor.end - cursor.at);
}

/* Klipper: a name of letters, digits and _, then nothing or KEY=VALUE. */
static bool read_macro(struct cursor cursor, struct lexer_line *line)
{
	const char *start = cursor.at;

	while (is_name(peek(&cursor)))
		cursor.at++;
	if (cursor.at - start < 2 || is_digit(start[0]) || is_digit(start[1]))
		return false;
	if (cursor.at < cursor.end && !is_blank(*cursor.at))
		return false;
	set_text(cursor, line);
	if (line->text_length == 0) {
		/* One word alone: Klipper's own names have an underscore or are long. */
		line->kind = LEXER_MACRO;
		return cursor.at - start > 3 || memchr(start, '_', (size_t)(cursor.at - start));
	}
	cursor.at = line->text;
	while (is_name(peek(&cursor)))
		cursor.at++;
	line->kind = LEXER_MACRO;
	return cursor.at > line->text && peek(&cursor) == '=';
}

/* What stands in front of a line that is not G, M or T and a number. */
static void read_other(struct cursor cursor, struct lexer_line *line)
{
	char first = upper(*cursor.at);
	struct cursor after = { cursor.at + 1, cursor.end };

	set_text(cursor, line);
	if (first == 'T' && (after.at == after.end || is_blank(*after.at) || *after.at == '?' ||
				    (after.at + 1 == after.end && is_letter(*after.at)))) {
		line->kind = LEXER_TOOL;
		set_text(after, line);
		return;
	}
	if (read_macro(cursor, line))
		return;
	set_text(cursor, line);
	switch (first) {
	case '%':
		line->kind = LEXER_MARKER;
		return;
	case 'O':
		line->kind = is_digit(peek(&after)) ? LEXER_MARKER : LEXER_JUNK;
		return;
	case '#':
		line->kind = LEXER_HASH;
		return;
	case '@':
		line->kind = LEXER_HOST;
		return;
	case '!':
	case '~':
	case '?':
	case '$':
		line->kind = LEXER_REALTIME;
		return;
	default:
		line->kind = LEXER_JUNK;
	}
}

static void read_command(struct cursor cursor, struct lexer_line *line)
{
	char first = upper(*cursor.at);
	struct cursor after = { cursor.at + 1, cursor.end };

	line->letter = first;
	if ((first != 'G' && first != 'M' && first != 'T' && first != 'P') ||
		!read_code(&after, line)) {
		line->letter = '\0';
		line->flags &= ~(unsigned)LEXER_ZERO_PADDED;
		read_other(cursor, line);
		return;
	}
	/* "M117_" or "G1_x" is a macro's name, not a code. */
	if (peek(&after) == '_') {
		line->letter = '\0';
		line->kind = LEXER_JUNK;
		return;
	}
	line->kind = LEXER_COMMAND;
	if (takes_text(line->letter, line->code)) {
		line->flags |= LEXER_IS_TEXT;
		set_text(after, line);
		return;
	}
	read_words(after, line);
}

/* Leading (comments) may stand before the command; a line of nothing else is blank. */
static void skip_leading_parens(struct cursor *cursor, struct lexer_line *line)
{
	while (peek(cursor) == '(') {
		skip_paren(cursor, line);
		skip_blanks(cursor);
	}
}

static bool is_text_command(struct cursor cursor)
{
	struct lexer_line ahead;

	ahead.flags = 0;
	ahead.letter = upper(peek(&cursor));
	cursor.at += cursor.at < cursor.end;
	return ahead.letter == 'M' && read_code(&cursor, &ahead) &&
	       takes_text(ahead.letter, ahead.code);
}

void lexer_read(const char *bytes, size_t length, struct lexer_line *line)
{
	struct cursor cursor = { bytes, bytes + length };
	const char *start;

	/* Everything but the words, of which only word_count are ever read. */
	memset(line, 0, offsetof(struct lexer_line, word));
	line->subcode = -1;
	skip_blanks(&cursor);
	cursor.end = scan_bytes(cursor.at, cursor.end, &line->flags);
	if (cursor.end < bytes + length) {
		line->comment = cursor.end + 1;
		line->comment_length = (size_t)(bytes + length - line->comment);
	}
	start = cursor.at;
	skip_leading_parens(&cursor, line);
	read_line_number(&cursor, line);
	/* A star in a message is no checksum unless the line is numbered. */
	if (line->has_number || !is_text_command(cursor))
		read_checksum(start, &cursor, line);
	trim_end(&cursor);
	skip_leading_parens(&cursor, line);
	line->body = cursor.at;
	line->body_length = (size_t)(cursor.end - cursor.at);
	if (line->body_length == 0)
		return;
	read_command(cursor, line);
}

const struct lexer_word *lexer_find(const struct lexer_line *line, char letter)
{
	if (!(line->letters & (uint32_t)1 << (letter - 'A')))
		return NULL;
	for (size_t i = 0; i < line->word_count; i++)
		if (line->word[i].letter == letter)
			return &line->word[i];
	return NULL;
}

bool lexer_value(const struct lexer_line *line, char letter, double *value)
{
	const struct lexer_word *word = lexer_find(line, letter);

	if (!word || (word->form != LEXER_NUMBER && word->form != LEXER_LIST))
		return false;
	*value = word->value;
	return true;
}
