#include "daemon/stream/signs.h"

#include "drivers/driver.h"

#include <string.h>

/* The narrower one first: Prusa's firmware is a Marlin, grblHAL says Grbl too. */
static const struct {
	const char *words, *dialect;
} signs[] = {
	{ "FIRMWARE_NAME:Prusa-Firmware-Buddy", "prusa-buddy" },
	{ "FIRMWARE_NAME:Prusa-Firmware", "prusa-mk3" },
	{ "FIRMWARE_NAME:Repetier", "repetier" },
	{ "FIRMWARE_NAME:Smoothieware", "smoothie" },
	{ "Smoothie", "smoothie" },
	{ "FIRMWARE_NAME:Klipper", "klipper" },
	{ "// Klipper state: ", "klipper" },
	{ "FIRMWARE_NAME: RepRapFirmware", "rrf" },
	{ "RepRapFirmware", "rrf" },
	{ "GrblHAL", "grblhal" },
	{ "grblHAL", "grblhal" },
	{ "FluidNC", "fluidnc" },
	{ "Grbl 1", "grbl" },
	{ "FIRMWARE_NAME:Marlin", "marlin" },
	{ "Marlin ", "marlin" },
};

const char *signs_dialect(const char *bytes, size_t length)
{
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (memmem(bytes, length, signs[i].words, strlen(signs[i].words)) &&
			driver_dialect_find(signs[i].dialect))
			return signs[i].dialect;
	return NULL;
}
