/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger-private.h"

#include <poll.h>
#include <string.h>

enum { SALT_BYTES = 16 };

/* ---- one record ---- */

static int step_once(sqlite3_stmt *statement)
{
	int r = sqlite3_step(statement);

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return r == SQLITE_DONE ? 0 : r;
}

static int exec(Ledger *ledger, const char *sql)
{
	return sqlite3_exec(ledger->db, sql, NULL, NULL, NULL);
}

static int commit_personal(
	Ledger *ledger, const Request *request, uint64_t seq, char commitment[DIGEST_HEX_MAX])
{
	uint8_t salt[SALT_BYTES], digest[DIGEST_BYTES];
	DigestPart parts[2] = { { salt, sizeof salt }, { request->personal, strlen(request->personal) } };

	if (random_bytes(salt, sizeof salt) < 0 || digester_compute(ledger->digester, parts, 2, digest) < 0)
		return SQLITE_ERROR;
	hex_encode(digest, sizeof digest, commitment);
	sqlite3_bind_int64(ledger->insert_personal, 1, (int64_t)seq);
	sqlite3_bind_blob(ledger->insert_personal, 2, salt, sizeof salt, SQLITE_TRANSIENT);
	sqlite3_bind_text(ledger->insert_personal, 3, request->personal, -1, SQLITE_STATIC);
	return step_once(ledger->insert_personal);
}

static int insert_record(
	Ledger *ledger, const Request *request, const ClockReading *now, uint64_t seq, const char *leaf)
{
	uint8_t hash[DIGEST_BYTES];
	/* RFC 6962, section 2.1: a leaf's hash is that of 0x00 and the leaf */
	DigestPart parts[2] = { { "\0", 1 }, { leaf, strlen(leaf) } };

	if (digester_compute(ledger->digester, parts, 2, hash) < 0)
		return SQLITE_ERROR;
	sqlite3_bind_int64(ledger->insert, 1, (int64_t)seq);
	sqlite3_bind_text(ledger->insert, 2, request->kind, -1, SQLITE_STATIC);
	sqlite3_bind_int64(ledger->insert, 3, now->utc_us);
	sqlite3_bind_int(ledger->insert, 4, projection_published(request->kind));
	sqlite3_bind_blob(ledger->insert, 5, leaf, (int)parts[1].size, SQLITE_STATIC);
	sqlite3_bind_blob(ledger->insert, 6, hash, sizeof hash, SQLITE_STATIC);
	return step_once(ledger->insert);
}

static int insert_attachment(Ledger *ledger, const Request *request, uint64_t seq)
{
	sqlite3_bind_int64(ledger->insert_attachment, 1, (int64_t)seq);
	sqlite3_bind_blob(ledger->insert_attachment, 2, request->attachment, (int)request->attachment_size,
		SQLITE_STATIC);
	return step_once(ledger->insert_attachment);
}

/** Runs the projection and takes over a body that it completed. Negative errno: refused. */
static int project(Ledger *ledger, Request *request, const ClockReading *now, uint64_t seq)
{
	json_auto_t *body = json_loads(request->body, 0, NULL);
	json_auto_t *personal = request->personal ? json_loads(request->personal, 0, NULL) : NULL;
	ProjectionContext context = {
		.db = ledger->db,
		.seq = seq,
		.utc_us = now->utc_us,
		.newest_us = atomic_load(&ledger->newest_utc_us),
		.actor = request->actor,
		.body = body,
		.personal = personal,
		.answer = &request->answer,
	};
	int r;

	if (!json_is_object(body)) {
		snprintf(request->answer.text, LEDGER_TEXT_MAX, "the body of a %s record must be an object",
			request->kind);
		return -EINVAL;
	}
	r = projection_apply(request->kind, &context);
	if (r < 0 || !context.body_changed)
		return r;
	free(request->body);
	request->body = json_dumps(body, JSON_SORT_KEYS | JSON_COMPACT);
	return request->body ? 0 : -ENOMEM;
}

static bool is_refusal(int r)
{
	return r == -EEXIST || r == -ENOENT || r == -EINVAL || r == -ESTALE;
}

