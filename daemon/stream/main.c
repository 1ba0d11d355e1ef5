/* printfarm-stream: streams G-code to the printers it is given, and watches their heaters. */
#include "daemon/stream/clock.h"
#include "daemon/stream/log.h"
#include "daemon/stream/notify.h"
#include "daemon/stream/port.h"
#include "daemon/stream/probe.h"
#include "daemon/stream/replay.h"
#include "daemon/stream/streamer.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h> /* PATH_MAX */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h> /* flock */
#include <sys/stat.h>
#include <sys/un.h> /* sun_path's size */
#include <sysexits.h>
#include <unistd.h>

struct options {
	const char *socket, *state, *probe, *printer, *replay, *dialect, *doctor;
	double seconds;
};

static const char usage[] =
	"usage: printfarm-stream --socket PATH --state DIR [--printer NAME]\n"
	"       printfarm-stream --probe PORT\n"
	"       printfarm-stream --doctor PORT [--seconds N]\n"
	"       printfarm-stream --replay FILE [--dialect NAME]\n"
	"       printfarm-stream --version\n"
	"\n"
	"  --socket PATH   listen here for printfarmd, and at PATH.stop for emergency stops\n"
	"  --state DIR     printers' settings and progress; one streamer at a time\n"
	"  --printer NAME  serve this printer only\n"
	"  --probe PORT    say what is on PORT, as JSON\n"
	"  --doctor PORT   say how good the way to it is, as JSON\n"
	"  --seconds N     look for noise for so long (60)\n"
	"  --replay FILE   feed a recorded conversation to a driver, say what it makes of it\n"
	"  --dialect NAME  of the recording, unless it tells itself\n";

/* Returns an exit status, or -1 to go on. */
static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = { { "socket", required_argument, NULL, 's' },
		{ "state", required_argument, NULL, 'd' },
		{ "printer", required_argument, NULL, 'n' },
		{ "probe", required_argument, NULL, 'p' },
		{ "doctor", required_argument, NULL, 'o' },
		{ "seconds", required_argument, NULL, 't' },
		{ "replay", required_argument, NULL, 'r' },
		{ "dialect", required_argument, NULL, 'i' }, { "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 's') {
			options->socket = optarg;
		} else if (option == 'd') {
			options->state = optarg;
		} else if (option == 'n') {
			options->printer = optarg;
		} else if (option == 'p') {
			options->probe = optarg;
		} else if (option == 'o') {
			options->doctor = optarg;
		} else if (option == 't') {
			options->seconds = (double)strtoul(optarg, NULL, 10);
		} else if (option == 'r') {
			options->replay = optarg;
		} else if (option == 'i') {
			options->dialect = optarg;
		} else if (option == 'v') {
			printf("printfarm-stream %s\n", PRINTFARM_VERSION);
			return EX_OK;
		} else if (option == 'h') {
			printf("%s", usage);
			return EX_OK;
		} else {
			fprintf(stderr, "%s", usage);
			return EX_USAGE;
		}
	}
	if (optind == argc && (options->probe || options->replay || options->doctor ||
				      (options->socket && options->state)))
		return -1;
	fprintf(stderr, "%s", usage);
	return EX_USAGE;
}

/* For tests: a directory with the system's "sys" and "dev" of their own. */
static void set_roots(void)
{
	static char sys[PATH_MAX], dev[PATH_MAX];
	const char *directory = getenv("PRINTFARM_DEVICES");

	if (!directory || strlen(directory) + sizeof("/sys") > sizeof(sys))
		return;
	snprintf(sys, sizeof(sys), "%s/sys", directory);
	snprintf(dev, sizeof(dev), "%s/dev", directory);
	port_set_roots(sys, dev);
}

/* Before anything is touched: both socket names must fit. */
static int check_path(const char *path)
{
	size_t limit = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1 - strlen(".stop");

	if (strlen(path) <= limit)
		return -1;
	fprintf(stderr,
		"printfarm-stream: --socket %s: %zu bytes long, at most %zu fit a Unix socket "
		"(with .stop behind it); use a shorter directory\n",
		path, strlen(path), limit);
	return EX_USAGE;
}

