/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Joins the parts of stipple-registryd: what one of them hears another one is told. It must not mirror the
 * log while the registry may still judge an older checkpoint of it.
 */

#include "registryd.h"

#include <string.h>

#include <systemd/sd-daemon.h>

#include "follow.h"
#include "hub.h"
#include "renewal-daily.h"
#include "requests.h"
#include "station-link.h"
#include "top-up.h"
#include "uplink.h"
#include "witnesses.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	TICK_US = USEC_PER_SEC / 4,
	SLACK_US = 20000,
	LEDGER_IDLE_S = 10,
	BOOT_AGAIN_S = 600, /* after a refusal */
	UUID_MAX = 37,
	LEAVES_A_SIGN = 8192, /* of life */
};

struct Registryd {
	Hub hub;
	Follow *follow;
	Requests *requests;
	StationLink *link;
	TopUp *top_up;
	DailyRenewal *renewal;
	Uplink *uplink;
	Witnesses *witnesses;
	char *cosigned; /* the newest checkpoint that others cosigned; NULL none yet */
	sd_event_source *tick;
	void (*up)(void *userdata);
	void *userdata;
	bool was_connected;
	int64_t boot_refused_us; /* 0: it was not */
	uint64_t boot_next;      /* number after the leaf that confirmed a boot: it comes with the log */
};

/* ---- the boot ---- */

/** The boot id of records, 32 digits, as a UUID. */
static bool boot_to_uuid(const char *boot, char ret[UUID_MAX])
{
	if (strlen(boot) != 32 || strspn(boot, "0123456789abcdef") != 32)
		return false;
	snprintf(ret, UUID_MAX, "%.8s-%.4s-%.4s-%.4s-%.12s", boot, boot + 8, boot + 12, boot + 16, boot + 20);
	return true;
}

/** Asks the registry to confirm this boot, once; a restored or cloned card is found out so. */
static void ask_for_boot(Registryd *registryd)
{
	const RegistryHello *daemon = station_link_daemon(registryd->link);
	int64_t now = clock_monotonic_us();
	char boot[UUID_MAX];

	if (!daemon || !follow_caught_up(registryd->follow) ||
		log_copy_size(registryd->hub.log) < registryd->boot_next ||
		requests_waits(registryd->requests, "boot") || !boot_to_uuid(daemon->boot, boot) ||
		holders_boot_confirmed(registryd->hub.holders, daemon->origin, boot))
		return;
	if (registryd->boot_refused_us &&
		now - registryd->boot_refused_us < BOOT_AGAIN_S * (int64_t)USEC_PER_SEC)
		return;
	if (requests_begin(registryd->requests, "boot", json_pack("{s:s}", "boot", boot), 0) < 0)
		troubles_begin(&registryd->hub.troubles, REGISTRY_WARN_STORE, "look at the station's disk",
			"a request cannot be kept in %s", registryd->hub.folder);
}

static int refresh_boot(void *userdata, json_t *body)
{
	Registryd *registryd = userdata;
	LedgerOutbox *ledger = hub_ledger(&registryd->hub);
	LedgerSealed sealed = { 0 };
	int r = ledger ? ledger_outbox_sealed(ledger, &sealed) : -EAGAIN;

	if (r < 0) {
		hub_close_ledger(&registryd->hub);
		return -EAGAIN;
	}
	r = json_object_set_new(body, "checkpoint", json_string(sealed.note)) < 0 ? -EAGAIN : 0;
	free(sealed.note);
	return r;
}

static void take_boot_answer(Registryd *registryd, const RequestAnswer *answer)
{
	if (answer->status == REQUEST_AWAY)
		return;
	registryd->boot_refused_us = 0;
	registryd->boot_next = answer->next;
	if (answer->status == REQUEST_REFUSED) {
		registryd->boot_refused_us = clock_monotonic_us();
		troubles_begin(&registryd->hub.troubles, REGISTRY_WARN_QUARANTINED,
			"enrol the station anew at the clinic's server", "%s", answer->text);
	} else {
		troubles_end(&registryd->hub.troubles, REGISTRY_WARN_QUARANTINED);
	}
	uplink_doubt(registryd->uplink);
}

