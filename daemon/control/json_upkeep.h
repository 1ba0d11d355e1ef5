/* What a printer's past says, and how long beds wait, as JSON. */
#ifndef CONTROL_JSON_UPKEEP_H
#define CONTROL_JSON_UPKEEP_H

#include "daemon/control/farm.h"

#include <jansson.h>

/* Adds print_h, learnt, maintenance and what the configuration says of noise and power. */
void json_out_upkeep(json_t *printer, const struct farm_printer_view *view);

/* { waits, mean_s, expected_s: [ seven days of 24 ], waits_by_hour: likewise } */
json_t *json_out_clearing(const struct farm *farm);

/* { budget_w, used_w }; null without a budget. */
json_t *json_out_power(const struct farm *farm);

#endif
