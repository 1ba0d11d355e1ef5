/* The check of one line against the table of rules; see policy.h. */
#include "gcode/policy.h"

#include <stdio.h>  /* snprintf of text */
#include <string.h> /* strchr */

#include "gcode/decimal.h"
#include "gcode/lexer.h"
#include "gcode/policy_internal.h"
#include "gcode/profile.h"
#include "gcode/text.h"

/* Where no profile says how many. */
enum { TOOLS_ANY = 16 };

void policy_add_value(struct policy_findings *findings, enum policy_id id, char letter,
	double value, bool has_limit, double limit)
{
	struct policy_finding finding = { id, letter, true, value, has_limit, limit };
	size_t at = findings->count;

	for (size_t i = 0; i < findings->count; i++)
		if (findings->finding[i].id == id)
			return;
	if (at == POLICY_FINDINGS_MAX) {
		if (policy_rule(id)->severity < VERDICT_REFUSE)
			return;
		at--; /* there is room for one refusal, whatever came before */
	} else {
		findings->count++;
	}
	findings->finding[at] = finding;
}

void policy_add(struct policy_findings *findings, enum policy_id id)
{
	size_t before = findings->count;

	policy_add_value(findings, id, '\0', 0, false, 0);
	if (findings->count > before)
		findings->finding[before].has_value = false;
}

/* ---- words ------------------------------------------------------------------------------- */

static bool is_motion(const struct lexer_line *line)
{
	return line->letter == 'G' && line->code >= 0 && line->code <= 5 && line->code != 4;
}

/* "Xinf", "XY": in a move a letter without number runs into other letters only by mistake. */
static bool runs_into_letters(const struct lexer_line *line, size_t at)
{
	return at + 1 < line->word_count && line->word[at + 1].glued;
}

/* "X1O0" and "Y5l": letters that no move has, run into a number, were meant for its digits. */
static bool looks_like_digit(const struct lexer_line *line, char letter)
{
	return strchr(line->code <= 1 ? "OLQTNIJK" : "OLQTN", letter) != NULL;
}

/* "M104 T0 165", from a stock start code: without S and R no heater gets a target, whatever stands
 * there. */
static bool sets_nothing(const struct lexer_line *line)
{
	return line->letter == 'M' &&
	       (line->code == 104 || line->code == 109 || line->code == 140) &&
	       !lexer_find(line, 'S') && !lexer_find(line, 'R') && !lexer_find(line, 'P');
}

static void check_words(
	const struct lexer_line *line, bool strict, struct policy_findings *findings)
{
	bool motion = is_motion(line);

	for (size_t i = 0; i < line->word_count; i++) {
		const struct lexer_word *word = &line->word[i];
		bool bad = word->form >= LEXER_SIGN_ONLY;

		if (motion && word->form == LEXER_MISSING) {
			if (runs_into_letters(line, i))
				bad = true;
			else
				policy_add_value(
					findings, POLICY_MISSING_NUMBER, word->letter, 0, false, 0);
		}
		if (motion && word->glued && looks_like_digit(line, word->letter))
			bad = true;
		if (motion && (word->form == LEXER_QUOTED || word->form == LEXER_LIST) &&
			word->letter != 'E')
			bad = true;
		if (bad)
			policy_add_value(findings,
				strict ? POLICY_BAD_NUMBER : POLICY_BAD_NUMBER_UNKNOWN,
				word->letter, 0, false, 0);
	}
	if (line->flags & LEXER_STRAY)
		policy_add(findings, strict && !sets_nothing(line) ? POLICY_BAD_NUMBER
								   : POLICY_BAD_NUMBER_UNKNOWN);
	if (line->flags & LEXER_DUPLICATE)
		policy_add(findings, strict ? POLICY_DUPLICATE_WORD : POLICY_DUPLICATE_UNKNOWN);
	if (line->flags & LEXER_TOO_MANY)
		policy_add(findings, POLICY_BAD_NUMBER);
}

static void check_tool_number(const struct lexer_line *line, const struct profile *profile,
	struct policy_findings *findings)
{
	int tools = !profile ? TOOLS_ANY : profile->tool_count > 0 ? profile->tool_count : 1;

	if (line->code == -1 && profile && profile->firmware == PROFILE_FIRMWARE_REPRAP)
		return;
	if (line->code == -1 && tools > 1 &&
		(!profile || profile->firmware == PROFILE_FIRMWARE_UNSAID)) {
		policy_add(findings, POLICY_TOOL_PARK);
		return;
	}
	if (line->code < 0 || line->code >= tools)
		policy_add_value(findings, POLICY_TOOL, 'T', line->code, true, tools - 1);
}

/* Tx, Tc, T?: Prusa's multi-material unit asks or uses its default. */
static void check_tool_letter(const struct profile *profile, struct policy_findings *findings)
{
	policy_add(findings, profile && profile->tool_count <= 1 ? POLICY_TOOL : POLICY_TOOL_MMU);
}

/* ---- the line ---------------------------------------------------------------------------- */

static void check_command(const struct policy_check *check)
{
	const struct lexer_line *line = check->line;
	struct policy_findings *findings = check->findings;
	enum policy_id id = POLICY_COUNT;

	if (line->letter == 'T')
		check_tool_number(line, check->profile, findings);
	else
		id = policy_find_code(line->letter, line->code);
	/* "N0 M110 N0*125" opens a file that was captured from a serial line. */
	if (id == POLICY_LINE_NUMBER_COMMAND && line->has_number)
		id = POLICY_OWN_NUMBERING;
	if (id != POLICY_COUNT)
		policy_add(findings, id);
	if (line->flags & LEXER_ZERO_PADDED)
		policy_add(findings, POLICY_PADDED_CODE);
	if (line->subcode >= 0 && line->letter == 'G')
		policy_add(findings, POLICY_SUBCODE);
	if (line->flags & LEXER_SECOND_COMMAND)
		policy_add(findings, POLICY_SEVERAL_COMMANDS);
	if (line->word_count || line->flags & LEXER_STRAY)
		check_words(line, policy_is_strict(line), findings);
	policy_check_arguments(check);
}

