/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Answers stations that join, and renews their certificates. It must not give a certificate for a code that
 * was used, guessed at too often, or has expired, and must not say which of a wrong code's parts is right.
 */

#include "enrolment.h"

#include <string.h>

#include <gnutls/crypto.h>

#include "clinic-sql.h"
#include "clinic.h"
#include "registry-batch.h"
#include "registry-log.h"
#include "route.h"
#include "station.h"
#include "util/clock.h"
#include "util/log.h"

enum { JOIN_BODY_MAX = 32 * 1024, HASH_ROUNDS = 50000, INTEGER_MAX = 24 };

/** One station that joins, while it is answered. */
typedef struct Joining {
	const Enrolment *enrolment;
	PGconn *connection;
	json_t *body;
	const char *request,
		*log_key; /* of the body: request for a certificate in PEM, public key of the log */
	Invitation invitation;
	NoteVerifier log;
	uint8_t key[DIGEST_BYTES]; /* of the certificate to be */
	PGresult *row;             /* of the invitation, as lock-invitation.sql gives it */
	Error error;
} Joining;

enum { ROW_NAME, ROW_SALT, ROW_HASH, ROW_WRONG, ROW_EXPIRED, ROW_KEY, ROW_LOG_KEY, ROW_ANSWER };

static void joining_done(Joining *joining)
{
	json_decref(joining->body);
	PQclear(joining->row);
	if (joining->connection)
		database_abandon(joining->enrolment->database, joining->connection);
}

/* ---- what others use too ---- */

int enrolment_hash(
	const Invitation *invitation, const uint8_t salt[ENROLMENT_SALT_BYTES], uint8_t ret[DIGEST_BYTES])
{
	const gnutls_datum_t secret = { (unsigned char *)invitation->secret, INVITATION_SECRET_SIGNS };
	const gnutls_datum_t salted = { (unsigned char *)salt, ENROLMENT_SALT_BYTES };

	return gnutls_pbkdf2(GNUTLS_MAC_SHA256, &secret, &salted, HASH_ROUNDS, ret, DIGEST_BYTES) < 0 ? -EIO
												      : 0;
}

int enrolment_append_leaf(PGconn *connection, const NoteSigner *registry, const char *kind,
	const char *origin, json_t *more, Error *error)
{
	char request[REGISTRY_REQUEST_MAX];
	RegistryHead head;
	json_t *leaf;
	int r;

	registry_request(request);
	leaf = registry_leaf(kind, origin, request, more);
	if (!leaf)
		return error_set(error, -EIO, "no memory for the registry's record");
	r = registry_lock(connection, &head, error);
	r = r < 0 ? r : registry_may_append(&head, error);
	if (r < 0) {
		json_decref(leaf);
		return r;
	}
	return registry_append(connection, &head, registry, leaf, error);
}

int enrolment_is_revoked(Database *database, const char *serial, bool *ret, Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	PGconn *connection;
	int r = database_take(database, &connection, error);

	if (r < 0)
		return r;
	r = database_run(
		connection, sql_certificate_is_revoked, &(DatabaseValue){ serial, 0 }, 1, &row, error);
	database_give(database, connection);
	if (r >= 0)
		*ret = PQgetvalue(row, 0, 0)[0] == 't';
	return r;
}

/* ---- the body ---- */

static const char *body_text(const json_t *body, const char *name)
{
	const char *text = json_string_value(json_object_get(body, name));

	return text ? text : "";
}

static Answer no_authority(void)
{
	return answer_problem(501, "No authority",
		"this server has no authority for certificates: set [authority], or let whoever made its certificates make the station's");
}

/** An answer with status 0 when the body is one that can be answered. */
static Answer read_joining(Joining *joining, const Request *request)
{
	Error error = { 0 };

	if (request->size <= JOIN_BODY_MAX)
		joining->body = json_loadb(request->body, request->size, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(joining->body))
		return answer_problem(400, "Bad request",
			"the body must be an object of JSON of at most %d bytes", JOIN_BODY_MAX);
	joining->request = body_text(joining->body, "csr");
	joining->log_key = body_text(joining->body, "log_key");
	if (invitation_read(body_text(joining->body, "code"), &joining->invitation) < 0)
		return answer_problem(
			400, "Mistyped code", "the code is mistyped: compare it with the invitation");
	if (certificate_request_key(joining->request, joining->key, &error) < 0)
		return answer_problem(400, "Bad key", "%s", error.text);
	if (note_verifier_parse(joining->log_key, &joining->log, &error) < 0)
		return answer_problem(400, "Bad key", "the key of the log: %s", error.text);
	return (Answer){ 0 };
}

