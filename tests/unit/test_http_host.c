/* Which names in the Host field are ours, and which a foreign page could have brought along. */
#include "daemon/control/http_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char hosts[][NAME_MAX_BYTES] = { "farm.example.org", "Prints.Example" };

static bool is_ours(const char *field)
{
	return http_host_is_ours(field, hosts, 2);
}

static void test_public_names_that_nobody_configured_are_refused(void **state)
{
	(void)state;
	const char *const fields[] = { "evil.example", "evil.example:8080", "evil.example.",
		"127.0.0.1.evil.example", "localhost.evil.example", "printfarm.evil.example",
		"0x7f.1", "farm.example.org.evil.example", "evil.farm.example.org",
		"xfarm.example.org", "notlocalhost.x", "evil.example:80:80" };
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (is_ours(fields[i]))
			fail_msg("%s is taken for ours", fields[i]);
}

static void test_local_names_and_addresses_are_ours(void **state)
{
	(void)state;
	const char *const fields[] = { "printfarm", "localhost", "localhost:8080", "printfarm.",
		"127.0.0.1", "127.0.0.1:80", "192.168.1.7", "[::1]", "[fe80::1]:8080",
		"farm.localhost", "x", "" };
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!is_ours(fields[i]))
			fail_msg("%s is refused", fields[i]);
}

static void test_configured_names_are_ours_in_any_case_and_with_any_port(void **state)
{
	(void)state;
	assert_true(is_ours("farm.example.org"));
	assert_true(is_ours("FARM.example.ORG:443"));
	assert_true(is_ours("prints.example."));
	assert_false(http_host_is_ours("farm.example.org", NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_public_names_that_nobody_configured_are_refused),
		cmocka_unit_test(test_local_names_and_addresses_are_ours),
		cmocka_unit_test(test_configured_names_are_ours_in_any_case_and_with_any_port),
	};
	return cmocka_run_group_tests_name("http_host", tests, NULL, NULL);
}
