/* SPDX-License-Identifier: Apache-2.0 */

/** Collects and gives back the server's keys. They must not get to a disk unencrypted, but where they belong.
 */

#include "backup-keys.h"

#include <string.h>

#include <jansson.h>

#include "certificate.h"
#include "recovery.h"
#include "util/file.h"

enum { KEY_FILE_MAX = 64 * 1024, SEALED_MAX = 1 << 20 };

struct BackupKeys {
	char *text; /* all of it, as JSON */
	json_t *files, *settings;
};

BackupKeys *backup_keys_free(BackupKeys *keys)
{
	if (!keys)
		return NULL;
	certificate_key_erasep(&keys->text);
	json_decref(keys->files);
	json_decref(keys->settings);
	free(keys);
	return NULL;
}

/** Where the configuration has each file that setup makes; "" none. */
typedef struct KeyPlace {
	const char *name, *path;
} KeyPlace;

enum { KEY_PLACES_MAX = 9 };

static void find_places(const ClinicConfig *config, KeyPlace ret[KEY_PLACES_MAX])
{
	const KeyPlace places[KEY_PLACES_MAX] = {
		{ "authority.pem", config->authority_certificate },
		{ "authority.key", config->authority_key },
		{ "server.pem", config->certificate },
		{ "server.key", config->key },
		{ "mirror.key", config->mirror_key },
		{ "mirror-ml-dsa.key", config->mirror_ml_dsa_key },
		{ "witness.key", config->witness_key },
		{ "registry.key", config->registry_key },
		{ "recovery.code", config->recovery },
	};

	memcpy(ret, places, sizeof places);
}

static int collect_files(const ClinicConfig *config, json_t *files, Error *error)
{
	KeyPlace places[KEY_PLACES_MAX];

	find_places(config, places);
	for (size_t i = 0; i < ELEMENTS(places); i++) {
		const char *path = places[i].path;
		_cleanup_(certificate_key_erasep) char *text = NULL;
		size_t size;
		int r;

		if (!*path)
			continue;
		r = file_read(path, KEY_FILE_MAX, &text, &size);
		if (r < 0)
			return error_set(error, r, "%s cannot be read: %s", path, strerror(-r));
		if (json_object_set_new(files, places[i].name, json_string(text)) < 0)
			return error_set(error, -EIO, "%s is no text", path);
	}
	return 0;
}

/** The code that backups are encrypted with. */
static int read_code(const ClinicConfig *config, char ret[RECOVERY_CODE_MAX], Error *error)
{
	_cleanup_(certificate_key_erasep) char *text = NULL;
	size_t size;
	int r;

	if (!*config->recovery)
		return error_set(error, -ENOENT,
			"[backup] recovery is not set: without the keys a backup cannot be restored; stipple-clinicd(8) says how to make one");
	r = file_read(config->recovery, RECOVERY_CODE_MAX + 8, &text, &size);
	if (r < 0)
		return error_set(error, r, "%s cannot be read: %s", config->recovery, strerror(-r));
	if (recovery_code_read(text, ret) < 0)
		return error_set(error, -EINVAL, "%s holds no recovery code", config->recovery);
	return 0;
}

int backup_keys_seal(const ClinicConfig *config, void **ret, size_t *ret_size, Error *error)
{
	_cleanup_(certificate_key_erasep) char *text = NULL;
	json_auto_t *files = json_object(), *all = NULL;
	char code[RECOVERY_CODE_MAX], port[12];
	int r = read_code(config, code, error);

	if (r < 0 || !files)
		return r < 0 ? r : error_set(error, -ENOMEM, "no memory");
	r = collect_files(config, files, error);
	if (r < 0)
		return r;
	snprintf(port, sizeof port, "%u", config->port);
	all = json_pack("{s:O, s:s, s:s}", "files", files, "host", config->host, "port", port);
	text = all ? json_dumps(all, JSON_COMPACT) : NULL;
	if (!text)
		return error_set(error, -ENOMEM, "no memory");
	return recovery_seal(code, text, strlen(text), ret, ret_size, error);
}

int backup_keys_open(const char *path, const char *code, BackupKeys **ret, Error *error)
{
	_cleanup_(backup_keys_freep) BackupKeys *keys = calloc(1, sizeof *keys);
	_cleanup_(freep) char *sealed = NULL;
	size_t size, plain;
	int r;

	if (!keys)
		return error_set(error, -ENOMEM, "no memory");
	r = file_read(path, SEALED_MAX, &sealed, &size);
	if (r < 0)
		return error_set(error, r, "%s cannot be read: %s", path, strerror(-r));
	r = recovery_open(code, sealed, size, &keys->text, &plain, error);
	if (r < 0)
		return r;
	keys->settings = json_loadb(keys->text, plain, JSON_REJECT_DUPLICATES, NULL);
	keys->files = json_incref(json_object_get(keys->settings, "files"));
	if (!json_is_object(keys->files))
		return error_set(error, -EBADMSG, "the keys of the backup are damaged: use another backup");
	*ret = TAKE_PTR(keys);
	return 0;
}

const char *backup_keys_host(const BackupKeys *keys)
{
	const char *host = json_string_value(json_object_get(keys->settings, "host"));

	return host ? host : "";
}

const char *backup_keys_port(const BackupKeys *keys)
{
	const char *port = json_string_value(json_object_get(keys->settings, "port"));

	return port ? port : "7443";
}

int backup_keys_write(const BackupKeys *keys, const char *folder, const Owner *owner, Error *error)
{
	const ClinicConfig nowhere = { 0 };
	KeyPlace places[KEY_PLACES_MAX];
	int r = owned_folder_make(folder, owner, 0700, error);

	find_places(&nowhere, places);
	for (size_t i = 0; i < ELEMENTS(places) && r >= 0; i++) {
		const char *text = json_string_value(json_object_get(keys->files, places[i].name));
		_cleanup_(freep) char *path = NULL;

		if (!text)
			continue;
		if (asprintf(&path, "%s/%s", folder, places[i].name) < 0)
			return error_set(error, -ENOMEM, "no memory");
		r = owned_file_make(path, text, strlen(text), owner, 0600, error);
	}
	return r < 0 ? r : owned_folder_sync(folder, error);
}