/* Messages may hold any text, names in quotes too: command.c makes them safe for the wire. */
static bool holds_text(const struct lexer_line *line)
{
	if (line->kind == LEXER_MACRO || line->flags & LEXER_IS_TEXT)
		return true;
	for (size_t i = 0; i < line->word_count; i++)
		if (line->word[i].form == LEXER_QUOTED)
			return true;
	return false;
}

/* "Q5".  An axis or a feed is more: what CNC programs leave out G1 in front of would be lost. */
static bool is_lone_word(const struct lexer_line *line)
{
	static const char moving[] = "XYZEABCUVWFIJKR";
	char first = line->body[0];
	double value;
	size_t used;

	if (first >= 'a' && first <= 'z')
		first = (char)(first - 'a' + 'A');
	return first >= 'A' && first <= 'Z' && !strchr(moving, first) &&
	       lexer_number(line->body + 1, line->body_length - 1, &value, &used) &&
	       used == line->body_length - 1;
}

/* The first word of the line, whatever its case. */
static bool first_word_is_one_of(
	const struct lexer_line *line, const char *const *words, size_t count)
{
	size_t length = 0;

	while (length < line->body_length && line->body[length] != ' ' &&
		line->body[length] != '\t')
		length++;
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) == length && text_contains(line->body, length, words[i]))
			return true;
	return false;
}

/* "Start GCode begin", as stands in stock start codes: two words or more, and nothing but words.
 * The statements of RepRapFirmware's own language are none: what hangs on them would run. */
static bool is_prose(const struct lexer_line *line)
{
	static const char *const statements[] = { "if", "elif", "else", "while", "break",
		"continue", "abort", "var", "global", "set", "echo", "skip" };
	size_t blanks = 0;

	for (size_t i = 0; i < line->body_length; i++) {
		char c = line->body[i];

		if (c == ' ' || c == '\t')
			blanks++;
		else if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) &&
			 !(i > 0 && strchr(".,:!-", c)))
			return false;
	}
	return blanks > 0 &&
	       !first_word_is_one_of(line, statements, sizeof statements / sizeof *statements);
}

static enum policy_id junk_rule(const struct lexer_line *line)
{
	return is_lone_word(line) ? POLICY_LONE_WORD
	       : is_prose(line)	  ? POLICY_PROSE
				  : POLICY_NO_COMMAND;
}

/* To OctoPrint and its kind; what lets a print wait or end would be missed if it were dropped. */
static enum policy_id host_rule(const struct lexer_line *line)
{
	static const char *const acts[] = { "@pause", "@resume", "@cancel", "@abort", "@kill",
		"@stop", "@emergency" };

	return first_word_is_one_of(line, acts, sizeof acts / sizeof *acts) ? POLICY_HOST_COMMAND
									    : POLICY_HOST_LINE;
}

static void check_kind(const struct policy_check *check)
{
	switch (check->line->kind) {
	case LEXER_BLANK:
		return;
	case LEXER_COMMAND:
		check_command(check);
		return;
	case LEXER_TOOL:
		check_tool_letter(check->profile, check->findings);
		return;
	case LEXER_MACRO:
		policy_check_macro(check);
		return;
	case LEXER_MARKER:
		policy_add(check->findings, POLICY_MARKER);
		return;
	case LEXER_HASH:
		policy_add(check->findings, POLICY_HASH_LINE);
		return;
	case LEXER_HOST:
		policy_add(check->findings, host_rule(check->line));
		return;
	case LEXER_REALTIME:
		policy_add(check->findings, POLICY_REALTIME);
		return;
	case LEXER_JUNK:
		policy_add(check->findings, junk_rule(check->line));
		return;
	}
}

void policy_check_line(const struct lexer_line *line, const struct profile *profile,
	struct policy_findings *findings)
{
	struct policy_check check = { line, profile, findings };

	if (line->flags & LEXER_CONTROL)
		policy_add(findings, POLICY_CONTROL_BYTE);
	if (line->flags & LEXER_NON_ASCII && line->kind != LEXER_BLANK && !holds_text(line))
		policy_add(findings, POLICY_NON_ASCII);
	if (line->flags & (LEXER_PAREN_OPEN | LEXER_PAREN_NESTED))
		policy_add(findings, POLICY_PAREN);
	if (line->has_checksum && !line->checksum_good)
		policy_add(findings, POLICY_CHECKSUM);
	check_kind(&check);
}

void policy_describe(const struct policy_finding *finding, char *text, size_t size)
{
	char value[DECIMAL_TEXT_MAX], limit[DECIMAL_TEXT_MAX];
	const char *what = policy_rule(finding->id)->what;
	char letter[4] = "";

	if (finding->letter)
		snprintf(letter, sizeof letter, "%c: ", finding->letter);
	if (finding->has_limit)
		snprintf(text, size, "%s%s: %s (limit %s)", letter, what,
			decimal_write(value, finding->value, 3),
			decimal_write(limit, finding->limit, 3));
	else
		snprintf(text, size, "%s%s", letter, what);
}
