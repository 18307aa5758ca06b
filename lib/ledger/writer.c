/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The ledger thread: it writes the records in groups and answers requests. While it runs, only this thread
 * writes the ledger's file. It must not answer that something is recorded before the commit is durable.
 */

#include "ledger/tree.h"

#include <poll.h>
#include <string.h>

#include "util/log.h"

enum { SALT_BYTES = 16 };

/* ---- one record ---- */

/** Steps a statement and maps the result. No constraint of these tables is a refusal: it is damage. */
static int step(sqlite3_stmt *statement)
{
	int r = ledger_errno(statement_step(statement));

	return r == -EEXIST ? -EIO : r;
}

static int insert_personal(
	Ledger *ledger, const Request *request, uint64_t seq, char commitment[DIGEST_HEX_MAX])
{
	_cleanup_(statement_donep) sqlite3_stmt *insert = NULL;
	uint8_t salt[SALT_BYTES], digest[DIGEST_BYTES];
	DigestPart parts[2] = { { salt, sizeof salt }, { request->personal, strlen(request->personal) } };
	int r = random_bytes(salt, sizeof salt);

	if (r == 0)
		r = digester_compute(ledger->digester, parts, 2, digest);
	if (r == 0)
		r = ledger_errno(statement_get(&ledger->statements,
			"INSERT INTO personal(seq, salt, data) VALUES(?, ?, ?)", &insert));
	if (r < 0)
		return r;
	hex_encode(digest, sizeof digest, commitment);
	sqlite3_bind_int64(insert, 1, (int64_t)seq);
	sqlite3_bind_blob(insert, 2, salt, sizeof salt, SQLITE_STATIC);
	sqlite3_bind_text(insert, 3, request->personal, -1, SQLITE_STATIC);
	return step(insert);
}

