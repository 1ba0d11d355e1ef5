#include "daemon/stream/clock.h"

#include <time.h>

int64_t clock_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * CLOCK_SECOND_US + now.tv_nsec / 1000;
}

int64_t clock_boot_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * CLOCK_SECOND_US + now.tv_nsec / 1000;
}
