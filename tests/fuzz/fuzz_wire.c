/* Any bytes as a stream of frames: decoded ones must survive encoding unchanged. */
#include "daemon/wire/wire.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wire_message message, again;
	static uint8_t frame[4 + WIRE_FRAME_MAX];

	while (size > 0) {
		size_t used = 0, length, used_again = 0;

		if (wire_decode(data, size, &message, &used) != WIRE_OK)
			return 0;
		if (used == 0 || used > size)
			abort();
		data += used;
		size -= used;
		if (message.kind == WIRE_NONE)
			continue;
		length = wire_encode(&message, frame, sizeof(frame));
		if (length == 0 || wire_decode(frame, length, &again, &used_again) != WIRE_OK ||
			used_again != length || memcmp(&message, &again, sizeof(message)) != 0)
			abort();
	}
	return 0;
}
