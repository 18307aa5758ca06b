/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The commands `audit verify`, `prove` and `witness`, most of which work on a ledger's file without the
 * daemon, and `key`. They must not write to that file.
 */

#include "proof.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "ledger/cosigned.h"
#include "tlog/proof.h"
#include "util/clock.h"
#include "util/file.h"

#define SINCE  "since="
#define IMAGES "images="

enum { VERIFY_FILES_MAX = 100000 };

#define N(number) ((unsigned long long)(number))

static void print_photographs(const Verification *found, const char *images)
{
	if (!images) {
		puts("photographs were not looked at: there is no folder images beside the file; give it with images=FOLDER");
		return;
	}
	printf("checked %llu photographs in %s against the digests in the records\n", N(found->photographs),
		images);
	if (found->strangers > 0)
		printf("%llu files there are not named by any record, or were erased\n", N(found->strangers));
}

static void print_verdict(const Verification *found)
{
	if (found->findings > 0 && found->findings == found->photograph_findings)
		puts("the ledger itself is sound; the photographs are not");
	puts(found->findings ? "DAMAGED" : "sound");
}

/** `images`: the folder of photographs; NULL: they were not checked. */
static void print_verification(const Ctl *ctl, const Verification *found, const char *images)
{
	json_auto_t *fields = NULL;
	char newest[CLOCK_UTC_TEXT_MAX] = "";

	/* a hostile file may claim a time that cannot be written */
	if (found->newest_utc_us > 0 && found->newest_utc_us < 253402300800 * USEC_PER_SEC)
		clock_format_utc(found->newest_utc_us, newest);
	if (ctl->json) {
		fields = json_pack(
			"{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:s, s:I, s:I, s:I, s:b}",
			"newest", newest, "records", (json_int_t)found->records, "checkpoints",
			(json_int_t)found->checkpoints, "sealed", (json_int_t)found->sealed, "keys",
			(json_int_t)found->keys, "replaced_keys", (json_int_t)found->replaced_keys,
			"personal", (json_int_t)found->personal, "erased", (json_int_t)found->erased,
			"attachments", (json_int_t)found->attachments, "tables", (json_int_t)found->tables,
			"older", found->older, "key", found->key, "findings", (json_int_t)found->findings,
			"photographs", (json_int_t)found->photographs, "photograph_findings",
			(json_int_t)found->photograph_findings, "photographs_looked_at", images != NULL);
		ctl_print_fields(ctl, fields);
		return;
	}
	printf("checked %llu records: bytes, numbers, columns, and the tree that they make\n",
		N(found->records));
	printf("checked %llu checkpoints and their signatures; the newest covers %llu records\n",
		N(found->checkpoints), N(found->sealed));
	if (found->records > found->sealed)
		printf("records %llu to %llu are signed by nobody yet\n", N(found->sealed + 1),
			N(found->records));
	printf("checked %llu personal data (%llu erased on record), %llu attachments\n", N(found->personal),
		N(found->erased), N(found->attachments));
	print_photographs(found, images);
	printf("checked %llu tables against what the records give%s\n", N(found->tables),
		found->older ? ", as far as the file's older version has them" : "");
	if (newest[0])
		printf("the newest record is of %s; whether a lost -wal file held later ones, no file can tell: only a "
		       "checkpoint that was kept elsewhere can (audit witness)\n",
			newest);
	printf("signed by %s\n", found->key[0] ? found->key : "nobody");
	if (found->keys > 1)
		printf("%llu keys so far, %llu of them not signed for by the one before\n", N(found->keys),
			N(found->replaced_keys));
	if (!ctl->key && found->key[0])
		puts("compare the key with the one that the clinic wrote down, or give that with --key");
	print_verdict(found);
}

/**
 * Finds the photographs: in the folder that was given, or in images/ beside the file. NULL: the folder is
 * missing and may be missing. A station's own ledger, recognised by the lock beside it, must have one.
 */
static char *find_photographs(const char *path, const char *given)
{
	_cleanup_(freep) char *folder = file_folder(path), *images = NULL, *lock = NULL;

	if (given)
		return strdup(given);
	if (!folder || asprintf(&images, "%s/images", folder) < 0 || asprintf(&lock, "%s.lock", path) < 0)
		return NULL;
	if (access(images, F_OK) < 0 && errno == ENOENT && access(lock, F_OK) < 0)
		return NULL;
	return TAKE_PTR(images);
}

/**
 * Prints who cosigned the checkpoint kept beside the ledger, as far as --policy or --key knows them. `note`:
 * NULL when none is kept. CTL_FAILED when --policy asks for more.
 */
