/* SPDX-License-Identifier: Apache-2.0 */

/** Looks at keys, certificates, disks and backups. It must not print any of a key. */

#include "doctor.h"

#include <string.h>
#include <time.h>

#include "backup-folder.h"
#include "certificate.h"
#include "util/file.h"

enum { DAY_S = 86400, DAYS_LEFT_LEAST = 60, BACKUP_DAYS_MOST = 2, PEM_FILE_MAX = 256 * 1024 };

#define GIB              (1024ULL * 1024 * 1024)
#define FREE_LEAST       (2 * GIB)
#define DATABASES_FOLDER "/var/lib/postgresql"

static void check_key(Doctor *doctor, const char *name, const char *path)
{
	_cleanup_(note_signer_freep) NoteSigner *signer = NULL;
	Error error = { 0 };

	if (!*path)
		return;
	if (note_signer_load(path, &signer, &error) < 0)
		doctor_say(doctor, name, false,
			"%s: give it back to its user with mode 0600, or restore a backup", error.text);
	else
		doctor_say(doctor, name, true, "%s", note_signer_verifier(signer)->name);
}

static void say_days(
	Doctor *doctor, const char *name, const char *path, const CertificateFacts *facts, const char *advice)
{
	long long days = ((long long)facts->ends_s - (long long)time(NULL)) / DAY_S;

	if (facts->begins_s > (int64_t)time(NULL))
		doctor_say(doctor, name, false, "%s is not valid yet: set the clock", path);
	else if (days < DAYS_LEFT_LEAST)
		doctor_say(doctor, name, false, "%s has %lld days left: %s", path, days, advice);
	else
		doctor_say(doctor, name, true, "%lld days left", days);
}

static void check_certificate(Doctor *doctor, const char *name, const char *path, const char *advice)
{
	_cleanup_(freep) char *pem = NULL;
	CertificateFacts facts;
	Error error = { 0 };
	size_t size;
	int r = file_read(path, PEM_FILE_MAX, &pem, &size);

	if (r < 0)
		doctor_say(doctor, name, false, "%s cannot be read: %s", path, strerror(-r));
	else if (certificate_read(pem, &facts, &error) < 0)
		doctor_say(doctor, name, false, "%s: %s", path, error.text);
	else
		say_days(doctor, name, path, &facts, advice);
}

static void check_authority(Doctor *doctor)
{
	const ClinicConfig *config = &doctor->program->config;
	_cleanup_(authority_freep) Authority *authority = NULL;
	Error error = { 0 };

	if (!*config->authority_certificate || !*config->authority_key) {
		doctor_say(doctor, "authority", true, "none here: certificates are made elsewhere");
		return;
	}
	if (authority_load(config->authority_certificate, config->authority_key, &authority, &error) < 0) {
		doctor_say(doctor, "authority", false, "%s", error.text);
		return;
	}
	check_certificate(doctor, "authority", config->authority_certificate,
		"make a new authority, and let every station join again");
}

/* ---- disks ---- */

/** The nearest folder that is there. */
static char *existing_folder(const char *path)
{
	char *folder = strdup(path);

	while (folder && access(folder, F_OK) < 0) {
		char *above = file_folder(folder);
		bool top = !above || strcmp(above, folder) == 0;

		free(folder);
		folder = above;
		if (top)
			break;
	}
	return folder;
}

static void check_disk(Doctor *doctor, const char *name, const char *path)
{
	_cleanup_(freep) char *folder = existing_folder(path);
	uint64_t bytes;

	if (!folder || file_free_bytes(folder, &bytes) < 0)
		doctor_say(doctor, name, false, "%s cannot be looked at", path);
	else if (bytes < FREE_LEAST)
		doctor_say(doctor, name, false,
			"%.1f GiB are free at %s: delete what is not needed, or use a larger disk",
			(double)bytes / GIB, folder);
	else
		doctor_say(doctor, name, true, "%.0f GiB are free at %s", (double)bytes / GIB, folder);
}

static void check_backups(Doctor *doctor)
{
	const ClinicConfig *config = &doctor->program->config;
	int64_t newest, age_s;
	Error error = { 0 };

	if (!*config->recovery) {
		doctor_say(doctor, "backup", false, "[backup] recovery is not set: no backup can be made");
		return;
	}
	if (backup_newest(config->backup_folder, &newest, &error) < 0 || newest == 0) {
		doctor_say(doctor, "backup", false,
			"there is none in %s: run systemctl enable --now stipple-clinic-backup.timer, and stipple-clinicd backup",
			config->backup_folder);
		return;
	}
	age_s = (int64_t)time(NULL) - newest;
	if (age_s > BACKUP_DAYS_MOST * DAY_S)
		doctor_say(doctor, "backup", false,
			"the newest in %s is %lld days old: see systemctl status stipple-clinic-backup.service, and run stipple-clinicd backup",
			config->backup_folder, (long long)age_s / DAY_S);
	else
		doctor_say(doctor, "backup", true, "%lld hours old, in %s", (long long)age_s / 3600,
			config->backup_folder);
}

void doctor_check_files(Doctor *doctor)
{
	const ClinicConfig *config = &doctor->program->config;

	check_key(doctor, "registry-key", config->registry_key);
	check_key(doctor, "mirror-key", config->mirror_key);
	check_key(doctor, "witness-key", config->witness_key);
	check_authority(doctor);
	check_certificate(doctor, "certificate", config->certificate,
		"run systemctl restart stipple-clinicd, which renews it, or renew it where it was made");
	if (access(DATABASES_FOLDER, F_OK) == 0)
		check_disk(doctor, "disk", DATABASES_FOLDER);
	check_disk(doctor, "backup-disk", config->backup_folder);
	check_backups(doctor);
}
