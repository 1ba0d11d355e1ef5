/* The table of options; see options.h. */
#include "daemon/control/options.h"

#include "daemon/control/config.h"
#include "daemon/control/dates.h"
#include "daemon/control/hours.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define AT(record, member)                                                                         \
	.offset = offsetof(struct record, member), .size = sizeof(((struct record *)0)->member)
#define LIST(record, member, n)                                                                    \
	.offset = offsetof(struct record, member),                                                 \
	.size = sizeof(((struct record *)0)->member[0]),                                           \
	.count_offset = offsetof(struct record, n)
#define GROUP(table, record)                                                                       \
	{                                                                                          \
		.option = table, .count = COUNT(table), .record_bytes = sizeof(struct record)      \
	}

static const char *const streamers_choice[] = { "process", "shared", NULL };
static const char *const start_choice[] = { "self", "none", NULL };
static const char *const inspect_choice[] = { "person", "automatic", NULL };
static const char *const kind_choice[] = { "printer", "laser", "mill", NULL };
static const char *const approval_choice[] = { "off", "warn", "enforce", NULL };
static const char *const per_choice[] = { "day", "week", "month", NULL };
static const char *const quota_policy_choice[] = { "behind", "wait", NULL };
static const char *const unattended_choice[] = { "never", "allowed", NULL };
static const char *const shape_choice[] = { "box", "round", NULL };
static const char *const firmware_choice[] = { "any", "marlin", "klipper", "reprapfirmware", "grbl",
	NULL };
static const char *const dialect_choice[] = { "auto", "marlin", "prusa-mk3", "prusa-buddy",
	"repetier", "smoothie", "grbl", "grblhal", "fluidnc", "klipper", "rrf", NULL };

static const struct option farm_options[] = {
	{ "name", OPTION_TEXT, .max = NAME_MAX_BYTES - 1, .initial = "farm", AT(config, farm_name),
		.help = "What the farm is called on pages and in messages." },
	{ "timezone", OPTION_ZONE, .max = NAME_MAX_BYTES - 1, .initial = "", AT(config, timezone),
		.help = "Zone of due dates and staffed hours, such as Europe/Paris.  Empty: the "
			"system's." },
	{ "hours", OPTION_STAFF, .max = CONFIG_HOURS_MAX, LIST(config, hours, hours_count),
		.help = "When somebody is there, in the farm's zone.  Nothing is started that "
			"would end "
			"outside these hours, except on printers whose unattended is allowed.  "
			"None "
			"given: somebody is always there.  With operators, the number of people "
			"who "
			"are there: fewer than at other times are expected to clear beds more "
			"slowly." },
	{ "operators", OPTION_INT32, .min = 0, .max = 1000, .initial = "0", AT(config, operators),
		.help = "How many people are there where a row of hours does not say.  0: not "
			"said." },
	{ "closed", OPTION_DATES, .max = CONFIG_DATES_MAX, LIST(config, closed, closed_count),
		.help = "Dates on which nobody is there whatever hours says, first and last "
			"included." },
	{ "open", OPTION_DATES, .max = CONFIG_DATES_MAX, LIST(config, extra, extra_count),
		.help = "Dates on which somebody is there although hours, closed or holidays say "
			"otherwise." },
	{ "holidays", OPTION_PATH, .max = CONFIG_PATH_MAX - 1, .initial = "",
		AT(config, holidays_file),
		.help = "An iCalendar file (.ics) whose events are times at which nobody is there. "
			" It is read again by printfarm reload.  Empty: none." },
	{ "quiet_hours", OPTION_HOURS, .max = CONFIG_HOURS_MAX, LIST(config, quiet, quiet_count),
		.help = "When printers that are noisy neither start nor run." },
	{ "power_budget_w", OPTION_INT32, .min = 0, .max = 1000000, .initial = "0", .unit = "watts",
		AT(config, power_budget_w),
		.help = "What all printers together may draw: no print starts that would exceed "
			"it.  "
			"0: no limit." },
};
static const struct option_group farm_group = GROUP(farm_options, config);

