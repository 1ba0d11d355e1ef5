/* printfarmd: options, signals, the service manager, and the loop. */
#include "base/error.h"
#include "daemon/control/config.h"
#include "daemon/control/control.h"
#include "daemon/control/drawing.h"
#include "daemon/control/holidays_child.h"
#include "daemon/control/import.h"
#include "daemon/control/log.h"
#include "daemon/control/options.h"

#include <event2/event.h>
#include <systemd/sd-daemon.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { FILES_WANTED = 4096 }; /* descriptors: 1,000 clients and 256 streamers */

struct options {
	const char *config_file;
	bool check_config, foreground, print_options;
};

struct daemon {
	struct event_base *base;
	struct control *control;
	struct event *ends[2], *reload, *alive;
};

static int usage(FILE *file)
{
	fputs("usage: printfarmd -c FILE [--foreground]\n"
	      "       printfarmd -c FILE --check-config\n"
	      "       printfarmd --print-options | --version\n",
		file);
	return file == stderr ? EX_USAGE : 0;
}

/* Negative: go on; else the exit code.  By hand: getopt's struct option is not ours. */
static int read_options(int argc, char **argv, struct options *options)
{
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		if ((strcmp(word, "-c") == 0 || strcmp(word, "--config") == 0) && i + 1 < argc)
			options->config_file = argv[++i];
		else if (strcmp(word, "--check-config") == 0)
			options->check_config = true;
		else if (strcmp(word, "--foreground") == 0)
			options->foreground = true;
		else if (strcmp(word, "--print-options") == 0)
			options->print_options = true;
		else if (strcmp(word, "--version") == 0) {
			puts("printfarmd " PRINTFARM_VERSION);
			return 0;
		} else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
			return usage(stdout);
		else
			return usage(stderr);
	}
	return options->config_file || options->print_options ? -1 : usage(stderr);
}

static int check_config(const char *file)
{
	struct config config;
	struct error error = { "" };
	if (config_load(&config, file, &error) != 0) {
		fprintf(stderr, "%s\n", error.text);
		return EX_CONFIG;
	}
	printf("%s: good: %zu printer%s, %zu profile%s\n", file, config.printer_count,
		config.printer_count == 1 ? "" : "s", config.profile_count,
		config.profile_count == 1 ? "" : "s");
	if (config.printer_count == 0)
		printf("it has no printers: nothing can be printed; 'printers' lists them\n");
	config_finish(&config);
	return 0;
}

/* ---- the background ---- */

/* The parent stays until the child says whether it came up, and ends with its exit code.  Returns
 * the descriptor to say it on, in the child. */
static int go_to_background(void)
{
	int pipe_fd[2];
	unsigned char code = EX_OSERR;
	if (pipe2(pipe_fd, O_CLOEXEC) != 0)
		exit(EX_OSERR);
	pid_t child = fork();
	if (child < 0)
		exit(EX_OSERR);
	if (child == 0) {
		close(pipe_fd[0]);
		setsid();
		return pipe_fd[1];
	}
	close(pipe_fd[1]);
	if (read(pipe_fd[0], &code, 1) != 1)
		code = EX_SOFTWARE;
	_exit(code);
}

static void tell_parent(int fd, int code)
{
	unsigned char byte = (unsigned char)code;
	if (fd < 0)
		return;
	if (write(fd, &byte, 1) != 1)
		log_warning("main", "the starting process has gone");
	close(fd);
}

/* From here on messages go to the state directory. */
static void leave_terminal(const char *config_file)
{
	struct config config;
	char path[CONFIG_PATH_MAX + 32];
	if (config_load(&config, config_file, NULL) != 0)
		return;
	snprintf(path, sizeof(path), "%s/log", config.state_dir);
	mkdir(path, 0750);
	snprintf(path, sizeof(path), "%s/log/printfarmd.log", config.state_dir);
	config_finish(&config);
	int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nothing >= 0) {
		dup2(nothing, STDIN_FILENO);
		dup2(nothing, STDOUT_FILENO);
	}
	if (log >= 0)
		dup2(log, STDERR_FILENO);
	if (nothing > STDERR_FILENO)
		close(nothing);
	if (log > STDERR_FILENO)
		close(log);
}

/* ---- signals ---- */

static void on_end(evutil_socket_t number, short what, void *context)
{
	struct daemon *daemon = context;
	(void)what;
	log_info("main", "ending because of signal %d; running prints go on", (int)number);
	event_base_loopbreak(daemon->base);
}

