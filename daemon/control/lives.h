/* The lives of a job, an attempt and a printer's bed and lock: which step may follow which, and
 * why.  Pure tables; farm asks before it changes a record, tests walk them exhaustively.
 *
 *  job   held <-> queued <-> assigned -> printing <-> paused -> printed -> inspected
 *                   ^           '------------+-----------+
 *                   |                        |
 *                   +-- again ---------------+-> failed       retries used up; a person may retry
 *                   +-- redo ----------------+-> needs look   a person decides: printed, redo,
 * cancel held, queued, assigned, printing, paused, failed, needs look -> cancelled
 *
 * Control may have been dead while the printer went on, so an end may be reported of a job that
 * the ledger still has as assigned or paused: what ends a printing job ends these too.
 *
 * What may be relied on, state by state:
 *
 *  held        no attempt is open; the plan passes it by.
 *  queued      no attempt is open; no plastic of it lies anywhere; the plan decides plate and
 *              printer; only here (and in held) may a job be dropped, if it was never tried.
 *  assigned    plate and printer are fixed.  A start is announced or its attempt is committed
 *              (invariant 2: intent is durable before matter: no G-code byte leaves before the
 *              attempt is committed); whether the printer has seen a byte is not known here.
 *  printing    its one open attempt was accepted by the streamer (invariant 1: at most one attempt
 *              is active on a printer, and each ends in exactly one terminal state).
 *  paused      as printing; the printer stands still, nozzle at standby.
 *  printed     its attempt ended printed; `yield` parts lie on that printer's bed until somebody
 *              counts them; none of them is counted yet (invariant 3: nothing acknowledged is lost,
 *              nothing produced is counted twice, good units never exceed what was printed).
 *  inspected   good + scrap = yield, counted once and for ever.  Final.
 *  failed      no attempt is open, no good part came of it.
 *  needs look  its last attempt is suspect: plastic may be on a bed (invariant 5: unknown is a
 *              state).  Never queued again but by a person.
 *  cancelled   wanted no more.  Final.  If it ever ran, the bed was left unknown.
 *
 * Of an attempt: started is the only state that is not final; suspect is final for the attempt,
 * the person's decision is the job's.  Of a printer (invariant 5): a bed is empty only by a named
 * act, a lock goes only by a person; neither follows the cable, a restart or the printer's power.
 */
#ifndef CONTROL_LIVES_H
#define CONTROL_LIVES_H

#include "daemon/control/records.h"

#include <stdbool.h>

enum {
	JOB_STATE_COUNT = JOB_CANCELLED + 1,
	ATTEMPT_STATE_COUNT = ATTEMPT_SUSPECT + 1,
	BED_STATE_COUNT = BED_OCCUPIED + 1,
	LOCK_STATE_COUNT = 2,
};

enum job_event {
	JOB_ON_HOLD,	/* a person: do not start */
	JOB_ON_RELEASE, /* a person: may start */
	JOB_ON_ASSIGN,	/* the plan chose plate and printer */
	JOB_ON_RETURN,	/* nothing was sent: back to the plan */
	JOB_ON_START,	/* the streamer accepted the attempt */
	JOB_ON_PAUSE,
	JOB_ON_RESUME,
	JOB_ON_PRINTED,	  /* its attempt ended printed, or a person says so of a suspect one */
	JOB_ON_INSPECTED, /* counted */
	JOB_ON_AGAIN,	  /* its attempt failed, a retry is left */
	JOB_ON_FAILED,	  /* its attempt failed, no retry is left */
	JOB_ON_SUSPECT,	  /* nobody knows how its attempt ended */
	JOB_ON_RETRY,	  /* a person: once more, though it failed */
	JOB_ON_REDO,	  /* a person looked: it is not there, print it again */
	JOB_ON_CANCEL,
	JOB_EVENT_COUNT,
};

enum attempt_event {
	ATTEMPT_ON_PRINTED, /* every command executed, heaters off */
	ATTEMPT_ON_FAILED,  /* a stated fault */
	ATTEMPT_ON_CANCELLED,
	ATTEMPT_ON_LOST, /* streamer crashed, cable gone: nobody knows */
	ATTEMPT_EVENT_COUNT,
};

enum bed_event {
	BED_ON_START, /* an attempt is committed: from here on something may lie there */
	BED_ON_CLEAR, /* a named act: operator, sensor, eject script */
	BED_ON_DOUBT, /* first seen, print by hand, abnormal end */
	BED_EVENT_COUNT,
};

enum lock_state { LOCK_NONE, LOCK_FAULT };

enum lock_event {
	LOCK_ON_FAULT,
	LOCK_ON_UNLOCK, /* a person has dealt with it */
	LOCK_EVENT_COUNT,
};

/* false: the event means nothing in that state; *to is untouched. */
bool job_next(enum job_state from, enum job_event event, enum job_state *to);
bool attempt_next(enum attempt_state from, enum attempt_event event, enum attempt_state *to);
bool bed_next(enum bed_state from, enum bed_event event, enum bed_state *to);
bool lock_next(enum lock_state from, enum lock_event event, enum lock_state *to);

/* Is there one event that leads from one to the other? */
bool job_may(enum job_state from, enum job_state to);
bool attempt_may(enum attempt_state from, enum attempt_state to);
bool bed_may(enum bed_state from, enum bed_state to);

bool job_is_final(enum job_state state);
/* Has an attempt that may be under way: assigned, printing, paused. */
bool job_is_under_way(enum job_state state);
bool attempt_is_final(enum attempt_state state);

const char *job_event_name(enum job_event event); /* "hold", ..., for logs and messages */

#endif
