/* Programs of lasers and mills; see cnc.h.  Codes: grbl 1.1h, and what grblHAL and FluidNC add. */
#include "gcode/cnc.h"

#include "gcode/lexer.h"
#include "gcode/policy.h"
#include "gcode/profile.h"

#include <string.h> /* memcpy, strcmp, strchr */

const struct profile cnc_profile = { .name = "grbl", .firmware = PROFILE_FIRMWARE_GRBL };

struct word {
	char letter;
	double value;
	const char *text; /* the number's characters */
	size_t length;
};

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* The next word of a text without comments; false: the end, or something else (*bad). */
static bool next_word(const char **at, const char *end, struct word *word, bool *bad)
{
	size_t used;

	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	if (*at == end)
		return false;
	word->letter = upper(**at);
	(*at)++;
	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	word->text = *at;
	if (word->letter < 'A' || word->letter > 'Z' ||
		!lexer_number(*at, (size_t)(end - *at), &word->value, &used) || used == 0) {
		*bad = true;
		return false;
	}
	word->length = used;
	*at += used;
	return true;
}

/* ---- what may be sent -------------------------------------------------------------------- */

/* Times ten: 381 is G38.1. */
static const int16_t known_g[] = { 0, 10, 20, 30, 40, 170, 180, 190, 200, 210, 280, 300, 400, 431,
	490, 530, 540, 550, 560, 570, 580, 590, 610, 800, 900, 910, 911, 920, 921, 930, 940 };
static const int16_t storing_g[] = { 100, 281, 301 };
static const int16_t known_m[] = { 0, 10, 20, 30, 40, 50, 70, 80, 90, 300 };

static bool is_in(const int16_t *list, size_t count, double value)
{
	int code = value >= 0 && value < 1000 ? (int)(value * 10 + 0.5) : -1;

	if (code < 0 || value * 10 - code > 0.01 || code - value * 10 > 0.01)
		return false;
	for (size_t i = 0; i < count; i++)
		if (list[i] == code)
			return true;
	return false;
}

#define IS_IN(list, value) is_in(list, sizeof(list) / sizeof *(list), value)

static void check_word(const struct word *word, uint32_t *seen, struct policy_findings *findings)
{
	uint32_t bit = 1u << (word->letter - 'A');
	bool code = word->letter == 'G' || word->letter == 'M';

	if (word->letter == 'G' && IS_IN(storing_g, word->value))
		policy_add_value(findings, POLICY_CNC_STORES, 'G', word->value, false, 0);
	else if ((word->letter == 'G' && !IS_IN(known_g, word->value)) ||
		 (word->letter == 'M' && !IS_IN(known_m, word->value)) ||
		 !strchr("GMXYZABCFIJKPRSTN", word->letter))
		policy_add_value(findings, POLICY_CNC_CODE, word->letter, word->value, false, 0);
	if (!code && *seen & bit)
		policy_add_value(findings, POLICY_DUPLICATE_WORD, word->letter, 0, false, 0);
	*seen |= bit;
	if (word->letter == 'M' && (word->value == 3 || word->value == 4))
		policy_add(findings, POLICY_SPINDLE);
	if (word->letter == 'M' && word->value < 2)
		policy_add(findings, POLICY_NEEDS_PERSON);
}

static void check_text(const char *text, size_t length, struct policy_findings *findings)
{
	const char *at = text, *end = text + length;
	struct word word;
	uint32_t seen = 0;
	size_t stripped = 0;
	bool bad = false;

	while (next_word(&at, end, &word, &bad))
		check_word(&word, &seen, findings);
	if (bad)
		policy_add(findings, POLICY_BAD_NUMBER);
	for (size_t i = 0; i < length; i++)
		stripped += text[i] != ' ';
	if (stripped > CNC_LINE_MAX)
		policy_add_value(
			findings, POLICY_TOO_LONG, '\0', (double)stripped, true, CNC_LINE_MAX);
}

/* ---- the command ------------------------------------------------------------------------- */

/* Without (comments), blanks collapsed, upper case; false: it is longer than a command may be. */
static bool write_body(const struct lexer_line *line, struct command *command)
{
	bool comment = false, blank = false, fits = true;

	command->length = 0;
	for (size_t i = 0; i < line->body_length; i++) {
		char c = line->body[i];

		comment = comment ? c != ')' : c == '(';
		if (comment || c == ')' || c == ' ' || c == '\t') {
			blank = command->length > 0;
			continue;
		}
		if (command->length + 1 + blank > COMMAND_SHORT_MAX) {
			fits = false;
			break;
		}
		if (blank)
			command->text[command->length++] = ' ';
		blank = false;
		command->text[command->length++] =
			(unsigned char)c < ' ' || (unsigned char)c > '~' ? '?' : upper(c);
	}
	command->text[command->length] = '\0';
	return fits;
}

