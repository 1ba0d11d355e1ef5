/* `printfarm record`: the production record of an order or a job. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/record_export.h"
#include "cli/record_gather.h"
#include "cli/record_label.h"
#include "cli/record_page.h"
#include "cli/words.h"

#include <string.h>

/* "ORDER", "order ORDER" or "job JOB" -> the path; NULL: none of these. */
static const char *path_of(char path[CLIENT_PATH_MAX], int count, char **operand)
{
	if (count == 1)
		return client_path(path, "orders", operand[0], "record");
	if (strcmp(operand[0], "order") == 0)
		return client_path(path, "orders", operand[1], "record");
	if (strcmp(operand[0], "job") == 0)
		return client_path(path, "jobs", operand[1], "record");
	return NULL;
}

static int write_page(struct cli *cli, const json_t *record, const char *html)
{
	struct record_images images;
	int status = record_gather_images(cli, record, &images);

	if (status == CLI_DONE)
		status = record_page_write(record, &images, html);
	record_images_finish(&images);
	return status;
}

int command_record(struct cli *cli, int argc, char **argv)
{
	const char *html = NULL, *label = NULL, *folder = NULL;
	bool without_names = false;
	const struct args_option options[] = {
		{ "html", 0, ARGS_TEXT, &html, 0, 0 },
		{ "label", 0, ARGS_TEXT, &label, 0, 0 },
		{ "export", 0, ARGS_TEXT, &folder, 0, 0 },
		{ "without-names", 0, ARGS_FLAG, &without_names, 0, 0 },
		{ 0 },
	};
	char path[CLIENT_PATH_MAX];
	json_t *record = NULL;
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, 2, &count);

	if (status)
		return status;
	if (!path_of(path, count, argv + 1))
		return cli_usage_error(cli, "'%s' is neither 'order' nor 'job'", argv[1]);
	if (label && strcmp(label, "-") != 0 &&
		(strlen(label) < 5 || strcmp(label + strlen(label) - 4, ".svg") != 0))
		return cli_usage_error(cli,
			"--label %s: a label is SVG; a name that ends in .svg is expected", label);
	/* What is written into files is escaped there; a terminal gets JSON in ASCII. */
	cli->json = true;
	status = record_gather(cli, path, &record);
	if (status)
		return status;
	if (without_names)
		record_leave_names_out(record);
	if (html)
		status = write_page(cli, record, html);
	if (label && status == CLI_DONE)
		status = record_label_write(record, label);
	if (folder && status == CLI_DONE)
		status = record_export(cli, record, folder);
	if (!html && !label && !folder)
		status = words_print_json(cli, record);
	json_decref(record);
	return status;
}
