/* A motion planner: a ring of blocks with look-ahead, each taking the time that its distance, feed
 * rate and acceleration ask for.
 *
 * Blocks run from rest to rest; the speed at each corner comes from junction deviation, as in grbl
 * and Marlin.  A block under way keeps the exit speed it was started with, so a planner that runs
 * dry brakes to rest, and the time this costs is real. */
#ifndef SIM_MOTION_H
#define SIM_MOTION_H

#include "sim/printer.h"

enum { MOTION_AXES = 4 }; /* X Y Z E */

struct motion_block {
	double unit[MOTION_AXES];
	double from_mm[MOTION_AXES], to_mm[MOTION_AXES];
	double distance_mm;
	double speed_mm_s; /* nominal */
	double acceleration_mm_s2;
	double entry_mm_s, entry_max_mm_s;
	double power; /* of a laser or spindle along this block, 0 to 1 */
};

struct motion {
	struct motion_block block[SIM_BLOCKS_MAX];
	uint32_t head, count;
	uint32_t usable;
	bool running;			 /* the head block is under way */
	int64_t start_us;		 /* of the head block: started or to be started */
	int64_t end_us;			 /* of the head block when running */
	int64_t empty_us;		 /* since when there is nothing to do */
	double position_mm[MOTION_AXES]; /* at rest: where the last block ended */
	int64_t first_delay_us;		 /* an empty planner waits so long for more blocks */
	bool held;			 /* a feed hold: brakes, then stands until released */
	int64_t rest_us;		 /* held: when it stands */
	int64_t hold_us;		 /* held: since */
	double hold_from_mm[MOTION_AXES];
	double hold_power;
};

struct motion_move {
	double to_mm[MOTION_AXES];
	double length_mm; /* along an arc; 0: straight */
	double feed_mm_s;
	double acceleration_mm_s2;
	double power; /* 0 to 1 */
};

void motion_init(struct motion *planner, int32_t blocks, int64_t now_us);

/* Advances to now: blocks end, the next ones start. */
void motion_advance(struct motion *planner, int64_t now_us);

bool motion_is_full(const struct motion *planner);
bool motion_is_empty(const struct motion *planner);

/* Blocks that can still be added. */
uint32_t motion_free(const struct motion *planner);

/* Adds a move from the end of the last one (or from `position_mm`); there is room.  A move of no
 * length adds nothing and returns false. */
bool motion_add(struct motion *planner, const struct motion_move *move, int64_t now_us);

/* When the block under way (or the first one) ends; SIM_NEVER: there is none. */
int64_t motion_next_us(const struct motion *planner);

/* Where the machine is at now. */
void motion_position(const struct motion *planner, int64_t now_us, double position_mm[MOTION_AXES]);

/* Drops all blocks where they are; position_mm is where the machine stopped. */
void motion_stop(struct motion *planner, int64_t now_us);

/* Feed hold: brakes along the block under way and keeps what is left of it and behind it.  The
 * braking way is that of the block's mean speed. */
void motion_hold(struct motion *planner, int64_t now_us);

/* Goes on from a hold, not before it stands. */
void motion_release(struct motion *planner, int64_t now_us);

/* Power along the block under way, and its mean speed; 0 at rest. */
double motion_power(const struct motion *planner, int64_t now_us);
double motion_speed(const struct motion *planner, int64_t now_us);

/* Moves all times by `shift_us`: the machine stood still meanwhile. */
void motion_shift(struct motion *planner, int64_t shift_us);

#endif
