/* The emergency parser: a state machine in the receive interrupt that sees raw bytes
 * (serial-protocols.md 3.7). */
#include "sim/marlin.h"

enum {
	EMERGENCY_RESET,
	EMERGENCY_N,
	EMERGENCY_M,
	EMERGENCY_M1,
	EMERGENCY_M10,
	EMERGENCY_M108,
	EMERGENCY_M11,
	EMERGENCY_M112,
	EMERGENCY_M4,
	EMERGENCY_M41,
	EMERGENCY_M410,
	EMERGENCY_M8,
	EMERGENCY_M87,
	EMERGENCY_M876,
	EMERGENCY_M876S,
	EMERGENCY_M876SN,
	EMERGENCY_IGNORE, /* until the line end */
};

static const struct {
	int8_t from;
	char byte;
	int8_t to;
} emergency_steps[] = {
	{ EMERGENCY_RESET, ' ', EMERGENCY_RESET },
	{ EMERGENCY_RESET, 'N', EMERGENCY_N },
	{ EMERGENCY_RESET, 'M', EMERGENCY_M },
	{ EMERGENCY_N, ' ', EMERGENCY_N },
	{ EMERGENCY_N, 'M', EMERGENCY_M },
	{ EMERGENCY_M, ' ', EMERGENCY_M },
	{ EMERGENCY_M, '1', EMERGENCY_M1 },
	{ EMERGENCY_M, '4', EMERGENCY_M4 },
	{ EMERGENCY_M, '8', EMERGENCY_M8 },
	{ EMERGENCY_M1, '0', EMERGENCY_M10 },
	{ EMERGENCY_M1, '1', EMERGENCY_M11 },
	{ EMERGENCY_M10, '8', EMERGENCY_M108 },
	{ EMERGENCY_M11, '2', EMERGENCY_M112 },
	{ EMERGENCY_M4, '1', EMERGENCY_M41 },
	{ EMERGENCY_M41, '0', EMERGENCY_M410 },
	{ EMERGENCY_M8, '7', EMERGENCY_M87 },
	{ EMERGENCY_M87, '6', EMERGENCY_M876 },
	{ EMERGENCY_M876, ' ', EMERGENCY_M876 },
	{ EMERGENCY_M876, 'S', EMERGENCY_M876S },
	{ EMERGENCY_M876S, ' ', EMERGENCY_M876S },
};

static int32_t emergency_next(struct marlin *marlin, uint8_t byte)
{
	int32_t state = marlin->emergency_state;

	switch (state) {
	case EMERGENCY_M108:
	case EMERGENCY_M112:
	case EMERGENCY_M410:
	case EMERGENCY_M876SN:
	case EMERGENCY_IGNORE:
		return state;
	}
	if (state == EMERGENCY_N && byte >= '0' && byte <= '9')
		return EMERGENCY_N;
	if (state == EMERGENCY_M876S && byte >= '0' && byte <= '9') {
		marlin->emergency_answer = byte - '0';
		return EMERGENCY_M876SN;
	}
	for (size_t i = 0; i < sizeof emergency_steps / sizeof emergency_steps[0]; i++)
		if (emergency_steps[i].from == state && emergency_steps[i].byte == (char)byte)
			return emergency_steps[i].to;
	return EMERGENCY_IGNORE;
}

static void emergency_act(struct marlin *marlin)
{
	switch (marlin->emergency_state) {
	case EMERGENCY_M108:
		marlin->wait_for_heatup = false;
		marlin->wait_for_user = false;
		break;
	case EMERGENCY_M112:
		marlin->emergency_kill = true;
		break;
	case EMERGENCY_M410:
		marlin->emergency_stop = true;
		break;
	case EMERGENCY_M876SN:
		marlin->wait_for_user = false;
		break;
	}
}

void sim_marlin_emergency_byte(struct marlin *marlin, uint8_t byte)
{
	if (byte == '\n' || byte == '\r') {
		emergency_act(marlin);
		marlin->emergency_state = EMERGENCY_RESET;
	} else {
		marlin->emergency_state = emergency_next(marlin, byte);
	}
}