/** Everything that one record writes. Returns an SQLite result; a refusal is SQLITE_OK with answer.error. */
static int write_record(Ledger *ledger, Request *request, const ClockReading *now)
{
	uint64_t seq = ledger->seq + 1;
	char commitment[DIGEST_HEX_MAX];
	_cleanup_(freep) char *leaf = NULL;
	int r = SQLITE_OK, refused = 0;

	if (projection_wanted(request->kind)) {
		r = exec(ledger, "SAVEPOINT one");
		if (r == SQLITE_OK)
			refused = project(ledger, request, now, seq);
		if (refused < 0) {
			exec(ledger, "ROLLBACK TO one; RELEASE one");
			request->answer.error = refused;
			return is_refusal(refused)  ? SQLITE_OK
			       : refused == -ENOSPC ? SQLITE_FULL
						    : SQLITE_IOERR;
		}
		if (r == SQLITE_OK)
			r = exec(ledger, "RELEASE one");
	}
	if (r == SQLITE_OK && request->personal)
		r = commit_personal(ledger, request, seq, commitment);
	if (r != SQLITE_OK)
		return r;
	leaf = leaf_write(ledger, request, now, seq, request->personal ? commitment : NULL);
	if (!leaf)
		return SQLITE_NOMEM;
	r = insert_record(ledger, request, now, seq, leaf);
	if (r == SQLITE_OK && request->attachment)
		r = insert_attachment(ledger, request, seq);
	if (r == SQLITE_OK) {
		ledger->seq = seq;
		request->answer.seq = seq;
	}
	return r;
}

/* ---- a group ---- */

static int write_meta(Ledger *ledger, const char *name, int64_t value)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int r = sqlite3_prepare_v2(ledger->db,
		"INSERT INTO meta(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = max(value,"
		" excluded.value)",
		-1, &statement, NULL);

	if (r != SQLITE_OK)
		return r;
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, value);
	return step_once(statement);
}

static int run_request(Ledger *ledger, Request *request, int64_t *newest_us, bool *ret_wrote)
{
	ClockReading now;
	int r = SQLITE_OK;

	switch (request->what) {
	case REQUEST_APPEND:
		now = clock_read(ledger->clock);
		r = write_record(ledger, request, &now);
		if (request->answer.seq && now.utc_us > *newest_us)
			*newest_us = now.utc_us;
		*ret_wrote = true;
		break;
	case REQUEST_LOOKUP:
		request->answer.error =
			query_rows(ledger->db, request->query, request->arguments, &request->rows);
		break;
	case REQUEST_PUBLISHED:
		r = write_meta(ledger, "published", (int64_t)request->published);
		*ret_wrote = true;
		break;
	}
	return r;
}

/** What was written in a group that did not commit has not happened: no answer may say otherwise. */
static void fail_group(Ledger *ledger, Request **group, size_t n, int result)
{
	const char *reason = sqlite3_errmsg(ledger->db);
	int r = ledger_errno(result);

	for (size_t i = 0; i < n; i++) {
		LedgerAnswer *answer = &group[i]->answer;

		if (group[i]->what != REQUEST_APPEND || is_refusal(answer->error))
			continue;
		answer->error = r < 0 && !is_refusal(r) ? r : -EIO;
		answer->seq = 0;
		if (r == -ENOSPC)
			snprintf(answer->text, LEDGER_TEXT_MAX,
				"the disk is full: free space, then try again");
		else
			snprintf(answer->text, LEDGER_TEXT_MAX, "the ledger could not be written (%.160s)",
				reason);
	}
}

