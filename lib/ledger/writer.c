/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The ledger thread: it writes the records in groups and answers requests. While it runs, only this thread
 * writes the ledger's file. It must not report a record as written before the commit is durable.
 */

#include "ledger/tree.h"

#include <poll.h>
#include <string.h>

#include "util/log.h"

/* ---- a group ---- */

static void run_lookup(Ledger *ledger, Request *request)
{
	Error error = { 0 };

	json_decref(request->rows);
	request->rows = NULL;
	request->answer.error =
		query_rows(ledger->db, request->query, request->arguments, &request->rows, &error);
	if (request->answer.error < 0 && request->answer.error != -EINVAL)
		log_warning("the ledger could not be read: %s", error.text);
}

/** A proof covers only committed records: if no checkpoint covers the record, this group makes one. */
static void expect_proof(Ledger *ledger, const Request *request)
{
	if (request->what == REQUEST_PROVE && request->number > ledger->sealer.size &&
		request->number <= ledger->seq)
		ledger->sealer.now = true;
}

/** A person has recorded that the newest time was wrong; the group writes it again. */
static int forget_newest(Ledger *ledger)
{
	return ledger_errno(
		statement_run(&ledger->statements, "DELETE FROM meta WHERE name = 'newest_utc_us'"));
}

static int run_append(Ledger *ledger, Request *request, const ClockReading *now, int64_t *newest_us)
{
	int r = request->answer.error < 0 ? 0 : append_record(ledger, request, now, *newest_us);

	while (r == 0 && request->answer.error == 0 && request->more)
		r = append_record(ledger, request, now, *newest_us);
	if (r < 0 || request->answer.error < 0)
		return r;
	if (!request->kind->corrects_clock) {
		*newest_us = mark_raised(ledger, now, *newest_us);
		return 0;
	}
	*newest_us = now->utc_us;
	return forget_newest(ledger);
}

static int run_request(Ledger *ledger, Request *request, const ClockReading *now, int64_t *newest_us)
{
	int r;

	switch (request->what) {
	case REQUEST_LOOKUP:
		run_lookup(ledger, request);
		break;
	case REQUEST_ROTATE:
		r = key_rotate(ledger, request);
		return r < 0 ? r : run_append(ledger, request, now, newest_us);
	case REQUEST_APPEND:
		return run_append(ledger, request, now, newest_us);
	case REQUEST_PROVE:
	case REQUEST_CHECKPOINT:
		expect_proof(ledger, request);
		break;
	}
	return 0;
}

/**
 * SQLite recognises a full disk, but reports an exhausted quota or a file grown too large as an I/O error.
 * Only the errno of the failed write, still set in this thread, tells them apart.
 */
static int name_failure(int r)
{
	return r == -EIO && (errno == EDQUOT || errno == EFBIG) ? -ENOSPC : r;
}

/** One transaction, including its COMMIT. On failure the caller rolls back. */
static int write_transaction(
	Ledger *ledger, Request **group, size_t n, const ClockReading *now, int64_t *newest_us)
{
	uint64_t before = ledger->seq;
	int r = leaf_begin_group(&ledger->leaf, ledger->station, now);

	if (r < 0)
		return r;
	r = ledger_errno(statement_run(&ledger->statements, "BEGIN IMMEDIATE"));
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		r = run_request(ledger, group[i], now, newest_us);
		if (r < 0)
			return r;
	}
	if (*newest_us != atomic_load(&ledger->newest_utc_us))
		r = append_mark(ledger, "newest_utc_us", *newest_us);
	if (r < 0)
		return r;
	if (ledger->seq > before)
		r = append_day(ledger, before, now->utc_us);
	if (r < 0)
		return r;
	r = seal_if_due(ledger, now);
	return r < 0 ? r : ledger_errno(statement_run(&ledger->statements, "COMMIT"));
}

