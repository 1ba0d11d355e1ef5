/* Which path leads where. */
#include "daemon/control/api_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char argument[API_ARGUMENTS_MAX][API_ARGUMENT_BYTES];
static int status;

static const struct api_route *find(const char *method, const char *path)
{
	return api_route_find(method, path, argument, &status);
}

static void test_paths_lead_to_their_rows_with_their_arguments(void **state)
{
	(void)state;
	static const struct {
		const char *method, *path, *pattern, *argument;
	} cases[] = {
		{ "GET", "/", "/", NULL },
		{ "GET", "/api/v1/status", "/api/v1/status", NULL },
		{ "HEAD", "/api/v1/status", "/api/v1/status", NULL },
		{ "GET", "/api/v1/jobs", "/api/v1/jobs", NULL },
		{ "GET", "/api/v1/jobs/7", "/api/v1/jobs/:", "7" },
		{ "GET", "/api/v1/jobs/7/why", "/api/v1/jobs/:/why", "7" },
		{ "POST", "/api/v1/printers/p 1/clear", "/api/v1/printers/:/clear", "p 1" },
		{ "PUT", "/api/v1/files/a/b.gcode", "/api/v1/files/*", "a/b.gcode" },
		{ "GET", "/api/v1/files/abc/text", "/api/v1/files/:/text", "abc" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct api_route *row = find(cases[i].method, cases[i].path);
		assert_non_null(row);
		assert_string_equal(row->pattern, cases[i].pattern);
		if (cases[i].argument)
			assert_string_equal(argument[0], cases[i].argument);
	}
}

static void test_other_paths_are_not_found(void **state)
{
	(void)state;
	char long_name[1200] = "/api/v1/printers/";
	memset(long_name + 17, 'x', 1100);
	const char *const paths[] = { "", "/api", "/api/v1/", "/api/v1/job", "/api/v1/jobs/",
		"/api/v1/jobs//why", "/api/v1/jobs/7/", "/api/v1/jobs/7/why/not", "/api/v1/statusx",
		"/api/v1/files/abc/text/x", "api/v1/status", long_name };
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_null(find("GET", paths[i]));
		assert_true(status == 404 || status == 405);
	}
	assert_null(find("GET", "/api/v1/nothing"));
	assert_int_equal(status, 404);
}

static void test_a_known_path_with_another_method_is_told_apart(void **state)
{
	(void)state;
	assert_null(find("DELETE", "/api/v1/jobs/7"));
	assert_int_equal(status, 405);
	assert_null(find("GET", "/api/v1/jobs/7/cancel"));
	assert_int_equal(status, 405);
	assert_null(find("", "/api/v1/status"));
	assert_int_equal(status, 405);
}

static void test_every_row_can_be_reached(void **state)
{
	(void)state;
	static const struct api_route *const tables[] = { api_status_routes, api_order_routes,
		api_job_routes, api_printer_routes, api_file_routes };
	for (size_t t = 0; t < 5; t++)
		for (const struct api_route *row = tables[t]; row->method; row++) {
			char path[128];
			size_t length = 0;
			for (const char *at = row->pattern; *at; at++)
				path[length++] = *at == ':' || *at == '*' ? '1' : *at;
			path[length] = '\0';
			assert_ptr_equal(find(row->method, path), row);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths_lead_to_their_rows_with_their_arguments),
		cmocka_unit_test(test_other_paths_are_not_found),
		cmocka_unit_test(test_a_known_path_with_another_method_is_told_apart),
		cmocka_unit_test(test_every_row_can_be_reached),
	};
	return cmocka_run_group_tests_name("api_routes", tests, NULL, NULL);
}
