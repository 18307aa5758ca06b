/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The conversation with the mirror. It must not believe that a record is mirrored before the mirror's key has
 * cosigned a checkpoint that covers it.
 */

#include "uplink.h"

#include <string.h>

#include "backoff.h"
#include "tlog/checkpoint.h"
#include "tlog/tlog-text.h"
#include "uplink-body.h"
#include "util/log.h"

enum {
	CHECKPOINT_MS = 15000,
	ENTRIES_MS = 120000,
	ANSWER_MAX = 64 * 1024,
	LOOK_S = 300,        /* how often it is asked where the mirror is, when nothing else is to be sent */
	MISSED_NEWS_S = 5,   /* how often the ledger is looked at, should the daemon's news be missed */
	CORRECTIONS_MAX = 4, /* answers one after the other that only say where the mirror is */
	SLACK_US = 10000,
};

struct Uplink {
	Hub *hub;
	UplinkHandler handler;
	HttpsCall *call;
	sd_event_source *timer;
	Backoff backoff;
	bool again; /* records were committed while it was at work */
	bool doubt; /* the mirror is asked even if it seems to have all */
	int64_t looked_us;
	unsigned corrections;
	LedgerSealed sealed; /* what is being mirrored; no note: nothing */
	uint64_t pending;    /* size of the checkpoint that the mirror has, as far as is known */
	uint64_t next;       /* the entry that it wants next, as far as is known */
};

static void begin_round(Uplink *uplink);

/* ---- the end of a round ---- */

static void wake_after(Uplink *uplink, uint64_t us)
{
	if (sd_event_source_set_time_relative(uplink->timer, us) < 0 ||
		sd_event_source_set_enabled(uplink->timer, SD_EVENT_ONESHOT) < 0)
		log_error("the log is mirrored no longer: the event loop failed");
}

static int on_uplink_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	Uplink *uplink = userdata;

	if (!uplink->call)
		begin_round(uplink);
	return 0;
}

static void end_round(Uplink *uplink)
{
	free(TAKE_PTR(uplink->sealed.note));
	uplink->corrections = 0;
}

static void round_failed(Uplink *uplink)
{
	end_round(uplink);
	wake_after(uplink, backoff_fail(&uplink->backoff));
}

static void mirror_refuses(Uplink *uplink, const char *advice, const char *why)
{
	troubles_begin(&uplink->hub->troubles, REGISTRY_WARN_MIRROR, advice,
		"the clinic's server does not mirror this station's log: %s", why);
	round_failed(uplink);
}

static void round_succeeded(Uplink *uplink)
{
	end_round(uplink);
	backoff_succeed(&uplink->backoff);
	uplink->doubt = false;
	uplink->looked_us = clock_monotonic_us();
	wake_after(uplink, uplink->again ? 0 : MISSED_NEWS_S * USEC_PER_SEC);
	uplink->again = false;
}

/** An answer that none of the steps expects. */
static void take_refusal(Uplink *uplink, const HttpsAnswer *answer)
{
	char why[REGISTRY_TEXT_MAX / 2];

	hub_problem(answer, why, sizeof why);
	if (answer->status >= 500)
		round_failed(uplink);
	else if (answer->status == 403 && strstr(answer->body, "\"Quarantined\"")) {
		/* the answer to the boot said why */
		if (!(uplink->hub->troubles.bits & REGISTRY_WARN_QUARANTINED))
			troubles_begin(&uplink->hub->troubles, REGISTRY_WARN_QUARANTINED,
				"enrol the station anew at the clinic's server", "%s", why);
		round_failed(uplink);
	} else
		mirror_refuses(uplink, "tell whoever looks after the clinic's server", why);
}

/** Whether the mirror may correct where it is once more. */
static bool may_correct(Uplink *uplink)
{
	if (uplink->corrections++ < CORRECTIONS_MAX)
		return true;
	mirror_refuses(
		uplink, "tell whoever looks after the clinic's server", "its answers contradict one another");
	return false;
}

/* ---- entries ---- */

static void send_entries(Uplink *uplink);
static void send_checkpoint(Uplink *uplink);

/** Two numbers, each on a line: the pending size and the next entry. */
static bool read_info(const HttpsAnswer *answer, uint64_t *ret_size, uint64_t *ret_next)
{
	Slice rest = { answer->body, answer->size }, size, next;
	unsigned line = 0;

	return strcmp(answer->type, "text/x.tlog.mirror-info") == 0 && text_next_line(&rest, &size, &line) &&
	       text_next_line(&rest, &next, &line) && text_parse_number(size, ret_size) &&
	       text_parse_number(next, ret_next);
}

