/* What a printer's past says, for people; see upkeep.h. */
#include "cli/upkeep.h"

#include "cli/act.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/words.h"

#include <math.h>
#include <string.h>

static void show_speed(const struct cli *cli, const json_t *learnt)
{
	double off_percent = 100 * (words_number(learnt, "speed_factor") - 1);
	int64_t prints = words_integer(learnt, "prints");

	if (prints == 0)
		words_row(cli, "speed", "not learnt yet: as the files say, give or take %.0f %%",
			100 * words_number(learnt, "speed_spread"));
	else
		words_row(cli, "speed",
			"prints take %.0f %% %s than the files say, give or take %.0f %% "
			"(%lld print%s; one print is off by %.0f %%)",
			fabs(off_percent), off_percent < 0 ? "less" : "longer",
			100 * words_number(learnt, "speed_uncertainty"), (long long)prints,
			prints == 1 ? "" : "s", 100 * words_number(learnt, "speed_spread"));
}

static void show_failures(const struct cli *cli, const json_t *learnt)
{
	const json_t *materials = json_object_get(learnt, "materials"), *row;
	size_t index;

	words_row(cli, "failures", "%.1f expected in 100 h of printing",
		words_number(learnt, "failures_per_100h"));
	json_array_foreach (materials, index, row) {
		const char *material = words_text(row, "material");

		words_row(cli, "", "%s: %.0f in %.0f h, %.1f expected in 100 h",
			*material ? material : "no material said", words_number(row, "failures"),
			words_number(row, "print_h"), words_number(row, "failures_per_100h"));
	}
}

static void show_work(const struct cli *cli, const char *title, const json_t *row)
{
	double left_h = words_number(row, "left_h"), blocks_h = words_number(row, "blocks_in_h");
	bool blocks = !words_is_null(row, "blocks_in_h");

	if (!words_is_true(row, "due"))
		words_row(cli, title, "%s in %.0f h of printing (every %lld h)",
			words_text(row, "what"), left_h, (long long)words_integer(row, "every_h"));
	else if (blocks && blocks_h <= 0)
		words_row(cli, title, "%s is overdue by %.0f h: no new job until it is done",
			words_text(row, "what"), -left_h);
	else if (blocks)
		words_row(cli, title, "%s is due; in %.0f h no new job is taken",
			words_text(row, "what"), blocks_h);
	else
		words_row(cli, title, "%s is due since %.0f h", words_text(row, "what"), -left_h);
}

void upkeep_show_printer(const struct cli *cli, const json_t *printer)
{
	const json_t *learnt = json_object_get(printer, "learnt");
	const json_t *maintenance = json_object_get(printer, "maintenance"), *row;
	size_t index;

	words_row(cli, "printed", "%.1f h in all", words_number(printer, "print_h"));
	show_speed(cli, learnt);
	show_failures(cli, learnt);
	json_array_foreach (maintenance, index, row)
		show_work(cli, index ? "" : "upkeep", row);
	if (words_is_true(printer, "noisy"))
		words_row(cli, "noise", "noisy: it rests in the quiet hours");
	if (words_integer(printer, "watts") > 0 || words_integer(printer, "heat_watts") > 0)
		words_row(cli, "power", "%lld W, %lld W while it heats up",
			(long long)words_integer(printer, "watts"),
			(long long)words_integer(printer, "heat_watts"));
	if (words_is_true(printer, "runout_change"))
		words_row(cli, "runout", "a spool may run out and is changed in mid-print");
}

static void show_due(const struct cli *cli, const json_t *printer)
{
	const json_t *maintenance = json_object_get(printer, "maintenance"), *row;
	const char *name = words_text(printer, "name");
	size_t index;

	json_array_foreach (maintenance, index, row) {
		bool stopped =
			!words_is_null(row, "blocks_in_h") && words_number(row, "blocks_in_h") <= 0;

		if (words_is_true(row, "due"))
			words_sentence(cli, 0, 2,
				"%s: %s is due%s (printfarm printer maintained %s %s)", name,
				words_text(row, "what"),
				stopped ? ", no new job until it is done" : "", name,
				words_text(row, "what"));
	}
}

void upkeep_show_farm(const struct cli *cli, const json_t *status)
{
	const json_t *clearing = json_object_get(status, "clearing");
	const json_t *power = json_object_get(status, "power");
	const json_t *printers = json_object_get(status, "printers"), *printer;
	char mean[WORDS_MAX];
	size_t index;

	json_array_foreach (printers, index, printer)
		show_due(cli, printer);
	if (words_integer(clearing, "waits") > 0)
		words_sentence(cli, 0, 2, "beds wait %s to be cleared, on average of %lld",
			words_duration(mean, clearing, "mean_s"),
			(long long)words_integer(clearing, "waits"));
	if (json_is_object(power))
		words_sentence(cli, 0, 2, "power: %lld W of %lld W in use",
			(long long)words_integer(power, "used_w"),
			(long long)words_integer(power, "budget_w"));
}

int command_printer_maintained(struct cli *cli, int argc, char **argv)
{
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 1, 2, &count);

	if (status)
		return status;
	json_t *body = count == 2 ? json_pack("{s:s}", "what", argv[2]) : json_object();

	status = body ? act_on_each(
				cli, "printers", "maintained", body, 1, argv + 1, act_show_printer)
		      : cli_usage_error(cli, "what was done is not UTF-8");
	json_decref(body);
	return status;
}
