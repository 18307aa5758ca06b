/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What depends on the clinic's registry: what is asked of it, and what a person is told of its answers. */

#include "decide/check.h"
#include "decide/decision.h"

/** Whether this station belongs to a clinic with a registry. */
bool clinic_is_configured(const State *state);
/** Asks the registry for `what`. Takes `body`, NULL when out of memory. */
void clinic_ask(Decision *ret, RegistryWhat what, json_t *body);
/** Asks the registry for the cartridge of `code`, or for numbers of its lot where it has no serial. */
void clinic_ask_for_needle(const NeedleCode *code, Decision *ret);
/**
 * Why a claim is refused, in `ret`: the ledger's sentence, or for what only the registry knows one with the
 * next step.
 */
void clinic_explain_refusal(const State *state, const Command *command, char ret[DECISION_TEXT_MAX]);
/** One sentence about the link to the clinic; "" where no registry is configured. */
const char *clinic_sentence(const State *state);
/** The check of the link to the clinic, for `doctor`; only where a registry is configured. */
void clinic_check(const State *state, StationCheck *check);
