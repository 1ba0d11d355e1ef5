/* HTTP over the daemon's Unix socket; see client.h. */
#include "cli/client.h"
#include "cli/misses.h"
#include "cli/progress.h"
#include "cli/text.h"

#include <curl/curl.h> /* the transfers */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h> /* getrandom */
#include <sys/socket.h> /* why a connection failed */
#include <sys/un.h>
#include <time.h>   /* nanosleep */
#include <unistd.h> /* close */

enum {
	ANSWER_BYTES_MAX = 64 << 20, /* more than 10,000 jobs need */
	CONNECT_MS = 5000,
	STALL_S = 60, /* a transfer that moves nothing for so long is given up */
	KEY_BYTES = 16,
	CLEAN_DEPTH_MAX = 16,
	TRIES = 20, /* of a creating request whose connection breaks: 5 s */
	PAUSE_MS = 250,
};

struct transfer {
	struct cli *cli;
	char *text; /* owned */
	size_t length, capacity;
	FILE *file; /* upload */
	FILE *sink; /* download: the body of an answer that is no refusal goes here */
	CURL *curl; /* borrowed while it runs */
	curl_off_t file_bytes;
	struct progress progress;
};

/* ---- what arrives --------------------------------------------------------- */

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t length = size * count;
	long status = 0;

	if (transfer->sink)
		curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200 && status < 300)
		return fwrite(bytes, 1, length, transfer->sink);
	if (length > ANSWER_BYTES_MAX - transfer->length)
		return 0;
	if (transfer->length + length + 1 > transfer->capacity) {
		size_t capacity = 2 * (transfer->length + length) + 1024;
		char *text = realloc(transfer->text, capacity);

		if (!text)
			return 0;
		transfer->text = text;
		transfer->capacity = capacity;
	}
	memcpy(transfer->text + transfer->length, bytes, length);
	transfer->length += length;
	transfer->text[transfer->length] = '\0';
	return length;
}

static json_t *clean_copy(const json_t *value, int depth)
{
	json_t *copy = NULL;
	const char *key;
	json_t *part;
	size_t index;

	if (json_is_string(value)) {
		char *text = text_clean(json_string_value(value), false);

		copy = json_string(text ? text : "");
		free(text);
	} else if (depth >= CLEAN_DEPTH_MAX) {
		copy = json_null();
	} else if (json_is_object(value)) {
		copy = json_object();
		json_object_foreach ((json_t *)value, key, part)
			json_object_set_new(copy, key, clean_copy(part, depth + 1));
	} else if (json_is_array(value)) {
		copy = json_array();
		json_array_foreach (value, index, part)
			json_array_append_new(copy, clean_copy(part, depth + 1));
	} else {
		copy = json_incref((json_t *)value);
	}
	return copy;
}

static json_t *parse(const struct transfer *transfer)
{
	json_t *raw = transfer->text ? json_loadb(transfer->text, transfer->length, 0, NULL) : NULL;

	if (!raw || transfer->cli->json)
		return raw;
	json_t *clean = clean_copy(raw, 0);

	json_decref(raw);
	return clean;
}

/* ---- what leaves ---------------------------------------------------------- */

static size_t on_read(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t length = fread(bytes, 1, size * count, transfer->file);

	return ferror(transfer->file) ? CURL_READFUNC_ABORT : length;
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down_now,
	curl_off_t up_total, curl_off_t up_now)
{
	struct transfer *transfer = context;

	(void)down_total;
	(void)down_now;
	(void)up_total;
	if (transfer->file_bytes > 0)
		progress_share(&transfer->progress, (double)up_now / (double)transfer->file_bytes,
			"uploading");
	return 0;
}

static void make_key(char header[64])
{
	unsigned char bytes[KEY_BYTES];
	int used = snprintf(header, 64, "Idempotency-Key: ");

	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		abort();
	for (size_t i = 0; i < sizeof bytes; i++)
		used += snprintf(header + used, 64 - (size_t)used, "%02x", bytes[i]);
}

static struct curl_slist *headers_for(const struct client_request *request, const char *key)
{
	/* No "Expect": the daemon answers small requests at once. */
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");

	if (request->file)
		headers = curl_slist_append(headers, "Content-Type: application/octet-stream");
	else if (strcmp(request->method, "GET") != 0)
		headers = curl_slist_append(headers, "Content-Type: application/json");
	if (request->creates)
		headers = curl_slist_append(headers, key);
	return headers;
}

