/* SPDX-License-Identifier: Apache-2.0 */

/** The commands of stipple-registryd. They must not need, or disturb, the one that runs. */

#include "command.h"

#include <string.h>

#include <curl/curl.h>

#include "config/config.h"
#include "join.h"
#include "renewal.h"

static int renew_now(const char *config_path, Error *error)
{
	_cleanup_(config_freep) Config *config = NULL;
	int r = config_load(config_path, &config, error);

	if (r < 0)
		return r;
	if (!*config->registry_server)
		return error_set(error, -ENOENT,
			"this station has joined no clinic: run stipple-clinicd invite on the server, and stipple-registryd join here");
	const StationFiles files = { config->registry_ca_file, config->registry_certificate,
		config->registry_key_file };

	r = certificate_renew(config->registry_server, &files, error);
	if (r >= 0)
		puts("The certificate is renewed.");
	return r;
}

int command_run(const char *config_path, char **words, int n)
{
	Error error = { 0 };
	int r;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return EXIT_FAILURE;
	if (n == 3 && strcmp(words[0], "join") == 0) {
		r = join_clinic(config_path, words[1], words[2], &error);
	} else if (n == 1 && strcmp(words[0], "renew") == 0) {
		r = renew_now(config_path, &error);
	} else {
		fprintf(stderr,
			"stipple-registryd: unexpected argument \"%s\"; see stipple-registryd --help\n",
			words[0]);
		return 2;
	}
	curl_global_cleanup();
	if (r >= 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "stipple-registryd: %s\n", error.text);
	return EXIT_FAILURE;
}
