/* The transition tables; see lives.h for the drawing and for what holds in each state. */
#include "daemon/control/lives.h"

#include <stddef.h> /* size_t */

struct step {
	int from, event, to;
};

#define STEPS(table) (table), sizeof(table) / sizeof *(table)

static const struct step job_steps[] = {
	{ JOB_HELD, JOB_ON_RELEASE, JOB_QUEUED },
	{ JOB_HELD, JOB_ON_CANCEL, JOB_CANCELLED },

	{ JOB_QUEUED, JOB_ON_HOLD, JOB_HELD },
	{ JOB_QUEUED, JOB_ON_ASSIGN, JOB_ASSIGNED },
	{ JOB_QUEUED, JOB_ON_CANCEL, JOB_CANCELLED },

	{ JOB_ASSIGNED, JOB_ON_RETURN, JOB_QUEUED },
	{ JOB_ASSIGNED, JOB_ON_START, JOB_PRINTING },
	{ JOB_ASSIGNED, JOB_ON_PRINTED, JOB_PRINTED },
	{ JOB_ASSIGNED, JOB_ON_AGAIN, JOB_QUEUED },
	{ JOB_ASSIGNED, JOB_ON_FAILED, JOB_FAILED },
	{ JOB_ASSIGNED, JOB_ON_SUSPECT, JOB_NEEDS_LOOK },
	{ JOB_ASSIGNED, JOB_ON_CANCEL, JOB_CANCELLED },

	{ JOB_PRINTING, JOB_ON_PAUSE, JOB_PAUSED },
	{ JOB_PRINTING, JOB_ON_PRINTED, JOB_PRINTED },
	{ JOB_PRINTING, JOB_ON_AGAIN, JOB_QUEUED },
	{ JOB_PRINTING, JOB_ON_FAILED, JOB_FAILED },
	{ JOB_PRINTING, JOB_ON_SUSPECT, JOB_NEEDS_LOOK },
	{ JOB_PRINTING, JOB_ON_CANCEL, JOB_CANCELLED },

	{ JOB_PAUSED, JOB_ON_RESUME, JOB_PRINTING },
	{ JOB_PAUSED, JOB_ON_PRINTED, JOB_PRINTED },
	{ JOB_PAUSED, JOB_ON_AGAIN, JOB_QUEUED },
	{ JOB_PAUSED, JOB_ON_FAILED, JOB_FAILED },
	{ JOB_PAUSED, JOB_ON_SUSPECT, JOB_NEEDS_LOOK },
	{ JOB_PAUSED, JOB_ON_CANCEL, JOB_CANCELLED },

	{ JOB_PRINTED, JOB_ON_INSPECTED, JOB_INSPECTED },

	{ JOB_FAILED, JOB_ON_RETRY, JOB_QUEUED },
	{ JOB_FAILED, JOB_ON_CANCEL, JOB_CANCELLED },

	{ JOB_NEEDS_LOOK, JOB_ON_PRINTED, JOB_PRINTED },
	{ JOB_NEEDS_LOOK, JOB_ON_REDO, JOB_QUEUED },
	{ JOB_NEEDS_LOOK, JOB_ON_CANCEL, JOB_CANCELLED },
};

static const struct step attempt_steps[] = {
	{ ATTEMPT_STARTED, ATTEMPT_ON_PRINTED, ATTEMPT_PRINTED },
	{ ATTEMPT_STARTED, ATTEMPT_ON_FAILED, ATTEMPT_FAILED },
	{ ATTEMPT_STARTED, ATTEMPT_ON_CANCELLED, ATTEMPT_CANCELLED },
	{ ATTEMPT_STARTED, ATTEMPT_ON_LOST, ATTEMPT_SUSPECT },
};

/* A start needs an empty bed; a clear is safe to repeat; doubt is always possible. */
static const struct step bed_steps[] = {
	{ BED_EMPTY, BED_ON_START, BED_OCCUPIED },
	{ BED_UNKNOWN, BED_ON_CLEAR, BED_EMPTY },
	{ BED_EMPTY, BED_ON_CLEAR, BED_EMPTY },
	{ BED_OCCUPIED, BED_ON_CLEAR, BED_EMPTY },
	{ BED_UNKNOWN, BED_ON_DOUBT, BED_UNKNOWN },
	{ BED_EMPTY, BED_ON_DOUBT, BED_UNKNOWN },
	{ BED_OCCUPIED, BED_ON_DOUBT, BED_UNKNOWN },
};

