/* `printfarm plan --serve`: the closed loop; see plan_serve.h.
 *
 * This only translates: events change the problem, the plan that lives with it (scheduler/live.h)
 * is mended and made better, and what it wants to begin now is started. */
#include "cli/plan_serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scheduler/instance.h"
#include "scheduler/live.h"

enum {
	MOVES_A_STEP = 64,
	MOVES_A_MS = 300,	 /* before anything has been measured */
	SHOWN_PRINTS_MAX = 4000, /* of a plan; a larger one is not printed at every event */
	REPAIR_S = 8 * 3600,	 /* what a broken printer is expected to take */
};

/* What a printer does. */
struct machine {
	bool busy, broken;
	int32_t order, units;	     /* that it prints */
	int64_t end_s;		     /* when that should end */
	struct problem_state before; /* it began */
};

struct serve {
	struct instance instance;
	struct live live;
	struct machine *machine;
	const struct plan_budget *budget;
	int64_t now_s, asked_s; /* the wake-up that was asked for last */
	int64_t decisions;
	double moves_a_ms;
	bool has_changed; /* more than the time */
	char *line;
	size_t line_size, line_number;
	int32_t *index_of; /* of an order, by its id */
	size_t index_count;
};

/* ---- reading -------------------------------------------------------------- */

/* False: the input has ended. */
static bool next_line(struct serve *serve)
{
	ssize_t length = getline(&serve->line, &serve->line_size, stdin);

	if (length < 0)
		return false;
	while (length > 0 && (serve->line[length - 1] == '\n' || serve->line[length - 1] == '\r'))
		serve->line[--length] = '\0';
	serve->line_number++;
	return true;
}

static int bad_line(const struct serve *serve, const char *wanted)
{
	cli_error("line %zu: \"%.60s\", wanted %s", serve->line_number, serve->line, wanted);
	return CLI_BAD_FILE;
}

/* The head of the instance, up to "end", as one text. */
static char *read_head(struct serve *serve, size_t *size)
{
	char *text = NULL;
	size_t capacity = 0;

	*size = 0;
	while (next_line(serve)) {
		size_t length = strlen(serve->line);

		if (*size + length + 2 > capacity) {
			capacity = 2 * (*size + length) + 4096;
			char *bigger = realloc(text, capacity);

			if (!bigger)
				break;
			text = bigger;
		}
		memcpy(text + *size, serve->line, length);
		*size += length;
		text[(*size)++] = '\n';
		if (strcmp(serve->line, "end") == 0)
			break;
	}
	return text;
}

static int begin(struct serve *serve)
{
	struct error error = { 0 };
	size_t size;
	char *text = read_head(serve, &size);
	bool is_read = text && instance_parse(text, size, true, &serve->instance, &error);

	free(text);
	if (!is_read) {
		cli_error("standard input: %s", text ? error.text : "no instance");
		return CLI_BAD_FILE;
	}
	serve->machine = calloc(serve->instance.problem.printer_count, sizeof *serve->machine);
	if (serve->machine && live_init(&serve->live, &serve->instance.problem))
		return CLI_DONE;
	cli_error("not enough memory");
	return CLI_REFUSED;
}

/* ---- events --------------------------------------------------------------- */

static bool note_index(struct serve *serve, int32_t id, int32_t index)
{
	if ((size_t)id >= serve->index_count) {
		size_t count = 2 * (size_t)id + 64;
		int32_t *index_of = realloc(serve->index_of, count * sizeof *index_of);

		if (!index_of)
			return false;
		for (size_t i = serve->index_count; i < count; i++)
			index_of[i] = PLAN_NONE;
		serve->index_of = index_of;
		serve->index_count = count;
	}
	serve->index_of[id] = index;
	return true;
}

static int on_order(struct serve *serve)
{
	struct instance *instance = &serve->instance;
	struct error error = { 0 };
	int32_t index = (int32_t)instance->problem.order_count;

	if (!instance_add_order(instance, serve->line, &error)) {
		cli_error("line %zu: %s", serve->line_number, error.text);
		return CLI_BAD_FILE;
	}
	if (!note_index(serve, instance->order_id[index], index) ||
		!live_order(&serve->live, index)) {
		cli_error("not enough memory");
		return CLI_REFUSED;
	}
	return CLI_DONE;
}

/* The last of the prints of this order that are going on. */
static int64_t printing_until(const struct serve *serve, int32_t order)
{
	int64_t until_s = 0;

	for (size_t i = 0; i < serve->instance.problem.printer_count; i++)
		if (serve->machine[i].busy && serve->machine[i].order == order &&
			serve->machine[i].end_s > until_s)
			until_s = serve->machine[i].end_s;
	return until_s;
}