static const struct option volume_options[] = {
	{ "min", OPTION_POINT, .required = true, .min = -10000, .max = 10000, .unit = "mm",
		AT(profile, volume_min_mm),
		.help = "Lowest X, Y and Z that a nozzle may go to.  Not always 0: the purge line "
			"of "
			"some machines lies in front of the bed." },
	{ "max", OPTION_POINT, .required = true, .min = -10000, .max = 10000, .unit = "mm",
		AT(profile, volume_max_mm),
		.help = "Highest X, Y and Z.  Of a round bed: the radius, the radius, the "
			"height." },
};
static const struct option_group volume_group = GROUP(volume_options, profile);

static const struct option profile_options[] = {
	{ "name", OPTION_NAME, .required = true, .min = 1, .max = PROFILE_NAME_MAX - 1,
		AT(profile, name), .help = "What printers call it in their profile option." },
	{ "shape", OPTION_CHOICE, .choice = shape_choice, .initial = "box", AT(profile, shape),
		.help = "Form of the bed; round beds have their centre at 0, 0." },
	{ "volume_mm", OPTION_GROUP, .required = true, .group = &volume_group,
		.help = "Where the nozzle may go." },
	{ "nozzle_mm", OPTION_NUMBER, .min = 0, .max = 5, .required = true, .unit = "mm",
		AT(profile, nozzle_mm), .help = "Bore of the nozzle; 0: not said." },
	{ "hotend_max_celsius", OPTION_NUMBER, .required = true, .min = 0, .max = 500,
		.unit = "degrees Celsius", AT(profile, hotend_max_celsius),
		.help = "Hottest that a file may ask of the nozzle." },
	{ "bed_max_celsius", OPTION_NUMBER, .required = true, .min = 0, .max = 200,
		.unit = "degrees Celsius", AT(profile, bed_max_celsius),
		.help = "Hottest that a file may ask of the bed; 0 for a bed without heater." },
	{ "firmware", OPTION_CHOICE, .choice = firmware_choice, .initial = "any",
		AT(profile, firmware),
		.help = "What the machine's firmware reads, and how long a command may be: 84 "
			"bytes "
			"for marlin, 255 for klipper and reprapfirmware, 79 without blanks for "
			"grbl; any is judged as marlin, except for macros and for files that "
			"say what they were made for." },
	{ "receive_bytes", OPTION_INT32, .min = 0, .max = 4096, .initial = "0", .unit = "bytes",
		AT(profile, receive_bytes),
		.help = "What its serial buffer holds: never more is under way without an answer. "
			" 0: what its firmware usually has (127 on an 8-bit Marlin)." },
	{ "tools", OPTION_INT32, .min = 1, .max = 16, .initial = "1", AT(profile, tool_count),
		.help = "How many filaments it can choose between." },
	{ "machines", OPTION_TEXTS, .max = PROFILE_MACHINES_MAX,
		LIST(profile, machine, machine_count),
		.help = "Names that slicers give this machine.  A file that names another machine "
			"is not printed on it.  None given: any file may try." },
	{ "rules", OPTION_TEXTS, .max = PROFILE_RULES_MAX, LIST(profile, rule, rule_count),
		.help = "Rules for files that this machine judges otherwise: \"servo=ok\", "
			"\"pin=warn\", \"needs-person=refuse\"; printfarm check --rules lists "
			"them.  "
			"Uploads are judged by what all profiles agree on." },
	{ "hotend_celsius_s", OPTION_NUMBER, .min = 0, .max = 50, .initial = "0",
		.unit = "degrees Celsius a second", AT(profile, hotend_celsius_s),
		.help = "How fast a cold hotend warms; 0: as common ones do." },
	{ "bed_celsius_s", OPTION_NUMBER, .min = 0, .max = 50, .initial = "0",
		.unit = "degrees Celsius a second", AT(profile, bed_celsius_s),
		.help = "How fast a cold bed warms; 0: as common ones do." },
	{ "home_s", OPTION_NUMBER, .min = 0, .max = 3600, .initial = "0", .unit = "seconds",
		AT(profile, home_s),
		.help = "How long homing all axes takes; 0: as on common machines of its size." },
	{ "level_s", OPTION_NUMBER, .min = 0, .max = 3600, .initial = "0", .unit = "seconds",
		AT(profile, level_s), .help = "How long probing the bed takes; 0: a minute." },
	{ "tool_change_s", OPTION_NUMBER, .min = 0, .max = 3600, .initial = "0", .unit = "seconds",
		AT(profile, tool_change_s),
		.help = "How long changing from one hotend to another takes; 0: five seconds." },
};
const struct option_group options_profile = GROUP(profile_options, profile);

