/* SPDX-License-Identifier: Apache-2.0 */

/** Decides what leaves the station over MQTT. It must never act on anything that arrives. */

#include "publisher.h"

#include <stdarg.h>
#include <string.h>

#include "broker.h"
#include "feed.h"
#include "live-socket.h"
#include "topics.h"
#include "util/log.h"

enum { SLACK_US = 10000 };

struct Publisher {
	const Config *config;
	void (*up)(void *userdata);
	void *userdata;
	Broker *broker; /* NULL when not to publish */
	Feed *feed;
	LiveSocket *daemon;
	sd_event_source *timer;
	bool have_state, state_changed, told_offline;
	LiveState state;
	struct {
		uint64_t sent; /* size of the one in flight, 0 none */
		int message;   /* its id */
		bool wanted;   /* there may be a new one, or the broker may have lost the last */
		bool again;    /* new connection: the broker may have lost it */
	} checkpoint;
	struct {
		char names[PROGRESS_NAME_MAX]; /* names with retained messages to clear; "" none */
		int messages[2];
		int left;
	} old;
	bool oversize; /* the state or the checkpoint was longer than the broker takes */
	bool closing;
	LiveFrame reported;
};

/* ---- the retained state and the live stream ---- */

/** `online` false: the station, or its daemon, is away. */
static void publish_state(Publisher *publisher, bool online, int qos)
{
	_cleanup_(freep) char *message = NULL;
	json_auto_t *stock = NULL;
	LedgerOutbox *ledger = online ? feed_ledger(publisher->feed) : NULL;
	char topic[TOPIC_MAX];
	int r;

	if (ledger)
		(void)!ledger_outbox_stock(ledger, &stock);
	message = message_of_state(publisher->config, online ? &publisher->state : NULL, stock);
	if (!message || !broker_connected(publisher->broker))
		return;
	topic_make(publisher->config, "state", topic);
	r = broker_publish(publisher->broker, topic, message, qos, true, 0, NULL);
	if (r == -EMSGSIZE && stock) {
		/* drop the stock, the longest part, which readers can do without */
		free(message);
		message = message_of_state(publisher->config, &publisher->state, NULL);
		if (message)
			r = broker_publish(publisher->broker, topic, message, qos, true, 0, NULL);
	}
	publisher->oversize = publisher->oversize || r == -EMSGSIZE;
	publisher->told_offline = !online;
	publisher->state_changed = false;
}

static void publish_figures(Publisher *publisher, const LiveFigures *figures)
{
	_cleanup_(freep) char *message = NULL;
	char topic[TOPIC_MAX];
	FeedStatus status;

	feed_status(publisher->feed, &status);
	if (!broker_connected(publisher->broker) || broker_congested(publisher->broker) || status.stalled)
		return;
	message = message_of_figures(figures);
	topic_make(publisher->config, "telemetry", topic);
	if (message)
		(void)!broker_publish(publisher->broker, topic, message, 0, false,
			publisher->config->telemetry_expiry_s, NULL);
}

/* ---- the newest checkpoint, retained ---- */

/**
 * Publishes one checkpoint at a time: each proves that it continues the one before, which the broker must
 * have by then.
 */
static void publish_checkpoint(Publisher *publisher)
{
	Progress *progress = feed_progress(publisher->feed);
	_cleanup_(freep) char *message = NULL;
	json_auto_t *checkpoint = NULL;
	char topic[TOPIC_MAX];
	LedgerOutboxInfo info;
	LedgerOutbox *ledger;
	uint64_t size;
	int r;

	if (!publisher->checkpoint.wanted || publisher->checkpoint.sent ||
		!broker_connected(publisher->broker))
		return;
	ledger = feed_ledger(publisher->feed);
	if (!ledger)
		return; /* the timer tries again */
	publisher->checkpoint.wanted = false;
	r = ledger_outbox_checkpoint(ledger, progress->checkpoint, &checkpoint);
	if (r < 0) {
		publisher->checkpoint.wanted = r != -ENODATA;
		return;
	}
	size = (uint64_t)json_integer_value(json_object_get(checkpoint, "size"));
	if (size == progress->checkpoint && !publisher->checkpoint.again)
		return;
	if (ledger_outbox_info(ledger, &info) == 0 && info.formerly[0])
		(void)!json_object_set_new(checkpoint, "formerly", json_string(info.formerly));
	message = json_dumps(checkpoint, JSON_COMPACT | JSON_SORT_KEYS);
	topic_make(publisher->config, "checkpoint", topic);
	r = message ? broker_publish(
			      publisher->broker, topic, message, 1, true, 0, &publisher->checkpoint.message)
		    : -ENOMEM;
	publisher->oversize = publisher->oversize || r == -EMSGSIZE;
	if (r < 0)
		return;
	publisher->checkpoint.again = false;
	publisher->checkpoint.sent = size;
}

