/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Times the proofs and the verification of a ledger, beside bare loops that do the same work on the same
 * rows. It must only read the ledger.
 */

#include "bench-proof.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "bench.h"
#include "ledger/ledger-private.h"
#include "ledger/verify.h"

enum { PROOFS = 2001, ROUNDS = 3, BLOCK = 1 << 16, PROOF_MS_MAX = 5, BUSY_MS = 5000 };

/* ---- proofs ---- */

void bench_proofs(const char *path)
{
	Error error = { 0 };
	_cleanup_(ledger_freep) Ledger *ledger = NULL;
	BenchTimes times = { 0 };
	LedgerInfo info;

	if (ledger_open(&(LedgerOptions){ .path = path, .read_only = true }, &ledger, &info, &error) < 0)
		bench_fail("%s", error.text);
	for (uint64_t i = 0; i < PROOFS; i++) {
		json_auto_t *proof = NULL;
		int64_t started = bench_now_ns();

		/* far from each other, in no order */
		if (ledger_prove_now(ledger, 1 + i * 7919 * 1009 % info.checkpoint, &proof, &error) < 0)
			bench_fail("%s", error.text);
		bench_times_add(&times, bench_now_ns() - started);
	}
	bench_report(&(BenchFigure){ .bench = "audit",
		.figure = "an inclusion proof, p99; raw is what is allowed",
		.unit = "ms",
		.value = bench_times_us(&times, 99) / 1000,
		.raw = PROOF_MS_MAX,
		.ratio_max = 1 });
	bench_times_clear(&times);
}

/* ---- verification ---- */

/** What a bare loop does to each row. */
typedef enum ScanWork {
	SCAN_BYTES, /* the hash of its bytes, compared with the one beside them */
	SCAN_WHOLE, /* that, the tree, and the columns: all that a verification is for */
} ScanWork;

typedef struct Scan {
	const char *path;
	uint64_t records;
	ScanWork work;
	_Atomic uint64_t next;
} Scan;

/** One thread's. */
typedef struct Scanner {
	EVP_MD_CTX *context;
	EVP_MD *algorithm;
	ScanWork work;
	uint64_t size;                  /* leaves of the block's tree */
	uint8_t edge[64][DIGEST_BYTES]; /* its complete nodes, by level */
} Scanner;

static void need(sqlite3 *db, int result)
{
	if (result != SQLITE_OK)
		bench_fail("SQLite: %s", sqlite3_errmsg(db));
}

static void hash_bare(Scanner *scanner, const char *prefix, const void *bytes, size_t size, uint8_t *ret)
{
	if (EVP_DigestInit_ex2(scanner->context, scanner->algorithm, NULL) != 1 ||
		EVP_DigestUpdate(scanner->context, prefix, 1) != 1 ||
		EVP_DigestUpdate(scanner->context, bytes, size) != 1 ||
		EVP_DigestFinal_ex(scanner->context, ret, NULL) != 1)
		bench_fail("libcrypto gives no SHA-256");
}

/** RFC 6962: one node for each leaf but the first, on average. */
static void add_leaf(Scanner *scanner, const uint8_t *leaf)
{
	uint8_t pair[2][DIGEST_BYTES];
	unsigned level = 0;

	memcpy(pair[1], leaf, DIGEST_BYTES);
	for (; scanner->size >> level & 1; level++) {
		memcpy(pair[0], scanner->edge[level], DIGEST_BYTES);
		hash_bare(scanner, "\1", pair, sizeof pair, pair[1]);
	}
	memcpy(scanner->edge[level], pair[1], DIGEST_BYTES);
	scanner->size++;
}

