/* RepRapFirmware's reports: temperatures, identity, JSON. */
#include "sim/rrf.h"

#include <stdio.h>  /* snprintf */
#include <string.h> /* strstr */

int sim_rrf_temperatures(const struct rrf *rrf, char *text, size_t size)
{
	const struct machine *machine = &rrf->machine;
	double hotend = machine_celsius(machine, SIM_HOTEND);
	double target = machine->target_celsius[SIM_HOTEND];

	return snprintf(text, size, "T:%.1f /%.1f T0:%.1f /%.1f B:%.1f /%.1f", hotend, target,
		hotend, target, machine_celsius(machine, SIM_BED),
		machine->target_celsius[SIM_BED]);
}

const char *sim_rrf_status(const struct rrf *rrf)
{
	if (rrf->life == RRF_STOPPED)
		return "halted";
	if (rrf->card)
		return "processing";
	return rrf->running || rrf->machine.print_going ? "busy" : "idle";
}

void sim_rrf_m115(struct rrf *rrf)
{
	const struct sim_rrf_variant *variant = rrf->variant;

	sim_rrf_say(rrf,
		"FIRMWARE_NAME: RepRapFirmware for %s FIRMWARE_VERSION: %s ELECTRONICS: %s "
		"FIRMWARE_DATE: %s\n",
		variant->native ? "Duet 3 Mini 5+" : "Duet 2 WiFi/Ethernet", variant->version,
		variant->electronics, variant->date);
}

void sim_rrf_m122(struct rrf *rrf)
{
	sim_rrf_say(rrf, "=== Diagnostics ===\n");
	sim_rrf_say(rrf, "RepRapFirmware version %s running on %s\n", rrf->variant->version,
		rrf->variant->electronics);
	sim_rrf_say(rrf, "=== Platform ===\nLast reset 00:01:00 ago, cause: power up\n");
	sim_rrf_say(rrf, "=== GCodes ===\nUSB is ready with \"M122\" in state(s) 0\n");
}

static int status_letter(const struct rrf *rrf)
{
	return rrf->life == RRF_STOPPED	       ? 'H'
	       : rrf->card		       ? 'P'
	       : sim_rrf_status(rrf)[0] == 'b' ? 'B'
					       : 'I';
}

/* All in one line; a message box only while there is one. */
void sim_rrf_m408(struct rrf *rrf)
{
	const struct machine *machine = &rrf->machine;
	char box[RRF_TEXT_MAX + 96] = "";

	if (rrf->box[0])
		snprintf(box, sizeof box,
			",\"msgBox\":{\"msg\":\"%s\",\"title\":\"\",\"mode\":2,\"seq\":1,"
			"\"timeout\":0.0,\"controls\":0}",
			rrf->box);
	sim_rrf_say(rrf,
		"{\"status\":\"%c\",\"heaters\":[%.1f,%.1f],\"active\":[%.1f,%.1f],"
		"\"standby\":[0.0,0.0],\"hstat\":[%d,%d],\"pos\":[%.3f,%.3f,%.3f],\"extr\":[%.1f],"
		"\"sfactor\":100.00,\"efactor\":[100.00],\"tool\":0,\"probe\":\"0\","
		"\"homed\":[%d,%d,%d]%s}\n",
		status_letter(rrf), machine_celsius(machine, SIM_BED),
		machine_celsius(machine, SIM_HOTEND), machine->target_celsius[SIM_BED],
		machine->target_celsius[SIM_HOTEND],
		rrf->fault[SIM_BED]		       ? 3
		: machine->target_celsius[SIM_BED] > 0 ? 2
						       : 0,
		rrf->fault[SIM_HOTEND]			  ? 3
		: machine->target_celsius[SIM_HOTEND] > 0 ? 2
							  : 0,
		machine_logical_mm(machine, 0), machine_logical_mm(machine, 1),
		machine_logical_mm(machine, 2), machine_logical_mm(machine, 3), machine->homed[0],
		machine->homed[1], machine->homed[2], box);
}

void sim_rrf_m409(struct rrf *rrf, const char *arguments)
{
	if (strstr(arguments, "\"state.status\"")) {
		sim_rrf_say(rrf, "{\"key\":\"state.status\",\"flags\":\"\",\"result\":\"%s\"}\n",
			sim_rrf_status(rrf));
	} else if (strstr(arguments, "\"state.messageBox\"") && rrf->box[0]) {
		sim_rrf_say(rrf,
			"{\"key\":\"state.messageBox\",\"flags\":\"\",\"result\":{\"axisControls\":"
			"0,"
			"\"message\":\"%s\",\"mode\":2,\"seq\":1,\"timeout\":0,\"title\":\"\"}}\n",
			rrf->box);
	} else if (strstr(arguments, "\"state.messageBox\"")) {
		sim_rrf_say(rrf, "{\"key\":\"state.messageBox\",\"flags\":\"\",\"result\":null}\n");
	} else {
		sim_rrf_say(rrf, "{\"key\":\"\",\"flags\":\"\",\"result\":{}}\n");
	}
}