static enum command_result decide(const struct policy_findings *findings, struct command *command)
{
	enum command_result result = COMMAND_SEND;

	for (size_t i = 0; i < findings->count; i++) {
		const struct policy_rule *rule = policy_rule(findings->finding[i].id);

		if (rule->severity == VERDICT_REFUSE) {
			command->rule = rule->name;
			return COMMAND_REFUSED;
		}
		if (rule->filter && result == COMMAND_SEND) {
			command->rule = rule->name;
			result = COMMAND_FILTERED;
		}
	}
	return result;
}

/* True: there is nothing to send in it, whatever the finding says. */
static bool check_kind(const struct lexer_line *line, struct policy_findings *findings)
{
	switch (line->kind) {
	case LEXER_BLANK:
		return true;
	case LEXER_MARKER:
		policy_add(findings, POLICY_MARKER);
		return true;
	case LEXER_HASH:
		policy_add(findings, POLICY_HASH_LINE);
		return true;
	case LEXER_HOST:
		policy_add(findings, POLICY_HOST_COMMAND);
		return true;
	case LEXER_REALTIME:
		policy_add(findings, POLICY_REALTIME);
		return true;
	case LEXER_COMMAND:
	case LEXER_TOOL:
	case LEXER_MACRO:
	case LEXER_JUNK:
		break;
	}
	return false;
}

enum command_result cnc_command(
	const struct lexer_line *line, struct command *command, struct policy_findings *findings)
{
	bool fits = write_body(line, command), nothing;

	command->rule = NULL;
	if (line->flags & LEXER_CONTROL)
		policy_add(findings, POLICY_CONTROL_BYTE);
	if (line->flags & LEXER_NON_ASCII && line->kind != LEXER_BLANK)
		policy_add(findings, POLICY_NON_ASCII);
	if (line->flags & LEXER_PAREN_OPEN)
		policy_add(findings, POLICY_PAREN);
	if (line->has_checksum)
		policy_add(findings, POLICY_CHECKSUM);
	nothing = check_kind(line, findings);
	if (line->kind == LEXER_BLANK && !(line->flags & LEXER_CONTROL))
		return COMMAND_NOTHING;
	if (!nothing)
		check_text(command->text, command->length, findings);
	if (!nothing && !fits)
		policy_add(findings, POLICY_TOO_LONG);
	return decide(findings, command);
}

enum command_result cnc_manual(const char *text, size_t length, struct command *command)
{
	struct policy_findings findings = { .count = 0 };
	struct lexer_line line;

	if (length == 2 && text[0] == '$' && (upper(text[1]) == 'H' || upper(text[1]) == 'X')) {
		command->text[0] = '$';
		command->text[1] = upper(text[1]);
		command->text[2] = '\0';
		command->length = 2;
		command->rule = NULL;
		return COMMAND_SEND;
	}
	lexer_read(text, length, &line);
	return cnc_command(&line, command, &findings);
}

bool cnc_has_m3(const char *text, size_t length)
{
	const char *at = text, *end = text + length;
	struct word word;
	bool bad = false;

	while (next_word(&at, end, &word, &bad))
		if (word.letter == 'M' && word.value == 3)
			return true;
	return false;
}

/* ---- pieces ------------------------------------------------------------------------------ */

static void add_word(char *piece, const struct word *word)
{
	size_t used = strlen(piece);

	if (used + word->length + 3 > CNC_PIECE_MAX)
		return;
	if (used > 0)
		piece[used++] = ' ';
	piece[used++] = word->letter;
	memcpy(piece + used, word->text, word->length);
	piece[used + word->length] = '\0';
}

static bool is_motion(const struct word *word)
{
	return word->letter == 'G' && word->value >= 0 && word->value <= 3;
}

/* Words that a line may have beside its motion, each for itself. */
static bool stands_alone(const struct word *word)
{
	return word->letter == 'M' || (word->letter == 'G' && !is_motion(word) &&
					      (word->value < 28 || word->value >= 40) &&
					      word->value != 4 && word->value != 92);
}

static void keep_feed(struct cnc_modal *modal, const struct word *word)
{
	if (word->length >= sizeof modal->feed)
		return;
	memcpy(modal->feed, word->text, word->length);
	modal->feed[word->length] = '\0';
}

static void add_feed(char *piece, const struct cnc_modal *modal)
{
	static const char rapid[] = "6000";
	const char *feed = modal->motion == 0 ? rapid : modal->feed;
	const struct word word = { .letter = 'F', .text = feed, .length = strlen(feed) };

	if (feed[0])
		add_word(piece, &word);
}

