/* What a machine can do: the limits that files are checked against and plates are matched with.
 * Filled from the configuration (control), from a profile file (printfarm check) or by tests. */
#ifndef GCODE_PROFILE_H
#define GCODE_PROFILE_H

#include <stddef.h>

enum {
	PROFILE_NAME_MAX = 64,	  /* bytes with the NUL */
	PROFILE_MACHINES_MAX = 8, /* slicer machine names a profile answers to */
	PROFILE_MACHINE_NAME_MAX = 64,
	PROFILE_RULES_MAX = 16, /* rules of policy.h that a profile judges otherwise */
	PROFILE_RULE_MAX = 48,
	PROFILE_TOOLS_ANY = 16, /* more than any machine has */
};

enum profile_shape {
	PROFILE_BOX,   /* min and max are corners */
	PROFILE_ROUND, /* delta: a cylinder, centre at 0, 0; radius is max[0], height min[2] to
			  max[2] */
};

/* What the machine's firmware reads; only what changes the rules. */
enum profile_firmware {
	PROFILE_FIRMWARE_UNSAID,
	PROFILE_FIRMWARE_MARLIN, /* and everything else that knows no macros */
	PROFILE_FIRMWARE_KLIPPER,
	PROFILE_FIRMWARE_REPRAP, /* RepRapFirmware: T-1, no macros */
	PROFILE_FIRMWARE_GRBL,	 /* grbl, grblHAL, FluidNC: programs of lasers and mills */
};

/* As the key `firmware` has it. */
const char *profile_firmware_name(enum profile_firmware firmware);

struct profile {
	char name[PROFILE_NAME_MAX];
	enum profile_shape shape;
	double volume_min_mm[3]; /* not always 0: purge lines of a MK3S start at Y -3 */
	double volume_max_mm[3];
	double nozzle_mm;
	double hotend_max_celsius;
	double bed_max_celsius;
	/* How fast they warm at room temperature (optional keys); 0: as common machines do. */
	double hotend_celsius_s, bed_celsius_s;
	/* What takes time beside the moves (optional keys); 0: as common machines do. */
	double home_s, level_s, tool_change_s;
	enum profile_firmware firmware; /* key `firmware`, optional */
	int tool_count;			/* key `tools`, optional; 0 means 1 */
	/* What its serial buffer holds, key `receive_bytes`, optional; 0: as its firmware's usually
	 * does.  More than that is never under way. */
	int receive_bytes;
	/* Names that slicers give this machine (PrusaSlicer's printer_model and the like); a file
	 * that names a machine not listed here is not for this profile.  None listed: any file may
	 * try. */
	size_t machine_count;
	char machine[PROFILE_MACHINES_MAX][PROFILE_MACHINE_NAME_MAX];
	/* "servo=ok": see policy_severity; each is right by policy_rule_problem. */
	size_t rule_count;
	char rule[PROFILE_RULES_MAX][PROFILE_RULE_MAX];
};

#endif
