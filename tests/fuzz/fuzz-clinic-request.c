/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Any bytes as the body of a request to the clinic's server. The first line is the path. The database cannot
 * be reached, so a body is either refused with a problem, or understood and put off. It must not do anything
 * else.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <jansson.h>

#include "clinic.h"
#include "mirror-effects.h"
#include "page-people.h"
#include "record-rows.h"
#include "route.h"
#include "tlog/mirror.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Database *database;
static Authority *authority;
static NoteSigner *signer;

/** Once: the tests' own process ends without freeing them. */
static void set_up(void)
{
	CertificatePair pair = { 0 };
	Error error = { 0 };

	if (database)
		return;
	if (database_new("host=/nonexistent connect_timeout=1", 1, &database) < 0 ||
		certificate_make_authority("clinic.example", &pair, &error) < 0 ||
		authority_new(&pair, &authority, &error) < 0)
		abort();
	certificate_pair_clear(&pair);
	if (note_signer_generate("clinic.example/registry", &signer) < 0)
		abort();
}

/** A refusal is a problem with its status and a sentence. */
static void check_problem(const Answer *answer)
{
	json_auto_t *problem = answer->body ? json_loadb(answer->body, answer->size, 0, NULL) : NULL;

	if (answer->status < 400 || answer->status > 599 ||
		json_integer_value(json_object_get(problem, "status")) != (json_int_t)answer->status ||
		json_string_length(json_object_get(problem, "detail")) == 0)
		abort();
}

static const Route *const areas[] = { audit_routes, enrolment_routes, mirror_routes, page_routes,
	registry_routes, NULL };

static void ask_route(const char *path, const char *body, size_t size)
{
	const Clinic clinic = {
		.database = database,
		.mirror = { .database = database, .signers = { signer } },
		.registry = { .database = database, .signer = signer },
		.enrolment = { database, signer, signer, authority, rate_limit_new(), 90 },
	};
	Request request = { .method = "POST",
		.path = path,
		.rest = "",
		.name = "chair-1",
		.serial = "01",
		.address = "192.0.2.1",
		.body = body,
		.size = size };
	bool other;
	const Route *route = route_find(areas, false, "POST", path, &request.rest, &other);
	Answer answer = { 0 };

	if (route)
		answer = route->handler(&clinic, &request);
	if (route && !answer.later.begin)
		check_problem(&answer);
	if (request.free)
		request.free(request.kept);
	answer_clear(&answer);
	rate_limit_free(clinic.enrolment.limit);
}

static void fuzz_entry(RecordRows *rows, MirrorEffects *effects, uint64_t seq, DigestPart leaf)
{
	json_t *record = NULL;
	Error error;

	if (record_rows_add(rows, "1", seq, leaf, &record, &error) >= 0 &&
		mirror_effects_note(effects, seq, record, &error) < 0)
		abort();
	json_decref(record);
}

/** What the server reads of an upload once it knows the log: packages, their proofs, and records. */
static void read_upload(const char *body, size_t size)
{
	static const MerkleHash before[MIRROR_PACKAGE];
	DigestPart rest = { body, size };
	RecordRows *rows = NULL;
	MirrorEffects *effects = NULL;
	MirrorUpload upload;
	MirrorPackage package;
	MerkleHash root = { 0 };
	Error error;

	if (mirror_read_upload(&rest, &upload, &error) < 0)
		return;
	if (record_rows_new(&rows) < 0 || mirror_effects_new(&effects) < 0)
		abort();
	for (uint64_t i = 0; i < mirror_packages(&upload) && i < MIRROR_PACKAGES_MAX; i++) {
		MirrorRange range = mirror_range(&upload, i);

		if (mirror_read_package(&rest, range, &package, NULL) < 0)
			break;
		if (mirror_verify_package(&package, before, upload.end, &root) >= 0)
			abort(); /* no tree has a root of zeroes */
		for (uint64_t seq = range.start; seq < range.end; seq++)
			fuzz_entry(rows, effects, seq, package.entries[seq - range.start]);
	}
	mirror_effects_free(effects);
	record_rows_free(rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	_cleanup_(freep) char *path = NULL, *body = NULL;
	size_t body_size;

	set_up();
	if (!end)
		return 0;
	body_size = size - (size_t)(end + 1 - data);
	path = strndup((const char *)data, (size_t)(end - data));
	body = malloc(body_size ? body_size : 1); /* no NUL behind it, as it arrives */
	if (!path || !body)
		abort();
	memcpy(body, end + 1, body_size);
	ask_route(path, body, body_size);
	if (strcmp(path, "/add-entries") == 0)
		read_upload(body, body_size);
	if (strcmp(path, "/page/sign-in") == 0) {
		Answer answer = people_sign_in(database, body, body_size);

		check_problem(&answer);
		answer_clear(&answer);
	}
	return 0;
}
