/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Certificates. It must not take anything but the key over from a request, and must not sign for a key whose
 * owner did not sign the request.
 */

#include "certificate.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "util/file.h"

enum { SERIAL_BYTES = 16, DAY_S = 86400 };

struct Authority {
	gnutls_x509_crt_t certificate;
	gnutls_x509_privkey_t key;
	char *pem;
	uint8_t fingerprint[DIGEST_BYTES];
};

DEFINE_CLEANUP(gnutls_x509_crt_t, gnutls_x509_crt_deinit, certificate_deinitp);
DEFINE_CLEANUP(gnutls_x509_crq_t, gnutls_x509_crq_deinit, request_deinitp);
DEFINE_CLEANUP(gnutls_x509_privkey_t, gnutls_x509_privkey_deinit, private_deinitp);
DEFINE_CLEANUP(gnutls_pubkey_t, gnutls_pubkey_deinit, public_deinitp);

static int tls_failed(Error *error, const char *what, int code)
{
	return error_set(error, -EIO, "%s: %s", what, gnutls_strerror(code));
}

static gnutls_datum_t datum_of(const char *text)
{
	return (gnutls_datum_t){ (unsigned char *)text, (unsigned)strlen(text) };
}

/** Text of what GnuTLS allocated, which it frees by its own function. */
static int take_text(gnutls_datum_t *data, char **ret, Error *error)
{
	*ret = strndup((char *)data->data, data->size);
	gnutls_memset(data->data, 0, data->size);
	gnutls_free(data->data);
	return *ret ? 0 : error_set(error, -ENOMEM, "no memory for a certificate");
}

void certificate_key_erasep(char **key)
{
	if (*key)
		gnutls_memset(*key, 0, strlen(*key));
	free(TAKE_PTR(*key));
}

void certificate_pair_clear(CertificatePair *pair)
{
	certificate_key_erasep(&pair->key);
	free(TAKE_PTR(pair->certificate));
}

/* ---- making ---- */

/** What a certificate is for. */
typedef struct Purpose {
	const char *name; /* its common name */
	unsigned days, usage;
	const char *extended; /* the purpose in TLS; NULL: an authority */
	const char *unit;     /* what its owner is besides; NULL: nothing */
} Purpose;

static int set_serial(gnutls_x509_crt_t certificate)
{
	uint8_t serial[SERIAL_BYTES];
	int r = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);

	serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and always of the same length */
	return r < 0 ? r : gnutls_x509_crt_set_serial(certificate, serial, sizeof serial);
}

/** A day early: the clock of a station may be behind. */
static int set_times(gnutls_x509_crt_t certificate, unsigned days)
{
	time_t now = time(NULL);
	int r = gnutls_x509_crt_set_activation_time(certificate, now - DAY_S);

	return r < 0 ? r : gnutls_x509_crt_set_expiration_time(certificate, now + (time_t)days * DAY_S);
}

static int set_key_ids(gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer)
{
	unsigned char id[64];
	size_t size = sizeof id;
	int r = gnutls_x509_crt_get_key_id(certificate, 0, id, &size);

	r = r < 0 ? r : gnutls_x509_crt_set_subject_key_id(certificate, id, size);
	if (r < 0)
		return r;
	/* an authority that another program made has an identifier of its own kind */
	size = sizeof id;
	if (gnutls_x509_crt_get_subject_key_id(issuer, id, &size, NULL) < 0) {
		size = sizeof id;
		r = gnutls_x509_crt_get_key_id(issuer, 0, id, &size);
	}
	return r < 0 ? r : gnutls_x509_crt_set_authority_key_id(certificate, id, size);
}

static int set_purpose(gnutls_x509_crt_t certificate, const Purpose *purpose)
{
	int r = gnutls_x509_crt_set_version(certificate, 3);

	r = r < 0 ? r : set_serial(certificate);
	r = r < 0 ? r : set_times(certificate, purpose->days);
	r = r < 0 ? r
		  : gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, purpose->name,
			    (unsigned)strlen(purpose->name));
	if (r >= 0 && purpose->unit)
		r = gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_ORGANIZATIONAL_UNIT_NAME, 0,
			purpose->unit, (unsigned)strlen(purpose->unit));
	r = r < 0 ? r
		  : gnutls_x509_crt_set_basic_constraints(
			    certificate, !purpose->extended, purpose->extended ? -1 : 0);
	r = r < 0 ? r : gnutls_x509_crt_set_key_usage(certificate, purpose->usage);
	if (r >= 0 && purpose->extended)
		r = gnutls_x509_crt_set_key_purpose_oid(certificate, purpose->extended, 0);
	return r;
}

