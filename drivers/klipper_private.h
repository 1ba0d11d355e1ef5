/* Inside the Klipper dialect. */
#ifndef DRIVERS_KLIPPER_PRIVATE_H
#define DRIVERS_KLIPPER_PRIVATE_H

#include "drivers/klipper.h"
#include "drivers/pipe.h"

enum {
	KLIPPER_FRAME_MAX = 8192, /* of the API, without its end */
	KLIPPER_MESSAGE_MAX = 160,
};

#define KLIPPER_REASON_US  PIPE_MS(80)	 /* for the reason behind "state: Shutdown" */
#define KLIPPER_RETRY_US   PIPE_S(2)	 /* while klippy starts */
#define KLIPPER_RESTART_US PIPE_S(60)	 /* FIRMWARE_RESTART: until it must be ready */
#define KLIPPER_QUERY_US   PIPE_MS(1500) /* a reading older than this is asked for */
#define KLIPPER_FRESH_US   PIPE_S(4)	 /* a reading older than this is none */

struct klipper {
	struct pipe pipe; /* first */

	bool ready;	      /* it says so, in the connect script */
	bool restart_allowed; /* a person has dealt with the fault */
	int64_t restart_us;   /* until FIRMWARE_RESTART must have worked; NEVER: not asked */
	int64_t shutdown_us;  /* when the reason for a shutdown is waited for no longer */
	int reasons_owed;     /* the fault was told without one: so many more texts are passed on */
	char message[KLIPPER_MESSAGE_MAX]; /* why it is not ready */

	/* The API socket. */
	bool connected;
	bool down; /* shut down: it measures no more, and tells what it knew last */
	bool frame_too_long;
	size_t frame_length;
	char frame[KLIPPER_FRAME_MAX];
	int64_t next_id, info_id, subscribe_id, query_id; /* 0: not asked */
	int64_t reading_us, asked_us;
	struct driver_heaters readings; /* kept up to date by what has changed */
};

/* klipper.c */
/* It has shut down, or is about to say why. */
void klipper_shutdown(struct klipper *k, const char *reason);

bool klipper_is_measured(double celsius);

/* klipper_api.c */
void klipper_api_stop(struct klipper *k);
/* The reason is wanted now, not with the next change that is pushed. */
void klipper_api_ask_why(struct klipper *k);
bool klipper_api_advance(struct klipper *k, int64_t *wake_us);
bool klipper_api_reads(const struct klipper *k);

#endif
