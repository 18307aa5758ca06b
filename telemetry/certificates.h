/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * From when until when certificates are valid: the library says no more than that the verification failed.
 * Nothing is decided here; OpenSSL verifies as it would without.
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
	bool failed; /* it was not accepted ... */
	int error;   /* ... X509_V_ERR_ */
} CertificateSeen;

/** Reads a PEM file; only its first certificate counts. -EBADMSG: it holds none. Blocks on the disk. */
int certificate_read(const char *path, Validity *ret) _must_check_;

/**
 * Notes what the library's connection `ssl` (mosquitto_ssl_get(); NULL: none) saw and made of the other
 * side's certificate. While the connection exists: when it is good, or in what the library logs of its
 * failure.
 */
void certificate_note(void *ssl, CertificateSeen *seen);

/** "expired on 2026-03-02", "is valid from 2031-01-01 only: check the clocks"; "" when it is valid at
 * `now_s`. */
const char *validity_describe(const Validity *validity, int64_t now_s, char ret[CERTIFICATE_TEXT_MAX]);
/** Whether it ends within CERTIFICATE_WARN_DAYS, or has ended. */
bool validity_ends_soon(const Validity *validity, int64_t now_s);
