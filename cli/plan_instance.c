/* `printfarm plan --instance`: reads the file, plans within the budget, prints the schedule.
 *
 * A budget in milliseconds is turned into moves: a short run of the same search says how many there
 * are in most of the time, and that number decides how the search cools down.  What is left of the
 * time then is used too.  Only a budget in moves gives the same schedule every time. */
#include "cli/plan_instance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h> /* clock_gettime */

#include "base/error.h"
#include "scheduler/instance.h"
#include "scheduler/optimizer.h"

enum {
	FILE_MAX = 1 << 28, /* 256 MiB */
	MOVES_A_STEP = 256,
	PROBED_MS_MIN = 100, /* in less time there is none to find out */
	MOVES_A_MS = 300,    /* which is assumed then */
	PROBE_SHARE = 16,    /* of the time, to find out how fast the search is */
	SAFE_PERCENT = 85,   /* of the moves that would fit, in case the rest is slower */
};

int64_t plan_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- the file ---- */

static char *read_stream(FILE *file, size_t *size)
{
	char *text = NULL;
	size_t capacity = 0, got;

	*size = 0;
	do {
		if (*size == capacity) {
			char *bigger;

			capacity = capacity ? 2 * capacity : 1 << 16;
			bigger = capacity > FILE_MAX ? NULL : realloc(text, capacity);
			if (!bigger) {
				free(text);
				errno = EFBIG;
				return NULL;
			}
			text = bigger;
		}
		got = fread(text + *size, 1, capacity - *size, file);
		*size += got;
	} while (got > 0);
	if (!ferror(file))
		return text;
	free(text);
	return NULL;
}

static int read_instance(const char *path, struct instance *instance)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(path, "r");
	struct error error = { 0 };
	size_t size = 0;
	char *text = file ? read_stream(file, &size) : NULL;
	int status = CLI_DONE;

	if (!text) {
		cli_error("%s: %s", path, strerror(errno));
		status = CLI_NO_FILE;
	} else if (!instance_parse(text, size, false, instance, &error)) {
		cli_error("%s: %s", path, error.text);
		status = CLI_BAD_FILE;
	}
	free(text);
	if (file && !is_stdin)
		fclose(file);
	return status;
}

/* ---- the plan ---- */

static struct optimizer *begin(const struct problem *problem, int64_t seed, int64_t moves)
{
	return optimizer_create(problem,
		&(struct optimizer_options){ .seed = (uint64_t)seed, .moves_expected = moves });
}

/* Moves until the deadline, or as many as there may be; how many there were. */
static int64_t search(struct optimizer *optimizer, int64_t moves, int64_t deadline_us)
{
	int64_t done = 0;

	while (done < moves && plan_clock_us() < deadline_us) {
		int64_t step = moves - done < MOVES_A_STEP ? moves - done : MOVES_A_STEP;

		if (!optimizer_step(optimizer, step))
			break;
		done += step;
	}
	return done;
}

/* How many moves fit into most of what is left of the time. */
static int64_t moves_in_time(
	const struct problem *problem, int64_t seed, int64_t begin_us, int64_t end_us)
{
	struct optimizer *probe = begin(problem, seed, 1 << 20);
	int64_t from_us = plan_clock_us(), took_us, done;

	if (!probe)
		return 0;
	/* Making it takes this long again. */
	end_us -= from_us - begin_us;
	done = search(probe, INT64_MAX, from_us + (end_us - from_us) / PROBE_SHARE);
	took_us = plan_clock_us() - from_us;
	optimizer_destroy(probe);
	end_us -= took_us;
	if (took_us <= 0 || end_us <= from_us)
		return 0;
	return done * (end_us - from_us) / took_us * SAFE_PERCENT / 100;
}

static struct optimizer *make_plan(
	const struct problem *problem, const struct plan_budget *budget, int64_t *moves)
{
	bool is_timed = budget->moves < 0;
	int64_t ms = budget->ms >= 0 ? budget->ms : PLAN_BUDGET_MS;
	int64_t begin_us = plan_clock_us(), end_us = is_timed ? begin_us + 1000 * ms : INT64_MAX;

	if (!is_timed)
		*moves = budget->moves;
	else if (ms < PROBED_MS_MIN)
		*moves = ms * MOVES_A_MS;
	else
		*moves = moves_in_time(problem, budget->seed, begin_us, end_us);
	struct optimizer *optimizer = begin(problem, budget->seed, *moves);

	if (optimizer)
		*moves = search(optimizer, is_timed ? INT64_MAX : *moves, end_us);
	return optimizer;
}

static bool is_complete(const struct plan *plan, size_t *order)
{
	for (*order = 0; *order < plan->problem->order_count; ++*order)
		if (plan->order[*order].units < plan->problem->order[*order].units)
			return false;
	return true;
}

static int print_plan(const struct instance *instance, const struct plan *plan,
	const struct plan_budget *budget, int64_t moves)
{
	const struct problem *problem = &instance->problem;
	size_t order;

	if (!is_complete(plan, &order)) {
		cli_error("order %zu cannot be made by any printer", order);
		return CLI_REFUSED;
	}
	if (plan_makespan(plan) > problem->horizon_s) {
		cli_error("the plan ends at %lld s, after the horizon of %lld s",
			(long long)plan_makespan(plan), (long long)problem->horizon_s);
		return CLI_REFUSED;
	}
	printf("printfarm-schedule 1\ninstance %s\n# seed %lld moves %lld\n", instance->name,
		(long long)budget->seed, (long long)moves);
	for (size_t p = 0; p < problem->printer_count; p++)
		for (int32_t i = 0; i < plan->list[p].count; i++) {
			const struct plan_run *run = &plan->run[plan->list[p].run[i]];

			printf("run %zu %d %d %lld %lld %d\n", p, run->print.order,
				run->print.units, (long long)run->service_s,
				(long long)run->start_s, run->print.reload);
		}
	return CLI_DONE;
}

int plan_instance(struct cli *cli, const char *path, const struct plan_budget *budget)
{
	struct instance instance;
	struct optimizer *optimizer;
	const struct plan *plan;
	int64_t moves;
	int status = read_instance(path, &instance);

	(void)cli;
	if (status != CLI_DONE)
		return status;
	optimizer = make_plan(&instance.problem, budget, &moves);
	plan = optimizer ? optimizer_plan(optimizer) : NULL;
	if (plan) {
		status = print_plan(&instance, plan, budget, moves);
	} else {
		cli_error("not enough memory");
		status = CLI_REFUSED;
	}
	optimizer_destroy(optimizer);
	instance_finish(&instance);
	return status;
}
