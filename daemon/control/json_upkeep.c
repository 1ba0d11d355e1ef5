/* What a printer's past says, as JSON; see json_upkeep.h. */
#include "daemon/control/json_upkeep.h"

#include "daemon/control/json_out.h"

#include <math.h>

enum { DAYS = 7, HOURS_A_DAY = 24 };

/* To thousandths. */
static json_t *real(double value)
{
	return json_real(round(value * 1000.0) / 1000.0);
}

static json_t *learnt(const struct farm_upkeep_view *upkeep)
{
	json_t *object = json_object(), *materials = json_array();
	json_object_set_new(object, "prints", json_integer(upkeep->prints));
	json_object_set_new(object, "speed_factor", real(upkeep->speed_factor));
	json_object_set_new(object, "speed_uncertainty", real(upkeep->speed_uncertainty));
	json_object_set_new(object, "speed_spread", real(upkeep->speed_spread));
	json_object_set_new(object, "failures_per_100h", real(upkeep->failures_per_100h));
	for (size_t i = 0; i < upkeep->material_count; i++) {
		json_t *row = json_object();
		json_object_set_new(row, "material", json_out_text(upkeep->material[i].material));
		json_object_set_new(row, "print_h", real(upkeep->material[i].print_h));
		json_object_set_new(row, "failures", real(upkeep->material[i].failures));
		json_object_set_new(
			row, "failures_per_100h", real(upkeep->material[i].failures_per_100h));
		json_array_append_new(materials, row);
	}
	json_object_set_new(object, "materials", materials);
	return object;
}

static json_t *maintenance(const struct farm_upkeep_view *upkeep)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < upkeep->maintenance_count; i++) {
		bool blocks = upkeep->maintenance[i].blocks;
		json_t *row = json_object();
		json_object_set_new(row, "what", json_out_text(upkeep->maintenance[i].what));
		json_object_set_new(row, "every_h", json_integer(upkeep->maintenance[i].every_h));
		json_object_set_new(row, "since_h", real(upkeep->maintenance[i].since_h));
		json_object_set_new(row, "left_h", real(upkeep->maintenance[i].left_h));
		json_object_set_new(row, "due", json_boolean(upkeep->maintenance[i].due));
		json_object_set_new(row, "blocks_in_h",
			blocks ? real(upkeep->maintenance[i].block_h) : json_null());
		json_array_append_new(rows, row);
	}
	return rows;
}

void json_out_upkeep(json_t *printer, const struct farm_printer_view *view)
{
	const struct config_printer *config = view->config;
	json_object_set_new(printer, "print_h", real(view->upkeep.print_h));
	json_object_set_new(printer, "learnt", learnt(&view->upkeep));
	json_object_set_new(printer, "maintenance", maintenance(&view->upkeep));
	json_object_set_new(printer, "noisy", json_boolean(config->noisy));
	json_object_set_new(printer, "watts", json_integer(config->watts));
	json_object_set_new(printer, "heat_watts", json_integer(config->heat_watts));
	json_object_set_new(printer, "runout_change", json_boolean(config->runout_change));
}

static json_t *week(const int32_t *values)
{
	json_t *days = json_array();
	for (int day = 0; day < DAYS; day++) {
		json_t *hours = json_array();
		for (int hour = 0; hour < HOURS_A_DAY; hour++)
			json_array_append_new(
				hours, json_integer(values[day * HOURS_A_DAY + hour]));
		json_array_append_new(days, hours);
	}
	return days;
}

json_t *json_out_clearing(const struct farm *farm)
{
	struct farm_clearing_view view;
	json_t *object = json_object();
	farm_clearing(farm, &view);
	json_object_set_new(object, "waits", json_integer((json_int_t)view.waits));
	json_object_set_new(object, "mean_s", view.waits ? json_integer(view.mean_s) : json_null());
	json_object_set_new(object, "expected_s", week(view.expected_s));
	json_object_set_new(object, "waits_by_hour", week(view.count));
	return object;
}

json_t *json_out_power(const struct farm *farm)
{
	if (farm_config(farm)->power_budget_w == 0)
		return json_null();
	return json_pack("{s:i,s:i}", "budget_w", (int)farm_config(farm)->power_budget_w, "used_w",
		(int)farm_power_w(farm));
}