static int insert_record(Ledger *ledger, const Request *request, int64_t utc_us, uint64_t seq)
{
	_cleanup_(statement_donep) sqlite3_stmt *insert = NULL;
	MerkleHash hash;
	int r = merkle_hash_leaf(ledger->digester, ledger->leaf.text, ledger->leaf.size, &hash);

	if (r == 0)
		r = ledger_errno(statement_get(&ledger->statements,
			"INSERT INTO record(seq, kind, utc_us, session, published, leaf, hash)"
			" VALUES(?, ?, ?, ?, ?, ?, ?)",
			&insert));
	if (r < 0)
		return r;
	sqlite3_bind_int64(insert, 1, (int64_t)seq);
	sqlite3_bind_text(insert, 2, request->kind->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(insert, 3, utc_us);
	if (request->session > 0)
		sqlite3_bind_int64(insert, 4, (int64_t)request->session);
	sqlite3_bind_int(insert, 5, request->kind->topic != NULL);
	sqlite3_bind_blob64(insert, 6, ledger->leaf.text, ledger->leaf.size, SQLITE_STATIC);
	sqlite3_bind_blob(insert, 7, hash.bytes, sizeof hash.bytes, SQLITE_STATIC);
	r = step(insert);
	return r < 0 ? r : tree_append(&ledger->statements, ledger->digester, &ledger->tree, &hash);
}

static int insert_attachment(Ledger *ledger, const Request *request, uint64_t seq)
{
	_cleanup_(statement_donep) sqlite3_stmt *insert = NULL;
	int r = ledger_errno(statement_get(
		&ledger->statements, "INSERT INTO attachment(seq, data) VALUES(?, ?)", &insert));

	if (r < 0)
		return r;
	sqlite3_bind_int64(insert, 1, (int64_t)seq);
	sqlite3_bind_blob64(insert, 2, request->attachment, request->attachment_size, SQLITE_STATIC);
	return step(insert);
}

/** Runs the projection and takes over a body that it completed. */
static int project(Ledger *ledger, Request *request, const ClockReading *now, int64_t newest_us)
{
	json_auto_t *actor = json_loads(request->actor, JSON_DECODE_ANY, NULL);
	ProjectionContext context = {
		.statements = &ledger->statements,
		.seq = ledger->seq + 1,
		.utc_us = now->utc_us,
		.newest_us = newest_us,
		.actor = json_string_value(actor),
		.body = request->fields,
		.answer = &request->answer,
	};
	json_auto_t *personal = request->personal ? json_loads(request->personal, 0, NULL) : NULL;
	int r;

	if (!actor)
		return -ENOMEM;
	context.personal = personal;
	r = projection_apply(request->projection, &context);
	if (r == 0 && context.personal_changed) {
		free(request->personal);
		request->personal = json_dumps(personal, LEDGER_JSON);
		if (!request->personal)
			return -ENOMEM;
	}
	if (context.erased)
		ledger->scrub = true;
	request->erased = context.erased;
	if (r < 0 || !context.body_changed)
		return r;
	request->session = (uint64_t)json_integer_value(json_object_get(request->fields, "session"));
	free(request->body);
	request->body = json_dumps(request->fields, LEDGER_JSON);
	return request->body ? 0 : -ENOMEM;
}

/** A refusal undoes what its own projection wrote, no more, and is kept in the answer. */
static int project_or_refuse(Ledger *ledger, Request *request, const ClockReading *now, int64_t newest_us)
{
	int refused, r = statement_run(&ledger->statements, "SAVEPOINT one");

	if (r != SQLITE_OK)
		return ledger_errno(r);
	refused = project(ledger, request, now, newest_us);
	if (refused < 0 && !ledger_is_refusal(refused))
		return refused;
	if (refused < 0)
		r = statement_run(&ledger->statements, "ROLLBACK TO one");
	if (r == SQLITE_OK)
		r = statement_run(&ledger->statements, "RELEASE one");
	request->answer.error = refused;
	return ledger_errno(r);
}

/** All that one record writes. 0 also when it was refused; anything else is the group's failure. */
static int write_record(Ledger *ledger, Request *request, const ClockReading *now, int64_t newest_us)
{
	uint64_t seq = ledger->seq + 1;
	char commitment[DIGEST_HEX_MAX];
	int r = 0;

	if (request->projection)
		r = project_or_refuse(ledger, request, now, newest_us);
	if (r < 0 || request->answer.error < 0)
		return r;
	if (request->personal)
		r = insert_personal(ledger, request, seq, commitment);
	if (r < 0)
		return r;
	r = leaf_write(&ledger->leaf, request, seq, request->personal ? commitment : NULL);
	if (r == 0)
		r = insert_record(ledger, request, now->utc_us, seq);
	if (r == 0 && request->attachment)
		r = insert_attachment(ledger, request, seq);
	if (r < 0)
		return r;
	ledger->seq = seq;
	ledger->sealer.now = ledger->sealer.now || request->kind->seals;
	ledger->sealer.prompt = ledger->sealer.prompt || request->kind->seals;
	request->answer.seq = seq;
	return 0;
}

/* ---- a group ---- */

/** Only ever raises the number. */
static int write_meta(Ledger *ledger, const char *name, int64_t value)
{
	_cleanup_(statement_donep) sqlite3_stmt *statement = NULL;
	int r = ledger_errno(statement_get(&ledger->statements,
		"INSERT INTO meta(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = max(value,"
		" excluded.value)",
		&statement));

	if (r < 0)
		return r;
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, value);
	return step(statement);
}

/** Puts the records after `before` into their day; a group has one time. */
static int write_day(Ledger *ledger, uint64_t before, int64_t utc_us)
{
	_cleanup_(statement_donep) sqlite3_stmt *statement = NULL;
	int r = ledger_errno(statement_get(&ledger->statements,
		"INSERT INTO record_day(day, first_seq, last_seq) VALUES(?, ?, ?) ON CONFLICT(day) DO UPDATE SET"
		" last_seq = excluded.last_seq",
		&statement));

	if (r < 0)
		return r;
	sqlite3_bind_int64(statement, 1, utc_us / USEC_PER_DAY);
	sqlite3_bind_int64(statement, 2, (int64_t)before + 1);
	sqlite3_bind_int64(statement, 3, (int64_t)ledger->seq);
	return step(statement);
}

