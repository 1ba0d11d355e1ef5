/* Who can ever make an order?  Only what cannot change counts: how printers are built, what the
 * file was sliced for, what the order itself wishes.  A reel, a bed, a cable or the hours are no
 * reason to refuse an order. */
#include "daemon/control/farm_state.h"

#include <errno.h>
#include <string.h>

/* Leaves the conditions that neither a person nor time can change. */
static void keep_hard(struct match_result *match)
{
	size_t count = 0;
	for (size_t i = 0; i < match->unmet_count; i++)
		if (match_is_for_ever(match->unmet[i].condition))
			match->unmet[count++] = match->unmet[i];
	match->unmet_count = count;
}

static bool is_for_another(const struct match_result *match)
{
	return match->unmet_count > 0 && match->unmet[0].condition == MATCH_PRINTER_WISH;
}

/* Lower is nearer; a printer that the order does not name is out of the question. */
static size_t distance(const struct match_result *match)
{
	return match->unmet_count + (is_for_another(match) ? MATCH_CONDITION_COUNT : 0);
}

/* The plate with the fewest conditions against it. */
static const struct farm_plate *nearest_plate(const struct farm *farm,
	const struct farm_order *order, const struct farm_printer *printer,
	struct match_result *match)
{
	const struct farm_plate *nearest = NULL;
	for (size_t i = 0; i < order->design->plate_count; i++) {
		struct match_result result;
		farm_match_order(farm, order, order->design->plate[i], printer, &result);
		keep_hard(&result);
		if (nearest && result.unmet_count >= match->unmet_count)
			continue;
		nearest = order->design->plate[i];
		*match = result;
	}
	return nearest;
}

int farm_order_has_maker(
	const struct farm *farm, const struct farm_order *order, struct error *error)
{
	const struct farm_printer *nearest = NULL;
	struct match_result nearest_match = { 0 };
	for (size_t i = 0; i < farm->printer_count; i++) {
		const struct farm_printer *printer = farm->printer[i];
		struct match_result match;
		if (!farm_printer_can_be_planned(printer))
			continue;
		nearest_plate(farm, order, printer, &match);
		if (match.unmet_count == 0)
			return 0;
		if (nearest && distance(&match) >= distance(&nearest_match))
			continue;
		nearest = printer;
		nearest_match = match;
	}
	if (!nearest)
		return 0;
	error_set(error, "no printer can ever make \"%s\"; nearest is %s: %s",
		order->design->record.name, nearest->name, nearest_match.unmet[0].text);
	return -EDOM;
}

static void each_miss(const struct farm *farm, const struct farm_order *order,
	void (*each)(void *context, const struct farm_why_view *view), void *context)
{
	for (size_t i = 0; i < farm->printer_count; i++) {
		const struct farm_printer *printer = farm->printer[i];
		struct match_result match;
		if (!farm_printer_can_be_planned(printer))
			continue;
		const struct farm_plate *plate = nearest_plate(farm, order, printer, &match);
		if (match.unmet_count > 0)
			each(context,
				&(struct farm_why_view){ printer->name, &plate->record, &match });
	}
}

void farm_each_miss_of_wish(const struct farm *farm, const struct farm_wish *wish,
	void (*each)(void *context, const struct farm_why_view *view), void *context)
{
	struct farm_order order = { .design = farm_design_wanted(farm, wish->design) };
	if (!order.design)
		return;
	farm_fill_order(farm, wish, &order.record);
	each_miss(farm, &order, each, context);
}

void farm_each_miss_of_order(const struct farm *farm, int64_t id,
	void (*each)(void *context, const struct farm_why_view *view), void *context)
{
	const struct farm_order *order = farm_index_find(&farm->orders, id);
	if (order)
		each_miss(farm, order, each, context);
}
