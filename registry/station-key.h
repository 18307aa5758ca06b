/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The station's key and certificate for TLS, with libcrypto. Texts are PEM and owned by the caller. Errors:
 * -EBADMSG malformed, -EIO libcrypto fails, -ENOMEM.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/digest.h"

enum { STATION_PEM_MAX = 32 * 1024 };

/** A new private key of P-256. The caller erases it (station_key_erasep()). */
int station_key_make(char **ret) _must_check_;
/** Overwrites the text, then frees it. Accepts NULL. */
void station_key_erasep(char **key);
/** A request for a certificate for that key. */
int station_key_request(const char *key, char **ret) _must_check_;

typedef struct StationCertificate {
	int64_t begins_s, ends_s;     /* seconds since 1970 */
	uint8_t digest[DIGEST_BYTES]; /* SHA-256 of the certificate */
} StationCertificate;

int station_certificate_read(const char *pem, StationCertificate *ret) _must_check_;
/** Whether `pem` is a certificate for the private key. */
bool station_certificate_is_of(const char *pem, const char *key);
/** Whether `pem` is signed by the authority whose certificate is `authority`. */
bool station_certificate_is_signed_by(const char *pem, const char *authority);
