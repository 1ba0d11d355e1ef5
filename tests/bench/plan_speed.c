/* How long the planner takes at scale, on one thread, in CPU time: plan_speed INSTANCE [EVENTS].
 *
 * A full plan from nothing; then printers finish one after the other, and some orders come in: from
 * the event to the decision what starts now, and for a new order until it has its place.  Prints
 * one line a measure: name, milliseconds. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "scheduler/instance.h"
#include "scheduler/live.h"
#include "scheduler/optimizer.h"

enum {
	FULL_RUNS = 5,
	EVENTS = 2000,
	ORDER_EVERY = 10, /* events */
};

static struct instance instance;
static struct live live;

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void fail(const char *what)
{
	fprintf(stderr, "plan_speed: %s\n", what);
	exit(1);
}

static char *read_all(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");

	if (!file || fseek(file, 0, SEEK_END) != 0)
		fail(path);
	long length = ftell(file);
	char *text = malloc((size_t)length + 1);

	rewind(file);
	if (!text || fread(text, 1, (size_t)length, file) != (size_t)length)
		fail(path);
	fclose(file);
	*size = (size_t)length;
	return text;
}

static void measure_full_plans(void)
{
	for (int i = 0; i < FULL_RUNS; i++) {
		double before_ms = cpu_ms();
		struct optimizer *optimizer = optimizer_create(
			&instance.problem, &(struct optimizer_options){ .seed = 1 });

		if (!optimizer)
			fail("not enough memory");
		printf("full %.4f\n", cpu_ms() - before_ms);
		optimizer_destroy(optimizer);
	}
}

/* The first print of the printer's list is started. */
static void start(int32_t printer)
{
	struct problem *problem = &instance.problem;
	const struct plan_list *list = &live.plan.list[printer];

	if (list->count == 0)
		return;
	const struct plan_run run = live.plan.run[list->run[0]];

	problem->order[run.print.order].units -= run.print.units;
	problem->printer[printer].state = (struct problem_state){
		.ready_s = run.end_s,
		.loaded = run.loaded,
		.spool_g = run.spool_g,
		.dirty = true,
	};
	live_started(&live, printer);
	live_order(&live, run.print.order);
}

static void begin_live(void)
{
	if (!live_init(&live, &instance.problem))
		fail("not enough memory");
	live_begin(&live);
	for (size_t i = 0; i < instance.problem.order_count; i++)
		live_order(&live, (int32_t)i);
	if (!live_replan(&live, 1, 0) || !live_settle(&live))
		fail("not enough memory");
	live_begin(&live);
	for (size_t i = 0; i < instance.problem.printer_count; i++)
		start((int32_t)i);
}

static int32_t finishes_next(void)
{
	const struct problem *problem = &instance.problem;
	int32_t first = 0;

	for (int32_t i = 1; i < (int32_t)problem->printer_count; i++)
		if (problem->printer[i].state.ready_s < problem->printer[first].state.ready_s)
			first = i;
	return first;
}

static void replan(uint64_t seed)
{
	if (!live_replan(&live, seed, 0) || !live_settle(&live))
		fail("not enough memory");
}

/* One more of an order that there is already. */
static void add_order(int number)
{
	struct problem *problem = &instance.problem;
	int32_t like = (int32_t)((unsigned)number * 7919u % (unsigned)problem->order_count);
	double before_ms = cpu_ms();

	problem->order[like].units++;
	live_order(&live, like);
	replan((uint64_t)number);
	printf("insert %.4f\n", cpu_ms() - before_ms);
	live_begin(&live);
}

static void measure_events(int events)
{
	for (int i = 0; i < events; i++) {
		int32_t printer = finishes_next();
		double before_ms = cpu_ms();

		instance.problem.now_s = instance.problem.printer[printer].state.ready_s;
		live_printer(&live, printer);
		replan((uint64_t)i);
		live_begin(&live);
		start(printer);
		printf("event %.4f\n", cpu_ms() - before_ms);
		if (i % ORDER_EVERY == 0)
			add_order(i);
	}
}

int main(int argc, char **argv)
{
	struct error error = { 0 };
	size_t size;

	if (argc < 2)
		fail("usage: plan_speed INSTANCE [EVENTS]");
	char *text = read_all(argv[1], &size);

	if (!instance_parse(text, size, false, &instance, &error))
		fail(error.text);
	free(text);
	measure_full_plans();
	begin_live();
	measure_events(argc > 2 ? atoi(argv[2]) : EVENTS);
	live_finish(&live);
	instance_finish(&instance);
	return 0;
}
