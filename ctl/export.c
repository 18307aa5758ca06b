/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The command `audit export`: it writes a folder that explains and proves itself. records.jsonl holds the
 * records' exact bytes, one record a line; checkpoint and key prove them; tables/ shows the same for people.
 * docs/transparency-log.md describes all of it. The folder must not show a record that no checkpoint covers.
 */

#include "proof.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "copies.h"
#include "ledger/copy.h"
#include "rows.h"
#include "tlog/merkle.h"
#include "tlog/proof.h"
#include "util/digest-file.h"

typedef struct Export {
	Ctl *ctl;
	Ledger *ledger;
	const char *path, *folder; /* of the ledger; of the export */
	char *cut;                 /* a temporary ledger of what the checkpoint covers; NULL: none */
	uint64_t left_out;         /* records that no checkpoint covers */
	FILE *sums, *records, *hashes;
	Checkpoint checkpoint;
	MerkleTree tree; /* of what was written */
	uint64_t *proved;
	size_t n_proved;
} Export;

/* ---- files of the folder ---- */

static char *path_in(const char *folder, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static FILE *create(const Export *export, const char *name)
{
	_cleanup_(freep) char *path = path_in(export->folder, name);
	FILE *file = path ? fopen(path, "wxe") : NULL;

	if (!file)
		ctl_fail("%s/%s: %s", export->folder, name, strerror(errno));
	return file;
}

static int make_folder(const Export *export, const char *name)
{
	_cleanup_(freep) char *path = path_in(export->folder, name);

	if (!path || mkdir(path, 0750) < 0)
		return ctl_fail("%s/%s: %s: give a folder that is not there yet", export->folder, name,
			strerror(errno));
	return CTL_DONE;
}

/** Writes a digest line as sha256sum writes and checks it. */
static int sum(Export *export, const char *name)
{
	_cleanup_(freep) char *path = path_in(export->folder, name);
	_cleanup_(closep) int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char hex[DIGEST_HEX_MAX];
	int r = fd < 0 ? -errno : digest_file(fd, hex);

	if (r < 0)
		return ctl_fail("%s/%s: %s", export->folder, name, strerror(-r));
	fprintf(export->sums, "%s  %s\n", hex, name);
	return CTL_DONE;
}

static int write_text(Export *export, const char *name, const char *text)
{
	FILE *file = create(export, name);
	bool bad = !file || fputs(text, file) < 0;

	if (file && fclose(file) != 0)
		bad = true;
	return bad ? ctl_fail("%s/%s could not be written", export->folder, name) : sum(export, name);
}

/* ---- records ---- */

/* quotes within a record's texts are escaped, so a match can only be a field */
#define HAS(leaf, size, literal) (memmem(leaf, size, literal, sizeof(literal) - 1) != NULL)

bool export_ends_session(const char *leaf, size_t size)
{
	return HAS(leaf, size, ",\"kind\":\"session.signed\"") ||
	       HAS(leaf, size, ",\"kind\":\"session.abandoned\"");
}

bool export_has_attachment(const char *leaf, size_t size)
{
	return HAS(leaf, size, ",\"kind\":\"lot.certificate\"") ||
	       HAS(leaf, size, ",\"kind\":\"pigment.sheet\"") ||
	       HAS(leaf, size, ",\"kind\":\"recall.listed\"") ||
	       HAS(leaf, size, ",\"kind\":\"sterilizer.file\"");
}

static int write_attachment(Export *export, uint64_t seq, const void *data, size_t size)
{
	char name[64];
	FILE *file;
	bool bad;

	snprintf(name, sizeof name, "attachments/%llu", (unsigned long long)seq);
	file = create(export, name);
	bad = !file || fwrite(data, 1, size, file) != size;
	if (file && fclose(file) != 0)
		bad = true;
	return bad || sum(export, name) != CTL_DONE ? -EIO : 0;
}

static int write_hash(Export *export, const char *leaf, size_t size)
{
	char hex[DIGEST_HEX_MAX];
	MerkleHash hash;
	int r;

	merkle_hash_leaf(leaf, size, &hash);
	r = merkle_append(&export->tree, &hash, NULL, NULL);
	if (r < 0)
		return r;
	hex_encode(hash.bytes, sizeof hash.bytes, hex);
	return fprintf(export->hashes, "%s\n", hex) < 0 ? -EIO : 0;
}

static int write_exported_record(void *userdata, uint64_t seq, const char *leaf, size_t size,
	const void *attachment, size_t attachment_size)
{
	Export *export = userdata;
	uint64_t *grown;
	int r;

	if (fwrite(leaf, 1, size, export->records) != size || fputc('\n', export->records) == EOF)
		return -EIO;
	r = write_hash(export, leaf, size);
	if (r < 0)
		return r;
	if (export_ends_session(leaf, size)) {
		grown = reallocarray(export->proved, export->n_proved + 1, sizeof *grown);
		if (!grown)
			return -ENOMEM;
		export->proved = grown;
		grown[export->n_proved++] = seq;
	}
	return attachment ? write_attachment(export, seq, attachment, attachment_size) : 0;
}

/** Refuses to export a damaged ledger: the result would be worthless. */
static int check_root(const Export *export)
{
	MerkleHash root;

	merkle_tree_root(&export->tree, &root);
	if (export->tree.size == export->checkpoint.size &&
		merkle_hash_equal(&root, &export->checkpoint.root))
		return CTL_DONE;
	return ctl_fail("the ledger's records are not what its checkpoint says: audit verify names where");
}

static int write_records(Export *export)
{
	_cleanup_(fclosep) FILE *records = create(export, "records.jsonl");
	_cleanup_(fclosep) FILE *hashes = create(export, "hashes");
	int status, r;

	if (!records || !hashes)
		return CTL_FAILED;
	export->records = records;
	export->hashes = hashes;
	r = ledger_each_record(export->ledger, export->checkpoint.size, write_exported_record, export);
	if (r < 0 || fflush(records) != 0 || fflush(hashes) != 0)
		return ctl_fail("the records could not be written: %s", strerror(r < 0 ? -r : errno));
	status = check_root(export);
	if (status != CTL_DONE)
		return status;
	status = sum(export, "records.jsonl");
	return status == CTL_DONE ? sum(export, "hashes") : status;
}

/** Writes a proof for the end of each session, so that one session can be shown without the others. */
static int write_proofs(Export *export)
{
	Error error;
	char name[64];
	int status = CTL_DONE;

	for (size_t i = 0; i < export->n_proved && status == CTL_DONE; i++) {
		json_auto_t *proof = NULL;

		if (ledger_prove_now(export->ledger, export->proved[i], &proof, &error) < 0)
			return ctl_fail("%s", error.text);
		snprintf(name, sizeof name, "proofs/%llu.tlog-proof", (unsigned long long)export->proved[i]);
		status = write_text(export, name, json_string_value(json_object_get(proof, "proof")));
	}
	return status;
}

/* ---- tables for people ---- */

/** rows.h prints to standard output, so a child process prints with the file as its standard output. */
static int convert_to_csv(Export *export, const char *from, const char *to)
{
	_cleanup_(freep) char *source = path_in(export->folder, from), *target = path_in(export->folder, to);
	Ctl csv = { .csv = true };
	int result = 0;
	pid_t child;

	fflush(NULL);
	child = source && target ? fork() : -1;
	if (child == 0) {
		int fd = open(source, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || !freopen(target, "wx", stdout))
			_exit(1);
		rows_print(&csv, fd);
		_exit(fflush(stdout) != 0);
	}
	if (child < 0 || waitpid(child, &result, 0) < 0 || result != 0)
		return ctl_fail("%s/%s could not be written", export->folder, to);
	return sum(export, to);
}

static int write_table(Export *export, const char *query)
{
	json_auto_t *none = json_object();
	_cleanup_(freep) char *path = NULL;
	Error error;
	char lines[96], csv[96];
	uint64_t rows = 0;
	int fd, r;

	snprintf(lines, sizeof lines, "tables/%.60s.jsonl", query);
	snprintf(csv, sizeof csv, "tables/%.60s.csv", query);
	path = path_in(export->folder, lines);
	fd = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640) : -1;
	if (fd < 0)
		return ctl_fail("%s/%s: %s", export->folder, lines, strerror(errno));
	r = ledger_stream_now(export->ledger, query, none, fd, &rows, &error);
	close(fd);
	if (r == -EINVAL || (r == 0 && rows == 0)) {
		/* the query needs an argument, or it gave no rows */
		(void)unlink(path);
		return CTL_DONE;
	}
	if (r < 0)
		return ctl_fail("%s", error.text);
	r = sum(export, lines);
	return r == CTL_DONE ? convert_to_csv(export, lines, csv) : r;
}

