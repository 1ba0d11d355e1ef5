/* Files: uploads as they come in, and what is stored. */
#include "daemon/control/api_private.h"
#include "daemon/control/drawing.h"
#include "daemon/control/files.h"
#include "daemon/control/files_digest.h"
#include "daemon/control/ledger.h"
#include "gcode/format_archive.h" /* ARCHIVE_MEMBERS_MAX */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One PUT under way. */
struct receiving {
	struct api *api;
	struct http_request *request;
	struct upload *upload; /* NULL: taken over, or over */
	char name[FILE_NAME_MAX_BYTES];
};

static const char text_type[] = "text/plain; charset=utf-8";

/* What the file store's trouble means to a client. */
static void reply_trouble(
	struct api *api, struct http_request *request, int result, const char *message)
{
	static const struct {
		int error;
		int status;
		const char *code;
	} rows[] = {
		{ -ENOSPC, 507, "disk_full" },
		{ -EDQUOT, 507, "disk_full" },
		{ -EFBIG, 413, "too_large" },
		{ -EBUSY, 503, "busy" },
		{ -EBADMSG, 422, "refused_file" },
		{ -EINVAL, 422, "invalid" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].error == result) {
			api_reply(api, request, rows[i].status,
				json_out_error(rows[i].code, message, NULL));
			return;
		}
	api_reply(api, request, 503, json_out_error("trouble", message, NULL));
}

/* From 1; 0: not said; negative: no number. */
static int32_t plate_wanted(struct http_request *request)
{
	const char *text = http_query(request, "plate");
	char *end;

	if (!text)
		return 0;
	long number = strtol(text, &end, 10);

	return end == text || *end || number < 1 || number > ARCHIVE_MEMBERS_MAX ? -1
										 : (int32_t)number;
}

enum http_body api_upload_begin(struct api *api, struct http_request *request, const char *name)
{
	struct error error = { "" };
	struct receiving *receiving = calloc(1, sizeof(*receiving));
	int32_t plate = plate_wanted(request);
	int result = receiving ? farm_writable(api->setup.farm, &error) : -ENOMEM;
	if (result) {
		free(receiving);
		reply_trouble(api, request, result, error.text[0] ? error.text : "out of memory");
		return HTTP_BODY_REFUSE;
	}
	receiving->api = api;
	receiving->request = request;
	if (plate < 0) {
		error_set(&error, "plate=%.20s: expected a number from 1 to %d",
			http_query(request, "plate"), ARCHIVE_MEMBERS_MAX);
		result = -EINVAL;
	} else {
		result = upload_begin(&receiving->upload, api->setup.files, name,
			http_content_length(request), &error);
	}
	if (result) {
		free(receiving);
		reply_trouble(api, request, result, error.text);
		return HTTP_BODY_REFUSE;
	}
	upload_choose_plate(receiving->upload, plate);
	snprintf(receiving->name, sizeof(receiving->name), "%s", upload_label(receiving->upload));
	http_set_data(request, receiving);
	return HTTP_BODY_STREAM;
}

bool api_upload_piece(
	struct api *api, struct http_request *request, const char *bytes, size_t length)
{
	struct receiving *receiving = http_data(request);
	struct error error = { "" };
	int result = upload_write(receiving->upload, bytes, length, &error);
	if (!result)
		return true;
	upload_abort(receiving->upload);
	receiving->upload = NULL;
	reply_trouble(api, request, result, error.text);
	return false;
}

/* What is known of a file: its label here, and its analysis. */
static json_t *stored_file(const struct file_record *file, const char *name, const char *analysis)
{
	json_t *object = json_object();
	json_t *parsed = analysis ? json_loads(analysis, 0, NULL) : NULL;
	const char *verdict = json_string_value(json_object_get(parsed, "verdict"));
	json_object_set_new(object, "sha256", json_string(file->sha256));
	json_object_set_new(object, "name", json_out_text(name));
	json_object_set_new(object, "verdict", json_string(verdict ? verdict : "ok"));
	json_object_set_new(object, "analysis", parsed ? parsed : json_null());
	return object;
}

static json_t *problems_of(const char *analysis)
{
	json_t *parsed = analysis ? json_loads(analysis, 0, NULL) : NULL;
	json_t *problems = json_object_get(parsed, "problems");
	json_t *details = json_object();
	json_object_set_new(details, "problems", problems ? json_incref(problems) : json_array());
	json_decref(parsed);
	return details;
}

