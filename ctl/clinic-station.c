/* SPDX-License-Identifier: Apache-2.0 */

/** Loads one station's records. It must not take what the server says for what the station signed. */

#include "clinic-station.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "ledger/gather.h"
#include "tlog/proof.h"
#include "util/file.h"

enum { SHOWN_EACH = 1000 };

typedef struct Loading {
	ClinicStation *station;
	const Ctl *ctl;
	const KnownKeys *pinned;
	LedgerGather *gather;
	Checkpoint checkpoint;
	char *note;      /* of which the checkpoint is */
	uint64_t before; /* records that the file had */
} Loading;

static void loading_done(Loading *loading)
{
	(void)ledger_gather_free(loading->gather);
	free(loading->note);
}

/** The pinned keys and the station's, which is not pinned where the registry's log says it. */
static void station_keys(const ClinicStation *station, const KnownKeys *pinned, KnownKeys *ret)
{
	*ret = *pinned;
	if (station->key.kind && ret->n < KNOWN_KEYS_MAX)
		ret->keys[ret->n++] = station->key;
	else if (station->key.kind)
		ret->keys[ret->n - 1] = station->key;
}

/** Without a key the checkpoint is only what the server says. */
static int open_station_note(Loading *loading, Error *error)
{
	ClinicStation *station = loading->station;
	KnownKeys keys;
	NoteOpened opened;
	size_t size;
	int r;

	if (!station->key.kind) {
		r = note_read(loading->note, strlen(loading->note), &size, error);
		return r < 0 ? r : checkpoint_parse(loading->note, size, &loading->checkpoint, error);
	}
	station_keys(station, loading->pinned, &keys);
	r = checkpoint_open(loading->note, strlen(loading->note), keys.keys, keys.n, station->origin,
		&loading->checkpoint, &opened, error);
	station->cosigned = r >= 0 && opened.n_cosigned > 0;
	return r;
}

static int take_records_head(void *userdata, const json_t *head, Error *error)
{
	Loading *loading = userdata;
	const char *name = json_string_value(json_object_get(head, "station"));
	const char *note = json_string_value(json_object_get(head, "checkpoint"));
	json_int_t records = json_integer_value(json_object_get(head, "records"));
	int r;

	if (!name || strcmp(name, loading->station->name) != 0 || !note || records < 0)
		return error_set(error, -EBADMSG, "the answer is not about %s", loading->station->name);
	loading->note = strdup(note);
	if (!loading->note)
		return error_set(error, -ENOMEM, "out of memory");
	r = note[0] ? open_station_note(loading, error) : 0;
	if (r < 0)
		return r;
	if (loading->checkpoint.size != (uint64_t)records)
		return error_set(error, -EBADMSG,
			"the checkpoint of %s is not of %" JSON_INTEGER_FORMAT " records",
			loading->station->name, records);
	if (loading->before > loading->checkpoint.size)
		return error_set(error, -EBADMSG,
			"%s has %" PRIu64 " records here and only %" PRIu64
			" at the server: it was put back, or this is another station's; keep %s as evidence",
			loading->station->name, loading->before, loading->checkpoint.size,
			loading->station->path);
	loading->station->size = loading->checkpoint.size;
	return 0;
}

static void show_loading(const Loading *loading)
{
	const ClinicStation *station = loading->station;

	if (isatty(STDERR_FILENO) && !loading->ctl->json && station->records % SHOWN_EACH == 0)
		fprintf(stderr, "\r%s: %" PRIu64 " of %" PRIu64 " records\033[K", station->name,
			station->records, station->size);
}

static int take_sent_record(void *userdata, const json_t *row, Error *error)
{
	Loading *loading = userdata;
	const json_t *leaf = json_object_get(row, "leaf");
	json_int_t record = json_integer_value(json_object_get(row, "record"));
	int r;

	if (!json_is_string(leaf) || record < 1 || (uint64_t)record > loading->checkpoint.size)
		return error_set(error, -EBADMSG, "%s: what came is no record of the checkpoint",
			loading->station->name);
	r = ledger_gather_add(
		loading->gather, (uint64_t)record, json_string_value(leaf), json_string_length(leaf), error);
	if (r < 0)
		return r;
	loading->station->records++;
	show_loading(loading);
	return 0;
}