static void add_text(char *piece, const char *text)
{
	size_t used = strlen(piece), length = strlen(text);

	if (length == 0 || used + length + 2 > CNC_PIECE_MAX)
		return;
	piece[used] = ' ';
	memcpy(piece + used + 1, text, length + 1);
}

static void keep_power_state(struct cnc_modal *modal, const struct word *word)
{
	if (word->letter != 'M')
		return;
	if (word->value == 3 || word->value == 4)
		modal->on = true;
	else if (word->value == 2 || word->value == 5 || word->value == 30)
		modal->on = false;
}

void cnc_split(const char *text, size_t length, struct cnc_modal *modal, struct cnc_pieces *pieces)
{
	const char *at = text, *end = text + length;
	char led_by[CNC_PIECE_MAX] = "", rest[CNC_PIECE_MAX] = "";
	bool bad = false, moves = false;
	struct word word;

	pieces->count = 0;
	while (next_word(&at, end, &word, &bad)) {
		keep_power_state(modal, &word);
		if (is_motion(&word)) {
			modal->motion = (int)word.value;
		} else if (word.letter == 'S') {
			modal->power = word.value;
			add_word(rest, &word);
		} else if (stands_alone(&word)) {
			if (pieces->count == CNC_PIECES_MAX - 1)
				continue;
			pieces->text[pieces->count][0] = '\0';
			add_word(pieces->text[pieces->count++], &word);
		} else if (word.letter == 'G') {
			add_word(led_by, &word); /* G4, G28, G92: what follows is theirs */
		} else if (word.letter == 'F') {
			keep_feed(modal, &word);
		} else {
			moves |= strchr("XYZABCIJKR", word.letter) != NULL;
			add_word(rest, &word);
		}
	}
	if (!led_by[0] && !moves)
		return;
	char *piece = pieces->text[pieces->count++];
	const char lead[] = { 'G', (char)('0' + modal->motion), '\0' };

	memcpy(piece, led_by[0] ? led_by : lead, led_by[0] ? sizeof led_by : sizeof lead);
	add_text(piece, rest);
	if (!led_by[0])
		add_feed(piece, modal);
}

/* ---- what kind of file ------------------------------------------------------------------- */

/* Codes that slicers do not write: plane, cutter compensation, coordinate system, feed mode;
 * spindle or laser. */
static bool is_sign(const struct word *word)
{
	if (word->letter == 'M')
		return word->value >= 3 && word->value <= 5;
	return word->letter == 'G' &&
	       (word->value == 17 || word->value == 40 || word->value == 54 || word->value == 94);
}

/* Heats, extrudes, levels; M30 ends a program and is none of these. */
static bool is_of_a_print(const struct word *word)
{
	return word->letter == 'E' ||
	       (word->letter == 'M' && word->value >= 17 && word->value != 30) ||
	       (word->letter == 'G' && word->value == 29);
}

/* -1: of a print; 1: a sign of a program; 0: could be either. */
static int sign_of(const char *text, size_t length)
{
	const char *at = text, *end = text + length;
	struct word word;
	bool bad = false, sign = false, axes = false, power = false;
	int codes = 0;

	while (next_word(&at, end, &word, &bad)) {
		if (is_of_a_print(&word))
			return -1;
		codes += word.letter == 'G' || word.letter == 'M';
		sign |= is_sign(&word);
		axes |= strchr("XYZIJ", word.letter) != NULL;
		power |= word.letter == 'S' && axes;
	}
	/* Two codes in a line, a motion that goes on from the line before, a move with a power. */
	return !bad && (sign || codes >= 2 || (codes == 0 && axes) || power);
}

bool cnc_is_program(const char *head, size_t length)
{
	const char *at = head, *end = head + length;
	bool found = false;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t size = newline ? (size_t)(newline - at) : (size_t)(end - at);
		struct lexer_line line;
		int sign;

		lexer_read(at, size, &line);
		if (line.kind == LEXER_MACRO || line.kind == LEXER_TOOL)
			return false;
		sign = line.kind == LEXER_COMMAND || line.kind == LEXER_JUNK
			       ? sign_of(line.body, line.body_length)
			       : 0;
		if (sign < 0)
			return false;
		found |= sign > 0;
		at += size + 1;
	}
	return found;
}

bool cnc_is_dialect(const char *name)
{
	return strcmp(name, "grbl") == 0 || strcmp(name, "grblhal") == 0 ||
	       strcmp(name, "fluidnc") == 0;
}
