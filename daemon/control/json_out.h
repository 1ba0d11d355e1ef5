/* The farm's views as JSON, with the member names of the API.  Every function returns a new
 * reference, or NULL without memory. */
#ifndef CONTROL_JSON_OUT_H
#define CONTROL_JSON_OUT_H

#include <jansson.h>

#include "daemon/control/farm.h"

struct ledger_status;

/* A page of a flight recorder: "items" (rows), "next" to ask for what comes behind it, "more". */
json_t *json_out_recording(const struct wire_recording *page);
/* Text of any bytes: what is not UTF-8 is replaced. */
json_t *json_out_text(const char *text);
/* NAME_at (ISO 8601 with the zone's offset) and NAME_s; null for 0. */
void json_out_time(json_t *object, const char *name, int64_t time_s);
void json_out_iso8601(int64_t time_s, char *text, size_t size);
/* {"items": items}; takes the reference. */
json_t *json_out_items(json_t *items);
json_t *json_out_error(const char *code, const char *message, json_t *details);

json_t *json_out_file(const struct file_record *file);
/* json_revisions.c: with all revisions of its name. */
json_t *json_out_design_revisions(const struct farm *farm, const struct farm_design_view *design);
json_t *json_out_profile(const struct profile *profile); /* json_out_profile.c */
json_t *json_out_design(const struct farm_design_view *design);
/* With what has been made of it, order by order. */
json_t *json_out_design_made(const struct farm *farm, const struct farm_design_view *design);
json_t *json_out_order(const struct farm *farm, const struct farm_order_view *order);
json_t *json_out_job(const struct farm_job_view *job);
/* plate: what it prints, NULL when unknown */
json_t *json_out_attempt(const struct attempt_record *attempt, const struct farm_plate_view *plate);
json_t *json_out_printer(const struct farm_printer_view *printer);
json_t *json_out_quota(const struct farm_quota_view *quota);
json_t *json_out_spool(const struct spool_record *spool, const char *printer);
json_t *json_out_event(const struct event_record *event);
json_t *json_out_progress(const struct farm_printer_view *printer);
json_t *json_out_planned(const struct farm_plan_view *planned);
json_t *json_out_match(const struct farm_why_view *why);
json_t *json_out_quote(const struct farm_quote *quote);

#endif
