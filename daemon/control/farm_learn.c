/* What a printer's past prints say of those to come: how long they take, how often they fail.  Fed
 * by attempts that end and, at start-up, by all that the ledger knows of, in the same order: the
 * numbers are the same after a restart. */
#include "daemon/control/farm_state.h"

#include <math.h> /* fabs, log, sqrt */
#include <string.h>

/* Of the newest print; what was learnt before keeps the rest. */
static const double SPEED_WEIGHT = 0.3, SPREAD_WEIGHT = 0.2;
static const double FACTOR_MIN = 0.001, FACTOR_MAX = 10.0;

void farm_learnt_init(struct farm_learnt *learnt)
{
	*learnt = (struct farm_learnt){ .speed_factor = 1.0, .speed_spread = FARM_SPEED_SPREAD };
}

/* Of this material; NULL: there is no room for one more. */
static struct farm_failures *failures_of(
	struct farm *farm, struct farm_learnt *learnt, const char *material)
{
	const char *name = farm_intern(farm, material);
	for (size_t i = 0; i < learnt->material_count; i++)
		if (learnt->material[i].material == name)
			return &learnt->material[i].own;
	if (learnt->material_count == FARM_MATERIALS_MAX)
		return NULL;
	learnt->material[learnt->material_count].material = name;
	return &learnt->material[learnt->material_count++].own;
}

static void count(struct farm_failures *failures, double print_h, bool failed)
{
	failures->print_h += print_h;
	failures->failures += failed ? 1 : 0;
}

static void learn_failures(
	struct farm *farm, struct farm_learnt *learnt, const struct attempt_record *ended)
{
	struct farm_failures *own = failures_of(farm, learnt, ended->material);
	double print_h = (double)ended->print_us / 3.6e9;
	bool failed = ended->state == ATTEMPT_FAILED;
	count(&learnt->all, print_h, failed);
	if (own)
		count(own, print_h, failed);
}

static void learn_speed(
	const struct farm *farm, struct farm_learnt *learnt, const struct attempt_record *ended)
{
	const struct farm_plate *plate = farm_index_find(&farm->plates, ended->plate);
	double estimate_s = plate ? plate->file->time_s + plate->file->heat_s : 0;
	double real_s = (double)ended->print_us / 1e6;
	if (estimate_s < 1.0 || real_s <= 0.0)
		return;
	double factor = real_s / estimate_s;
	if (factor < FACTOR_MIN)
		factor = FACTOR_MIN;
	if (factor > FACTOR_MAX)
		factor = FACTOR_MAX;
	double weight = learnt->prints > 0 ? SPEED_WEIGHT : 1.0;
	if (learnt->prints > 0)
		learnt->speed_spread = (1 - SPREAD_WEIGHT) * learnt->speed_spread +
				       SPREAD_WEIGHT * fabs(log(factor / learnt->speed_factor));
	learnt->speed_factor = (1 - weight) * learnt->speed_factor + weight * factor;
	learnt->speed_weight = (1 - weight) * (1 - weight) * learnt->speed_weight + weight * weight;
	learnt->prints++;
}

void farm_learn(struct farm *farm, struct farm_printer *printer, const struct attempt_record *ended)
{
	/* Nothing of it was sent: it says nothing of the printer. */
	if (ended->print_us <= 0 && ended->lines_sent <= 0)
		return;
	learn_failures(farm, &printer->learnt, ended);
	if (ended->state == ATTEMPT_PRINTED)
		learn_speed(farm, &printer->learnt, ended);
}

void farm_load_ended(struct farm *farm, const struct attempt_record *record)
{
	struct farm_printer *printer = farm_find_printer(farm, record->printer, NULL);
	if (!printer)
		return;
	farm_learn(farm, printer, record);
	farm_quarantine_load(printer, record);
}

static double rate_of_all(const struct farm_learnt *learnt)
{
	return (learnt->all.failures + FARM_FAILURES) / (learnt->all.print_h + FARM_FAILURES_H);
}

static double rate_of(const struct farm_learnt *learnt, const struct farm_failures *own)
{
	return (own->failures + FARM_MATERIAL_H * rate_of_all(learnt)) /
	       (own->print_h + FARM_MATERIAL_H);
}

double farm_fail_per_hour(const struct farm_printer *printer, const char *material)
{
	const struct farm_learnt *learnt = &printer->learnt;
	for (size_t i = 0; i < learnt->material_count; i++)
		if (strcmp(learnt->material[i].material, material) == 0)
			return rate_of(learnt, &learnt->material[i].own);
	return rate_of_all(learnt);
}

double farm_speed_uncertainty(const struct farm_printer *printer)
{
	const struct farm_learnt *learnt = &printer->learnt;
	return learnt->prints > 0 ? learnt->speed_spread * sqrt(learnt->speed_weight)
				  : FARM_SPEED_SPREAD;
}

void farm_view_learnt(const struct farm_printer *printer, struct farm_upkeep_view *view)
{
	const struct farm_learnt *learnt = &printer->learnt;
	view->speed_factor = learnt->speed_factor;
	view->speed_spread = learnt->speed_spread;
	view->speed_uncertainty = farm_speed_uncertainty(printer);
	view->prints = learnt->prints;
	view->failures_per_100h = 100 * rate_of_all(learnt);
	view->material_count = learnt->material_count;
	for (size_t i = 0; i < learnt->material_count; i++) {
		const struct farm_failures *own = &learnt->material[i].own;
		view->material[i].material = learnt->material[i].material;
		view->material[i].print_h = own->print_h;
		view->material[i].failures = own->failures;
		view->material[i].failures_per_100h = 100 * rate_of(learnt, own);
	}
}