static void look_up(Ledger *ledger, Request *request)
{
	Error error = { 0 };

	json_decref(request->rows);
	request->rows = NULL;
	request->answer.error =
		query_rows(ledger->db, request->query, request->arguments, &request->rows, &error);
	if (request->answer.error < 0 && request->answer.error != -EINVAL)
		log_warning("the ledger could not be read: %s", error.text);
}

/** A proof is taken from what is committed: where no checkpoint covers the record, this group makes one. */
static void expect_proof(Ledger *ledger, const Request *request)
{
	if (request->what == REQUEST_PROVE && request->number > ledger->sealer.size &&
		request->number <= ledger->seq)
		ledger->sealer.now = true;
}

/** A person has said that it was wrong; it is written anew with the group. */
static int forget_newest(Ledger *ledger)
{
	return ledger_errno(
		statement_run(&ledger->statements, "DELETE FROM meta WHERE name = 'newest_utc_us'"));
}

static int run_append(Ledger *ledger, Request *request, const ClockReading *now, int64_t *newest_us)
{
	int r = request->answer.error < 0 ? 0 : write_record(ledger, request, now, *newest_us);

	if (r < 0 || !request->answer.seq)
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
	int r = 0;

	switch (request->what) {
	case REQUEST_LOOKUP:
		look_up(ledger, request);
		break;
	case REQUEST_ROTATE:
		r = key_rotate(ledger, request);
		if (r == 0)
			r = run_append(ledger, request, now, newest_us);
		break;
	case REQUEST_APPEND:
		r = run_append(ledger, request, now, newest_us);
		break;
	case REQUEST_PROVE:
	case REQUEST_CHECKPOINT:
		expect_proof(ledger, request);
		break;
	}
	return r;
}

/**
 * SQLite knows a full disk, but calls a used-up quota or a file grown too large an I/O error. Only the failed
 * write's errno, still this thread's, tells them apart.
 */
static int name_failure(int r)
{
	return r == -EIO && (errno == EDQUOT || errno == EFBIG) ? -ENOSPC : r;
}