/* ---- requests ---- */

static void on_answered(void *userdata, const RequestAnswer *answer)
{
	static const RegistryStatus statuses[] = {
		[REQUEST_DONE] = REGISTRY_DONE,
		[REQUEST_REFUSED] = REGISTRY_REFUSED,
		[REQUEST_AWAY] = REGISTRY_AWAY,
	};
	Registryd *registryd = userdata;

	if (strcmp(answer->what, "boot") == 0)
		take_boot_answer(registryd, answer);
	if (strcmp(answer->what, "top-up") == 0 && answer->status != REQUEST_AWAY)
		top_up_answered(registryd->top_up, answer->status == REQUEST_DONE);
	if (answer->ask)
		station_link_answer(registryd->link, answer->ask - 1, answer->next, statuses[answer->status],
			answer->text);
}

static void answer_holder(Registryd *registryd, uint64_t number, const json_t *body)
{
	const char *unit = json_string_value(json_object_get(body, "unit"));
	const char *holder = unit ? holders_who(registryd->hub.holders, unit) : NULL;
	char text[REGISTRY_TEXT_MAX];

	if (holder)
		snprintf(text, sizeof text, "%.100s is held by %.200s", unit, holder);
	else
		snprintf(text, sizeof text, "no station holds %.100s, as far as this one knows",
			unit ? unit : "it");
	station_link_answer(registryd->link, number, 0, holder ? REGISTRY_DONE : REGISTRY_REFUSED, text);
}

static void on_ask(void *userdata, uint64_t number, RegistryWhat what, json_t *body)
{
	Registryd *registryd = userdata;
	int r;

	if (what == REGISTRY_HOLDER) {
		answer_holder(registryd, number, body);
		return;
	}
	r = requests_begin(
		registryd->requests, registry_what_to_string(what), json_deep_copy(body), number + 1);
	if (r < 0)
		station_link_answer(registryd->link, number, 0, REGISTRY_AWAY,
			r == -ENOSPC ? "too many requests wait for the clinic's server"
				     : "the request cannot be kept on the station's disk");
}

/* ---- the other parts ---- */

static void registryd_on_up(void *userdata)
{
	Registryd *registryd = userdata;

	requests_forget_asks(registryd->requests);
	uplink_wake(registryd->uplink);
	witnesses_wake(registryd->witnesses);
	registryd->up(registryd->userdata);
	ask_for_boot(registryd);
}

static void on_news(void *userdata)
{
	Registryd *registryd = userdata;

	uplink_wake(registryd->uplink);
	top_up_wake(registryd->top_up);
}

static void on_grown(void *userdata)
{
	Registryd *registryd = userdata;
	const char *flaw = holders_flaw(registryd->hub.holders);

	if (flaw)
		troubles_begin(&registryd->hub.troubles, REGISTRY_WARN_DOUBLE,
			"the cartridge stays with the station that held it: tell whoever looks after the "
			"clinic's server",
			"%s", flaw);
	station_link_advance(registryd->link);
}

static void on_restored(void *userdata)
{
	Registryd *registryd = userdata;

	uplink_doubt(registryd->uplink);
}

static bool may_send(void *userdata)
{
	const Registryd *registryd = userdata;

	return !requests_waits(registryd->requests, "boot");
}

static void on_mirrored(void *userdata)
{
	const Registryd *registryd = userdata;

	witnesses_wake(registryd->witnesses);
}

static void on_cosigned(void *userdata, const char *note)
{
	Registryd *registryd = userdata;
	char *kept = strdup(note);

	if (!kept)
		return;
	free(registryd->cosigned);
	registryd->cosigned = kept;
	station_link_cosigned(registryd->link, note);
}

