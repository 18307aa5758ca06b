/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The ledger while it is read, and what answers say about the connection. It must not keep the ledger's file
 * open for longer than it is read: a restored ledger is another file.
 */

#include "hub.h"

#include <string.h>

#include <jansson.h>

#include "plain-text.h"
#include "util/clock.h"
#include "util/log.h"

LedgerOutbox *hub_ledger(Hub *hub)
{
	_cleanup_(freep) char *path = NULL;
	Error error;

	hub->ledger_used_us = clock_monotonic_us();
	if (hub->ledger)
		return hub->ledger;
	path = config_ledger(hub->config);
	if (!path)
		return NULL;
	if (ledger_outbox_open(path, &hub->ledger, &error) < 0) {
		troubles_begin(&hub->troubles, REGISTRY_WARN_LEDGER,
			"start stippled; \"stipplectl doctor\" says what its ledger lacks", "%s", error.text);
		return NULL;
	}
	troubles_end(&hub->troubles, REGISTRY_WARN_LEDGER);
	return hub->ledger;
}

void hub_close_ledger(Hub *hub)
{
	hub->ledger = ledger_outbox_free(hub->ledger);
}

static void note_failure(Hub *hub, const HttpsAnswer *answer)
{
	hub->connected = false;
	if (answer->error == -ESTALE)
		troubles_begin(&hub->troubles, REGISTRY_WARN_TIMELINE,
			"the server's database was set back: tell whoever looks after it", "%s", answer->why);
	else if (answer->refused)
		troubles_begin(&hub->troubles, REGISTRY_WARN_CERTIFICATE,
			"check [registry] ca_file, certificate and key_file, or enrol the station anew",
			"the clinic's server and this station do not trust each other: %s", answer->why);
	else
		troubles_begin(&hub->troubles, TROUBLE_AWAY,
			"check the network and the clinic's server; the station works on with what it holds",
			"the clinic's server %s cannot be reached: %s", hub->config->registry_server,
			answer->why);
}

int hub_note_answer(Hub *hub, const HttpsAnswer *answer)
{
	if (answer->error < 0) {
		note_failure(hub, answer);
		return answer->error;
	}
	troubles_end(&hub->troubles, REGISTRY_WARN_TIMELINE);
	if (answer->status >= 500) {
		char why[REGISTRY_TEXT_MAX / 2];

		hub_problem(answer, why, sizeof why);
		hub->connected = false;
		troubles_begin(&hub->troubles, TROUBLE_AWAY,
			"look after the clinic's server; the station works on with what it holds",
			"the clinic's server cannot answer: %s", why);
		return 0;
	}
	if (answer->status == 401) {
		hub->connected = false;
		troubles_begin(&hub->troubles, REGISTRY_WARN_CERTIFICATE, "enrol the station anew",
			"the clinic's server does not know this station's certificate");
		return 0;
	}
	hub->connected = true;
	troubles_end(&hub->troubles, TROUBLE_AWAY);
	if (!hub->certificate_doubted)
		troubles_end(&hub->troubles, REGISTRY_WARN_CERTIFICATE);
	return 0;
}

void hub_problem(const HttpsAnswer *answer, char *ret, size_t size)
{
	json_auto_t *problem = json_loadb(answer->body, answer->size, 0, NULL);
	const char *detail = json_string_value(json_object_get(problem, "detail"));

	if (detail)
		snprintf(ret, size, "%.*s", (int)size - 1, detail);
	else
		snprintf(ret, size, "the server answered with status %u", answer->status);
	plain_text(ret);
}
