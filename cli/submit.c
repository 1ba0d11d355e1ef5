/* `printfarm submit`: upload a file, make or use its design, order units of it. */
#include "cli/act.h"
#include "cli/advice.h"
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/quote.h"
#include "cli/upload.h"
#include "cli/wishes.h"
#include "cli/words.h"

#include <string.h>

enum { SHA256_SHORT = 6, YIELD_MAX = 10000 };

struct submission {
	struct wishes wishes;
	int64_t yield;
	const char *design; /* NULL: after the file */
	int64_t plate;	    /* of an archive; 0: not said */
	bool quote;
};

/* Makes the design, or finds that it exists with just this plate.  *taken: the name stands for
 * something else; nothing has been said then. */
static int make_design(struct cli *cli, const char *name, const json_t *stored, int64_t yield,
	struct client_answer *answer, bool *taken)
{
	json_t *body = json_pack("{s:s, s:[{s:s, s:s, s:I}]}", "name", name, "plates", "sha256",
		words_text(stored, "sha256"), "name", words_text(stored, "name"), "yield",
		(json_int_t)yield);
	const struct client_request request = {
		.method = "POST",
		.path = "/api/v1/designs",
		.body = body,
		.creates = true,
	};
	int status;

	*taken = false;
	if (!body) {
		cli_error("%s: the name is not UTF-8; say --design NAME", name);
		return CLI_USAGE;
	}
	status = client_try(cli, &request, answer);
	json_decref(body);
	*taken = status != CLI_DONE && answer->status == 409;
	if (status != CLI_DONE && answer->status != 0 && !*taken)
		client_complain(answer);
	return status;
}

/* A name that the user has not chosen gives way: visor, visor-3fa2b1, visor-3fa2b1-x4. */
static int find_design(struct cli *cli, const struct submission *submission, const char *path,
	const json_t *stored, char name[UPLOAD_NAME_MAX], struct client_answer *answer)
{
	char base[UPLOAD_NAME_MAX];
	bool taken;
	int status;

	upload_design_name(path, base);
	for (int attempt = 0;; attempt++) {
		if (submission->design)
			snprintf(name, UPLOAD_NAME_MAX, "%s", submission->design);
		else if (attempt == 0)
			snprintf(name, UPLOAD_NAME_MAX, "%s", base);
		else if (attempt == 1)
			snprintf(name, UPLOAD_NAME_MAX, "%.40s-%.*s", base, SHA256_SHORT,
				words_text(stored, "sha256"));
		else
			snprintf(name, UPLOAD_NAME_MAX, "%.40s-%.*s-x%lld", base, SHA256_SHORT,
				words_text(stored, "sha256"), (long long)submission->yield);
		status = make_design(cli, name, stored, submission->yield, answer, &taken);
		if (!taken)
			return status;
		if (submission->design || attempt == 2) {
			client_complain(answer);
			return status;
		}
		client_answer_finish(answer);
	}
}

static void show(struct cli *cli, const struct submission *submission, const json_t *stored,
	const json_t *result)
{
	json_t *document;

	if (cli->json) {
		document = json_pack("{s:O, s:O}", submission->quote ? "quote" : "order", result,
			"file", stored);
		if (!submission->quote)
			json_object_set(document, "id", json_object_get(result, "id"));
		words_print_json(cli, document);
		json_decref(document);
	} else if (submission->quote) {
		quote_show(cli, result);
	} else {
		act_show_order(cli, result);
	}
}

static int quote(struct cli *cli, json_t *wish, struct client_answer *answer)
{
	int status = client_post(cli, "/api/v1/quote", wish, answer);

	if (status == CLI_DONE)
		advice_of_wish(cli, wish, answer->json);
	return status;
}

static int submit(struct cli *cli, const struct submission *submission, const char *path)
{
	struct client_answer design = { 0 }, answer = { 0 };
	char name[UPLOAD_NAME_MAX];
	json_t *stored = NULL, *body;
	int status = upload(cli, path, submission->plate, &stored);

	if (status != CLI_DONE)
		return status;
	status = find_design(cli, submission, path, stored, name, &design);
	if (status == CLI_DONE) {
		body = wishes_body(&submission->wishes, name);
		if (!body)
			status = CLI_USAGE;
		else if (submission->quote)
			status = quote(cli, body, &answer);
		else
			status = client_create(cli, "/api/v1/orders", body, &answer);
		json_decref(body);
		client_answer_finish(&design);
	}
	if (status == CLI_DONE)
		show(cli, submission, stored, answer.json);
	client_answer_finish(&answer);
	json_decref(stored);
	return status;
}

/* Dates are read by the daemon, in the farm's zone; a wrong one is told before a long upload.  A
 * quote reads the wishes first, commits nothing, and no design is named "". */
static int check_wishes(struct cli *cli, const struct wishes *wishes)
{
	struct client_answer answer;
	json_t *body = wishes_body(wishes, "");
	const struct client_request request = {
		.method = "POST",
		.path = "/api/v1/quote",
		.body = body,
	};
	int status;

	if (!body)
		return CLI_USAGE;
	status = client_try(cli, &request, &answer);
	json_decref(body);
	if (status != CLI_DONE && answer.status == 404)
		status = CLI_DONE;
	if (status != CLI_DONE && answer.status != 0)
		client_complain(&answer);
	else
		client_answer_finish(&answer);
	return status;
}

int command_submit(struct cli *cli, int argc, char **argv)
{
	struct submission submission = { .wishes = wishes_usual(), .yield = 1 };
	const struct args_option options[] = {
		WISHES_OPTIONS(&submission.wishes),
		{ "yield", 0, ARGS_NUMBER, &submission.yield, 1, YIELD_MAX },
		{ "plate", 0, ARGS_NUMBER, &submission.plate, 1, UPLOAD_PLATES_MAX },
		{ "design", 0, ARGS_TEXT, &submission.design, 0, 0 },
		{ "quote", 0, ARGS_FLAG, &submission.quote, 0, 0 },
		{ 0 },
	};
	int count, first = CLI_DONE;
	int status = args_parse_counted(cli, options, argc, argv, 1, argc, &count);

	if (status)
		return status;
	if (count > 1 && submission.design)
		return cli_usage_error(cli,
			"--design names one file's design; several plates of one design: "
			"printfarm design add %s --plate FILE:YIELD --plate ...",
			submission.design);
	if (count > 1 && cli->json)
		return cli_usage_error(cli, "--json shows one document: one FILE at a time");
	if (submission.wishes.due && *submission.wishes.due)
		status = check_wishes(cli, &submission.wishes);
	if (status)
		return status;
	for (int i = 1; i <= count; i++) {
		status = submit(cli, &submission, argv[i]);
		if (status != CLI_DONE && first == CLI_DONE)
			first = status;
		if (status == CLI_UNREACHABLE)
			break;
	}
	return first;
}