static int tell_cosigned(const Ctl *ctl, const char *note, const char *path)
{
	_cleanup_(freep) KnownKeys *known = calloc(1, sizeof *known);
	_cleanup_(ledger_freep) Ledger *ledger = NULL;
	int status = known ? proof_read_keys(ctl, known) : ctl_fail("out of memory");

	if (status != CTL_DONE || (!ctl->policy && !note))
		return status;
	if (!note)
		return ctl_fail(
			"nobody cosigned this ledger: no checkpoint that witnesses cosigned is kept beside it");
	status = proof_open_ledger(path, &ledger);
	status = status == CTL_DONE ? proof_add_ledger_keys(ledger, known) : status;
	return status == CTL_DONE ? proof_tell_verified(ctl, known, note, strlen(note),
					    "what witnesses saw is this ledger")
				  : status;
}

/**
 * An older copy in the ledger's place is sound in itself, but contradicts the checkpoint that is kept beside
 * it.
 */
static int verify_ledger(Ctl *ctl, const char *path, const char *given)
{
	VerifyOptions options = { .path = path, .parts = VERIFY_ALL };
	_cleanup_(freep) char *name = NULL, *note = NULL, *images = find_photographs(path, given),
			      *cosigned = NULL;
	const char *beside[2];
	Verification found = { 0 };
	Checkpoint checkpoint;
	size_t size;
	int status;

	if (asprintf(&name, "%s.checkpoint", path) < 0)
		return ctl_fail("out of memory");
	/* read before the ledger, because a running station extends the ledger meanwhile */
	if (file_read(name, NOTE_SIZE_MAX, &note, &size) == 0)
		beside[options.n_witnessed++] = note;
	if (cosigned_read(path, &cosigned, &checkpoint) == 0)
		beside[options.n_witnessed++] = cosigned;
	options.witnessed = beside;
	options.images = images;
	status = proof_verify(ctl, &options, &found);
	if (status == CTL_DONE)
		status = tell_cosigned(ctl, cosigned, path);
	if (status == CTL_DONE || found.findings > 0)
		print_verification(ctl, &found, images);
	return status;
}

/* ---- what is verified ---- */

static const char *since_of(const char *word)
{
	return strncmp(word, SINCE, sizeof SINCE - 1) == 0 ? word + sizeof SINCE - 1 : NULL;
}

static const char *images_of(const char *word)
{
	return strncmp(word, IMAGES, sizeof IMAGES - 1) == 0 ? word + sizeof IMAGES - 1 : NULL;
}

/** Whether a file is a proof, as an answer over all stations is given with (--proofs). A pipe is not waited
 * for. */
static bool is_proof_file(const char *path)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char begins[sizeof PROOF_BEGINNING - 1];
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       read(fd, begins, sizeof begins) == (ssize_t)sizeof begins &&
	       memcmp(begins, PROOF_BEGINNING, sizeof begins) == 0;
}

/** Checks one proof after the other; one that is wrong does not end it. */
static int verify_proofs(Ctl *ctl, int n, char **files)
{
	int status = CTL_DONE;

	for (int i = 0; i < n; i++) {
		int one;

		ctl->proof = files[i];
		one = proof_check(ctl, NULL);
		if (one == CTL_USAGE)
			return one;
		status = one != CTL_DONE ? one : status;
	}
	return status;
}

static int command_verify(Ctl *ctl, int n, char **arguments)
{
	const char *since = n > 0 ? since_of(arguments[n - 1]) : NULL, *path;
	const char *images = n > 0 ? images_of(arguments[n - 1]) : NULL;
	struct stat status = { 0 };

	n -= since || images;
	if (n > 0 && !ctl->proof && !since && !images && is_proof_file(arguments[0]))
		return verify_proofs(ctl, n, arguments);
	if (n > (ctl->proof ? 0 : 1))
		return ctl_usage("one of: a ledger's file, a folder, --proof FILE");
	if (images && ctl->proof)
		return ctl_usage("images= goes with a ledger's file");
	if (ctl->proof)
		return proof_check(ctl, since);
	path = n > 0 ? arguments[0] : proof_ledger(ctl);
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return images ? ctl_usage("images= goes with a ledger's file: an export has no photographs")
			      : export_verify(ctl, path, since);
	if (since)
		return ctl_usage(
			"since= goes with a folder or --proof; audit witness FILE compares with a ledger");
	if (status.st_mode && !S_ISREG(status.st_mode))
		return ctl_fail("%s: it is neither a ledger's file nor a folder", path);
	return verify_ledger(ctl, path, images);
}

/* ---- prove ---- */

/**
 * Prints the proof itself to standard output, so that it can be saved unchanged; --json wraps it in one
 * line.
 */
static int print_proof(const Ctl *ctl, const char *of, uint64_t number, const char *proof)
{
	json_auto_t *line = NULL;

	if (!ctl->json) {
		fputs(proof, stdout);
		return CTL_DONE;
	}
	line = json_pack("{s:I, s:s}", of, (json_int_t)number, "proof", proof);
	if (!line)
		return ctl_fail("the proof is no UTF-8 text");
	ctl_print_fields(ctl, line);
	return CTL_DONE;
}

