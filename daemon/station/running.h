/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A running command, and what the runtime and its effects share about it. Nobody else includes this. */

#include "station/parts.h"
#include "util/enrolment-code.h"

struct Running {
	Station *station;
	Running *next; /* in runtime.first */
	const CommandSpec *spec;
	Command command;
	Decision decision; /* the last one; its owned members are freed before the next */
	StationDone done;
	void *userdata;
	StationReply reply;
	bool internal;
	bool at_ledger; /* waits for the ledger's answer */
	bool given_up;  /* ... longer than its caller would wait: the caller was told so */
	bool awaits_caller, awaits_facts;
	const Running *awaits_stop; /* ends together with that command */
	uint32_t ticket;            /* of the awaited order to the board, picture or registry; 0 none */
	int64_t until_us;           /* of a request to the registry: monotonic time of its limit */
	/* wiped at the end; one byte more each, so that a text that is too long stays too long */
	char pin[PIN_DIGITS_MAX + 2], new_pin[PIN_DIGITS_MAX + 2], code[NEEDLE_CODE_MAX + 2];
	PinCheck pin_check;
	int fd;         /* -1: none */
	int picture_fd; /* of a photograph that the command has opened; -1: none */
};

/** Call when what the command awaited has arrived: decides again. The command may be gone afterwards. */
void running_resume(Running *running);
/** Ends the command with a refusal. It is gone afterwards. */
void running_fail(Running *running, const char *error, const char *format, ...) _printf_(3, 4);
/**
 * False, and the command has ended, when its caller was told in the meantime that the ledger does not answer.
 */
bool running_still_asked(Running *running);
/** A new ticket for an order to the board or the camera, or a request to the registry. */
uint32_t running_ticket(Running *running);
/** Performs EFFECT_ASK_REGISTRY. */
void start_asking_registry(Running *running);

extern const Effects station_effects;
