/* SPDX-License-Identifier: Apache-2.0 */

/** audit verify, prove, witness, and key: most of it without a daemon, on a file. */

#include "proof.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "report/proof-code.h"
#include "tlog/proof.h"
#include "util/file.h"

enum { FILE_MAX = 16 << 20, WITNESSED_MAX = 4096 };

/** What the station says, without starting it; NULL when it does not answer. Kept until the next call. */
static const char *ask_station(const Ctl *ctl)
{
	static char path[PATH_MAX];
	Ctl asking = { .bus_name = ctl->bus_name };
	sd_bus_message *question = NULL, *answer = NULL;
	const char *file = "";
	int r = ctl_connect_quietly(&asking, ctl->bus_name);

	if (r >= 0)
		r = sd_bus_message_new_method_call(asking.bus, &question, "org.stipple.Station1",
			CTL_PATH "/Audit", "org.freedesktop.DBus.Properties", "Get");
	if (r >= 0)
		r = sd_bus_message_append(question, "ss", "org.stipple.Audit1", "Ledger");
	if (r >= 0)
		r = sd_bus_message_set_auto_start(question, false);
	if (r >= 0)
		r = sd_bus_call(asking.bus, question, 0, NULL, &answer);
	if (r >= 0)
		r = sd_bus_message_read(answer, "v", "s", &file);
	snprintf(path, sizeof path, "%s", r < 0 ? "" : file);
	sd_bus_message_unref(question);
	sd_bus_message_unref(answer);
	sd_bus_flush_close_unref(asking.bus);
	return path[0] ? path : NULL;
}

const char *proof_ledger(const Ctl *ctl)
{
	const char *path = ctl->ledger ? ctl->ledger : ask_station(ctl);

	if (!path && strcmp(ctl->bus_name, "system") != 0) {
		ctl_fail(
			"the station on the bus \"%s\" does not say where its ledger is: start it, or give the "
			"file with --ledger FILE",
			ctl->bus_name);
		exit(CTL_FAILED);
	}
	if (!path)
		path = STIPPLE_STATE_FOLDER "/ledger.db";
	fprintf(stderr, "the ledger is %s\n", path);
	return path;
}

void proof_tell(const Ctl *ctl, const char *what, const char *text)
{
	json_auto_t *line = NULL;

	if (!ctl->json) {
		printf("%s: %s\n", what, text);
		return;
	}
	line = json_pack("{s:s}", what, text);
	ctl_print_fields(ctl, line);
}

int proof_read_key(const Ctl *ctl, NoteVerifier *ret, bool *ret_given)
{
	char why[TLOG_TEXT_MAX];

	*ret_given = ctl->key != NULL;
	if (ctl->key && note_verifier_parse(ctl->key, ret, why) < 0)
		return ctl_usage("--key: %s", why);
	return CTL_DONE;
}

/* ---- a ledger ---- */

static void on_finding(void *userdata, const char *text)
{
	proof_tell(userdata, "finding", text);
}

static void on_progress(void *userdata, uint64_t done, uint64_t total)
{
	const Ctl *ctl = userdata;

	if (isatty(STDERR_FILENO) && !ctl->json)
		fprintf(stderr, "\r%llu of %llu records%s", (unsigned long long)done,
			(unsigned long long)total, done == total ? "\n" : "");
}

int proof_verify(const Ctl *ctl, VerifyOptions *options, Verification *ret)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	char error[LEDGER_TEXT_MAX] = "";

	options->threads = processors < 1                    ? 1
			   : processors > VERIFY_THREADS_MAX ? VERIFY_THREADS_MAX
							     : (unsigned)processors;
	options->key = ctl->key;
	options->progress = on_progress;
	options->finding = on_finding;
	options->userdata = (void *)ctl;
	if (ledger_verify(options, ret, error) < 0)
		return ctl_fail("%s", error);
	return ret->findings > 0 ? CTL_FAILED : CTL_DONE;
}

#define N(number) ((unsigned long long)(number))

