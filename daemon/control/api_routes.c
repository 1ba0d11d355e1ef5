/* Finds the row for a method and a path. */
#include "daemon/control/api_private.h"

#include <string.h>

/* One argument of the path; false: too long to be the name of anything. */
static bool take_argument(char argument[API_ARGUMENT_BYTES], const char *from, size_t length)
{
	if (length == 0 || length >= API_ARGUMENT_BYTES)
		return false;
	memcpy(argument, from, length);
	argument[length] = '\0';
	return true;
}

static bool matches(
	const char *pattern, const char *path, char argument[API_ARGUMENTS_MAX][API_ARGUMENT_BYTES])
{
	int count = 0;
	while (*pattern) {
		if (*pattern == ':' || *pattern == '*') {
			size_t length = *pattern == ':' ? strcspn(path, "/") : strlen(path);
			if (count == API_ARGUMENTS_MAX ||
				!take_argument(argument[count++], path, length))
				return false;
			path += length;
			pattern++;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return *path == '\0';
}

const struct api_route *api_route_find(const char *method, const char *path,
	char argument[API_ARGUMENTS_MAX][API_ARGUMENT_BYTES], int *status)
{
	static const struct api_route *const tables[] = { api_status_routes, api_advice_routes, api_report_routes, api_order_routes,
		api_job_routes, api_record_routes, api_printer_routes, api_file_routes };
	*status = 404;
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct api_route *row = tables[t]; row->method; row++) {
			if (!matches(row->pattern, path, argument))
				continue;
			if (strcmp(row->method, method) == 0)
				return row;
			*status = 405;
		}
	return NULL;
}
