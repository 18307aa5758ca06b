/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The clinic's authority and the certificates that it signs, with GnuTLS: keys of P-256, names and purposes
 * that this file alone decides. Texts are PEM and owned by the caller. -EINVAL: what was given cannot be
 * used, -EIO: GnuTLS fails; both with a sentence in `error`.
 */

#include <stdint.h>

#include "util/digest.h"
#include "util/error.h"

enum {
	CERTIFICATE_PEM_MAX = 16384,
	CERTIFICATE_SERIAL_MAX = 2 * 20 + 1, /* hexadecimal, RFC 5280: at most 20 bytes */
	CERTIFICATE_AUTHORITY_DAYS = 20 * 365,
	CERTIFICATE_SERVER_DAYS = 2 * 365,
};

/** Writes over a private key before it is freed. */
void certificate_key_erasep(char **key);

typedef struct CertificatePair {
	char *certificate, *key;
} CertificatePair;

/** Frees both, the key erased. */
void certificate_pair_clear(CertificatePair *pair);

/** A new authority for certificates alone. `host`: whose it is, for people. */
int certificate_make_authority(const char *host, CertificatePair *ret, Error *error) _must_check_;

typedef struct Authority Authority;

/** `pair` is read, not kept. -EINVAL also when certificate and key do not belong together. */
int authority_new(const CertificatePair *pair, Authority **ret, Error *error) _must_check_;
/** Reads both files. Blocks on the disk. */
int authority_load(const char *certificate, const char *key, Authority **ret, Error *error) _must_check_;
/** Accepts NULL; returns NULL. */
Authority *authority_free(Authority *authority);
DEFINE_CLEANUP(Authority *, authority_free, authority_freep);

/** Its certificate; valid as long as it is. */
const char *authority_certificate(const Authority *authority);
/** SHA-256 of its certificate. */
const uint8_t *authority_fingerprint(const Authority *authority);

/** A certificate and key of a server that is reached as `host`, a name or an address. */
int authority_issue_server(
	const Authority *authority, const char *host, CertificatePair *ret, Error *error) _must_check_;

/** Another certificate for the same key of a server. The caller owns *ret. */
int authority_renew_server(
	const Authority *authority, const char *host, const char *key, char **ret, Error *error) _must_check_;

/**
 * A certificate and key of somebody who may read the records of all stations and nothing else: its subject
 * says so (OU=auditor). `days`: from now.
 */
int authority_issue_auditor(const Authority *authority, const char *name, unsigned days, CertificatePair *ret,
	Error *error) _must_check_;

/** What a certificate says. */
typedef struct CertificateFacts {
	char serial[CERTIFICATE_SERIAL_MAX];
	int64_t begins_s, ends_s;     /* seconds since 1970 */
	uint8_t key[DIGEST_BYTES];    /* SHA-256 of its public key */
	uint8_t digest[DIGEST_BYTES]; /* SHA-256 of all of it */
} CertificateFacts;

int certificate_read(const char *pem, CertificateFacts *ret, Error *error) _must_check_;

/**
 * The public key of a request for a certificate: SHA-256 of it, so that a request signed anew for the same
 * key is the same. -EINVAL: malformed, not signed by its key, or a key that is neither P-256 nor Ed25519.
 */
int certificate_request_key(const char *request, uint8_t ret[DIGEST_BYTES], Error *error) _must_check_;

/**
 * A certificate for the key of a request that certificate_request_key() accepted. Nothing else of the request
 * is taken over: name, purpose and time are given here. `days`: from now.
 */
int authority_issue_station(const Authority *authority, const char *request, const char *name, unsigned days,
	char **ret, Error *error) _must_check_;
