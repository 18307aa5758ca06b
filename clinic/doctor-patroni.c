/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Asks each Patroni by its REST interface. It must not accept a version before 3.0.3: with etcd's third
 * interface those overwrite the leader's key after a primary was frozen, and lose writes that were
 * acknowledged.
 */

#include "doctor.h"

#include <string.h>

#include <curl/curl.h>

enum { PATRONI_ANSWER_MAX = 256 * 1024, PATRONI_PATIENCE_S = 5, URL_MAX = 256 };

/** An answer while it arrives. */
typedef struct Heard {
	char *text;
	size_t size;
} Heard;

DEFINE_CLEANUP(CURL *, curl_easy_cleanup, curl_freep);

static size_t hear(char *data, size_t one, size_t size, void *userdata)
{
	Heard *heard = userdata;
	char *text;

	if (size > PATRONI_ANSWER_MAX - heard->size)
		return 0;
	text = realloc(heard->text, heard->size + size);
	if (!text)
		return 0;
	memcpy(text + heard->size, data, size);
	heard->text = text;
	heard->size += size;
	return size;
}

/** GET; an object of JSON that the caller owns, or NULL with the reason in `error`. */
static json_t *ask_patroni(const char *url, const char *path, Error *error)
{
	_cleanup_(curl_freep) CURL *easy = curl_easy_init();
	char whole[URL_MAX + 16], why[CURL_ERROR_SIZE] = "";
	Heard heard = { 0 };
	json_t *read = NULL;
	CURLcode code = CURLE_FAILED_INIT;

	snprintf(whole, sizeof whole, "%s%s", url, path);
	if (easy && curl_easy_setopt(easy, CURLOPT_URL, whole) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK) {
		curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why);
		curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
		curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)PATRONI_PATIENCE_S);
		curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, hear);
		curl_easy_setopt(easy, CURLOPT_WRITEDATA, &heard);
		code = curl_easy_perform(easy);
	}
	if (code != CURLE_OK)
		error_set(error, -EIO, "%s", why[0] ? why : curl_easy_strerror(code));
	else if (!(read = json_loadb(heard.text ? heard.text : "", heard.size, 0, NULL)) ||
		 !json_is_object(read))
		error_set(error, -EIO, "this is not how Patroni answers");
	free(heard.text);
	if (json_is_object(read))
		return read;
	json_decref(read);
	return NULL;
}

/** Whether a version is 3.0.3 or newer. */
static bool is_new_enough(const char *version)
{
	unsigned major = 0, minor = 0, patch = 0;

	if (sscanf(version, "%u.%u.%u", &major, &minor, &patch) < 2)
		return false;
	return major > 3 || (major == 3 && (minor > 0 || patch >= 3));
}

/** True: synchronous_mode is on, in any of its forms. */
static bool is_on(const json_t *value)
{
	const char *text = json_string_value(value);

	return json_is_true(value) || (text && (strcmp(text, "on") == 0 || strcmp(text, "quorum") == 0));
}

static void check_settings(Doctor *doctor, const char *url)
{
	Error error = { 0 };
	json_auto_t *settings = ask_patroni(url, "/config", &error);

	if (!settings)
		doctor_say(doctor, "patroni", false, "%s: its settings cannot be read: %s", url, error.text);
	else if (!is_on(json_object_get(settings, "synchronous_mode")) ||
		 !is_on(json_object_get(settings, "synchronous_mode_strict")))
		doctor_say(doctor, "patroni", false,
			"%s: synchronous_mode and synchronous_mode_strict must both be on, or a failover loses claims that were acknowledged: patronictl edit-config",
			url);
}

static void check_one(Doctor *doctor, const char *url)
{
	Error error = { 0 };
	json_auto_t *told = ask_patroni(url, "/patroni", &error);
	const char *version = json_string_value(json_object_get(json_object_get(told, "patroni"), "version"));
	const char *role = json_string_value(json_object_get(told, "role"));

	if (!told || !version) {
		doctor_say(doctor, "patroni", false,
			"%s does not answer: %s; see systemctl status patroni there, and patronictl list",
			url, told ? "it does not say its version" : error.text);
		return;
	}
	if (!is_new_enough(version)) {
		doctor_say(doctor, "patroni", false,
			"%s runs Patroni %s, which loses acknowledged writes after a primary was frozen: install 3.0.3 or newer",
			url, version);
		return;
	}
	doctor_say(doctor, "patroni", true, "%s: version %s, %s", url, version, role ? role : "of no role");
	check_settings(doctor, url);
}

void doctor_check_patroni(Doctor *doctor)
{
	const char *list = doctor->program->config.patroni;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return;
	for (size_t n; *list; list += n) {
		char url[URL_MAX];

		list += strspn(list, ", ");
		n = strcspn(list, ", ");
		if (n > 0 && n < sizeof url) {
			snprintf(url, sizeof url, "%.*s", (int)n, list);
			check_one(doctor, url);
		}
	}
	curl_global_cleanup();
}