static void on_stored(struct api *api, struct http_request *request, const char *name,
	const struct upload_result *result)
{
	char *known = NULL;
	if (result->is_known) {
		ledger_file_analysis(api->setup.ledger, result->file->sha256, &known);
		api_reply(api, request, 200, stored_file(result->file, name, known));
		free(known);
		return;
	}
	api->setup.enter(api->setup.context);
	farm_add_file(api->setup.farm, result->file, result->analysis_json);
	uint64_t ticket = api->setup.leave(api->setup.context);
	api_reply_when_durable(
		api, request, ticket, 201, stored_file(result->file, name, result->analysis_json));
}

static void on_done(void *context, const struct upload_result *result)
{
	struct receiving *receiving = context;
	struct api *api = receiving->api;
	struct http_request *request = receiving->request;
	receiving->upload = NULL;
	if (result->error == 0)
		on_stored(api, request, receiving->name, result);
	else if (result->error == -EBADMSG)
		api_reply(api, request, 422,
			json_out_error("refused_file", result->message,
				problems_of(result->analysis_json)));
	else
		reply_trouble(api, request, result->error, result->message);
}

void api_upload_ready(struct api *api, struct http_request *request)
{
	struct receiving *receiving = http_data(request);
	(void)api;
	upload_finish(receiving->upload, on_done, receiving);
}

void api_upload_gone(struct api *api, struct http_request *request)
{
	struct receiving *receiving = http_data(request);
	(void)api;
	if (!receiving)
		return;
	upload_abort(receiving->upload);
	http_set_data(request, NULL);
	free(receiving);
}

/* ---- what is stored ---- */

static void list_files(struct api_call *call)
{
	json_t *items = json_array();
	for (size_t i = 0; i < farm_file_count(call->farm); i++)
		json_array_append_new(items, json_out_file(farm_file_at(call->farm, i)));
	api_answer(call, 200, json_out_items(items));
}

static const struct file_record *find_file(struct api_call *call)
{
	const struct file_record *file = farm_file_by_sha256(call->farm, call->argument[0]);
	if (!file)
		api_fail_with(call, 404, "not_found", "there is no file with this SHA-256", NULL);
	return file;
}

static void show_file(struct api_call *call)
{
	const struct file_record *file = find_file(call);
	char *analysis = NULL;
	if (!file)
		return;
	ledger_file_analysis(call->api->setup.ledger, file->sha256, &analysis);
	json_t *object = stored_file(file, file->name, analysis);
	free(analysis);
	json_t *facts = json_out_file(file);
	json_object_update_missing(object, facts);
	json_decref(facts);
	api_answer(call, 200, object);
}

static void show_text(struct api_call *call)
{
	const struct file_record *file = find_file(call);
	struct stat status;
	if (!file)
		return;
	int fd = files_open_text(call->api->setup.files, file->sha256);
	if (fd < 0 || fstat(fd, &status) != 0) {
		if (fd >= 0)
			close(fd);
		api_fail_with(call, 503, "trouble", "the file's text cannot be read", NULL);
		return;
	}
	call->replied = true;
	http_reply_file(call->request, text_type, fd, status.st_size);
}

/* ---- pictures ---- */

/* A GET that waits for its picture, or for settings. */
struct showing {
	struct api *api;
	struct http_request *request; /* NULL: its client has left */
	struct drawing *drawing;
	struct showing *next;
	bool is_picture; /* else the slicer's settings */
};

static void end_showing(struct showing *showing)
{
	for (struct showing **at = &showing->api->showings; *at; at = &(*at)->next) {
		if (*at == showing) {
			*at = showing->next;
			break;
		}
	}
	free(showing);
}

static void on_drawn(void *context, int error, int descriptor, int64_t length)
{
	struct showing *showing = context;
	if (error == -ENODATA)
		api_reply(showing->api, showing->request, 404,
			json_out_error("not_found",
				showing->is_picture ? "there is nothing to draw"
						    : "the slicer has left no settings in it",
				NULL));
	else if (error)
		reply_trouble(showing->api, showing->request, error,
			showing->is_picture ? "the picture was not drawn"
					    : "the settings were not read");
	else
		http_reply_file(showing->request, showing->is_picture ? "image/png" : text_type,
			descriptor, length);
	end_showing(showing);
}

void api_picture_gone(struct api *api, struct http_request *request)
{
	for (struct showing *at = api->showings; at; at = at->next)
		if (at->request == request) {
			drawing_forget(at->drawing);
			end_showing(at);
			return;
		}
}