/** The mirror has everything: its cosignature is the proof. */
static int take_cosignature(Uplink *uplink, const HttpsAnswer *answer, Error *error)
{
	NoteVerifier known[2] = { [1] = uplink->hub->mirror_key };
	_cleanup_(freep) char *note = NULL;
	Seen *seen = &uplink->hub->seen;
	Checkpoint checkpoint;
	NoteOpened opened;
	int r = note_verifier_parse(uplink->sealed.key, &known[0], error);

	if (r < 0)
		return r;
	if (asprintf(&note, "%s%s", uplink->sealed.note, answer->body) < 0)
		return error_set(error, -ENOMEM, "no memory for a cosignature");
	r = checkpoint_open(note, strlen(note), known, ELEMENTS(known), NULL, &checkpoint, &opened, error);
	if (r < 0)
		return r;
	for (size_t i = 0; i < opened.n_cosigned; i++) {
		if (opened.cosigned[i].key != 1)
			continue;
		seen->mirrored = uplink->sealed.size;
		free(seen->cosigned);
		seen->cosigned = TAKE_PTR(note);
		r = seen_save(uplink->hub->folder, seen);
		return r < 0 ? error_set(error, r, "%s cannot be written: %s", uplink->hub->folder,
				       strerror(-r))
			     : 0;
	}
	return error_set(
		error, -EBADMSG, "its cosignature is not by the key that [registry] mirror_key names");
}

static void finish_mirroring(Uplink *uplink, const HttpsAnswer *answer)
{
	Error error = { 0 };

	if (take_cosignature(uplink, answer, &error) < 0) {
		mirror_refuses(uplink, "check [registry] mirror_key, or tell whoever looks after the server",
			error.text);
		return;
	}
	troubles_end(&uplink->hub->troubles, REGISTRY_WARN_MIRROR);
	troubles_end(&uplink->hub->troubles, REGISTRY_WARN_QUARANTINED);
	uplink->next = uplink->sealed.size;
	log_debug("the mirror has cosigned %llu records", (unsigned long long)uplink->next);
	round_succeeded(uplink);
	uplink->handler.mirrored(uplink->handler.userdata);
}

static void on_entries(void *userdata, const HttpsAnswer *answer)
{
	Uplink *uplink = userdata;
	uint64_t size, next;

	uplink->call = NULL;
	if (hub_note_answer(uplink->hub, answer) < 0) {
		round_failed(uplink);
		return;
	}
	if (answer->status == 200) {
		finish_mirroring(uplink, answer);
		return;
	}
	if ((answer->status != 202 && answer->status != 409) || !read_info(answer, &size, &next)) {
		take_refusal(uplink, answer);
		return;
	}
	if (answer->status == 202 && next > uplink->next)
		uplink->corrections = 0;
	else if (!may_correct(uplink))
		return;
	uplink->next = next;
	uplink->pending = size;
	if (size == uplink->sealed.size && next <= size)
		send_entries(uplink);
	else
		send_checkpoint(uplink);
}

static void send_entries(Uplink *uplink)
{
	LedgerOutbox *ledger = hub_ledger(uplink->hub);
	_cleanup_(freep) char *body = NULL;
	HttpsRequest request = {
		.path = "/add-entries",
		.type = "application/octet-stream",
		.pack = true,
		.seen = log_copy_size(uplink->hub->log),
		.deadline_ms = ENTRIES_MS,
		.answer_max = ANSWER_MAX,
		.done = on_entries,
		.userdata = uplink,
	};

	if (!ledger || uplink_write_entries(ledger, &uplink->sealed, uplink->hub->seen.origin, uplink->next,
			       &body, &request.size) < 0) {
		hub_close_ledger(uplink->hub);
		round_failed(uplink);
		return;
	}
	request.body = body;
	if (https_send(uplink->hub->https, &request, &uplink->call) < 0)
		round_failed(uplink);
}

/* ---- checkpoints ---- */

/** The mirror is somewhere else than was thought. */
static void uplink_take_other_size(Uplink *uplink, const HttpsAnswer *answer)
{
	char why[160];
	Slice rest = { answer->body, answer->size }, line;
	unsigned n = 0;
	uint64_t size;

	if (!text_next_line(&rest, &line, &n) || !text_parse_number(line, &size)) {
		take_refusal(uplink, answer);
		return;
	}
	if (size > uplink->sealed.size) {
		snprintf(why, sizeof why, "it has seen %llu records of it, and here are %llu",
			(unsigned long long)size, (unsigned long long)uplink->sealed.size);
		mirror_refuses(uplink, "was this station's card restored? enrol the station anew", why);
	} else if (size == uplink->pending) {
		snprintf(
			why, sizeof why, "it has seen another log of %llu records", (unsigned long long)size);
		mirror_refuses(uplink, "was this station's card cloned? enrol the station anew", why);
	} else if (may_correct(uplink)) {
		uplink->pending = size;
		send_checkpoint(uplink);
	}
}

