#include "daemon/control/control.h"

#include "base/error.h"
#include "daemon/control/api.h"
#include "daemon/control/book.h"
#include "daemon/control/config.h"
#include "daemon/control/due.h"
#include "daemon/control/events.h"
#include "daemon/control/farm.h"
#include "daemon/control/files.h"
#include "daemon/control/http.h"
#include "daemon/control/ledger.h"
#include "daemon/control/log.h"
#include "daemon/control/photos.h"
#include "daemon/control/opening.h"
#include "daemon/control/plan_file.h"
#include "daemon/control/streamer_link.h"
#include "daemon/control/streamers.h"
#include "gcode/policy.h"

#include <event2/event.h>

#include <errno.h>
#include <malloc.h> /* malloc_trim */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

enum {
	TURN_MOVES = 2000, /* of planning in one turn of the loop: some milliseconds */
	TIDY_S = 1,
	LARGE_CHANGES = 1000,
};

struct control {
	struct event_base *base; /* borrowed */
	char config_file[CONFIG_PATH_MAX];
	struct config config;
	bool has_config;
	struct ledger *ledger;
	struct plan_file *plan_file;
	struct files *files;
	struct photos *photos;
	struct farm *farm;
	struct events *events;
	struct api *api;
	struct http *http;
	struct streamers *streamers;
	struct streamer_link_counters link_counters;
	size_t link_count;
	struct streamer_link *link[CONFIG_PRINTERS_MAX + 1];
	struct event *turn, *tidy;
	int64_t calendar_week_s; /* the week that the farm's calendars were made in */
	uint64_t durable_ticket;
	bool trim_wanted; /* a large transaction went through the heap */
};

/* ---- time and turns ---- */

static int64_t monotonic_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Dates of some months, made anew each week and when the configuration changes. */
static void set_calendar(struct control *control, int64_t now_s, int64_t week_s)
{
	struct opening staff = { 0 }, noise = { 0 };
	if (!opening_of_staff(&staff, &control->config, now_s) ||
		!opening_of_noise(&noise, &control->config, now_s))
		log_error("farm", "no memory for the dates of holidays: the usual week counts");
	farm_set_opening(control->farm, &staff, &noise);
	control->calendar_week_s = week_s;
}

static void enter(void *context)
{
	struct control *control = context;
	int64_t now_s = (int64_t)time(NULL), week_s = due_week_start(now_s);
	farm_time(control->farm, now_s, monotonic_us(), week_s);
	if (week_s != control->calendar_week_s)
		set_calendar(control, now_s, week_s);
}

static uint64_t leave(void *context)
{
	struct control *control = context;
	uint64_t ticket = farm_turn(control->farm, TURN_MOVES);
	int64_t next_us = farm_next_us(control->farm);
	if (next_us == INT64_MAX) {
		event_del(control->turn);
		return ticket;
	}
	int64_t wait_us = next_us - monotonic_us();
	if (wait_us < 0)
		wait_us = 0;
	struct timeval wait = { wait_us / 1000000, wait_us % 1000000 };
	event_add(control->turn, &wait);
	return ticket;
}

static void on_turn(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	enter(context);
	leave(context);
}

/* ---- the farm's effects ---- */

/* In the order of submission, so the tickets count themselves. */
static void on_durable(void *context, int error)
{
	struct control *control = context;
	struct ledger_status status;
	uint64_t ticket = ++control->durable_ticket;
	ledger_status(control->ledger, &status);
	const char *reason = status.reason[0] ? status.reason : strerror(-error);
	if (error && !farm_is_broken(control->farm))
		log_error("ledger", "nothing is durable any more: %s", reason);
	enter(control);
	farm_durable(control->farm, ticket, error, reason);
	api_durable(control->api, ticket, error, reason);
	leave(control);
	if (control->trim_wanted && farm_ticket(control->farm) == control->durable_ticket) {
		control->trim_wanted = false;
		malloc_trim(0);
	}
}

static void commit(void *context, const struct farm_changes *changes, uint64_t ticket)
{
	struct control *control = context;
	struct ledger_transaction *transaction = ledger_transaction_create();
	(void)ticket;
	if (!transaction) {
		/* Transactions before it may be under way, so nothing can be said in order any
		 * more.  Ending here is what is always safe: the ledger knows what is true, and no
		 * printer notices. */
		log_error("ledger", "out of memory: printfarmd ends");
		abort();
	}
	for (size_t i = 0; i < changes->count; i++)
		book_put(transaction, &changes->change[i]);
	control->trim_wanted |= changes->count > LARGE_CHANGES;
	ledger_submit(control->ledger, transaction, on_durable, control);
}

