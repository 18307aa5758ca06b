/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The link to the clinic's registry. Leaves are recorded in their order, a few at a time, so that claims and
 * strokes always find room in the ledger's queue. It must not wait, and must not believe anything but a leaf
 * with its proof.
 */

#include "registry/registry.h"

#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "registry/leaf-desk.h"
#include "util/digest.h"
#include "util/local-socket.h"
#include "util/log.h"

enum {
	PACKETS_MAX = 64, /* that are read in one turn of the timer */
	TURN_US = 100000,
	SLACK_US = 10000,
	PENALTY_TURNS = 5, /* without a connection, after one that made no sense */
};

struct Registry {
	const Config *config;
	Station *station;
	Ledger *ledger;
	sd_event *event;
	sd_event_source *listening, *reading, *timer;
	LeafDesk desk;
	char *path;
	int listen_fd, fd;  /* fd: the connected peer; -1 none */
	bool is_known;      /* the record has said how far it is: before, nobody is spoken to */
	size_t waits;       /* bytes of a leaf in `packet` that the ledger had no room for; 0 none */
	unsigned packets;   /* that may still be read in this turn */
	unsigned penalty;   /* turns until somebody may come again */
	uint64_t first_ask; /* number of the request with ticket 0: another one in each process */
	bool news_owed, cursor_owed, report_owed;
	ClinicReport report;
	uint8_t packet[REGISTRY_PACKET_MAX];
};

/* ---- what is said ---- */

static void drop_registryd(Registry *registry)
{
	registry->reading = sd_event_source_disable_unref(registry->reading);
	closep(&registry->fd);
	registry->waits = 0;
	registry->report_owed = false;
	station_clinic_reported(registry->station, NULL);
}

/** It made no sense: it is not listened to for a while. */
static void turn_away(Registry *registry, const char *why)
{
	if (registry->fd < 0)
		return;
	log_warning("what stipple-registryd says is not taken: %s", why);
	drop_registryd(registry);
	registry->penalty = PENALTY_TURNS;
	(void)!sd_event_source_set_enabled(registry->listening, SD_EVENT_OFF);
}

