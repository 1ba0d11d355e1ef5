/* Promises as JSON, with the member names of the API. */
#ifndef CONTROL_JSON_PROMISES_H
#define CONTROL_JSON_PROMISES_H

#include <jansson.h>

#include "daemon/control/farm.h"

/* What was promised for an order, oldest first. */
json_t *json_promises(const struct farm *farm, int64_t order);
/* How promises were kept. */
json_t *json_promises_kept(const struct farm *farm);

#endif
