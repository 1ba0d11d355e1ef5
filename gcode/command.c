/* From a line of a file to the command on the wire; see command.h. */
#include "gcode/command.h"

#include <stdbool.h>

#include "gcode/cnc.h"
#include "gcode/lexer.h"
#include "gcode/policy.h"
#include "gcode/text.h"
#include "gcode/profile.h"

/* Text under construction; what does not fit is only counted. */
struct writer {
	struct command *command;
	size_t limit_bytes;
	bool overflow;
	bool changed;	    /* a word would not be sent as it stands */
	bool blank_pending; /* one blank before the next character */
};

static void put_raw(struct writer *writer, char c)
{
	if (writer->command->length == writer->limit_bytes) {
		writer->overflow = true;
		return;
	}
	writer->command->text[writer->command->length++] = c;
}

static void put(struct writer *writer, char c)
{
	/* Not as the last character of a message that is cut. */
	if (writer->blank_pending && writer->command->length > 0 &&
		writer->command->length + 1 < writer->limit_bytes)
		put_raw(writer, ' ');
	else if (writer->blank_pending && writer->command->length > 0)
		writer->overflow = true;
	if (writer->overflow)
		return;
	writer->blank_pending = false;
	put_raw(writer, c);
}

/* What a letter with an accent is without it: U+00C0 to U+00FF. */
static const char latin_1[] = "AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty";

/* One UTF-8 character at text[at], cut down to ASCII; returns its length in bytes. */
static size_t put_utf8(struct writer *writer, const char *text, size_t length, size_t at)
{
	unsigned char lead = (unsigned char)text[at];
	size_t size = 1;

	while (at + size < length && ((unsigned char)text[at + size] & 0xc0) == 0x80 && size < 4)
		size++;
	if (lead == 0xc3 && size == 2)
		put(writer, latin_1[(unsigned char)text[at + 1] & 0x3f]);
	else if (lead == 0xc2 && size == 2 && (unsigned char)text[at + 1] == 0xa0)
		writer->blank_pending = true;
	else
		put(writer, '?');
	return size;
}

/* '*' would be taken for the checksum's, '\' swallows the byte behind it, and parentheses swallow
 * even the checksum where Marlin is built with PAREN_COMMENTS (serial-protocols.md 3.1). */
static char safe_character(char c)
{
	switch (c) {
	case '*':
		return 'x';
	case '\\':
		return '|';
	case '(':
		return '[';
	case ')':
		return ']';
	default:
		return c;
	}
}

static void put_text(struct writer *writer, const char *text, size_t length)
{
	for (size_t at = 0; at < length;) {
		char c = text[at];

		if ((unsigned char)c >= 0x80) {
			at += put_utf8(writer, text, length, at);
			continue;
		}
		at++;
		if (c == ' ' || c == '\t')
			writer->blank_pending = true;
		else
			put(writer, c < 0x20 || c == 0x7f ? '?' : safe_character(c));
	}
}

/* Letter and code of a text command go in upper case, the text stays as it is. */
static void put_text_command(struct writer *writer, const struct lexer_line *line)
{
	for (const char *at = line->body; at < line->text; at++) {
		if (*at == ' ' || *at == '\t')
			writer->blank_pending = true;
		else
			put(writer, *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at);
	}
	put_text(writer, line->text, line->text_length);
}

/* Behind the closing quote or at the end. */
static size_t put_quoted(struct writer *writer, const struct lexer_line *line, size_t at)
{
	size_t from = at++;

	while (at < line->body_length && line->body[at] != '"')
		at++;
	at += at < line->body_length;
	put_text(writer, line->body + from, at - from);
	return at;
}

/* Behind the matching parenthesis or at the end, as in the lexer. */
static size_t skip_comment(struct writer *writer, const struct lexer_line *line, size_t at)
{
	size_t depth = 0;

	for (; at < line->body_length; at++) {
		depth += line->body[at] == '(';
		if (line->body[at] == ')' && --depth == 0) {
			at++;
			break;
		}
	}
	writer->blank_pending = true;
	return at;
}

static bool begins_number(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.';
}