static const struct option printer_options[] = {
	{ "name", OPTION_NAME, .required = true, .min = 1, .max = NAME_MAX_BYTES - 1,
		AT(config_printer, name), .help = "What people call it.  Unique." },
	{ "port", OPTION_PATH, .required = true, .min = 1, .max = CONFIG_PATH_MAX - 1,
		AT(config_printer, port),
		.help = "Serial port, best a name under /dev/serial/by-id or by-path; or "
			"\"usb:\" and what the device must be: serial=, id=VVVV:PPPP, "
			"path=1-1.4, interface=, with commas between.  Two devices that fit are "
			"both refused." },
	{ "dialect", OPTION_WORD, .choice = dialect_choice, .initial = "auto",
		AT(config_printer, dialect),
		.help = "What its firmware speaks.  \"auto\": it is asked." },
	{ "klipper_socket", OPTION_PATH, .max = CONFIG_SOCKET_MAX - 1, .initial = "",
		AT(config_printer, klipper_socket),
		.help = "The API socket of a printer that runs Klipper, for its state, its "
			"temperatures and its emergency stop.  Empty: the port alone is used." },
	{ "baud", OPTION_INT32, .min = 0, .max = 4000000, .initial = "0", .unit = "bits a second",
		AT(config_printer, baud),
		.help = "Speed of the port.  0: the usual one; with dialect auto it is tried "
			"out, the most likely one first." },
	{ "window", OPTION_WINDOW, .min = 1, .max = 64, .initial = "auto",
		AT(config_printer, window_lines),
		.help = "How much may be under way without an answer.  \"auto\": as much as the "
			"printer can hold where the link damages nothing (native USB) or the "
			"firmware refuses pieces of lines by itself; behind a UART the held "
			"newline once the board has shown that it can, else ping-pong.  "
			"\"ping-pong\": one line.  \"held\": one line and the next one without its "
			"line end; not for dialects that drop half a line that waits (prusa-mk3).  "
			"A number: so many lines; behind a UART with Marlin this can run pieces of "
			"damaged lines." },
	{ "profile", OPTION_NAME, .required = true, .min = 1, .max = PROFILE_NAME_MAX - 1,
		AT(config_printer, profile),
		.help = "What it can do: the name of a profile in this file, or of a file "
			"NAME.cfg in profile_dir." },
	{ "material", OPTION_TEXT, .max = NAME_MAX_BYTES - 1, .initial = "",
		AT(config_printer, material),
		.help = "Material that is loaded unless a spool says otherwise.  Empty: not "
			"said." },
	{ "tags", OPTION_TEXTS, .max = CONFIG_TAGS_MAX, LIST(config_printer, tag, tag_count),
		.help = "Words by which orders may choose printers." },
	{ "unattended", OPTION_CHOICE, .choice = unattended_choice, .initial = "never",
		AT(config_printer, unattended),
		.help = "Whether prints may run while nobody is there.  Never on a laser, a mill, "
			"or "
			"a printer without a remote stop." },
	{ "noisy", OPTION_BOOL, .initial = "false", AT(config_printer, noisy),
		.help = "Whether it must be still in the farm's quiet_hours." },
	{ "watts", OPTION_INT32, .min = 0, .max = 100000, .initial = "0", .unit = "watts",
		AT(config_printer, watts),
		.help = "What it draws while it prints, for power_budget_w." },
	{ "heat_watts", OPTION_INT32, .min = 0, .max = 100000, .initial = "0", .unit = "watts",
		AT(config_printer, heat_watts),
		.help = "What it draws while it heats up.  0, or less than watts: as watts." },
	{ "runout_change", OPTION_BOOL, .initial = "false", AT(config_printer, runout_change),
		.help = "Whether a print may start on a spool that is known to hold too little: "
			"the printer notices the end of the filament, and somebody will change "
			"the "
			"spool while it waits." },
	{ "short_numbers", OPTION_BOOL, .initial = "false", AT(config_printer, short_numbers),
		.help = "Leaves out leading zeros and plus signs of numbers in moves (.5 for 0.5): "
			"a "
			"byte or two a line, and the same number to every firmware that reads "
			"digits "
			"from left to right.  What is executed is then not letter by letter what "
			"printfarm check --commands prints." },
	{ "meatpack", OPTION_BOOL, .initial = "false", AT(config_printer, meatpack),
		.help = "Sends two characters in a byte where the firmware says that it unpacks "
			"them: more lines a second on a slow wire.  A damaged byte damages more." },
	{ "uuid", OPTION_TEXT, .max = CONFIG_UUID_MAX - 1, .initial = "", AT(config_printer, uuid),
		.help = "What the firmware must say of itself in M115 behind UUID:.  Another "
			"printer on this port is not used." },
	{ "pause_heat_s", OPTION_INT64, .min = 0, .max = 86400, .initial = "1200",
		.unit = "seconds", AT(config_printer, pause_heat_s),
		.help = "A print that has stopped by itself and waits for a person, such as for "
			"new filament, keeps its nozzle hot for so long; 0: for ever.  Then, as "
			"at once after printfarm printer pause, it cools to standby_celsius." },
	{ "standby_celsius", OPTION_NUMBER, .min = 0, .max = 250, .initial = "0",
		.unit = "degrees Celsius", AT(config_printer, standby_celsius),
		.help = "What the nozzle of a paused print is kept at, such as 150, from where it "
			"is hot again soon and at which little oozes; the bed stays as it is.  "
			"0: it is off, as a printer that nobody watches should be." },
	{ "dead_man_s", OPTION_INT64, .min = 0, .max = 7200, .initial = "0", .unit = "seconds",
		AT(config_printer, dead_man_s),
		.help = "Marlin's own dead man (M85): while heaters are on because of a print, the "
			"firmware stops the machine when nothing has moved for so long.  Longer "
			"than the longest dwell and the longest heat-up, such as 900; not for "
			"files "
			"with M84 S0, which Marlin 2.0 takes for no movement.  0: none." },
	{ "power_off", OPTION_PATH, .max = CONFIG_PATH_MAX - 1, .initial = "",
		AT(config_printer, power_off),
		.help = "A program that cuts this printer's power: run by its streamer, with the "
			"printer's name as its argument, when an emergency stop is asked for or "
			"needed.  Empty: none." },
	{ "adopt", OPTION_BOOL, .initial = "true", AT(config_printer, adopt),
		.help = "Whether a print goes on when its streamer died or its cable was pulled "
			"for less than ten seconds, and the printer's own line counter proves "
			"where it is.  Otherwise such a print ends, and somebody has to look." },
	{ "kind", OPTION_CHOICE, .choice = kind_choice, .initial = "printer",
		AT(config_printer, kind),
		.help = "What it is.  Each start on a laser or a mill is confirmed at the machine "
			"(printfarm printer confirm), and neither runs unattended.  To a laser "
			"only M4 is sent, and its firmware must be in laser mode ($32=1); a mill "
			"must not be." },
	{ "reset_line", OPTION_BOOL, .initial = "false", AT(config_printer, reset_line),
		.help = "DTR resets this board: used as the last means of an emergency stop." },
	{ "reset_on_connect", OPTION_BOOL, .initial = "false", AT(config_printer, reset_on_connect),
		.help = "Whether the board is reset by a pulse of DTR and RTS whenever its port is "
			"opened: when it is plugged in, when its streamer starts, when its "
			"settings "
			"change.  Never while a print of ours is under way or gone on with, while "
			"heaters of ours may be on, while the printer is locked, or when it was "
			"last seen to print or to be heated by somebody else.  A print started at "
			"the printer while no streamer was connected to it is not known and would "
			"be ended." },
};
static const struct option_group printer_group = GROUP(printer_options, config_printer);