static void print_verification(const Ctl *ctl, const Verification *found)
{
	json_auto_t *fields = NULL;

	if (ctl->json) {
		fields = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:I}", "records",
			(json_int_t)found->records, "checkpoints", (json_int_t)found->checkpoints, "sealed",
			(json_int_t)found->sealed, "keys", (json_int_t)found->keys, "replaced_keys",
			(json_int_t)found->replaced_keys, "personal", (json_int_t)found->personal, "erased",
			(json_int_t)found->erased, "attachments", (json_int_t)found->attachments, "tables",
			(json_int_t)found->tables, "key", found->key, "findings",
			(json_int_t)found->findings);
		ctl_print_fields(ctl, fields);
		return;
	}
	printf("checked %llu records: bytes, numbers, columns, and the tree that they make\n",
		N(found->records));
	printf("checked %llu checkpoints and their signatures; the newest covers %llu records\n",
		N(found->checkpoints), N(found->sealed));
	printf("checked %llu personal data (%llu erased on record), %llu attachments\n", N(found->personal),
		N(found->erased), N(found->attachments));
	printf("checked %llu tables against what the records give\n", N(found->tables));
	printf("signed by %s\n", found->key[0] ? found->key : "nobody");
	if (found->keys > 1)
		printf("%llu keys so far, %llu of them not signed for by the one before\n", N(found->keys),
			N(found->replaced_keys));
	if (!ctl->key && found->key[0])
		puts("compare the key with the one that the clinic wrote down, or give that with --key");
	puts(found->findings ? "DAMAGED" : "sound");
}

/** An older copy in the ledger's place is sound in itself, but not beside the checkpoint kept there. */
static int verify_ledger(Ctl *ctl, const char *path)
{
	VerifyOptions options = { .path = path, .parts = VERIFY_ALL };
	_cleanup_(freep) char *name = NULL, *note = NULL;
	const char *beside[1];
	Verification found = { 0 };
	size_t size;
	int status;

	if (asprintf(&name, "%s.checkpoint", path) < 0)
		return ctl_fail("out of memory");
	/* before the ledger, which a working station takes further in the meantime */
	if (file_read(name, FILE_MAX, &note, &size) == 0) {
		beside[0] = note;
		options.witnessed = beside;
		options.n_witnessed = 1;
	}
	status = proof_verify(ctl, &options, &found);
	if (status == CTL_DONE || found.findings > 0)
		print_verification(ctl, &found);
	return status;
}

/* ---- a proof or checkpoint from anywhere ---- */

static int verified(const Ctl *ctl, const Checkpoint *checkpoint, const char *what)
{
	json_auto_t *fields = json_pack("{s:s, s:s, s:I}", "proved", what, "log", checkpoint->origin, "size",
		(json_int_t)checkpoint->size);

	ctl_print_fields(ctl, fields);
	return CTL_DONE;
}

static int verify_inclusion(Ctl *ctl, const NoteVerifier *key, const char *text, size_t size)
{
	_cleanup_(freep) char *leaf = NULL;
	char why[TLOG_TEXT_MAX], what[64];
	InclusionProof proof;
	Checkpoint checkpoint;
	size_t leaf_size = 0;
	int r = inclusion_proof_parse(text, size, &proof, why);

	if (r < 0)
		return ctl_fail("%s", why);
	if (ctl->leaf) {
		r = file_read(ctl->leaf, FILE_MAX, &leaf, &leaf_size);
		if (r < 0)
			ctl_fail("%s: %s", ctl->leaf, strerror(-r));
	} else if (!proof.extra) {
		r = -EINVAL;
		ctl_usage("the proof does not hold what it proves: give its bytes with --leaf FILE");
	}
	if (r == 0)
		r = inclusion_proof_verify(&proof, leaf ? leaf : (const char *)proof.extra,
			leaf ? leaf_size : proof.extra_size, key, 1, NULL, &checkpoint, why);
	if (r < 0 && (leaf || !ctl->leaf) && (leaf || proof.extra))
		ctl_fail("%s", why);
	snprintf(what, sizeof what, "entry %llu is in the log", N(proof.index + 1));
	if (r == 0)
		verified(ctl, &checkpoint, what);
	if (r == 0 && !leaf && !ctl->json)
		printf("%.*s\n", (int)proof.extra_size, (const char *)proof.extra);
	inclusion_proof_done(&proof);
	return r < 0 ? CTL_FAILED : CTL_DONE;
}

