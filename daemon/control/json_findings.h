/* What the farm found out, as JSON with the member names of the API. */
#ifndef CONTROL_JSON_FINDINGS_H
#define CONTROL_JSON_FINDINGS_H

#include <jansson.h>

#include "daemon/control/farm_questions.h"

/* NULL: it found nothing. */
json_t *json_finding(const struct farm_finding *finding);

#endif
