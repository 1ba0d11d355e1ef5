/* What the farm finds out by planning what-ifs, a piece in each turn: how an order could be done in
 * time, what the night would yield, and what is to be done before everybody leaves. */
#ifndef CONTROL_FARM_QUESTIONS_H
#define CONTROL_FARM_QUESTIONS_H

#include "daemon/control/farm.h"

enum { FARM_ACT_BYTES = 192, FARM_CHANGES_MAX = 24, FARM_ACTS_MAX = 64, FARM_LIMITS = 5 };

enum farm_limit {
	FARM_LIMIT_PEOPLE,   /* beds wait to be cleared */
	FARM_LIMIT_HOURS,    /* the lab is closed */
	FARM_LIMIT_PRINTERS, /* there are too few */
	FARM_LIMIT_PLASTIC,  /* the right spool is not in */
	FARM_LIMIT_ORDERS,   /* others go first */
	FARM_LIMIT_COUNT,
};
const char *farm_limit_name(enum farm_limit limit); /* "people" ... */

/* Something that would have the order done earlier. */
struct farm_advice_change {
	const char *kind; /* "ready", "spool", "first", "stay", "round", "unattended", "printer" */
	const char *printer; /* "": none */
	char text[FARM_ACT_BYTES];
	int64_t promised_s, gain_s; /* 0: the gain is that it can be made at all */
	bool in_time;
	int32_t others_late; /* orders that would be late with it, and are not without */
};

struct farm_advice {
	int64_t order; /* 0: of a wish */
	int64_t units; /* still to be made */
	int64_t due_s, promised_s;
	bool in_time;
	/* How much earlier it would be done if that did not limit it; the largest first. */
	struct {
		enum farm_limit limit;
		int64_t gain_s;
	} limit[FARM_LIMIT_COUNT];
	size_t limit_count;
	int64_t units_in_time; /* of those to be made, as things are */
	size_t change_count;   /* the cheapest first */
	struct farm_advice_change change[FARM_CHANGES_MAX];
	int cheapest; /* the first of them that meets the date; -1: none does */
};

/* Something to be done before everybody leaves. */
struct farm_act {
	const char *kind; /* "clear", "spool", "unlock", "enable", "see" */
	const char *printer;
	char text[FARM_ACT_BYTES];
	int64_t from_s; /* not possible before; 0: now */
	int64_t units;	/* printed until the morning more than without */
};

struct farm_night_printer {
	const char *printer;
	int64_t units, units_if_unattended; /* printed until the morning, from closing time on */
};

struct farm_night {
	bool closes; /* false: somebody is always there */
	int64_t closes_s, opens_s;
	int64_t units, units_if_unattended; /* printed from closing until the morning */
	bool unattended_off;		    /* of every printer */
	size_t printer_count;
	const struct farm_night_printer *printer;
	size_t act_count; /* by units gained */
	struct farm_act act[FARM_ACTS_MAX];
};

/* What would have made more in the past. */
enum farm_hindsight_kind {
	FARM_HINDSIGHT_AT_ONCE, /* beds cleared as soon as their prints were done */
	FARM_HINDSIGHT_ROUND,	/* one more round of clearing in each closed time */
	FARM_HINDSIGHT_HOUR,	/* an hour more every day */
	FARM_HINDSIGHT_ALONE,	/* printers that might print alone */
	FARM_HINDSIGHT_PRINTER, /* one more */
	FARM_HINDSIGHT_SPOOL,	/* one more spool of what was wanted and not in */
	FARM_HINDSIGHT_KINDS,
};
enum { FARM_HINDSIGHT_DAYS_MAX = 31 /* the latest ones */ };
const char *farm_hindsight_name(enum farm_hindsight_kind kind);

struct farm_hindsight {
	int64_t days;			    /* on which there was something to print */
	int64_t units;			    /* as planned anew, without any change */
	int64_t more[FARM_HINDSIGHT_KINDS]; /* units */
};

/* What was made, by jobs that were counted. */
struct farm_made {
	const char *printer;
	int64_t prints, good, scrap;
	double filament_g;
};
struct farm_report {
	struct farm_made all; /* printers that are not configured any more, too */
	int64_t promises_made, promises_kept;
	size_t printer_count;
};
/* `made` has room for so many printers, in the order of the configuration. */
void farm_report(const struct farm *, int64_t from_s, int64_t until_s, struct farm_report *report,
	struct farm_made *made, size_t room);

struct farm_finding {
	const char *trouble;		  /* not NULL: nothing was found out, because */
	const struct farm_advice *advice; /* NULL: another question */
	const struct farm_night *night;
	const struct farm_hindsight *hindsight;
};

#endif
