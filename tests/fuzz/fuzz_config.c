/* The configuration file from anywhere: refused with a sentence or accepted within its limits,
 * never anything else. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "daemon/control/config_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 loses the text before a syntax error, a few bytes each time; told apart by the
 * whole stack, as the library has no frame pointers. */
const char *__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}

const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig_yyparse\nleak:strbuf_append\nleak:libconfig_parsectx\n";
}

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct config *config)
{
	demand(config->start_delay_s >= 0 && config->start_delay_s <= 3600);
	demand(config->hours_count <= CONFIG_HOURS_MAX);
	for (size_t i = 0; i < config->hours_count; i++) {
		demand(config->hours[i].begin_s >= 0 && config->hours[i].end_s <= 604800);
		demand(config->hours[i].begin_s < config->hours[i].end_s);
		demand(i == 0 || config->hours[i - 1].end_s < config->hours[i].begin_s);
	}
	for (size_t i = 0; i < config->printer_count; i++) {
		demand(config->printer[i].name[0] && config->printer[i].port[0]);
		demand(config_find_profile(config, config->printer[i].profile));
		demand(config->printer[i].window_lines >= 0 &&
			config->printer[i].window_lines <= 64);
	}
}

/* Other files are not the fuzzer's business. */
static bool wants_files(const char *text)
{
	return strstr(text, "@include") || strstr(text, "profile_dir");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	struct error error = { "" };
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!wants_files(text)) {
		if (config_parse(&config, text, &error) == 0) {
			check(&config);
			config_finish(&config);
		} else {
			demand(error.text[0] != '\0');
		}
	}
	free(text);
	return 0;
}