/* ---- the code ---- */

static const char *cell(const Joining *joining, int column)
{
	return PQgetvalue(joining->row, 0, column);
}

static Answer unknown_code(void)
{
	return answer_problem(403, "Unknown code",
		"this code is not valid: it was used, has expired, or was never given; ask for a new one with stipple-clinicd invite");
}

static int secret_matches(const Joining *joining, bool *ret)
{
	uint8_t salt[ENROLMENT_SALT_BYTES], kept[DIGEST_BYTES], given[DIGEST_BYTES];

	if (strncmp(cell(joining, ROW_SALT), "\\x", 2) != 0 ||
		strncmp(cell(joining, ROW_HASH), "\\x", 2) != 0 ||
		hex_decode(cell(joining, ROW_SALT) + 2, salt, sizeof salt) < 0 ||
		hex_decode(cell(joining, ROW_HASH) + 2, kept, sizeof kept) < 0)
		return -EIO;
	if (enrolment_hash(&joining->invitation, salt, given) < 0)
		return -EIO;
	*ret = gnutls_memcmp(kept, given, sizeof kept) == 0;
	return 0;
}

/** One more wrong secret, durably, before it is said. */
static Answer count_wrong(Joining *joining)
{
	int r = database_do(joining->connection, sql_count_wrong_code,
		&(DatabaseValue){ joining->invitation.number, 0 }, 1, &joining->error);

	r = r < 0 ? r : database_do(joining->connection, "COMMIT", NULL, 0, &joining->error);
	if (r < 0)
		return answer_trouble(&joining->error);
	log_warning(
		"a wrong code was given for the invitation of the station \"%s\"", cell(joining, ROW_NAME));
	return unknown_code();
}

/** The same station asks again: its answer did not arrive. */
static bool asks_again(const Joining *joining)
{
	char key[2 + 2 * DIGEST_BYTES + 1] = "\\x";

	hex_encode(joining->key, DIGEST_BYTES, key + 2);
	return strcmp(cell(joining, ROW_KEY), key) == 0 &&
	       strcmp(cell(joining, ROW_LOG_KEY), joining->log_key) == 0;
}

/** Status 0: the code is good and unused. */
static Answer judge_code(Joining *joining)
{
	bool right;
	int r = database_run(joining->connection, sql_lock_invitation,
		&(DatabaseValue){ joining->invitation.number, 0 }, 1, &joining->row, &joining->error);

	if (r < 0)
		return answer_trouble(&joining->error);
	if (PQntuples(joining->row) == 0)
		return unknown_code();
	if (strtol(cell(joining, ROW_WRONG), NULL, 10) >= ENROLMENT_TRIES)
		return answer_problem(403, "Code locked",
			"%d wrong codes were given for this invitation, and it is locked: ask for a new one with stipple-clinicd invite",
			ENROLMENT_TRIES);
	if (secret_matches(joining, &right) < 0)
		return answer_problem(
			500, "Damaged", "the invitation in the database is damaged: invite again");
	if (!right)
		return count_wrong(joining);
	if (cell(joining, ROW_EXPIRED)[0] == 't')
		return unknown_code();
	if (PQgetisnull(joining->row, 0, ROW_KEY))
		return (Answer){ 0 };
	if (!asks_again(joining))
		return answer_problem(403, "Code used",
			"this code was used by another station: if that was not yours, run stipple-clinicd revoke %s",
			cell(joining, ROW_NAME));
	return answer_text(200, "application/json", strdup(cell(joining, ROW_ANSWER)));
}

/* ---- the station ---- */

/** A name that stands for another log: only one that was revoked or quarantined gives it up. */
static int retire_old(const Joining *joining, const Station *old, Error *error)
{
	const DatabaseValue id = { old->id, 0 };
	int r;

	if (!old->quarantined)
		return error_set(error, -EEXIST,
			"a station \"%s\" with another log is enrolled: if this one takes its place, run stipple-clinicd revoke %s first",
			old->name, old->name);
	r = database_do(joining->connection, sql_revoke_certificates, &id, 1, error);
	return r < 0 ? r : database_do(joining->connection, sql_retire_station, &id, 1, error);
}