/** `body` may be NULL. -EAGAIN when the socket has no room, -ENOTCONN when nobody is there. */
static int say_frame(Registry *registry, RegistryFrame *frame, const char *body, size_t size)
{
	struct iovec parts[] = { { frame, registry_frame_size((RegistryKind)frame->head.kind) },
		{ (char *)body, size } };
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = body ? 2 : 1 };

	if (registry->fd < 0)
		return -ENOTCONN;
	if (sendmsg(registry->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	if (errno == EAGAIN || errno == ENOBUFS)
		return -EAGAIN;
	drop_registryd(registry);
	return -ENOTCONN;
}

static void say_records_came(Registry *registry)
{
	RegistryFrame frame;

	registry_frame_init(&frame, REGISTRY_NEWS);
	registry->news_owed = say_frame(registry, &frame, NULL, 0) == -EAGAIN;
}

static void say_cursor(Registry *registry)
{
	RegistryFrame frame;

	registry_frame_init(&frame, REGISTRY_CURSOR);
	frame.cursor.next = registry->desk.next;
	registry->cursor_owed = say_frame(registry, &frame, NULL, 0) == -EAGAIN;
}

static int say_hello(Registry *registry)
{
	const char *boot = station_state(registry->station)->host.now.boot_id;
	RegistryFrame frame;

	registry_frame_init(&frame, REGISTRY_HELLO);
	leaf_desk_begin(&registry->desk);
	frame.hello.next = registry->desk.next;
	snprintf(frame.hello.boot, sizeof frame.hello.boot, "%s", boot);
	snprintf(frame.hello.origin, sizeof frame.hello.origin, "%s", registry->desk.origin);
	return say_frame(registry, &frame, NULL, 0);
}

int registry_ask(Registry *registry, const StationAsk *ask)
{
	_cleanup_(freep) char *body = json_dumps(ask->body, JSON_COMPACT | JSON_SORT_KEYS);
	RegistryFrame frame;
	int r;

	if (!body)
		return -ENOMEM;
	registry_frame_init(&frame, REGISTRY_ASK);
	frame.ask.number = registry->first_ask + ask->ticket;
	frame.ask.what = ask->what;
	r = registry_frame_attach(&frame, strlen(body), 0);
	return r < 0 ? r : say_frame(registry, &frame, body, strlen(body));
}

/* ---- what is heard ---- */

static void read_on(Registry *registry)
{
	bool may = registry->is_known && registry->packets > 0 && leaf_desk_has_room(&registry->desk) &&
		   registry->waits == 0;

	if (registry->reading)
		(void)!sd_event_source_set_enabled(registry->reading, may ? SD_EVENT_ON : SD_EVENT_OFF);
}

static void leaf_answered(void *userdata, bool failed)
{
	Registry *registry = userdata;

	say_cursor(registry);
	if (failed)
		turn_away(registry, "a leaf could not be recorded, as the disk failed; it comes again");
	read_on(registry);
}

/** -EAGAIN: it must be tried again later. */
static int take_signed_leaf(
	Registry *registry, const RegistryLeaf *head, const RegistryBytes *leaf, const RegistryBytes *proof)
{
	Error error = { 0 };
	int r = leaf_desk_take(&registry->desk, head->seq, leaf, proof, &error);

	if (r == -EBADMSG) {
		station_registry_lied(registry->station, error.text);
		turn_away(registry, error.text);
	} else if (r >= 0 && head->seq < registry->desk.next) {
		say_cursor(registry);
	}
	return r;
}

#define TAKE_TEXT(to, from) snprintf(to, sizeof(to), "%.*s", (int)sizeof(to) - 1, from)

/** It is passed on with the timer, so that a flood of reports is not a flood of signals. */
static void take_link_report(Registry *registry, const RegistryReport *report)
{
	ClinicReport *now = &registry->report;

	*now = (ClinicReport){ .is_there = true,
		.is_connected = report->connected,
		.mirrored = report->mirrored,
		.waiting = report->waiting,
		.warnings = report->warnings };
	TAKE_TEXT(now->text, report->text);
	TAKE_TEXT(now->advice, report->advice);
	TAKE_TEXT(now->cosigned, report->cosigned);
	registry->report_owed = true;
}

static void take_answer_of_registry(Registry *registry, const RegistryAnswer *answer)
{
	uint64_t ticket = answer->number - registry->first_ask;

	if (ticket <= UINT32_MAX)
		station_registry_answered(
			registry->station, (uint32_t)ticket, (RegistryStatus)answer->status, answer->text);
}

/** Takes the packet of `size` bytes; it waits in its place while the ledger has no room for its leaf. */
static void take_packet(Registry *registry, size_t size)
{
	RegistryFrame frame;
	RegistryBytes first, second;

	registry->waits = 0;
	if (registry_frame_read(registry->packet, size, &frame, &first, &second) < 0) {
		turn_away(registry, "it is no frame");
		return;
	}
	switch ((RegistryKind)frame.head.kind) {
	case REGISTRY_LEAF:
		if (take_signed_leaf(registry, &frame.leaf, &first, &second) == -EAGAIN)
			registry->waits = size;
		break;
	case REGISTRY_ANSWER:
		take_answer_of_registry(registry, &frame.answer);
		break;
	case REGISTRY_REPORT:
		take_link_report(registry, &frame.report);
		break;
	case REGISTRY_COSIGNED:
		station_cosigned(registry->station, first.data, first.size);
		break;
	case REGISTRY_HELLO:
	case REGISTRY_CURSOR:
	case REGISTRY_NEWS:
	case REGISTRY_ASK:
	case REGISTRY_KIND_MAX:
		turn_away(registry, "only the daemon sends such a frame");
		break;
	}
}

/** Reads one packet at a time: whatever else waits in the loop comes in between. */
static int on_packet(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	Registry *registry = userdata;
	ssize_t n = recv(fd, registry->packet, sizeof registry->packet, MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		drop_registryd(registry);
		return 0;
	}
	registry->packets--;
	if ((size_t)n > sizeof registry->packet)
		turn_away(registry, "a packet is too long");
	else
		take_packet(registry, (size_t)n);
	read_on(registry);
	return 0;
}

static void greet(Registry *registry)
{
	if (registry->fd < 0 || !registry->is_known)
		return;
	if (say_hello(registry) < 0)
		return;
	say_records_came(registry);
	read_on(registry);
}

static int on_registryd(sd_event_source *source, int listen_fd, uint32_t events, void *userdata)
{
	Registry *registry = userdata;
	const int room = 2 * REGISTRY_PACKET_MAX;
	_cleanup_(closep) int fd = local_socket_accept(listen_fd);

	if (fd == -EPERM)
		log_warning(
			"somebody who is not of the daemon's group came to %s: turned away", registry->path);
	if (fd < 0)
		return 0;
	drop_registryd(registry);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	if (sd_event_add_io(registry->event, &registry->reading, fd, EPOLLIN, on_packet, registry) < 0)
		return 0;
	(void)!sd_event_source_set_priority(registry->reading, SD_EVENT_PRIORITY_IDLE);
	(void)!sd_event_source_set_enabled(registry->reading, SD_EVENT_OFF);
	registry->fd = TAKE_FD(fd);
	greet(registry);
	return 0;
}

/* ---- when ---- */

static void on_record_made(void *userdata, unsigned changes)
{
	if (changes & STATION_CHANGED_RECORDS)
		say_records_came(userdata);
}

static int on_turn(sd_event_source *source, uint64_t now, void *userdata)
{
	Registry *registry = userdata;

	registry->packets = PACKETS_MAX;
	if (registry->penalty == 1)
		(void)!sd_event_source_set_enabled(registry->listening, SD_EVENT_ON);
	registry->penalty -= registry->penalty > 0;
	if (registry->waits > 0)
		take_packet(registry, registry->waits);
	if (registry->report_owed)
		station_clinic_reported(registry->station, &registry->report);
	registry->report_owed = false;
	if (registry->news_owed)
		say_records_came(registry);
	if (registry->cursor_owed)
		say_cursor(registry);
	read_on(registry);
	return sd_event_source_set_time_relative(source, TURN_US);
}

/* ---- life ---- */

/** Joins the clinic on record, which the ledger asks for before it takes a leaf. NULL: it has. */
static json_t *joining_body(const Registry *registry, const json_t *row)
{
	const Config *config = registry->config;

	if (strcmp(row_text(row, "station"), registry->desk.origin) == 0 &&
		strcmp(row_text(row, "registry"), config->registry_key) == 0 &&
		strcmp(row_text(row, "mirror"), config->registry_mirror_key) == 0)
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:s}", "station", registry->desk.origin, "name", config->station,
		"registry", config->registry_key, "mirror", config->registry_mirror_key);
}

