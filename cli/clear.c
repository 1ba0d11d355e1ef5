/* `printfarm clear`: the bed is empty, and this is what was on it. */
#include "cli/act.h"
#include "cli/args.h"
#include "cli/commands.h"

#include <jansson.h> /* json_t */

enum { UNITS_MAX = 10000 };

int command_clear(struct cli *cli, int argc, char **argv)
{
	int64_t good = -1, scrap = -1;
	const char *why = "";
	bool not_yet = false;
	const struct args_option options[] = {
		{ "good", 0, ARGS_NUMBER, &good, 0, UNITS_MAX },
		{ "scrap", 0, ARGS_NUMBER, &scrap, 0, UNITS_MAX },
		{ "why", 0, ARGS_TEXT, &why, 0, 0 },
		{ "not-yet", 0, ARGS_FLAG, &not_yet, 0, 0 },
		{ 0 },
	};
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, argc, &count);

	if (status)
		return status;
	json_t *body = json_pack("{s:o, s:o, s:s, s:b}", "good",
		good < 0 ? json_null() : json_integer(good), "scrap",
		scrap < 0 ? json_null() : json_integer(scrap), "why", why, "not_yet", not_yet);

	if (!body)
		return cli_usage_error(cli, "--why is not UTF-8");
	status = act_on_each(cli, "printers", "clear", body, count, argv + 1, act_show_printer);
	json_decref(body);
	return status;
}
