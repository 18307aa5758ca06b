/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Makes the clinic's keys, certificates and configuration. It must not overwrite any: the stations trust the
 * keys that they were given when they joined.
 */

#include "setup.h"

#include <string.h>

#include <arpa/inet.h>

#include "certificate.h"
#include "recovery.h"
#include "util/file.h"
#include "util/text.h"

enum { HOST_MAX = 100 }; /* its keys, with their names, fit a line of a configuration */

#define MIRROR_ML_DSA_FILE "mirror-ml-dsa.key"

#define USUAL_USER     "stipple-clinic"
#define USUAL_DATABASE "dbname=stipple"

int setup_owner(const ProgramOptions *options, Owner *ret, Error *error)
{
	const char *user = options->user;

	return owner_find(!user && geteuid() == 0 ? USUAL_USER : user, ret, error);
}

static bool is_host(const char *host)
{
	unsigned char address[16];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1 ||
	       text_is_identifier(host, HOST_MAX);
}

/** The host as the name of a key has it: a name has no colons. */
static const char *setup_name_of_key(const char *host, const char *what, char ret[NOTE_NAME_MAX])
{
	snprintf(ret, NOTE_NAME_MAX, "%s/%s", host, what);
	for (char *at = ret; *at; at++)
		if (*at == ':')
			*at = '-';
	return ret;
}

/* ---- files ---- */

typedef struct KeyFolder {
	const char *path;
	Owner owner;
} KeyFolder;

static int setup_put_text(const KeyFolder *folder, const char *name, const char *text, Error *error)
{
	_cleanup_(freep) char *path = NULL;

	if (asprintf(&path, "%s/%s", folder->path, name) < 0)
		return error_set(error, -ENOMEM, "no memory");
	return owned_file_make(path, text, strlen(text), &folder->owner, 0600, error);
}

static int setup_put_pair(const KeyFolder *folder, const char *certificate, const char *key,
	const CertificatePair *pair, Error *error)
{
	int r = setup_put_text(folder, certificate, pair->certificate, error);

	return r < 0 ? r : setup_put_text(folder, key, pair->key, error);
}

typedef int (*Generating)(const char *name, NoteSigner **ret);