static const struct option maintenance_options[] = {
	{ "what", OPTION_NAME, .required = true, .min = 1, .max = NAME_MAX_BYTES - 1,
		AT(config_maintenance, what), .help = "What is to be done, such as grease." },
	{ "every_h", OPTION_INT32, .required = true, .min = 1, .max = 100000, .unit = "hours",
		AT(config_maintenance, every_h), .help = "After so many hours of printing." },
	{ "late_h", OPTION_INT32, .min = 0, .max = 100000, .initial = "0", .unit = "hours",
		AT(config_maintenance, late_h),
		.help = "So many hours of printing later the printer takes no new job until "
			"printfarm printer maintained.  0: it is only said that it is due." },
	{ "takes_s", OPTION_INT64, .min = 0, .max = 604800, .initial = "1800", .unit = "seconds",
		AT(config_maintenance, takes_s), .help = "How long it takes, for plans." },
	{ "printers", OPTION_TEXTS, .max = CONFIG_MAINTENANCE_FOR_MAX,
		LIST(config_maintenance, printer, printer_count),
		.help = "Printers that need it." },
	{ "profiles", OPTION_TEXTS, .max = CONFIG_MAINTENANCE_FOR_MAX,
		LIST(config_maintenance, profile, profile_count),
		.help = "Printers of these profiles need it.  Neither given: all do." },
};
static const struct option_group maintenance_group = GROUP(maintenance_options, config_maintenance);

