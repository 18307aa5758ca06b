/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Writes one record into the ledger's tables, and the marks of its group. The caller begins and ends the
 * transaction.
 */

#include "ledger/tree.h"
#include "ledger/statements.h"

#include <string.h>

enum { SALT_BYTES = 16 };

/** A violated constraint of these tables is not a refusal: it means damage. */
static int as_damage(int r)
{
	return r == -EEXIST ? -EIO : r;
}

static int insert_personal(
	Ledger *ledger, const Request *request, uint64_t seq, char commitment[DIGEST_HEX_MAX])
{
	uint8_t salt[SALT_BYTES], digest[DIGEST_BYTES];
	DigestPart parts[2] = { { salt, sizeof salt }, { request->personal, strlen(request->personal) } };
	int r = random_bytes(salt, sizeof salt);

	if (r < 0)
		return r;
	digest_compute(parts, 2, digest);
	hex_encode(digest, sizeof digest, commitment);
	return as_damage(statement_execute(&ledger->statements,
		"INSERT INTO personal(seq, salt, data) VALUES(?, ?, ?)", "ibt", (int64_t)seq, salt,
		sizeof salt, request->personal));
}

static int insert_record(Ledger *ledger, const Request *request, int64_t utc_us, uint64_t seq)
{
	MerkleHash hash;
	int r;

	merkle_hash_leaf(ledger->leaf.text, ledger->leaf.size, &hash);
	r = as_damage(statement_execute(&ledger->statements,
		"INSERT INTO record(seq, kind, utc_us, session, published, leaf, hash)"
		" VALUES(?, ?, ?, nullif(?, 0), ?, ?, ?)",
		"itiiibb", (int64_t)seq, request->kind->name, utc_us, (int64_t)request->session,
		(int64_t)(request->kind->topic != NULL), ledger->leaf.text, ledger->leaf.size, hash.bytes,
		sizeof hash.bytes));
	return r < 0 ? r : tree_append(&ledger->statements, &ledger->tree, &hash);
}

static int insert_attachment(Ledger *ledger, const Request *request, uint64_t seq)
{
	return as_damage(
		statement_execute(&ledger->statements, "INSERT INTO attachment(seq, data) VALUES(?, ?)", "ib",
			(int64_t)seq, request->attachment, request->attachment_size));
}

/** Runs the projection, and adopts the body if the projection completed it. */
static int project_request(Ledger *ledger, Request *request, const ClockReading *now, int64_t newest_us)
{
	json_auto_t *actor = json_loads(request->actor, JSON_DECODE_ANY, NULL);
	ProjectionContext context = {
		.statements = &ledger->statements,
		.seq = ledger->seq + 1,
		.utc_us = now->utc_us,
		.newest_us = newest_us,
		.actor = json_string_value(actor),
		.boot_id = now->boot_id,
		.body = request->fields,
		.answer = &request->answer,
	};
	json_auto_t *personal = request->personal ? json_loads(request->personal, 0, NULL) : NULL;
	int r;

	if (!actor)
		return -ENOMEM;
	context.personal = personal;
	context.goes_on = request->more;
	r = projection_apply(request->projection, &context);
	if (r < 0)
		return r;
	request->more = context.more;
	if (context.erased)
		ledger->scrub = true;
	request->erased = context.erased;
	if (context.personal_changed) {
		free(request->personal);
		request->personal = json_dumps(personal, LEDGER_JSON);
		if (!request->personal)
			return -ENOMEM;
	}
	if (!context.body_changed)
		return 0;
	request->session = (uint64_t)json_integer_value(json_object_get(request->fields, "session"));
	free(request->body);
	request->body = json_dumps(request->fields, LEDGER_JSON);
	return request->body ? 0 : -ENOMEM;
}

/** Refuses a record that no mirror could take. */
static int check_size(const Ledger *ledger, Request *request)
{
	const LeafWriter *leaf = &ledger->leaf;
	/* the rest has names of fields, a commitment and a number */
	size_t size = strlen(request->actor) + strlen(request->body) + strlen(leaf->before_kind) +
		      strlen(leaf->after_kind) + strlen(leaf->end) + strlen(request->kind->name) + 128;

	if (size <= LEAF_NEW_MAX)
		return 0;
	snprintf(request->answer.text, LEDGER_TEXT_MAX,
		"a record of kind %.40s with %zu bytes is too long, as one has at most %d: enter it in several parts",
		request->kind->name, size, LEAF_NEW_MAX);
	return -EINVAL;
}

/** A refusal undoes only what its own projection wrote, and goes into the answer. */
static int project_or_refuse(Ledger *ledger, Request *request, const ClockReading *now, int64_t newest_us)
{
	int refused, r = statement_run(&ledger->statements, "SAVEPOINT one");

	if (r != SQLITE_OK)
		return ledger_errno(r);
	refused = project_request(ledger, request, now, newest_us);
	refused = refused < 0 ? refused : check_size(ledger, request);
	if (refused < 0 && !ledger_is_refusal(refused))
		return refused;
	request->answer.error = refused;
	if (refused < 0)
		r = statement_run(&ledger->statements, "ROLLBACK TO one");
	if (r != SQLITE_OK)
		return ledger_errno(r);
	return ledger_errno(statement_run(&ledger->statements, "RELEASE one"));
}

/** Whether other stations wait for it: the clinic's server shares what a checkpoint covers. */
static bool is_awaited_elsewhere(const Ledger *ledger, const Request *request)
{
	return ledger->sealer.shares && request->kind->shared && !json_object_get(request->fields, "from");
}

int append_record(Ledger *ledger, Request *request, const ClockReading *now, int64_t newest_us)
{
	uint64_t seq = ledger->seq + 1;
	char commitment[DIGEST_HEX_MAX];
	int r = 0;

	if (request->projection)
		r = project_or_refuse(ledger, request, now, newest_us);
	else
		request->answer.error = check_size(ledger, request);
	if (r < 0 || request->answer.error < 0)
		return r;
	r = request->personal ? insert_personal(ledger, request, seq, commitment) : 0;
	if (r < 0)
		return r;
	r = leaf_write(&ledger->leaf, request, seq, request->personal ? commitment : NULL);
	if (r < 0)
		return r;
	r = insert_record(ledger, request, now->utc_us, seq);
	if (r < 0)
		return r;
	r = request->attachment ? insert_attachment(ledger, request, seq) : 0;
	if (r < 0)
		return r;
	ledger->seq = seq;
	ledger->sealer.now =
		ledger->sealer.now || request->kind->seals || is_awaited_elsewhere(ledger, request);
	ledger->sealer.prompt = ledger->sealer.prompt || request->kind->seals;
	request->answer.seq = seq;
	return 0;
}

int append_mark(Ledger *ledger, const char *name, int64_t value)
{
	return as_damage(statement_execute(&ledger->statements, sql_raise_mark, "ti", name, value));
}

int append_day(Ledger *ledger, uint64_t before, int64_t utc_us)
{
	return as_damage(statement_execute(&ledger->statements, sql_extend_day, "iii",
		(int64_t)(utc_us / USEC_PER_DAY), (int64_t)before + 1, (int64_t)ledger->seq));
}
