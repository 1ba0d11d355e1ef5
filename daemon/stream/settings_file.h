/* What a streamer knows about its printers, one file each (NAME.printer, the frame of
 * WIRE_SET_PRINTER), so that it can start without control. */
#ifndef DAEMON_STREAM_SETTINGS_FILE_H
#define DAEMON_STREAM_SETTINGS_FILE_H

#include "base/error.h"
#include "daemon/wire/wire.h"

/* Replaces the file in one step (temporary name, rename). */
int settings_file_save(const char *directory, const char *printer,
	const struct wire_settings *settings, struct error *error);
int settings_file_remove(const char *directory, const char *printer, struct error *error);

/* Calls `each` for every readable settings file of the directory; an unreadable one is told to
 * `refused` and skipped: control will send it again. */
struct settings_file_visitor {
	void (*each)(void *context, const char *printer, const struct wire_settings *settings);
	void (*refused)(void *context, const char *sentence);
	void *context;
};
int settings_file_load_all(
	const char *directory, const struct settings_file_visitor *visitor, struct error *error);

#endif
