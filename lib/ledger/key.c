/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The key that signs the ledger's checkpoints: making the first one, rotation, and the log's name. A new key
 * must not replace the old one before its record is committed. A private key must not get into the record or
 * a log line.
 */

#include "ledger/beside.h"
#include "ledger/ledger-private.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util/file.h"
#include "util/log.h"

#define NEXT_NAME "next.key" /* exists from before the record about it until after */

static char *join(const char *folder, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static int load_key(const char *folder, const char *name, NoteSigner **ret, Error *error)
{
	_cleanup_(freep) char *path = join(folder, name);
	Error why;
	int r = path ? note_signer_load(path, ret, &why) : -ENOMEM;

	if (r < 0 && r != -ENOENT && path)
		return error_set(error, r, "%s", why.text);
	return r;
}

static int remove_next(const char *folder)
{
	_cleanup_(freep) char *path = join(folder, NEXT_NAME);

	if (!path)
		return -ENOMEM;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

static int rename_next(const char *folder)
{
	_cleanup_(closep) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || renameat(fd, NEXT_NAME, fd, KEY_NAME) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

/* ---- which key the records say is in force ---- */

static int key_on_record(Ledger *ledger, char ret[NOTE_KEY_MAX])
{
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;
	int r = statement_row(
		&ledger->statements, "SELECT key FROM signing_key ORDER BY seq DESC LIMIT 1", 0, &select);

	ret[0] = '\0';
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	snprintf(ret, NOTE_KEY_MAX, "%s", column_string(select, 0));
	return 0;
}

static bool signer_has_key(const NoteSigner *signer, const char *key)
{
	char text[NOTE_KEY_MAX];

	if (!signer)
		return false;
	note_verifier_write(note_signer_verifier(signer), text);
	return strcmp(text, key) == 0;
}

/** The origin that a restore gave the log, until that is on record; "" none. */
static int restored_origin(const Ledger *ledger, char ret[NOTE_NAME_MAX])
{
	_cleanup_(freep) char *text = NULL;
	json_auto_t *word = NULL;
	const char *origin;
	size_t size;
	int r = beside_read(ledger->path, RESTORED_SUFFIX, RESTORED_MAX, &text, &size);

	ret[0] = '\0';
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	word = json_loadb(text, size, 0, NULL);
	origin = json_string_value(json_object_get(word, "origin"));
	if (origin && strlen(origin) < NOTE_NAME_MAX)
		memcpy(ret, origin, strlen(origin) + 1);
	return 0;
}

/** A log keeps its name, even if the station is renamed, until a backup takes its place. */
static int name_of_log(const Ledger *ledger, const char *on_record, char ret[NOTE_NAME_MAX])
{
	json_auto_t *station = json_loads(ledger->station, JSON_DECODE_ANY, NULL);
	char clinic[NOTE_NAME_MAX];
	const char *slash = station ? strchr(json_string_value(station), '/') : NULL;
	NoteVerifier verifier;
	int r = restored_origin(ledger, ret);

	if (r < 0 || ret[0])
		return r;
	if (on_record[0] && note_verifier_parse(on_record, &verifier, NULL) == 0) {
		memcpy(ret, verifier.name, NOTE_NAME_MAX);
		return 0;
	}
	if (ledger->sealer.origin) {
		snprintf(ret, NOTE_NAME_MAX, "%s", ledger->sealer.origin);
		return 0;
	}
	if (!slash)
		return -EINVAL;
	snprintf(clinic, sizeof clinic, "%.*s", (int)(slash - json_string_value(station)),
		json_string_value(station));
	return checkpoint_origin(clinic, slash + 1, ret);
}

/* ---- at the start ---- */

static int make_first(Ledger *ledger, const char *on_record, Error *error)
{
	_cleanup_(note_signer_freep) NoteSigner *signer = NULL;
	char name[NOTE_NAME_MAX];
	Error why;
	int r = name_of_log(ledger, on_record, name);

	if (r < 0)
		return r;
	r = note_signer_generate(name, &signer);
	if (r < 0)
		return r;
	r = note_signer_store(signer, ledger->sealer.folder, KEY_NAME, &why);
	if (r < 0)
		return error_set(error, r, "%s", why.text);
	ledger->sealer.signer = TAKE_PTR(signer);
	return 0;
}

/** After a power cut during a rotation: finishes it if it was recorded, otherwise drops it. */
static int finish_rotation(Ledger *ledger, const char *on_record, Error *error)
{
	_cleanup_(note_signer_freep) NoteSigner *next = NULL;
	const char *folder = ledger->sealer.folder;
	int r = load_key(folder, NEXT_NAME, &next, error);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	return signer_has_key(next, on_record) ? rename_next(folder) : remove_next(folder);
}

static int open_key_folder(Ledger *ledger, const char *folder, const char *on_record, Error *error)
{
	int r;

	ledger->sealer.folder = strdup(folder);
	if (!ledger->sealer.folder)
		return -ENOMEM;
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return error_set(error, -errno, "%.160s cannot be made (%s): check folder and rights", folder,
			strerror(errno));
	r = finish_rotation(ledger, on_record, error);
	if (r < 0)
		return r;
	r = load_key(folder, KEY_NAME, &ledger->sealer.signer, error);
	return r == -ENOENT ? make_first(ledger, on_record, error) : r;
}

static int open_credential(Ledger *ledger, const char *key, const char *on_record, Error *error)
{
	char name[NOTE_NAME_MAX];
	Error why;
	int r = note_signer_parse(key, &ledger->sealer.signer, &why);

	if (r < 0)
		return error_set(error, r, "the credential stipple.key: %.200s", why.text);
	r = name_of_log(ledger, on_record, name);
	if (r < 0)
		return r;
	if (!checkpoint_same_log(name, note_signer_verifier(ledger->sealer.signer)->name))
		return error_set(error, -EXDEV,
			"the credential stipple.key is not for %.100s: make one for this station", name);
	return 0;
}

/** Signs a statement of one key about the next, which may have another origin. */
static int sign_next(const NoteSigner *signer, const NoteVerifier *next, char **ret)
{
	_cleanup_(freep) char *text = NULL;
	char key[NOTE_KEY_MAX];

	note_verifier_write(next, key);
	if (asprintf(&text, "%s\nthe next key of this log\n%s\n", note_signer_verifier(signer)->name, key) <
		0)
		return -ENOMEM;
	return note_sign(signer, text, ret);
}

static void publish_key(Ledger *ledger)
{
	pthread_mutex_lock(&ledger->key_lock);
	note_verifier_write(note_signer_verifier(ledger->sealer.signer), ledger->key);
	pthread_mutex_unlock(&ledger->key_lock);
}

/**
 * Loads the key under the log's current name: after a restore that is not the name in the file.
 * `ret_statement` gets what the key under its recorded name signs about this, or NULL when it has no recorded
 * name.
 */
static int name_key(Ledger *ledger, const char *on_record, char **ret_statement)
{
	_cleanup_(note_signer_freep) NoteSigner *named = NULL, *before = NULL;
	char name[NOTE_NAME_MAX];
	NoteVerifier recorded;
	int r = name_of_log(ledger, on_record, name);

	if (r < 0)
		return r;
	if (strcmp(note_signer_verifier(ledger->sealer.signer)->name, name) != 0) {
		r = note_signer_rename(ledger->sealer.signer, name, &named);
		if (r < 0)
			return r;
		note_signer_free(ledger->sealer.signer);
		ledger->sealer.signer = TAKE_PTR(named);
	}
	if (!on_record[0] || note_verifier_parse(on_record, &recorded, NULL) < 0 ||
		strcmp(recorded.name, name) == 0)
		return 0;
	r = note_signer_rename(ledger->sealer.signer, recorded.name, &before);
	if (r < 0 || !signer_has_key(before, on_record))
		return r;
	return sign_next(before, note_signer_verifier(ledger->sealer.signer), ret_statement);
}

/** Checks the log name that the clinic configured. A log keeps its first name. */
static int check_origin(const char *origin, const char *on_record, Error *error)
{
	NoteVerifier verifier;

	if (!origin || !*origin)
		return 0;
	if (!checkpoint_origin_is_valid(origin))
		return error_set(error, -EINVAL,
			"[ledger] log_origin \"%.80s\" is no name of a log: write a URL without its schema, such as "
			"example.com/clinic/chair-1",
			origin);
	if (on_record[0] && note_verifier_parse(on_record, &verifier, NULL) == 0 &&
		!checkpoint_same_log(origin, verifier.name))
		return error_set(error, -EXDEV,
			"[ledger] log_origin is %.60s, but this ledger is the log %.80s, which others know by that name: "
			"take log_origin out",
			origin, verifier.name);
	return 0;
}

void ledger_key(Ledger *ledger, char ret[NOTE_KEY_MAX])
{
	pthread_mutex_lock(&ledger->key_lock);
	memcpy(ret, ledger->key, NOTE_KEY_MAX);
	pthread_mutex_unlock(&ledger->key_lock);
}

int ledger_check_origin(Ledger *ledger, const char *origin, Error *error)
{
	char key[NOTE_KEY_MAX];

	ledger_key(ledger, key);
	return check_origin(origin, key, error);
}

static int take_origin(Ledger *ledger, const char *origin, const char *on_record, Error *error)
{
	int r = check_origin(origin, on_record, error);

	if (r < 0 || !origin || !*origin)
		return r;
	ledger->sealer.origin = strdup(origin);
	return ledger->sealer.origin ? 0 : -ENOMEM;
}

int key_open(Ledger *ledger, const LedgerOptions *options, json_t **ret_record, Error *error)
{
	_cleanup_(freep) char *statement = NULL;
	char on_record[NOTE_KEY_MAX];
	int r = key_on_record(ledger, on_record);

	*ret_record = NULL;
	if (r < 0 || (!options->keys && !options->key))
		return r;
	r = take_origin(ledger, options->origin, on_record, error);
	if (r < 0)
		return r;
	if (options->key)
		r = open_credential(ledger, options->key, on_record, error);
	else
		r = open_key_folder(ledger, options->keys, on_record, error);
	if (r < 0)
		return r;
	r = name_key(ledger, on_record, &statement);
	if (r < 0)
		return r;
	publish_key(ledger);
	ledger->sealer.records = options->checkpoint_records;
	ledger->sealer.shares = options->shares;
	ledger->sealer.patience_us = options->checkpoint_s * USEC_PER_SEC;
	if (strcmp(ledger->key, on_record) == 0)
		return 0;
	if (on_record[0] && !statement)
		log_warning(
			"the station signs with another key than before: clinics that know %s must be told",
			on_record);
	*ret_record = json_pack("{s:s, s:s*, s:s*}", "key", ledger->key, "previous",
		on_record[0] ? on_record : NULL, "statement", statement);
	return *ret_record ? 0 : -ENOMEM;
}

/* ---- rotation ---- */

static int describe_rotation(Ledger *ledger, const NoteSigner *next, Request *request)
{
	_cleanup_(freep) char *statement = NULL;
	char key[NOTE_KEY_MAX], previous[NOTE_KEY_MAX];
	int r;

	note_verifier_write(note_signer_verifier(next), key);
	note_verifier_write(note_signer_verifier(ledger->sealer.signer), previous);
	r = sign_next(ledger->sealer.signer, note_signer_verifier(next), &statement);
	if (r < 0)
		return r;
	json_decref(request->fields);
	request->fields =
		json_pack("{s:s, s:s, s:s}", "key", key, "previous", previous, "statement", statement);
	free(request->body);
	request->body = request->fields ? json_dumps(request->fields, LEDGER_JSON) : NULL;
	return request->body ? 0 : -ENOMEM;
}

static int make_next(Ledger *ledger, Request *request, NoteSigner **ret, Error *why)
{
	Sealer *sealer = &ledger->sealer;
	int r = note_signer_generate(note_signer_verifier(sealer->signer)->name, ret);

	if (r < 0)
		return r;
	r = remove_next(sealer->folder);
	if (r < 0)
		return r;
	r = note_signer_store(*ret, sealer->folder, NEXT_NAME, why);
	return r < 0 ? r : describe_rotation(ledger, *ret, request);
}

int key_rotate(Ledger *ledger, Request *request)
{
	Sealer *sealer = &ledger->sealer;
	_cleanup_(note_signer_freep) NoteSigner *next = NULL;
	Error why = { .text = "out of memory" };

	if (!sealer->signer || !sealer->folder || sealer->next) {
		snprintf(request->answer.text, LEDGER_TEXT_MAX,
			sealer->next ? "the key is being changed already: wait"
				     : "the station's key is a credential: change it where it is kept");
		request->answer.error = -EINVAL;
		return 0;
	}
	if (make_next(ledger, request, &next, &why) < 0) {
		snprintf(request->answer.text, LEDGER_TEXT_MAX, "the key was not changed: %.200s", why.text);
		request->answer.error = -EINVAL;
		return 0;
	}
	sealer->next = TAKE_PTR(next);
	return 0;
}

void key_settle(Ledger *ledger, bool committed)
{
	Sealer *sealer = &ledger->sealer;
	int r;

	if (!sealer->next)
		return;
	r = committed ? rename_next(sealer->folder) : remove_next(sealer->folder);
	if (r < 0)
		log_warning("%s: %s; put right at the next start", sealer->folder, strerror(-r));
	if (committed) {
		note_signer_free(sealer->signer);
		sealer->signer = sealer->next;
		publish_key(ledger);
	} else {
		note_signer_free(sealer->next);
	}
	sealer->next = NULL;
}

void key_close(Ledger *ledger)
{
	note_signer_free(ledger->sealer.signer);
	note_signer_free(ledger->sealer.next);
	free(ledger->sealer.folder);
	free(ledger->sealer.origin);
}
