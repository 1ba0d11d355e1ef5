/* What a person should know about an order without asking: sentences for its answers. */
#include "daemon/control/farm_state.h"

#include <stdio.h>
#include <string.h>

struct warnings {
	void (*each)(void *context, const char *text);
	void *context;
};

static void warn(const struct warnings *warnings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void warn(const struct warnings *warnings, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	warnings->each(warnings->context, text);
}

static void warn_of_makers(
	const struct farm *farm, const struct farm_order *order, const struct warnings *warnings)
{
	struct error error = { "" };
	bool some = false;
	for (size_t i = 0; i < farm->printer_count && !some; i++)
		some = farm_printer_can_be_planned(farm->printer[i]);
	if (!some)
		warn(warnings, "no printer is configured yet: the order waits for one");
	else if (farm_order_has_maker(farm, order, &error) != 0)
		warn(warnings, "%s", error.text);
}

/* "4", "1 and 4", "1, 2 and 4": what its plates hold. */
static void put_yields(const struct farm_design *design, char *text, size_t size)
{
	size_t length = 0;
	text[0] = '\0';
	for (size_t i = 0; i < design->plate_count && length < size; i++)
		length += (size_t)snprintf(text + length, size - length, "%s%d",
			i == 0			       ? ""
			: i + 1 == design->plate_count ? " and "
						       : ", ",
			(int)design->plate[i]->record.yield);
}

static void warn_of_surplus(const struct farm_order *order, const struct warnings *warnings)
{
	const struct farm_tally *tally = &order->tally;
	long long asked = (long long)order->record.units;
	long long made = (long long)(tally->good + tally->printed);
	long long with_printing = made + (long long)tally->printing;
	char yields[96];
	if (made > asked)
		warn(warnings, "%lld more than asked are made%s", made - asked,
			tally->printing ? ", and more are printing" : "");
	else if (with_printing > asked)
		warn(warnings, "%lld more than asked are printing", with_printing - asked);
	if (order->over_planned <= 0)
		return;
	put_yields(order->design, yields, sizeof(yields));
	warn(warnings, "plates of %s: %lld units will be made for %lld", yields,
		asked + (long long)order->over_planned, asked);
}

static void warn_of_sequence(
	const struct farm *farm, const struct farm_order *order, const struct warnings *warnings)
{
	const struct farm_order *awaited = farm_after_first(farm, order);
	if (awaited)
		warn(warnings, "waits for order %lld: %lld of %lld units are left%s",
			(long long)awaited->record.id, (long long)farm_after_left(awaited),
			(long long)awaited->record.units,
			awaited->record.state == ORDER_HELD ? ", and it is held" : "");
}

void farm_order_warnings(const struct farm *farm, int64_t id,
	void (*each)(void *context, const char *text), void *context)
{
	const struct farm_order *order = farm_index_find(&farm->orders, id);
	const struct warnings warnings = { each, context };
	if (!order || (order->record.state != ORDER_OPEN && order->record.state != ORDER_HELD))
		return;
	if (order->record.state == ORDER_HELD && order->record.hold_reason[0])
		warn(&warnings, "held, because %s: order release %lld starts it all the same",
			order->record.hold_reason, (long long)id);
	warn_of_sequence(farm, order, &warnings);
	warn_of_makers(farm, order, &warnings);
	warn_of_surplus(order, &warnings);
}