static void on_checkpoint(void *userdata, const HttpsAnswer *answer)
{
	Uplink *uplink = userdata;

	uplink->call = NULL;
	if (hub_note_answer(uplink->hub, answer) < 0) {
		round_failed(uplink);
	} else if (answer->status == 200) {
		uplink->pending = uplink->sealed.size;
		send_entries(uplink);
	} else if (answer->status == 409 && strcmp(answer->type, "text/x.tlog.size") == 0) {
		uplink_take_other_size(uplink, answer);
	} else {
		take_refusal(uplink, answer);
	}
}

static void send_checkpoint(Uplink *uplink)
{
	LedgerOutbox *ledger = hub_ledger(uplink->hub);
	_cleanup_(freep) char *body = NULL;
	HttpsRequest request = {
		.path = "/add-checkpoint",
		.type = "text/plain",
		.seen = log_copy_size(uplink->hub->log),
		.deadline_ms = CHECKPOINT_MS,
		.answer_max = ANSWER_MAX,
		.done = on_checkpoint,
		.userdata = uplink,
	};

	if (uplink->pending > uplink->sealed.size)
		uplink->pending = 0;
	if (!ledger || uplink_write_checkpoint(ledger, &uplink->sealed, uplink->pending, &body) < 0) {
		hub_close_ledger(uplink->hub);
		round_failed(uplink);
		return;
	}
	request.body = body;
	request.size = strlen(body);
	if (https_send(uplink->hub->https, &request, &uplink->call) < 0)
		round_failed(uplink);
}

/* ---- the beginning of a round ---- */

/** Whose log it is. A restored ledger goes on as another log, of which nothing is mirrored. */
static int note_origin(Uplink *uplink)
{
	Hub *hub = uplink->hub;
	Checkpoint checkpoint;
	NoteVerifier key;
	int r = note_verifier_parse(uplink->sealed.key, &key, NULL);

	r = r < 0 ? r
		  : checkpoint_open(uplink->sealed.note, strlen(uplink->sealed.note), &key, 1, NULL,
			    &checkpoint, NULL, NULL);
	if (r < 0)
		return r;
	if (strcmp(hub->seen.origin, checkpoint.origin) == 0)
		return 0;
	snprintf(hub->seen.origin, sizeof hub->seen.origin, "%s", checkpoint.origin);
	hub->seen.mirrored = 0;
	seen_clear(&hub->seen);
	uplink->pending = uplink->next = 0;
	return 0;
}

static void begin_round(Uplink *uplink)
{
	Hub *hub = uplink->hub;
	LedgerOutbox *ledger = hub_ledger(hub);
	int r;

	end_round(uplink);
	r = ledger ? ledger_outbox_sealed(ledger, &uplink->sealed) : -ENOENT;
	r = r < 0 ? r : note_origin(uplink);
	if (r < 0) {
		hub_close_ledger(hub);
		end_round(uplink);
		wake_after(uplink, USEC_PER_SEC);
		return;
	}
	hub->newest = uplink->sealed.size;
	uplink->doubt =
		uplink->doubt || clock_monotonic_us() - uplink->looked_us > LOOK_S * (int64_t)USEC_PER_SEC;
	if ((uplink->sealed.size <= hub->seen.mirrored && !uplink->doubt) ||
		!uplink->handler.may_send(uplink->handler.userdata)) {
		end_round(uplink);
		wake_after(uplink, MISSED_NEWS_S * USEC_PER_SEC);
		return;
	}
	send_checkpoint(uplink);
}

/* ---- life ---- */

void uplink_wake(Uplink *uplink)
{
	if (uplink->call)
		uplink->again = true;
	else if (uplink->backoff.failures == 0)
		wake_after(uplink, 0);
}

void uplink_doubt(Uplink *uplink)
{
	uplink->doubt = true;
	uplink_wake(uplink);
}

int uplink_new(Hub *hub, const UplinkHandler *handler, Uplink **ret)
{
	_cleanup_(uplink_freep) Uplink *uplink = calloc(1, sizeof *uplink);
	int r;

	if (!uplink)
		return -ENOMEM;
	uplink->hub = hub;
	uplink->handler = *handler;
	uplink->doubt = true;
	uplink->pending = uplink->next = hub->seen.mirrored;
	r = sd_event_add_time_relative(
		hub->event, &uplink->timer, CLOCK_MONOTONIC, 0, SLACK_US, on_uplink_timer, uplink);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(uplink);
	return 0;
}

Uplink *uplink_free(Uplink *uplink)
{
	if (!uplink)
		return NULL;
	https_cancel(uplink->call);
	end_round(uplink);
	sd_event_source_disable_unref(uplink->timer);
	free(uplink);
	return NULL;
}