static void joined(void *userdata, const LedgerAnswer *answer)
{
	Registry *registry = userdata;

	if (answer->error < 0) {
		log_error("the clinic's registry is not listened to: %s", answer->text);
		return;
	}
	registry->is_known = true;
	greet(registry);
}

static void link_found(void *userdata, int error, json_t *rows)
{
	Registry *registry = userdata;
	const json_t *row = json_array_get(rows, 0), *newest = json_object_get(row, "newest");
	json_auto_t *body = NULL;
	int r = error;

	if (r == 0) {
		registry->desk.next = json_is_integer(newest) ? (uint64_t)json_integer_value(newest) + 1 : 0;
		station_clinic_known(registry->station, registry->desk.origin, row_text(row, "confirmed_at"),
			json_is_integer(json_object_get(row, "quarantined")));
		body = joining_body(registry, row);
	}
	if (r == 0 && !body) {
		registry->is_known = true;
		greet(registry);
	} else if (r == 0) {
		const LedgerRecord record = { .kind = "clinic.joined", .actor = "station", .body = body };

		r = station_take_record(registry->station, &record, joined, registry);
	}
	if (r < 0)
		log_error(
			"the clinic's registry is not listened to, as the record cannot be used (%s): restart stippled",
			strerror(-r));
}

static int begin_link(Registry *registry, Error *error)
{
	json_auto_t *arguments =
		json_pack("{s:s}", "boot", station_state(registry->station)->host.now.boot_id);
	char key[NOTE_KEY_MAX];
	NoteVerifier log;
	int r = note_verifier_parse(registry->config->registry_key, &registry->desk.key, error);

	if (r < 0)
		return error_set(error, r,
			"[registry] key is no public key: enrol the station at the clinic's server");
	ledger_key(registry->ledger, key);
	r = note_verifier_parse(key, &log, error);
	if (r < 0)
		return error_set(error, r, "the station's log has no key");
	memcpy(registry->desk.origin, log.name, sizeof registry->desk.origin);
	r = random_bytes(&registry->first_ask, sizeof registry->first_ask);
	if (r < 0)
		return error_set(error, r, "the system has no random numbers");
	r = ledger_lookup(registry->ledger, "clinic-link", arguments, link_found, registry);
	return r < 0 ? error_set(error, r, "the record cannot be read (%s)", strerror(-r)) : 0;
}

