/* SPDX-License-Identifier: Apache-2.0 */

/** Gathers the facts for the interlocks. decide/interlocks.c judges what they mean. */

#include "decide/interlock-facts.h"

#include "decide/anaesthetic.h"
#include "decide/client-card.h"
#include "decide/operator-certificates.h"
#include "decide/cartridge-wear.h"
#include "decide/healing.h"
#include "decide/screening-facts.h"
#include "decide/spore-test.h"
#include "decide/stock.h"

static void gather_session(const State *state, InterlockFacts *facts)
{
	const Session *session = &state->session;
	bool has_zone = (int)session->zone >= 0;

	facts->session_open = session->number != 0;
	facts->recovery = &session->recovery;
	facts->consent_treatment = session->consent_treatment;
	facts->needles_unsigned =
		state->rules.profile.proofs[PROFILE_NEEDLES_SEALED] && !session->needles_sealed;
	facts->zone = has_zone ? zone_to_string(session->zone) : NULL;
	facts->pigment_loaded = session->pigment[0] != '\0';
	facts->pigment_expiry_utc_us = session->pigment_expiry_utc_us;
	facts->before_photo = !state->rules.config->before_photo_required ||
			      (has_zone && session->zones[session->zone].before_photo[0]);
	facts->last_dots_utc_us = session_zone(session)->last_dots_utc_us;
	facts->wait_until_utc_us = session->wait_until_utc_us;
	facts->healing_days = session->protocol ? healing_days(session->protocol, session->course_session,
							  session->interval_days)
						: 0;
	facts->session_elapsed_s =
		session->number ? (state->host.now.monotonic_us - state->work.begun_us) / USEC_PER_SEC : 0;
	facts->session_max_s =
		session->protocol ? (int64_t)session->protocol->session_max_min * 60 : INT64_MAX;
	facts->overridden = session->overridden;
}

static void gather_needle(const State *state, InterlockFacts *facts)
{
	const Cartridge *mounted = &state->needle.mounted;
	const ZonePlan *plan = state->session.plan;

	facts->needle_mounted = facts->needle_claimed = mounted->claim != 0;
	facts->needle_configuration =
		mounted->claim && mounted->configuration[0] ? mounted->configuration : NULL;
	facts->needles_allowed = plan && plan->needles[0] ? plan->needles : NULL;
}

static void gather_board(const State *state, InterlockFacts *facts)
{
	const Board *board = &state->board;

	facts->board_connected = board->connected;
	facts->self_test_done = board->self_test_done;
	facts->self_test_failed = board->self_test_failed;
	facts->emergency_stop = board->emergency_stop;
	facts->pedal_down = board->pedal;
	facts->fault_latched = board->fault.fault != CONTROL_FAULT_NONE;
}

static void gather_host(const State *state, InterlockFacts *facts)
{
	const Host *host = &state->host;

	facts->ledger_healthy = host->has_ledger && !host->ledger_ailment && facts_known(&state->facts);
	facts->ledger_ailment = host->ledger_ailment;
	facts->disk_free_bytes = host->disk_free;
	facts->disk_min_bytes = (uint64_t)state->rules.config->disk_min_mb << 20;
	facts->now_utc_us = host->now.utc_us + CLOCK_SLACK_US;
	facts->newest_utc_us = host->newest_utc_us;
	facts->configuration_error = rules_inert(&state->rules);
}

size_t refusals_of(const State *state, Refusal ret[INTERLOCK_MAX])
{
	InterlockFacts facts = {
		.operator_signed_in = state->people.signed_in.badge[0] != '\0',
	};

	gather_session(state, &facts);
	gather_needle(state, &facts);
	gather_board(state, &facts);
	gather_host(state, &facts);
	certificate_facts(state, &facts);
	client_facts(state, &facts);
	screening_facts(state, &facts);
	anaesthetic_facts(state, &facts);
	needle_wear_facts(state, &facts);
	stock_facts(state, &facts);
	spore_test_facts(state, &facts);
	return interlocks_check(&facts, ret);
}
