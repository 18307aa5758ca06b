/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The command `audit verify FOLDER`: it checks an export, which may have been made to deceive the reader. It
 * must open nothing but ordinary files below the folder, and must not load a whole large file into memory.
 */

#include "proof.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "export-folder.h"
#include "tlog/proof.h"
#include "util/text.h"

enum { NAME_SIZE_MAX = 128, SHOWN_MAX = 100, SUMS_NAME = DIGEST_HEX_MAX + 1 };

typedef struct Import {
	ExportFolder folder;
	KnownKeys known;            /* of --key, or the folder's own */
	char origin[NOTE_NAME_MAX]; /* of the log: the name of the folder's key */
	Checkpoint checkpoint;
	Checkpoint kept;  /* a checkpoint kept elsewhere; size 0: none */
	json_t *expected; /* files that belong to an export of these records, by name */
	json_t *summed;   /* files that SHA256SUMS names */
	uint64_t proofs, attachments;
} Import;

/* ---- records ---- */

/** A leaf's hash from a line of a file. */
typedef int (*LeafOf)(Import *import, const ExportLines *line, MerkleHash *ret);

static int leaf_of_record(Import *import, const ExportLines *line, MerkleHash *ret)
{
	merkle_hash_leaf(line->text, line->size, ret);
	return 0;
}

static int leaf_of_hash(Import *import, const ExportLines *line, MerkleHash *ret)
{
	return line->size == strlen(line->text) ? hex_decode(line->text, ret->bytes, sizeof ret->bytes)
						: -EINVAL;
}

static void check_exported_attachment(Import *import, const ExportLines *record, const char *name)
{
	char hex[DIGEST_HEX_MAX];

	if (export_hash_file(&import->folder, name, hex) < 0)
		return;
	import->attachments++;
	if (!memmem(record->text, record->size, hex, strlen(hex)))
		export_finding(&import->folder, "%s is not what record %" PRIu64 " names", name, record->n);
}

static void check_kept(Import *import, const MerkleTree *tree)
{
	MerkleHash root;

	if (tree->size != import->kept.size)
		return;
	merkle_tree_root(tree, &root);
	if (!merkle_hash_equal(&root, &import->kept.root))
		export_finding(&import->folder,
			"records 1 to %" PRIu64 " are not what the checkpoint that was kept says",
			tree->size);
}

/** Collects the files that an export has because of this record. */
static void check_exported_record(Import *import, const ExportLines *record, const MerkleTree *tree)
{
	char name[NAME_SIZE_MAX];

	check_kept(import, tree);
	if (export_ends_session(record->text, record->size)) {
		snprintf(name, sizeof name, "proofs/%" PRIu64 ".tlog-proof", record->n);
		json_object_set_new(import->expected, name, json_integer((json_int_t)record->n));
	}
	if (export_has_attachment(record->text, record->size)) {
		snprintf(name, sizeof name, "attachments/%" PRIu64, record->n);
		json_object_set_new(import->expected, name, json_integer((json_int_t)record->n));
		check_exported_attachment(import, record, name);
	}
}

/** Computes the Merkle tree of a file's lines. `each` may be NULL. */
static int grow_exported_tree(Import *import, const char *name, LeafOf leaf_of,
	void (*each)(Import *import, const ExportLines *record, const MerkleTree *tree), MerkleTree *ret)
{
	_cleanup_(export_lines_done) ExportLines lines = { 0 };
	MerkleTree tree = { 0 };
	MerkleHash leaf;
	int r = export_open_file(&import->folder, name, &lines.file);

	if (r < 0)
		return r;
	while (export_next_line(&lines, &r)) {
		r = leaf_of(import, &lines, &leaf);
		r = r < 0 ? r : merkle_append(&tree, &leaf, NULL, NULL);
		if (r < 0)
			break;
		if (each)
			each(import, &lines, &tree);
	}
	if (r < 0)
		export_finding(&import->folder, "%s cannot be read after line %" PRIu64 ": %s", name, lines.n,
			strerror(-r));
	*ret = tree;
	return r;
}

static bool tree_fits(Import *import, const MerkleTree *tree)
{
	MerkleHash root;

	merkle_tree_root(tree, &root);
	return tree->size == import->checkpoint.size && merkle_hash_equal(&root, &import->checkpoint.root);
}

/**
 * The number that a record states for itself, 0 when it has none. What follows the number contains no quotes
 * of its own.
 */