int writer_commit(Ledger *ledger, Request **group, size_t n)
{
	int64_t newest_us = atomic_load(&ledger->newest_utc_us);
	/*
	 * one reading for the group, which becomes durable at one moment: reading the synchronisation takes a
	 * system call
	 */
	ClockReading now = clock_read(ledger->clock);
	const MerkleTree tree = ledger->tree;
	int r = write_transaction(ledger, group, n, &now, &newest_us);

	key_settle(ledger, r == 0);
	if (r < 0) {
		r = name_failure(r);
		if (!sqlite3_get_autocommit(ledger->db))
			(void)statement_run(&ledger->statements, "ROLLBACK");
		ledger->tree = tree;
		ledger->seq = tree.size;
		ledger->sealer.now = ledger->sealer.prompt = false;
		return r;
	}
	atomic_store(&ledger->newest_utc_us, newest_us);
	mark_settle(ledger, &now, newest_us);
	seal_settle(ledger, &now);
	return 0;
}

static void set_health(Ledger *ledger, int r)
{
	bool was = atomic_exchange(&ledger->healthy, r == 0);

	if (was && r < 0 && !atomic_load(&ledger->moved))
		log_line(LOG_ERR, LOG_ID_LEDGER_UNHEALTHY,
			"the ledger %s cannot be written (%s): nothing can be done until it can; check the disk",
			ledger->path, strerror(-r));
	if (!was && r == 0) {
		log_notice("the ledger can be written again");
		ring_wake(ledger->answers);
	}
}

/** Whether the request only reads. */
static bool is_question(const Request *request)
{
	return request->rows_done != NULL;
}

static void answer_proof(Ledger *ledger, Request *request)
{
	Statements *statements = &ledger->statements;

	if (request->what == REQUEST_PROVE)
		request->answer.error =
			prove_record(statements, ledger->path, request->number, &request->rows);
	else
		request->answer.error = prove_checkpoint(statements, request->number, &request->rows);
}

/** Answers outside a group's transaction, so that only committed data is returned. */
static void answer_question(Ledger *ledger, Request *request)
{
	if (request->what == REQUEST_LOOKUP)
		run_lookup(ledger, request);
	else
		answer_proof(ledger, request);
}

static void answer_proofs(Ledger *ledger, Request **group, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (group[i]->what == REQUEST_PROVE || group[i]->what == REQUEST_CHECKPOINT)
			answer_proof(ledger, group[i]);
}

static bool needs_commit(const Ledger *ledger, const Request *request)
{
	if (request->what == REQUEST_PROVE)
		return ledger->sealer.signer && request->number > ledger->sealer.size &&
		       request->number <= ledger->seq;
	return !is_question(request) && request->answer.error == 0;
}

/** Nothing that was written in a failed group has happened: no answer may say otherwise. */
static void fail_group(Ledger *ledger, Request **group, size_t n, int r)
{
	for (size_t i = 0; i < n; i++) {
		LedgerAnswer *answer = &group[i]->answer;

		if (is_question(group[i])) {
			answer_question(ledger, group[i]);
			continue;
		}
		if (ledger_is_refusal(answer->error))
			continue;
		*answer = (LedgerAnswer){ .error = ledger_is_refusal(r) ? -EIO : r };
		if (r == -ENOSPC)
			snprintf(answer->text, LEDGER_TEXT_MAX,
				"the disk is full: free space, then try again");
		else if (atomic_load(&ledger->moved))
			snprintf(answer->text, LEDGER_TEXT_MAX, "%s", ledger_ailment_text(LEDGER_MOVED));
		else
			snprintf(answer->text, LEDGER_TEXT_MAX,
				"the ledger could not be written (%s): check the disk, then try again",
				strerror(-r));
	}
}

/**
 * Requests that were queued before their sender could know of the last failure fail with it, so that nothing
 * overtakes what must be queued again. Returns their number: they come before the others.
 */
static size_t fail_followers(Ledger *ledger, Request **group, size_t n)
{
	size_t followers = 0;

	while (followers < n && group[followers]->failures < ledger->failures)
		followers++;
	fail_group(ledger, group, followers, ledger->failure);
	return followers;
}

/**
 * Saves the checkpoint beside the file before anybody relies on records, above all a claim, that matter most
 * if an older copy of the ledger is put back.
 */
