/* Any bytes as one line: words within the line, finite numbers, and a command that is safe to send
 * and reads back as itself. */
#include "gcode/lexer.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gcode/command.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct lexer_line line;
	struct command command;
	struct policy_findings findings = { .count = 0 };

	lexer_read(bytes, size, &line);
	check_words(&line, bytes, size);
	if (command_from_words(&line, NULL, &command, &findings) == COMMAND_SEND)
		check_command(&command, findings.count > 0);
	return 0;
}