static int listen_to_registryd(Registry *registry)
{
	StationObserver observer = { .changed = on_record_made, .userdata = registry };
	int r;

	registry->listen_fd =
		local_socket_listen(registry->config->run_folder, REGISTRY_SOCKET, &registry->path);
	if (registry->listen_fd < 0)
		return registry->listen_fd;
	if ((r = sd_event_add_io(registry->event, &registry->listening, registry->listen_fd, EPOLLIN,
		     on_registryd, registry)) < 0 ||
		/* after everything that a session needs, as what is read */
		(r = sd_event_source_set_priority(registry->listening, SD_EVENT_PRIORITY_IDLE)) < 0 ||
		(r = sd_event_add_time_relative(registry->event, &registry->timer, CLOCK_MONOTONIC, TURN_US,
			 SLACK_US, on_turn, registry)) < 0 ||
		(r = sd_event_source_set_enabled(registry->timer, SD_EVENT_ON)) < 0)
		return r;
	return station_observe(registry->station, &observer);
}

int registry_new(
	sd_event *event, const Config *config, Station *station, Ledger *ledger, Registry **ret, Error *error)
{
	_cleanup_(registry_freep) Registry *registry = calloc(1, sizeof *registry);
	int r;

	if (!registry)
		return error_set(error, -ENOMEM, "out of memory");
	registry->listen_fd = registry->fd = -1;
	registry->event = sd_event_ref(event);
	registry->config = config;
	registry->station = station;
	registry->ledger = ledger;
	registry->packets = PACKETS_MAX;
	registry->desk.station = station;
	registry->desk.answered = leaf_answered;
	registry->desk.userdata = registry;
	r = listen_to_registryd(registry);
	if (r < 0)
		return error_set(error, r, "%s cannot be used (%s): check [paths] run_folder",
			config->run_folder, strerror(-r));
	r = begin_link(registry, error);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(registry);
	return 0;
}

Registry *registry_free(Registry *registry)
{
	if (!registry)
		return NULL;
	station_unobserve(registry->station, registry);
	drop_registryd(registry);
	sd_event_source_disable_unref(registry->listening);
	sd_event_source_disable_unref(registry->timer);
	if (registry->listen_fd >= 0 && registry->path)
		(void)unlink(registry->path);
	closep(&registry->listen_fd);
	sd_event_unref(registry->event);
	free(registry->path);
	free(registry);
	return NULL;
}