int writer_commit(Ledger *ledger, Request **group, size_t n)
{
	int64_t newest_us = atomic_load(&ledger->newest_utc_us);
	/* one for the group, which is durable at one moment: whether it is synchronised takes a system call
	 */
	ClockReading now = clock_read(ledger->clock);
	const MerkleTree tree = ledger->tree;
	int r = leaf_begin_group(&ledger->leaf, ledger->station, &now);

	if (r == 0)
		r = ledger_errno(statement_run(&ledger->statements, "BEGIN IMMEDIATE"));
	for (size_t i = 0; i < n && r == 0; i++)
		r = run_request(ledger, group[i], &now, &newest_us);
	if (r == 0 && newest_us != atomic_load(&ledger->newest_utc_us))
		r = write_meta(ledger, "newest_utc_us", newest_us);
	if (r == 0 && ledger->seq > tree.size)
		r = write_day(ledger, tree.size, now.utc_us);
	if (r == 0)
		r = seal_if_due(ledger, &now);
	if (r == 0)
		r = ledger_errno(statement_run(&ledger->statements, "COMMIT"));
	key_settle(ledger, r == 0);
	if (r == 0) {
		atomic_store(&ledger->newest_utc_us, newest_us);
		mark_settle(ledger, &now, newest_us);
		seal_settle(ledger, &now);
		return 0;
	}
	r = name_failure(r);
	if (!sqlite3_get_autocommit(ledger->db))
		(void)statement_run(&ledger->statements, "ROLLBACK");
	ledger->tree = tree;
	ledger->seq = tree.size;
	ledger->sealer.now = ledger->sealer.prompt = false;
	return r;
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

/** Those that only read. */
static bool is_question(const Request *request)
{
	return request->rows_done != NULL;
}

static void answer_proof(Ledger *ledger, Request *request)
{
	Statements *statements = &ledger->statements;

	if (request->what == REQUEST_PROVE)
		request->answer.error =
			prove_record(statements, ledger->digester, request->number, &request->rows);
	else
		request->answer.error =
			prove_checkpoint(statements, ledger->digester, request->number, &request->rows);
}

/** Outside of a group's transaction: what was committed is what is answered. */
static void answer_question(Ledger *ledger, Request *request)
{
	if (request->what == REQUEST_LOOKUP)
		look_up(ledger, request);
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

/** What was written in a group that did not commit has not happened: no answer may say otherwise. */
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
 * Those that were queued before their sender could know of the last failure fail with it, so that nothing
 * overtakes what has to be queued again. Returns how many: they stand before the others.
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
 * What matters most if somebody puts back an older copy, a claim above all, is marked beside the file before
 * anybody builds on it.
 */
static int save_promptly(Ledger *ledger)
{
	bool prompt = ledger->sealer.prompt;

	ledger->sealer.prompt = false;
	return prompt ? name_failure(seal_save(ledger)) : 0;
}

static void scrub(Ledger *ledger, int wait_ms);

/**
 * An erasure is answered when its data is gone from the log, too. Own readers that are in the way are ended;
 * another program's cannot be, and then the answer says so. It is tried again when it is quiet, and after
 * each start.
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

static void write_group(Ledger *ledger, Request **group, size_t n)
{
	bool writes = false;
	int r;

	for (size_t i = 0; i < n; i++)
		writes = writes || needs_commit(ledger, group[i]);
	if (!writes) {
		/* nothing to commit: reads are answered on a disk that takes no writes, too */
		for (size_t i = 0; i < n; i++)
			if (is_question(group[i]))
				answer_question(ledger, group[i]);
		return;
	}
	/* after it as well: what went into a file without a name was not recorded */
	r = place_check(ledger);
	if (r == 0)
		r = writer_commit(ledger, group, n);
	if (r == 0)
		r = place_check(ledger);
	if (r < 0) {
		ledger->failures++;
		ledger->failure = r;
		fail_group(ledger, group, n, r);
	} else {
		answer_proofs(ledger, group, n);
		/* what was committed is answered as committed: where only the mark is missing nothing is
		 * armed */
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
 * What was erased leaves the write-ahead log too, which is cut to nothing. A reader of older pages puts it
 * off, at most for `wait_ms`.
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

/** While the disk refuses, a small write each second tells when it no longer does. */
static void probe(Ledger *ledger)
{
	int r = place_check(ledger);

	if (r == 0)
		r = ledger_errno(statement_run(&ledger->statements, "BEGIN IMMEDIATE"));
	if (r == 0)
		r = write_meta(ledger, "probe", clock_read(ledger->clock).monotonic_us);
	if (r == 0)
		r = ledger_errno(statement_run(&ledger->statements, "COMMIT"));
	r = name_failure(r);
	if (r < 0 && !sqlite3_get_autocommit(ledger->db))
		(void)statement_run(&ledger->statements, "ROLLBACK");
	if (r == 0)
		r = name_failure(seal_save(ledger));
	/* what is in the log and not yet in the file leaves room in the log once it is */
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

	/* both sides exchange: either the request is seen here, or its sender sees that it must wake us */
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
	/* the ring has room for every request that can be waiting: ledger.c counts them */
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
		/* before the ring: what was queued until then is still taken */
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

/** Then a crash may have left it in the log. */
static bool was_erased(sqlite3 *db)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;

	return sqlite3_prepare_v2(db, "SELECT 1 FROM record WHERE kind = 'personal.erased' LIMIT 1", -1,
		       &statement, NULL) == SQLITE_OK &&
	       sqlite3_step(statement) == SQLITE_ROW;
}

int writer_prepare(Ledger *ledger)
{
	ledger->statements.db = ledger->db;
	ledger->scrub = was_erased(ledger->db);
	sqlite3_wal_hook(ledger->db, count_wal_pages, ledger);
	return digester_new(&ledger->digester);
}

void writer_finish(Ledger *ledger)
{
	statements_clear(&ledger->statements);
	leaf_clear(&ledger->leaf);
	digester_free(ledger->digester);
}
