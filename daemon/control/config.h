/* The configuration as a plain struct.  config_file.c (the only home of libconfig) fills it from
 * the file by the rows of options.c; nobody else knows the file's form. */
#ifndef CONTROL_CONFIG_H
#define CONTROL_CONFIG_H

#include "daemon/control/records.h"
#include "gcode/profile.h"
#include "scheduler/share.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum {
	CONFIG_PRINTERS_MAX = 256,
	CONFIG_PROFILES_MAX = 64,
	CONFIG_TAGS_MAX = 8,
	CONFIG_PATH_MAX = 1024,
	CONFIG_UUID_MAX = 64,
	CONFIG_SOCKET_MAX = 108, /* sockaddr_un, with the NUL */
	CONFIG_HOURS_MAX = 64,
	CONFIG_DATES_MAX = 64,	 /* closed days and extra openings, each */
	CONFIG_SPANS_MAX = 8192, /* events of the holidays' file */
	CONFIG_SPAN_NAME_MAX = 48,
	CONFIG_QUOTAS_MAX = 256,
	CONFIG_MAINTENANCE_MAX = 32,
	CONFIG_MAINTENANCE_FOR_MAX = 32, /* printers, or profiles, that one row is for */
	CONFIG_HOSTS_MAX = 16,
	CONFIG_LABEL_MAX = 192,
	CONFIG_APPROVERS_MAX = 32,
	CONFIG_APPROVER_MAX = 128, /* "NAME:KEY" */
	CONFIG_WINDOW_HELD = -1,   /* as in daemon/wire and drivers/driver.h */
};

enum config_streamers {
	STREAMERS_PER_PRINTER, /* one process per printer */
	STREAMERS_SHARED,      /* one process for all */
};

enum config_start_streamers {
	START_STREAMERS_SELF, /* printfarmd starts what does not answer */
	START_STREAMERS_NONE, /* somebody else does (systemd): only connect */
};

enum config_approval { APPROVAL_OFF, APPROVAL_WARN, APPROVAL_ENFORCE };

enum config_unattended { UNATTENDED_NEVER, UNATTENDED_ALLOWED };

/* In the order of enum driver_kind. */
enum config_kind { KIND_PRINTER, KIND_LASER, KIND_MILL };

struct config_printer {
	char name[NAME_MAX_BYTES];
	char port[CONFIG_PATH_MAX];
	char dialect[NAME_MAX_BYTES];
	char klipper_socket[CONFIG_SOCKET_MAX]; /* empty: none */
	int32_t baud;				/* 0: the usual one */
	int32_t window_lines;			/* 0: auto; 1: "ping-pong"; N; CONFIG_WINDOW_HELD */
	char profile[PROFILE_NAME_MAX];
	char material[NAME_MAX_BYTES]; /* loaded unless a spool says otherwise; empty: not said */
	size_t tag_count;
	char tag[CONFIG_TAGS_MAX][NAME_MAX_BYTES];
	enum config_unattended unattended;
	enum config_kind kind;
	bool meatpack; /* two characters a byte, where the firmware can */
	bool short_numbers;
	char uuid[CONFIG_UUID_MAX];	 /* what M115 must say; empty: anything */
	char power_off[CONFIG_PATH_MAX]; /* program that cuts its power; empty: none */
	int64_t pause_heat_s, dead_man_s;
	double standby_celsius; /* nozzle while paused; 0: off */
	bool adopt;		/* a print that was cut off from its streamer is gone on with */
	bool reset_line;	/* DTR resets this board: the last rung of an emergency stop */
	bool noisy;		/* not in the quiet hours */
	bool runout_change;	/* a print may empty its spool: it stops and a person changes it */
	int32_t watts, heat_watts; /* while it prints, while it heats up; 0: as watts */
	bool reset_on_connect;	   /* ... and it is reset whenever its port is opened */
};

struct config_hours { /* local time of the farm's zone; seconds from Monday 00:00 */
	int32_t begin_s, end_s;
	int32_t operators; /* people who are there; 0: not said */
};

/* A time with a date. */
struct config_span {
	int64_t begin_s, end_s;
	bool is_utc;			 /* else local time, counted as if it were UTC */
	char name[CONFIG_SPAN_NAME_MAX]; /* what it is; may be empty */
};

struct config_spans {
	size_t count, room;
	struct config_span *span; /* owned by the configuration */
};