/* Words as they stand in the file, with its digits: nothing is rounded or set in another form. */
static void put_words(struct writer *writer, const struct lexer_line *line)
{
	bool after_letter = false, comment_between = false;

	for (size_t at = 0; at < line->body_length;) {
		char c = line->body[at];

		if (c == '"' && after_letter) {
			at = put_quoted(writer, line, at);
			after_letter = false;
			continue;
		}
		if (c == '(') {
			at = skip_comment(writer, line, at);
			comment_between = true;
			continue;
		}
		at++;
		if (c == ' ' || c == '\t') {
			writer->blank_pending = true;
			continue;
		}
		/* "X 100": Marlin skips the blank, others read X as 0. */
		if (after_letter && begins_number(c)) {
			writer->changed |= comment_between;
			writer->blank_pending = false;
		}
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		after_letter = c >= 'A' && c <= 'Z';
		comment_between = false;
		writer->changed |= c == '"' || c < 0x20 || c > 0x7e || safe_character(c) != c;
		put(writer, c < 0x20 || c > 0x7e ? '?' : safe_character(c));
	}
}

static struct writer write_command(
	const struct lexer_line *line, size_t limit_bytes, struct command *command)
{
	struct writer writer = { .command = command, .limit_bytes = limit_bytes };

	command->length = 0;
	command->rule = NULL;
	if (line->flags & LEXER_IS_TEXT)
		put_text_command(&writer, line);
	else if (line->kind == LEXER_COMMAND)
		put_words(&writer, line);
	else
		put_text(&writer, line->body, line->body_length);
	command->text[command->length] = '\0';
	return writer;
}

bool command_may_be_cut(const struct lexer_line *line)
{
	return line->letter == 'M' && (line->code == 0 || line->code == 1 || line->code == 115 ||
					      line->code == 117 || line->code == 118);
}

bool command_is_outline(const char *line, size_t length)
{
	static const char define[] = "exclude_object_define ";

	return length >= sizeof define - 1 && text_contains(line, sizeof define - 1, define);
}

static enum policy_id overflow_rule(const struct lexer_line *line)
{
	if (line->kind == LEXER_MACRO && command_is_outline(line->body, line->body_length))
		return POLICY_LONG_OUTLINE;
	return command_may_be_cut(line) ? POLICY_TEXT_CUT : POLICY_TOO_LONG;
}

size_t command_limit_bytes(const struct profile *profile, const struct lexer_line *line)
{
	switch (profile ? profile->firmware : PROFILE_FIRMWARE_UNSAID) {
	case PROFILE_FIRMWARE_UNSAID:
		return line->kind == LEXER_MACRO ? COMMAND_MAX : COMMAND_SHORT_MAX;
	case PROFILE_FIRMWARE_MARLIN:
	case PROFILE_FIRMWARE_GRBL:
		break;
	case PROFILE_FIRMWARE_KLIPPER:
	case PROFILE_FIRMWARE_REPRAP:
		return COMMAND_MAX;
	}
	return COMMAND_SHORT_MAX;
}