static void on_timeline(void *userdata, uint64_t timeline)
{
	Registryd *registryd = userdata;

	registryd->hub.seen.timeline = timeline;
	if (seen_save(registryd->hub.folder, &registryd->hub.seen) < 0)
		troubles_begin(&registryd->hub.troubles, REGISTRY_WARN_STORE, "look at the station's disk",
			"%s cannot be written", registryd->hub.folder);
}

/* ---- the report ---- */

static void write_state(const Hub *hub, RegistryReport *report)
{
	const Trouble *worst = troubles_worst(&hub->troubles);
	unsigned long long records = report->mirrored + report->waiting;

	if (worst) {
		snprintf(report->text, sizeof report->text, "%s", worst->text);
		snprintf(report->advice, sizeof report->advice, "%s", worst->advice);
	} else if (!hub->connected) {
		snprintf(report->text, sizeof report->text, "the clinic's server %.200s has not answered yet",
			hub->config->registry_server);
	} else {
		snprintf(report->text, sizeof report->text,
			"the clinic's server has %llu of %llu records; its registry has %llu leaves",
			(unsigned long long)report->mirrored, records, (unsigned long long)report->leaves);
	}
}

/** The names in the lines of signatures after the log's own, which is the first. */
static void write_cosigners(const char *note, RegistryReport *report)
{
	const char *line = strstr(note, "\n\n");
	size_t used = 0;

	for (line = line ? strchr(line + 2, '\n') : NULL; line && line[1]; line = strchr(line + 1, '\n')) {
		const char *name = strchr(line, ' ');
		int size = name ? (int)strcspn(name + 1, " ") : 0;

		if (size == 0 || used + (size_t)size + sizeof ", " > sizeof report->cosigned)
			return;
		used += (size_t)snprintf(report->cosigned + used, sizeof report->cosigned - used, "%s%.*s",
			used ? ", " : "", size, name + 1);
	}
}

static void send_report(Registryd *registryd)
{
	const Hub *hub = &registryd->hub;
	RegistryFrame frame;

	registry_frame_init(&frame, REGISTRY_REPORT);
	frame.report.mirrored = hub->seen.mirrored;
	frame.report.waiting = hub->newest > hub->seen.mirrored ? hub->newest - hub->seen.mirrored : 0;
	frame.report.leaves = log_copy_size(hub->log);
	frame.report.warnings = hub->troubles.bits & REGISTRY_WARN_ALL;
	frame.report.connected = hub->connected;
	if (registryd->cosigned)
		write_cosigners(registryd->cosigned, &frame.report);
	write_state(hub, &frame.report);
	station_link_report(registryd->link, &frame);
}

static int on_tick(sd_event_source *source, uint64_t now, void *userdata)
{
	Registryd *registryd = userdata;
	Hub *hub = &registryd->hub;

	if (hub->ledger && clock_monotonic_us() - hub->ledger_used_us > LEDGER_IDLE_S * (int64_t)USEC_PER_SEC)
		hub_close_ledger(hub);
	if (hub->connected && !registryd->was_connected)
		uplink_doubt(registryd->uplink);
	registryd->was_connected = hub->connected;
	ask_for_boot(registryd);
	send_report(registryd);
	return sd_event_source_set_time_relative(source, TICK_US);
}

/* ---- life ---- */

static void take_leaf_of_log(void *userdata, uint64_t seq, const char *leaf, size_t size)
{
	holders_take(userdata, seq, leaf, size);
	/* a whole log that comes at once takes a while */
	if (seq % LEAVES_A_SIGN == 0)
		(void)sd_notify(false, "WATCHDOG=1");
}