static const struct option quota_options[] = {
	{ "user", OPTION_TEXT, .max = NAME_MAX_BYTES - 1, .initial = "", AT(config_quota, user),
		.help = "Whose orders it is about.  \"*\": each user who has no row of their "
			"own." },
	{ "project", OPTION_TEXT, .max = NAME_MAX_BYTES - 1, .initial = "",
		AT(config_quota, project),
		.help = "In place of user: a project, or \"*\" for each." },
	{ "grams", OPTION_NUMBER, .min = 0, .max = 1e9, .initial = "0", .unit = "grams",
		AT(config_quota, grams),
		.help = "Filament that may be started in a period, as the files say.  0: any." },
	{ "hours", OPTION_NUMBER, .min = 0, .max = 1e6, .initial = "0", .unit = "hours",
		AT(config_quota, hours),
		.help = "Hours of print that may be started in a period, as the files say.  0: "
			"any." },
	{ "units", OPTION_INT64, .min = 0, .max = 1e9, .initial = "0", AT(config_quota, units),
		.help = "Units that may be started in a period.  0: any." },
	{ "per", OPTION_CHOICE, .choice = per_choice, .initial = "week", AT(config_quota, per),
		.help = "The period, in the farm's zone; a week begins on Monday." },
};
static const struct option_group quota_group = GROUP(quota_options, config_quota);