static int verify_note(Ctl *ctl, const NoteVerifier *key, const char *text, size_t size)
{
	char why[TLOG_TEXT_MAX];
	Checkpoint checkpoint;

	if (checkpoint_open(text, size, key, 1, NULL, &checkpoint, why) < 0)
		return ctl_fail("%s", why);
	return verified(ctl, &checkpoint, "the checkpoint is signed by this key");
}

/** Reads the file; what a scanner read from a report's code becomes the proof that it holds. */
static int read_proof(const char *file, char **ret, size_t *ret_size)
{
	_cleanup_(freep) char *text = NULL, *proof = NULL;
	size_t size = 0;
	int r = file_read(file, FILE_MAX, &text, &size);

	if (r < 0)
		return ctl_fail("%s: %s", file, strerror(-r));
	if (proof_code_is(text)) {
		r = proof_code_read(text, &proof);
		if (r < 0)
			return ctl_fail("%s: the code was not read whole (%s): scan it again, larger", file,
				strerror(-r));
		size = strlen(proof);
	}
	*ret = proof ? TAKE_PTR(proof) : TAKE_PTR(text);
	*ret_size = size;
	return CTL_DONE;
}

static int verify_proof(Ctl *ctl)
{
	_cleanup_(freep) char *text = NULL;
	NoteVerifier key;
	bool given;
	size_t size = 0;
	int status = read_proof(ctl->proof, &text, &size);

	if (status != CTL_DONE || !text)
		return status;
	status = proof_read_key(ctl, &key, &given);
	if (status != CTL_DONE)
		return status;
	if (!given)
		return ctl_usage("--proof needs --key, the log's public key from somebody you trust");
	if (strncmp(text, "c2sp.org/tlog-proof", 19) == 0)
		return verify_inclusion(ctl, &key, text, size);
	return verify_note(ctl, &key, text, size);
}

static int run_verify(Ctl *ctl, int n, char **arguments)
{
	const char *path = n > 0 ? arguments[0] : NULL;
	struct stat status;

	if (ctl->proof)
		return n > 0 ? ctl_usage("--proof or a file, not both") : verify_proof(ctl);
	if (!path)
		path = proof_ledger(ctl);
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return export_verify(ctl, path);
	return verify_ledger(ctl, path);
}

/* ---- prove ---- */

static int parse_number(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && text[0] >= '0' && text[0] <= '9' ? 0 : -EINVAL;
}

/** The proof itself goes to standard output, so that it can be kept as it is; --json wraps it in one line. */
static int print_proof(const Ctl *ctl, uint64_t record, const char *proof)
{
	json_auto_t *line = NULL;

	if (!ctl->json) {
		fputs(proof, stdout);
		return CTL_DONE;
	}
	line = json_pack("{s:I, s:s}", "record", (json_int_t)record, "proof", proof);
	if (!line)
		return ctl_fail("the proof is no UTF-8 text");
	ctl_print_fields(ctl, line);
	return CTL_DONE;
}

static int prove_from_file(Ctl *ctl, uint64_t record)
{
	LedgerOptions options = { .path = ctl->ledger, .read_only = true };
	_cleanup_(ledger_freep) Ledger *ledger = NULL;
	json_auto_t *proof = NULL;
	char error[LEDGER_TEXT_MAX];
	LedgerInfo info;

	if (ledger_open(&options, &ledger, &info, error) < 0 ||
		ledger_prove_now(ledger, record, &proof, error) < 0)
		return ctl_fail("%s", error);
	return print_proof(ctl, record, json_string_value(json_object_get(proof, "proof")));
}

static int run_prove(Ctl *ctl, int n, char **arguments)
{
	sd_bus_message *reply = NULL;
	const char *proof = "", *key;
	uint64_t record;
	int status;

	if (parse_number(arguments[0], &record) < 0)
		return ctl_usage("\"%s\" is no record's number", arguments[0]);
	if (ctl->ledger)
		return prove_from_file(ctl, record);
	status = ctl_connect(ctl, ctl->bus_name);
	if (status == CTL_DONE)
		status = ctl_call(ctl, CTL_AUDIT, "Prove", &reply, "t", record);
	if (status != CTL_DONE)
		return status;
	if (sd_bus_message_read(reply, "ss", &proof, &key) < 0)
		status = ctl_fail("the answer cannot be read");
	else
		status = print_proof(ctl, record, proof);
	sd_bus_message_unref(reply);
	return status;
}

