/* The configuration file's form; see config.h for what it is read into. */
#ifndef CONTROL_CONFIG_FILE_H
#define CONTROL_CONFIG_FILE_H

#include "daemon/control/config.h"

/* As config_load, from text in memory; for tests and fuzzers. */
int config_parse(struct config *config, const char *text, struct error *error);

#endif
