/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Joins a clinic. It must not say the code to a server whose authority the code was not made for, and must
 * not replace the station's files before everything that was answered has been checked.
 */

#include "join.h"

#include <string.h>

#include <jansson.h>

#include "config/config.h"
#include "fetch.h"
#include "ledger/outbox.h"
#include "station-files.h"
#include "station-key.h"
#include "tlog/note.h"
#include "util/file.h"
#include "util/invitation-code.h"
#include "util/text.h"

enum { URL_MAX = 150, STATION_NAME_MAX = 64 };

/** One attempt to join. */
typedef struct Join {
	const char *config_path, *url;
	Config *config;
	Invitation invitation;
	StationFiles files;
	char log_key[NOTE_KEY_MAX];
	char *key, *key_path; /* of the certificate to be; kept beside the present one until it has joined */
	char *authority, *authority_path; /* the same */
	json_t *answer;
	gid_t group;
} Join;

static void join_done(Join *join)
{
	config_free(join->config);
	station_key_erasep(&join->key);
	free(join->key_path);
	free(join->authority);
	free(join->authority_path);
	json_decref(join->answer);
}

/* ---- before anything is asked ---- */

static int read_arguments(Join *join, const char *code, Error *error)
{
	static const char scheme[] = "https://";
	const char *host = join->url + sizeof scheme - 1;

	if (strncmp(join->url, scheme, sizeof scheme - 1) != 0 || strlen(join->url) > URL_MAX || !*host ||
		strpbrk(host, "/?#@ \t\n;\\\""))
		return error_set(error, -EINVAL,
			"the address must be https://HOST or https://HOST:PORT, as stipple-clinicd invite printed it");
	if (invitation_read(code, &join->invitation) < 0)
		return error_set(error, -EINVAL,
			"the code is mistyped: it has 30 letters and digits, without 0, 1, I and O; compare it with the invitation");
	return 0;
}

/** Reads the public key of the station's log from its ledger. */
static int read_log_key(Join *join, Error *error)
{
	_cleanup_(ledger_outbox_freep) LedgerOutbox *outbox = NULL;
	_cleanup_(freep) char *path = config_ledger(join->config);
	Error why = { 0 };
	int r;

	if (!path)
		return error_set(error, -ENOMEM, "no memory");
	r = ledger_outbox_open(path, &outbox, &why);
	if (r < 0)
		return error_set(error, r,
			"the station's ledger cannot be read, so its key is not known: start stippled first (%s)",
			why.text);
	r = ledger_outbox_key(outbox, join->log_key);
	if (r < 0)
		return error_set(error, r, "the station's log has no key yet: start stippled, then join");
	return 0;
}

/** The key of an earlier attempt is used again: its answer may have been lost. */
static int prepare_key(Join *join, Error *error)
{
	int r;

	if (asprintf(&join->key_path, "%s.new", join->files.key) < 0)
		return error_set(error, -ENOMEM, "no memory");
	r = station_folder_make(join->files.key, join->group, error);
	if (r < 0)
		return r;
	r = station_file_get(join->key_path, &join->key, error);
	if (r != -ENOENT)
		return r;
	r = station_key_make(&join->key);
	if (r < 0)
		return error_set(error, r, "no key can be made: %s", strerror(-r));
	return station_file_put(join->key_path, join->key, 0640, join->group, error);
}

/* ---- asking ---- */

/** The authority that the code was made for. Whoever answers, nothing else of it is believed. */
static int find_authority(Join *join, Error *error)
{
	const FetchRequest request = { .server = join->url, .path = "/enrol" };
	StationCertificate read;
	FetchAnswer answer;
	int r = fetch(&request, &answer, error);

	if (r < 0)
		return r;
	join->authority = answer.body;
	if (answer.status != 200)
		return fetch_refused(&answer, error);
	if (station_certificate_read(join->authority, &read) < 0)
		return error_set(
			error, -EBADMSG, "%s is no clinic's server: it shows no authority", join->url);
	if (!invitation_is_for(&join->invitation, read.digest))
		return error_set(error, -EBADMSG,
			"%s is not the server that this code was made for: nothing was told to it; check the address, and ask who runs the clinic's network",
			join->url);
	if (asprintf(&join->authority_path, "%s.new", join->files.ca) < 0)
		return error_set(error, -ENOMEM, "no memory");
	return station_file_put(join->authority_path, join->authority, 0644, join->group, error);
}

