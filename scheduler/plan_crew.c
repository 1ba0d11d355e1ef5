/* When the prints of a plan take place at a site with few operators: all its printers together,
 * because each service keeps the others waiting. */
#include "scheduler/plan_inside.h"

struct crew {
	int32_t count;
	int64_t free_s[PLAN_OPERATORS_MAX];
};

static int32_t first_free(const struct crew *crew)
{
	int32_t first = 0;

	for (int32_t i = 1; i < crew->count; i++)
		if (crew->free_s[i] < crew->free_s[first])
			first = i;
	return first;
}

/* Does all prints that need nobody; false: the list has ended. */
static bool advance(struct plan *plan, struct server *server, int64_t person_s)
{
	const struct plan_list *list = &plan->list[server->printer];

	for (; server->at < list->count; server->at++) {
		int32_t id = list->run[server->at];

		if (!problem_place(plan->problem, (size_t)server->printer, &server->state,
			    &plan->run[id].print, person_s, &server->slot)) {
			plan->failed = true;
			return false;
		}
		server->length_s = plan->run[id].print.length_s;
		if (server->slot.service_s >= 0)
			return true;
		if (!plan_is_same(&plan->run[id], &server->slot))
			plan_set_slot(plan, id, &server->slot);
		server->state = server->slot.after;
	}
	return false;
}

/* Who is served next once somebody is free: the earliest; of those that wait then the longest
 * print. */
static int32_t served_next(const struct server *server, int32_t count, int64_t free_s)
{
	int32_t best = 0;
	int64_t best_s = server[0].slot.service_s < free_s ? free_s : server[0].slot.service_s;

	for (int32_t i = 1; i < count; i++) {
		int64_t at_s =
			server[i].slot.service_s < free_s ? free_s : server[i].slot.service_s;

		if (at_s > best_s ||
			(at_s == best_s && server[i].length_s <= server[best].length_s))
			continue;
		best = i;
		best_s = at_s;
	}
	return best;
}

static void serve_all(struct plan *plan, struct server *server, int32_t count, struct crew *crew)
{
	while (count > 0 && !plan->failed) {
		int32_t operator= first_free(crew);
		int32_t best = served_next(server, count, crew->free_s[operator]);
		struct server *next = &server[best];

		if (next->slot.service_s < crew->free_s[operator]) {
			if (!advance(plan, next, crew->free_s[operator]))
				server[best] = server[--count];
			continue;
		}

		int32_t id = plan->list[next->printer].run[next->at];

		crew->free_s[operator] = next->slot.service_s + next->slot.service_length_s;
		if (!plan_is_same(&plan->run[id], &next->slot))
			plan_set_slot(plan, id, &next->slot);
		next->state = next->slot.after;
		next->at++;
		if (!advance(plan, next, crew->free_s[first_free(crew)]))
			server[best] = server[--count];
	}
}

/* From when on the site's services may differ: nothing that was changed can be served before. */
static int64_t first_difference_s(const struct plan *plan, int32_t site)
{
	int64_t first_s = PROBLEM_NEVER;

	for (int32_t i = 0; i < plan->dirty_printer_count; i++) {
		int32_t printer = plan->dirty_printer[i];
		const struct plan_list *list = &plan->list[printer];
		int32_t at = list->dirty_from < list->count ? list->dirty_from : list->count;
		int64_t ready_s = plan_state(plan, printer, at).ready_s;

		if (plan->problem->printer[printer].site == site && ready_s < first_s)
			first_s = ready_s;
	}
	return first_s;
}

/* The crew is free when the latest services have ended. */
static void book(struct crew *crew, int64_t end_s)
{
	int32_t first = first_free(crew);

	if (crew->free_s[first] < end_s)
		crew->free_s[first] = end_s;
}

/* Behind the prints that stay as they are; what they booked is in the crew. */
static int32_t skip_unchanged(
	const struct plan *plan, int32_t printer, int64_t until_s, struct crew *crew)
{
	const struct plan_list *list = &plan->list[printer];
	int32_t at = 0, end = list->count;

	if (list->change == plan->change && list->dirty_from < end)
		end = list->dirty_from;
	for (; at < end; at++) {
		const struct plan_run *run = &plan->run[list->run[at]];

		if (run->service_s >= until_s)
			break;
		if (run->service_s >= 0)
			book(crew, run->service_end_s);
	}
	return at;
}

void plan_time_site(struct plan *plan, int32_t site)
{
	const struct problem *problem = plan->problem;
	struct crew crew = { .count = problem->site[site].operators };
	int64_t until_s = first_difference_s(plan, site);
	int32_t count = 0;

	for (size_t i = 0; i < problem->printer_count; i++) {
		struct server *server = &plan->server[count];
		int32_t printer = (int32_t)i;

		if (problem->printer[i].site != site)
			continue;
		*server = (struct server){ .printer = printer,
			.at = skip_unchanged(plan, printer, until_s, &crew) };
		if (server->at == plan->list[i].count && plan->list[i].change != plan->change)
			continue;
		plan_touch_list(plan, printer);
		server->state = plan_state(plan, printer, server->at);
		count++;
	}
	for (int32_t i = count; i-- > 0;)
		if (!advance(plan, &plan->server[i], crew.free_s[first_free(&crew)]))
			plan->server[i] = plan->server[--count];
	serve_all(plan, plan->server, count, &crew);
}

bool plan_has_few_operators(const struct problem *problem, int32_t printer)
{
	int32_t operators = problem->site[problem->printer[printer].site].operators;

	return operators > 0 && operators <= PLAN_OPERATORS_MAX;
}