static int prove_from_file(Ctl *ctl, uint64_t record)
{
	_cleanup_(ledger_freep) Ledger *ledger = NULL;
	json_auto_t *proof = NULL;
	Error error;
	int status = proof_open_ledger(proof_ledger(ctl), &ledger);

	if (status != CTL_DONE)
		return status;
	if (ledger_prove_now(ledger, record, &proof, &error) < 0)
		return ctl_fail("%s", error.text);
	return print_proof(ctl, "record", record, json_string_value(json_object_get(proof, "proof")));
}

/** Reads the checkpoint that a proof of growth starts from: its size alone, or a file that holds it. */
static int read_since(const char *since, Checkpoint *ret)
{
	_cleanup_(freep) char *note = NULL;
	Error why;
	size_t size, text_size;
	int status;

	*ret = (Checkpoint){ 0 };
	if (ctl_parse_number(since, 0, UINT64_MAX, &ret->size))
		return CTL_DONE;
	status = proof_read_checkpoint(since, &note, &size);
	if (status != CTL_DONE)
		return status;
	if (note_read(note, size, &text_size, &why) < 0 || checkpoint_parse(note, text_size, ret, &why) < 0)
		return ctl_fail("%s: %s", since, why.text);
	ret->extensions = NULL;
	return CTL_DONE;
}

static int command_prove_growth(Ctl *ctl, const char *since)
{
	_cleanup_(ledger_freep) Ledger *ledger = NULL;
	json_auto_t *proof = NULL;
	Error error;
	char root[MERKLE_HASH_TEXT_MAX];
	Checkpoint old;
	int status = read_since(since, &old);

	if (status != CTL_DONE)
		return status;
	status = proof_open_ledger(proof_ledger(ctl), &ledger);
	if (status != CTL_DONE)
		return status;
	if (ledger_prove_growth_now(ledger, old.size, &proof, &error) < 0)
		return ctl_fail("%s", error.text);
	merkle_write_hash(&old.root, root);
	if (old.origin[0] && strcmp(root, json_string_value(json_object_get(proof, "root"))) != 0)
		return ctl_fail("%s: the ledger does not continue this checkpoint; audit witness names the "
				"first difference",
			since);
	return print_proof(ctl, "since", old.size, json_string_value(json_object_get(proof, "proof")));
}

static int command_prove(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *proof = "", *key;
	uint64_t record;
	int status;

	if (since_of(arguments[0]))
		return command_prove_growth(ctl, since_of(arguments[0]));
	if (!ctl_parse_number(arguments[0], 0, UINT64_MAX, &record))
		return ctl_usage("\"%s\" is no record's number", arguments[0]);
	if (ctl->ledger)
		return prove_from_file(ctl, record);
	status = ctl_connect(ctl, ctl->bus_name);
	if (status != CTL_DONE)
		return status;
	status = ctl_call(ctl, CTL_AUDIT, "Prove", &reply, "t", record);
	if (status != CTL_DONE)
		return status;
	if (sd_bus_message_read(reply, "ss", &proof, &key) < 0)
		return ctl_fail("the answer cannot be read");
	return print_proof(ctl, "record", record, proof);
}

/* ---- the key ---- */

static int run_key(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(freep) char *key = NULL;
	int status;

	if (n == 1 && strcmp(arguments[0], "rotate") != 0)
		return ctl_usage("key takes nothing, or rotate");
	status = n == 1 ? ctl_call(ctl, CTL_STATION, "RotateKey", NULL, NULL) : CTL_DONE;
	if (status != CTL_DONE)
		return status;
	status = ctl_get_string(ctl, CTL_AUDIT, "Key", &key);
	if (status != CTL_DONE)
		return status;
	if (ctl->json)
		printf("{\"key\":\"%s\"}\n", key);
	else
		puts(key[0] ? key : "the station has no key");
	return CTL_DONE;
}

const Command proof_commands[] = {
	{ "audit verify", "[LEDGER|FOLDER|PROOF...] [since=FILE|images=FOLDER]", 0, VERIFY_FILES_MAX,
		command_verify,
		"check a ledger's file, an export, proofs, or with --proof a checkpoint or saved checkpoints; needs no daemon",
		.alone = true },
	{ "audit prove", "RECORD|since=FILE|since=SIZE", 1, 1, command_prove,
		"print the proof that a record is in the log, or that it only grew since a checkpoint",
		.alone = true },
	{ "audit witness", "FILE", 1, 1, proof_witness,
		"compare saved checkpoints with the ledger and name the first difference", .alone = true },
	{ "audit export", "FOLDER", 1, 1, export_run,
		"write all that an auditor needs into a new folder, which audit verify checks",
		.alone = true },
	{ "key", "[rotate]", 0, 1, run_key, "show the station's public key, or change the key" },
	{ 0 },
};
