/* What the files that read a configuration share: where the reader is, and how it reads.  Nobody
 * else includes this. */
#ifndef CONTROL_CONFIG_FILE_PRIVATE_H
#define CONTROL_CONFIG_FILE_PRIVATE_H

#include <stddef.h>

#include <libconfig.h>

#include "daemon/control/config.h"
#include "daemon/control/options.h"

enum { KEY_PATH_MAX = 128 };

/* Where the reader is, for what it has to say. */
struct config_place {
	const char *file; /* when libconfig does not know it */
	struct error *error;
	char key[KEY_PATH_MAX]; /* "printers[2].window" */
};

/* ---- config_file_values.c ---- */

/* "FILE:LINE: KEY: WHAT"; always -EINVAL. */
int config_wrong(struct config_place *place, const config_setting_t *setting, const char *what);
/* The same, with what stands there and what would be accepted. */
int config_not_accepted(
	struct config_place *place, const config_setting_t *setting, const struct option *option);
bool config_is_sequence(const config_setting_t *setting);
/* Reads a group by its rows into `record`; keys that are not there get their defaults. */
int config_read_group(struct config_place *place, const config_setting_t *setting,
	const struct option_group *group, unsigned char *record);
/* The setting of a row, for its line. */
const config_setting_t *config_row_setting(const config_t *file, const char *list, size_t i);

/* ---- config_file_calendar.c ---- */

/* Lists of hours and of dates. */
int config_read_hours(struct config_place *place, const config_setting_t *setting,
	const struct option *option, unsigned char *record);
int config_read_dates(struct config_place *place, const config_setting_t *setting,
	const struct option *option, unsigned char *record);
/* Reads the holidays, and sees that somebody is there some time. */
int config_fill_calendar(struct config_place *place, const config_t *file, struct config *config);

/* ---- config_file_profiles.c ---- */

int config_check_profile(
	struct config_place *place, const config_setting_t *setting, const struct profile *profile);
/* Adds the profiles that printers name and the file does not have. */
int config_fetch_profiles(struct config_place *place, const config_t *file, struct config *config);
/* Beside the program's own file; empty when that cannot be told. */
void config_beside_program(const char *name, char *path, size_t size);

/* ---- config_file.c ---- */

int config_read_path(struct config_place *place, config_t *file, const char *path);

#endif