static bool checkpoint_acknowledged(Publisher *publisher, int message, int code)
{
	Progress *progress = feed_progress(publisher->feed);

	if (publisher->checkpoint.sent == 0 || publisher->checkpoint.message != message)
		return false;
	if (code == 0) {
		progress->checkpoint = publisher->checkpoint.sent;
		snprintf(progress->names, sizeof progress->names, "%s/%s", publisher->config->clinic,
			publisher->config->station);
		/* at once: the next checkpoint must continue this one */
		feed_keep(publisher->feed);
	}
	publisher->checkpoint.sent = 0;
	publisher->checkpoint.wanted = true;
	return true;
}

/* ---- retained messages under the station's former names ---- */

static void clear_old(Publisher *publisher)
{
	static const char *const suffixes[] = { "state", "checkpoint" };
	Progress *progress = feed_progress(publisher->feed);
	char names[PROGRESS_NAME_MAX], topic[TOPIC_MAX];

	snprintf(names, sizeof names, "%s/%s", publisher->config->clinic, publisher->config->station);
	publisher->old.left = 0;
	if (!progress->names[0] || strcmp(progress->names, names) == 0)
		return;
	snprintf(publisher->old.names, sizeof publisher->old.names, "%s", progress->names);
	for (size_t i = 0; i < ELEMENTS(suffixes); i++) {
		snprintf(topic, sizeof topic, "stipple/v1/%s/%s", progress->names, suffixes[i]);
		if (broker_publish(publisher->broker, topic, "", 1, true, 0, &publisher->old.messages[i]) ==
			0)
			publisher->old.left++;
		else
			publisher->old.messages[i] = 0;
	}
}

static bool is_of_old(void *userdata, int message)
{
	const Publisher *publisher = userdata;

	return publisher->old.left > 0 &&
	       (publisher->old.messages[0] == message || publisher->old.messages[1] == message);
}

static bool old_acknowledged(Publisher *publisher, int message, int code)
{
	Progress *progress = feed_progress(publisher->feed);

	if (!is_of_old(publisher, message))
		return false;
	for (size_t i = 0; i < ELEMENTS(publisher->old.messages); i++)
		if (publisher->old.messages[i] == message)
			publisher->old.messages[i] = 0;
	if (code != 0)
		log_warning("the broker does not let this station clear what it retains below its old name "
			    "stipple/v1/%s (%s): clear it with mosquitto_pub -r -n",
			publisher->old.names, broker_reason(code));
	if (--publisher->old.left > 0)
		return true;
	if (code == 0)
		log_notice("what was retained below the old name stipple/v1/%s is cleared",
			publisher->old.names);
	snprintf(progress->names, sizeof progress->names, "%s/%s", publisher->config->clinic,
		publisher->config->station);
	feed_keep(publisher->feed);
	return true;
}

/* ---- the report of telemetry's state ---- */

static void add_sentence(char text[LIVE_TEXT_MAX], const char *format, ...) _printf_(2, 3);

static void add_sentence(char text[LIVE_TEXT_MAX], const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + used, LIVE_TEXT_MAX - used, format, arguments);
	va_end(arguments);
}

