/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The link to the clinic's registry, as a person sees it. No claim depends on it: whether a cartridge may be
 * claimed follows from signed leaves, which the ledger checks.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/clock.h"

enum { CLINIC_TEXT_MAX = 512, CLINIC_ORIGIN_MAX = 256 };

/** What stipple-registryd says of its connection. Texts end with NUL. */
typedef struct ClinicReport {
	bool is_there;     /* stipple-registryd is connected to the daemon and has reported */
	bool is_connected; /* ... and the clinic's server has answered, and not failed to since */
	uint64_t mirrored; /* records that the mirror has cosigned */
	uint64_t waiting;  /* records that it has not */
	uint32_t warnings; /* RegistryWarning bits of frame/registry-frame.h */
	char text[CLINIC_TEXT_MAX], advice[CLINIC_TEXT_MAX];
	char cosigned[CLINIC_TEXT_MAX]; /* who cosigned the newest mirrored checkpoint; "" nobody */
} ClinicReport;

typedef struct Clinic {
	char origin[CLINIC_ORIGIN_MAX]; /* name of the station's log; "" until it is known */
	ClinicReport report;
	char confirmed[CLOCK_UTC_TEXT_MAX]; /* when the registry confirmed this boot; "": it has not */
	bool is_quarantined;                /* by a signed leaf, and no boot was confirmed since */
} Clinic;