static uint64_t own_number(const ExportLines *record)
{
	static const char field[] = ",\"seq\":";
	const size_t length = sizeof field - 1;

	for (size_t end = record->size; end >= length; end--)
		if (memcmp(record->text + end - length, field, length) == 0)
			return strtoull(record->text + end, NULL, 10);
	return 0;
}

/** The number of the record with this hash; 0: none. */
static uint64_t find_hash(Import *import, const MerkleHash *leaf)
{
	_cleanup_(export_lines_done) ExportLines lines = { 0 };
	MerkleHash hash;
	int r = export_open_file(&import->folder, "hashes", &lines.file);

	while (r == 0 && export_next_line(&lines, &r))
		if (leaf_of_hash(import, &lines, &hash) == 0 && merkle_hash_equal(&hash, leaf))
			return lines.n;
	return 0;
}

static void tell_difference(Import *import, const ExportLines *record, const MerkleHash *leaf)
{
	uint64_t number = find_hash(import, leaf), own = own_number(record);

	if (number > 0)
		export_finding(&import->folder,
			"records.jsonl: record %" PRIu64
			" is missing or in another place; its line holds record %" PRIu64,
			record->n, number);
	else if (own == record->n)
		export_finding(&import->folder, "records.jsonl: record %" PRIu64 " was changed", record->n);
	else
		export_finding(&import->folder,
			"records.jsonl: record %" PRIu64
			" was changed or is missing; its line calls itself %" PRIu64,
			record->n, own);
}

/** Reports the first line that does not match the signed hashes. */
static void locate_by_hashes(Import *import)
{
	_cleanup_(export_lines_done) ExportLines records = { 0 }, hashes = { 0 };
	MerkleHash leaf, hash;
	int r = 0;

	if (export_open_file(&import->folder, "records.jsonl", &records.file) < 0 ||
		export_open_file(&import->folder, "hashes", &hashes.file) < 0)
		return;
	while (export_next_line(&hashes, &r)) {
		if (!export_next_line(&records, &r)) {
			export_finding(&import->folder,
				"records.jsonl ends early: records %" PRIu64 " to %" PRIu64 " are missing",
				hashes.n, import->checkpoint.size);
			return;
		}
		if (leaf_of_hash(import, &hashes, &hash) < 0 || leaf_of_record(import, &records, &leaf) < 0)
			return;
		if (!merkle_hash_equal(&leaf, &hash)) {
			tell_difference(import, &records, &leaf);
			return;
		}
	}
	if (r == 0)
		export_finding(&import->folder,
			"records.jsonl goes on after record %" PRIu64 ", which the checkpoint does not cover",
			import->checkpoint.size);
}

/** Checks what the records alone can show when the hashes are not signed. */
static void locate_by_numbers(Import *import)
{
	_cleanup_(export_lines_done) ExportLines records = { 0 };
	int r = export_open_file(&import->folder, "records.jsonl", &records.file);

	while (r == 0 && export_next_line(&records, &r))
		if (own_number(&records) != records.n) {
			export_finding(&import->folder,
				"records.jsonl: line %" PRIu64 " holds what calls itself record %" PRIu64,
				records.n, own_number(&records));
			return;
		}
}

static void check_records(Import *import)
{
	MerkleTree tree, hashes;

	if (grow_exported_tree(import, "records.jsonl", leaf_of_record, check_exported_record, &tree) < 0 ||
		tree_fits(import, &tree))
		return;
	if (tree.size != import->checkpoint.size)
		export_finding(&import->folder,
			"records.jsonl has %" PRIu64 " records, the checkpoint covers %" PRIu64, tree.size,
			import->checkpoint.size);
	else
		export_finding(&import->folder, "records.jsonl is not what the checkpoint says");
	if (grow_exported_tree(import, "hashes", leaf_of_hash, NULL, &hashes) == 0 &&
		tree_fits(import, &hashes)) {
		locate_by_hashes(import);
		return;
	}
	export_finding(
		&import->folder, "hashes is not what the checkpoint says either, so that it names no record");
	locate_by_numbers(import);
}

/* ---- the files' digests ---- */

/** Accepts only names that neither a terminal nor a path could misread. */
static bool is_name(const char *name)
{
	return name[0] &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/") ==
		       strlen(name);
}

