/* `printfarm watch`: progress bars until an order, a job, or everything is done.
 *
 * It polls: the status is a cached snapshot that is cheap to ask for, and a daemon that restarts
 * in between is simply asked again. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/words.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h> /* nanosleep */

enum {
	EVERY_MS = 500,
	PATIENCE_MS = 30000, /* a daemon that does not answer for so long is gone */
	LINES_MAX = 300,
	BAR_WIDTH = 24,
};

enum watched { WATCH_ALL, WATCH_ORDER, WATCH_JOB };

struct watch {
	struct cli *cli;
	enum watched watched;
	const char *id;
	bool draws;
	int name_width; /* of printers */
	struct progress progress;
	char *line[LINES_MAX]; /* owned; of this round */
	size_t line_count;
	char *last; /* owned; what was printed last where nothing is drawn */
};

/* ---- lines ---------------------------------------------------------------- */

static void __attribute__((format(printf, 2, 3)))
add_line(struct watch *watch, const char *format, ...)
{
	va_list arguments;
	char *line = NULL;

	if (watch->line_count == LINES_MAX)
		return;
	va_start(arguments, format);
	int length = vasprintf(&line, format, arguments);
	va_end(arguments);
	if (length >= 0)
		watch->line[watch->line_count++] = line;
}

static void forget_lines(struct watch *watch)
{
	for (size_t i = 0; i < watch->line_count; i++)
		free(watch->line[i]);
	watch->line_count = 0;
}

/* What is nothing is left out: the line is to fit a terminal. */
static void add_count(
	char *counts, size_t size, const json_t *order, const char *key, const char *what)
{
	size_t used = strlen(counts);

	if (words_integer(order, key) > 0)
		snprintf(counts + used, size - used, ", %lld %s",
			(long long)words_integer(order, key), what);
}

static void add_order(struct watch *watch, const json_t *order)
{
	int64_t units = words_integer(order, "units"), good = words_integer(order, "good");
	int64_t made = good + words_integer(order, "printed");
	char bar[PROGRESS_BAR_MAX], promised[WORDS_MAX], counts[128] = "";

	progress_bar(
		bar, BAR_WIDTH, units > 0 ? (double)made / (double)units : 1, watch->cli->has_utf8);
	add_count(counts, sizeof counts, order, "scrap", "scrap");
	add_count(counts, sizeof counts, order, "printed", "to count");
	add_count(counts, sizeof counts, order, "printing", "printing");
	words_time(promised, order, "promised_s");
	add_line(watch, "order %lld %s%s%lld of %lld good%s%s%s (%s)",
		(long long)words_integer(order, "id"), watch->draws ? bar : "",
		watch->draws ? " " : "", (long long)good, (long long)units, counts,
		*promised == '-' ? "" : ", by ", *promised == '-' ? "" : promised,
		words_text(order, "design"));
}

static void add_print(struct watch *watch, const json_t *job)
{
	bool is_paused = strcmp(words_text(job, "state"), "paused") == 0;
	char bar[PROGRESS_BAR_MAX], share[WORDS_MAX], left[WORDS_MAX], layer[WORDS_MAX];

	/* Where nothing is drawn, a line for every percent would be too much. */
	if (!watch->draws)
		return;
	progress_bar(bar, BAR_WIDTH, words_number(job, "progress"), watch->cli->has_utf8);
	add_line(watch, "  %-*s job %-5lld %s %5s, %s%s%s", watch->name_width,
		words_text(job, "printer"), (long long)words_integer(job, "id"), bar,
		words_share(share, job, "progress"), words_layer(layer, job),
		is_paused ? "paused" : words_duration(left, job, "eta_s"),
		is_paused ? "" : " left");
}

/* What a person has to do before the order can be done. */
static void add_wait(struct watch *watch, const json_t *job)
{
	const char *state = words_text(job, "state"), *reason = words_text(job, "reason");
	const char *printer = words_text(job, "printer");
	long long id = (long long)words_integer(job, "id");

	if (strcmp(state, "printed") == 0)
		add_line(watch, "  %-*s job %-5lld printed: clear the bed", watch->name_width,
			printer, id);
	else if (strcmp(state, "needs_look") == 0 || strcmp(state, "failed") == 0)
		add_line(watch, "  %-*s job %-5lld %s%s%s", watch->name_width, printer, id,
			words_state(state), *reason ? ": " : "", reason);
}

