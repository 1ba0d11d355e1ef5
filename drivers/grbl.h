/* grbl 1.1, grblHAL and FluidNC: the slots of driver_dialects[]; see grbl_private.h. */
#ifndef DRIVERS_GRBL_H
#define DRIVERS_GRBL_H

#include "drivers/driver.h"

struct driver *grbl_create(const struct driver_settings *settings);
struct driver *grblhal_create(const struct driver_settings *settings);
struct driver *fluidnc_create(const struct driver_settings *settings);
void grbl_destroy(struct driver *driver);
void grbl_opened(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void grbl_closed(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void grbl_receive(struct driver *driver, int64_t now_us, const char *bytes, size_t length,
	struct driver_effects *effects);
void grbl_wake(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void grbl_job_start(struct driver *driver, int64_t now_us, struct driver_effects *effects);
bool grbl_wants_command(const struct driver *driver);
void grbl_command(struct driver *driver, int64_t now_us, const char *text, size_t length,
	struct driver_effects *effects);
void grbl_job_end(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void grbl_pause(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void grbl_resume(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void grbl_cancel(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void grbl_manual(struct driver *driver, int64_t now_us, const char *text, size_t length,
	struct driver_effects *effects);
void grbl_cool(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void grbl_estop(struct driver *driver, int64_t now_us, struct driver_effects *effects);
enum driver_state grbl_state(const struct driver *driver);
const struct driver_identity *grbl_identity(const struct driver *driver);
const struct driver_heaters *grbl_heaters(const struct driver *driver);
const struct driver_counters *grbl_counters(const struct driver *driver);
void grbl_unlocked(struct driver *driver);

#endif
