/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Renews the station's certificate. It must not replace it by one that is not for the station's key, or not
 * of the clinic's authority.
 */

#include "renewal.h"

#include <jansson.h>

#include "fetch.h"
#include "station-key.h"

bool renewal_is_due(int64_t begins_s, int64_t ends_s, int64_t now_s)
{
	return now_s > ends_s - (ends_s - begins_s) / 3;
}

/** What is there now. */
typedef struct Present {
	char *authority, *key;
} Present;

static void present_done(Present *present)
{
	station_key_erasep(&present->key);
	free(present->authority);
}

static int ask_to_renew(
	const char *server, const StationFiles *files, const Present *present, FetchAnswer *ret, Error *error)
{
	_cleanup_(freep) char *csr = NULL, *body = NULL;
	json_auto_t *asked = NULL;
	FetchRequest request = { .server = server,
		.path = "/renew",
		.authority = files->ca,
		.certificate = files->certificate,
		.key = files->key };
	int r = station_key_request(present->key, &csr);

	if (r < 0)
		return error_set(error, r, "%s is no key: ask for a code, and join again", files->key);
	asked = json_pack("{s:s}", "csr", csr);
	request.body = body = asked ? json_dumps(asked, JSON_COMPACT) : NULL;
	return body ? fetch(&request, ret, error) : error_set(error, -ENOMEM, "no memory");
}

static int take_renewed(
	const StationFiles *files, const Present *present, const FetchAnswer *answer, Error *error)
{
	json_auto_t *read = NULL;
	const char *certificate;

	if (answer->status != 200)
		return fetch_refused(answer, error);
	read = json_loadb(answer->body, answer->size, JSON_REJECT_DUPLICATES, NULL);
	certificate = json_string_value(json_object_get(read, "certificate"));
	if (!certificate || !station_certificate_is_of(certificate, present->key) ||
		!station_certificate_is_signed_by(certificate, present->authority))
		return error_set(error, -EBADMSG,
			"the renewed certificate is not for this station's key, or not of the clinic's authority");
	return station_file_put(files->certificate, certificate, 0640,
		geteuid() == 0 ? station_files_group() : (gid_t)-1, error);
}

int certificate_renew(const char *server, const StationFiles *files, Error *error)
{
	_cleanup_(present_done) Present present = { 0 };
	FetchAnswer answer;
	int r = station_file_get(files->ca, &present.authority, error);

	r = r < 0 ? r : station_file_get(files->key, &present.key, error);
	r = r < 0 ? r : ask_to_renew(server, files, &present, &answer, error);
	if (r < 0)
		return r;
	r = take_renewed(files, &present, &answer, error);
	free(answer.body);
	return r;
}

int certificate_renew_if_due(const char *server, const StationFiles *files, int64_t now_s, Error *error)
{
	_cleanup_(freep) char *pem = NULL;
	StationCertificate certificate;
	int r = station_file_get(files->certificate, &pem, error);

	if (r < 0)
		return r;
	if (station_certificate_read(pem, &certificate) < 0)
		return error_set(error, -EBADMSG, "%s is no certificate: ask for a code, and join again",
			files->certificate);
	if (now_s < certificate.begins_s)
		return error_set(error, -ERANGE,
			"by this station's clock its certificate is not valid yet: set the clock");
	if (now_s > certificate.ends_s)
		return error_set(error, -EKEYEXPIRED,
			"the station's certificate has ended: run stipple-clinicd invite on the server, and stipple-registryd join here");
	if (!renewal_is_due(certificate.begins_s, certificate.ends_s, now_s))
		return 0;
	r = certificate_renew(server, files, error);
	return r < 0 ? r : 1;
}
