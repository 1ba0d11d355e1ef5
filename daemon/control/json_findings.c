/* What the farm found out, as JSON; see json_findings.h. */
#include "daemon/control/json_findings.h"
#include "daemon/control/json_out.h"

static json_t *name_or_null(const char *name)
{
	return name[0] ? json_out_text(name) : json_null();
}

static json_t *limits(const struct farm_advice *advice)
{
	json_t *items = json_array();
	for (size_t i = 0; i < advice->limit_count; i++) {
		json_t *limit = json_object();
		json_object_set_new(
			limit, "limit", json_string(farm_limit_name(advice->limit[i].limit)));
		json_object_set_new(limit, "gain_s", json_integer(advice->limit[i].gain_s));
		json_array_append_new(items, limit);
	}
	return items;
}

static json_t *changes(const struct farm_advice *advice)
{
	json_t *items = json_array();
	for (size_t i = 0; i < advice->change_count; i++) {
		const struct farm_advice_change *from = &advice->change[i];
		json_t *change = json_object();
		json_object_set_new(change, "kind", json_string(from->kind));
		json_object_set_new(change, "printer", name_or_null(from->printer));
		json_object_set_new(change, "text", json_out_text(from->text));
		json_out_time(change, "promised", from->promised_s);
		json_object_set_new(change, "gain_s", json_integer(from->gain_s));
		json_object_set_new(change, "in_time", json_boolean(from->in_time));
		json_object_set_new(change, "others_late", json_integer(from->others_late));
		json_array_append_new(items, change);
	}
	return items;
}

static json_t *advice_of(const struct farm_advice *advice)
{
	json_t *object = json_object();
	json_object_set_new(
		object, "order", advice->order ? json_integer(advice->order) : json_null());
	json_object_set_new(object, "units", json_integer(advice->units));
	json_out_time(object, "due", advice->due_s);
	json_out_time(object, "promised", advice->promised_s);
	json_object_set_new(object, "in_time", json_boolean(advice->in_time));
	json_object_set_new(object, "units_in_time", json_integer(advice->units_in_time));
	json_object_set_new(object, "limits", limits(advice));
	json_object_set_new(object, "changes", changes(advice));
	json_object_set_new(object, "cheapest",
		advice->cheapest < 0 ? json_null() : json_integer(advice->cheapest));
	return object;
}

static json_t *acts(const struct farm_night *night)
{
	json_t *items = json_array();
	for (size_t i = 0; i < night->act_count; i++) {
		const struct farm_act *from = &night->act[i];
		json_t *act = json_object();
		json_object_set_new(act, "kind", json_string(from->kind));
		json_object_set_new(act, "printer", json_out_text(from->printer));
		json_object_set_new(act, "text", json_out_text(from->text));
		json_out_time(act, "from", from->from_s);
		json_object_set_new(act, "units", json_integer(from->units));
		json_array_append_new(items, act);
	}
	return items;
}

static json_t *night_of(const struct farm_night *night)
{
	json_t *object = json_object(), *printers = json_array();
	for (size_t i = 0; i < night->printer_count; i++) {
		const struct farm_night_printer *from = &night->printer[i];
		json_t *printer = json_object();
		json_object_set_new(printer, "printer", json_out_text(from->printer));
		json_object_set_new(printer, "units", json_integer(from->units));
		json_object_set_new(
			printer, "units_if_unattended", json_integer(from->units_if_unattended));
		json_array_append_new(printers, printer);
	}
	json_object_set_new(object, "closes", json_boolean(night->closes));
	json_out_time(object, "closes", night->closes_s);
	json_out_time(object, "opens", night->opens_s);
	json_object_set_new(object, "units", json_integer(night->units));
	json_object_set_new(
		object, "units_if_unattended", json_integer(night->units_if_unattended));
	json_object_set_new(object, "unattended_off", json_boolean(night->unattended_off));
	json_object_set_new(object, "printers", printers);
	json_object_set_new(object, "acts", acts(night));
	return object;
}

static json_t *hindsight_of(const struct farm_hindsight *hindsight)
{
	json_t *object = json_object(), *more = json_object();
	json_object_set_new(object, "days", json_integer(hindsight->days));
	json_object_set_new(object, "units", json_integer(hindsight->units));
	for (int kind = 0; kind < FARM_HINDSIGHT_KINDS; kind++)
		json_object_set_new(more, farm_hindsight_name((enum farm_hindsight_kind)kind),
			json_integer(hindsight->more[kind]));
	json_object_set_new(object, "more_units", more);
	return object;
}

json_t *json_finding(const struct farm_finding *finding)
{
	if (finding->advice)
		return advice_of(finding->advice);
	if (finding->hindsight)
		return json_pack("{s:o}", "hindsight", hindsight_of(finding->hindsight));
	return finding->night ? night_of(finding->night) : NULL;
}