static int sign_and_write(gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer, gnutls_x509_privkey_t key,
	char **ret, Error *error)
{
	gnutls_datum_t pem;
	int r = set_key_ids(certificate, issuer);

	r = r < 0 ? r : gnutls_x509_crt_sign2(certificate, issuer, key, GNUTLS_DIG_SHA256, 0);
	r = r < 0 ? r : gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &pem);
	return r < 0 ? tls_failed(error, "a certificate cannot be made", r) : take_text(&pem, ret, error);
}

static int make_key(gnutls_x509_privkey_t *ret, char **ret_pem, Error *error)
{
	gnutls_datum_t pem;
	int r = gnutls_x509_privkey_init(ret);

	r = r < 0 ? r
		  : gnutls_x509_privkey_generate(
			    *ret, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	r = r < 0 ? r
		  : gnutls_x509_privkey_export2_pkcs8(
			    *ret, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem);
	return r < 0 ? tls_failed(error, "a key cannot be made", r) : take_text(&pem, ret_pem, error);
}

int certificate_make_authority(const char *host, CertificatePair *ret, Error *error)
{
	_cleanup_(certificate_deinitp) gnutls_x509_crt_t certificate = NULL;
	_cleanup_(private_deinitp) gnutls_x509_privkey_t key = NULL;
	_cleanup_(certificate_pair_clear) CertificatePair pair = { 0 };
	char name[64];
	const Purpose purpose = { name, CERTIFICATE_AUTHORITY_DAYS,
		GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN, NULL };
	int r = make_key(&key, &pair.key, error);

	if (r < 0)
		return r;
	snprintf(name, sizeof name, "Stipple clinic %.48s", host);
	r = gnutls_x509_crt_init(&certificate);
	r = r < 0 ? r : set_purpose(certificate, &purpose);
	r = r < 0 ? r : gnutls_x509_crt_set_key(certificate, key);
	if (r < 0)
		return tls_failed(error, "the authority cannot be made", r);
	r = sign_and_write(certificate, certificate, key, &pair.certificate, error);
	if (r >= 0)
		*ret = (CertificatePair){ TAKE_PTR(pair.certificate), TAKE_PTR(pair.key) };
	return r;
}

/* ---- reading ---- */

static int import_certificate(const char *pem, gnutls_x509_crt_t *ret, Error *error)
{
	gnutls_datum_t data = datum_of(pem);
	int r = gnutls_x509_crt_init(ret);

	r = r < 0 ? r : gnutls_x509_crt_import(*ret, &data, GNUTLS_X509_FMT_PEM);
	return r < 0 ? error_set(error, -EINVAL, "this is no certificate in PEM: %s", gnutls_strerror(r)) : 0;
}

static int digest_public(gnutls_pubkey_t key, uint8_t ret[DIGEST_BYTES])
{
	gnutls_datum_t der;
	int r = gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der);

	if (r < 0)
		return r;
	digest_compute(&(DigestPart){ der.data, der.size }, 1, ret);
	gnutls_free(der.data);
	return 0;
}

static int digest_certificate(gnutls_x509_crt_t certificate, uint8_t ret[DIGEST_BYTES])
{
	gnutls_datum_t der;
	int r = gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_DER, &der);

	if (r < 0)
		return r;
	digest_compute(&(DigestPart){ der.data, der.size }, 1, ret);
	gnutls_free(der.data);
	return 0;
}

int certificate_read(const char *pem, CertificateFacts *ret, Error *error)
{
	_cleanup_(certificate_deinitp) gnutls_x509_crt_t certificate = NULL;
	_cleanup_(public_deinitp) gnutls_pubkey_t key = NULL;
	CertificateFacts facts = { 0 };
	unsigned char serial[20];
	size_t size = sizeof serial;
	int r = import_certificate(pem, &certificate, error);

	if (r < 0)
		return r;
	facts.begins_s = gnutls_x509_crt_get_activation_time(certificate);
	facts.ends_s = gnutls_x509_crt_get_expiration_time(certificate);
	r = gnutls_x509_crt_get_serial(certificate, serial, &size);
	r = r < 0 ? r : gnutls_pubkey_init(&key);
	r = r < 0 ? r : gnutls_pubkey_import_x509(key, certificate, 0);
	r = r < 0 ? r : digest_public(key, facts.key);
	r = r < 0 ? r : digest_certificate(certificate, facts.digest);
	if (r < 0)
		return tls_failed(error, "a certificate cannot be read", r);
	hex_encode(serial, size, facts.serial);
	*ret = facts;
	return 0;
}

/* ---- the authority ---- */

Authority *authority_free(Authority *authority)
{
	if (!authority)
		return NULL;
	if (authority->certificate)
		gnutls_x509_crt_deinit(authority->certificate);
	if (authority->key)
		gnutls_x509_privkey_deinit(authority->key);
	free(authority->pem);
	free(authority);
	return NULL;
}

