/* SPDX-License-Identifier: Apache-2.0 */

/**
 * audit export: a folder that explains and proves itself. records.jsonl holds the records' exact bytes, one a
 * line; checkpoint and key prove them; tables/ shows the same for people; docs/transparency-log.md describes
 * all of it.
 */

#include "proof.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "ledger/copy.h"
#include "rows.h"
#include "tlog/proof.h"
#include "util/digest.h"
#include "util/file.h"

enum { SUMS_LINE_MAX = 512, PROOFS_MAX = 100000 };

typedef struct Export {
	Ctl *ctl;
	Ledger *ledger;
	const char *folder;
	FILE *sums, *records;
	uint64_t size; /* records that the checkpoint covers */
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

/** As sha256sum writes and checks it. */
static int hash_into(const char *folder, const char *name, char ret[DIGEST_HEX_MAX])
{
	_cleanup_(freep) char *path = path_in(folder, name), *data = NULL;
	size_t size;
	int r = path ? file_read(path, SIZE_MAX / 2, &data, &size) : -ENOMEM;

	return r < 0 ? r : digest_hex(data, size, ret);
}

static int sum(Export *export, const char *name)
{
	char hex[DIGEST_HEX_MAX];
	int r = hash_into(export->folder, name, hex);

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

static bool ends_session(const char *leaf, size_t size)
{
	static const char signed_kind[] = "\"kind\":\"session.signed\"",
			  left_kind[] = "\"kind\":\"session.abandoned\"";

	return memmem(leaf, size, signed_kind, sizeof signed_kind - 1) ||
	       memmem(leaf, size, left_kind, sizeof left_kind - 1);
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

static int write_record(void *userdata, uint64_t seq, const char *leaf, size_t size, const void *attachment,
	size_t attachment_size)
{
	Export *export = userdata;
	uint64_t *grown;

	if (fwrite(leaf, 1, size, export->records) != size || fputc('\n', export->records) == EOF)
		return -EIO;
	if (ends_session(leaf, size) && export->n_proved < PROOFS_MAX) {
		grown = reallocarray(export->proved, export->n_proved + 1, sizeof *grown);
		if (!grown)
			return -ENOMEM;
		export->proved = grown;
		grown[export->n_proved++] = seq;
	}
	return attachment ? write_attachment(export, seq, attachment, attachment_size) : 0;
}

static int write_records(Export *export)
{
	int r;

	export->records = create(export, "records.jsonl");
	if (!export->records)
		return CTL_FAILED;
	r = ledger_each_record(export->ledger, export->size, write_record, export);
	if (fclose(export->records) != 0 && r == 0)
		r = -EIO;
	return r < 0 ? ctl_fail("the records could not be written: %s", strerror(-r))
		     : sum(export, "records.jsonl");
}

/** One for each session's end: enough to show one session to somebody without the others. */
static int write_proofs(Export *export)
{
	char error[LEDGER_TEXT_MAX], name[64];
	int status = CTL_DONE;

	for (size_t i = 0; i < export->n_proved && status == CTL_DONE; i++) {
		json_auto_t *proof = NULL;

		if (ledger_prove_now(export->ledger, export->proved[i], &proof, error) < 0)
			return ctl_fail("%s", error);
		snprintf(name, sizeof name, "proofs/%llu.tlog-proof", (unsigned long long)export->proved[i]);
		status = write_text(export, name, json_string_value(json_object_get(proof, "proof")));
	}
	return status;
}

/* ---- tables for people ---- */

/** rows.h prints to standard output: a child's is the file. */
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
	char error[LEDGER_TEXT_MAX], lines[96], csv[96];
	uint64_t rows = 0;
	int fd, r;

	snprintf(lines, sizeof lines, "tables/%.60s.jsonl", query);
	snprintf(csv, sizeof csv, "tables/%.60s.csv", query);
	path = path_in(export->folder, lines);
	fd = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640) : -1;
	if (fd < 0)
		return ctl_fail("%s/%s: %s", export->folder, lines, strerror(errno));
	r = ledger_stream_now(export->ledger, query, none, fd, &rows, error);
	close(fd);
	if (r == -EINVAL || (r == 0 && rows == 0)) {
		/* it asks about something that has to be named, or has nothing to say */
		(void)unlink(path);
		return CTL_DONE;
	}
	if (r < 0)
		return ctl_fail("%s", error);
	r = sum(export, lines);
	return r == CTL_DONE ? convert_to_csv(export, lines, csv) : r;
}

static int write_tables(Export *export)
{
	int status = CTL_DONE;

	for (const char *const *query = ledger_query_names(); *query && status == CTL_DONE; query++)
		if (strcmp(*query, "records") != 0)
			status = write_table(export, *query);
	return status;
}

/* ---- the whole ---- */

static const char readme[] =
	"What stands in this folder\n\n"
	"records.jsonl   all records up to the checkpoint, their exact bytes, one a line\n"
	"checkpoint      the signed checkpoint (c2sp.org/tlog-checkpoint) over these records\n"
	"key             the station's public key; compare it with the one that the clinic wrote down\n"
	"proofs/         c2sp.org/tlog-proof of the record that ends each session\n"
	"attachments/    files that records refer to, by the record's number\n"
	"tables/         the same for people, as JSON lines and CSV; images.csv has the pictures' SHA-256\n"
	"SHA256SUMS      of all these files\n\n"
	"To check it, on any machine:  stipplectl audit verify FOLDER --key KEY\n"
	"Without Stipple: the SHA-256 of a zero byte and each line are the leaves of an RFC 6962 Merkle tree, whose\n"
	"root stands in the checkpoint.\n";

static int write_checkpoint(Export *export)
{
	char error[LEDGER_TEXT_MAX];
	const char *note, *key;
	json_auto_t *proof = NULL;
	int status;

	/* the newest: a proof of record 1 bears it */
	if (ledger_prove_now(export->ledger, 1, &proof, error) < 0)
		return ctl_fail("%s", error);
	export->size = (uint64_t)json_integer_value(json_object_get(proof, "size"));
	note = strstr(json_string_value(json_object_get(proof, "proof")), "\n\n");
	key = json_string_value(json_object_get(proof, "key"));
	status = write_text(export, "checkpoint", note ? note + 2 : "");
	if (status != CTL_DONE)
		return status;
	status = write_text(export, "key", key ? key : "");
	return status == CTL_DONE ? write_text(export, "README", readme) : status;
}

static int write_all(Export *export)
{
	static const char *const folders[] = { "", "proofs", "attachments", "tables" };
	int status = CTL_DONE;

	for (size_t i = 0; i < ELEMENTS(folders) && status == CTL_DONE; i++)
		status = make_folder(export, folders[i]);
	if (status == CTL_DONE)
		export->sums = create(export, "SHA256SUMS");
	if (!export->sums)
		return CTL_FAILED;
	status = write_checkpoint(export);
	if (status == CTL_DONE)
		status = write_records(export);
	if (status == CTL_DONE)
		status = write_proofs(export);
	if (status == CTL_DONE)
		status = write_tables(export);
	if (fclose(export->sums) != 0 && status == CTL_DONE)
		status = ctl_fail("%s/SHA256SUMS could not be written", export->folder);
	return status;
}

int export_run(Ctl *ctl, int n, char **arguments)
{
	LedgerOptions options = { .path = proof_ledger(ctl), .read_only = true };
	_cleanup_(ledger_freep) Ledger *ledger = NULL;
	Export export = { .ctl = ctl, .folder = arguments[0] };
	char error[LEDGER_TEXT_MAX];
	LedgerInfo info;
	int status;

	if (ledger_open(&options, &ledger, &info, error) < 0)
		return ctl_fail("%s", error);
	export.ledger = ledger;
	status = write_all(&export);
	free(export.proved);
	if (status == CTL_DONE)
		printf("%llu records in %s\n", (unsigned long long)export.size, export.folder);
	return status;
}

/* ---- checking one ---- */

typedef struct Import {
	Ctl *ctl;
	const char *folder;
	Digester *digester;
	uint64_t files, proofs, attachments;
	size_t findings;
} Import;

static void finding(Import *import, const char *format, ...) _printf_(2, 3);

static void finding(Import *import, const char *format, ...)
{
	char text[VERIFY_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	import->findings++;
	proof_tell(import->ctl, "finding", text);
}

static void check_sums(Import *import)
{
	_cleanup_(freep) char *path = path_in(import->folder, "SHA256SUMS");
	_cleanup_(fclosep) FILE *sums = path ? fopen(path, "re") : NULL;
	char line[SUMS_LINE_MAX], hex[DIGEST_HEX_MAX];

	if (!sums)
		finding(import, "SHA256SUMS is missing");
	while (sums && fgets(line, sizeof line, sums)) {
		line[strcspn(line, "\n")] = '\0';
		if (strlen(line) < 67 || strstr(line + 66, "..") || line[66] == '/') {
			finding(import, "SHA256SUMS has a line that is none");
			return;
		}
		import->files++;
		if (hash_into(import->folder, line + 66, hex) < 0)
			finding(import, "%.100s is missing", line + 66);
		else if (strncmp(line, hex, 64) != 0)
			finding(import, "%.100s was changed", line + 66);
	}
}

static int read_checkpoint(Import *import, const NoteVerifier *key, Checkpoint *ret)
{
	_cleanup_(freep) char *path = path_in(import->folder, "checkpoint"), *note = NULL;
	char why[TLOG_TEXT_MAX];
	size_t size;

	if (!path || file_read(path, NOTE_SIZE_MAX, &note, &size) < 0)
		return ctl_fail("%s: there is no export here: its checkpoint is missing", import->folder);
	if (checkpoint_open(note, size, key, 1, NULL, ret, why) < 0)
		return ctl_fail("%s/checkpoint: %s", import->folder, why);
	ret->extensions = NULL;
	return CTL_DONE;
}

static void check_attachment(Import *import, uint64_t seq, const char *leaf, size_t size)
{
	char name[64], hex[DIGEST_HEX_MAX], *at;
	_cleanup_(freep) char *path = NULL;

	snprintf(name, sizeof name, "attachments/%llu", (unsigned long long)seq);
	path = path_in(import->folder, name);
	if (!path || access(path, F_OK) < 0)
		return;
	import->attachments++;
	if (hash_into(import->folder, name, hex) < 0)
		return;
	at = memmem(leaf, size, hex, 64);
	if (!at)
		finding(import, "%s is not what record %llu names", name, (unsigned long long)seq);
}

static int check_records(Import *import, const Checkpoint *checkpoint)
{
	_cleanup_(freep) char *path = path_in(import->folder, "records.jsonl"), *line = NULL;
	_cleanup_(fclosep) FILE *records = path ? fopen(path, "re") : NULL;
	MerkleTree tree = { 0 };
	MerkleHash leaf, root;
	size_t capacity = 0;
	ssize_t size;
	int r = 0;

	while (r == 0 && records && (size = getline(&line, &capacity, records)) > 0) {
		if (line[size - 1] == '\n')
			size--;
		r = merkle_hash_leaf(import->digester, line, (size_t)size, &leaf);
		if (r == 0)
			r = merkle_append(&tree, import->digester, &leaf, NULL, NULL);
		if (r == 0)
			check_attachment(import, tree.size, line, (size_t)size);
	}
	if (r == 0)
		r = merkle_tree_root(&tree, import->digester, &root);
	if (r < 0)
		return ctl_fail("the records could not be hashed: %s", strerror(-r));
	if (tree.size != checkpoint->size)
		finding(import, "records.jsonl has %llu records, the checkpoint covers %llu",
			(unsigned long long)tree.size, (unsigned long long)checkpoint->size);
	else if (!merkle_hash_equal(&root, &checkpoint->root))
		finding(import, "records.jsonl is not what the checkpoint says: a record was changed");
	return CTL_DONE;
}

static void check_proof(Import *import, const NoteVerifier *key, const char *name)
{
	_cleanup_(freep) char *path = path_in(import->folder, name), *text = NULL;
	char why[TLOG_TEXT_MAX] = "it cannot be read";
	InclusionProof proof;
	size_t size;
	int r;

	if (!path || file_read(path, PROOF_SIZE_MAX, &text, &size) < 0 ||
		inclusion_proof_parse(text, size, &proof, why) < 0) {
		finding(import, "%.80s: %.200s", name, why);
		return;
	}
	r = inclusion_proof_verify(&proof, proof.extra, proof.extra_size, key, 1, NULL, NULL, why);
	if (r < 0)
		finding(import, "%.80s: %.200s", name, why);
	import->proofs++;
	inclusion_proof_done(&proof);
}

static void check_proofs(Import *import, const NoteVerifier *key)
{
	_cleanup_(freep) char *path = path_in(import->folder, "proofs");
	_cleanup_(closedirp) DIR *folder = path ? opendir(path) : NULL;
	struct dirent *entry;
	char name[SUMS_LINE_MAX];

	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "proofs/%.300s", entry->d_name);
		check_proof(import, key, name);
	}
}