static int enrol_new(const Joining *joining, const char *name, Station *ret, Error *error)
{
	int r = station_enrol(joining->connection, name, joining->log_key, error);

	if (r == -EEXIST)
		return error_set(error, r,
			"the log %.100s is on record under another name or key: give the station another name in stippled.conf ([station] station), start it, and join again",
			joining->log.name);
	r = r < 0 ? r : station_find(joining->connection, name, ret, error);
	if (r < 0)
		return r;
	return enrolment_append_leaf(joining->connection, joining->enrolment->registry, "station.enrolled",
		ret->origin, json_pack("{s:s, s:s}", "name", name, "key", joining->log_key), error);
}

/** The station that the code's name stands for from now on. */
static int settle_station(const Joining *joining, const char *name, Station *ret, Error *error)
{
	int r = station_find(joining->connection, name, ret, error);
	char key[NOTE_KEY_MAX];

	if (r == -ENOENT)
		return enrol_new(joining, name, ret, error);
	if (r < 0)
		return r;
	note_verifier_write(&ret->key, key);
	if (!ret->quarantined && strcmp(key, joining->log_key) == 0)
		return database_do(joining->connection, sql_revoke_certificates,
			&(DatabaseValue){ ret->id, 0 }, 1, error);
	r = retire_old(joining, ret, error);
	return r < 0 ? r : enrol_new(joining, name, ret, error);
}

/** A certificate for the key of a request, put on record. The caller owns *ret, text in PEM. */
static int issue_and_record(const Enrolment *enrolment, PGconn *connection, const Station *station,
	const char *request, char **ret, Error *error)
{
	_cleanup_(freep) char *pem = NULL;
	CertificateFacts facts;
	char ends[INTEGER_MAX];
	int r = authority_issue_station(
		enrolment->authority, request, station->name, enrolment->station_days, &pem, error);

	r = r < 0 ? r : certificate_read(pem, &facts, error);
	if (r < 0)
		return r;
	snprintf(ends, sizeof ends, "%lld", (long long)facts.ends_s);
	const DatabaseValue values[] = { { facts.serial, 0 }, { station->id, 0 }, { ends, 0 } };

	r = database_do(connection, sql_add_certificate, values, ELEMENTS(values), error);
	if (r >= 0)
		*ret = TAKE_PTR(pem);
	return r;
}

static json_t *pack_joined(const Enrolment *enrolment, const Station *station, const char *certificate)
{
	char registry_key[NOTE_KEY_MAX], mirror_key[NOTE_KEY_MAX];
	NoteVerifier cosigner;

	note_signer_cosigner(enrolment->mirror, &cosigner);
	note_verifier_write(&cosigner, mirror_key);
	note_verifier_write(note_signer_verifier(enrolment->registry), registry_key);
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", station->name, "certificate", certificate, "ca",
		authority_certificate(enrolment->authority), "registry_key", registry_key, "mirror_key",
		mirror_key);
}

/** Uses the code up with the answer that its station gets. */
static int join_and_commit(Joining *joining, char **ret)
{
	_cleanup_(freep) char *certificate = NULL, *text = NULL;
	json_auto_t *answer = NULL;
	Station station;
	int r = settle_station(joining, cell(joining, ROW_NAME), &station, &joining->error);

	r = r < 0 ? r
		  : issue_and_record(joining->enrolment, joining->connection, &station, joining->request,
			    &certificate, &joining->error);
	if (r < 0)
		return r;
	answer = pack_joined(joining->enrolment, &station, certificate);
	text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
	if (!text)
		return error_set(&joining->error, -EIO, "no memory for an answer");
	const DatabaseValue values[] = { { joining->invitation.number, 0 },
		{ joining->key, sizeof joining->key }, { joining->log_key, 0 }, { text, 0 } };

	r = database_do(joining->connection, sql_use_invitation, values, ELEMENTS(values), &joining->error);
	r = r < 0 ? r : database_do(joining->connection, "COMMIT", NULL, 0, &joining->error);
	if (r < 0)
		return r;
	log_notice("the station \"%s\" joined; its log is %s", station.name, station.origin);
	*ret = TAKE_PTR(text);
	return 0;
}

