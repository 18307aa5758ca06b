/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Verifies the records' bytes, hashes and tree. Several threads read and hash blocks of 2^16 records; the
 * results are joined in order, and compared with the stored nodes and with every checkpoint.
 */

#include "ledger/verify-private.h"

#include <string.h>

enum { BLOCK_LEVEL = 16, LOOK_AROUND = 1 << 12 };

/* 9999-12-31: the last day of RFC 3339 */
#define UTC_US_MAX (INT64_C(253402300800) * USEC_PER_SEC - 1)

/** The selected columns of a record. */
enum {
	COLUMN_SEQ,
	COLUMN_LEAF,
	COLUMN_HASH,
	COLUMN_KIND,
	COLUMN_UTC,
	COLUMN_SESSION,
	COLUMN_PUBLISHED,
};

#define BLOCK_RECORDS ((uint64_t)1 << BLOCK_LEVEL)

typedef struct Blocks {
	Verifier *verifier;
	uint64_t n;
	_Atomic uint64_t next, done; /* done: records */
	MerkleHash *roots;           /* of each block, including a short last one */
	atomic_int error;
	Error why;
} Blocks;

/** The state of one thread. */
typedef struct Worker {
	Blocks *blocks;
	Verifier *verifier;
	Reader *reader; /* NULL: use the verification's own */
	Statements statements;
	pthread_t thread;
	LeafCheck leaf;
	MerkleTree tree; /* of the block */
	uint64_t first;  /* records before the block */
	int64_t latest_us;
	bool broken; /* a record is missing: the tree then proves nothing more */
} Worker;

/* ---- kept nodes ---- */

static int compare_node(
	Verifier *verifier, Statements *statements, unsigned level, uint64_t number, const MerkleHash *hash)
{
	MerkleHash kept;
	int r = tree_read_node(statements, level, number, &kept);

	if (r < 0 && r != -ENOENT && r != -EBADMSG)
		return r;
	if (r == 0 && merkle_hash_equal(&kept, hash))
		return 0;
	verify_finding(verifier,
		"records %llu to %llu are not what the kept tree says (node %llu of level %u%s)",
		(unsigned long long)(number << level) + 1, (unsigned long long)(number + 1) << level,
		(unsigned long long)number, level, r == -ENOENT ? " is missing" : "");
	return 0;
}

static int compare_in_block(void *userdata, unsigned level, uint64_t index, const MerkleHash *hash)
{
	Worker *worker = userdata;

	if (level < TREE_KEPT_LEVEL || worker->broken)
		return 0;
	return compare_node(
		worker->verifier, &worker->statements, level, (worker->first >> level) + index, hash);
}

static int compare_above(void *userdata, unsigned level, uint64_t index, const MerkleHash *hash)
{
	Verifier *verifier = userdata;

	return level <= BLOCK_LEVEL ? 0 : compare_node(verifier, &verifier->statements, level, index, hash);
}

/* ---- one record ---- */

static int keep_committed(Verifier *verifier, uint64_t seq)
{
	size_t n;
	uint64_t *grown;

	pthread_mutex_lock(&verifier->lock);
	n = verifier->n_committed;
	grown = verifier->committed;
	if ((n & (n - 1)) == 0) /* doubles at powers of two */
		grown = reallocarray(grown, n ? 2 * n : 1, sizeof *grown);
	if (grown) {
		verifier->committed = grown;
		grown[verifier->n_committed++] = seq;
	}
	pthread_mutex_unlock(&verifier->lock);
	return grown ? 0 : -ENOMEM;
}

/** False when a cell has a type that the column never has. */
static bool take_columns(LeafCheck *check, sqlite3_stmt *row)
{
	/* not terminated, which avoids a copy */
	DigestPart kind = column_raw_text(row, COLUMN_KIND);

	check->kind = kind.data;
	check->kind_size = kind.size;
	check->has_session = !column_is_null(row, COLUMN_SESSION);
	return kind.data && column_number(row, COLUMN_UTC, &check->utc_us) && check->utc_us >= 0 &&
	       check->utc_us <= UTC_US_MAX &&
	       (!check->has_session || column_number(row, COLUMN_SESSION, &check->session)) &&
	       column_number(row, COLUMN_PUBLISHED, &check->published);
}

