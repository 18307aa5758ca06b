/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Names, digests and age of backups. It must not delete anything whose name is not one of a backup.
 */

#include "backup-folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "util/digest-file.h"
#include "util/file.h"

enum { MANIFEST_MAX = 64 * 1024, STAMP_SIGNS = 16, MANIFEST_VERSION = 1 };

/* ---- names ---- */

void backup_name(int64_t utc_s, char ret[BACKUP_NAME_MAX])
{
	time_t seconds = (time_t)utc_s;
	char stamp[STAMP_SIGNS + 1];
	struct tm utc;

	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", gmtime_r(&seconds, &utc));
	snprintf(ret, BACKUP_NAME_MAX, BACKUP_PREFIX "%s", stamp);
}

bool backup_name_read(const char *name, int64_t *ret)
{
	struct tm utc = { 0 };
	const char *end;

	if (strncmp(name, BACKUP_PREFIX, sizeof BACKUP_PREFIX - 1) != 0)
		return false;
	end = strptime(name + sizeof BACKUP_PREFIX - 1, "%Y%m%dT%H%M%SZ", &utc);
	if (!end || *end)
		return false;
	*ret = (int64_t)timegm(&utc);
	return true;
}

/** The rest of an interrupted one. */
static bool is_part(const char *name)
{
	char whole[BACKUP_NAME_MAX];
	size_t n = strlen(name), suffix = sizeof BACKUP_PART - 1;
	int64_t time_s;

	if (n <= suffix || n - suffix >= sizeof whole || strcmp(name + n - suffix, BACKUP_PART) != 0)
		return false;
	snprintf(whole, sizeof whole, "%.*s", (int)(n - suffix), name);
	return backup_name_read(whole, &time_s);
}

/* ---- the manifest ---- */

static int digest_in(const char *folder, const char *name, char ret[DIGEST_HEX_MAX], Error *error)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int fd = -1;
	int r;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return error_set(error, -ENOMEM, "no memory");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	r = fd < 0 ? -errno : digest_file(fd, ret);
	return r < 0 ? error_set(error, r, "%s cannot be read: %s", path, strerror(-r)) : 0;
}

int backup_manifest_make(const char *folder, const BackupManifest *manifest, char **ret, Error *error)
{
	char database[DIGEST_HEX_MAX], keys[DIGEST_HEX_MAX];
	const RegistryFacts *registry = &manifest->registry;
	json_auto_t *object = NULL;
	int r = digest_in(folder, BACKUP_DATABASE, database, error);

	r = r < 0 ? r : digest_in(folder, BACKUP_KEYS, keys, error);
	if (r < 0)
		return r;
	object = json_pack("{s:i, s:I, s:i, s:{s:I, s:s, s:s}, s:I, s:I, s:{s:s, s:s}}", "version",
		MANIFEST_VERSION, "made", (json_int_t)manifest->made_s, "timeline", (int)manifest->timeline,
		"registry", "size", (json_int_t)registry->size, "root", registry->root, "key",
		manifest->registry_key, "stations", (json_int_t)registry->stations, "records",
		(json_int_t)registry->records, "sha256", BACKUP_DATABASE, database, BACKUP_KEYS, keys);
	*ret = object ? json_dumps(object, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;
	return *ret ? 0 : error_set(error, -ENOMEM, "no memory");
}

/** Copies a text of the manifest. False: it is not there, or too long. */
static bool take_manifest_text(const json_t *object, const char *name, char *ret, size_t size)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text && snprintf(ret, size, "%s", text) < (int)size;
}

static bool parse_manifest(const json_t *object, BackupManifest *ret)
{
	const json_t *registry = json_object_get(object, "registry"),
		     *digests = json_object_get(object, "sha256");

	if (json_integer_value(json_object_get(object, "version")) != MANIFEST_VERSION)
		return false;
	ret->made_s = json_integer_value(json_object_get(object, "made"));
	ret->timeline = (unsigned)json_integer_value(json_object_get(object, "timeline"));
	ret->registry.size = (uint64_t)json_integer_value(json_object_get(registry, "size"));
	ret->registry.stations = (uint64_t)json_integer_value(json_object_get(object, "stations"));
	ret->registry.records = (uint64_t)json_integer_value(json_object_get(object, "records"));
	return take_manifest_text(registry, "root", ret->registry.root, sizeof ret->registry.root) &&
	       take_manifest_text(registry, "key", ret->registry_key, sizeof ret->registry_key) &&
	       take_manifest_text(digests, BACKUP_DATABASE, ret->database, sizeof ret->database) &&
	       take_manifest_text(digests, BACKUP_KEYS, ret->keys, sizeof ret->keys);
}

