/* SPDX-License-Identifier: Apache-2.0 */

/** Renews the server's own certificate. A power cut must leave the old one or the new one. */

#include "server-certificate.h"

#include <string.h>
#include <sys/stat.h>

#include "owned-file.h"
#include "util/file.h"

enum { SECONDS_OF_DAY = 86400 };

static int read_own(const char *path, char **ret, Error *error)
{
	size_t size;
	int r = file_read(path, CERTIFICATE_PEM_MAX, ret, &size);

	return r < 0 ? error_set(error, r, "%s cannot be read: %s", path, strerror(-r)) : 0;
}

/** Puts the text in the place of the file. */
static int replace_own(const char *path, const char *text, Error *error)
{
	const Owner self = { geteuid(), getegid() };
	_cleanup_(freep) char *fresh = NULL, *folder = file_folder(path);
	int r;

	if (!folder || asprintf(&fresh, "%s.new", path) < 0)
		return error_set(error, -ENOMEM, "no memory");
	(void)unlink(fresh);
	r = owned_file_make(fresh, text, strlen(text), &self, 0600, error);
	if (r < 0)
		return r;
	if (rename(fresh, path) < 0)
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	return owned_folder_sync(folder, error);
}

int server_certificate_renew_if_due(
	const ClinicConfig *config, const Authority *authority, int64_t now_s, Error *error)
{
	_cleanup_(freep) char *old = NULL, *certificate = NULL;
	_cleanup_(certificate_key_erasep) char *key = NULL;
	CertificateFacts facts;
	int r;

	if (!authority || !*config->host)
		return 0;
	r = read_own(config->certificate, &old, error);
	r = r < 0 ? r : certificate_read(old, &facts, error);
	if (r < 0 || facts.ends_s - now_s > (int64_t)SERVER_CERTIFICATE_DAYS_LEFT * SECONDS_OF_DAY)
		return r;
	r = read_own(config->key, &key, error);
	r = r < 0 ? r : authority_renew_server(authority, config->host, key, &certificate, error);
	r = r < 0 ? r : replace_own(config->certificate, certificate, error);
	return r < 0 ? r : 1;
}
