/* Any text into the look into JSON: nothing outside it is read, whatever is asked. */
#include "base/json_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct json_text *value)
{
	char text[9];
	double number;

	if (value->kind == JSON_NONE)
		return;
	json_text_number(value, &number);
	json_text_string(value, text, sizeof(text));
	if (strlen(text) >= sizeof(text))
		abort();
	json_text_is_string(value, "ab");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size > 0 ? size : 1);
	struct json_text top, value;

	if (!text)
		return 0;
	memcpy(text, data, size);
	top = json_text_read(text, size);
	if (top.kind != JSON_NONE && (top.text < text || top.text + top.length > text + size))
		abort();
	ask(&top);
	for (size_t i = 0; i < 4; i++) {
		value = json_text_element(&top, i);
		ask(&value);
	}
	value = json_text_find(&top, "a.b");
	ask(&value);
	value = json_text_member(&top, "id");
	ask(&value);
	free(text);
	return 0;
}
