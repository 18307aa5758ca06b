/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Asks outside witnesses. It must not count a cosignature that does not verify, and must not take a witness's
 * word for anything else.
 */

#include "witnesses.h"

#include <string.h>

#include "tlog/checkpoint.h"
#include "tlog/policy.h"
#include "tlog/tlog-text.h"
#include "uplink-body.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	WITNESS_MS = 15000,
	WITNESS_ANSWER_MAX = 64 * 1024,
	SLACK_US = 100000,
	TRIES = 3, /* of one round: a witness may say once where it is */
};

/** One witness. */
typedef struct Asked {
	Witnesses *witnesses;
	const PolicyParty *party;
	Https *https;
	HttpsCall *call;
	uint64_t size; /* of the checkpoint that it cosigned last, as far as is known */
	unsigned tries;
	bool failed_before; /* and that is logged */
} Asked;

struct Witnesses {
	Hub *hub;
	WitnessesDone done;
	void *userdata;
	sd_event_source *timer;
	Policy *policy;
	Asked asked[POLICY_MEMBERS_MAX];
	size_t n;
	bool again;           /* a newer checkpoint came during the round */
	int64_t begun_us;     /* of the last round; 0 none yet */
	LedgerSealed sealed;  /* what is being shown; no note: nothing */
	NoteVerifier log_key; /* its */
	char *note;           /* the same with the cosignatures so far */
};

/* ---- the end of a round ---- */

static size_t n_calls(const Witnesses *witnesses)
{
	size_t n = 0;

	for (size_t i = 0; i < witnesses->n; i++)
		n += witnesses->asked[i].call != NULL;
	return n;
}

static void schedule(Witnesses *witnesses)
{
	int64_t due_us = witnesses->begun_us + WITNESSES_PERIOD_S * (int64_t)USEC_PER_SEC,
		left_us = witnesses->begun_us ? due_us - clock_monotonic_us() : 0;

	witnesses->again = false;
	if (sd_event_source_set_time_relative(witnesses->timer, left_us > 0 ? (uint64_t)left_us : 0) < 0 ||
		sd_event_source_set_enabled(witnesses->timer, SD_EVENT_ONESHOT) < 0)
		log_error("witnesses are asked no longer: the event loop failed");
}

static void end_when_all_answered(Witnesses *witnesses)
{
	_cleanup_(freep) char *note = NULL;

	if (n_calls(witnesses) > 0)
		return;
	note = TAKE_PTR(witnesses->note);
	free(TAKE_PTR(witnesses->sealed.note));
	if (note)
		witnesses->done(witnesses->userdata, note);
	if (witnesses->again)
		schedule(witnesses);
}

/* ---- one witness ---- */

static void witness_failed(Asked *asked, const char *why)
{
	if (!asked->failed_before)
		log_warning(
			"the witness %s does not cosign this station's log: %s", asked->party->key.name, why);
	asked->failed_before = true;
}

/** Adds those lines of the answer that the witness's key has signed. False: there are none. */
static bool add_cosignature(Asked *asked, const char *lines)
{
	Witnesses *witnesses = asked->witnesses;
	const NoteVerifier known[] = { witnesses->log_key, asked->party->key };
	_cleanup_(freep) char *alone = NULL, *all = NULL;
	Checkpoint checkpoint;
	NoteOpened opened;
	Error why;

	if (asprintf(&alone, "%s%s", witnesses->sealed.note, lines) < 0 ||
		asprintf(&all, "%s%s", witnesses->note, lines) < 0)
		return false;
	if (checkpoint_open(alone, strlen(alone), known, ELEMENTS(known), NULL, &checkpoint, &opened, &why) <
			0 ||
		opened.n_cosigned == 0)
		return false;
	free(witnesses->note);
	witnesses->note = TAKE_PTR(all);
	return true;
}

static void ask_witness(Asked *asked);

/** It has cosigned another size than was thought. */
static void witness_take_other_size(Asked *asked, const HttpsAnswer *answer)
{
	Slice rest = { answer->body, answer->size }, line;
	unsigned n = 0;
	uint64_t size;

	if (!text_next_line(&rest, &line, &n) || !text_parse_number(line, &size)) {
		witness_failed(asked, "its answer makes no sense");
	} else if (size > asked->witnesses->sealed.size || size == asked->size) {
		witness_failed(asked,
			"it has seen a longer or another log of this name: was this station's card restored or cloned?");
	} else if (asked->tries < TRIES) {
		asked->size = size;
		ask_witness(asked);
	}
}

static void on_witness_answer(void *userdata, const HttpsAnswer *answer)
{
	Asked *asked = userdata;
	char why[REGISTRY_TEXT_MAX / 2];

	asked->call = NULL;
	if (answer->error < 0) {
		witness_failed(asked, answer->why);
	} else if (answer->status == 409) {
		witness_take_other_size(asked, answer);
	} else if (answer->status != 200) {
		hub_problem(answer, why, sizeof why);
		witness_failed(asked, why);
	} else if (!add_cosignature(asked, answer->body)) {
		witness_failed(asked, "its cosignature is not by the key that the policy names");
	} else {
		if (asked->failed_before)
			log_notice("the witness %s cosigns this station's log again", asked->party->key.name);
		asked->failed_before = false;
		asked->size = asked->witnesses->sealed.size;
	}
	end_when_all_answered(asked->witnesses);
}

