/* SPDX-License-Identifier: Apache-2.0 */

/**
 * libcurl, waiting. It must not follow the server anywhere else, and must not show a certificate to a server
 * that the clinic's authority did not sign.
 */

#include "fetch.h"

#include <stdbool.h>
#include <string.h>

#include <curl/curl.h>
#include <jansson.h>

#include "util/text.h"

enum { FETCH_CONNECT_S = 10, SENTENCE_MAX = 400 };

DEFINE_CLEANUP(CURL *, curl_easy_cleanup, easy_freep);
DEFINE_CLEANUP(struct curl_slist *, curl_slist_free_all, headers_freep);

static size_t take_body(char *data, size_t one, size_t size, void *userdata)
{
	FetchAnswer *answer = userdata;
	char *body;

	if (size > FETCH_ANSWER_MAX - answer->size)
		return 0;
	body = realloc(answer->body, answer->size + size + 1);
	if (!body)
		return 0;
	memcpy(body + answer->size, data, size);
	answer->body = body;
	answer->size += size;
	body[answer->size] = '\0';
	return size;
}

/** Whom it trusts, and what it shows. */
static bool set_trust(CURL *easy, const FetchRequest *request)
{
	if (curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") != CURLE_OK ||
		curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) != CURLE_OK)
		return false;
	if (!request->authority)
		return curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK &&
		       curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK;
	if (curl_easy_setopt(easy, CURLOPT_CAINFO, request->authority) != CURLE_OK ||
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) != CURLE_OK)
		return false;
	return !request->certificate ||
	       (curl_easy_setopt(easy, CURLOPT_SSLCERT, request->certificate) == CURLE_OK &&
		       curl_easy_setopt(easy, CURLOPT_SSLKEY, request->key) == CURLE_OK);
}

static void fetch_set_request(
	CURL *easy, const FetchRequest *request, struct curl_slist *headers, FetchAnswer *answer)
{
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)FETCH_CONNECT_S);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)FETCH_PATIENCE_S);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
	if (request->body)
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
}

static int say_no_answer(const FetchRequest *request, CURLcode code, const char *why, Error *error)
{
	switch ((int)code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return error_set(error, -EIO,
			"%s does not show a certificate of this clinic for that name: use the address that stipple-clinicd invite printed, and check this machine's clock (%s)",
			request->server, why);
	case CURLE_WRITE_ERROR:
		return error_set(
			error, -EIO, "%s answers more than the clinic's server would", request->server);
	default:
		return error_set(error, -EIO,
			"%s does not answer: is it on, is stipple-clinicd running there, and is the address right? (%s)",
			request->server, why);
	}
}

int fetch(const FetchRequest *request, FetchAnswer *ret, Error *error)
{
	_cleanup_(easy_freep) CURL *easy = curl_easy_init();
	_cleanup_(headers_freep) struct curl_slist *headers =
		curl_slist_append(NULL, "Content-Type: application/json");
	_cleanup_(freep) char *url = NULL;
	char why[CURL_ERROR_SIZE] = "";
	FetchAnswer answer = { 0 };
	CURLcode code;
	long status = 0;

	if (!easy || !headers || asprintf(&url, "%s%s", request->server, request->path) < 0)
		return error_set(error, -EIO, "no memory");
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why);
	if (!set_trust(easy, request))
		return error_set(error, -EIO, "this libcurl cannot check certificates");
	fetch_set_request(easy, request, headers, &answer);
	code = curl_easy_perform(easy);
	if (code != CURLE_OK) {
		free(answer.body);
		return say_no_answer(request, code, why[0] ? why : curl_easy_strerror(code), error);
	}
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	answer.status = (unsigned)status;
	if (!answer.body && !(answer.body = strdup("")))
		return error_set(error, -EIO, "no memory");
	*ret = answer;
	return 0;
}

int fetch_refused(const FetchAnswer *answer, Error *error)
{
	json_auto_t *problem = json_loadb(answer->body, answer->size, JSON_REJECT_DUPLICATES, NULL);
	const char *detail = json_string_value(json_object_get(problem, "detail"));

	if (detail && text_is_printable(detail, SENTENCE_MAX))
		return error_set(error, -EACCES, "the clinic's server refuses: %s", detail);
	return error_set(error, -EACCES,
		"the clinic's server answers with status %u: is it stipple-clinicd, of the same version?",
		answer->status);
}
