/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Makes and queues the main thread's requests to the ledger thread. Nothing here may use the thread's
 * database connection or wait for it.
 */

#include "ledger/ledger-private.h"

#include <string.h>

Request *request_free(Request *request)
{
	if (!request)
		return NULL;
	free(request->actor);
	free(request->body);
	free(request->personal);
	free(request->attachment);
	json_decref(request->fields);
	json_decref(request->arguments);
	json_decref(request->rows);
	free(request);
	return NULL;
}

bool ledger_is_refusal(int error)
{
	return error == -EEXIST || error == -ENOENT || error == -EINVAL || error == -ESTALE ||
	       error == -EKEYREVOKED || error == -EPERM || error == -ENOTUNIQ || error == -EBADMSG ||
	       error == -EREMOTE || error == -ENOLINK || error == -EKEYREJECTED;
}

char *request_quote(const char *text)
{
	json_auto_t *string = json_string(text);

	return string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
}

static int send_request(Ledger *ledger, Request *request)
{
	_cleanup_(request_freep) Request *owned = request;

	request->failures = ledger->told_of;
	/* it would wait for as long as the disk hangs, without an answer to its sender */
	if (ledger_ailment(ledger) == LEDGER_SILENT)
		return -ETIMEDOUT;
	/* as many as the ring of answers holds: so the thread never waits for room there */
	if (ledger->waiting >= LEDGER_REQUESTS || !ring_push_quiet(ledger->requests, &owned))
		return -EAGAIN;
	TAKE_PTR(owned);
	health_asked(ledger);
	ledger->waiting++;
	/* a working thread looks at the ring by itself */
	if (atomic_exchange(&ledger->asleep, false))
		ring_wake(ledger->requests);
	return 0;
}

static int copy_attachment(Request *request, const LedgerRecord *record)
{
	if (!record->attachment)
		return 0;
	request->attachment = malloc(record->attachment_size ? record->attachment_size : 1);
	if (!request->attachment)
		return -ENOMEM;
	memcpy(request->attachment, record->attachment, record->attachment_size);
	request->attachment_size = record->attachment_size;
	return 0;
}

/** Moves free text out of the body into the personal data. 0 or -ENOMEM. */
static int move_words_beside(const RecordKind *kind, json_t *body, json_t **personal)
{
	for (const RecordField *field = kind->fields; field->name; field++) {
		json_t *words = field->words == WORDS_BESIDE ? json_object_get(body, field->name) : NULL;

		if (!words)
			continue;
		if (!*personal)
			*personal = json_object();
		if (!*personal || json_object_set(*personal, field->name, words) < 0)
			return -ENOMEM;
		(void)json_object_del(body, field->name);
	}
	return 0;
}

static int copy_record(Request *request, const LedgerRecord *record)
{
	json_auto_t *body = json_copy(record->body), *personal = json_copy(record->personal);

	if (!body || move_words_beside(request->kind, body, &personal) < 0)
		return -ENOMEM;
	request->actor = request_quote(record->actor);
	request->body = json_dumps(body, LEDGER_JSON);
	request->session = (uint64_t)json_integer_value(json_object_get(record->body, "session"));
	if (personal)
		request->personal = json_dumps(personal, LEDGER_JSON);
	if (request->projection)
		request->fields = json_deep_copy(body);
	if (!request->actor || !request->body || (personal && !request->personal) ||
		(request->projection && !request->fields))
		return -ENOMEM;
	return copy_attachment(request, record);
}

static void check_record(Request *request, const LedgerRecord *record)
{
	LedgerAnswer *answer = &request->answer;
	Error why;

	request->kind = record_kind_find(record->kind);
	if (request->kind) {
		request->projection = projection_find(request->kind);
		/* what another station entered was checked there, maybe by another version */
		answer->error = request->kind->shared && json_object_get(record->body, "from")
					? record_kind_check(request->kind, record->body, &why)
					: record_new_check(request->kind, record->body, &why);
		if (answer->error < 0)
			memcpy(answer->text, why.text, sizeof answer->text);
		return;
	}
	snprintf(answer->text, LEDGER_TEXT_MAX, "there is no kind of record \"%.64s\"", record->kind);
	answer->error = -EINVAL;
}

/** 0, -EROFS, -ENOMEM. */
static int request_new(Ledger *ledger, RequestKind what, void *userdata, Request **ret)
{
	Request *request;

	if (ledger->read_only)
		return -EROFS;
	request = calloc(1, sizeof *request);
	if (!request)
		return -ENOMEM;
	request->what = what;
	request->userdata = userdata;
	*ret = request;
	return 0;
}

int ledger_append(Ledger *ledger, const LedgerRecord *record, LedgerDone done, void *userdata)
{
	_cleanup_(request_freep) Request *request = NULL;
	int r = request_new(ledger, REQUEST_APPEND, userdata, &request);

	if (r < 0)
		return r;
	request->done = done;
	/* a record that lacks a required field is also answered in its turn, after those before it */
	check_record(request, record);
	r = request->answer.error == 0 ? copy_record(request, record) : 0;
	return r < 0 ? r : send_request(ledger, TAKE_PTR(request));
}

int ledger_lookup(Ledger *ledger, const char *query, json_t *arguments, LedgerRows rows, void *userdata)
{
	_cleanup_(request_freep) Request *request = NULL;
	int r = request_new(ledger, REQUEST_LOOKUP, userdata, &request);

	if (r < 0)
		return r;
	request->query = query_find(query);
	request->arguments = arguments ? json_deep_copy(arguments) : json_object();
	request->rows_done = rows;
	if (!request->query)
		return -EINVAL;
	return request->arguments ? send_request(ledger, TAKE_PTR(request)) : -ENOMEM;
}

static int ask_ledger(Ledger *ledger, RequestKind what, uint64_t number, LedgerRows done, void *userdata)
{
	Request *request;
	int r = request_new(ledger, what, userdata, &request);

	if (r < 0)
		return r;
	request->number = number;
	request->rows_done = done;
	return send_request(ledger, request);
}

int ledger_checkpoint(Ledger *ledger, uint64_t since, LedgerRows done, void *userdata)
{
	return ask_ledger(ledger, REQUEST_CHECKPOINT, since, done, userdata);
}

int ledger_prove(Ledger *ledger, uint64_t seq, LedgerRows done, void *userdata)
{
	return ask_ledger(ledger, REQUEST_PROVE, seq, done, userdata);
}

int ledger_rotate_key(Ledger *ledger, const char *actor, LedgerDone done, void *userdata)
{
	_cleanup_(request_freep) Request *request = NULL;
	int r = request_new(ledger, REQUEST_ROTATE, userdata, &request);

	if (r < 0)
		return r;
	request->kind = record_kind_find("key.rotated");
	request->projection = projection_find(request->kind);
	request->actor = request_quote(actor);
	request->done = done;
	return request->actor ? send_request(ledger, TAKE_PTR(request)) : -ENOMEM;
}