static void set_ended(struct serve *serve, size_t printer, int64_t spool_g, bool failed)
{
	struct problem_printer *own = &serve->instance.problem.printer[printer];
	struct machine *machine = &serve->machine[printer];
	struct problem_order *order = &serve->instance.problem.order[machine->order];

	machine->busy = false;
	own->state.ready_s = serve->now_s;
	own->state.spool_g = (int32_t)spool_g;
	own->state.dirty = true;
	own->state.manual = failed;
	if (failed)
		order->units += machine->units;
	order->printing_s = printing_until(serve, machine->order);
	live_order(&serve->live, machine->order);
}

/* done PRINTER ORDER K GRAMS, fail PRINTER ORDER K GRAMS plate|break */
static int on_end(struct serve *serve, bool failed)
{
	long long printer, id, units, grams;
	char kind[8] = "";
	int got = sscanf(
		serve->line, "%*s %lld %lld %lld %lld %7s", &printer, &id, &units, &grams, kind);

	if (got < (failed ? 5 : 4) || printer < 0 ||
		printer >= (long long)serve->instance.problem.printer_count ||
		!serve->machine[printer].busy)
		return bad_line(serve, failed ? "fail PRINTER ORDER K GRAMS plate|break"
					      : "done PRINTER ORDER K GRAMS");
	set_ended(serve, (size_t)printer, grams, failed);
	if (strcmp(kind, "break") == 0) {
		serve->machine[printer].broken = true;
		serve->instance.problem.printer[printer].state.ready_s = serve->now_s + REPAIR_S;
	}
	live_printer(&serve->live, (int32_t)printer);
	return CLI_DONE;
}

static int on_up(struct serve *serve)
{
	long long printer;

	if (sscanf(serve->line, "up %lld", &printer) != 1 || printer < 0 ||
		printer >= (long long)serve->instance.problem.printer_count)
		return bad_line(serve, "up PRINTER");
	serve->machine[printer].broken = false;
	serve->instance.problem.printer[printer].state.ready_s = serve->now_s;
	live_printer(&serve->live, (int32_t)printer);
	return CLI_DONE;
}

static int on_event(struct serve *serve)
{
	const char *line = serve->line;

	serve->has_changed = true;
	if (strncmp(line, "order ", 6) == 0)
		return on_order(serve);
	if (strncmp(line, "done ", 5) == 0)
		return on_end(serve, false);
	if (strncmp(line, "fail ", 5) == 0)
		return on_end(serve, true);
	if (strncmp(line, "up ", 3) == 0)
		return on_up(serve);
	if (strcmp(line, "open") == 0 || strcmp(line, "wake") == 0)
		return CLI_DONE;
	return bad_line(serve, "order, done, fail, up, open, wake or go");
}

/* Time has gone by: an idle printer is free from now on. */
static void set_time(struct serve *serve)
{
	struct problem *problem = &serve->instance.problem;

	problem->now_s = serve->now_s;
	for (size_t i = 0; i < problem->printer_count; i++) {
		struct problem_printer *printer = &problem->printer[i];
		struct machine *machine = &serve->machine[i];
		int64_t ready_s = serve->now_s;

		if (machine->broken && printer->state.ready_s <= serve->now_s)
			ready_s += REPAIR_S / 4;
		else if (printer->state.dirty && printer->eject && !printer->state.manual)
			ready_s -= printer->clear_s;
		if (printer->state.ready_s >= ready_s)
			continue;
		printer->state.ready_s = ready_s;
		live_printer(&serve->live, (int32_t)i);
	}
}

/* ---- answers -------------------------------------------------------------- */

static void commit(struct serve *serve, size_t printer)
{
	struct problem *problem = &serve->instance.problem;
	struct machine *machine = &serve->machine[printer];
	const struct plan_run run = serve->live.plan.run[serve->live.plan.list[printer].run[0]];
	struct problem_order *order = &problem->order[run.print.order];

	printf("start %zu %d %d %d\n", printer, serve->instance.order_id[run.print.order],
		run.print.units, run.print.reload);
	machine->busy = true;
	machine->order = run.print.order;
	machine->units = run.print.units;
	machine->end_s = run.end_s;
	order->units -= run.print.units;
	if (order->printing_s < run.end_s)
		order->printing_s = run.end_s;
	problem->printer[printer].state = (struct problem_state){
		.ready_s = run.end_s,
		.loaded = run.loaded,
		.spool_g = run.spool_g,
		.dirty = true,
	};
	live_started(&serve->live, (int32_t)printer);
	live_order(&serve->live, run.print.order);
}