/* The first fault's words stay until a person has read them. */
static const struct step lock_steps[] = {
	{ LOCK_NONE, LOCK_ON_FAULT, LOCK_FAULT },
	{ LOCK_FAULT, LOCK_ON_FAULT, LOCK_FAULT },
	{ LOCK_NONE, LOCK_ON_UNLOCK, LOCK_NONE },
	{ LOCK_FAULT, LOCK_ON_UNLOCK, LOCK_NONE },
};

static const struct step *find_event(const struct step *steps, size_t count, int from, int event)
{
	for (size_t i = 0; i < count; i++)
		if (steps[i].from == from && steps[i].event == event)
			return &steps[i];
	return NULL;
}

static bool leads_to(const struct step *steps, size_t count, int from, int to)
{
	for (size_t i = 0; i < count; i++)
		if (steps[i].from == from && steps[i].to == to)
			return true;
	return false;
}

static bool leads_anywhere(const struct step *steps, size_t count, int from)
{
	for (size_t i = 0; i < count; i++)
		if (steps[i].from == from)
			return true;
	return false;
}

bool job_next(enum job_state from, enum job_event event, enum job_state *to)
{
	const struct step *step = find_event(STEPS(job_steps), (int)from, (int)event);

	if (step)
		*to = (enum job_state)step->to;
	return step != NULL;
}

bool attempt_next(enum attempt_state from, enum attempt_event event, enum attempt_state *to)
{
	const struct step *step = find_event(STEPS(attempt_steps), (int)from, (int)event);

	if (step)
		*to = (enum attempt_state)step->to;
	return step != NULL;
}

bool bed_next(enum bed_state from, enum bed_event event, enum bed_state *to)
{
	const struct step *step = find_event(STEPS(bed_steps), (int)from, (int)event);

	if (step)
		*to = (enum bed_state)step->to;
	return step != NULL;
}

bool lock_next(enum lock_state from, enum lock_event event, enum lock_state *to)
{
	const struct step *step = find_event(STEPS(lock_steps), (int)from, (int)event);

	if (step)
		*to = (enum lock_state)step->to;
	return step != NULL;
}

bool job_may(enum job_state from, enum job_state to)
{
	return leads_to(STEPS(job_steps), (int)from, (int)to);
}

bool attempt_may(enum attempt_state from, enum attempt_state to)
{
	return leads_to(STEPS(attempt_steps), (int)from, (int)to);
}

bool bed_may(enum bed_state from, enum bed_state to)
{
	return leads_to(STEPS(bed_steps), (int)from, (int)to);
}

bool job_is_final(enum job_state state)
{
	return !leads_anywhere(STEPS(job_steps), (int)state);
}

bool job_is_under_way(enum job_state state)
{
	return state == JOB_ASSIGNED || state == JOB_PRINTING || state == JOB_PAUSED;
}

bool attempt_is_final(enum attempt_state state)
{
	return !leads_anywhere(STEPS(attempt_steps), (int)state);
}

const char *job_event_name(enum job_event event)
{
	static const char *const names[JOB_EVENT_COUNT] = {
		[JOB_ON_HOLD] = "hold",
		[JOB_ON_RELEASE] = "release",
		[JOB_ON_ASSIGN] = "assign",
		[JOB_ON_RETURN] = "return",
		[JOB_ON_START] = "start",
		[JOB_ON_PAUSE] = "pause",
		[JOB_ON_RESUME] = "resume",
		[JOB_ON_PRINTED] = "printed",
		[JOB_ON_INSPECTED] = "inspected",
		[JOB_ON_AGAIN] = "again",
		[JOB_ON_FAILED] = "failed",
		[JOB_ON_SUSPECT] = "suspect",
		[JOB_ON_RETRY] = "retry",
		[JOB_ON_REDO] = "redo",
		[JOB_ON_CANCEL] = "cancel",
	};

	return (unsigned)event < JOB_EVENT_COUNT ? names[event] : "unknown";
}
