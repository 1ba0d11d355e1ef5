/* Instance files are what a stranger sends: whatever stands in them is read or refused, and what is
 * read can be planned. */
#include "base/error.h"
#include "scheduler/instance.h"
#include "scheduler/optimizer.h"

#include <stdint.h>

enum { PRINTS_MAX = 2000, PRINTERS_MAX = 50, MOVES = 200 };

/* A large farm is no fault, only slow. */
static bool is_small(const struct problem *problem)
{
	int64_t units = 0;

	for (size_t i = 0; i < problem->order_count; i++)
		units += problem->order[i].units;
	return units <= PRINTS_MAX && problem->printer_count <= PRINTERS_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct instance instance;
	struct error error = { 0 };

	if (!instance_parse((const char *)data, size, false, &instance, &error))
		return 0;
	if (is_small(&instance.problem)) {
		struct optimizer_options options = { .seed = 1, .moves_expected = MOVES };
		struct optimizer *optimizer = optimizer_create(&instance.problem, &options);

		if (optimizer) {
			optimizer_step(optimizer, MOVES);
			optimizer_plan(optimizer);
		}
		optimizer_destroy(optimizer);
	}
	instance_finish(&instance);
	return 0;
}