/* The jobs of this order that print, or wait for somebody; and one that asks why nothing can be
 * promised. */
static void add_jobs(struct watch *watch, const json_t *order, const json_t *jobs)
{
	bool is_promised = words_integer(order, "promised_s") > 0;
	const json_t *job;
	size_t index;

	json_array_foreach (jobs, index, job) {
		if (words_integer(job, "order") != words_integer(order, "id"))
			continue;
		if (!words_is_null(job, "progress"))
			add_print(watch, job);
		else
			add_wait(watch, job);
		if (is_promised || strcmp(words_text(job, "state"), "queued") != 0)
			continue;
		add_line(watch, "  nobody can say when it is done: printfarm why %lld",
			(long long)words_integer(job, "id"));
		is_promised = true;
	}
}

static int width_of_names(const json_t *jobs)
{
	enum { WIDTH_MIN = 6, WIDTH_MAX = 20 };
	size_t width = WIDTH_MIN, index;
	const json_t *job;

	json_array_foreach (jobs, index, job) {
		size_t own = strlen(words_text(job, "printer"));

		if (own > width)
			width = own;
	}
	return width < WIDTH_MAX ? (int)width : (int)WIDTH_MAX;
}

/* Draws the lines, or prints them when they have changed. */
static void show_lines(struct watch *watch)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory;

	if (watch->draws) {
		progress_block(&watch->progress, stdout, (const char *const *)watch->line,
			watch->line_count, (size_t)watch->cli->columns - 1);
		return;
	}
	memory = open_memstream(&text, &size);
	for (size_t i = 0; memory && i < watch->line_count; i++)
		fprintf(memory, "%s\n", watch->line[i]);
	if (memory)
		fclose(memory);
	if (text && (!watch->last || strcmp(watch->last, text) != 0)) {
		say(stdout, "%s", text);
		fflush(stdout);
		free(watch->last);
		watch->last = text;
	} else {
		free(text);
	}
}

/* One document a line, when it has changed. */
static void show_json(struct watch *watch, const json_t *document)
{
	char *text = json_dumps(document, JSON_COMPACT | JSON_REAL_PRECISION(12));

	if (text && (!watch->last || strcmp(watch->last, text) != 0)) {
		puts(text);
		fflush(stdout);
		free(watch->last);
		watch->last = text;
	} else {
		free(text);
	}
}

/* ---- rounds: each returns true when it is over, with the exit code ---------- */

static int end_of_order(const char *state, bool *is_over)
{
	*is_over = strcmp(state, "done") == 0 || strcmp(state, "cancelled") == 0;
	return strcmp(state, "cancelled") == 0 ? CLI_REFUSED : CLI_DONE;
}

static int end_of_job(const char *state, bool *is_over)
{
	static const struct {
		const char *state;
		int status;
	} rows[] = {
		{ "printed", CLI_DONE },
		{ "inspected", CLI_DONE },
		{ "failed", CLI_REFUSED },
		{ "cancelled", CLI_REFUSED },
		{ "needs_look", CLI_REFUSED },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].state, state) == 0) {
			*is_over = true;
			return rows[i].status;
		}
	*is_over = false;
	return CLI_DONE;
}

static int round_of_job(struct watch *watch, const json_t *job, bool *is_over)
{
	const char *state = words_text(job, "state"), *printer = words_text(job, "printer");

	add_line(watch, "job %lld of order %lld (%s): %s%s%s%s%s",
		(long long)words_integer(job, "id"), (long long)words_integer(job, "order"),
		words_text(job, "design"), words_state(state), *printer ? " on " : "", printer,
		*words_text(job, "reason") ? ": " : "", words_text(job, "reason"));
	if (!words_is_null(job, "progress"))
		add_print(watch, job);
	return end_of_job(state, is_over);
}

static int round_of_order(
	struct watch *watch, const json_t *order, const json_t *jobs, bool *is_over)
{
	const char *state = words_text(order, "state");
	int code = end_of_order(state, is_over);

	add_order(watch, order);
	if (*is_over)
		add_line(watch, "order %lld is %s", (long long)words_integer(order, "id"), state);
	else
		add_jobs(watch, order, jobs);
	return code;
}