static bool belongs(const Import *import, const char *name)
{
	return json_object_get(import->expected, name) || strncmp(name, "tables/", 7) == 0;
}

static void check_sum(Import *import, const ExportLines *line)
{
	const char *name = line->text + SUMS_NAME;
	char hex[DIGEST_HEX_MAX];

	if (line->size < SUMS_NAME || line->size > SUMS_NAME + NAME_SIZE_MAX ||
		strlen(line->text) != line->size || memcmp(name - 2, "  ", 2) != 0 || !is_name(name)) {
		export_finding(&import->folder, "SHA256SUMS: line %" PRIu64 " is none of an export", line->n);
		return;
	}
	if (json_object_get(import->summed, name)) {
		export_finding(&import->folder, "SHA256SUMS names %s twice", name);
		return;
	}
	json_object_set_new(import->summed, name, json_true());
	if (!belongs(import, name))
		export_finding(&import->folder, "%s does not belong to this export", name);
	else if (export_hash_file(&import->folder, name, hex) == 0 &&
		 memcmp(line->text, hex, DIGEST_HEX_MAX - 1) != 0)
		export_finding(&import->folder, "%s was changed", name);
}

/** Reports files that do not belong to the export: somebody added them later. */
static void check_added(Import *import, const char *folder)
{
	static const char own[] = "SHA256SUMS proofs attachments tables";
	_cleanup_(closep) int fd = -1;
	_cleanup_(closedirp) DIR *entries = NULL;
	char name[NAME_SIZE_MAX + NAME_MAX];

	if (export_open_below(&import->folder, folder, S_IFDIR, &fd) < 0)
		return;
	entries = fdopendir(fd);
	if (!entries)
		return;
	(void)TAKE_FD(fd);
	for (struct dirent *entry; (entry = readdir(entries));) {
		bool top = strcmp(folder, ".") == 0;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
			(top && text_list_has(own, entry->d_name)))
			continue;
		snprintf(name, sizeof name, "%s%s%s", top ? "" : folder, top ? "" : "/", entry->d_name);
		if (!is_name(name))
			export_finding(
				&import->folder, "a file was added to %s whose name cannot be shown", folder);
		else if (!json_object_get(import->summed, name))
			export_finding(&import->folder, "%.*s was added", SHOWN_MAX, name);
	}
}

static void check_sums(Import *import)
{
	static const char *const folders[] = { ".", "proofs", "attachments", "tables" };
	_cleanup_(export_lines_done) ExportLines lines = { 0 };
	const char *name;
	json_t *number;
	int r = export_open_file(&import->folder, "SHA256SUMS", &lines.file);

	if (r < 0)
		return;
	while (export_next_line(&lines, &r))
		check_sum(import, &lines);
	if (r < 0)
		export_finding(&import->folder, "SHA256SUMS cannot be read after line %" PRIu64 ": %s",
			lines.n, strerror(-r));
	json_object_foreach (import->expected, name, number)
		if (!json_object_get(import->summed, name))
			export_finding(&import->folder, "SHA256SUMS does not name %s", name);
	for (size_t i = 0; i < ELEMENTS(folders); i++)
		check_added(import, folders[i]);
}

/* ---- proofs ---- */

static void check_exported_proof(Import *import, const char *name, uint64_t record)
{
	_cleanup_(inclusion_proof_done) InclusionProof proof = { 0 };
	_cleanup_(freep) char *text = NULL;
	Error why;
	size_t size;

	if (export_read_file(&import->folder, name, PROOF_SIZE_MAX, &text, &size) < 0)
		return;
	if (inclusion_proof_parse(text, size, &proof, &why) < 0 ||
		inclusion_proof_verify(&proof, proof.extra, proof.extra_size, import->known.keys,
			import->known.n, import->checkpoint.origin, NULL, &why) < 0)
		export_finding(&import->folder, "%s: %.200s", name, why.text);
	else if (proof.index + 1 != record)
		export_finding(&import->folder, "%s is of record %" PRIu64, name, proof.index + 1);
	import->proofs++;
}

static void check_proofs(Import *import)
{
	const char *name;
	json_t *number;

	json_object_foreach (import->expected, name, number)
		if (strncmp(name, "proofs/", 7) == 0)
			check_exported_proof(import, name, (uint64_t)json_integer_value(number));
}

/* ---- the whole ---- */

