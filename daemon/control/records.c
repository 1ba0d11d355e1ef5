/* The names of stored states: what people, JSON and scripts read. */
#include "daemon/control/records.h"

const char *job_state_name(enum job_state state)
{
	switch (state) {
	case JOB_HELD:
		return "held";
	case JOB_QUEUED:
		return "queued";
	case JOB_ASSIGNED:
		return "assigned";
	case JOB_PRINTING:
		return "printing";
	case JOB_PAUSED:
		return "paused";
	case JOB_PRINTED:
		return "printed";
	case JOB_INSPECTED:
		return "inspected";
	case JOB_FAILED:
		return "failed";
	case JOB_NEEDS_LOOK:
		return "needs_look";
	case JOB_CANCELLED:
		return "cancelled";
	}
	return "unknown";
}

const char *attempt_state_name(enum attempt_state state)
{
	switch (state) {
	case ATTEMPT_STARTED:
		return "started";
	case ATTEMPT_PRINTED:
		return "printed";
	case ATTEMPT_FAILED:
		return "failed";
	case ATTEMPT_CANCELLED:
		return "cancelled";
	case ATTEMPT_SUSPECT:
		return "suspect";
	}
	return "unknown";
}

const char *bed_state_name(enum bed_state state)
{
	switch (state) {
	case BED_UNKNOWN:
		return "unknown";
	case BED_EMPTY:
		return "empty";
	case BED_OCCUPIED:
		return "occupied";
	}
	return "unknown";
}

const char *order_state_name(enum order_state state)
{
	switch (state) {
	case ORDER_OPEN:
		return "open";
	case ORDER_HELD:
		return "held";
	case ORDER_DONE:
		return "done";
	case ORDER_CANCELLED:
		return "cancelled";
	}
	return "unknown";
}