static int round_of_all(
	struct watch *watch, const json_t *status, const json_t *jobs, bool *is_over)
{
	const json_t *orders = json_object_get(status, "orders"), *order;
	size_t index;

	json_array_foreach (orders, index, order) {
		add_order(watch, order);
		add_jobs(watch, order, jobs);
	}
	*is_over = json_array_size(orders) == 0;
	if (*is_over)
		add_line(watch, "no open orders");
	return CLI_DONE;
}

static int ask(struct watch *watch, const char *path, bool is_quiet, struct client_answer *answer)
{
	const struct client_request request = {
		.method = "GET",
		.path = path,
		.is_quiet = is_quiet,
	};

	return client_send(watch->cli, &request, answer);
}

static int one_round(struct watch *watch, bool is_quiet, bool *is_over, bool *has_answered)
{
	char path[CLIENT_PATH_MAX];
	struct client_answer own = { 0 }, jobs = { 0 };
	int code;

	if (watch->watched == WATCH_ALL)
		snprintf(path, sizeof path, "/api/v1/status");
	else
		client_path(path, watch->watched == WATCH_JOB ? "jobs" : "orders", watch->id, NULL);
	code = ask(watch, path, is_quiet, &own);
	if (code == CLI_DONE && watch->watched != WATCH_JOB && !watch->cli->json)
		code = ask(watch, "/api/v1/jobs", is_quiet, &jobs);
	*has_answered = code == CLI_DONE;
	watch->name_width = width_of_names(words_items(jobs.json));
	if (code == CLI_DONE) {
		switch (watch->watched) {
		case WATCH_ALL:
			code = round_of_all(watch, own.json, words_items(jobs.json), is_over);
			break;
		case WATCH_ORDER:
			code = round_of_order(watch, own.json, words_items(jobs.json), is_over);
			break;
		case WATCH_JOB:
			code = round_of_job(watch, own.json, is_over);
			break;
		}
		if (watch->cli->json)
			show_json(watch, own.json);
		else
			show_lines(watch);
	}
	forget_lines(watch);
	client_answer_finish(&jobs);
	client_answer_finish(&own);
	return code;
}

static int watch_until_done(struct watch *watch)
{
	static const struct timespec pause = { .tv_nsec = EVERY_MS * 1000000L };
	bool is_over = false, has_answered = false;
	int code = one_round(watch, false, &is_over, &has_answered);
	int silent_ms = 0;

	/* The first question must be answered; later the daemon may restart. */
	if (!has_answered)
		return code;
	while (!is_over) {
		nanosleep(&pause, NULL);
		code = one_round(watch, silent_ms < PATIENCE_MS, &is_over, &has_answered);
		if (!has_answered && ((code != CLI_UNREACHABLE && code != CLI_TRY_AGAIN) ||
					     silent_ms >= PATIENCE_MS))
			return code;
		silent_ms = has_answered ? 0 : silent_ms + EVERY_MS;
	}
	return code;
}

/* "3", "order 3", "job 7", or nothing. */
static int read_subject(struct watch *watch, int count, char **words)
{
	int64_t number;

	if (count == 0)
		return CLI_DONE;
	watch->watched = WATCH_ORDER;
	if (count == 2 && strcmp(words[0], "job") == 0)
		watch->watched = WATCH_JOB;
	else if (count == 2 && strcmp(words[0], "order") != 0)
		return cli_usage_error(
			watch->cli, "'order' or 'job' is expected before the number");
	watch->id = words[count - 1];
	if (!args_read_number(watch->id, 1, INT64_MAX, &number))
		return cli_usage_error(watch->cli, "'%s' is not the number of %s", watch->id,
			watch->watched == WATCH_JOB ? "a job" : "an order");
	return CLI_DONE;
}

int command_watch(struct cli *cli, int argc, char **argv)
{
	struct watch watch = { .cli = cli };
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 0, 2, &count);

	if (status == 0)
		status = read_subject(&watch, count, argv + 1);
	if (status)
		return status;
	watch.draws = cli->is_terminal && !cli->quiet && !cli->json;
	progress_init(&watch.progress, cli);
	status = watch_until_done(&watch);
	free(watch.last);
	return status;
}