static int check_columns(Worker *worker, sqlite3_stmt *row, uint64_t seq, DigestPart leaf)
{
	LeafCheck *check = &worker->leaf;

	check->seq = seq;
	if (!take_columns(check, row) || !leaf_matches(check, leaf.data, leaf.size)) {
		verify_finding(worker->verifier,
			"record %llu: number, kind, time or session beside its bytes are not"
			" what the bytes say",
			(unsigned long long)seq);
		return 0;
	}
	if (check->utc_us > worker->latest_us)
		worker->latest_us = check->utc_us;
	if (!leaf_published_matches(check))
		verify_finding(worker->verifier, "record %llu: whether it is sent to the broker was changed",
			(unsigned long long)seq);
	return check->has_personal ? keep_committed(worker->verifier, seq) : 0;
}

/** The hash for the tree is always computed, never taken from the file. */
static int check_record_row(Worker *worker, sqlite3_stmt *row, uint64_t seq)
{
	DigestPart leaf = column_bytes(row, COLUMN_LEAF);
	MerkleHash hash;
	int r;

	merkle_hash_leaf(leaf.data, leaf.size, &hash);
	if (!column_is_digest(row, COLUMN_HASH, hash.bytes))
		verify_finding(worker->verifier, "record %llu does not match its hash: it was changed",
			(unsigned long long)seq);
	r = check_columns(worker, row, seq, leaf);
	return r < 0 ? r : merkle_append(&worker->tree, &hash, compare_in_block, worker);
}

/* ---- a block ---- */

/** Keeps the block's hash at each checkpoint inside it. */
static void note_checkpoints(Worker *worker, size_t *next)
{
	Verifier *verifier = worker->verifier;
	uint64_t size = worker->first + worker->tree.size;

	for (; *next < verifier->n_checkpoints && verifier->checkpoints[*next].size <= size; (*next)++) {
		KeptCheckpoint *checkpoint = &verifier->checkpoints[*next];

		if (checkpoint->size == size && worker->tree.size > 0)
			merkle_tree_root(&worker->tree, &checkpoint->rest);
	}
}

static size_t first_checkpoint(const Verifier *verifier, uint64_t after)
{
	size_t i = 0;

	while (i < verifier->n_checkpoints && verifier->checkpoints[i].size <= after)
		i++;
	return i;
}

/**
 * Reports missing numbers. A placeholder hash stands for them, so that the following records are still read.
 */
static int skip_missing(Worker *worker, uint64_t seq)
{
	uint64_t expected = worker->first + worker->tree.size + 1;
	MerkleHash nothing = { 0 };

	if (seq == expected)
		return 0;
	verify_finding(worker->verifier, "records %llu to %llu are missing", (unsigned long long)expected,
		(unsigned long long)seq - 1);
	worker->broken = true;
	for (; expected < seq; expected++) {
		int r = merkle_append(&worker->tree, &nothing, NULL, NULL);

		if (r < 0)
			return r;
	}
	return 0;
}

static void add_progress(Worker *worker, uint64_t records)
{
	const VerifyOptions *options = worker->verifier->options;
	uint64_t done = atomic_fetch_add(&worker->blocks->done, records) + records;

	if (!options->progress)
		return;
	pthread_mutex_lock(&worker->verifier->lock);
	options->progress(options->userdata, done, worker->verifier->total + worker->verifier->expected);
	pthread_mutex_unlock(&worker->verifier->lock);
}

/** Checks one record of the block. `told`: how many of them the caller's progress includes. */
static int read_block_row(Worker *worker, sqlite3_stmt *row, size_t *next, uint64_t *told)
{
	uint64_t seq = (uint64_t)column_integer(row, COLUMN_SEQ);
	int r = skip_missing(worker, seq);

	if (r < 0)
		return r;
	r = check_record_row(worker, row, seq);
	if (r < 0)
		return r;
	note_checkpoints(worker, next);
	if (worker->tree.size - *told < LOOK_AROUND)
		return 0;
	add_progress(worker, worker->tree.size - *told);
	*told = worker->tree.size;
	return verify_left(worker->verifier) ? -ECANCELED : 0;
}

