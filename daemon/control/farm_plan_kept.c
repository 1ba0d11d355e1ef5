/* The plan outlives control: what it consists of goes out as text whenever it changes, and after a
 * restart the first plan begins with it, as every plan begins with the one before.
 *
 * One line a print, in the order of their starts: order (a wished job: its number below 0), plate,
 * printer, start.  The first line has the seed of the next search, the last the number of prints.
 */
#include "daemon/control/farm_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEPT_PRINTS_MAX = 16384, /* those that start first */
	KEPT_LINE_MAX = 128 + NAME_MAX_BYTES,
	KEPT_AGAIN_US = 600 * 1000000, /* times change all along: not written every time */
};

static const char first_line[] = "printfarm-plan 1 seed ";

/* ---- out ---- */

/* Of what is where in which order, whatever the times (FNV-1a). */
static uint64_t sequence_of(const struct farm *farm, size_t count)
{
	uint64_t hash = 14695981039346656037u;
	for (size_t i = 0; i < count; i++) {
		const struct farm_planned *own = &farm->planned[i];
		const uint64_t word[] = { (uint64_t)own->order, (uint64_t)own->plate->record.id };
		for (size_t j = 0; j < 2; j++)
			hash = (hash ^ word[j]) * 1099511628211u;
		for (const char *at = own->printer; *at; at++)
			hash = (hash ^ (unsigned char)*at) * 1099511628211u;
	}
	return hash ^ farm->plan_seed;
}

static int64_t order_number(const struct farm *farm, const struct farm_planned *own)
{
	const struct farm_job *job = farm_index_find(&farm->jobs, own->job);
	return job && job->state == JOB_QUEUED && job->printer[0] ? -job->id : own->order;
}

static char *write_text(const struct farm *farm, size_t count, size_t *size)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, size);
	if (!file)
		return NULL;
	fprintf(file, "%s%llu\n", first_line, (unsigned long long)farm->plan_seed);
	for (size_t i = 0; i < count; i++) {
		const struct farm_planned *own = &farm->planned[i];
		fprintf(file, "%lld %lld %s %lld\n", (long long)order_number(farm, own),
			(long long)own->plate->record.id, own->printer, (long long)own->start_s);
	}
	fprintf(file, "end %zu\n", count);
	if (fclose(file) == 0)
		return text;
	free(text);
	return NULL;
}

void farm_plan_keep(struct farm *farm)
{
	size_t count =
		farm->planned_count < KEPT_PRINTS_MAX ? farm->planned_count : KEPT_PRINTS_MAX;
	uint64_t sequence = sequence_of(farm, count);
	if (!farm->effects.keep_plan ||
		(sequence == farm->kept_sequence && farm->now_us - farm->kept_us < KEPT_AGAIN_US))
		return;
	size_t size;
	char *text = write_text(farm, count, &size);
	if (!text)
		return;
	farm->effects.keep_plan(farm->effects.context, text, size);
	farm->kept_sequence = sequence;
	farm->kept_us = farm->now_us;
	free(text);
}

/* ---- and in ---- */

void farm_load_plan(struct farm *farm, const char *text, size_t size)
{
	free(farm->kept_plan);
	farm->kept_plan = strndup(text, size);
}

struct numbered {
	int64_t id;
	size_t index;
};

static int by_id(const void *a, const void *b)
{
	int64_t x = ((const struct numbered *)a)->id, y = ((const struct numbered *)b)->id;
	return (x > y) - (x < y);
}

struct reading {
	const struct farm_world *world;
	struct numbered *order; /* by id */
	struct planner_assignment *assignment;
	size_t count;
};

static bool find_order(const struct reading *reading, int64_t id, size_t *index)
{
	const struct numbered wanted = { .id = id };
	const struct numbered *found = bsearch(
		&wanted, reading->order, reading->world->world.order_count, sizeof(wanted), by_id);
	if (found)
		*index = found->index;
	return found != NULL;
}

static bool find_plate(const struct world_order *order, int64_t id, size_t *index)
{
	for (*index = 0; *index < order->plate_count; ++*index)
		if (order->plate[*index].id == id)
			return true;
	return false;
}

static bool find_printer(const struct world *world, const char *name, size_t *index)
{
	for (*index = 0; *index < world->printer_count; ++*index)
		if (strcmp(world->printer[*index].name, name) == 0)
			return true;
	return false;
}

/* What is not there any more is left out. */
static void read_print(struct reading *reading, const char *line)
{
	const struct world *world = &reading->world->world;
	struct planner_assignment own = { 0 };
	long long order, plate, start_s;
	char printer[NAME_MAX_BYTES];
	_Static_assert(NAME_MAX_BYTES == 64, "the width in the format");
	if (sscanf(line, "%lld %lld %63s %lld", &order, &plate, printer, &start_s) != 4 ||
		!find_order(reading, order, &own.order) ||
		!find_plate(&world->order[own.order], plate, &own.plate) ||
		!find_printer(world, printer, &own.printer))
		return;
	own.start_s = own.end_s = start_s;
	reading->assignment[reading->count++] = own;
}

/* False: it is not whole. */
static bool read_text(struct reading *reading, const char *text, uint64_t *seed)
{
	unsigned long long number;
	size_t lines = 0, said;
	if (strncmp(text, first_line, strlen(first_line)) != 0 ||
		sscanf(text + strlen(first_line), "%llu", &number) != 1)
		return false;
	*seed = number;
	for (const char *at = strchr(text, '\n'); at && at[1]; at = strchr(at + 1, '\n'), lines++) {
		if (sscanf(at + 1, "end %zu", &said) == 1)
			return said == lines;
		if (lines == KEPT_PRINTS_MAX)
			return false;
		read_print(reading, at + 1);
	}
	return false;
}

static bool begin_reading(struct reading *reading, const struct farm_world *world)
{
	size_t count = world->world.order_count;
	*reading = (struct reading){ .world = world,
		.order = calloc(count + 1, sizeof(*reading->order)),
		.assignment = calloc(KEPT_PRINTS_MAX, sizeof(*reading->assignment)) };
	if (!reading->order || !reading->assignment)
		return false;
	for (size_t i = 0; i < count; i++)
		reading->order[i] = (struct numbered){ .id = world->world.order[i].id, .index = i };
	qsort(reading->order, count, sizeof(*reading->order), by_id);
	return true;
}

struct planner_result *farm_plan_kept(struct farm *farm, const struct farm_world *world)
{
	struct reading reading;
	struct planner_result *kept = farm->kept_plan ? calloc(1, sizeof(*kept)) : NULL;
	if (!kept)
		return NULL;
	bool is_read = begin_reading(&reading, world) &&
		       read_text(&reading, farm->kept_plan, &farm->plan_seed);
	free(reading.order);
	free(farm->kept_plan);
	farm->kept_plan = NULL;
	*kept = (struct planner_result){ .assignment = reading.assignment,
		.assignment_count = is_read ? reading.count : 0 };
	return kept;
}

void farm_plan_kept_destroy(struct planner_result *kept)
{
	if (kept)
		free((void *)kept->assignment);
	free(kept);
}