/* A whole number between the two; false: answered with 422. */
static bool query_number(
	struct api_call *call, const char *name, int32_t least, int32_t most, int *value)
{
	const char *text = http_query(call->request, name);
	char message[ERROR_TEXT_MAX], *end;
	if (!text)
		return true;
	long number = strtol(text, &end, 10);
	if (end != text && !*end && number >= least && number <= most) {
		*value = (int)number;
		return true;
	}
	snprintf(message, sizeof(message), "%s=%.20s: expected a number from %d to %d", name, text,
		(int)least, (int)most);
	api_fail_with(call, 422, "invalid", message, NULL);
	return false;
}

static bool read_picture(struct api_call *call, struct picture_settings *settings)
{
	const char *view = http_query(call->request, "view");
	int layer = 0, command = -1;
	if (!query_number(call, "width", PICTURE_SIDE_MIN, DRAWING_SIDE_MAX, &settings->width) ||
		!query_number(
			call, "height", PICTURE_SIDE_MIN, DRAWING_SIDE_MAX, &settings->height) ||
		!query_number(call, "layer", 1, INT32_MAX, &layer) ||
		!query_number(call, "command", 0, INT32_MAX, &command))
		return false;
	settings->layer = layer;
	settings->command = command;
	if (layer > 0 || command >= 0)
		settings->view = PICTURE_LAYER;
	else if (view && strcmp(view, "top") == 0)
		settings->view = PICTURE_TOP;
	else if (view && strcmp(view, "thumbnail") == 0)
		settings->view = PICTURE_THUMBNAIL;
	else if (view && strcmp(view, "iso") != 0) {
		api_fail_with(call, 422, "invalid", "view: expected iso, top or thumbnail", NULL);
		return false;
	}
	return true;
}

/* Answered when it is made; `settings` NULL: the slicer's. */
static void start_showing(struct api_call *call, const struct file_record *file,
	const struct picture_settings *settings)
{
	struct files *files = call->api->setup.files;
	struct error error = { "" };
	struct showing *showing = calloc(1, sizeof(*showing));
	int result = -ENOMEM;
	if (showing) {
		*showing = (struct showing){ call->api, call->request, NULL, call->api->showings,
			settings != NULL };
		call->api->showings = showing;
		result = drawing_start(&showing->drawing, files, file->sha256, settings, on_drawn,
			showing, &error);
	}
	if (result == 0) {
		call->replied = true;
		return;
	}
	if (showing)
		end_showing(showing);
	api_fail_with(call, 503, result == -EBUSY ? "busy" : "trouble",
		error.text[0] ? error.text : "out of memory", NULL);
}

static void show_picture(struct api_call *call)
{
	const struct file_record *file = find_file(call);
	struct picture_settings settings = {
		.view = PICTURE_ISOMETRIC, .width = DRAWING_WIDTH, .height = DRAWING_HEIGHT
	};
	struct files *files = call->api->setup.files;
	int64_t length;
	if (!file || !read_picture(call, &settings))
		return;
	bool is_usual = settings.view == PICTURE_ISOMETRIC && settings.width == DRAWING_WIDTH &&
			settings.height == DRAWING_HEIGHT;
	int kept = is_usual ? drawing_kept(files, file->sha256, &length) : -1;
	if (kept >= 0) {
		call->replied = true;
		http_reply_file(call->request, "image/png", kept, length);
		return;
	}
	start_showing(call, file, &settings);
}

static void show_settings(struct api_call *call)
{
	const struct file_record *file = find_file(call);
	int64_t length;
	if (!file)
		return;
	int kept = drawing_settings_kept(call->api->setup.files, file->sha256, &length);
	if (kept >= 0) {
		call->replied = true;
		http_reply_file(call->request, text_type, kept, length);
		return;
	}
	start_showing(call, file, NULL);
}

void api_fingerprint(const char *method, const char *path, const char *body, size_t length,
	char hex[SHA256_HEX_BYTES])
{
	const struct files_digest_part part[] = {
		{ method, strlen(method) },
		{ path, strlen(path) },
		{ body, length },
	};
	files_digest(part, 3, hex);
}

/* The upload's own row is found by its method; its handler is http's (api_upload_...). */
const struct api_route api_file_routes[] = {
	{ "PUT", "/api/v1/files/*", NULL, API_UPLOAD },
	{ "GET", "/api/v1/files", list_files, API_COSTLY },
	{ "GET", "/api/v1/files/:", show_file, 0 },
	{ "GET", "/api/v1/files/:/text", show_text, 0 },
	{ "GET", "/api/v1/files/:/preview", show_picture, 0 },
	{ "GET", "/api/v1/files/:/settings", show_settings, 0 },
	{ NULL, NULL, NULL, 0 },
};