static int read_block_rows(Worker *worker, sqlite3_stmt *rows, uint64_t end)
{
	size_t next = first_checkpoint(worker->verifier, worker->first);
	uint64_t told = 0;
	int result, r;

	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		r = read_block_row(worker, rows, &next, &told);
		if (r < 0)
			return r;
	}
	if (result != SQLITE_DONE)
		return ledger_errno(result);
	r = skip_missing(worker, end + 1);
	add_progress(worker, worker->tree.size - told);
	return r;
}

static int check_block(Worker *worker, uint64_t block)
{
	_cleanup_(statement_donep) sqlite3_stmt *rows = NULL;
	uint64_t end = (block + 1) << BLOCK_LEVEL;
	int r;

	if (end > worker->verifier->total)
		end = worker->verifier->total;
	worker->first = block << BLOCK_LEVEL;
	worker->tree = (MerkleTree){ 0 };
	worker->broken = false;
	r = statement_get(&worker->statements,
		"SELECT seq, leaf, hash, kind, utc_us, session, published FROM record WHERE seq > ? AND seq <= ?",
		&rows);
	if (r != SQLITE_OK)
		return ledger_errno(r);
	sqlite3_bind_int64(rows, 1, (int64_t)worker->first);
	sqlite3_bind_int64(rows, 2, (int64_t)end);
	r = read_block_rows(worker, rows, end);
	if (r < 0)
		return r;
	merkle_tree_root(&worker->tree, &worker->blocks->roots[block]);
	return 0;
}

/* ---- the threads ---- */

static void *work(void *userdata)
{
	Worker *worker = userdata;
	Blocks *blocks = worker->blocks;
	uint64_t block;
	int r = 0;

	while (r == 0 && atomic_load(&blocks->error) == 0 &&
		(block = atomic_fetch_add(&blocks->next, 1)) < blocks->n)
		r = check_block(worker, block);
	if (r < 0)
		atomic_store(&blocks->error, r);
	return NULL;
}

/**
 * The first thread reads through the verification's own snapshot. The other snapshots are of the same moment
 * or later, which makes no difference: they only read records up to `total` and the nodes above these, which
 * no later transaction changes.
 */
static int worker_open(Worker *worker, Blocks *blocks, bool first)
{
	Verifier *verifier = blocks->verifier;
	const ReaderOptions options = { .older = true, .differing = true, .leave = verifier->options->leave };
	int r = 0;

	worker->blocks = blocks;
	worker->verifier = verifier;
	if (!first)
		r = reader_open(verifier->options->path, &options, &worker->reader, &blocks->why);
	if (r < 0)
		return r;
	worker->statements.db = worker->reader ? worker->reader->db : verifier->db;
	return 0;
}

static void worker_close(Worker *worker)
{
	statements_clear(&worker->statements);
	reader_free(worker->reader);
}

/** The first one works on the caller's thread. */
static int run_workers(Blocks *blocks, Worker *workers, unsigned n)
{
	unsigned started = 1;

	for (unsigned i = 0; i < n; i++) {
		int r = worker_open(&workers[i], blocks, i == 0);

		if (r < 0)
			return r;
	}
	for (; started < n; started++)
		if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0)
			break; /* fewer threads also do */
		else
			(void)pthread_setname_np(workers[started].thread, "verify");
	work(&workers[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	return atomic_load(&blocks->error);
}

static void close_workers(Blocks *blocks, Worker *workers, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (workers[i].latest_us > blocks->verifier->latest_us)
			blocks->verifier->latest_us = workers[i].latest_us;
		worker_close(&workers[i]);
	}
}

/* ---- the whole ---- */

/** The root when a partial block follows the full ones. */
static void join_rest(const MerkleTree *full, const MerkleHash *rest, MerkleHash *ret)
{
	MerkleHash hash = *rest;

	for (unsigned level = BLOCK_LEVEL; level < MERKLE_LEVELS; level++)
		if (full->size >> level & 1)
			merkle_hash_node(&full->edge[level], &hash, &hash);
	*ret = hash;
}