static void on_reload(evutil_socket_t number, short what, void *context)
{
	struct daemon *daemon = context;
	struct error error = { "" };
	(void)number;
	(void)what;
	sd_notify(0, "RELOADING=1");
	if (control_reload(daemon->control, &error) != 0)
		log_error("config", "the old configuration stays: %s", error.text);
	sd_notify(0, "READY=1");
}

static void on_alive(evutil_socket_t fd, short what, void *context)
{
	struct daemon *daemon = context;
	char summary[128];
	(void)fd;
	(void)what;
	control_summary(daemon->control, summary, sizeof(summary));
	sd_notifyf(0, "WATCHDOG=1\nSTATUS=%s", summary);
}

static bool watch(struct daemon *daemon)
{
	uint64_t watchdog_us = 0;
	daemon->ends[0] = evsignal_new(daemon->base, SIGTERM, on_end, daemon);
	daemon->ends[1] = evsignal_new(daemon->base, SIGINT, on_end, daemon);
	daemon->reload = evsignal_new(daemon->base, SIGHUP, on_reload, daemon);
	daemon->alive = event_new(daemon->base, -1, EV_PERSIST, on_alive, daemon);
	if (!daemon->ends[0] || !daemon->ends[1] || !daemon->reload || !daemon->alive)
		return false;
	event_add(daemon->ends[0], NULL);
	event_add(daemon->ends[1], NULL);
	event_add(daemon->reload, NULL);
	if (sd_watchdog_enabled(0, &watchdog_us) > 0 && watchdog_us > 0) {
		struct timeval every = { (time_t)(watchdog_us / 3 / 1000000),
			(suseconds_t)(watchdog_us / 3 % 1000000) };
		event_add(daemon->alive, &every);
	}
	return true;
}

static void unwatch(struct daemon *daemon)
{
	struct event *all[] = { daemon->ends[0], daemon->ends[1], daemon->reload, daemon->alive };
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i])
			event_free(all[i]);
}

/* ---- running ---- */

static void raise_file_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= FILES_WANTED)
		return;
	limit.rlim_cur = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int exit_code_of(int result)
{
	return result == -EINVAL || result == -EPROTONOSUPPORT ? EX_CONFIG : 1;
}

static int run(struct daemon *daemon)
{
	sd_notify(0, "READY=1");
	int result = event_base_dispatch(daemon->base);
	sd_notify(0, "STOPPING=1");
	return result < 0 ? EX_SOFTWARE : 0;
}

static int serve(const struct options *options)
{
	struct daemon daemon = { 0 };
	struct error error = { "" };
	int parent = options->foreground ? -1 : go_to_background();
	signal(SIGPIPE, SIG_IGN);
	raise_file_limit();
	daemon.base = event_base_new();
	int result = daemon.base ? control_create(&daemon.control, daemon.base,
					   options->config_file, &error)
				 : -ENOMEM;
	if (result || !watch(&daemon)) {
		fprintf(stderr, "printfarmd: %s\n", error.text[0] ? error.text : "out of memory");
		tell_parent(parent, exit_code_of(result));
	} else {
		if (!options->foreground)
			leave_terminal(options->config_file);
		tell_parent(parent, 0);
	}
	int code = result || !daemon.alive ? exit_code_of(result) : run(&daemon);
	unwatch(&daemon);
	control_destroy(daemon.control);
	if (daemon.base)
		event_base_free(daemon.base);
	libevent_global_shutdown();
	return code;
}

int main(int argc, char **argv)
{
	/* The import child is this program again, with a file and a pipe and nothing else. */
	if (argc > 1 && strcmp(argv[1], "--import") == 0)
		return import_child_main(argc, argv);
	if (argc > 1 && strcmp(argv[1], "--draw") == 0)
		return drawing_child_main(argc, argv);
	if (argc > 1 && strcmp(argv[1], "--settings") == 0)
		return settings_child_main(argc, argv);
	if (argc > 1 && strcmp(argv[1], "--holidays") == 0)
		return holidays_child_main(argc, argv);
	holidays_use_child("/proc/self/exe");
	struct options options = { 0 };
	int code = read_options(argc, argv, &options);
	if (code >= 0)
		return code;
	if (options.print_options) {
		options_print_man(stdout);
		return 0;
	}
	return options.check_config ? check_config(options.config_file) : serve(&options);
}
