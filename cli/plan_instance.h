/* `printfarm plan --instance FILE`: plans a benchmark's instance, without a daemon. */
#ifndef CLI_PLAN_INSTANCE_H
#define CLI_PLAN_INSTANCE_H

#include "cli/cli.h"

struct plan_budget {
	int64_t moves; /* negative: not said */
	int64_t ms;    /* negative: not said */
	int64_t seed;
};

enum { PLAN_BUDGET_MS = 1000 }; /* if nothing is said */

int plan_instance(struct cli *cli, const char *path, const struct plan_budget *budget);

/* A monotonic clock. */
int64_t plan_clock_us(void);

#endif
