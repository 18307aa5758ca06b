/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The validity periods of certificates, because the library only says that a verification failed. Nothing is
 * decided here: OpenSSL verifies as it would without this.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/cleanup.h"

enum { CERTIFICATE_TEXT_MAX = 96, CERTIFICATE_WARN_DAYS = 30 };

/** UTC seconds; both 0: not known. */
typedef struct Validity {
	int64_t from, until;
} Validity;

/** What was seen of the other side's certificate. */
typedef struct CertificateSeen {
	Validity validity;
	bool failed; /* the certificate was not accepted ... */
	int error;   /* ... for this reason (X509_V_ERR_) */
} CertificateSeen;

/** Reads a PEM file; only its first certificate counts. -EBADMSG: it holds none. Blocks on the disk. */
int certificate_read(const char *path, Validity *ret) _must_check_;

/**
 * Notes the other side's certificate as the library's connection `ssl` (mosquitto_ssl_get(); NULL: none) saw
 * and judged it. Call it while the connection exists: once it is good, or in the library's log callback for
 * a failure.
 */
void certificate_note(void *ssl, CertificateSeen *seen);

/**
 * "expired on 2026-03-02", or "is valid from 2031-01-01 only: check the clocks"; "" when it is valid at
 * `now_s`.
 */
const char *validity_describe(const Validity *validity, int64_t now_s, char ret[CERTIFICATE_TEXT_MAX]);
/** Whether the certificate ends within CERTIFICATE_WARN_DAYS, or has ended. */
bool validity_ends_soon(const Validity *validity, int64_t now_s);