/* ---- witness ---- */

typedef struct Witnessed {
	const char *notes[WITNESSED_MAX];
	size_t n;
	json_t *keep; /* what the notes belong to */
} Witnessed;

/** Messages of the topic `checkpoint`, one a line, as mosquitto_sub prints them. */
static int read_messages(Witnessed *witnessed, char *text)
{
	for (char *line = text, *next; line && *line; line = next) {
		json_auto_t *message = NULL;
		const char *note;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		message = json_loads(line, 0, NULL);
		note = json_string_value(json_object_get(message, "checkpoint"));
		if (!note)
			note = json_string_value(json_object_get(message, "note"));
		if (!note || witnessed->n == WITNESSED_MAX)
			return -EINVAL;
		json_array_append(witnessed->keep, message);
		witnessed->notes[witnessed->n++] = note;
	}
	return witnessed->n > 0 ? 0 : -EINVAL;
}

static int compare_witnessed(Ctl *ctl, const Witnessed *witnessed)
{
	VerifyOptions options = {
		.path = proof_ledger(ctl),
		.parts = VERIFY_RECORDS | VERIFY_SIGNATURES,
		.witnessed = witnessed->notes,
		.n_witnessed = witnessed->n,
	};
	Verification found = { 0 };
	int status = proof_verify(ctl, &options, &found);
	char text[160];

	if (status != CTL_DONE)
		return status;
	snprintf(text, sizeof text, "%llu saved checkpoints fit the ledger's %llu records",
		N(found.witnessed), N(found.records));
	proof_tell(ctl, "sound", text);
	return CTL_DONE;
}

static int run_witness(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(freep) char *text = NULL;
	json_auto_t *keep = json_array();
	Witnessed witnessed = { .keep = keep };
	size_t size;
	int r = file_read(arguments[0], FILE_MAX, &text, &size);

	if (r < 0)
		return ctl_fail("%s: %s", arguments[0], strerror(-r));
	if (text[0] == '{') {
		if (read_messages(&witnessed, text) < 0)
			return ctl_fail("%s: neither a checkpoint nor messages with checkpoints, one a line",
				arguments[0]);
	} else {
		witnessed.notes[witnessed.n++] = text;
	}
	return compare_witnessed(ctl, &witnessed);
}

/* ---- the key ---- */

static int run_key(Ctl *ctl, int n, char **arguments)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char *key = NULL;
	int r, status = CTL_DONE;

	if (n == 1 && strcmp(arguments[0], "rotate") == 0)
		status = ctl_call(ctl, CTL_STATION, "RotateKey", NULL, NULL);
	else if (n == 1)
		return ctl_usage("key takes nothing, or rotate");
	if (status != CTL_DONE)
		return status;
	r = sd_bus_get_property_string(ctl->bus, "org.stipple.Station1", CTL_AUDIT, "Key", &error, &key);
	if (r < 0)
		status = ctl_call_failed(&error, r);
	else if (ctl->json)
		printf("{\"key\":\"%s\"}\n", key);
	else
		puts(key[0] ? key : "the station has no key");
	free(key);
	sd_bus_error_free(&error);
	return status;
}

const Command proof_commands[] = {
	{ "audit verify", "[LEDGER|FOLDER]", 0, 1, run_verify,
		"check a ledger's file, an export, or with --proof a proof or checkpoint; needs no daemon",
		.alone = true },
	{ "audit prove", "RECORD", 1, 1, run_prove, "print the proof that a record is in the log",
		.alone = true },
	{ "audit witness", "FILE", 1, 1, run_witness,
		"compare saved checkpoints with the ledger and name the first difference", .alone = true },
	{ "audit export", "FOLDER", 1, 1, export_run,
		"write all that an auditor needs into a new folder, which audit verify checks",
		.alone = true },
	{ "key", "[rotate]", 0, 1, run_key, "show the station's public key, or change the key" },
	{ 0 },
};