static const struct option root_options[] = {
	{ "farm", OPTION_GROUP, .group = &farm_group, .help = "The farm as a whole." },
	{ "state_dir", OPTION_PATH, .min = 1, .max = CONFIG_PATH_MAX - 64,
		.initial = "/var/lib/printfarm", AT(config, state_dir),
		.help = "Where the ledger and the files are kept." },
	/* sockaddr_un holds 108 bytes with the NUL. */
	{ "socket", OPTION_PATH, .min = 1, .max = 107, .initial = "/run/printfarm/api.sock",
		AT(config, socket), .help = "The Unix socket of the API." },
	{ "stream_dir", OPTION_PATH, .max = CONFIG_PATH_MAX - 1, .initial = "",
		AT(config, stream_dir),
		.help = "Where the streamers have their sockets and their state.  Empty: the "
			"directory of socket." },
	{ "stream_program", OPTION_PATH, .max = CONFIG_PATH_MAX - 1, .initial = "",
		AT(config, stream_program),
		.help = "The program printfarm-stream.  Empty: the one beside printfarmd, else the "
			"one in PATH." },
	{ "streamers", OPTION_CHOICE, .choice = streamers_choice, .initial = "process",
		AT(config, streamers),
		.help = "One process for each printer, or one shared by all." },
	{ "start_streamers", OPTION_CHOICE, .choice = start_choice, .initial = "self",
		AT(config, start_streamers),
		.help = "Whether printfarmd starts the streamers itself, or somebody else "
			"(systemd) "
			"does." },
	{ "connections_per_user", OPTION_INT32, .min = 8, .max = 1000, .initial = "250",
		AT(config, connections_per_user),
		.help = "How many connections to the API one user may have at a time." },
	{ "hosts", OPTION_TEXTS, .max = CONFIG_HOSTS_MAX, LIST(config, host, host_count),
		.help = "Public names under which a proxy offers the API to browsers.  Requests "
			"under other names with a dot are refused: a foreign page may have made "
			"them." },
	{ "start_delay_s", OPTION_INT64, .min = 0, .max = 3600, .initial = "30", .unit = "seconds",
		AT(config, start_delay_s),
		.help = "Time between a clear and the next start, for hands to leave the "
			"printer." },
	{ "retries", OPTION_INT32, .min = 0, .max = 10, .initial = "1", AT(config, retries),
		.help = "How often a failed job is tried again before a person is asked." },
	{ "quarantine_failures", OPTION_INT32, .min = 0, .max = 32, .initial = "3",
		AT(config, quarantine_failures),
		.help = "A printer gets no new jobs after so many prints failed on it within "
			"quarantine_window_h, until a person enables it; 0: never." },
	{ "quarantine_window_h", OPTION_INT32, .min = 1, .max = 8760, .initial = "24",
		.unit = "hours", AT(config, quarantine_window_h),
		.help = "How long a failed print is held against its printer." },
	{ "inspect", OPTION_CHOICE, .choice = inspect_choice, .initial = "person",
		AT(config, inspect_automatically),
		.help = "Whether a person counts what was printed, or all of it counts as good." },
	{ "approval", OPTION_CHOICE, .choice = approval_choice, .initial = "off",
		AT(config, approval),
		.help = "Whether a design must be approved before it is produced: \"enforce\" "
			"lets orders of others wait (test prints excepted), \"warn\" only says "
			"so." },
	{ "approvers", OPTION_TEXTS, .max = CONFIG_APPROVERS_MAX,
		LIST(config, approver, approver_count),
		.help = "Who may approve, as \"NAME:KEY\" with the public key that printfarm "
			"design key prints; approvals must be signed then.  None given: whoever "
			"may use the API." },
	{ "photo_hook", OPTION_PATH, .max = CONFIG_PATH_MAX - 1, .initial = "",
		AT(config, photo_hook),
		.help = "A program that takes a photo, run without a shell when a print has ended "
			"and when its bed was cleared, as HOOK MOMENT PRINTER JOB FILE with "
			"\"ended\" or \"cleared\" for MOMENT.  It writes a PNG, JPEG or WebP of at "
			"most 8 MB to FILE.  What goes wrong stands in the history and stops "
			"nothing.  Under systemd printfarmd has no network and no cameras: the "
			"hook asks a service of yours by a Unix socket, or a drop-in of the unit "
			"gives it more.  Empty: no photos." },
	{ "photo_s", OPTION_INT64, .min = 1, .max = 600, .initial = "20", .unit = "seconds",
		AT(config, photo_s), .help = "How long photo_hook may take." },
	{ "label_text", OPTION_TEXT, .max = CONFIG_LABEL_MAX - 1,
		.initial = "printfarm:{order}:{hash}", AT(config, label_text),
		.help = "What the code on a lot label says; {order} stands for the order's number, "
			"{hash} for the first 16 digits of its design's content.  A URL makes the "
			"label open a page." },
	{ "clear_s", OPTION_INT64, .min = 0, .max = 604800, .initial = "900", .unit = "seconds",
		AT(config, clear_s),
		.help = "How long a finished print usually waits to be taken off, for plans." },
	{ "visit_s", OPTION_INT64, .min = 0, .max = 86400, .initial = "120", .unit = "seconds",
		AT(config, visit_s),
		.help = "How long somebody is busy with clearing one bed, for plans: where the "
			"number of operators is given, beds are cleared one after another.  0: "
			"any number at a time." },
	{ "upload_max_bytes", OPTION_INT64, .min = 1024, .max = 16e9, .initial = "536870912",
		.unit = "bytes", AT(config, upload_max_bytes),
		.help = "The largest file that is taken, as uploaded." },
	{ "text_max_bytes", OPTION_INT64, .min = 1024, .max = 64e9, .initial = "1073741824",
		.unit = "bytes", AT(config, text_max_bytes),
		.help = "The largest G-code text, unpacked." },
	{ "free_floor_bytes", OPTION_INT64, .min = 0, .max = 1e15, .initial = "268435456",
		.unit = "bytes", AT(config, free_floor_bytes),
		.help = "Uploads are refused while less than this is free on the disk of "
			"state_dir, so that running prints and their results have room." },
	{ "free_floor_percent", OPTION_INT32, .min = 0, .max = 90, .initial = "5",
		.unit = "percent", AT(config, free_floor_percent),
		.help = "The same as a part of the disk; the larger of the two counts." },
	{ "reserve_bytes", OPTION_INT64, .min = 0, .max = 1e12, .initial = "8388608",
		.unit = "bytes", AT(config, reserve_bytes),
		.help = "Kept occupied and given up when the disk is full, so that the results of "
			"running prints can still be written." },
	{ "profile_dir", OPTION_PATH, .max = CONFIG_PATH_MAX - PROFILE_NAME_MAX - 8, .initial = "",
		AT(config, profile_dir),
		.help = "Where NAME.cfg is looked for when no profile NAME is in this file.  "
			"Empty: "
			"../share/printfarm/profiles, then ../profiles, from the program's "
			"directory." },
	{ "maintenance", OPTION_ROWS, .max = CONFIG_MAINTENANCE_MAX, .group = &maintenance_group,
		.offset = offsetof(struct config, maintenance),
		.count_offset = offsetof(struct config, maintenance_count),
		.help = "Work that printers need after hours of printing." },
	{ "quotas", OPTION_ROWS, .max = CONFIG_QUOTAS_MAX, .group = &quota_group,
		.offset = offsetof(struct config, quota),
		.count_offset = offsetof(struct config, quota_count),
		.help = "How much may be started for users and projects in a period." },
	{ "quota_policy", OPTION_CHOICE, .choice = quota_policy_choice, .initial = "behind",
		AT(config, quota_policy),
		.help = "Orders beyond a quota: behind those of everybody who is within theirs, or "
			"not before the next period." },
	{ "profiles", OPTION_ROWS, .max = CONFIG_PROFILES_MAX, .group = &options_profile,
		.offset = offsetof(struct config, profile),
		.count_offset = offsetof(struct config, profile_count),
		.help = "Kinds of machines." },
	{ "printers", OPTION_ROWS, .max = CONFIG_PRINTERS_MAX, .group = &printer_group,
		.offset = offsetof(struct config, printer),
		.count_offset = offsetof(struct config, printer_count),
		.help = "The printers of the farm." },
};
const struct option_group options_root = GROUP(root_options, config);