/** Whether the certificate is of this key. */
static bool belong_together(const Authority *authority)
{
	unsigned char of_certificate[64], of_key[64];
	size_t a = sizeof of_certificate, b = sizeof of_key;

	return gnutls_x509_crt_get_key_id(
		       authority->certificate, GNUTLS_KEYID_USE_SHA256, of_certificate, &a) >= 0 &&
	       gnutls_x509_privkey_get_key_id(authority->key, GNUTLS_KEYID_USE_SHA256, of_key, &b) >= 0 &&
	       a == b && memcmp(of_certificate, of_key, a) == 0;
}

int authority_new(const CertificatePair *pair, Authority **ret, Error *error)
{
	_cleanup_(authority_freep) Authority *authority = calloc(1, sizeof *authority);
	gnutls_datum_t key = datum_of(pair->key);
	CertificateFacts facts;
	int r;

	if (!authority || !(authority->pem = strdup(pair->certificate)))
		return error_set(error, -ENOMEM, "no memory");
	r = certificate_read(pair->certificate, &facts, error);
	r = r < 0 ? r : import_certificate(pair->certificate, &authority->certificate, error);
	if (r < 0)
		return r;
	memcpy(authority->fingerprint, facts.digest, sizeof facts.digest);
	r = gnutls_x509_privkey_init(&authority->key);
	r = r < 0 ? r : gnutls_x509_privkey_import2(authority->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (r < 0)
		return error_set(error, -EINVAL, "this is no private key in PEM: %s", gnutls_strerror(r));
	if (!belong_together(authority))
		return error_set(
			error, -EINVAL, "the authority's certificate and key do not belong together");
	*ret = TAKE_PTR(authority);
	return 0;
}

static int read_pem_file(const char *path, char **ret, Error *error)
{
	size_t size;
	int r = file_read(path, CERTIFICATE_PEM_MAX, ret, &size);

	return r < 0 ? error_set(error, r, "%s cannot be read: %s", path, strerror(-r)) : 0;
}

int authority_load(const char *certificate, const char *key, Authority **ret, Error *error)
{
	_cleanup_(certificate_pair_clear) CertificatePair pair = { 0 };
	int r = read_pem_file(certificate, &pair.certificate, error);

	r = r < 0 ? r : read_pem_file(key, &pair.key, error);
	return r < 0 ? r : authority_new(&pair, ret, error);
}

const char *authority_certificate(const Authority *authority)
{
	return authority->pem;
}

const uint8_t *authority_fingerprint(const Authority *authority)
{
	return authority->fingerprint;
}

/* ---- what it signs ---- */

/** The name by which a server is reached: an address, or a name of DNS. */
static int set_host(gnutls_x509_crt_t certificate, const char *host)
{
	unsigned char address[16];

	if (inet_pton(AF_INET, host, address) == 1)
		return gnutls_x509_crt_set_subject_alt_name(
			certificate, GNUTLS_SAN_IPADDRESS, address, 4, GNUTLS_FSAN_APPEND);
	if (inet_pton(AF_INET6, host, address) == 1)
		return gnutls_x509_crt_set_subject_alt_name(
			certificate, GNUTLS_SAN_IPADDRESS, address, 16, GNUTLS_FSAN_APPEND);
	return gnutls_x509_crt_set_subject_alt_name(
		certificate, GNUTLS_SAN_DNSNAME, host, (unsigned)strlen(host), GNUTLS_FSAN_APPEND);
}

static int sign_server(
	const Authority *authority, const char *host, gnutls_x509_privkey_t key, char **ret, Error *error)
{
	_cleanup_(certificate_deinitp) gnutls_x509_crt_t certificate = NULL;
	char name[65]; /* RFC 5280: the longest common name */
	const Purpose purpose = { name, CERTIFICATE_SERVER_DAYS, GNUTLS_KEY_DIGITAL_SIGNATURE,
		GNUTLS_KP_TLS_WWW_SERVER };
	int r = gnutls_x509_crt_init(&certificate);

	snprintf(name, sizeof name, "%.64s", host);
	r = r < 0 ? r : set_purpose(certificate, &purpose);
	r = r < 0 ? r : set_host(certificate, host);
	r = r < 0 ? r : gnutls_x509_crt_set_key(certificate, key);
	if (r < 0)
		return tls_failed(error, "the server's certificate cannot be made", r);
	return sign_and_write(certificate, authority->certificate, authority->key, ret, error);
}

int authority_issue_server(const Authority *authority, const char *host, CertificatePair *ret, Error *error)
{
	_cleanup_(private_deinitp) gnutls_x509_privkey_t key = NULL;
	_cleanup_(certificate_pair_clear) CertificatePair pair = { 0 };
	int r = make_key(&key, &pair.key, error);

	r = r < 0 ? r : sign_server(authority, host, key, &pair.certificate, error);
	if (r >= 0)
		*ret = (CertificatePair){ TAKE_PTR(pair.certificate), TAKE_PTR(pair.key) };
	return r;
}

int authority_issue_auditor(
	const Authority *authority, const char *name, unsigned days, CertificatePair *ret, Error *error)
{
	_cleanup_(private_deinitp) gnutls_x509_privkey_t key = NULL;
	_cleanup_(certificate_deinitp) gnutls_x509_crt_t certificate = NULL;
	_cleanup_(certificate_pair_clear) CertificatePair pair = { 0 };
	const Purpose purpose = { name, days, GNUTLS_KEY_DIGITAL_SIGNATURE, GNUTLS_KP_TLS_WWW_CLIENT,
		"auditor" };
	int r = make_key(&key, &pair.key, error);

	if (r < 0)
		return r;
	r = gnutls_x509_crt_init(&certificate);
	r = r < 0 ? r : set_purpose(certificate, &purpose);
	r = r < 0 ? r : gnutls_x509_crt_set_key(certificate, key);
	if (r < 0)
		return tls_failed(error, "the auditor's certificate cannot be made", r);
	r = sign_and_write(certificate, authority->certificate, authority->key, &pair.certificate, error);
	if (r >= 0)
		*ret = (CertificatePair){ TAKE_PTR(pair.certificate), TAKE_PTR(pair.key) };
	return r;
}

int authority_renew_server(
	const Authority *authority, const char *host, const char *key, char **ret, Error *error)
{
	_cleanup_(private_deinitp) gnutls_x509_privkey_t read = NULL;
	gnutls_datum_t data = datum_of(key);
	int r = gnutls_x509_privkey_init(&read);

	r = r < 0 ? r : gnutls_x509_privkey_import2(read, &data, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (r < 0)
		return error_set(error, -EINVAL, "this is no private key in PEM: %s", gnutls_strerror(r));
	return sign_server(authority, host, read, ret, error);
}

/** The key of a request that its owner signed. */
static int open_request(const char *request, gnutls_pubkey_t *ret, Error *error)
{
	_cleanup_(request_deinitp) gnutls_x509_crq_t read = NULL;
	gnutls_datum_t data = datum_of(request);
	int r = gnutls_x509_crq_init(&read);

	r = r < 0 ? r : gnutls_x509_crq_import(read, &data, GNUTLS_X509_FMT_PEM);
	if (r < 0)
		return error_set(error, -EINVAL, "this is no request for a certificate in PEM: %s",
			gnutls_strerror(r));
	if (gnutls_x509_crq_verify(read, 0) < 0)
		return error_set(error, -EINVAL,
			"the request for a certificate is not signed by the key that it names");
	r = gnutls_pubkey_init(ret);
	r = r < 0 ? r : gnutls_pubkey_import_x509_crq(*ret, read, 0);
	return r < 0 ? tls_failed(error, "the key of a request cannot be read", r) : 0;
}

static bool key_is_allowed(gnutls_pubkey_t key)
{
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	unsigned bits;
	int kind = gnutls_pubkey_get_pk_algorithm(key, &bits);

	if (kind == GNUTLS_PK_EDDSA_ED25519)
		return true;
	return kind == GNUTLS_PK_ECDSA && gnutls_pubkey_export_ecc_raw(key, &curve, NULL, NULL) >= 0 &&
	       curve == GNUTLS_ECC_CURVE_SECP256R1;
}

int certificate_request_key(const char *request, uint8_t ret[DIGEST_BYTES], Error *error)
{
	_cleanup_(public_deinitp) gnutls_pubkey_t key = NULL;
	int r = open_request(request, &key, error);

	if (r < 0)
		return r;
	if (!key_is_allowed(key))
		return error_set(error, -EINVAL, "the key of a station must be of the kind P-256 or Ed25519");
	r = digest_public(key, ret);
	return r < 0 ? tls_failed(error, "the key of a request cannot be read", r) : 0;
}

int authority_issue_station(const Authority *authority, const char *request, const char *name, unsigned days,
	char **ret, Error *error)
{
	_cleanup_(certificate_deinitp) gnutls_x509_crt_t certificate = NULL;
	_cleanup_(public_deinitp) gnutls_pubkey_t key = NULL;
	const Purpose purpose = { name, days, GNUTLS_KEY_DIGITAL_SIGNATURE, GNUTLS_KP_TLS_WWW_CLIENT };
	int r = open_request(request, &key, error);

	if (r < 0)
		return r;
	r = gnutls_x509_crt_init(&certificate);
	r = r < 0 ? r : set_purpose(certificate, &purpose);
	r = r < 0 ? r : gnutls_x509_crt_set_pubkey(certificate, key);
	if (r < 0)
		return tls_failed(error, "a station's certificate cannot be made", r);
	return sign_and_write(certificate, authority->certificate, authority->key, ret, error);
}