/** 1: libcrypto does not know the algorithm, and there is no key. */
static int make_signer(const KeyFolder *folder, const char *host, const char *what, const char *file,
	Generating generating, Error *error)
{
	_cleanup_(note_signer_freep) NoteSigner *signer = NULL;
	_cleanup_(freep) char *path = NULL;
	char name[NOTE_NAME_MAX];
	int r = generating(setup_name_of_key(host, what, name), &signer);

	if (r == -EOPNOTSUPP)
		return 1;
	if (r < 0)
		return error_set(error, r, "no key can be made for \"%s\": %s", name, strerror(-r));
	r = note_signer_store(signer, folder->path, file, error);
	if (r < 0)
		return r;
	if (asprintf(&path, "%s/%s", folder->path, file) < 0)
		return error_set(error, -ENOMEM, "no memory");
	if (chown(path, folder->owner.uid, folder->owner.gid) < 0)
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

static int make_certificates(const KeyFolder *folder, const char *host, Error *error)
{
	_cleanup_(certificate_pair_clear) CertificatePair authority = { 0 }, server = { 0 };
	_cleanup_(authority_freep) Authority *opened = NULL;
	int r = certificate_make_authority(host, &authority, error);

	r = r < 0 ? r : authority_new(&authority, &opened, error);
	r = r < 0 ? r : authority_issue_server(opened, host, &server, error);
	r = r < 0 ? r : setup_put_pair(folder, "authority.pem", "authority.key", &authority, error);
	return r < 0 ? r : setup_put_pair(folder, "server.pem", "server.key", &server, error);
}

static int make_signers(const KeyFolder *folder, const char *host, Error *error)
{
	static const struct {
		const char *what, *file;
		Generating generating;
	} signers[] = {
		{ "mirror", "mirror.key", note_signer_generate },
		{ "mirror", MIRROR_ML_DSA_FILE, note_signer_generate_ml_dsa_44 },
		{ "witness", "witness.key", note_signer_generate },
		{ "registry", "registry.key", note_signer_generate },
	};
	int r = 0;

	for (size_t i = 0; i < ELEMENTS(signers) && r >= 0; i++)
		r = make_signer(folder, host, signers[i].what, signers[i].file, signers[i].generating, error);
	return r;
}

static int make_all(const KeyFolder *folder, const char *host, char recovery[RECOVERY_CODE_MAX], Error *error)
{
	int r = make_certificates(folder, host, error);

	r = r < 0 ? r : make_signers(folder, host, error);
	if (r < 0)
		return r;
	if (recovery_code_make(recovery) < 0)
		return error_set(error, -EIO, "the system gives no random bytes");
	r = setup_put_text(folder, "recovery.code", recovery, error);
	return r < 0 ? r : owned_folder_sync(folder->path, error);
}

/* ---- the configuration ---- */

int setup_write_config(
	const Program *program, const char *host, const char *keys, const Owner *owner, Error *error)
{
	const ProgramOptions *options = &program->options;
	const Owner kept = { geteuid(), owner->gid };
	_cleanup_(freep) char *text = NULL, *folder = file_folder(program->path), *ml_dsa = NULL;
	bool fresh = folder && access(folder, F_OK) < 0;
	int r = folder ? file_make_folders(folder) : -ENOMEM;

	/* the server reads what root wrote */
	if (r >= 0 && fresh && chown(folder, (uid_t)-1, owner->gid) < 0)
		r = -errno;
	if (r < 0)
		return error_set(error, r, "%s cannot be made: %s", folder ? folder : "", strerror(-r));
	if (asprintf(&ml_dsa, "%s/" MIRROR_ML_DSA_FILE, keys) < 0)
		return error_set(error, -ENOMEM, "no memory");
	if (asprintf(&text,
		    "# Made by stipple-clinicd setup. stipple-clinicd(8) explains each key.\n\n"
		    "[server]\n# By this name the stations reach the server.\nhost = %s\nport = %s\n"
		    "certificate = %s/server.pem\nkey = %s/server.key\nclient_ca = %s/authority.pem\n\n"
		    "[authority]\ncertificate = %s/authority.pem\nkey = %s/authority.key\n\n"
		    "[database]\nconnection = %s\n\n"
		    "[mirror]\nkey = %s/mirror.key\n%sml_dsa_key = %s\n\n[witness]\nkey = %s/witness.key\n\n"
		    "[registry]\nkey = %s/registry.key\n\n"
		    "[backup]\nrecovery = %s/recovery.code\n",
		    host, options->port ? options->port : "7443", keys, keys, keys, keys, keys,
		    options->database ? options->database : USUAL_DATABASE, keys,
		    access(ml_dsa, F_OK) == 0 ? "" : "# needs OpenSSL 3.5\n# ", ml_dsa, keys, keys, keys) < 0)
		return error_set(error, -ENOMEM, "no memory");
	r = owned_file_make(program->path, text, strlen(text), &kept, 0640, error);
	return r < 0 ? r : owned_folder_sync(folder, error);
}

/* ---- the command ---- */

static void print_next(const Program *program, const char *host, const char *keys, const char *recovery)
{
	printf("The server of the clinic is set up. Stations reach it at https://%s:%s.\n"
	       "  configuration  %s\n"
	       "  keys           %s\n"
	       "  recovery code  %s\n"
	       "Write the recovery code down and keep it in a safe: a backup can be restored only with it.\n\n"
	       "Next, unless the database is there:\n"
	       "  sudo -u postgres createuser " USUAL_USER "\n"
	       "  sudo -u postgres createdb -O " USUAL_USER " stipple\n"
	       "Then:\n"
	       "  sudo systemctl enable --now stipple-clinicd stipple-clinic-backup.timer\n"
	       "  sudo stipple-clinicd doctor\n"
	       "  sudo stipple-clinicd invite chair-1\n",
		host, program->options.port ? program->options.port : "7443", program->path, keys, recovery);
}

int setup_run(Program *program, char **words, Error *error)
{
	const ProgramOptions *options = &program->options;
	const char *host = options->host ? options->host : "";
	KeyFolder folder = { .path = options->keys ? options->keys : CLINIC_KEYS_FOLDER };
	char recovery[RECOVERY_CODE_MAX];
	int r;

	if (!is_host(host))
		return error_set(error, -EINVAL,
			"give the name or address by which the stations reach this server, as --host clinic.example");
	if (access(program->path, F_OK) == 0)
		return error_set(error, -EEXIST,
			"%s is there already: this server is set up, and its keys are never overwritten",
			program->path);
	r = setup_owner(options, &folder.owner, error);
	r = r < 0 ? r : owned_folder_make(folder.path, &folder.owner, 0700, error);
	r = r < 0 ? r : make_all(&folder, host, recovery, error);
	r = r < 0 ? r : setup_write_config(program, host, folder.path, &folder.owner, error);
	if (r < 0)
		return r;
	print_next(program, host, folder.path, recovery);
	return 0;
}