/* ---- words for people -------------------------------------------------------------------- */

static size_t add(char *text, size_t size, size_t length, const char *more)
{
	int added = length < size ? snprintf(text + length, size - length, "%s", more) : 0;

	return length + (size_t)(added > 0 ? added : 0);
}

static void accepts_choice(const struct option *option, const char *before, char *text, size_t size)
{
	size_t length = add(text, size, 0, before);

	for (size_t i = 0; option->choice[i]; i++) {
		length = add(text, size, length,
			i == 0			? "\""
			: option->choice[i + 1] ? ", \""
						: " or \"");
		length = add(text, size, length, option->choice[i]);
		length = add(text, size, length, "\"");
	}
}

void option_accepts(const struct option *option, char *text, size_t size)
{
	const char *unit = option->unit ? option->unit : "";
	const char *blank = option->unit ? " " : "";

	switch (option->type) {
	case OPTION_TEXT:
		snprintf(text, size, "a text of up to %.0f bytes, printable", option->max);
		return;
	case OPTION_NAME:
		snprintf(text, size,
			"a name of up to %.0f letters, digits, '.', '_' or '-', beginning with a "
			"letter or digit",
			option->max);
		return;
	case OPTION_PATH:
		snprintf(text, size, "a path of up to %.0f bytes", option->max);
		return;
	case OPTION_ZONE:
		snprintf(text, size, "a time zone such as \"Europe/Paris\", or \"\"");
		return;
	case OPTION_INT32:
	case OPTION_INT64:
		snprintf(text, size, "a whole number from %.0f to %.0f%s%s", option->min,
			option->max, blank, unit);
		return;
	case OPTION_NUMBER:
		snprintf(text, size, "a number from %.0f to %.0f%s%s", option->min, option->max,
			blank, unit);
		return;
	case OPTION_BOOL:
		snprintf(text, size, "true or false");
		return;
	case OPTION_CHOICE:
	case OPTION_WORD:
		accepts_choice(option, "", text, size);
		return;
	case OPTION_WINDOW:
		snprintf(text, size,
			"\"auto\", \"ping-pong\", \"held\" or a whole number of lines from %.0f to "
			"%.0f",
			option->min, option->max);
		return;
	case OPTION_POINT:
		snprintf(text, size, "[ X, Y, Z ], each from %.0f to %.0f%s%s", option->min,
			option->max, blank, unit);
		return;
	case OPTION_TEXTS:
		snprintf(text, size, "[ \"...\", ... ], up to %.0f texts of up to %zu bytes",
			option->max, option->size - 1);
		return;
	case OPTION_HOURS:
		snprintf(text, size, "a list of texts such as " HOURS_ACCEPTED);
		return;
	case OPTION_STAFF:
		snprintf(text, size,
			"a list of texts such as " HOURS_ACCEPTED
			", or of groups such as { when = \"sat 10:00-14:00\"; operators = 1; }");
		return;
	case OPTION_DATES:
		snprintf(text, size, "a list of texts such as " DATES_ACCEPTED);
		return;
	case OPTION_GROUP:
		snprintf(text, size, "a group { ... }");
		return;
	case OPTION_ROWS:
		snprintf(text, size, "a list ( { ... }, { ... } ) of up to %.0f groups",
			option->max);
		return;
	}
}