/** Uses --key or, after saying so, the folder's own key. */
static int choose_key(Import *import, const char *folder)
{
	_cleanup_(freep) char *text = NULL;
	Error why;
	NoteVerifier own;
	size_t size;
	int status = proof_read_keys(import->folder.ctl, &import->known);
	bool same = import->known.n == 0, lone = same;

	if (status != CTL_DONE)
		return status;
	if (export_read_file(&import->folder, "key", NOTE_KEY_MAX, &text, &size) < 0)
		return ctl_fail("%s: there is no export here: it has no key", folder);
	if (note_verifier_parse(text, &own, &why) < 0)
		return ctl_fail("%s/key: %s", folder, why.text);
	for (size_t i = 0; i < import->known.n; i++)
		same = same || memcmp(&import->known.keys[i], &own, sizeof own) == 0;
	if (!same)
		export_finding(&import->folder, "key is not the one that you gave");
	if (lone)
		import->known.keys[import->known.n++] = own;
	snprintf(import->origin, sizeof import->origin, "%s", own.name);
	return CTL_DONE;
}

static int read_exported_checkpoint(Import *import, const char *folder)
{
	_cleanup_(freep) char *note = NULL;
	const KnownKeys *known = &import->known;
	Error why;
	size_t size;

	if (export_read_file(&import->folder, "checkpoint", NOTE_SIZE_MAX, &note, &size) < 0)
		return ctl_fail("%s: there is no export here: it has no checkpoint", folder);
	/* a station's log has the same name as its key */
	if (checkpoint_open(
		    note, size, known->keys, known->n, import->origin, &import->checkpoint, NULL, &why) < 0)
		return ctl_fail("%s/checkpoint: %s", folder, why.text);
	import->checkpoint.extensions = NULL;
	return CTL_DONE;
}

static int read_kept(Import *import, const char *since)
{
	_cleanup_(freep) char *note = NULL;
	Error why;
	size_t size;
	int status = since ? proof_read_checkpoint(since, &note, &size) : CTL_DONE;

	if (status != CTL_DONE || !since)
		return status;
	if (checkpoint_open(note, size, import->known.keys, import->known.n, import->checkpoint.origin,
		    &import->kept, NULL, &why) < 0)
		return ctl_fail("%s: %s", since, why.text);
	import->kept.extensions = NULL;
	if (import->kept.size > import->checkpoint.size)
		export_finding(&import->folder,
			"the export covers %" PRIu64 " records, but the log had %" PRIu64
			" before: it is an older one",
			import->checkpoint.size, import->kept.size);
	return CTL_DONE;
}

static int check_all(Import *import, const char *folder, const char *since)
{
	static const char *const always[] = { "records.jsonl", "hashes", "checkpoint", "key", "README" };
	int status = choose_key(import, folder);

	if (status != CTL_DONE)
		return status;
	status = read_exported_checkpoint(import, folder);
	if (status != CTL_DONE)
		return status;
	status = read_kept(import, since);
	if (status != CTL_DONE)
		return status;
	for (size_t i = 0; i < ELEMENTS(always); i++)
		json_object_set_new(import->expected, always[i], json_true());
	check_records(import);
	check_sums(import);
	check_proofs(import);
	if (!import->folder.ctl->json) {
		printf("checked %" PRIu64 " records against the signed checkpoint of %s\n",
			import->checkpoint.size, import->checkpoint.origin);
		printf("checked %" PRIu64 " proofs, %" PRIu64
		       " attachments, and the SHA-256 of %zu files (of tables/ nothing else)\n",
			import->proofs, import->attachments, json_object_size(import->summed));
		if (!import->folder.ctl->key)
			puts("signed by the key in the folder: compare that with the one that the clinic wrote down");
	}
	proof_tell(import->folder.ctl, "result",
		import->folder.findings ? "DAMAGED" : "sound; tables/ are for reading and are not proved");
	return import->folder.findings ? CTL_FAILED : CTL_DONE;
}

int export_verify(Ctl *ctl, const char *folder, const char *since)
{
	_cleanup_(closep) int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	json_auto_t *expected = json_object(), *summed = json_object();
	Import import = { .folder = { .ctl = ctl, .fd = fd }, .expected = expected, .summed = summed };

	if (fd < 0)
		return ctl_fail("%s: %s", folder, strerror(errno));
	if (!expected || !summed)
		return ctl_fail("out of memory");
	return check_all(&import, folder, since);
}
