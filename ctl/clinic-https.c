/* SPDX-License-Identifier: Apache-2.0 */

/** Asks a clinic's server. Only this file of the tool uses the network; it must follow nobody elsewhere. */

#include "clinic-https.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include <curl/curl.h>

#include "clinic-lines.h"
#include "util/file.h"
#include "util/text.h"

enum { CONNECT_S = 15, SILENT_S = 60, PROBLEM_MAX = 8192, TEXT_SIZE_MAX = 2 << 20, KEYS_MAX = 1 << 20 };

static atomic_bool interrupted;

static void on_end_signal(int number)
{
	atomic_store(&interrupted, true);
}

void clinic_catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_end_signal };

	for (size_t i = 0; i < ELEMENTS(signals); i++)
		(void)sigaction(signals[i], &action, NULL);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
}

/* ---- which files ---- */

/** The file of the option, else that in the user's folder, else that in the machine's. The caller frees it.
 */
static char *find_access_file(const char *given, const char *name)
{
	const char *home = getenv("HOME");
	char *path = NULL;

	if (given)
		return strdup(given);
	if (home && asprintf(&path, "%s/.config/stipple/clinic/%s", home, name) >= 0 &&
		access(path, R_OK) == 0)
		return path;
	free(path);
	return asprintf(&path, "%s/%s", STIPPLE_CLINIC_FOLDER, name) >= 0 ? path : NULL;
}

static int check_access_file(const char *path, const char *what)
{
	if (!path)
		return ctl_fail("out of memory");
	return access(path, R_OK) == 0
		       ? CTL_DONE
		       : ctl_fail(
				 "%s: %s: it is the %s; ask the clinic's administrator for it, or name another file",
				 path, strerror(errno), what);
}

/** The pinned keys: those of --key, else the lines of the file "keys". */
static int read_pinned(const Ctl *ctl, char **ret)
{
	_cleanup_(freep) char *path = find_access_file(NULL, "keys");
	size_t size;
	int r;

	if (!path)
		return ctl_fail("out of memory");
	if (ctl->key) {
		*ret = strdup(ctl->key);
		return *ret ? CTL_DONE : ctl_fail("out of memory");
	}
	r = file_read(path, KEYS_MAX, ret, &size);
	if (r == -ENOENT || r == -EACCES)
		*ret = strdup("");
	return *ret ? CTL_DONE : ctl_fail("%s: %s", path, strerror(-r));
}

int clinic_access_find(const Ctl *ctl, ClinicAccess *ret)
{
	size_t length = strlen(ctl->clinic);
	int status;

	if (strncmp(ctl->clinic, "https://", 8) != 0)
		return ctl_usage("--clinic %s: it must begin with https://", ctl->clinic);
	while (length > 8 && ctl->clinic[length - 1] == '/')
		length--;
	ret->url = strndup(ctl->clinic, length);
	ret->ca = find_access_file(ctl->ca, "ca.pem");
	ret->certificate = find_access_file(ctl->cert, "auditor.pem");
	ret->key = find_access_file(ctl->cert_key, "auditor.key");
	status = check_access_file(ret->ca, "certificate of the clinic's authority (--ca)");
	if (status != CTL_DONE)
		return status;
	status = check_access_file(ret->certificate, "auditor's certificate (--cert)");
	if (status != CTL_DONE)
		return status;
	status = check_access_file(ret->key, "private key of the auditor's certificate (--cert-key)");
	if (status != CTL_DONE)
		return status;
	return ret->url ? read_pinned(ctl, &ret->keys) : ctl_fail("out of memory");
}

void clinic_access_done(ClinicAccess *access)
{
	free(access->url);
	free(access->ca);
	free(access->certificate);
	free(access->key);
	free(access->keys);
}

char *clinic_path(const char *path, const json_t *arguments)
{
	char *made = NULL;
	const char *name, *before = "?";
	json_t *value;
	size_t size;
	FILE *text = open_memstream(&made, &size);

	if (!text)
		return NULL;
	fputs(path, text);
	json_object_foreach ((json_t *)arguments, name, value) {
		(void)fprintf(text, "%s%s=", before, name);
		for (const char *c = json_string_value(value); c && *c; c++)
			(void)fprintf(text, isalnum((unsigned char)*c) ? "%c" : "%%%02X", (unsigned char)*c);
		before = "&";
	}
	if (fclose(text) != 0)
		free(TAKE_PTR(made));
	return made;
}

/* ---- one request ---- */

typedef struct Fetch {
	const ClinicAccess *access;
	CURL *curl;
	LineReader *lines; /* NULL: a short text is expected */
	char *text;        /* what is no answer of lines: a problem, or a short text */
	size_t size;
	Error *error;
	int result; /* of the taking */
	char why[CURL_ERROR_SIZE];
} Fetch;

