/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The station's end of the clinic: mirrors the log, follows the registry's, asks for what the daemon wants,
 * and tells the daemon how it stands. It commands nothing: what counts for the daemon are leaves with their
 * proofs.
 */

#include <systemd/sd-event.h>

#include "config/config.h"
#include "frame/registry-frame.h"
#include "util/error.h"

typedef struct Registryd Registryd;

/**
 * `config` must name a server, and outlive it, as must `folder`, where its state is kept. `up` is called each
 * time the daemon appears: it may have restarted with another configuration. It is no error when the daemon,
 * the ledger or the server is away.
 */
int registryd_new(sd_event *event, const Config *config, const char *folder, void (*up)(void *userdata),
	void *userdata, Registryd **ret, Error *error) _must_check_;
/** Accepts NULL; returns NULL. */
Registryd *registryd_free(Registryd *registryd);
DEFINE_CLEANUP(Registryd *, registryd_free, registryd_freep);