static int compare_station_root(Loading *loading, Error *error)
{
	ClinicStation *station = loading->station;
	MerkleHash root;

	if (ledger_gather_size(loading->gather) != loading->checkpoint.size ||
		ledger_gather_root(loading->gather, &root) < 0)
		return error_set(
			error, -EBADMSG, "%s: records are missing from what the server sent", station->name);
	station->whole = true;
	if (loading->checkpoint.size == 0)
		return 0;
	if (!merkle_hash_equal(&root, &loading->checkpoint.root))
		return error_set(error, -EBADMSG,
			"%s: the records that came are not those that its checkpoint of %" PRIu64
			" records says",
			station->name, loading->checkpoint.size);
	station->proved = station->key.kind != 0;
	return 0;
}

static char *records_path(const Loading *loading)
{
	const ClinicStation *station = loading->station;
	json_auto_t *arguments = json_deep_copy(station->narrowing);
	char from[24];

	snprintf(from, sizeof from, "%" PRIu64, loading->before + 1);
	json_object_set_new(arguments, "station", json_string(station->name));
	if (json_object_size(station->narrowing) == 0)
		json_object_set_new(arguments, "from", json_string(from));
	return clinic_path("/audit/records", arguments);
}

static int load_station(Loading *loading, const ClinicAccess *access, Error *error)
{
	const ClinicReading reading = {
		.head = take_records_head, .row = take_sent_record, .userdata = loading
	};
	bool narrowed = json_object_size(loading->station->narrowing) > 0;
	_cleanup_(freep) char *path = records_path(loading);
	Error kept;
	int r = path ? clinic_read_lines(access, path, &reading, error) : -ENOMEM;

	if (r >= 0 && !narrowed)
		r = compare_station_root(loading, error);
	/* a broken answer is continued the next time */
	if (r >= 0)
		return ledger_gather_finish(loading->gather, error);
	if (r == -EPIPE && !narrowed)
		(void)!ledger_gather_finish(loading->gather, &kept);
	return r;
}

int clinic_station_load(ClinicStation *station, const Ctl *ctl, const ClinicAccess *access,
	const KnownKeys *pinned, Error *error)
{
	_cleanup_(loading_done) Loading loading = { .station = station, .ctl = ctl, .pinned = pinned };
	int r = ledger_gather_open(station->path, &loading.gather, &loading.before, error);

	if (r < 0)
		return r;
	station->records = loading.before;
	r = load_station(&loading, access, error);
	if (isatty(STDERR_FILENO) && !ctl->json)
		fputs("\r\033[K", stderr);
	return r;
}

/* ---- proofs ---- */

static int verify_station_proof(const ClinicStation *station, const KnownKeys *pinned, const char *text,
	uint64_t record, Error *error)
{
	_cleanup_(inclusion_proof_done) InclusionProof proof = { 0 };
	KnownKeys keys;
	int r = inclusion_proof_parse(text, strlen(text), &proof, error);

	if (r < 0)
		return r;
	station_keys(station, pinned, &keys);
	if (!proof.extra || proof.index + 1 != record)
		return error_set(error, -EBADMSG,
			"what came as the proof of record %" PRIu64 " of %s is of another", record,
			station->name);
	return inclusion_proof_verify(
		&proof, proof.extra, proof.extra_size, keys.keys, keys.n, station->origin, NULL, error);
}

static int write_station_proof(const char *file, const char *text, Error *error)
{
	_cleanup_(closep) int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	int r = fd < 0 ? -errno : file_write_all(fd, text, strlen(text));

	return r < 0 ? error_set(error, r, "%.200s: %s", file, strerror(-r)) : 0;
}

int clinic_station_prove(const ClinicStation *station, const ClinicAccess *access, const KnownKeys *pinned,
	const char *folder, uint64_t record, Error *error)
{
	_cleanup_(freep) char *path = NULL, *file = NULL, *text = NULL;
	int r;

	if (asprintf(&path, "/audit/proof?station=%s&record=%" PRIu64, station->name, record) < 0 ||
		asprintf(&file, "%s/%s-%" PRIu64 ".proof", folder, station->name, record) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	r = clinic_read_text(access, path, &text, error);
	if (r < 0)
		return r;
	r = verify_station_proof(station, pinned, text, record, error);
	return r < 0 ? r : write_station_proof(file, text, error);
}