/** Whether the query's answer depends on the compliance profile, whose figures are not all on record. */
static bool needs_profile(const char *query)
{
	return ledger_query_takes(query, "today") || ledger_query_takes(query, "biological_days");
}

static int write_tables(Export *export)
{
	int status = CTL_DONE;

	for (const char *const *query = ledger_query_names(); *query && status == CTL_DONE; query++)
		if (strcmp(*query, "records") != 0 && !needs_profile(*query))
			status = write_table(export, *query);
	return status;
}

/* ---- what it says of itself ---- */

static const char readme[] =
	"What stands in this folder\n\n"
	"records.jsonl   all records up to the checkpoint, their exact bytes, one a line\n"
	"hashes          the SHA-256 of a zero byte and each of these lines, so that a changed one can be named\n"
	"checkpoint      the signed checkpoint (c2sp.org/tlog-checkpoint) over these records\n"
	"key             the station's public key; compare it with the one that the clinic wrote down\n"
	"proofs/         c2sp.org/tlog-proof of the record that ends each session\n"
	"attachments/    files that records refer to, by the record's number\n"
	"tables/         the same for people, as JSON lines and CSV; images.csv has the pictures' SHA-256;\n"
	"                for reading, and not proved: what counts stands in records.jsonl; in CSV an apostrophe\n"
	"                stands before text that a spreadsheet would run as a formula (it begins with = + - @, a\n"
	"                tab or a line's end) or that begins with an apostrophe; JSON lines are exact\n"
	"SHA256SUMS      of all these files\n\n"
	"Left out of tables/: check, due, retention and expired, which depend on the compliance profile in force and\n"
	"on the day; the station answers them (stipplectl audit check).\n"
	"%s\n%s\n"
	"To check it, on any machine:  stipplectl audit verify FOLDER --key KEY\n"
	"Without Stipple: the hashes are the leaves of an RFC 6962 Merkle tree, whose root stands in the checkpoint.\n";

