/* `printfarm rehearse`: the real file on the real machine, without heat and filament.
 *
 * Its order is held but for the moment in which the printer can start it: a machine may only move
 * while somebody watches, so what is left by a command that was killed never starts by itself. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/flow.h"
#include "cli/progress.h"
#include "cli/upload.h"
#include "cli/words.h"
#include "gcode/format.h"
#include "gcode/inspect.h"
#include "gcode/line_reader.h"
#include "gcode/rehearsal.h"

#include <errno.h>
#include <fcntl.h>  /* open */
#include <limits.h> /* PATH_MAX */
#include <signal.h> /* sigaction: an interrupted rehearsal cancels its order */
#include <stdlib.h>
#include <string.h>
#include <time.h> /* nanosleep */
#include <unistd.h>

enum { LOOK_MS = 500, TEXT_MAX_BYTES = 1 << 30, WAITS_BYTES = 512, SIGNAL_EXIT = 128 };

struct rehearsing {
	struct cli *cli;
	const char *path, *printer;
	char name[UPLOAD_NAME_MAX]; /* of the design and its file */
	const char *keep;	    /* where the copy is wanted; NULL: it is removed */
	char directory[PATH_MAX];   /* of the copy; empty: not made by us */
	char copy[PATH_MAX];	    /* the file that is sent */
	FILE *out;
	struct line_reader reader;
	struct rehearsal rehearsal;
	double planned_s; /* what the analysis says */
	int64_t order;
	bool is_released;	/* the order */
	char told[WAITS_BYTES]; /* why it waits, as it was said last */
};

/* ---- being interrupted --------------------------------------------------------------------- */

static volatile sig_atomic_t stopped_by; /* a signal; 0: none */

static void on_signal(int number)
{
	stopped_by = number;
}

/* A second one ends the program at once: the order is held or runs under the farm's rules. */
static void catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND }, before;

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		/* What nohup ignores stays ignored. */
		if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
}

/* ---- the file ----------------------------------------------------------------------------- */

static void take_line(struct rehearsing *work, const struct line_reader_line *line)
{
	char text[REHEARSAL_LINE_MAX];
	size_t length = rehearsal_line(&work->rehearsal, line->text, line->length, text);

	if (length > 0) {
		fwrite(text, 1, length, work->out);
		putc('\n', work->out);
	}
}

static void on_text(void *context, const char *bytes, size_t length)
{
	struct rehearsing *work = context;
	struct line_reader_line line;

	while (line_reader_next(&work->reader, &bytes, &length, &line) != LINE_READER_MORE)
		take_line(work, &line);
}

static int64_t on_read(void *context, char *bytes, size_t size)
{
	ssize_t count = read(*(int *)context, bytes, size);

	return count < 0 ? -errno : count;
}

static int64_t on_seek(void *context, int64_t offset, int whence)
{
	off_t at = lseek(*(int *)context, offset, whence);

	return at < 0 ? -errno : at;
}

static int refuse_file(const struct rehearsing *work, const struct analysis *analysis)
{
	const struct analysis_problem *problem = NULL;

	/* Without its power a program would still be cut short, and with it it would burn. */
	if (strncmp(analysis->machine, CNC_MACHINE_ANY, strlen(CNC_MACHINE_ANY)) == 0) {
		cli_error("%s: a program for a laser or a mill cannot be rehearsed; "
			  "'printfarm check --preview' shows its way",
			work->path);
		return CLI_BAD_FILE;
	}
	if (work->rehearsal.refused[0]) {
		cli_error("%s:%lld: %s: a macro of the firmware may heat; it cannot be rehearsed",
			work->path, (long long)work->rehearsal.refused_line,
			work->rehearsal.refused);
		return CLI_BAD_FILE;
	}
	for (size_t i = 0; i < analysis->problem_count && !problem; i++)
		if (analysis->problem[i].severity == VERDICT_REFUSE)
			problem = &analysis->problem[i];
	if (analysis->verdict != VERDICT_REFUSE)
		return CLI_DONE;
	cli_error("%s:%lld: %s", work->path, problem ? (long long)problem->line : 0LL,
		problem ? problem->text : "refused; see 'printfarm check'");
	return CLI_BAD_FILE;
}

