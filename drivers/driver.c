/* Names, and the table of dialects; see driver.h. */
#include "drivers/driver.h"

#include "drivers/grbl.h"
#include "drivers/klipper.h"
#include "drivers/marlin.h"
#include "drivers/pipe.h"
#include "drivers/rrf.h"
#include "drivers/prusa.h"
#include "drivers/repetier.h"
#include "drivers/smoothie.h"

#include <string.h> /* strcmp */

const char *driver_state_name(enum driver_state state)
{
	switch (state) {
	case DRIVER_CLOSED:
		return "closed";
	case DRIVER_OPENING:
		return "opening";
	case DRIVER_IDENTIFYING:
		return "identifying";
	case DRIVER_SYNCING:
		return "syncing";
	case DRIVER_READY:
		return "ready";
	case DRIVER_STREAMING:
		return "streaming";
	case DRIVER_RESYNCING:
		return "resyncing";
	case DRIVER_BARRIER:
		return "barrier";
	case DRIVER_REPLAYING:
		return "replaying";
	case DRIVER_PROBING:
		return "probing";
	case DRIVER_DRAINING:
		return "draining";
	case DRIVER_PAUSED:
		return "paused";
	case DRIVER_FAULT:
		return "fault";
	}
	return "unknown";
}

const char *driver_link_name(enum driver_link link)
{
	switch (link) {
	case DRIVER_LINK_UART:
		return "UART";
	case DRIVER_LINK_CDC:
		return "USB CDC";
	case DRIVER_LINK_SOCKET:
		return "socket";
	}
	return "unknown";
}

const char *driver_fault_name(enum driver_fault fault)
{
	switch (fault) {
	case DRIVER_FAULT_NONE:
		return "none";
	case DRIVER_FAULT_NO_ANSWER:
		return "no answer";
	case DRIVER_FAULT_SILENT:
		return "silent";
	case DRIVER_FAULT_RESET:
		return "reset";
	case DRIVER_FAULT_THERMAL:
		return "thermal";
	case DRIVER_FAULT_KILLED:
		return "killed";
	case DRIVER_FAULT_RESENDS:
		return "resends";
	case DRIVER_FAULT_SURPLUS_OK:
		return "surplus ok";
	case DRIVER_FAULT_PROTOCOL:
		return "protocol";
	case DRIVER_FAULT_STOPPED:
		return "stopped";
	case DRIVER_FAULT_ESTOP:
		return "emergency stop";
	case DRIVER_FAULT_COMMAND:
		return "command";
	case DRIVER_FAULT_DIALECT:
		return "dialect";
	}
	return "unknown";
}

void driver_effects_clear(struct driver_effects *effects)
{
	effects->count = 0;
	effects->byte_count = 0;
}

const struct driver_dialect *driver_dialect_find(const char *name)
{
	if (strcmp(name, "auto") == 0)
		return &driver_dialects[0];
	for (const struct driver_dialect *dialect = driver_dialects; dialect->name; dialect++) {
		if (strcmp(dialect->name, name) == 0)
			return dialect;
	}
	return NULL;
}

/* A family of drivers/marlin_variant.h: one sender, its own rows. */
#define NUMBERED_DIALECT(dialect, creator)                                                         \
	{                                                                                          \
		.name = dialect, .command_bytes = DRIVER_SHORT_MAX, .create = creator,             \
		.destroy = marlin_destroy, .link = marlin_link, .opened = marlin_opened,           \
		.closed = marlin_closed, .receive = marlin_receive, .wake = marlin_wake,           \
		.job_start = marlin_job_start, .wants_command = marlin_wants_command,              \
		.command = marlin_command, .job_end = marlin_job_end, .pause = marlin_pause,       \
		.resume = marlin_resume, .cancel = marlin_cancel, .manual = marlin_manual,         \
		.cool = marlin_cool, .estop = marlin_estop, .state = marlin_state,                 \
		.identity = marlin_identity, .heaters = marlin_heaters,                            \
		.counters = marlin_counters, .adopter = &marlin_adopter,                           \
		.may_be_silent = marlin_may_be_silent, .waits_at_panel = marlin_waits_at_panel,    \
		.unlocked = marlin_unlocked                                                        \
	}

/* One driver; what differs between the firmwares is learnt from them unless it is said. */
#define GRBL_DIALECT(dialect, creator)                                                             \
	{                                                                                          \
		.name = dialect, .command_bytes = DRIVER_SHORT_MAX, .programs = true,              \
		.create = creator, .destroy = grbl_destroy, .opened = grbl_opened,                 \
		.closed = grbl_closed, .receive = grbl_receive, .wake = grbl_wake,                 \
		.job_start = grbl_job_start, .wants_command = grbl_wants_command,                  \
		.command = grbl_command, .job_end = grbl_job_end, .pause = grbl_pause,             \
		.resume = grbl_resume, .cancel = grbl_cancel, .manual = grbl_manual,               \
		.cool = grbl_cool, .estop = grbl_estop, .state = grbl_state,                       \
		.identity = grbl_identity, .heaters = grbl_heaters, .counters = grbl_counters,     \
		.unlocked = grbl_unlocked                                                          \
	}

/* A dialect of drivers/pipe.h: no line numbers, one sender. */
#define PIPE_DIALECT(dialect, creator)                                                             \
	.name = dialect, .command_bytes = DRIVER_COMMAND_MAX, .create = creator,                   \
	.destroy = pipe_destroy, .link = pipe_link, .opened = pipe_opened, .closed = pipe_closed,  \
	.receive = pipe_receive, .wake = pipe_wake, .job_start = pipe_job_start,                   \
	.wants_command = pipe_wants_command, .command = pipe_command, .job_end = pipe_job_end,     \
	.pause = pipe_pause, .resume = pipe_resume, .cancel = pipe_cancel, .manual = pipe_manual,  \
	.cool = pipe_cool, .estop = pipe_estop, .state = pipe_state, .identity = pipe_identity,    \
	.heaters = pipe_heaters, .counters = pipe_counters, .may_be_silent = pipe_may_be_silent

const struct driver_dialect driver_dialects[] = {
	NUMBERED_DIALECT("marlin", marlin_create),
	NUMBERED_DIALECT("prusa-mk3", prusa_mk3_create),
	NUMBERED_DIALECT("prusa-buddy", prusa_buddy_create),
	NUMBERED_DIALECT("repetier", repetier_create),
	NUMBERED_DIALECT("smoothie", smoothie_create),
	GRBL_DIALECT("grbl", grbl_create),
	GRBL_DIALECT("grblhal", grblhal_create),
	GRBL_DIALECT("fluidnc", fluidnc_create),
	/* v0.13: BUFFER_TIME_HIGH, 1 s, and the look-ahead: 0.9 to 1.5 s. */
	{ PIPE_DIALECT("klipper", klipper_create), .planned_us = 1500000,
		.unlocked = klipper_unlocked, .side = &klipper_side },
	{ PIPE_DIALECT("rrf", rrf_create), .stop_waits = true, .unlocked = rrf_unlocked },
	{ .name = NULL },
};