/* One refusal refuses; one rule that drops the line drops it, whatever else was found. */
static enum command_result decide(const struct profile *profile,
	const struct policy_findings *findings, struct command *command)
{
	enum command_result result = COMMAND_SEND;

	for (size_t i = 0; i < findings->count; i++) {
		const struct policy_rule *rule = policy_rule(findings->finding[i].id);

		if (policy_severity(profile, rule->id) == VERDICT_REFUSE) {
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

/* A message is cut where the check of the file has cut it, though this machine would take more:
 * the same command must come out of both. */
static size_t limit_for(
	const struct lexer_line *line, const struct profile *profile, size_t machine_bytes)
{
	size_t own_bytes = command_limit_bytes(profile, line);

	if (machine_bytes == 0 || machine_bytes > COMMAND_MAX)
		return own_bytes;
	return command_may_be_cut(line) && own_bytes < machine_bytes ? own_bytes : machine_bytes;
}

enum command_result command_from_words_within(const struct lexer_line *line,
	const struct profile *profile, size_t limit_bytes, struct command *command,
	struct policy_findings *findings)
{
	struct writer writer;

	if (profile && profile->firmware == PROFILE_FIRMWARE_GRBL)
		return cnc_command(line, command, findings);
	if (line->kind == LEXER_BLANK && !(line->flags & LEXER_CONTROL)) {
		policy_check_line(line, profile, findings);
		return COMMAND_NOTHING;
	}
	limit_bytes = limit_for(line, profile, limit_bytes);
	writer = write_command(line, limit_bytes, command);
	policy_check_line(line, profile, findings);
	/* A letter without its accent may spell what the line did not. */
	if (line->flags & LEXER_IS_TEXT && line->flags & LEXER_NON_ASCII) {
		struct lexer_line sent;

		lexer_read(command->text, command->length, &sent);
		policy_check_line(&sent, profile, findings);
	}
	if (writer.changed)
		policy_add(findings, POLICY_BAD_NUMBER);
	if (writer.overflow && line->kind != LEXER_HASH && line->kind != LEXER_MARKER)
		policy_add_value(findings, overflow_rule(line), '\0', (double)line->body_length,
			true, (double)limit_bytes);
	return decide(profile, findings, command);
}

enum command_result command_from_words(const struct lexer_line *line, const struct profile *profile,
	struct command *command, struct policy_findings *findings)
{
	return command_from_words_within(line, profile, 0, command, findings);
}

enum command_result command_from_line_within(const char *bytes, size_t length,
	const struct profile *profile, size_t limit_bytes, struct command *command)
{
	struct policy_findings findings = { .count = 0 };
	struct lexer_line line;

	lexer_read(bytes, length, &line);
	return command_from_words_within(&line, profile, limit_bytes, command, &findings);
}

enum command_result command_from_line_for(
	const char *bytes, size_t length, const struct profile *profile, struct command *command)
{
	return command_from_line_within(bytes, length, profile, 0, command);
}

enum command_result command_from_line(const char *bytes, size_t length, struct command *command)
{
	return command_from_line_for(bytes, length, NULL, command);
}

/* ---- classes ----------------------------------------------------------------------------- */

struct code_class {
	char letter;
	int16_t first, last;
	enum command_class class;
};

/* serial-protocols.md 3.6 and 3.10; Prusa's G80, Repetier's and RepRapFirmware's G32. */
static const struct code_class classes[] = {
	{ 'G', 0, 3, COMMAND_MOTION },
	{ 'G', 4, 4, COMMAND_LONG },
	{ 'G', 5, 5, COMMAND_MOTION },
	{ 'G', 12, 12, COMMAND_LONG },
	{ 'G', 26, 38, COMMAND_LONG },
	{ 'G', 76, 77, COMMAND_LONG },
	{ 'G', 80, 82, COMMAND_LONG },
	{ 'G', 425, 425, COMMAND_LONG },
	{ 'M', 0, 1, COMMAND_LONG },
	{ 'M', 18, 18, COMMAND_LONG },
	{ 'M', 20, 22, COMMAND_LONG },
	{ 'M', 25, 25, COMMAND_LONG },
	{ 'M', 28, 29, COMMAND_MODE },
	{ 'M', 32, 32, COMMAND_MODE },
	{ 'M', 48, 48, COMMAND_LONG },
	{ 'M', 84, 84, COMMAND_LONG },
	{ 'M', 98, 98, COMMAND_LONG },
	{ 'M', 108, 108, COMMAND_MODE },
	{ 'M', 109, 109, COMMAND_LONG },
	{ 'M', 110, 110, COMMAND_MODE },
	{ 'M', 112, 112, COMMAND_MODE },
	{ 'M', 115, 115, COMMAND_LONG }, /* MK3: "M115 U..." may show a dialogue */
	{ 'M', 116, 116, COMMAND_LONG },
	{ 'M', 125, 125, COMMAND_LONG },
	{ 'M', 190, 192, COMMAND_LONG },
	{ 'M', 226, 226, COMMAND_LONG },
	{ 'M', 280, 282, COMMAND_LONG },
	{ 'M', 291, 291, COMMAND_LONG },
	{ 'M', 303, 303, COMMAND_LONG },
	{ 'M', 400, 403, COMMAND_LONG },
	{ 'M', 410, 410, COMMAND_MODE },
	{ 'M', 500, 504, COMMAND_LONG },
	{ 'M', 575, 575, COMMAND_MODE },
	{ 'M', 600, 603, COMMAND_LONG },
	{ 'M', 701, 704, COMMAND_LONG },
	{ 'M', 862, 862, COMMAND_LONG }, /* checks that may ask the person at the panel */
	{ 'M', 928, 928, COMMAND_MODE },
	{ 'M', 997, 997, COMMAND_MODE },
	{ 'M', 999, 999, COMMAND_MODE },
	{ 'T', 0, 99, COMMAND_LONG },
};

enum command_class command_classify(const char *text, size_t length)
{
	int code = 0;
	size_t at;

	if (length < 2 || text[1] < '0' || text[1] > '9')
		return COMMAND_LONG;
	for (at = 1; at < length && at < 6 && text[at] >= '0' && text[at] <= '9'; at++)
		code = code * 10 + (text[at] - '0');
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (classes[i].letter == text[0] && code >= classes[i].first &&
			code <= classes[i].last)
			return classes[i].class;
	return COMMAND_SHORT;
}