static int ask_to_join(Join *join, const char *code, Error *error)
{
	_cleanup_(freep) char *csr = NULL, *body = NULL;
	json_auto_t *asked = NULL;
	FetchRequest request = { .server = join->url, .path = "/enrol", .authority = join->authority_path };
	FetchAnswer answer;
	int r = station_key_request(join->key, &csr);

	if (r < 0)
		return error_set(error, r, "%s is no key: remove it, and join again", join->key_path);
	asked = json_pack("{s:s, s:s, s:s}", "code", code, "csr", csr, "log_key", join->log_key);
	request.body = body = asked ? json_dumps(asked, JSON_COMPACT) : NULL;
	if (!body)
		return error_set(error, -ENOMEM, "no memory");
	r = fetch(&request, &answer, error);
	if (r < 0)
		return r;
	r = answer.status == 200 ? 0 : fetch_refused(&answer, error);
	if (r >= 0)
		join->answer = json_loadb(answer.body, answer.size, JSON_REJECT_DUPLICATES, NULL);
	free(answer.body);
	return r;
}

/* ---- the answer ---- */

static const char *answered(const Join *join, const char *name)
{
	const char *text = json_string_value(json_object_get(join->answer, name));

	return text ? text : "";
}

static bool is_key(const char *text, NoteKind kind)
{
	NoteVerifier key;

	return note_verifier_parse(text, &key, NULL) >= 0 && key.kind == kind;
}

static int check_answer(const Join *join, Error *error)
{
	const char *certificate = answered(join, "certificate");

	if (!text_is_identifier(answered(join, "name"), STATION_NAME_MAX - 1))
		return error_set(
			error, -EBADMSG, "the answer of the clinic's server gives the station no name");
	if (strcmp(answered(join, "ca"), join->authority) != 0 ||
		!station_certificate_is_signed_by(certificate, join->authority) ||
		!station_certificate_is_of(certificate, join->key))
		return error_set(error, -EBADMSG,
			"the certificate that was answered is not for this station's key, or not of the clinic's authority");
	if (!is_key(answered(join, "registry_key"), NOTE_ED25519) ||
		!is_key(answered(join, "mirror_key"), NOTE_COSIGNATURE))
		return error_set(
			error, -EBADMSG, "the keys that were answered are none of a registry and its mirror");
	return 0;
}

static int write_settings(const Join *join, Error *error)
{
	_cleanup_(freep) char *folder = file_folder(join->config_path), *path = NULL, *text = NULL;

	if (!folder || asprintf(&path, "%s/conf.d/registry.conf", folder) < 0 ||
		asprintf(&text,
			"# Made by stipple-registryd join. stippled.conf(5) explains each key.\n[registry]\nserver = %s\n"
			"key = %s\nmirror_key = %s\n",
			join->url, answered(join, "registry_key"), answered(join, "mirror_key")) < 0)
		return error_set(error, -ENOMEM, "no memory");
	free(folder);
	folder = file_folder(path);
	if (!folder || file_make_folders(folder) < 0)
		return error_set(error, -EIO, "the folder of %s cannot be made", path);
	return station_file_put(path, text, 0644, (gid_t)-1, error);
}

/** The key comes last: until then joining again, with the same code, does all of it once more. */
static int write_all(const Join *join, Error *error)
{
	int r = station_file_move(join->authority_path, join->files.ca, error);

	r = r < 0 ? r
		  : station_file_put(
			    join->files.certificate, answered(join, "certificate"), 0640, join->group, error);
	r = r < 0 ? r : write_settings(join, error);
	return r < 0 ? r : station_file_move(join->key_path, join->files.key, error);
}

static void say_next(const Join *join)
{
	printf("This station has joined the clinic as \"%s\".\n"
	       "Next:\n"
	       "  sudo systemctl restart stippled stipple-registryd\n"
	       "  sudo systemctl enable stipple-registryd\n"
	       "  stipplectl status\n",
		answered(join, "name"));
	if (join->group == (gid_t)-1)
		printf("There is no group stipple-registry here: let stipple-registryd read %s and %s.\n",
			join->files.certificate, join->files.key);
}

static int join_all(Join *join, const char *code, Error *error)
{
	int r = config_load(join->config_path, &join->config, error);

	if (r < 0)
		return r;
	join->group = geteuid() == 0 ? station_files_group() : (gid_t)-1;
	join->files = (StationFiles){ join->config->registry_ca_file, join->config->registry_certificate,
		join->config->registry_key_file };
	r = read_log_key(join, error);
	r = r < 0 ? r : prepare_key(join, error);
	r = r < 0 ? r : find_authority(join, error);
	r = r < 0 ? r : ask_to_join(join, code, error);
	r = r < 0 ? r : check_answer(join, error);
	return r < 0 ? r : write_all(join, error);
}

int join_clinic(const char *config_path, const char *url, const char *code, Error *error)
{
	_cleanup_(join_done) Join join = { .config_path = config_path, .url = url };
	int r = read_arguments(&join, code, error);

	if (r < 0)
		return r;
	r = join_all(&join, code, error);
	if (r >= 0)
		say_next(&join);
	return r;
}