static int save_promptly(Ledger *ledger)
{
	bool prompt = ledger->sealer.prompt;

	ledger->sealer.prompt = false;
	return prompt ? name_failure(seal_save(ledger)) : 0;
}

static void scrub(Ledger *ledger, int wait_ms);

/**
 * An erasure is answered when its data has also left the write-ahead log. Our own readers that are in the way
 * are ended. Another program's cannot be ended: then the answer says so. It is tried again when the station
 * is quiet, and after each start.
 */
static void finish_erasures(Ledger *ledger, Request **group, size_t n)
{
	bool erased = false;

	for (size_t i = 0; i < n; i++)
		erased = erased || (group[i]->erased && group[i]->answer.error == 0);
	if (!erased)
		return;
	atomic_store(&ledger->erasing, true);
	atomic_store(&ledger->check_leave, true);
	scrub(ledger, LEDGER_SCRUB_MS);
	atomic_store(&ledger->erasing, false);
	for (size_t i = 0; i < n; i++)
		group[i]->answer.lingers = group[i]->erased && ledger->scrub;
}

/** What went into a deleted or replaced file was not recorded. */
static int commit_in_place(Ledger *ledger, Request **group, size_t n)
{
	int r = place_check(ledger);

	if (r < 0)
		return r;
	r = writer_commit(ledger, group, n);
	return r < 0 ? r : place_check(ledger);
}

static void write_group(Ledger *ledger, Request **group, size_t n)
{
	bool writes = false;
	int r;

	for (size_t i = 0; i < n; i++)
		writes = writes || needs_commit(ledger, group[i]);
	if (!writes) {
		/* nothing to commit: reads are answered even when the disk accepts no writes */
		for (size_t i = 0; i < n; i++)
			if (is_question(group[i]))
				answer_question(ledger, group[i]);
		return;
	}
	r = commit_in_place(ledger, group, n);
	if (r < 0) {
		ledger->failures++;
		ledger->failure = r;
		fail_group(ledger, group, n, r);
	} else {
		answer_proofs(ledger, group, n);
		/*
		 * committed records are answered as committed: if only the checkpoint beside the file is
		 * missing, nothing is armed
		 */
		r = save_promptly(ledger);
		finish_erasures(ledger, group, n);
	}
	set_health(ledger, r);
}

/* ---- when it is quiet ---- */

static void checkpoint(Ledger *ledger)
{
	int left = 0, done = 0;

	if (sqlite3_wal_checkpoint_v2(ledger->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &left, &done) == SQLITE_OK)
		ledger->wal_pages = 0;
}

/**
 * Removes erased data from the write-ahead log by truncating it. A reader of older pages delays this by at
 * most `wait_ms`.
 */
