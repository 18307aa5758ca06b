/* SPDX-License-Identifier: Apache-2.0 */

/** Reads the server's configuration. It must not open what the configuration names. */

#include "clinic-config.h"

#include <stddef.h>
#include <string.h>

#include "config/ini-file.h"

#ifndef STIPPLE_CLINIC_BACKUP_FOLDER
#define STIPPLE_CLINIC_BACKUP_FOLDER "/var/backups/stipple-clinic"
#endif
#ifndef STIPPLE_PAGE_FOLDER
#define STIPPLE_PAGE_FOLDER "/usr/share/stipple/dashboard"
#endif

enum { PORT_DEFAULT = 7443, STATION_DAYS_DEFAULT = 30, BACKUP_KEEP_DEFAULT = 14 };

static const struct {
	const char *section, *key;
	size_t offset;
	const char *usual; /* NULL: must be given */
} keys[] = {
	{ "server", "address", offsetof(ClinicConfig, address), "::" },
	{ "server", "certificate", offsetof(ClinicConfig, certificate), NULL },
	{ "server", "key", offsetof(ClinicConfig, key), NULL },
	{ "server", "client_ca", offsetof(ClinicConfig, client_ca), NULL },
	{ "server", "host", offsetof(ClinicConfig, host), "" },
	{ "authority", "certificate", offsetof(ClinicConfig, authority_certificate), "" },
	{ "authority", "key", offsetof(ClinicConfig, authority_key), "" },
	{ "backup", "folder", offsetof(ClinicConfig, backup_folder), STIPPLE_CLINIC_BACKUP_FOLDER },
	{ "backup", "recovery", offsetof(ClinicConfig, recovery), "" },
	{ "page", "address", offsetof(ClinicConfig, page_address), "::" },
	{ "page", "certificate", offsetof(ClinicConfig, page_certificate), "" },
	{ "page", "folder", offsetof(ClinicConfig, page_folder), STIPPLE_PAGE_FOLDER },
	{ "page", "key", offsetof(ClinicConfig, page_key), "" },
	{ "database", "connection", offsetof(ClinicConfig, connection), "dbname=stipple" },
	{ "database", "patroni", offsetof(ClinicConfig, patroni), "" },
	{ "mirror", "key", offsetof(ClinicConfig, mirror_key), NULL },
	{ "mirror", "ml_dsa_key", offsetof(ClinicConfig, mirror_ml_dsa_key), "" },
	{ "witness", "key", offsetof(ClinicConfig, witness_key), "" },
	{ "registry", "key", offsetof(ClinicConfig, registry_key), NULL },
};

static const struct {
	const char *section, *key;
	size_t offset;
	unsigned min, max;
} numbers[] = {
	{ "server", "port", offsetof(ClinicConfig, port), 0, 65535 },
	{ "page", "port", offsetof(ClinicConfig, page_port), 0, 65535 },
	{ "backup", "keep", offsetof(ClinicConfig, backup_keep), 2, 1000 },
	{ "authority", "days", offsetof(ClinicConfig, station_days), 2, 825 },
};

static unsigned *clinic_number_at(ClinicConfig *config, size_t i)
{
	return (unsigned *)((char *)config + numbers[i].offset);
}

static char **clinic_text_at(ClinicConfig *config, size_t i)
{
	return (char **)((char *)config + keys[i].offset);
}

static int clinic_take_entry(void *userdata, const IniEntry *entry, Error *error)
{
	ClinicConfig *config = userdata;

	for (size_t i = 0; i < ELEMENTS(numbers); i++)
		if (strcmp(numbers[i].section, entry->section) == 0 &&
			strcmp(numbers[i].key, entry->key) == 0)
			return ini_number(entry->value, numbers[i].min, numbers[i].max,
				clinic_number_at(config, i), error);
	for (size_t i = 0; i < ELEMENTS(keys); i++) {
		char **text = clinic_text_at(config, i);

		if (strcmp(keys[i].section, entry->section) != 0 || strcmp(keys[i].key, entry->key) != 0)
			continue;
		free(*text);
		*text = strdup(entry->value);
		return *text ? 0 : error_set(error, -ENOMEM, "no memory");
	}
	return error_set(error, -EINVAL, "no such key; stipple-clinicd(8) lists them");
}

static int clinic_read_file(const char *path, void *userdata, Error *error)
{
	return ini_file_read(path, clinic_take_entry, userdata, error);
}

static int complete(const char *path, ClinicConfig *config, Error *error)
{
	for (size_t i = 0; i < ELEMENTS(keys); i++) {
		char **text = clinic_text_at(config, i);

		if (!*text && !keys[i].usual)
			return error_set(
				error, -EINVAL, "%s: [%s] %s is missing", path, keys[i].section, keys[i].key);
		if (!*text && !(*text = strdup(keys[i].usual)))
			return error_set(error, -ENOMEM, "no memory");
	}
	return 0;
}

int clinic_config_load(const char *path, ClinicConfig *ret, Error *error)
{
	ClinicConfig config = {
		.port = PORT_DEFAULT, .station_days = STATION_DAYS_DEFAULT, .backup_keep = BACKUP_KEEP_DEFAULT
	};
	int r = ini_files_each(path, clinic_read_file, &config, error);

	r = r < 0 ? r : complete(path, &config, error);
	if (r < 0)
		clinic_config_clear(&config);
	else
		*ret = config;
	return r;
}

void clinic_config_clear(ClinicConfig *config)
{
	for (size_t i = 0; i < ELEMENTS(keys); i++)
		free(TAKE_PTR(*clinic_text_at(config, i)));
}