static bool send_message(void *context, const struct wire_message *message)
{
	struct control *control = context;
	for (size_t i = 0; i < control->link_count; i++)
		if (streamer_link_serves(control->link[i], message->printer))
			return streamer_link_send(control->link[i], message);
	return false;
}

static void new_attempt_id(void *context, char id[ATTEMPT_ID_BYTES])
{
	unsigned char bits[(ATTEMPT_ID_BYTES - 1) / 2];
	(void)context;
	while (getrandom(bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		;
	for (size_t i = 0; i < sizeof(bits); i++)
		snprintf(id + 2 * i, 3, "%02x", bits[i]);
}

static bool file_path(void *context, const char *sha256, char *path, size_t size)
{
	struct control *control = context;
	return files_path(control->files, sha256, path, size) == 0;
}

/* Photos are the first thing to go without when room is short. */
static void photo(void *context, const struct photo_record *wish)
{
	struct control *control = context;
	struct files_space space;
	if (!control->config.photo_hook[0])
		return;
	if (files_space(control->files, &space) == 0 && space.is_full)
		farm_photo_failed(control->farm, wish, "the disk is nearly full");
	else
		photos_take(control->photos, wish);
}

static void photo_taken(void *context, const struct photo_record *taken)
{
	struct control *control = context;
	enter(control);
	farm_photo_taken(control->farm, taken);
	leave(control);
}

static void photo_failed(void *context, const struct photo_record *wish, const char *why)
{
	struct control *control = context;
	enter(control);
	farm_photo_failed(control->farm, wish, why);
	leave(control);
}

static void happened(void *context, const struct event_record *event)
{
	struct control *control = context;
	log_info(event->kind, "%s%s%s", event->text, event->user[0] ? " by " : "", event->user);
	events_happened(control->events, event);
}

static void reported(void *context, const char *printer)
{
	struct control *control = context;
	events_reported(control->events, printer);
}

static void answered(void *context, uint64_t request, int error, const char *text)
{
	struct control *control = context;
	api_answered(control->api, request, error, text);
}

static void found_out(void *context, uint64_t request, const struct farm_finding *finding)
{
	struct control *control = context;
	api_found_out(control->api, request, finding);
}

static void recorded(void *context, uint64_t request, const struct wire_recording *page)
{
	struct control *control = context;
	api_recorded(control->api, request, page);
}

/* ---- links ---- */

static void link_attached(void *context, const char *printer, int64_t alive_since_s)
{
	struct control *control = context;
	enter(control);
	farm_attached(control->farm, printer, alive_since_s);
	leave(control);
}

static void link_detached(void *context, const char *printer, const char *why)
{
	struct control *control = context;
	enter(control);
	farm_detached(control->farm, printer, why);
	leave(control);
}

static void link_message(void *context, const struct wire_message *message)
{
	struct control *control = context;
	enter(control);
	farm_message(control->farm, message);
	leave(control);
	if (message->kind == WIRE_ENDED)
		event_active(control->tidy, 0, 0);
}

static bool link_settings(void *context, const char *printer, struct wire_settings *settings)
{
	struct control *control = context;
	return farm_printer_settings(control->farm, printer, settings);
}

static void link_absent(void *context, const char *streamer)
{
	struct control *control = context;
	if (control->config.start_streamers == START_STREAMERS_SELF)
		streamers_start(control->streamers, &control->config, streamer, monotonic_us());
}

/* The streamer that serves this printer. */
static const char *streamer_of(const struct control *control, const char *printer)
{
	return control->config.streamers == STREAMERS_SHARED ? "shared" : printer;
}

static struct streamer_link *link_to(struct control *control, const char *streamer)
{
	static const struct streamer_link_handlers handlers = {
		.attached = link_attached,
		.detached = link_detached,
		.message = link_message,
		.settings = link_settings,
		.absent = link_absent,
	};
	struct streamer_link_handlers mine = handlers;
	char path[CONFIG_PATH_MAX + NAME_MAX_BYTES + 8];
	for (size_t i = 0; i < control->link_count; i++)
		if (strcmp(streamer_link_streamer(control->link[i]), streamer) == 0)
			return control->link[i];
	if (control->link_count == CONFIG_PRINTERS_MAX + 1)
		return NULL;
	mine.context = control;
	snprintf(path, sizeof(path), "%s/%s.stream", control->config.stream_dir, streamer);
	struct streamer_link *link =
		streamer_link_create(control->base, streamer, path, &mine, &control->link_counters);
	if (link)
		control->link[control->link_count++] = link;
	return link;
}

static bool is_configured(const struct control *control, const char *printer)
{
	for (size_t i = 0; i < control->config.printer_count; i++)
		if (strcmp(control->config.printer[i].name, printer) == 0)
			return true;
	return false;
}

/* Every configured printer has its link, with the settings of now. */
static void set_links(struct control *control)
{
	for (size_t i = 0; i < control->config.printer_count; i++) {
		const char *name = control->config.printer[i].name;
		struct streamer_link *link = link_to(control, streamer_of(control, name));
		if (!link || !streamer_link_set_printer(link, name))
			log_error("link", "no memory for a link to the streamer of %s", name);
	}
}

/* Asks for the printers of a link that are configured no more and print nothing to be let go of.
 * Their last end has to be booked first, and a streamer refuses while it cools.  True: some are
 * still there. */
static bool remove_printers(struct control *control, struct streamer_link *link)
{
	bool is_durable = farm_ticket(control->farm) == farm_durable_ticket(control->farm);
	bool left = false;
	for (size_t p = streamer_link_printer_count(link); p-- > 0;) {
		struct farm_printer_view view;
		const char *printer = streamer_link_printer(link, p);
		if (is_configured(control, printer))
			continue;
		left = true;
		if (is_durable &&
			!(farm_printer_by_name(control->farm, printer, &view) && view.job))
			streamer_link_remove_printer(link, printer);
	}
	return left;
}

/* Lets go of printers that are configured no more, and of streamers that serve none. */
static void on_tidy(evutil_socket_t fd, short what, void *context)
{
	static const struct timeval pause = { TIDY_S, 0 };
	struct control *control = context;
	(void)fd;
	(void)what;
	for (size_t i = control->link_count; i-- > 0;) {
		struct streamer_link *link = control->link[i];
		if (remove_printers(control, link))
			event_add(control->tidy, &pause);
		if (!streamer_link_is_empty(link))
			continue;
		if (control->config.start_streamers == START_STREAMERS_SELF)
			streamer_link_shut_down(link);
		streamer_link_destroy(link);
		control->link[i] = control->link[--control->link_count];
	}
}

/* ---- life ---- */

static int make_directory(const char *path, const char *option, struct error *error)
{
	struct stat status;
	if (mkdir(path, 0750) == 0)
		return 0;
	int result = -errno;
	if (result == -EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return 0;
	error_set(error, "%s \"%s\" cannot be made: %s", option, path,
		result == -EEXIST ? "something else is there" : strerror(-result));
	return result;
}

static int read_config(struct control *control, const char *config_file, struct error *error)
{
	snprintf(control->config_file, sizeof(control->config_file), "%s", config_file);
	int result = config_load(&control->config, config_file, error);
	if (result)
		return -EINVAL; /* whatever it is: the configuration is what has to be looked at */
	control->has_config = true;
	if (control->config.timezone[0])
		setenv("TZ", control->config.timezone, 1);
	tzset();
	result = make_directory(control->config.state_dir, "state_dir", error);
	if (!result)
		result = make_directory(control->config.stream_dir, "stream_dir", error);
	return result;
}

static bool find_upload(void *context, const char *upload_sha256, struct file_record *file)
{
	struct control *control = context;
	const struct file_record *found = farm_file_by_upload(control->farm, upload_sha256);
	if (found)
		*file = *found;
	return found != NULL;
}

static bool has_rule(const struct profile *profile, const char *rule)
{
	for (size_t i = 0; i < profile->rule_count; i++)
		if (strcmp(profile->rule[i], rule) == 0)
			return true;
	return false;
}

/* Files for MakerBots and for mach3 heat or extrude wrongly on this machine. */
static bool refuses_foreign(const struct profile *profile)
{
	return profile->firmware != PROFILE_FIRMWARE_UNSAID &&
	       policy_severity(profile, POLICY_FOREIGN_DIALECT) == VERDICT_REFUSE &&
	       policy_severity(profile, POLICY_EXTRUDER_MODE) == VERDICT_REFUSE;
}

/* An upload is for no printer yet: it is judged by what all machines agree on. */
static void set_common_rules(struct control *control)
{
	const struct config *config = &control->config;
	static const char foreign[] = "foreign-dialect-unclear=refuse,extruder-mode-unclear=refuse";
	enum profile_firmware firmware = PROFILE_FIRMWARE_UNSAID;
	char text[sizeof foreign + 32 + PROFILE_RULES_MAX * PROFILE_RULE_MAX] = "";
	bool all_refuse = config->profile_count > 0;
	size_t length = 0;

	if (config->profile_count > 0)
		firmware = config->profile[0].firmware;
	for (size_t i = 0; i < config->profile_count; i++) {
		all_refuse = all_refuse && refuses_foreign(&config->profile[i]);
		if (config->profile[i].firmware != firmware)
			firmware = PROFILE_FIRMWARE_UNSAID;
	}
	if (all_refuse)
		length = (size_t)snprintf(text, sizeof text, "%s", foreign);
	/* What holds long lines: elsewhere a file that is for others is stored for them. */
	if (firmware == PROFILE_FIRMWARE_KLIPPER || firmware == PROFILE_FIRMWARE_REPRAP)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%sfirmware=%s",
			length ? "," : "", profile_firmware_name(firmware));
	for (size_t i = 0; config->profile_count > 0 && i < config->profile[0].rule_count; i++) {
		const char *rule = config->profile[0].rule[i];
		bool all = true;

		for (size_t j = 1; j < config->profile_count; j++)
			all = all && has_rule(&config->profile[j], rule);
		if (all)
			length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
				length ? "," : "", rule);
	}
	files_set_rules(control->files, text);
}

static int open_photos(struct control *control, struct error *error)
{
	char path[CONFIG_PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/photos", control->config.state_dir);
	const struct photos_settings settings = {
		.base = control->base,
		.ledger = control->ledger,
		.directory = path,
		.context = control,
		.new_id = new_attempt_id,
		.taken = photo_taken,
		.failed = photo_failed,
	};
	control->photos = photos_create(&settings);
	if (!control->photos) {
		error_set(error, "out of memory");
		return -ENOMEM;
	}
	photos_set_hook(control->photos, control->config.photo_hook, control->config.photo_s);
	return 0;
}

static int open_store(struct control *control, struct error *error)
{
	char path[CONFIG_PATH_MAX + 16];
	struct error trouble = { "" };
	snprintf(path, sizeof(path), "%s/ledger.db", control->config.state_dir);
	int result = ledger_open(&control->ledger, path, control->base, error);
	if (result)
		return result;
	if (ledger_reserve(control->ledger, control->config.reserve_bytes, &trouble) != 0)
		log_warning("ledger", "%s", trouble.text);
	snprintf(path, sizeof(path), "%s/files", control->config.state_dir);
	const struct files_settings settings = {
		.directory = path,
		.base = control->base,
		.ledger = control->ledger,
		.upload_max_bytes = control->config.upload_max_bytes,
		.text_max_bytes = control->config.text_max_bytes,
		.free_floor_bytes = control->config.free_floor_bytes,
		.free_floor_percent = control->config.free_floor_percent,
		.find_upload = find_upload,
		.context = control,
	};
	result = files_open(&control->files, &settings, error);
	if (result)
		return result;
	set_common_rules(control);
	return open_photos(control, error);
}

static void keep_plan(void *context, const char *text, size_t size)
{
	plan_file_keep(((struct control *)context)->plan_file, text, size);
}

static void load_plan(struct control *control)
{
	size_t size;
	char *text = plan_file_read(control->config.state_dir, &size);
	if (text)
		farm_load_plan(control->farm, text, size);
	free(text);
}

static int make_farm(struct control *control, struct error *error)
{
	const struct farm_effects effects = {
		.context = control,
		.commit = commit,
		.send = send_message,
		.new_attempt_id = new_attempt_id,
		.file_path = file_path,
		.photo = photo,
		.happened = happened,
		.keep_plan = keep_plan,
		.reported = reported,
		.answered = answered,
		.found_out = found_out,
		.recorded = recorded,
	};
	control->plan_file = plan_file_create(control->ledger, control->config.state_dir);
	control->farm = control->plan_file ? farm_create(&control->config, &effects) : NULL;
	if (!control->farm) {
		error_set(error, "out of memory");
		return -ENOMEM;
	}
	enter(control);
	load_plan(control);
	return book_load(control->ledger, control->farm, (int64_t)time(NULL), error);
}

static int reload_for_api(void *context, struct error *error)
{
	return control_reload(context, error);
}

static void configure_http(struct control *control)
{
	const struct http_settings settings = {
		.connections_per_user = control->config.connections_per_user,
		.hosts = control->config.host,
		.host_count = control->config.host_count,
	};
	http_configure(control->http, &settings);
}

static int make_faces(struct control *control, struct error *error)
{
	control->events = events_create(control->base, control->farm, control->ledger);
	const struct api_setup setup = {
		.base = control->base,
		.farm = control->farm,
		.ledger = control->ledger,
		.files = control->files,
		.photos = control->photos,
		.events = control->events,
		.started_s = (int64_t)time(NULL),
		.context = control,
		.enter = enter,
		.leave = leave,
		.reload = reload_for_api,
	};
	control->api = api_create(&setup);
	control->turn = evtimer_new(control->base, on_turn, control);
	control->tidy = evtimer_new(control->base, on_tidy, control);
	control->streamers = streamers_create(control->base);
	if (!control->events || !control->api || !control->turn || !control->tidy ||
		!control->streamers) {
		error_set(error, "out of memory");
		return -ENOMEM;
	}
	struct http_handlers handlers;
	api_http_handlers(control->api, &handlers);
	int fd = http_listen(control->config.socket, error);
	if (fd < 0)
		return fd;
	control->http = http_create(control->base, fd, &handlers, error);
	if (!control->http)
		return -ENOMEM;
	configure_http(control);
	api_set_http(control->api, control->http);
	return 0;
}

int control_create(struct control **control, struct event_base *base, const char *config_file,
	struct error *error)
{
	struct control *made = calloc(1, sizeof(*made));
	if (!made) {
		error_set(error, "out of memory");
		return -ENOMEM;
	}
	made->base = base;
	int result = read_config(made, config_file, error);
	if (!result)
		result = open_store(made, error);
	if (!result)
		result = make_farm(made, error);
	if (!result)
		result = make_faces(made, error);
	if (result) {
		control_destroy(made);
		return result;
	}
	set_links(made);
	leave(made);
	*control = made;
	return 0;
}

void control_destroy(struct control *control)
{
	if (!control)
		return;
	for (size_t i = 0; i < control->link_count; i++)
		streamer_link_destroy(control->link[i]);
	control->link_count = 0;
	/* Requests hang on uploads, uploads on the ledger's thread, and that on the farm. */
	http_destroy(control->http);
	files_close(control->files);
	photos_close(control->photos);
	ledger_close(control->ledger);
	plan_file_destroy(control->plan_file);
	api_destroy(control->api);
	events_destroy(control->events);
	farm_destroy(control->farm);
	streamers_destroy(control->streamers);
	if (control->turn)
		event_free(control->turn);
	if (control->tidy)
		event_free(control->tidy);
	if (control->has_config)
		config_finish(&control->config);
	free(control);
}

/* What a running daemon cannot change. */
static int check_unchanged(const struct config *old, const struct config *new, struct error *error)
{
	const struct {
		const char *name, *old, *new;
	} fixed[] = {
		{ "state_dir", old->state_dir, new->state_dir },
		{ "socket", old->socket, new->socket },
		{ "stream_dir", old->stream_dir, new->stream_dir },
		{ "farm.timezone", old->timezone, new->timezone },
	};
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (strcmp(fixed[i].old, fixed[i].new) != 0) {
			error_set(error,
				"%s: %s is \"%s\" and cannot become \"%s\" while printfarmd runs: "
				"restart it",
				new->file, fixed[i].name, fixed[i].old, fixed[i].new);
			return -EINVAL;
		}
	if (old->streamers != new->streamers) {
		error_set(error,
			"%s: streamers cannot change while printfarmd runs: restart it when "
			"nothing prints",
			new->file);
		return -EINVAL;
	}
	return 0;
}

int control_reload(struct control *control, struct error *error)
{
	struct config fresh;
	int result = config_load(&fresh, control->config_file, error);
	if (result)
		return result;
	result = check_unchanged(&control->config, &fresh, error);
	if (result) {
		config_finish(&fresh);
		return result;
	}
	struct config old = control->config;
	control->config = fresh;
	control->calendar_week_s = 0;
	enter(control);
	farm_reconfigure(control->farm, &control->config);
	config_finish(&old);
	files_set_limits(control->files, fresh.upload_max_bytes, fresh.text_max_bytes,
		fresh.free_floor_bytes, fresh.free_floor_percent);
	set_common_rules(control);
	photos_set_hook(control->photos, fresh.photo_hook, fresh.photo_s);
	configure_http(control);
	set_links(control);
	event_active(control->tidy, 0, 0);
	leave(control);
	log_info("config", "%s is in force", control->config_file);
	return 0;
}

void control_summary(const struct control *control, char *text, unsigned size)
{
	snprintf(text, size, "%zu printers, %zu jobs printing, %zu waiting%s",
		farm_printer_count(control->farm), farm_jobs_in_state(control->farm, JOB_PRINTING),
		farm_jobs_in_state(control->farm, JOB_QUEUED),
		farm_is_broken(control->farm) ? "; the ledger cannot be written" : "");
}