static void scrub(Ledger *ledger, int wait_ms)
{
	int r;

	(void)sqlite3_busy_timeout(ledger->db, wait_ms);
	r = sqlite3_wal_checkpoint_v2(ledger->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	(void)sqlite3_busy_timeout(ledger->db, LEDGER_BUSY_MS);
	if (r != SQLITE_OK)
		return;
	ledger->scrub = false;
	ledger->wal_pages = 0;
}

static int write_probe(Ledger *ledger)
{
	int r = place_check(ledger);

	if (r < 0)
		return r;
	r = ledger_errno(statement_run(&ledger->statements, "BEGIN IMMEDIATE"));
	if (r < 0)
		return r;
	r = append_mark(ledger, "probe", clock_read(ledger->clock).monotonic_us);
	return r < 0 ? r : ledger_errno(statement_run(&ledger->statements, "COMMIT"));
}

/** While the disk fails, a small write every second shows when it works again. */
static void probe(Ledger *ledger)
{
	int r = name_failure(write_probe(ledger));

	if (r < 0 && !sqlite3_get_autocommit(ledger->db))
		(void)statement_run(&ledger->statements, "ROLLBACK");
	r = r < 0 ? r : name_failure(seal_save(ledger));
	/* moving the log's content into the file frees room in the log */
	if (r == -ENOSPC)
		checkpoint(ledger);
	set_health(ledger, r);
}

static void idle(Ledger *ledger)
{
	/* a checkpoint would write into the file that took its place */
	if (!atomic_load(&ledger->healthy) || atomic_load(&ledger->moved))
		probe(ledger);
	else if (seal_timeout(ledger) == 0)
		set_health(ledger, writer_commit(ledger, NULL, 0));
	else if (seal_unsaved(ledger))
		set_health(ledger, seal_save(ledger));
	else if (ledger->scrub)
		scrub(ledger, 0);
	else
		checkpoint(ledger);
}

static int idle_timeout(Ledger *ledger)
{
	if (!atomic_load(&ledger->healthy) || atomic_load(&ledger->moved))
		return LEDGER_PROBE_MS;
	if (ledger->scrub || ledger->wal_pages > LEDGER_CHECKPOINT_PAGES || seal_unsaved(ledger))
		return LEDGER_QUIET_MS;
	return seal_timeout(ledger);
}

static void wait_for_requests(Ledger *ledger)
{
	struct pollfd ready = { .fd = ring_fd(ledger->requests), .events = POLLIN };
	int r = 1;

	/* atomic on both sides: either the request is seen here, or its sender sees that it must wake us */
	health_end(ledger);
	atomic_exchange(&ledger->asleep, true);
	if (ring_count(ledger->requests) == 0)
		r = poll(&ready, 1, idle_timeout(ledger));
	health_begin(ledger);
	atomic_store(&ledger->asleep, false);
	if (r != 0)
		ring_clear(ledger->requests);
	else
		idle(ledger);
}

/* ---- the thread ---- */

static int count_wal_pages(void *userdata, sqlite3 *db, const char *name, int pages)
{
	((Ledger *)userdata)->wal_pages = pages;
	return SQLITE_OK;
}

static size_t take_group(Ledger *ledger, Request **group)
{
	size_t n = 0;

	while (n < LEDGER_GROUP_MAX && ring_pop(ledger->requests, &group[n]))
		n++;
	return n;
}

static void give_answers(Ledger *ledger, Request **group, size_t n)
{
	/* the ring has room for every waiting request: ledger.c counts them */
	for (size_t i = 0; i < n; i++) {
		group[i]->failures = ledger->failures;
		if (!ring_push_quiet(ledger->answers, &group[i]))
			request_free(group[i]);
	}
	ring_wake(ledger->answers);
}

void *ledger_thread(void *userdata)
{
	Ledger *ledger = userdata;
	Request *group[LEDGER_GROUP_MAX];

	(void)pthread_setname_np(pthread_self(), "ledger");
	for (;;) {
		/* read before the ring: what was queued until then is still taken */
		bool leave = atomic_load(&ledger->leave);
		size_t n = take_group(ledger, group);

		health_begin(ledger);
		if (n > 0) {
			size_t followers = fail_followers(ledger, group, n);

			write_group(ledger, group + followers, n - followers);
			give_answers(ledger, group, n);
			health_begin(ledger);
			if (ledger->scrub)
				scrub(ledger, 0);
			else if (ledger->wal_pages > LEDGER_CHECKPOINT_FORCE)
				checkpoint(ledger);
		} else if (leave) {
			break;
		} else {
			wait_for_requests(ledger);
		}
	}
	if (place_check(ledger) < 0)
		return NULL;
	(void)!seal_save(ledger);
	return NULL;
}

/** If so, a crash may have left the data in the log. */
static bool was_erased(sqlite3 *db)
{
	return statement_number(db, "SELECT 1 FROM record WHERE kind = 'personal.erased' LIMIT 1", 0) != 0;
}

void writer_prepare(Ledger *ledger)
{
	ledger->statements.db = ledger->db;
	ledger->scrub = was_erased(ledger->db);
	sqlite3_wal_hook(ledger->db, count_wal_pages, ledger);
}

void writer_finish(Ledger *ledger)
{
	statements_clear(&ledger->statements);
	leaf_clear(&ledger->leaf);
}
