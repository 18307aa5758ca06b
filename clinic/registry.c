/* SPDX-License-Identifier: Apache-2.0 */

/** The registry's paths, and its threads. It must not decide anything. */

#include "registry.h"

#include "clinic.h"
#include "registry-doubt.h"
#include "registry-handover.h"
#include "registry-leaves.h"
#include "registry-proofs.h"
#include "registry-queue.h"
#include "registry-replay.h"

static void begin_waiting(void *userdata, Request *request)
{
	registry_queue_push(userdata, request->kept);
}

static void free_ask(void *kept)
{
	ask_free(kept);
}

/** The first run puts the request into the queue; the second finds it answered. */
static Answer answer_ask(const Clinic *clinic, Request *request, AskKind kind)
{
	Ask *ask = request->kept;
	Answer refusal;

	if (ask)
		return answer_take(&ask->answer);
	ask = ask_new(kind, request, &refusal);
	if (ask && kind == ASK_HANDOVER)
		refusal = registry_open_handover(&clinic->registry, ask);
	if (!ask || refusal.status) {
		ask_free(ask);
		return refusal;
	}
	ask->request = request;
	request->kept = ask;
	request->free = free_ask;
	return (Answer){ .later = { begin_waiting, clinic->registry.queue } };
}

static Answer handle_hold(const Clinic *clinic, Request *request)
{
	return answer_ask(clinic, request, ASK_HOLD);
}

static Answer handle_top_up(const Clinic *clinic, Request *request)
{
	return answer_ask(clinic, request, ASK_TOP_UP);
}

static Answer handle_claim(const Clinic *clinic, Request *request)
{
	return answer_ask(clinic, request, ASK_CLAIM);
}

static Answer handle_move(const Clinic *clinic, Request *request)
{
	return answer_ask(clinic, request, ASK_MOVE);
}

static Answer handle_boot(const Clinic *clinic, Request *request)
{
	return answer_ask(clinic, request, ASK_BOOT);
}

static Answer handle_handover(const Clinic *clinic, Request *request)
{
	return answer_ask(clinic, request, ASK_HANDOVER);
}

const Route registry_routes[] = {
	{ "POST", "/registry/hold", ROUTE_STATION, "application/json", handle_hold },
	{ "POST", "/registry/top-up", ROUTE_STATION, "application/json", handle_top_up },
	{ "POST", "/registry/claim", ROUTE_STATION, "application/json", handle_claim },
	{ "POST", "/registry/move", ROUTE_STATION, "application/json", handle_move },
	{ "POST", "/registry/boot", ROUTE_STATION, "application/json", handle_boot },
	{ "POST", "/registry/handover", ROUTE_STATION, "application/json", handle_handover },
	{ "POST", "/registry/replay", ROUTE_STATION, "application/json", registry_handle_replay },
	{ "GET", "/registry/leaves", ROUTE_STATION, NULL, registry_handle_leaves },
	{ 0 },
};

int registry_start(Registry *registry, Error *error)
{
	registry->doubt = registry_doubt_new();
	if (!registry->doubt || registry_proofs_new(&registry->proofs) < 0 ||
		registry_queue_start(registry, &registry->queue) < 0 ||
		registry_watch_start(registry->database, &registry->watch) < 0) {
		registry_stop(registry);
		return error_set(error, -EAGAIN, "the system gives no further thread: is its limit reached?");
	}
	return 0;
}

void registry_wake_all(Registry *registry)
{
	registry_watch_end(registry->watch);
}

void registry_stop(Registry *registry)
{
	registry->queue = registry_queue_stop(registry->queue);
	registry->watch = registry_watch_stop(registry->watch);
	registry->proofs = registry_proofs_free(registry->proofs);
	registry->doubt = registry_doubt_free(registry->doubt);
}