static void witness(Verifier *verifier, const KeptCheckpoint *kept, bool fits)
{
	if (fits) {
		verifier->fits = kept->size;
		verifier->found->witnessed++;
	} else if (verifier->differs == 0) {
		verifier->differs = kept->size;
	}
}

static void check_kept_checkpoint(Verifier *verifier, const MerkleTree *full, const KeptCheckpoint *kept)
{
	Checkpoint checkpoint;
	MerkleHash root;
	size_t text;
	int r;

	if (kept->size == full->size)
		merkle_tree_root(full, &root);
	else
		join_rest(full, &kept->rest, &root);
	r = note_read(kept->note, strlen(kept->note), &text, NULL);
	r = r < 0 ? r : checkpoint_parse(kept->note, text, &checkpoint, NULL);
	if (kept->witnessed && r == 0)
		witness(verifier, kept, merkle_hash_equal(&root, &checkpoint.root));
	else if (r < 0 || checkpoint.size != kept->size)
		verify_finding(
			verifier, "the checkpoint at %llu records is broken", (unsigned long long)kept->size);
	else if (!merkle_hash_equal(&root, &checkpoint.root))
		verify_finding(verifier,
			"the checkpoint at %llu records does not fit: a record up to there was changed, added or removed",
			(unsigned long long)kept->size);
}

/** Joins the blocks; each checkpoint is compared when the tree has all full blocks before it. */
static int join_blocks(Blocks *blocks)
{
	Verifier *verifier = blocks->verifier;
	MerkleTree tree = { 0 };
	size_t next = 0;
	int r;

	for (uint64_t block = 0; block <= blocks->n; block++) {
		uint64_t end = (block + 1) << BLOCK_LEVEL;

		for (; next < verifier->n_checkpoints && verifier->checkpoints[next].size < end; next++) {
			if (verifier->checkpoints[next].size > verifier->total)
				continue;
			check_kept_checkpoint(verifier, &tree, &verifier->checkpoints[next]);
		}
		if (end > verifier->total)
			continue;
		r = merkle_append_node(&tree, BLOCK_LEVEL, &blocks->roots[block], compare_above, verifier);
		if (r < 0)
			return r;
	}
	return 0;
}

static void tell_cut(Verifier *verifier)
{
	const KeptCheckpoint *newest =
		verifier->n_checkpoints > 0 ? &verifier->checkpoints[verifier->n_checkpoints - 1] : NULL;

	if (verifier->found->sealed > verifier->total)
		verify_finding(verifier,
			"the ledger was cut short: it has %llu records, its newest checkpoint was made"
			" at %llu",
			(unsigned long long)verifier->total, (unsigned long long)verifier->found->sealed);
	if (newest && newest->witnessed && newest->size > verifier->total)
		verify_finding(verifier,
			"the ledger lacks records %llu to %llu: a saved checkpoint covers them",
			(unsigned long long)verifier->total + 1, (unsigned long long)newest->size);
	if (verifier->differs)
		verify_finding(verifier,
			"the saved checkpoint at %llu records does not fit: the first difference is among records %llu"
			" to %llu",
			(unsigned long long)verifier->differs,
			(unsigned long long)(verifier->fits < verifier->differs ? verifier->fits : 0) + 1,
			(unsigned long long)verifier->differs);
}

int verify_records(Verifier *verifier)
{
	Blocks blocks = { .verifier = verifier, .n = (verifier->total + BLOCK_RECORDS - 1) >> BLOCK_LEVEL };
	unsigned threads = verifier->options->threads;
	_cleanup_(freep) Worker *workers = NULL;
	_cleanup_(freep) MerkleHash *roots = NULL;
	int r;

	if (threads > blocks.n)
		threads = blocks.n > 0 ? (unsigned)blocks.n : 1;
	workers = calloc(threads, sizeof *workers);
	roots = calloc(blocks.n + 1, sizeof *roots);
	if (!workers || !roots)
		return -ENOMEM;
	blocks.roots = roots;
	r = run_workers(&blocks, workers, threads);
	close_workers(&blocks, workers, threads);
	verifier->found->records = verifier->total;
	if (r < 0)
		return r;
	r = join_blocks(&blocks);
	if (r < 0)
		return r;
	tell_cut(verifier);
	return 0;
}
