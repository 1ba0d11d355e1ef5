/* What this computer says about a serial port: names, rights, who holds it, who gets in the way. */
#ifndef CLI_DOCTOR_HOST_H
#define CLI_DOCTOR_HOST_H

#include <limits.h> /* PATH_MAX */
#include <stdbool.h>
#include <stdint.h>

enum { HOST_HOLDERS_MAX = 4, HOST_WORD_MAX = 64 };

struct host_holder {
	int pid;
	char name[HOST_WORD_MAX];
	bool is_streamer;	     /* printfarm's own */
	char printer[HOST_WORD_MAX]; /* the streamer's; empty: not known */
};

struct host_port {
	char path[PATH_MAX];   /* as it was given */
	char device[PATH_MAX]; /* what it leads to */
	char stable[PATH_MAX]; /* the best lasting name; `path` where there is none */
	bool is_stable;
	bool is_by_path; /* names the socket, not the device */
	int error;	 /* errno of looking at it; 0: it is there */
	bool may_open;
	char group[HOST_WORD_MAX];
	int mode; /* its permission bits */
	char driver[HOST_WORD_MAX];
	char vendor[HOST_WORD_MAX], product[HOST_WORD_MAX]; /* hexadecimal ids; empty: no USB */
	int latency_ms;					    /* of an FTDI chip; -1: none */
	int holder_count;
	struct host_holder holder[HOST_HOLDERS_MAX];
	int modem_manager, brltty; /* process ids; 0: not running */
};

void host_look(const char *path, struct host_port *port);

/* Calls back for each serial port of this computer, by its lasting name. */
void host_each_port(void (*each)(void *context, const char *path), void *context);

#endif
