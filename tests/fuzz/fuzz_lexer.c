/* Any bytes as one line: words within the line, finite numbers, and a command that is safe to send
 * and reads back as itself.  As the front of a file, the short way through moves agrees. */
#include "gcode/lexer.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gcode/command.h"
#include "gcode/motion.h"
#include "gcode/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth)
{
	if (!truth)
		abort();
}

static void check_words(const struct lexer_line *line, const char *bytes, size_t size)
{
	require(line->word_count <= LEXER_WORDS_MAX);
	for (size_t i = 0; i < line->word_count; i++) {
		const struct lexer_word *word = &line->word[i];

		require(word->letter >= 'A' && word->letter <= 'Z' && isfinite(word->value));
		require(word->text >= bytes && word->text + word->text_length <= bytes + size);
	}
	require(!line->text ||
		(line->text >= bytes && line->text + line->text_length <= bytes + size));
	require(line->code >= -LEXER_CODE_MAX && line->code <= LEXER_CODE_MAX);
}

/* `odd`: something was found about the line that is only warned of, such as arguments of an unknown
 * command that are no numbers. */
static void check_command(const struct command *command, int odd)
{
	struct command again;

	require(command->length > 0 && command->length <= COMMAND_MAX);
	require(strlen(command->text) == command->length);
	for (size_t i = 0; i < command->length; i++)
		require(command->text[i] >= 0x20 && command->text[i] < 0x7f &&
			!strchr(";*\\()", command->text[i]));
	if (!odd) {
		require(command_from_line(command->text, command->length, &again) == COMMAND_SEND);
		require(!strcmp(command->text, again.text));
	}
	command_classify(command->text, command->length);
}

/* The short way reads what the lexer reads, and only lines that nothing is said about. */
static void check_motion(const char *bytes, size_t size)
{
	struct motion fast, slow;
	struct motion_line at;
	struct lexer_line line;
	struct command command;
	struct policy_findings findings = { .count = 0 };
	size_t length;

	if (!motion_read(bytes, size, &fast, &at))
		return;
	require(at.used_bytes <= size && bytes[at.used_bytes - 1] == '\n');
	length = at.used_bytes - 1 - (at.used_bytes > 1 && bytes[at.used_bytes - 2] == '\r');
	lexer_read(bytes, length, &line);
	motion_from_line(&line, &slow);
	require(line.kind == LEXER_COMMAND && line.letter == 'G' && fast.code == slow.code);
	require(fast.has == slow.has && fast.numbers == slow.numbers && !slow.axis_a);
	for (int word = 0; word < MOTION_WORDS; word++)
		require(!(fast.has & 1U << word) ||
			!memcmp(&fast.value[word], &slow.value[word], sizeof(double)));
	require(command_from_words(&line, NULL, &command, &findings) == COMMAND_SEND);
	require(findings.count == 0 && command.length == at.body_length &&
		!memcmp(command.text, bytes, command.length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct lexer_line line;
	struct command command;
	struct policy_findings findings = { .count = 0 };

	check_motion(bytes, size);
	lexer_read(bytes, size, &line);
	check_words(&line, bytes, size);
	if (command_from_words(&line, NULL, &command, &findings) == COMMAND_SEND)
		check_command(&command, findings.count > 0);
	return 0;
}