static void write_group(Ledger *ledger, Request **group, size_t n)
{
	uint64_t seq = ledger->seq;
	int64_t newest_us = atomic_load(&ledger->newest_utc_us);
	bool wrote = false;
	int r = exec(ledger, "BEGIN IMMEDIATE");

	for (size_t i = 0; i < n && r == SQLITE_OK; i++)
		r = run_request(ledger, group[i], &newest_us, &wrote);
	if (r == SQLITE_OK && newest_us > atomic_load(&ledger->newest_utc_us))
		r = write_meta(ledger, "newest_utc_us", newest_us);
	if (r == SQLITE_OK)
		r = exec(ledger, "COMMIT");
	if (r == SQLITE_OK) {
		atomic_store(&ledger->newest_utc_us, newest_us);
		if (wrote)
			atomic_store(&ledger->healthy, true);
		return;
	}
	fail_group(ledger, group, n, r);
	if (!sqlite3_get_autocommit(ledger->db))
		exec(ledger, "ROLLBACK");
	ledger->seq = seq;
	atomic_store(&ledger->healthy, false);
}

/** While the disk refuses, a small write each second tells when it no longer does. */
static void probe(Ledger *ledger)
{
	int r = exec(ledger, "BEGIN IMMEDIATE");

	if (r == SQLITE_OK)
		r = write_meta(ledger, "probe", clock_read(ledger->clock).monotonic_us);
	if (r == SQLITE_OK)
		r = exec(ledger, "COMMIT");
	if (r == SQLITE_OK)
		atomic_store(&ledger->healthy, true);
	else if (!sqlite3_get_autocommit(ledger->db))
		exec(ledger, "ROLLBACK");
}

/* ---- the thread ---- */

static void checkpoint(Ledger *ledger)
{
	int left = 0, done = 0;

	if (sqlite3_wal_checkpoint_v2(ledger->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &left, &done) == SQLITE_OK)
		ledger->wal_pages = 0;
}

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
	for (size_t i = 0; i < n; i++)
		if (!ring_push_quiet(ledger->answers, &group[i]))
			request_free(group[i]);
	ring_wake(ledger->answers);
}

static void wait_for_requests(Ledger *ledger)
{
	struct pollfd ready = { .fd = ring_fd(ledger->requests), .events = POLLIN };
	int timeout = !atomic_load(&ledger->healthy)                ? LEDGER_PROBE_MS
		      : ledger->wal_pages > LEDGER_CHECKPOINT_PAGES ? LEDGER_QUIET_MS
								    : -1;

	if (poll(&ready, 1, timeout) != 0)
		ring_clear(ledger->requests);
	else if (!atomic_load(&ledger->healthy))
		probe(ledger);
	else
		checkpoint(ledger);
}

void *ledger_thread(void *userdata)
{
	Ledger *ledger = userdata;
	Request *group[LEDGER_GROUP_MAX];

	for (;;) {
		size_t n = take_group(ledger, group);

		if (n > 0) {
			write_group(ledger, group, n);
			give_answers(ledger, group, n);
			if (ledger->wal_pages > LEDGER_CHECKPOINT_FORCE)
				checkpoint(ledger);
		} else if (atomic_load(&ledger->leave)) {
			return NULL;
		} else {
			wait_for_requests(ledger);
		}
	}
}

int writer_prepare(Ledger *ledger)
{
	int r = digester_new(&ledger->digester);

	if (r < 0)
		return r;
	sqlite3_wal_hook(ledger->db, count_wal_pages, ledger);
	r = sqlite3_prepare_v3(ledger->db,
		"INSERT INTO record(seq, kind, utc_us, published, leaf, hash) VALUES(?, ?, ?, ?, ?, ?)", -1,
		SQLITE_PREPARE_PERSISTENT, &ledger->insert, NULL);
	if (r == SQLITE_OK)
		r = sqlite3_prepare_v3(ledger->db, "INSERT INTO personal(seq, salt, data) VALUES(?, ?, ?)",
			-1, SQLITE_PREPARE_PERSISTENT, &ledger->insert_personal, NULL);
	if (r == SQLITE_OK)
		r = sqlite3_prepare_v3(ledger->db, "INSERT INTO attachment(seq, data) VALUES(?, ?)", -1,
			SQLITE_PREPARE_PERSISTENT, &ledger->insert_attachment, NULL);
	return ledger_errno(r);
}

void writer_finish(Ledger *ledger)
{
	sqlite3_finalize(ledger->insert);
	sqlite3_finalize(ledger->insert_personal);
	sqlite3_finalize(ledger->insert_attachment);
	digester_free(ledger->digester);
}