/* Work that printers need after hours of printing. */
/* How much may be started for a user or a project in a period; 0: no limit. */
struct config_quota {
	char user[NAME_MAX_BYTES], project[NAME_MAX_BYTES]; /* one of them; "*": each */
	double grams, hours;
	int64_t units;
	enum share_period per;
};

enum config_quota_policy { QUOTA_BEHIND, QUOTA_WAIT };

struct config_maintenance {
	char what[NAME_MAX_BYTES];
	int32_t every_h;
	int32_t late_h; /* so late, and the printer takes no new job; 0: it is only said */
	int64_t takes_s;
	size_t printer_count, profile_count; /* whose it is; both 0: everybody's */
	char printer[CONFIG_MAINTENANCE_FOR_MAX][NAME_MAX_BYTES];
	char profile[CONFIG_MAINTENANCE_FOR_MAX][PROFILE_NAME_MAX];
};

struct config {
	char file[CONFIG_PATH_MAX];
	char farm_name[NAME_MAX_BYTES];
	char timezone[NAME_MAX_BYTES];
	char state_dir[CONFIG_PATH_MAX];
	char socket[CONFIG_PATH_MAX];
	char stream_dir[CONFIG_PATH_MAX]; /* streamers' sockets; default: beside the API socket */
	char stream_program[CONFIG_PATH_MAX]; /* default: beside printfarmd's own file, then PATH */
	char profile_dir[CONFIG_PATH_MAX];    /* where profiles are looked for that the file lacks;
						 empty: beside the program */
	enum config_streamers streamers;
	enum config_start_streamers start_streamers;
	int32_t connections_per_user; /* to the API */
	size_t host_count;
	char host[CONFIG_HOSTS_MAX][NAME_MAX_BYTES]; /* public names of a proxy before the API */
	enum config_approval approval;
	size_t approver_count;
	char approver[CONFIG_APPROVERS_MAX][CONFIG_APPROVER_MAX]; /* whose signature counts */
	char photo_hook[CONFIG_PATH_MAX];  /* program that takes photos; empty: none */
	int64_t photo_s;		   /* how long it may take: 20 */
	char label_text[CONFIG_LABEL_MAX]; /* of a lot label's code, {order} and {hash} in it */
	int64_t start_delay_s;		   /* between a clear and the next start: 30 */
	int32_t retries;		   /* of a failed job before a person is asked: 1 */
	int32_t quarantine_failures; /* a printer gets no new jobs after so many failed prints, 0:
					never */
	int32_t quarantine_window_h; /* within so many hours */
	bool inspect_automatically;  /* a printed job counts as good without a person; default false
				      */
	int64_t upload_max_bytes, text_max_bytes; /* as uploaded; as unpacked */
	int64_t free_floor_bytes; /* uploads are refused below max(this, free_floor_percent) */
	int32_t free_floor_percent;
	int64_t reserve_bytes; /* preallocated, so that results always fit */
	int64_t clear_s;       /* how long a printed bed waits to be cleared, for plans: 900 */
	size_t hours_count;    /* staffed hours; none: always staffed */
	struct config_hours hours[CONFIG_HOURS_MAX];
	int32_t operators; /* where an hours row does not say; 0: not said */
	int64_t visit_s;   /* hands-on time of clearing a bed, for plans: 120 */
	size_t closed_count, extra_count, quiet_count;
	struct config_span closed[CONFIG_DATES_MAX], extra[CONFIG_DATES_MAX];
	char holidays_file[CONFIG_PATH_MAX]; /* empty: none */
	struct config_spans holidays;	     /* what is in it */
	struct config_hours quiet[CONFIG_HOURS_MAX];
	int32_t power_budget_w; /* 0: no limit */
	enum config_quota_policy quota_policy; /* of orders beyond a quota */
	size_t quota_count;
	struct config_quota *quota; /* owned */
	size_t maintenance_count;
	struct config_maintenance *maintenance; /* owned */
	size_t profile_count;
	struct profile *profile; /* owned */
	size_t printer_count;
	struct config_printer *printer; /* owned */
};

/* Reads and checks `path`.  On failure *config is untouched, error names file, line, key, value and
 * what would be accepted. 0 or a negative errno (-EINVAL: contents).  On success what *config held
 * before is overwritten, not freed. */
int config_load(struct config *config, const char *path, struct error *error);
void config_finish(struct config *config);

const struct profile *config_find_profile(const struct config *config, const char *name);

#endif