/* Starts what is to begin now; the earliest beginning that is still to come. */
static int64_t commit_all(struct serve *serve)
{
	struct plan *plan = &serve->live.plan;
	int64_t wake_s = INT64_MAX;

	for (size_t i = 0; i < serve->instance.problem.printer_count; i++) {
		const struct plan_list *list = &plan->list[i];

		if (serve->machine[i].busy || serve->machine[i].broken || list->count == 0)
			continue;
		const struct plan_run *run = &plan->run[list->run[0]];
		int64_t begin_s = run->service_s >= 0 ? run->service_s : run->start_s;

		if (begin_s <= serve->now_s)
			commit(serve, i);
		else if (begin_s < wake_s)
			wake_s = begin_s;
	}
	return wake_s;
}

static void show_plan(const struct serve *serve)
{
	const struct plan *plan = &serve->live.plan;

	if (plan->live > SHOWN_PRINTS_MAX)
		return;
	for (size_t p = 0; p < serve->instance.problem.printer_count; p++)
		for (int32_t i = 0; i < plan->list[p].count; i++) {
			const struct plan_run *run = &plan->run[plan->list[p].run[i]];

			printf("plan %zu %d %d %lld\n", p,
				serve->instance.order_id[run->print.order], run->print.units,
				(long long)run->start_s);
		}
}

static void search(struct serve *serve, int64_t begin_us)
{
	int64_t from_us = plan_clock_us(), end_us, done = 0;

	if (serve->budget->moves >= 0) {
		live_step(&serve->live, serve->budget->moves);
		return;
	}
	end_us = begin_us + 1000 * (serve->budget->ms >= 0 ? serve->budget->ms : PLAN_SERVE_MS);
	while (serve->live.has_search && plan_clock_us() < end_us) {
		live_step(&serve->live, MOVES_A_STEP);
		done += MOVES_A_STEP;
	}
	int64_t took_us = plan_clock_us() - from_us;

	if (done > 10 * MOVES_A_STEP && took_us > 0)
		serve->moves_a_ms =
			0.8 * serve->moves_a_ms + 0.2 * (double)done * 1000 / (double)took_us;
}

static int64_t moves_expected(const struct serve *serve)
{
	int64_t ms = serve->budget->ms >= 0 ? serve->budget->ms : PLAN_SERVE_MS;

	return serve->budget->moves >= 0 ? serve->budget->moves
					 : (int64_t)(serve->moves_a_ms * (double)ms);
}

static int decide(struct serve *serve)
{
	int64_t begin_us = plan_clock_us(), wake_s;

	set_time(serve);
	if (!live_replan(&serve->live, (uint64_t)(serve->budget->seed + serve->decisions),
		    moves_expected(serve))) {
		cli_error("not enough memory");
		return CLI_REFUSED;
	}
	search(serve, begin_us);
	if (!live_settle(&serve->live)) {
		cli_error("not enough memory");
		return CLI_REFUSED;
	}
	live_begin(&serve->live);
	wake_s = commit_all(serve);
	if (wake_s != INT64_MAX && wake_s != serve->asked_s) {
		printf("wake %lld\n", (long long)wake_s);
		serve->asked_s = wake_s;
	}
	show_plan(serve);
	printf("end\n");
	fflush(stdout);
	serve->decisions++;
	return CLI_DONE;
}

static int serve_all(struct serve *serve)
{
	int status = CLI_DONE;

	live_begin(&serve->live);
	while (status == CLI_DONE && next_line(serve)) {
		long long now_s;

		if (serve->line[0] == '\0')
			continue;
		if (strcmp(serve->line, "go") == 0)
			status = decide(serve);
		else if (sscanf(serve->line, "time %lld", &now_s) == 1)
			serve->now_s = now_s;
		else
			status = on_event(serve);
	}
	return status;
}

int plan_serve(struct cli *cli, const struct plan_budget *budget)
{
	struct serve serve = { .budget = budget, .moves_a_ms = MOVES_A_MS, .asked_s = -1 };
	int status = begin(&serve);

	(void)cli;
	if (status == CLI_DONE)
		status = serve_all(&serve);
	live_finish(&serve.live);
	instance_finish(&serve.instance);
	free(serve.machine);
	free(serve.index_of);
	free(serve.line);
	return status;
}