/** A file with another content than the manifest says. */
static int compare_digest(const char *folder, const char *name, const char *wanted, Error *error)
{
	char found[DIGEST_HEX_MAX];
	int r = digest_in(folder, name, found, error);

	if (r >= 0 && strcmp(found, wanted) != 0)
		return error_set(
			error, -EBADMSG, "%s of the backup %s is damaged: use another backup", name, folder);
	return r;
}

int backup_manifest_read(const char *folder, BackupManifest *ret, Error *error)
{
	_cleanup_(freep) char *path = NULL, *text = NULL;
	json_auto_t *object = NULL;
	BackupManifest read = { 0 };
	size_t size;
	int r;

	if (asprintf(&path, "%s/" BACKUP_MANIFEST, folder) < 0)
		return error_set(error, -ENOMEM, "no memory");
	r = file_read(path, MANIFEST_MAX, &text, &size);
	if (r < 0)
		return error_set(
			error, r, "%s is no whole backup: %s: %s", folder, BACKUP_MANIFEST, strerror(-r));
	object = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	if (!parse_manifest(object, &read))
		return error_set(
			error, -EBADMSG, "%s is damaged, or of a newer version: use another backup", path);
	r = compare_digest(folder, BACKUP_DATABASE, read.database, error);
	r = r < 0 ? r : compare_digest(folder, BACKUP_KEYS, read.keys, error);
	if (r >= 0)
		*ret = read;
	return r;
}

/* ---- age ---- */

static int backup_by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_of_backup(const struct dirent *entry)
{
	int64_t time_s;

	return backup_name_read(entry->d_name, &time_s) || is_part(entry->d_name);
}

static int list_backups(const char *folder, struct dirent ***ret, Error *error)
{
	int n = scandir(folder, ret, is_of_backup, backup_by_name);

	return n < 0 ? error_set(error, -errno, "%s: %s", folder, strerror(errno)) : n;
}

static void free_list(struct dirent **list, int n)
{
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

int backup_newest(const char *folder, int64_t *ret, Error *error)
{
	struct dirent **list;
	int64_t newest = 0, time_s;
	int n = list_backups(folder, &list, error);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		if (backup_name_read(list[i]->d_name, &time_s) && time_s > newest)
			newest = time_s;
	free_list(list, n);
	*ret = newest;
	return 0;
}

/** Deletes the files of a backup, the manifest first: without it the rest counts for nothing. */
static int delete_backup(const char *folder, const char *name, Error *error)
{
	static const char *const files[] = { BACKUP_MANIFEST, BACKUP_DATABASE, BACKUP_KEYS };
	_cleanup_(freep) char *path = NULL;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return error_set(error, -ENOMEM, "no memory");
	for (size_t i = 0; i < ELEMENTS(files); i++) {
		_cleanup_(freep) char *file = NULL;

		if (asprintf(&file, "%s/%s", path, files[i]) < 0)
			return error_set(error, -ENOMEM, "no memory");
		if (unlink(file) < 0 && errno != ENOENT)
			return error_set(error, -errno, "%s cannot be deleted: %s", file, strerror(errno));
	}
	return rmdir(path) < 0 ? error_set(error, -errno, "%s cannot be deleted: %s", path, strerror(errno))
			       : 0;
}

int backup_prune(const char *folder, unsigned keep, Error *error)
{
	struct dirent **list;
	unsigned whole = 0;
	int n = list_backups(folder, &list, error), r = 0;

	if (n < 0)
		return n;
	for (int i = n - 1; i >= 0 && r >= 0; i--)
		if (is_part(list[i]->d_name) || ++whole > keep)
			r = delete_backup(folder, list[i]->d_name, error);
	free_list(list, n);
	return r;
}