static int strip_descriptor(struct rehearsing *work, int fd)
{
	static struct analysis analysis; /* large */
	struct format_source source = { .context = &fd, .read = on_read, .seek = on_seek };
	struct inspector_settings settings = { .name = work->path,
		.text_max_bytes = TEXT_MAX_BYTES,
		.on_text = on_text,
		.context = work };
	struct inspector *inspector = inspector_create(&settings);
	struct line_reader_line line;
	int code;

	if (!inspector)
		return CLI_TRY_AGAIN;
	line_reader_init(&work->reader);
	rehearsal_init(&work->rehearsal);
	code = inspector_read(inspector, &source);
	inspector_finish(inspector, &analysis);
	inspector_destroy(inspector);
	if (line_reader_finish(&work->reader, &line) != LINE_READER_MORE)
		take_line(work, &line);
	if (code < 0) {
		cli_error("%s: %s", work->path, strerror(-code));
		return CLI_NO_FILE;
	}
	work->planned_s = analysis.time_s;
	return refuse_file(work, &analysis);
}

/* Where the stripped copy goes: its name is the one that the farm shows. */
static bool name_copy(struct rehearsing *work)
{
	const char *directory = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";

	if (work->keep)
		return snprintf(work->copy, sizeof work->copy, "%s", work->keep) <
		       (int)sizeof work->copy;
	if (snprintf(work->directory, sizeof work->directory, "%s/rehearsal-XXXXXX", directory) >=
			(int)sizeof work->directory ||
		!mkdtemp(work->directory)) {
		work->directory[0] = '\0';
		return false;
	}
	return snprintf(work->copy, sizeof work->copy, "%s/%s.gcode", work->directory, work->name) <
	       (int)sizeof work->copy;
}

static void remove_copy(const struct rehearsing *work)
{
	if (!work->directory[0])
		return;
	unlink(work->copy);
	rmdir(work->directory);
}

static int strip_file(struct rehearsing *work)
{
	int fd = open(work->path, O_RDONLY | O_CLOEXEC), status;

	if (fd < 0) {
		cli_error("%s: %s", work->path, strerror(errno));
		return CLI_NO_FILE;
	}
	work->out = name_copy(work) ? fopen(work->copy, "we") : NULL;
	if (!work->out) {
		cli_error("%s: %s", work->copy[0] ? work->copy : "the temporary directory",
			strerror(errno));
		close(fd);
		return CLI_NO_FILE;
	}
	status = strip_descriptor(work, fd);
	close(fd);
	if (fclose(work->out) != 0 && status == CLI_DONE) {
		cli_error("%s: %s", work->copy, strerror(errno));
		status = CLI_NO_FILE;
	}
	return status;
}

/* ---- the farm ------------------------------------------------------------------------------- */

/* The same file may be rehearsed again: a design of that name and content is used again. */
static int make_order(struct rehearsing *work)
{
	struct client_answer answer = { 0 };
	json_t *stored = NULL, *body;
	int status = upload(work->cli, work->copy, 0, &stored);

	if (status != CLI_DONE)
		return status;
	snprintf(work->name + strlen(work->name), sizeof work->name - strlen(work->name), "-%.6s",
		words_text(stored, "sha256"));
	body = json_pack("{s:s, s:[{s:s, s:i}]}", "name", work->name, "plates", "sha256",
		words_text(stored, "sha256"), "yield", 1);
	status = client_create(work->cli, "/api/v1/designs", body, &answer);
	json_decref(body);
	json_decref(stored);
	if (status != CLI_DONE)
		return status;
	client_answer_finish(&answer);
	/* No production: it wants no approval of the design. */
	body = json_pack("{s:s, s:i, s:s, s:i, s:b, s:b}", "design", work->name, "units", 1,
		"printer", work->printer, "priority", 100, "hold", 1, "test", 1);
	status = client_create(work->cli, "/api/v1/orders", body, &answer);
	json_decref(body);
	if (status != CLI_DONE)
		return status;
	work->order = words_integer(answer.json, "id");
	client_answer_finish(&answer);
	return CLI_DONE;
}