static void report_withheld(const Publisher *publisher, const FeedStatus *status, LiveReport *report)
{
	uint32_t limit = broker_limit(publisher->broker);
	const char *is = status->withheld == 1 ? "message is" : "messages are";

	if (status->by_limit > 0 || status->full || publisher->oversize)
		report->warnings |= LIVE_WARN_LIMIT;
	if (status->withheld > status->by_limit)
		report->warnings |= LIVE_WARN_REFUSED;
	if (status->withheld > 0)
		add_sentence(report->text,
			"; %zu %s withheld that it does not take, the first of record %llu", status->withheld,
			is, (unsigned long long)status->first);
	if (status->full)
		add_sentence(report->text, ", and all behind them wait");
	if (publisher->oversize)
		add_sentence(report->text, "; state or checkpoint are longer than it takes");
	if (report->warnings & LIVE_WARN_LIMIT && limit)
		add_sentence(report->advice,
			"let the broker take packets of more than %u bytes (mosquitto: max_packet_size); what is withheld is sent then",
			limit);
	else if (report->warnings & (LIVE_WARN_LIMIT | LIVE_WARN_REFUSED))
		add_sentence(report->advice,
			"see the broker's log; what is withheld is tried with each connection");
}

void publisher_report(const Publisher *publisher, LiveReport *ret)
{
	char certificate[BROKER_CERTIFICATE_MAX];
	LiveFrame frame;
	FeedStatus status;

	live_frame_init(&frame, LIVE_REPORT);
	*ret = frame.report;
	if (!publisher->broker) {
		snprintf(ret->text, sizeof ret->text, "not configured");
		return;
	}
	feed_status(publisher->feed, &status);
	ret->connected = broker_connected(publisher->broker);
	ret->stalled = status.stalled;
	ret->cursor = status.cursor;
	ret->waiting = status.waiting;
	ret->withheld = status.withheld;
	snprintf(ret->text, sizeof ret->text, "%s%s", broker_text(publisher->broker),
		status.stalled ? ", but it acknowledges nothing" : "");
	if (broker_name_taken(publisher->broker)) {
		ret->warnings |= LIVE_WARN_NAME;
		add_sentence(ret->text,
			"; the connection is taken away again and again, as when another station has the same name");
		add_sentence(ret->advice, "check [station] clinic and station on both stations; ");
	}
	if (status.error[0]) {
		ret->warnings |= LIVE_WARN_LEDGER;
		add_sentence(ret->text, "; %s", status.error);
	}
	if (broker_certificate(publisher->broker, certificate)[0]) {
		ret->warnings |= LIVE_WARN_CERTIFICATE;
		add_sentence(ret->text, "; %s", certificate);
		add_sentence(ret->advice, "renew the certificate; ");
	}
	if (!ret->connected || ret->stalled)
		add_sentence(ret->advice,
			"check [mqtt] in stippled.conf and the broker's log; nothing is lost meanwhile, messages that wait: %llu",
			(unsigned long long)ret->waiting);
	else
		report_withheld(publisher, &status, ret);
}

static void report(Publisher *publisher)
{
	LiveFrame frame;

	live_frame_init(&frame, LIVE_REPORT);
	publisher_report(publisher, &frame.report);
	if (memcmp(&frame, &publisher->reported, sizeof frame) != 0 &&
		live_socket_say(publisher->daemon, &frame))
		publisher->reported = frame;
}

/* ---- the broker ---- */

static void on_connected(void *userdata)
{
	Publisher *publisher = userdata;

	publisher->oversize = false;
	publisher->checkpoint.again = publisher->checkpoint.wanted = true;
	publisher->checkpoint.sent = 0;
	publish_state(publisher, publisher->have_state, 1);
	clear_old(publisher);
	publish_checkpoint(publisher);
	feed_connected(publisher->feed);
	feed_pump(publisher->feed);
	report(publisher);
}

static void on_broker_disconnected(void *userdata)
{
	Publisher *publisher = userdata;

	publisher->checkpoint.sent = 0;
	publisher->old.left = 0;
	if (publisher->closing)
		return;
	feed_disconnected(publisher->feed);
	report(publisher);
}

static void on_acknowledged(void *userdata, int message, int code)
{
	Publisher *publisher = userdata;

	if (publisher->closing || checkpoint_acknowledged(publisher, message, code) ||
		old_acknowledged(publisher, message, code))
		return;
	(void)feed_acknowledged(publisher->feed, message, code);
}

