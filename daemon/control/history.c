/* What the farm learns from its past; see history.h. */
#include "daemon/control/history.h"

#include "daemon/control/farm.h"
#include "daemon/control/ledger.h"
#include "scheduler/clearing.h"

static void load_ended(void *context, const struct attempt_record *record)
{
	farm_load_ended(context, record);
}

static void load_clearing(void *context, const struct clearing_record *record)
{
	farm_load_clearing(context, record);
}

static void load_maintenance(void *context, const struct maintenance_record *record)
{
	farm_load_maintenance(context, record);
}

int history_load(struct ledger *ledger, struct farm *farm)
{
	int result = ledger_each_ended_attempt(ledger, load_ended, farm);

	if (!result)
		result = ledger_each_clearing(ledger, CLEARING_KEPT, load_clearing, farm);
	if (!result)
		result = ledger_each_maintenance(ledger, load_maintenance, farm);
	return result;
}