/* ---- which ledger ---- */

/**
 * Finds the newest checkpoint, which a proof of record 1 contains. The caller frees `ret_proof`, also on
 * failure.
 */
static int read_newest_checkpoint(Export *export, json_t **ret_proof, const char **ret_note)
{
	Error error;
	const char *note;
	size_t size;

	if (ledger_prove_now(export->ledger, 1, ret_proof, &error) < 0)
		return ctl_fail("%s", error.text);
	note = strstr(json_string_value(json_object_get(*ret_proof, "proof")), "\n\n") + 2;
	if (note_read(note, strlen(note), &size, &error) < 0 ||
		checkpoint_parse(note, size, &export->checkpoint, &error) < 0)
		return ctl_fail("the newest checkpoint: %s", error.text);
	*ret_note = note;
	return CTL_DONE;
}

static int open_exported_ledger(Export *export, const char *path, uint64_t *ret_records)
{
	LedgerOptions options = { .path = path, .read_only = true };
	json_auto_t *proof = NULL;
	Error error;
	const char *note;
	LedgerInfo info;

	ledger_freep(&export->ledger);
	if (ledger_open(&options, &export->ledger, &info, &error) < 0)
		return ctl_fail("%s", error.text);
	if (ledger_hold(export->ledger, ret_records) < 0)
		return ctl_fail("%s cannot be read", path);
	if (!export->ctl->personal)
		ledger_leave_out_personal(export->ledger);
	return read_newest_checkpoint(export, &proof, &note);
}

/**
 * Makes a ledger of the proved records only: tables made from all records would show what nobody has signed.
 */