static long fetch_status(const Fetch *fetch)
{
	long status = 0;

	(void)curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static int keep_fetched(Fetch *fetch, const char *data, size_t size, size_t most)
{
	char *text;

	if (size > most - fetch->size)
		return error_set(
			fetch->error, -EBADMSG, "the server sends more than such an answer can have");
	text = realloc(fetch->text, fetch->size + size + 1);
	if (!text)
		return error_set(fetch->error, -ENOMEM, "out of memory");
	memcpy(text + fetch->size, data, size);
	fetch->text = text;
	fetch->size += size;
	text[fetch->size] = '\0';
	return 0;
}

static size_t on_data(char *data, size_t one, size_t size, void *userdata)
{
	Fetch *fetch = userdata;

	if (fetch_status(fetch) != 200)
		fetch->result = keep_fetched(fetch, data, size, PROBLEM_MAX);
	else if (fetch->lines)
		fetch->result = line_reader_take(fetch->lines, data, size, fetch->error);
	else
		fetch->result = keep_fetched(fetch, data, size, TEXT_SIZE_MAX);
	return fetch->result < 0 ? 0 : size;
}

static int on_fetch_progress(void *userdata, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	return atomic_load(&interrupted);
}

/** What the server says of itself, as one line of text that cannot control a terminal. */
static int explain_problem(const Fetch *fetch)
{
	json_auto_t *problem = fetch->text ? json_loadb(fetch->text, fetch->size, 0, NULL) : NULL;
	const char *detail = json_string_value(json_object_get(problem, "detail"));
	long status = fetch_status(fetch);
	int r = error_set(fetch->error, status == 404 ? -ENOENT : -EIO, "%s answers %ld%s%.400s",
		fetch->access->url, status, detail ? ": " : "", detail ? detail : "");

	for (char *c = fetch->error->text; *c; c++)
		*c = iscntrl((unsigned char)*c) ? '?' : *c;
	text_repair(fetch->error->text);
	return r;
}

static int explain_transfer(const Fetch *fetch, CURLcode code)
{
	if (fetch->result < 0)
		return fetch->result;
	if (atomic_load(&interrupted))
		return error_set(fetch->error, -ECANCELED, "it was interrupted: the answer is not whole");
	if (code == CURLE_OK && fetch_status(fetch) != 200)
		return explain_problem(fetch);
	if (code == CURLE_OK)
		return 0;
	return error_set(fetch->error, -EPIPE, "%s: %s", fetch->access->url,
		fetch->why[0] ? fetch->why : curl_easy_strerror(code));
}

static void set_up_fetch(Fetch *fetch, const char *url)
{
	CURL *curl = fetch->curl;

	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	(void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_CAINFO, fetch->access->ca);
	(void)curl_easy_setopt(curl, CURLOPT_SSLCERT, fetch->access->certificate);
	(void)curl_easy_setopt(curl, CURLOPT_SSLKEY, fetch->access->key);
	(void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	(void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)SILENT_S);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch);
	(void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, fetch->why);
	(void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_fetch_progress);
}

/** One connection for all requests of this program. */
static CURL *shared_handle(void)
{
	static CURL *handle;

	if (!handle && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		handle = curl_easy_init();
	if (handle)
		curl_easy_reset(handle);
	return handle;
}

static int fetch_path(Fetch *fetch, const char *path)
{
	_cleanup_(freep) char *url = NULL;

	fetch->curl = shared_handle();
	if (!fetch->curl || asprintf(&url, "%s%s", fetch->access->url, path) < 0)
		return error_set(fetch->error, -ENOMEM, "out of memory");
	set_up_fetch(fetch, url);
	return explain_transfer(fetch, curl_easy_perform(fetch->curl));
}

int clinic_read_lines(
	const ClinicAccess *access, const char *path, const ClinicReading *reading, Error *error)
{
	_cleanup_(line_reader_done) LineReader lines = { .reading = reading };
	Fetch fetch = { .access = access, .lines = &lines, .error = error };
	int r = fetch_path(&fetch, path);

	free(fetch.text);
	return r < 0 ? r : line_reader_end(&lines, error);
}

int clinic_read_text(const ClinicAccess *access, const char *path, char **ret, Error *error)
{
	Fetch fetch = { .access = access, .error = error };
	int r = fetch_path(&fetch, path);

	if (r >= 0 && !fetch.text)
		r = error_set(error, -EBADMSG, "the server sends nothing");
	if (r < 0)
		free(fetch.text);
	else
		*ret = fetch.text;
	return r;
}