static void set_up(CURL *curl, const struct client_request *request, struct transfer *transfer,
	const char *body, struct curl_slist *headers)
{
	char url[CLIENT_PATH_MAX + 32];

	snprintf(url, sizeof url, "http://printfarm%s", request->path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, transfer->cli->socket);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_S);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	if (transfer->file) {
		curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
		curl_easy_setopt(curl, CURLOPT_READDATA, transfer);
		curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, transfer->file_bytes);
		curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
		curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
		curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	} else if (strcmp(request->method, "GET") != 0) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body ? body : "");
	}
}

static int open_file(const char *path, struct transfer *transfer)
{
	transfer->file = fopen(path, "rb");
	if (!transfer->file || fseeko(transfer->file, 0, SEEK_END) != 0) {
		cli_error("%s: %s", path, strerror(errno));
		return CLI_NO_FILE;
	}
	transfer->file_bytes = ftello(transfer->file);
	rewind(transfer->file);
	return CLI_DONE;
}

/* ---- what went wrong ------------------------------------------------------ */

/* libcurl says only "could not connect": ask the system why. */
static int why_not_connected(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, error = 0;

	if (strlen(path) >= sizeof address.sun_path)
		return ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		error = errno;
	close(fd);
	return error;
}

static int not_reached(
	const struct client_request *request, const struct transfer *transfer, CURLcode code)
{
	const char *socket = transfer->cli->socket;
	int error = why_not_connected(socket);
	bool is_forbidden = error == EACCES || error == EPERM;

	if (request->is_quiet)
		return is_forbidden ? CLI_NOT_PERMITTED : CLI_UNREACHABLE;
	if (transfer->file && ferror(transfer->file)) {
		cli_error("%s: cannot be read to its end", request->file);
		return CLI_NO_FILE;
	}
	if (is_forbidden) {
		cli_error("%s: you may not use this socket (members of its group may)", socket);
		return CLI_NOT_PERMITTED;
	}
	if (error != 0)
		cli_error("printfarmd cannot be reached at %s: %s\n"
			  "Is it running?  Another socket: --socket PATH or PRINTFARM_SOCKET.",
			socket, strerror(error));
	else
		cli_error("the connection to printfarmd broke (%s)", curl_easy_strerror(code));
	return CLI_UNREACHABLE;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* "visor.gcode line 12: TEXT" says that one already. */
static bool ends_with(const char *message, const char *text)
{
	size_t length = strlen(message), own = strlen(text);

	return own > 0 && length >= own && strcmp(message + length - own, text) == 0;
}

static void say_problems(const json_t *problems, const char *message)
{
	bool skipped = false;
	size_t index;
	const json_t *problem;

	json_array_foreach (problems, index, problem) {
		json_int_t line = json_integer_value(json_object_get(problem, "line"));
		const char *text = json_is_string(problem) ? json_string_value(problem)
							   : text_of(problem, "text");

		if (!skipped && ends_with(message, text))
			skipped = true;
		else if (line > 0)
			say(stderr, "  line %lld: %s\n", (long long)line, text);
		else if (*text)
			say(stderr, "  %s\n", text);
	}
}

void client_complain(struct client_answer *answer)
{
	const json_t *error = json_object_get(answer->json, "error");
	const char *message = text_of(error, "message");

	if (*message)
		cli_error("%s", message);
	else
		cli_error("printfarmd answered with status %ld and no reason", answer->status);
	say_problems(json_object_get(json_object_get(error, "details"), "problems"), message);
	misses_say(json_object_get(json_object_get(error, "details"), "printers"));
	client_answer_finish(answer);
}

static int exit_of(const struct client_answer *answer)
{
	const json_t *error = json_object_get(answer->json, "error");

	if (answer->status >= 200 && answer->status < 300)
		return CLI_DONE;
	if (strcmp(text_of(error, "code"), "refused_file") == 0)
		return CLI_BAD_FILE;
	switch (answer->status) {
	case 401:
	case 403:
		return CLI_NOT_PERMITTED;
	case 413:
		return CLI_BAD_FILE;
	case 429:
	case 503:
		return CLI_TRY_AGAIN;
	default:
		return CLI_REFUSED;
	}
}

/* ---- public --------------------------------------------------------------- */

static CURLcode transfer_once(const struct client_request *request, struct transfer *transfer,
	const char *body, const char *key, long *status)
{
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = headers_for(request, key);
	CURLcode code = CURLE_OUT_OF_MEMORY;

	transfer->length = 0;
	if (transfer->text)
		transfer->text[0] = '\0';
	if (transfer->file)
		rewind(transfer->file);
	if (curl && headers) {
		transfer->curl = curl;
		set_up(curl, request, transfer, body, headers);
		code = curl_easy_perform(curl);
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	/* A refusal may arrive before the whole upload has left. */
	return code == CURLE_SEND_ERROR && *status >= 400 ? CURLE_OK : code;
}

static bool is_worth_another_try(const struct client_request *request, CURLcode code, int tries)
{
	bool has_broken = code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR ||
			  code == CURLE_SEND_ERROR || code == CURLE_PARTIAL_FILE;

	/* Once a connection has broken, the daemon may be restarting. */
	return request->creates && tries < TRIES &&
	       (has_broken || (tries > 0 && code == CURLE_COULDNT_CONNECT));
}

int client_try(struct cli *cli, const struct client_request *request, struct client_answer *answer)
{
	static const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	struct transfer transfer = { .cli = cli };
	char *body = request->body ? json_dumps(request->body, JSON_COMPACT) : NULL;
	char key[64];
	CURLcode code;
	int status = CLI_DONE;
	int tries = 0;

	*answer = (struct client_answer){ 0 };
	make_key(key);
	progress_init(&transfer.progress, cli);
	if (request->file)
		status = open_file(request->file, &transfer);
	if (status == CLI_DONE) {
		while ((code = transfer_once(request, &transfer, body, key, &answer->status)) !=
				CURLE_OK &&
			is_worth_another_try(request, code, tries++))
			nanosleep(&pause, NULL);
		progress_finish(&transfer.progress);
		answer->json = code == CURLE_OK ? parse(&transfer) : NULL;
		status = code == CURLE_OK ? exit_of(answer) : not_reached(request, &transfer, code);
		if (code != CURLE_OK)
			answer->status = 0;
	}
	if (transfer.file)
		fclose(transfer.file);
	free(transfer.text);
	free(body);
	return status;
}

int client_fetch(struct cli *cli, const char *path, FILE *to, bool *is_missing)
{
	const struct client_request request = { .method = "GET", .path = path };
	struct transfer transfer = { .cli = cli, .sink = to };
	struct client_answer answer = { 0 };
	CURLcode code = transfer_once(&request, &transfer, NULL, "", &answer.status);
	int status = code == CURLE_OK ? CLI_DONE : not_reached(&request, &transfer, code);

	*is_missing = code == CURLE_OK && answer.status == 404;
	if (status == CLI_DONE && !*is_missing && (answer.status < 200 || answer.status >= 300)) {
		answer.json = parse(&transfer);
		status = exit_of(&answer);
		client_complain(&answer);
	}
	free(transfer.text);
	return status;
}

int client_send(struct cli *cli, const struct client_request *request, struct client_answer *answer)
{
	int status = client_try(cli, request, answer);

	if (status != CLI_DONE && answer->status != 0)
		client_complain(answer);
	return status;
}

void client_answer_finish(struct client_answer *answer)
{
	json_decref(answer->json);
	answer->json = NULL;
}

int client_get(struct cli *cli, const char *path, struct client_answer *answer)
{
	const struct client_request request = { .method = "GET", .path = path };

	return client_send(cli, &request, answer);
}

int client_post(struct cli *cli, const char *path, json_t *body, struct client_answer *answer)
{
	const struct client_request request = { .method = "POST", .path = path, .body = body };

	return client_send(cli, &request, answer);
}

int client_create(struct cli *cli, const char *path, json_t *body, struct client_answer *answer)
{
	const struct client_request request = {
		.method = "POST",
		.path = path,
		.body = body,
		.creates = true,
	};

	return client_send(cli, &request, answer);
}

const char *client_path(
	char path[CLIENT_PATH_MAX], const char *noun, const char *name, const char *action)
{
	char *escaped = curl_easy_escape(NULL, name, 0);
	/* A name that is "." or ".." would be taken for a path. */
	const char *safe =
		!escaped || name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0
			? "%20"
			: escaped;

	snprintf(path, CLIENT_PATH_MAX, "/api/v1/%s/%s%s%s", noun, safe, action ? "/" : "",
		action ? action : "");
	curl_free(escaped);
	return path;
}
