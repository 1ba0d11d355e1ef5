/* The functions of grbl's rows in the firmware table; see firmware.h. */
#ifndef SIM_GRBL_MODEL_H
#define SIM_GRBL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

struct board;
struct sim_firmware;
struct sim_settings;
struct sim_status;

void sim_grbl_defaults(const struct sim_firmware *firmware, struct sim_settings *settings);
void *sim_grbl_create(const struct sim_firmware *firmware, struct board *board);
void sim_grbl_destroy(void *state);
void sim_grbl_power(void *state, int64_t now_us);
int64_t sim_grbl_next_us(void *state);
void sim_grbl_step_now(void *state, int64_t now_us);
void sim_grbl_control(void *state, int64_t now_us);
void sim_grbl_press(void *state, const char *text, int64_t now_us);
bool sim_grbl_waits(const void *state, bool *printing);
void sim_grbl_status(const void *state, struct sim_status *status);
void sim_grbl_shift(void *state, int64_t shift_us);

#endif