static int cut_source(Export *export, uint64_t records)
{
	Error error = { 0 };
	LedgerArchive archive;
	LedgerCopy copy = { .path = export->path };
	int status;

	export->cut = path_in(export->folder, "ledger.cut");
	if (!export->cut)
		return ctl_fail("out of memory");
	copy.name = export->cut;
	if (ledger_archive(&copy, INT64_MAX, &archive, &error) < 0)
		return ctl_fail("%s", error.text);
	status = open_exported_ledger(export, export->cut, &(uint64_t){ 0 });
	if (records > export->checkpoint.size)
		export->left_out = records - export->checkpoint.size;
	return status;
}

/**
 * Chooses the ledger to export. A running station records the export first: that record makes a checkpoint,
 * which covers all earlier records too.
 */
static int choose_source(Export *export, uint64_t records)
{
	int status = copies_tell(export->ctl, "export", export->path, export->folder, records + 1);

	if (status != CTL_DONE)
		return status;
	status = open_exported_ledger(export, export->path, &records);
	if (status != CTL_DONE)
		return status;
	if (records > export->checkpoint.size)
		status = cut_source(export, records);
	return status;
}

/* ---- the whole ---- */

static int write_checkpoint(Export *export)
{
	json_auto_t *proof = NULL;
	const char *note, *key;
	int status = read_newest_checkpoint(export, &proof, &note);

	if (status != CTL_DONE)
		return status;
	key = json_string_value(json_object_get(proof, "key"));
	status = write_text(export, "checkpoint", note);
	if (status != CTL_DONE)
		return status;
	return write_text(export, "key", key ? key : "");
}

static int write_readme(Export *export)
{
	_cleanup_(freep) char *text = NULL, *missing = NULL;

	if (export->left_out > 0 &&
		asprintf(&missing,
			"The ledger's newest %llu records are left out: no checkpoint covers them.\n",
			(unsigned long long)export->left_out) < 0)
		return ctl_fail("out of memory");
	if (asprintf(&text, readme,
		    export->ctl->personal
			    ? "Names, contacts and what people said in words of their own are in it. Keep this folder as a patient file."
			    : "Names and contacts: none are in this folder; people stand in it by pseudonym and badge. What they said in words of their own is left out, but for records of earlier versions, which have it in their body.",
		    missing ? missing : "") < 0)
		return ctl_fail("out of memory");
	return write_text(export, "README", text);
}

/** Writes everything in the folder except the checksums. */
static int write_contents(Export *export)
{
	int status = write_checkpoint(export);

	if (status != CTL_DONE)
		return status;
	status = write_readme(export);
	if (status != CTL_DONE)
		return status;
	status = write_records(export);
	if (status != CTL_DONE)
		return status;
	status = write_proofs(export);
	return status == CTL_DONE ? write_tables(export) : status;
}

static int write_export(Export *export)
{
	static const char *const folders[] = { "", "proofs", "attachments", "tables" };
	uint64_t records = 0;
	int status = open_exported_ledger(export, export->path, &records);

	if (status != CTL_DONE)
		return status;
	for (size_t i = 0; i < ELEMENTS(folders); i++) {
		status = make_folder(export, folders[i]);
		if (status != CTL_DONE)
			return status;
	}
	status = choose_source(export, records);
	if (status != CTL_DONE)
		return status;
	export->sums = create(export, "SHA256SUMS");
	if (!export->sums)
		return CTL_FAILED;
	status = write_contents(export);
	if (fclose(export->sums) != 0 && status == CTL_DONE)
		return ctl_fail("%s/SHA256SUMS could not be written", export->folder);
	return status;
}

static void export_done(Export *export)
{
	ledger_freep(&export->ledger);
	if (export->cut)
		(void)unlink(export->cut);
	free(export->cut);
	free(export->proved);
}

int export_run(Ctl *ctl, int n, char **arguments)
{
	Export export = { .ctl = ctl, .path = proof_ledger(ctl), .folder = arguments[0] };
	int status;

	/* only the user who asked for names may read them */
	umask(ctl->personal ? 0077 : 0027);
	status = write_export(&export);
	if (status == CTL_DONE)
		printf("%llu records in %s\n", (unsigned long long)export.checkpoint.size, export.folder);
	if (status == CTL_DONE && export.left_out > 0)
		printf("%llu newer records are left out: no checkpoint covers them yet\n",
			(unsigned long long)export.left_out);
	export_done(&export);
	return status;
}
