/* Detection of the firmware: any bytes, cut anywhere, at any pace. */
#include "drivers/detect.h"
#include "drivers/driver.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct detect detect;
	int64_t now_us = 0;

	detect_begin(&detect, now_us, size % 2 == 0);
	for (size_t at = 0; at < size && detect.result == DETECT_GOING_ON;) {
		size_t piece = 1 + data[at] % 64;

		if (piece > size - at)
			piece = size - at;
		detect_receive(&detect, now_us, (const char *)data + at, piece);
		at += piece;
		now_us += 100000;
		detect_advance(&detect, now_us);
	}
	for (int i = 0; i < 100 && detect.result == DETECT_GOING_ON; i++) {
		now_us = detect.deadline_us;
		detect_advance(&detect, now_us);
	}
	/* It always comes to an end, and what it finds is a row. */
	if (detect.result == DETECT_GOING_ON ||
		(detect.result == DETECT_FOUND && !driver_dialect_find(detect.dialect)))
		abort();
	return 0;
}