/* The job of the order; NULL: there is none yet, or *status says what is wrong. */
static json_t *look_at_job(struct rehearsing *work, int *status)
{
	char path[CLIENT_PATH_MAX];
	struct client_answer order, job;
	const json_t *jobs;
	json_t *found = NULL;
	int64_t id;

	snprintf(path, sizeof path, "/api/v1/orders/%lld", (long long)work->order);
	*status = client_get(work->cli, path, &order);
	if (*status)
		return NULL;
	jobs = json_object_get(order.json, "jobs");
	/* The first one: what is made again after a failure is not waited for. */
	id = json_integer_value(json_array_get(jobs, 0));
	if (id > 0) {
		snprintf(path, sizeof path, "/api/v1/jobs/%lld", (long long)id);
		*status = client_get(work->cli, path, &job);
		if (*status == CLI_DONE) {
			found = json_incref(job.json);
			client_answer_finish(&job);
		}
	}
	client_answer_finish(&order);
	return found;
}

static bool has_ended(const json_t *job)
{
	const json_t *attempts = json_object_get(job, "attempts");
	const json_t *last = json_array_get(attempts, json_array_size(attempts) - 1);

	if (json_array_size(attempts) == 0)
		return strcmp(words_text(job, "state"), "cancelled") == 0;
	return strcmp(words_text(last, "state"), "started") != 0;
}

static int act_on_order(struct rehearsing *work, const char *act)
{
	char path[CLIENT_PATH_MAX];
	struct client_answer answer;
	json_t *body = json_object();
	int status;

	snprintf(path, sizeof path, "/api/v1/orders/%lld/%s", (long long)work->order, act);
	status = client_post(work->cli, path, body, &answer);
	if (status == CLI_DONE)
		client_answer_finish(&answer);
	json_decref(body);
	return status;
}

static int set_released(struct rehearsing *work, bool released)
{
	int status = CLI_DONE;

	if (work->is_released != released)
		status = act_on_order(work, released ? "release" : "hold");
	if (status == CLI_DONE)
		work->is_released = released;
	return status;
}

/* What hinders the printer but that the order is held, joined by "; "; empty: nothing. */
static int look_for_hindrances(
	struct rehearsing *work, const json_t *job, char hindrances[WAITS_BYTES])
{
	char path[CLIENT_PATH_MAX], id[32];
	struct client_answer why;
	const json_t *unmet;
	size_t index, used = 0;
	int status;

	snprintf(id, sizeof id, "%lld", (long long)words_integer(job, "id"));
	client_path(path, "jobs", id, "why");
	status = client_get(work->cli, path, &why);
	hindrances[0] = '\0';
	if (status)
		return status;
	json_t *printers = json_object_get(why.json, "printers"), *printer;
	size_t at;

	json_array_foreach (printers, at, printer) {
		if (strcmp(words_text(printer, "printer"), work->printer) != 0)
			continue;
		json_array_foreach (json_object_get(printer, "unmet"), index, unmet) {
			if (strcmp(words_text(unmet, "condition"), "held") == 0 ||
				used >= WAITS_BYTES)
				continue;
			used += (size_t)snprintf(hindrances + used, WAITS_BYTES - used, "%s%s",
				used ? "; " : "", words_text(unmet, "text"));
		}
	}
	client_answer_finish(&why);
	return CLI_DONE;
}

/* Lets a queued job start when its printer can, and says why it waits when that has changed. */
static int let_start(struct rehearsing *work, const json_t *job, struct progress *progress)
{
	char hindrances[WAITS_BYTES];
	int status = look_for_hindrances(work, job, hindrances);

	if (status)
		return status;
	if (*hindrances && strcmp(work->told, hindrances) != 0) {
		snprintf(work->told, sizeof work->told, "%s", hindrances);
		progress_finish(progress);
		if (!work->cli->quiet)
			say(stderr, "waits: %s\n", hindrances);
	}
	return set_released(work, !*hindrances);
}

/* Until the attempt has ended, or this program is to end. */
static json_t *await_end(struct rehearsing *work, int *status)
{
	static const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	struct progress progress;
	json_t *job = NULL;

	progress_init(&progress, work->cli);
	while (!stopped_by) {
		json_decref(job);
		job = look_at_job(work, status);
		if (*status || (job && has_ended(job)))
			break;
		if (job && strcmp(words_text(job, "state"), "queued") == 0)
			*status = let_start(work, job, &progress);
		else if (job)
			/* It runs: whatever comes of it, it is not made again by itself. */
			*status = set_released(work, false);
		if (*status)
			break;
		if (job && !words_is_null(job, "progress"))
			progress_share(&progress, words_number(job, "progress"), "rehearsing");
		nanosleep(&pause, NULL);
	}
	progress_finish(&progress);
	return job;
}