static void on_served(void *userdata)
{
	Publisher *publisher = userdata;

	if (!publisher->closing)
		feed_served(publisher->feed);
}

/* ---- the daemon ---- */

static void on_up(void *userdata)
{
	Publisher *publisher = userdata;

	publisher->up(publisher->userdata);
	memset(&publisher->reported, 0, sizeof publisher->reported);
	if (publisher->broker)
		feed_set_serving(publisher->feed, true);
	report(publisher);
}

static void on_heard(void *userdata, const LiveFrame *frame)
{
	Publisher *publisher = userdata;

	if (!publisher->broker)
		return;
	switch ((LiveKind)frame->head.kind) {
	case LIVE_NEWS:
		publisher->checkpoint.wanted = true;
		feed_news(publisher->feed);
		feed_pump(publisher->feed);
		publish_checkpoint(publisher);
		break;
	case LIVE_STATE:
		publisher->state = frame->state;
		publisher->have_state = true;
		publish_state(publisher, true, 1);
		break;
	case LIVE_FIGURES:
		publish_figures(publisher, &frame->figures);
		break;
	case LIVE_REPORT:
	case LIVE_KIND_MAX:
		break;
	}
}

static void on_down(void *userdata)
{
	Publisher *publisher = userdata;

	publisher->have_state = false;
	if (!publisher->broker)
		return;
	feed_set_serving(publisher->feed, false);
	publish_state(publisher, false, 1);
}

/* ---- life ---- */

static int on_publish_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	Publisher *publisher = userdata;

	if (publisher->broker) {
		if (feed_stock_changed(publisher->feed))
			publisher->state_changed = true;
		if (publisher->state_changed && publisher->have_state)
			publish_state(publisher, true, 1);
		feed_tick(publisher->feed);
		publish_checkpoint(publisher);
	}
	report(publisher);
	return sd_event_source_set_time_relative(source, publisher->config->telemetry_ms * 1000ULL);
}

static int start_broker(sd_event *event, Publisher *publisher, const char *folder)
{
	_cleanup_(freep) char *will = message_of_state(publisher->config, NULL, NULL);
	BrokerHandler handler = { on_connected, on_broker_disconnected, on_acknowledged, is_of_old, on_served,
		publisher };
	char topic[TOPIC_MAX];
	int r;

	if (!will)
		return -ENOMEM;
	topic_make(publisher->config, "state", topic);
	r = broker_new(event, publisher->config, topic, will, &handler, &publisher->broker);
	return r < 0 ? r : feed_new(publisher->config, folder, publisher->broker, &publisher->feed);
}

int publisher_new(sd_event *event, const Config *config, const char *folder, void (*up)(void *userdata),
	void *userdata, Publisher **ret)
{
	_cleanup_(publisher_freep) Publisher *publisher = calloc(1, sizeof *publisher);
	LiveSocketHandler handler = { on_up, on_heard, on_down, publisher };
	int r;

	if (!publisher)
		return -ENOMEM;
	publisher->config = config;
	publisher->up = up;
	publisher->userdata = userdata;
	if (config->mqtt_enabled && (r = start_broker(event, publisher, folder)) < 0)
		return r;
	if ((r = live_socket_new(event, config->run_folder, &handler, &publisher->daemon)) < 0 ||
		(r = sd_event_add_time_relative(event, &publisher->timer, CLOCK_MONOTONIC,
			 config->telemetry_ms * 1000ULL, SLACK_US, on_publish_timer, publisher)) < 0 ||
		(r = sd_event_source_set_enabled(publisher->timer, SD_EVENT_ON)) < 0)
		return r;
	*ret = TAKE_PTR(publisher);
	return 0;
}

Publisher *publisher_free(Publisher *publisher)
{
	if (!publisher)
		return NULL;
	publisher->closing = true;
	if (publisher->broker && publisher->feed)
		/* not QoS 1: behind a full window it would never leave */
		publish_state(publisher, false, 0);
	feed_free(publisher->feed);
	broker_free(publisher->broker);
	live_socket_free(publisher->daemon);
	sd_event_source_disable_unref(publisher->timer);
	free(publisher);
	return NULL;
}