/* Text for mdoc: a new line for each sentence, nothing that starts an escape. */
static void print_text(FILE *file, const char *text)
{
	for (; *text; text++) {
		if (text[0] == '.' && text[1] == ' ' && text[2] == ' ') {
			fputs(".\n", file);
			text += 2;
		} else if (*text == '\\') {
			fputs("\\e", file);
		} else if (*text == '-') {
			fputs("\\-", file);
		} else {
			fputc(*text, file);
		}
	}
}

static void print_option(FILE *file, const struct option *option)
{
	char accepted[256];

	option_accepts(option, accepted, sizeof accepted);
	fprintf(file, ".It Ic %s\n", option->key);
	print_text(file, option->help);
	fputs("\nAccepted: ", file);
	print_text(file, accepted);
	if (option->required) {
		fputs(".\nMust be given.\n", file);
	} else if (option->initial) {
		fputs(".\nDefault: ", file);
		print_text(file, *option->initial ? option->initial : "empty");
		fputs(".\n", file);
	} else {
		fputs(".\n", file);
	}
}

static void print_group(FILE *file, const char *title, const struct option_group *group)
{
	fprintf(file, ".Ss %s\n.Bl -tag -width Ds\n", title);
	for (size_t i = 0; i < group->count; i++)
		print_option(file, &group->option[i]);
	fputs(".El\n", file);
}

void options_print_man(FILE *file)
{
	print_group(file, "The file", &options_root);
	print_group(file, "farm", &farm_group);
	print_group(file, "Each of maintenance", &maintenance_group);
	print_group(file, "Each of quotas", &quota_group);
	print_group(file, "Each of profiles", &options_profile);
	print_group(file, "volume_mm of a profile", &volume_group);
	print_group(file, "Each of printers", &printer_group);
}