/** The number behind `"name":` in a leaf, or -1. */
static int64_t number_in(const char *leaf, size_t size, const char *name)
{
	const char *at = memmem(leaf, size, name, strlen(name));

	return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

/** The least that tells whether the columns are what the bytes say: each is looked for by its name. */
static void compare_columns(sqlite3_stmt *row, const char *leaf, size_t size)
{
	static const char kind[] = "\"kind\":\"", utc[] = "\"utc\":\"";
	const char *tail = memmem(leaf, size, ",\"boot\":\"", 9); /* behind the body */
	size_t n = tail ? size - (size_t)(tail - leaf) : 0;
	const char *kind_at = memmem(tail, n, kind, sizeof kind - 1);
	const char *utc_at = memmem(tail, n, utc, sizeof utc - 1);
	int64_t us = sqlite3_column_int64(row, 4);
	time_t seconds = us / USEC_PER_SEC;
	struct tm calendar = { 0 };
	char *end;

	if (!kind_at || !utc_at || number_in(tail, n, "\"seq\":") != sqlite3_column_int64(row, 0) ||
		memcmp(kind_at + sizeof kind - 1, sqlite3_column_text(row, 3),
			(size_t)sqlite3_column_bytes(row, 3)) != 0)
		bench_fail("a column is not what the bytes say");
	/* the date's calendar is left out: its fraction of a second is enough for a limit */
	end = (char *)memchr(utc_at, '.', n - (size_t)(utc_at - tail));
	if (!end || !gmtime_r(&seconds, &calendar) || strtoll(end + 1, NULL, 10) != us % USEC_PER_SEC)
		bench_fail("a time is not what the bytes say");
	if (sqlite3_column_type(row, 5) != SQLITE_NULL &&
		number_in(leaf, size, "\"session\":") != sqlite3_column_int64(row, 5))
		bench_fail("a session is not what the bytes say");
}

static void scan_row(Scanner *scanner, sqlite3_stmt *row)
{
	const char *leaf = sqlite3_column_blob(row, 1);
	size_t size = (size_t)sqlite3_column_bytes(row, 1);
	uint8_t hash[DIGEST_BYTES];

	hash_bare(scanner, "", leaf, size, hash);
	if (memcmp(hash, sqlite3_column_blob(row, 2), DIGEST_BYTES) != 0)
		bench_fail("a record does not match its hash");
	if (scanner->work == SCAN_WHOLE) {
		add_leaf(scanner, hash);
		compare_columns(row, leaf, size);
	}
}

static void scan_block(Scanner *scanner, sqlite3_stmt *rows, uint64_t block)
{
	scanner->size = 0;
	sqlite3_reset(rows);
	sqlite3_bind_int64(rows, 1, (int64_t)(block * BLOCK));
	sqlite3_bind_int64(rows, 2, (int64_t)((block + 1) * BLOCK));
	while (sqlite3_step(rows) == SQLITE_ROW)
		scan_row(scanner, rows);
}

static void *scan_thread(void *userdata)
{
	Scan *scan = userdata;
	Scanner scanner = {
		.context = EVP_MD_CTX_new(),
		.algorithm = EVP_MD_fetch(NULL, "SHA256", NULL),
		.work = scan->work,
	};
	sqlite3_stmt *rows = NULL;
	sqlite3 *db = NULL;
	uint64_t block;

	need(db, sqlite3_open_v2(scan->path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL));
	need(db, sqlite3_busy_timeout(db, BUSY_MS));
	need(db,
		sqlite3_prepare_v2(db,
			"SELECT seq, leaf, hash, kind, utc_us, session, published FROM record WHERE seq > ? AND seq <= ?",
			-1, &rows, NULL));
	while ((block = atomic_fetch_add(&scan->next, 1)) * BLOCK < scan->records)
		scan_block(&scanner, rows, block);
	sqlite3_finalize(rows);
	sqlite3_close(db);
	EVP_MD_CTX_free(scanner.context);
	EVP_MD_free(scanner.algorithm);
	return NULL;
}

static double scan_bare(const char *path, uint64_t records, unsigned threads, ScanWork work)
{
	Scan scan = { .path = path, .records = records, .work = work };
	pthread_t others[VERIFY_THREADS_MAX];
	int64_t started = bench_now_ns();

	for (unsigned i = 1; i < threads; i++)
		bench_check(-pthread_create(&others[i], NULL, scan_thread, &scan), "a thread");
	scan_thread(&scan);
	for (unsigned i = 1; i < threads; i++)
		pthread_join(others[i], NULL);
	return (double)records / ((double)(bench_now_ns() - started) / 1e9);
}

static void on_finding(void *userdata, const char *text)
{
	bench_fail("%s", text);
}

static double verify(const char *path, unsigned threads, uint64_t *ret_records)
{
	Error error = { 0 };
	Verification found;
	VerifyOptions options = {
		.path = path,
		.parts = VERIFY_RECORDS,
		.threads = threads,
		.finding = on_finding,
	};
	int64_t started = bench_now_ns();

	if (ledger_verify(&options, &found, &error) < 0)
		bench_fail("%s", error.text);
	*ret_records = found.records;
	return (double)found.records / ((double)(bench_now_ns() - started) / 1e9);
}

/**
 * Beside two loops. The one that hashes the records' bytes alone does less than a verification must: RFC 6962
 * asks for one more hash for each record, of 65 bytes, and the columns that queries read are to be compared.
 * The limit is the loop that does all of it and nothing else.
 */
void bench_verification(const char *path)
{
	const unsigned counts[] = { 1, (unsigned)sysconf(_SC_NPROCESSORS_ONLN) };

	for (size_t i = 0; i < ELEMENTS(counts); i++) {
		unsigned threads = counts[i] < VERIFY_THREADS_MAX ? counts[i] : VERIFY_THREADS_MAX;
		double ours = 0, bytes = 0, whole = 0;
		uint64_t records = 0;
		char title[80];

		for (int k = 0; k < ROUNDS; k++) {
			ours = fmax(ours, verify(path, threads, &records));
			bytes = fmax(bytes, scan_bare(path, records, threads, SCAN_BYTES));
			whole = fmax(whole, scan_bare(path, records, threads, SCAN_WHOLE));
		}
		snprintf(title, sizeof title, "records verified; raw is the same work, threads: %u", threads);
		bench_report(&(BenchFigure){ .bench = "audit",
			.figure = title,
			.unit = "1/s",
			.value = ours,
			.raw = whole,
			.ratio_min = 0.9 });
		snprintf(title, sizeof title, "the same; raw is hashing the bytes alone, threads: %u",
			threads);
		bench_report(&(BenchFigure){
			.bench = "audit", .figure = title, .unit = "1/s", .value = ours, .raw = bytes });
	}
}
