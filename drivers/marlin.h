/* The Marlin dialect: numbered lines with checksums, one line un-acknowledged (or a window of N),
 * Go-back-N with a barrier.  These are the slots of its row in driver_dialects[]; what they promise
 * stands in driver.h.  How it works: marlin_private.h. */
#ifndef DRIVERS_MARLIN_H
#define DRIVERS_MARLIN_H

#include "drivers/driver.h"

struct driver *marlin_create(const struct driver_settings *settings);
void marlin_destroy(struct driver *driver);
void marlin_link(struct driver *driver, enum driver_link link);
void marlin_opened(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void marlin_closed(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void marlin_receive(struct driver *driver, int64_t now_us, const char *bytes, size_t length,
	struct driver_effects *effects);
void marlin_wake(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void marlin_job_start(struct driver *driver, int64_t now_us, struct driver_effects *effects);
bool marlin_wants_command(const struct driver *driver);
void marlin_command(struct driver *driver, int64_t now_us, const char *text, size_t length,
	struct driver_effects *effects);
void marlin_job_end(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void marlin_pause(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void marlin_resume(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void marlin_cancel(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void marlin_manual(struct driver *driver, int64_t now_us, const char *text, size_t length,
	struct driver_effects *effects);
void marlin_cool(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void marlin_estop(struct driver *driver, int64_t now_us, struct driver_effects *effects);
enum driver_state marlin_state(const struct driver *driver);
const struct driver_identity *marlin_identity(const struct driver *driver);
const struct driver_heaters *marlin_heaters(const struct driver *driver);
const struct driver_counters *marlin_counters(const struct driver *driver);
void marlin_unlocked(struct driver *driver);
bool marlin_may_be_silent(const struct driver *driver);
bool marlin_waits_at_panel(const struct driver *driver);
extern const struct driver_adopter marlin_adopter;

#endif
