/* A command's letter, number and parameters, as Marlin 2.0.9's FASTER_GCODE_PARSER sees them. */
#include "sim/marlin.h"

#include <string.h> /* strlen, memcpy, strchr */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool starts_number(const char *text)
{
	if (*text == '-' || *text == '+')
		text++;
	return is_digit(*text) || (*text == '.' && is_digit(text[1]));
}

/* Decimal, by no locale; stops at the first byte that does not belong. */
static double read_number(const char *text)
{
	bool negative = *text == '-';
	double value = 0, scale = 1;

	if (*text == '-' || *text == '+')
		text++;
	while (is_digit(*text))
		value = value * 10 + (*text++ - '0');
	if (*text == '.')
		for (text++; is_digit(*text); text++) {
			value = value * 10 + (*text - '0');
			scale *= 10;
		}
	value /= scale;
	/* No code takes more; what is computed from it stays within 64 bits. */
	if (value > MARLIN_VALUE_MAX)
		value = MARLIN_VALUE_MAX;
	return negative ? -value : value;
}

static const char *skip_spaces(const char *text)
{
	while (*text == ' ')
		text++;
	return text;
}

/* The text behind the line number, in scratch, cut at the first asterisk and the blanks before it.
 */
static char *command_text(const char *line, char *scratch)
{
	line = skip_spaces(line);
	if (*line == 'N' && (is_digit(line[1]) || line[1] == '-' || line[1] == '+')) {
		line += 2;
		while (is_digit(*line))
			line++;
		line = skip_spaces(line);
	}
	size_t length = strlen(line);
	const char *star = length > 0 ? strchr(line + 1, '*') : NULL;
	if (star) {
		length = (size_t)(star - line);
		while (length > 1 && line[length - 1] == ' ')
			length--;
	}
	memcpy(scratch, line, length);
	scratch[length] = '\0';
	return scratch;
}

/* Codes whose arguments are text: no parameters are looked for. */
static bool takes_text(const struct sim_marlin_words *words)
{
	return words->letter == 'M' && (words->code == 117 || words->code == 118);
}

static void read_parameters(struct sim_marlin_words *words, const char *at)
{
	while (*at) {
		char letter = *at++;
		if (letter < 'A' || letter > 'Z')
			continue;
		unsigned bit = (unsigned)(letter - 'A');
		const char *number = skip_spaces(at);
		words->seen |= 1u << bit;
		words->valued &= ~(1u << bit);
		if (!starts_number(number))
			continue;
		words->valued |= 1u << bit;
		words->value[bit] = read_number(number);
		at = number;
		while (is_digit(*at) || *at == '.' || *at == '-' || *at == '+')
			at++;
	}
}

void sim_marlin_words_parse(struct sim_marlin_words *words, const char *line, char *scratch)
{
	const char *at = command_text(line, scratch);

	words->letter = '?';
	words->code = 0;
	words->seen = 0;
	words->valued = 0;
	words->text = at;
	words->arguments = at;
	char letter = *at;
	if (letter != 'G' && letter != 'M' && letter != 'T')
		return;
	at = skip_spaces(at + 1);
	if (!is_digit(*at))
		return;
	words->letter = letter;
	while (is_digit(*at))
		words->code = (uint16_t)(words->code * 10u + (unsigned)(*at++ - '0'));
	words->arguments = at = skip_spaces(at);
	if (!takes_text(words))
		read_parameters(words, at);
}

bool sim_marlin_seen(const struct sim_marlin_words *words, char letter)
{
	return words->seen >> (letter - 'A') & 1;
}

bool sim_marlin_value(const struct sim_marlin_words *words, char letter, double *value)
{
	if (!(words->valued >> (letter - 'A') & 1))
		return false;
	*value = words->value[letter - 'A'];
	return true;
}