static void ask_witness(Asked *asked)
{
	LedgerOutbox *ledger = hub_ledger(asked->witnesses->hub);
	_cleanup_(freep) char *body = NULL;
	HttpsRequest request = {
		.path = "/add-checkpoint",
		.type = "text/plain",
		.deadline_ms = WITNESS_MS,
		.answer_max = WITNESS_ANSWER_MAX,
		.done = on_witness_answer,
		.userdata = asked,
	};

	asked->tries++;
	if (asked->size > asked->witnesses->sealed.size)
		asked->size = 0; /* of another log */
	if (!ledger || uplink_write_checkpoint(ledger, &asked->witnesses->sealed, asked->size, &body) < 0) {
		hub_close_ledger(asked->witnesses->hub);
		return;
	}
	request.body = body;
	request.size = strlen(body);
	if (https_send(asked->https, &request, &asked->call) < 0)
		witness_failed(asked, "no memory");
}

/* ---- the beginning of a round ---- */

/** The log's own signature alone is what a witness needs; the mirror's stays in the note that is passed on.
 */
static int take_cosigned(Witnesses *witnesses)
{
	const Seen *seen = &witnesses->hub->seen;
	LedgerOutbox *ledger = hub_ledger(witnesses->hub);
	LedgerSealed newest = { 0 };
	int r = ledger && seen->cosigned ? ledger_outbox_sealed(ledger, &newest) : -ENOENT;

	if (r < 0)
		return r;
	free(newest.note);
	r = note_verifier_parse(newest.key, &witnesses->log_key, NULL);
	if (r < 0)
		return r;
	witnesses->sealed = newest;
	witnesses->sealed.size = seen->mirrored;
	witnesses->sealed.note = strdup(seen->cosigned);
	witnesses->note = strdup(seen->cosigned);
	return witnesses->sealed.note && witnesses->note ? 0 : -ENOMEM;
}

static int on_witnesses_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	Witnesses *witnesses = userdata;

	if (n_calls(witnesses) > 0)
		return 0;
	if (take_cosigned(witnesses) < 0) {
		hub_close_ledger(witnesses->hub);
		free(TAKE_PTR(witnesses->sealed.note));
		free(TAKE_PTR(witnesses->note));
		return 0;
	}
	witnesses->begun_us = clock_monotonic_us();
	for (size_t i = 0; i < witnesses->n; i++) {
		witnesses->asked[i].tries = 0;
		ask_witness(&witnesses->asked[i]);
	}
	end_when_all_answered(witnesses);
	return 0;
}

void witnesses_wake(Witnesses *witnesses)
{
	if (n_calls(witnesses) > 0)
		witnesses->again = true;
	else
		schedule(witnesses);
}

/* ---- life ---- */

static int add_witness(Witnesses *witnesses, const PolicyParty *party, Error *error)
{
	Asked *asked = &witnesses->asked[witnesses->n];
	const HttpsOptions options = { .server = party->url };
	int r;

	if (!party->url[0])
		return 0;
	if (strncmp(party->url, "https://", 8) != 0 && strncmp(party->url, "http://", 7) != 0)
		return error_set(error, -EINVAL,
			"%s: the URL of witness %s must begin with https:// or http://",
			witnesses->hub->config->registry_witnesses, party->name);
	*asked = (Asked){ .witnesses = witnesses, .party = party };
	r = https_new(witnesses->hub->event, &options, &asked->https);
	if (r < 0)
		return error_set(error, r, "out of memory");
	witnesses->n++;
	return 0;
}

static int load_witnesses(Witnesses *witnesses, Error *error)
{
	const char *path = witnesses->hub->config->registry_witnesses;
	const PolicyParty *parties;
	size_t n;
	int r = path[0] ? policy_load(path, &witnesses->policy, error) : 0;

	if (r < 0 || !path[0])
		return r;
	parties = policy_witnesses(witnesses->policy, &n);
	for (size_t i = 0; i < n && r >= 0; i++)
		r = add_witness(witnesses, &parties[i], error);
	return r;
}

int witnesses_new(Hub *hub, WitnessesDone done, void *userdata, Witnesses **ret, Error *error)
{
	_cleanup_(witnesses_freep) Witnesses *witnesses = calloc(1, sizeof *witnesses);
	int r;

	if (!witnesses)
		return error_set(error, -ENOMEM, "out of memory");
	witnesses->hub = hub;
	witnesses->done = done;
	witnesses->userdata = userdata;
	r = load_witnesses(witnesses, error);
	if (r < 0)
		return r;
	if (sd_event_add_time_relative(hub->event, &witnesses->timer, CLOCK_MONOTONIC, 0, SLACK_US,
		    on_witnesses_timer, witnesses) < 0 ||
		sd_event_source_set_enabled(witnesses->timer, SD_EVENT_OFF) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	*ret = TAKE_PTR(witnesses);
	return 0;
}

Witnesses *witnesses_free(Witnesses *witnesses)
{
	if (!witnesses)
		return NULL;
	for (size_t i = 0; i < witnesses->n; i++) {
		https_cancel(witnesses->asked[i].call);
		https_free(witnesses->asked[i].https);
	}
	sd_event_source_disable_unref(witnesses->timer);
	policy_free(witnesses->policy);
	free(witnesses->sealed.note);
	free(witnesses->note);
	free(witnesses);
	return NULL;
}