static int open_hub(Hub *hub, Error *error)
{
	const Config *config = hub->config;
	int r = note_verifier_parse(config->registry_key, &hub->registry_key, error);

	r = r < 0 ? r : note_verifier_parse(config->registry_mirror_key, &hub->mirror_key, error);
	if (r < 0)
		return r;
	if (hub->registry_key.kind != NOTE_ED25519 || hub->mirror_key.kind == NOTE_ED25519)
		return error_set(error, -EINVAL,
			"[registry] key must be a log's, and mirror_key a cosigner's: see \"stipple-clinicd keys\"");
	r = seen_load(hub->folder, &hub->seen);
	if (r == -EBADMSG) {
		log_warning("what was seen of the clinic's server is unreadable in %s: it is seen anew",
			hub->folder);
		r = 0;
	}
	if (r < 0)
		return error_set(error, r, "%s cannot be read: %s", hub->folder, strerror(-r));
	r = holders_new(&hub->holders);
	return r < 0 ? error_set(error, r, "out of memory")
		     : log_copy_open(hub->folder, &hub->registry_key, take_leaf_of_log, hub->holders,
			       &hub->log, error);
}

static int registryd_start_parts(Registryd *registryd, Error *error)
{
	Hub *hub = &registryd->hub;
	const HttpsOptions https = { hub->config->registry_server, hub->config->registry_ca_file,
		hub->config->registry_certificate, hub->config->registry_key_file, hub->seen.timeline,
		on_timeline, registryd };
	const FollowHandler follow = { on_grown, on_restored, registryd };
	const RequestsHandler requests = { on_answered, refresh_boot, registryd };
	const StationLinkHandler link = { registryd_on_up, on_news, on_ask, registryd };
	const UplinkHandler uplink = { may_send, on_mirrored, registryd };
	int r = https_new(hub->event, &https, &hub->https);

	r = r < 0 ? r : requests_new(hub, &requests, &registryd->requests, error);
	r = r < 0 ? r : witnesses_new(hub, on_cosigned, registryd, &registryd->witnesses, error);
	if (r < 0)
		return error->code < 0 ? r : error_set(error, r, "HTTPS cannot be started: %s", strerror(-r));
	if ((r = follow_new(hub, &follow, &registryd->follow)) < 0 ||
		(r = daily_renewal_new(hub, &registryd->renewal)) < 0 ||
		(r = top_up_new(hub, registryd->requests, &registryd->top_up)) < 0 ||
		(r = station_link_new(hub, &link, &registryd->link)) < 0 ||
		(r = uplink_new(hub, &uplink, &registryd->uplink)) < 0 ||
		(r = sd_event_add_time_relative(hub->event, &registryd->tick, CLOCK_MONOTONIC, TICK_US,
			 SLACK_US, on_tick, registryd)) < 0 ||
		(r = sd_event_source_set_enabled(registryd->tick, SD_EVENT_ON)) < 0)
		return error_set(error, r, "the event loop failed: %s", strerror(-r));
	return 0;
}

int registryd_new(sd_event *event, const Config *config, const char *folder, void (*up)(void *userdata),
	void *userdata, Registryd **ret, Error *error)
{
	_cleanup_(registryd_freep) Registryd *registryd = calloc(1, sizeof *registryd);
	int r;

	if (!registryd)
		return error_set(error, -ENOMEM, "out of memory");
	registryd->hub = (Hub){ .event = sd_event_ref(event), .config = config, .folder = folder };
	registryd->up = up;
	registryd->userdata = userdata;
	*error = (Error){ 0 };
	r = open_hub(&registryd->hub, error);
	r = r < 0 ? r : registryd_start_parts(registryd, error);
	if (r < 0)
		return r;
	on_grown(registryd);
	*ret = TAKE_PTR(registryd);
	return 0;
}

Registryd *registryd_free(Registryd *registryd)
{
	if (!registryd)
		return NULL;
	sd_event_source_disable_unref(registryd->tick);
	uplink_free(registryd->uplink);
	witnesses_free(registryd->witnesses);
	free(registryd->cosigned);
	follow_free(registryd->follow);
	daily_renewal_free(registryd->renewal);
	top_up_free(registryd->top_up);
	requests_free(registryd->requests);
	station_link_free(registryd->link);
	https_free(registryd->hub.https);
	log_copy_free(registryd->hub.log);
	holders_free(registryd->hub.holders);
	hub_close_ledger(&registryd->hub);
	seen_clear(&registryd->hub.seen);
	sd_event_unref(registryd->hub.event);
	free(registryd);
	return NULL;
}