/** --key, or, said so, the folder's own. */
static int choose_key(Import *import, NoteVerifier *ret, bool *ret_given)
{
	_cleanup_(freep) char *path = path_in(import->folder, "key"), *text = NULL;
	char why[TLOG_TEXT_MAX];
	size_t size;
	int status = proof_read_key(import->ctl, ret, ret_given);

	if (status != CTL_DONE || *ret_given)
		return status;
	if (!path || file_read(path, NOTE_KEY_MAX, &text, &size) < 0)
		return ctl_fail("%s: there is no export here: its key is missing", import->folder);
	text[strcspn(text, "\n")] = '\0';
	if (note_verifier_parse(text, ret, why) < 0)
		return ctl_fail("%s/key: %s", import->folder, why);
	return CTL_DONE;
}

static int check_all(Import *import)
{
	NoteVerifier key;
	Checkpoint checkpoint;
	bool given;
	int status = choose_key(import, &key, &given);

	if (status == CTL_DONE)
		status = read_checkpoint(import, &key, &checkpoint);
	if (status != CTL_DONE)
		return status;
	check_sums(import);
	status = check_records(import, &checkpoint);
	if (status != CTL_DONE)
		return status;
	check_proofs(import, &key);
	if (!import->ctl->json) {
		printf("checked %llu records against the signed checkpoint of %s\n",
			(unsigned long long)checkpoint.size, checkpoint.origin);
		printf("checked %llu proofs, %llu attachments, and the SHA-256 of %llu files (of tables/ nothing else)\n",
			(unsigned long long)import->proofs, (unsigned long long)import->attachments,
			(unsigned long long)import->files);
		if (!given)
			puts("signed by the key in the folder: compare that with the one that the clinic wrote down");
	}
	proof_tell(import->ctl, "result", import->findings ? "DAMAGED" : "sound");
	return import->findings ? CTL_FAILED : CTL_DONE;
}

int export_verify(Ctl *ctl, const char *folder)
{
	_cleanup_(digester_freep) Digester *digester = NULL;
	Import import = { .ctl = ctl, .folder = folder };

	if (digester_new(&digester) < 0)
		return ctl_fail("SHA-256 is not at hand: check the installation of libcrypto");
	import.digester = digester;
	return check_all(&import);
}
