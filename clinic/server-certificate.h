/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The server's own certificate, which it renews at its start when the authority is here. */

#include "certificate.h"
#include "clinic-config.h"

enum { SERVER_CERTIFICATE_DAYS_LEFT = 180 };

/**
 * Renews the certificate when it has less than SERVER_CERTIFICATE_DAYS_LEFT left; the key stays. 0 not due,
 * or not made here; 1 renewed; a negative errno with a sentence in `error`. Blocks on the disk.
 */
int server_certificate_renew_if_due(
	const ClinicConfig *config, const Authority *authority, int64_t now_s, Error *error) _must_check_;
