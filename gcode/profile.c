/* What a machine can do; see profile.h. */
#include "gcode/profile.h"

const char *profile_firmware_name(enum profile_firmware firmware)
{
	switch (firmware) {
	case PROFILE_FIRMWARE_UNSAID:
		return "any";
	case PROFILE_FIRMWARE_MARLIN:
		return "marlin";
	case PROFILE_FIRMWARE_KLIPPER:
		return "klipper";
	case PROFILE_FIRMWARE_REPRAP:
		return "reprapfirmware";
	case PROFILE_FIRMWARE_GRBL:
		return "grbl";
	}
	return "any";
}