/* The descriptor is kept open for life; the kernel drops the lock however we end. */
static int lock_state(const char *directory)
{
	char path[PATH_MAX];
	int fd;

	if (mkdir(directory, 0750) < 0 && errno != EEXIST) {
		fprintf(stderr, "printfarm-stream: --state %s: %s\n", directory, strerror(errno));
		return EX_CANTCREAT;
	}
	if (snprintf(path, sizeof(path), "%s/lock", directory) >= (int)sizeof(path)) {
		fprintf(stderr, "printfarm-stream: --state: its name is too long\n");
		return EX_USAGE;
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0) {
		fprintf(stderr, "printfarm-stream: %s: %s\n", path, strerror(errno));
		return EX_CANTCREAT;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		fprintf(stderr,
			"printfarm-stream: --state %s: another streamer uses it; one at a time\n",
			directory);
		return EX_TEMPFAIL;
	}
	return -1;
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
	char reason[64];

	(void)what;
	snprintf(reason, sizeof(reason), "the streamer was told to end (%s)",
		number == SIGTERM ? "SIGTERM" : "SIGINT");
	notify_send("STOPPING=1");
	streamer_stop(context, reason);
}

/* What the loop was left for. */
static bool upgrade;

/* Nothing is said to the printers: the next program adopts what prints. */
static void on_upgrade(evutil_socket_t number, short what, void *context)
{
	(void)number;
	(void)what;
	upgrade = true;
	notify_send("RELOADING=1");
	event_base_loopexit(context, NULL);
}

static void on_watchdog(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
	notify_send("WATCHDOG=1");
}

/* NULL: no memory. `interval_us` 0: none. */
static struct event *start_watchdog(struct event_base *base, int64_t interval_us)
{
	struct timeval interval = { .tv_sec = interval_us / CLOCK_SECOND_US,
		.tv_usec = interval_us % CLOCK_SECOND_US };
	struct event *watchdog = event_new(base, -1, EV_PERSIST, on_watchdog, NULL);

	if (watchdog && interval_us > 0)
		event_add(watchdog, &interval);
	return watchdog;
}

static int run(struct event_base *base, const struct options *options)
{
	struct streamer_setup setup = { .socket_path = options->socket,
		.state_directory = options->state,
		.only_printer = options->printer };
	struct error error = { "" };
	struct streamer *streamer = streamer_create(base, &setup, &error);
	struct event *terminate, *interrupt, *replace, *watchdog;
	int status = EX_OK;

	if (!streamer) {
		fprintf(stderr, "printfarm-stream: %s\n", error.text);
		return EX_UNAVAILABLE;
	}
	terminate = evsignal_new(base, SIGTERM, on_signal, streamer);
	interrupt = evsignal_new(base, SIGINT, on_signal, streamer);
	replace = evsignal_new(base, SIGUSR2, on_upgrade, base);
	watchdog = start_watchdog(base, notify_watchdog_interval_us());
	if (!terminate || !interrupt || !replace || !watchdog || event_add(terminate, NULL) < 0 ||
		event_add(interrupt, NULL) < 0 || event_add(replace, NULL) < 0) {
		fprintf(stderr, "printfarm-stream: no memory for the loop\n");
		status = EX_OSERR;
	} else {
		notify_send("READY=1");
		event_base_dispatch(base);
	}
	if (terminate)
		event_free(terminate);
	if (interrupt)
		event_free(interrupt);
	if (replace)
		event_free(replace);
	if (watchdog)
		event_free(watchdog);
	streamer_destroy(streamer);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = { .seconds = 60 };
	int status = parse_options(argc, argv, &options);
	struct event_base *base;

	if (status >= 0)
		return status;
	set_roots();
	if (options.probe)
		return probe_run(options.probe);
	if (options.doctor)
		return probe_doctor(options.doctor, options.seconds);
	if (options.replay)
		return replay_main(options.replay, options.dialect);
	status = check_path(options.socket);
	if (status < 0)
		status = lock_state(options.state);
	if (status >= 0)
		return status;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	notify_init();
	base = event_base_new();
	/* 0: the stop socket; 1: everything else. */
	if (!base || event_base_priority_init(base, 2) < 0) {
		fprintf(stderr, "printfarm-stream: no memory for the loop\n");
		return EX_OSERR;
	}
	status = run(base, &options);
	event_base_free(base);
	if (!upgrade || status != EX_OK)
		return status;
	/* By the name we were started with: that is where an upgrade puts the new one. */
	execvp(argv[0], argv);
	fprintf(stderr, "printfarm-stream: starting %s anew: %s\n", argv[0], strerror(errno));
	return EX_OSERR;
}
