/* Tables of words; see grbl_words.h.  Sources: grbl 1.1h doc/csv, grblHAL errors.h and alarms.h,
 * FluidNC Error.cpp, as serial-protocols.md lists them. */
#include "drivers/grbl_words.h"

#include <stddef.h>

enum { GRBL = 1, HAL = 2, FLUID = 4, ALL = 7 };

static const struct words {
	int16_t number;
	int16_t flavours;
	const char *words;
} errors[] = {
	{ 1, ALL, "a word begins with no letter" },
	{ 2, ALL, "a number is missing or bad" },
	{ 3, ALL, "no such $ command" },
	{ 4, ALL, "a negative value" },
	{ 5, ALL, "homing is off" },
	{ 6, ALL, "step pulse below 3 microseconds" },
	{ 7, ALL, "settings could not be read, defaults are restored" },
	{ 8, ALL, "only while the machine is idle" },
	{ 9, ALL, "locked by an alarm or a jog" },
	{ 10, ALL, "soft limits need homing" },
	{ 11, ALL, "the line is too long" },
	{ 12, ALL, "step rate too high" },
	{ 13, ALL, "the safety door is open" },
	{ 14, ALL, "the line is too long for the memory" },
	{ 15, ALL, "the jog would leave the machine" },
	{ 16, ALL, "not a jog" },
	{ 17, ALL, "laser mode needs a PWM output" },
	{ 18, GRBL | FLUID, "no homing cycle is set" },
	{ 19, GRBL | FLUID, "homing of a single axis is off" },
	{ 20, ALL, "unsupported command" },
	{ 21, ALL, "two commands of one modal group" },
	{ 22, ALL, "no feed rate" },
	{ 23, ALL, "a whole number is wanted" },
	{ 24, ALL, "two commands that use axis words" },
	{ 25, ALL, "a word is repeated" },
	{ 26, ALL, "axis words are missing" },
	{ 27, ALL, "bad line number" },
	{ 28, ALL, "P or L is missing" },
	{ 29, ALL, "G59.x is not supported" },
	{ 30, ALL, "G53 needs G0 or G1" },
	{ 31, ALL, "axis words without use" },
	{ 32, ALL, "no axis word in the plane" },
	{ 33, ALL, "invalid target" },
	{ 34, ALL, "bad arc radius" },
	{ 35, ALL, "arc offsets are missing" },
	{ 36, ALL, "unused words" },
	{ 37, ALL, "G43.1 for another axis" },
	{ 38, ALL, "tool number too high" },
	{ 39, HAL, "value out of range" },
	{ 39, FLUID, "bad P value" },
	{ 40, HAL, "a tool change is pending" },
	{ 40, FLUID, "an input was active at start-up" },
	{ 41, HAL, "the spindle does not turn" },
	{ 42, HAL, "bad plane" },
	{ 43, HAL, "feed rate too high" },
	{ 44, HAL, "spindle speed out of range" },
	{ 45, HAL, "a limit switch is active" },
	{ 46, HAL, "homing is required" },
	{ 47, HAL, "bad tool" },
	{ 48, HAL, "words in conflict" },
	{ 50, HAL, "emergency stop is active" },
	{ 51, HAL, "motor fault" },
	{ 52, HAL, "setting out of range" },
	{ 53, HAL, "setting is disabled" },
	{ 120, FLUID, "another interface is busy" },
	{ 130, FLUID, "jog cancelled" },
};

static const struct words alarms[] = {
	{ 1, ALL, "hard limit: the position is lost" },
	{ 2, ALL, "soft limit: a move would leave the machine" },
	{ 3, ALL, "reset while moving: the position is lost" },
	{ 4, ALL, "the probe was active before probing" },
	{ 5, ALL, "the probe made no contact" },
	{ 6, ALL, "homing was reset" },
	{ 7, ALL, "the door was opened while homing" },
	{ 8, ALL, "homing: the switch did not clear" },
	{ 9, ALL, "homing: no switch was found" },
	{ 10, GRBL, "homing: the second switch was not found" },
	{ 10, HAL, "emergency stop" },
	{ 10, FLUID, "spindle" },
	{ 11, HAL, "homing is required" },
	{ 11, FLUID, "an input was active at start-up" },
	{ 12, HAL, "a limit switch is active" },
	{ 12, FLUID, "a limit switch is ambiguous" },
	{ 13, HAL, "probe protection" },
	{ 13, FLUID, "hard stop" },
	{ 14, HAL, "spindle" },
	{ 14, FLUID, "not homed" },
	{ 15, HAL, "auto-squaring failed" },
	{ 15, FLUID, "initialisation failed" },
	{ 16, HAL, "self-test failed" },
	{ 17, HAL, "motor fault" },
	{ 17, FLUID, "G-code error" },
	{ 18, HAL, "homing failed" },
	{ 18, FLUID, "hard limit while probing" },
	{ 22, HAL, "receive buffer overflow" },
};

static const char *find(
	const struct words *row, size_t count, enum grbl_flavour flavour, int32_t number)
{
	int bit = flavour == GRBL_FLAVOUR_GRBL ? GRBL : flavour == GRBL_FLAVOUR_HAL ? HAL : FLUID;

	for (size_t i = 0; i < count; i++)
		if (row[i].number == number && row[i].flavours & bit)
			return row[i].words;
	return "see the firmware's manual";
}

const char *grbl_error_words(enum grbl_flavour flavour, int32_t number)
{
	return find(errors, sizeof(errors) / sizeof(errors[0]), flavour, number);
}

const char *grbl_alarm_words(enum grbl_flavour flavour, int32_t number)
{
	return find(alarms, sizeof(alarms) / sizeof(alarms[0]), flavour, number);
}
