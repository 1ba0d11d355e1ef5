/* The options of an order, the same for submit and order create. */
#ifndef CLI_WISHES_H
#define CLI_WISHES_H

#include "cli/cli.h"

#include <jansson.h> /* json_t */

struct wishes {
	int64_t units, priority, retries; /* retries negative: not said */
	const char *due, *material, *color, *printer, *tag, *user, *project, *after;
	bool hold, test;
};

enum { WISHES_UNITS_MAX = 1000000, WISHES_RETRIES_MAX = 10000, WISHES_PRIORITY_MAX = 100 };

/* Rows for args_parse that fill *wishes. */
#define WISHES_OPTIONS(wishes)                                                                     \
	{ "units", 'n', ARGS_NUMBER, &(wishes)->units, 1, WISHES_UNITS_MAX },                      \
		{ "priority", 0, ARGS_NUMBER, &(wishes)->priority, 0, WISHES_PRIORITY_MAX },       \
		{ "due", 0, ARGS_TEXT, &(wishes)->due, 0, 0 },                                     \
		{ "material", 0, ARGS_TEXT, &(wishes)->material, 0, 0 },                           \
		{ "color", 0, ARGS_TEXT, &(wishes)->color, 0, 0 },                                 \
		{ "printer", 0, ARGS_TEXT, &(wishes)->printer, 0, 0 },                             \
		{ "tag", 0, ARGS_TEXT, &(wishes)->tag, 0, 0 },                                     \
		{ "user", 0, ARGS_TEXT, &(wishes)->user, 0, 0 },                                   \
		{ "project", 0, ARGS_TEXT, &(wishes)->project, 0, 0 },                             \
		{ "after", 0, ARGS_TEXT, &(wishes)->after, 0, 0 },                                 \
		{ "retries", 0, ARGS_NUMBER, &(wishes)->retries, 0, WISHES_RETRIES_MAX },          \
		{ "test", 0, ARGS_FLAG, &(wishes)->test, 0, 0 },                                   \
	{                                                                                          \
		"hold", 0, ARGS_FLAG, &(wishes)->hold, 0, 0                                        \
	}

struct wishes wishes_usual(void);

/* The body of POST orders and POST quote. */
json_t *wishes_body(const struct wishes *wishes, const char *design);

#endif
