/* A lab that lives for weeks on the farm of farm_rig.h: people come late, have lunch, are ill;
 * prints take as long as they like and fail in bursts; orders come in.  None of it follows the
 * distributions that the planner or promise.c know, and each family of laws is another one. */
#ifndef TESTS_UNIT_LAB_H
#define TESTS_UNIT_LAB_H

#include "base/random.h"
#include "tests/unit/farm_rig.h"

enum lab_family {
	LAB_LOGNORMAL, /* waits and lengths log-normal, failures worn-in (Weibull, shape 2) */
	LAB_BURSTS, /* waits Weibull (shape 0.6) and long at noon; days on which a printer fails */
	LAB_ROUNDS, /* somebody walks round every few hours; days on which nobody comes at all */
	LAB_FAMILIES,
};

enum { LAB_PRINTERS = 5, LAB_DESIGNS = 3 };

struct lab_printer {
	double slowness, fail_per_hour; /* the truth */
	bool runs;
	int64_t ends_s, cleared_s; /* 0: nothing */
	bool fails, locks;
	int64_t bad_until_s;
};

struct lab {
	struct rig *rig;
	struct random random;
	enum lab_family family;
	bool never_closes, unattended, has_due_dates;
	double wait_s, absent_share, orders_per_week;
	int64_t next_order_s, round_s;
	struct lab_printer printer[LAB_PRINTERS];
	uint64_t day_seed;
};

struct lab *lab_create(enum lab_family family, uint64_t seed);
void lab_destroy(struct lab *lab);
void lab_live(struct lab *lab, int64_t seconds);

/* Log-normal around 1; Weibull with mean 1. */
double lab_lognormal(struct random *random, double sigma);
double lab_weibull(struct random *random, double shape);

#endif
