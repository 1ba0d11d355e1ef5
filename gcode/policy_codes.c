/* Which commands there are, and what is to say about them whatever their arguments. */
#include <stddef.h>

#include "gcode/policy_internal.h"

struct policy_code {
	int16_t first, last;
	enum policy_id id; /* POLICY_COUNT: known, nothing to say */
};
#define KNOWN POLICY_COUNT

/* Marlin 2, Prusa, RepRapFirmware, Repetier, Smoothieware, grbl; sorted. */
static const struct policy_code m_codes[] = {
	{ 0, 1, POLICY_NEEDS_PERSON },
	{ 2, 2, KNOWN },
	{ 3, 4, POLICY_SPINDLE },
	{ 5, 22, KNOWN },
	{ 23, 24, POLICY_CARD },
	{ 25, 25, POLICY_NEEDS_PERSON },
	{ 26, 26, POLICY_CARD },
	{ 27, 27, KNOWN },
	{ 28, 30, POLICY_CARD },
	{ 31, 31, KNOWN },
	{ 32, 32, POLICY_CARD },
	{ 33, 39, KNOWN },
	{ 42, 43, POLICY_PIN },
	{ 44, 79, KNOWN },
	{ 80, 80, POLICY_POWER_ON },
	{ 81, 81, POLICY_POWER_OFF },
	{ 82, 91, KNOWN },
	{ 92, 92, POLICY_MACHINE_SETTING },
	{ 93, 97, KNOWN },
	{ 98, 107, KNOWN },
	{ 108, 108, POLICY_HOST_ONLY },
	{ 109, 109, KNOWN },
	{ 110, 110, POLICY_LINE_NUMBER_COMMAND },
	{ 111, 111, POLICY_DEBUG },
	{ 112, 112, POLICY_EMERGENCY },
	{ 113, 142, KNOWN },
	{ 143, 143, POLICY_PID },
	{ 144, 190, KNOWN },
	{ 191, 191, POLICY_LONG_WAIT },
	{ 192, 205, KNOWN },
	{ 206, 206, POLICY_MACHINE_SETTING },
	{ 207, 223, KNOWN },
	{ 226, 226, POLICY_NEEDS_PERSON },
	{ 227, 271, KNOWN },
	{ 280, 282, POLICY_SERVO },
	{ 283, 291, KNOWN },
	{ 292, 292, POLICY_HOST_ONLY },
	{ 300, 300, KNOWN },
	{ 301, 301, POLICY_PID },
	{ 302, 302, KNOWN },
	{ 303, 303, POLICY_AUTOTUNE },
	{ 304, 309, POLICY_PID },
	{ 310, 349, KNOWN },
	{ 350, 351, POLICY_MACHINE_SETTING },
	{ 352, 409, KNOWN },
	{ 410, 410, POLICY_HOST_ONLY },
	{ 411, 427, KNOWN },
	{ 428, 428, POLICY_MACHINE_SETTING },
	{ 429, 469, KNOWN },
	{ 470, 472, POLICY_FILES },
	{ 473, 499, KNOWN },
	{ 500, 504, POLICY_EEPROM },
	{ 505, 505, POLICY_FILES },
	{ 510, 512, POLICY_HOST_ONLY }, /* lock and passcode */
	{ 524, 524, POLICY_HOST_ONLY },
	{ 531, 532, KNOWN },
	{ 540, 540, POLICY_MACHINE_SETTING },
	{ 550, 554, POLICY_NETWORK },
	{ 555, 558, KNOWN },
	{ 559, 560, POLICY_FILES },
	{ 561, 561, KNOWN },
	{ 562, 562, POLICY_HEATER_FAULT },
	{ 563, 573, KNOWN },
	{ 574, 574, POLICY_MACHINE_SETTING },
	{ 575, 575, POLICY_BAUD },
	{ 576, 580, KNOWN },
	{ 581, 582, POLICY_FILES }, /* triggers that run system files */
	{ 583, 585, KNOWN },
	{ 586, 589, POLICY_NETWORK },
	{ 590, 599, KNOWN },
	{ 600, 601, POLICY_NEEDS_PERSON },
	{ 602, 602, KNOWN },
	{ 603, 603, KNOWN },
	{ 604, 664, KNOWN },
	{ 665, 669, POLICY_MACHINE_SETTING }, /* geometry of deltas and arms */
	{ 670, 709, KNOWN },
	{ 710, 751, KNOWN },
	{ 808, 808, KNOWN },
	{ 810, 820, POLICY_STORED_MACRO },
	{ 850, 850, KNOWN },
	{ 851, 852, POLICY_MACHINE_SETTING },
	{ 860, 875, KNOWN },
	{ 876, 876, POLICY_HOST_ONLY },
	{ 900, 905, KNOWN },
	{ 906, 910, POLICY_MACHINE_SETTING },
	{ 911, 927, KNOWN },
	{ 928, 929, POLICY_CARD },
	{ 930, 949, KNOWN },
	{ 950, 950, POLICY_PIN },
	{ 951, 954, KNOWN },
	{ 993, 996, POLICY_CARD },
	{ 997, 997, POLICY_FIRMWARE_UPDATE },
	{ 998, 998, KNOWN },
	{ 999, 999, POLICY_RESTART },
};
static const struct policy_code g_codes[] = {
	{ 0, 12, KNOWN },
	{ 17, 19, KNOWN },
	{ 20, 20, POLICY_INCHES },
	{ 21, 22, KNOWN },
	{ 26, 38, KNOWN },
	{ 40, 43, KNOWN },
	{ 49, 50, KNOWN },
	{ 53, 59, POLICY_COORDINATES },
	{ 60, 61, KNOWN },
	{ 64, 64, KNOWN },
	{ 68, 69, POLICY_COORDINATES },
	{ 73, 92, KNOWN },
	{ 93, 93, POLICY_COORDINATES }, /* inverse time: F means something else */
	{ 94, 94, KNOWN },
	{ 161, 162, KNOWN },
	{ 425, 425, KNOWN },
};

/* POLICY_UNKNOWN_COMMAND when no row has it. */
static enum policy_id find_code(const struct policy_code *codes, size_t count, int32_t code)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (codes[middle].last < code)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < count && codes[low].first <= code)
		return codes[low].id;
	return POLICY_UNKNOWN_COMMAND;
}

enum policy_id policy_find_code(char letter, int32_t code)
{
	switch (letter) {
	case 'M':
		return find_code(m_codes, sizeof m_codes / sizeof *m_codes, code);
	case 'G':
		return find_code(g_codes, sizeof g_codes / sizeof *g_codes, code);
	default:
		return POLICY_UNKNOWN_COMMAND;
	}
}