static Answer join_with_code(Joining *joining)
{
	char *text = NULL;
	Answer answer;
	int r = database_take(joining->enrolment->database, &joining->connection, &joining->error);

	r = r < 0 ? r : database_do(joining->connection, "BEGIN", NULL, 0, &joining->error);
	if (r < 0)
		return answer_trouble(&joining->error);
	answer = judge_code(joining);
	if (answer.status)
		return answer;
	r = join_and_commit(joining, &text);
	if (r == -EEXIST)
		return answer_problem(409, "Enrolled already", "%s", joining->error.text);
	if (r == -EKEYEXPIRED)
		return answer_problem(503, "Log incomplete", "%s", joining->error.text);
	return r < 0 ? answer_trouble(&joining->error) : answer_text(200, "application/json", text);
}

/* ---- routes ---- */

static bool admits(const Clinic *clinic, const Request *request)
{
	return rate_limit_admits(clinic->enrolment.limit, request->address, clock_monotonic_us());
}

static Answer too_often(void)
{
	Answer answer = answer_problem(
		429, "Too often", "this address asked too often: wait for a minute, then ask again");
	char seconds[8];

	snprintf(seconds, sizeof seconds, "%d", RATE_LIMIT_PERIOD_S);
	answer_add_header(&answer, "Retry-After", seconds);
	return answer;
}

static Answer post_enrol(const Clinic *clinic, Request *request)
{
	_cleanup_(joining_done) Joining joining = { .enrolment = &clinic->enrolment };
	Answer refusal;

	if (!joining.enrolment->authority)
		return no_authority();
	if (!admits(clinic, request))
		return too_often();
	refusal = read_joining(&joining, request);
	return refusal.status ? refusal : join_with_code(&joining);
}

/** The authority's certificate, which a station compares with its code before it says anything. */
static Answer get_authority(const Clinic *clinic, Request *request)
{
	const Authority *authority = clinic->enrolment.authority;

	if (!authority)
		return no_authority();
	if (!admits(clinic, request))
		return too_often();
	return answer_text(
		200, "application/pem-certificate-chain", strdup(authority_certificate(authority)));
}

static int renew_within(const Enrolment *enrolment, PGconn *connection, const char *name, const char *request,
	char **ret, Error *error)
{
	Station station;
	int r = station_find(connection, name, &station, error);

	if (r < 0)
		return r;
	if (station.quarantined)
		return error_set(error, -EPERM,
			"the station \"%s\" is quarantined: ask the clinic's administrator to enrol it anew",
			name);
	return issue_and_record(enrolment, connection, &station, request, ret, error);
}

static Answer renew(const Enrolment *enrolment, const char *name, const char *request)
{
	_cleanup_(freep) char *certificate = NULL;
	json_auto_t *answer = NULL;
	PGconn *connection;
	Error error = { 0 };
	int r = database_take(enrolment->database, &connection, &error);

	if (r < 0)
		return answer_trouble(&error);
	r = renew_within(enrolment, connection, name, request, &certificate, &error);
	database_give(enrolment->database, connection);
	if (r < 0)
		return answer_trouble(&error);
	answer = json_pack("{s:s}", "certificate", certificate);
	return answer_text(200, "application/json", answer ? json_dumps(answer, JSON_COMPACT) : NULL);
}

static Answer post_renew(const Clinic *clinic, Request *request)
{
	uint8_t key[DIGEST_BYTES];
	Error error = { 0 };
	json_auto_t *body = NULL;

	if (!clinic->enrolment.authority)
		return no_authority();
	if (request->size <= JOIN_BODY_MAX)
		body = json_loadb(request->body, request->size, JSON_REJECT_DUPLICATES, NULL);
	if (certificate_request_key(body_text(body, "csr"), key, &error) < 0)
		return answer_problem(400, "Bad key", "%s", error.text);
	return renew(&clinic->enrolment, request->name, body_text(body, "csr"));
}

const Route enrolment_routes[] = {
	{ "GET", "/enrol", ROUTE_ANYBODY, NULL, get_authority },
	{ "POST", "/enrol", ROUTE_ANYBODY, "application/json", post_enrol },
	{ "POST", "/renew", ROUTE_STATION, "application/json", post_renew },
	{ 0 },
};
