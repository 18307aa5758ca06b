/* SPDX-License-Identifier: Apache-2.0 */
#include "bench-proof.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "bench.h"
#include "ledger/ledger-private.h"
#include "ledger/verify.h"

enum { PROOFS = 2001, ROUNDS = 3, BLOCK = 1 << 16, PROOF_MS_MAX = 5, BUSY_MS = 5000 };

/* ---- proofs ---- */

void bench_proofs(const char *path)
{
	char error[LEDGER_TEXT_MAX] = "";
	_cleanup_(ledger_freep) Ledger *ledger = NULL;
	BenchTimes times = { 0 };
	LedgerInfo info;

	if (ledger_open(&(LedgerOptions){ .path = path, .read_only = true }, &ledger, &info, error) < 0)
		bench_fail("%s", error);
	for (uint64_t i = 0; i < PROOFS; i++) {
		json_auto_t *proof = NULL;
		int64_t started = bench_now_ns();

		/* far from each other, in no order */
		if (ledger_prove_now(ledger, 1 + i * 7919 * 1009 % info.checkpoint, &proof, error) < 0)
			bench_fail("%s", error);
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

typedef struct Scan {
	const char *path;
	uint64_t records;
	_Atomic uint64_t next;
} Scan;

static void need(sqlite3 *db, int result)
{
	if (result != SQLITE_OK)
		bench_fail("SQLite: %s", sqlite3_errmsg(db));
}

static void hash_bare(EVP_MD_CTX *context, const EVP_MD *algorithm, const void *leaf, size_t size,
	uint8_t ret[DIGEST_BYTES])
{
	if (EVP_DigestInit_ex2(context, algorithm, NULL) != 1 || EVP_DigestUpdate(context, "\0", 1) != 1 ||
		EVP_DigestUpdate(context, leaf, size) != 1 || EVP_DigestFinal_ex(context, ret, NULL) != 1)
		bench_fail("libcrypto gives no SHA-256");
}

static void scan_block(sqlite3_stmt *rows, EVP_MD_CTX *context, const EVP_MD *algorithm, uint64_t block)
{
	uint8_t hash[DIGEST_BYTES];

	sqlite3_reset(rows);
	sqlite3_bind_int64(rows, 1, (int64_t)(block * BLOCK));
	sqlite3_bind_int64(rows, 2, (int64_t)((block + 1) * BLOCK));
	while (sqlite3_step(rows) == SQLITE_ROW) {
		hash_bare(context, algorithm, sqlite3_column_blob(rows, 1),
			(size_t)sqlite3_column_bytes(rows, 1), hash);
		if (memcmp(hash, sqlite3_column_blob(rows, 2), DIGEST_BYTES) != 0)
			bench_fail("a record does not match its hash");
	}
}

static void *scan_thread(void *userdata)
{
	Scan *scan = userdata;
	EVP_MD *algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	sqlite3_stmt *rows = NULL;
	sqlite3 *db = NULL;
	uint64_t block;

	need(db, sqlite3_open_v2(scan->path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL));
	need(db, sqlite3_busy_timeout(db, BUSY_MS));
	need(db,
		sqlite3_prepare_v2(db,
			"SELECT seq, leaf, hash, kind, utc_us, session FROM record WHERE seq > ? AND seq <= ?",
			-1, &rows, NULL));
	while ((block = atomic_fetch_add(&scan->next, 1)) * BLOCK < scan->records)
		scan_block(rows, context, algorithm, block);
	sqlite3_finalize(rows);
	sqlite3_close(db);
	EVP_MD_CTX_free(context);
	EVP_MD_free(algorithm);
	return NULL;
}

static double scan_bare(const char *path, uint64_t records, unsigned threads)
{
	Scan scan = { .path = path, .records = records };
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
	char error[LEDGER_TEXT_MAX] = "";
	Verification found;
	VerifyOptions options = {
		.path = path,
		.parts = VERIFY_RECORDS,
		.threads = threads,
		.finding = on_finding,
	};
	int64_t started = bench_now_ns();

	if (ledger_verify(&options, &found, error) < 0)
		bench_fail("%s", error);
	*ret_records = found.records;
	return (double)found.records / ((double)(bench_now_ns() - started) / 1e9);
}

void bench_verification(const char *path)
{
	const unsigned counts[] = { 1, (unsigned)sysconf(_SC_NPROCESSORS_ONLN) };

	for (size_t i = 0; i < ELEMENTS(counts); i++) {
		unsigned threads = counts[i] < VERIFY_THREADS_MAX ? counts[i] : VERIFY_THREADS_MAX;
		double ours = 0, theirs = 0;
		uint64_t records = 0;
		char title[80];

		for (int k = 0; k < ROUNDS; k++) {
			ours = fmax(ours, verify(path, threads, &records));
			theirs = fmax(theirs, scan_bare(path, records, threads));
		}
		snprintf(title, sizeof title,
			"records verified; raw is reading and hashing them, threads: %u", threads);
		bench_report(&(BenchFigure){ .bench = "audit",
			.figure = title,
			.unit = "1/s",
			.value = ours,
			.raw = theirs,
			.ratio_min = 0.9 });
	}
}
