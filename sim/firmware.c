/* The table of firmwares; see firmware.h. */
#include "sim/firmware.h"

#include "sim/klipper_rows.h"
#include "sim/grbl_rows.h"
#include "sim/marlin_rows.h"
#include "sim/repetier_rows.h"
#include "sim/rrf_rows.h"
#include "sim/smoothie_rows.h"

#include <string.h> /* strcmp */

static const struct sim_firmware *const rows[] = {
	&sim_marlin,
	&sim_marlin_stock,
	&sim_marlin_102,
	&sim_marlin_116,
	&sim_marlin_119,
	&sim_marlin_205,
	&sim_marlin_208,
	&sim_marlin_212,
	&sim_prusa_mk3,
	&sim_prusa_buddy,
	&sim_repetier,
	&sim_repetier_2,
	&sim_smoothie,
	&sim_smoothie_uart,
	&sim_klipper,
	&sim_klipper_bare,
	&sim_grbl,
	&sim_grbl_laser,
	&sim_grblhal,
	&sim_fluidnc,
	&sim_rrf,
	&sim_rrf_33,
	&sim_rrf_2,
};

enum { ROWS = sizeof rows / sizeof rows[0] };

const struct sim_firmware *sim_firmware_row(size_t index)
{
	return index < ROWS ? rows[index] : NULL;
}

const struct sim_firmware *sim_firmware_find(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i]->name, name) == 0)
			return rows[i];
	return NULL;
}