/* Nothing was made: the order ends without a part, and nothing of it is made again. */
static int end_order(struct rehearsing *work, const json_t *job)
{
	char path[CLIENT_PATH_MAX];
	struct client_answer answer;
	int status = act_on_order(work, "cancel");
	json_t *body;

	if (!job || strcmp(words_text(job, "state"), "printed") != 0)
		return status;
	body = json_pack("{s:i, s:i}", "good", 0, "scrap", 1);
	snprintf(path, sizeof path, "/api/v1/jobs/%lld/inspect",
		(long long)words_integer(job, "id"));
	if (client_post(work->cli, path, body, &answer) == CLI_DONE)
		client_answer_finish(&answer);
	json_decref(body);
	return status;
}

/* ---- the report -------------------------------------------------------------------------------
 */

static void show_report(const struct rehearsing *work, const json_t *job)
{
	const json_t *attempts = json_object_get(job, "attempts");
	const json_t *last = json_array_get(attempts, json_array_size(attempts) - 1);
	double took_s = words_number(last, "ended_s") - words_number(last, "started_s");
	char took[WORDS_MAX], planned[WORDS_MAX];

	say(stdout, "%s on %s: %s\n", work->path, work->printer, words_text(last, "state"));
	if (*words_text(last, "reason"))
		say(stdout, "  %-10s %s\n", "because", words_text(last, "reason"));
	say(stdout, "  %-10s %s; the file alone was expected to take %s\n", "took",
		words_duration_of(took, took_s), words_duration_of(planned, work->planned_s));
	say(stdout, "  %-10s %lld commands, %lld of them without extrusion; %lld left out\n",
		"sent", (long long)work->rehearsal.kept, (long long)work->rehearsal.changed,
		(long long)work->rehearsal.dropped);
	flow_show_totals(work->cli, last, took_s);
	say(stdout, "the bed counts as occupied: 'printfarm clear %s' when nothing lies on it\n",
		work->printer);
}

/* Behind a signal: what became of the order. */
static int say_stopped(const struct rehearsing *work, const json_t *job, int cancelled)
{
	bool ran = json_array_size(json_object_get(job, "attempts")) > 0;

	if (cancelled == CLI_DONE)
		say(stderr, "interrupted: order %lld is cancelled%s\n", (long long)work->order,
			ran ? ", and its print is stopped" : "");
	else
		say(stderr, "interrupted: 'printfarm order cancel %lld' ends the rehearsal\n",
			(long long)work->order);
	return SIGNAL_EXIT + (int)stopped_by;
}

static int watch_order(struct rehearsing *work)
{
	int status = CLI_DONE, cancelled;
	json_t *job;

	if (!work->cli->quiet)
		say(stderr, "order %lld: %s on %s\n", (long long)work->order, work->name,
			work->printer);
	job = await_end(work, &status);
	cancelled = end_order(work, job);
	if (stopped_by)
		status = say_stopped(work, job, cancelled);
	else if (status == CLI_DONE && work->cli->json)
		words_print_json(work->cli, job);
	else if (status == CLI_DONE)
		show_report(work, job);
	if (status == CLI_DONE && strcmp(words_text(job, "state"), "printed") != 0)
		status = CLI_REFUSED;
	json_decref(job);
	return status;
}

static int rehearse(struct rehearsing *work)
{
	int status = strip_file(work);

	catch_signals();
	if (status == CLI_DONE)
		status = make_order(work);
	remove_copy(work);
	return status == CLI_DONE ? watch_order(work) : status;
}

int command_rehearse(struct cli *cli, int argc, char **argv)
{
	static struct rehearsing work; /* large */
	char base[UPLOAD_NAME_MAX];
	const struct args_option options[] = {
		{ "keep", 0, ARGS_TEXT, &work.keep, 0, 0 },
		{ 0 },
	};
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 2, 2, &count);

	if (status)
		return status;
	work.cli = cli;
	work.path = argv[1];
	work.printer = argv[2];
	upload_design_name(argv[1], base);
	snprintf(work.name, sizeof work.name, "rehearsal-%.40s", base);
	return rehearse(&work);
}
