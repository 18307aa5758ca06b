/* SPDX-License-Identifier: Apache-2.0 */

/** Makes and compares keys and certificates. It must not write any to a file. */

#include "station-key.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "util/clock.h"

DEFINE_CLEANUP(BIO *, BIO_free, memory_freep);
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free, pkey_freep);
DEFINE_CLEANUP(X509 *, X509_free, x509_freep);
DEFINE_CLEANUP(X509_REQ *, X509_REQ_free, request_freep);

static int station_key_text_of(BIO *memory, char **ret)
{
	char *data;
	long size = BIO_get_mem_data(memory, &data);

	*ret = size > 0 ? strndup(data, (size_t)size) : NULL;
	return *ret ? 0 : -ENOMEM;
}

static EVP_PKEY *key_from(const char *text)
{
	_cleanup_(memory_freep) BIO *memory = BIO_new_mem_buf(text, -1);

	return memory ? PEM_read_bio_PrivateKey(memory, NULL, NULL, NULL) : NULL;
}

static X509 *certificate_from(const char *text)
{
	_cleanup_(memory_freep) BIO *memory = BIO_new_mem_buf(text, -1);

	return memory ? PEM_read_bio_X509(memory, NULL, NULL, NULL) : NULL;
}

int station_key_make(char **ret)
{
	_cleanup_(pkey_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	_cleanup_(memory_freep) BIO *memory = BIO_new(BIO_s_secmem());

	if (!key || !memory || PEM_write_bio_PKCS8PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL) != 1)
		return -EIO;
	return station_key_text_of(memory, ret);
}

void station_key_erasep(char **key)
{
	if (*key)
		OPENSSL_cleanse(*key, strlen(*key));
	free(TAKE_PTR(*key));
}

int station_key_request(const char *text, char **ret)
{
	_cleanup_(pkey_freep) EVP_PKEY *key = key_from(text);
	_cleanup_(request_freep) X509_REQ *request = X509_REQ_new();
	_cleanup_(memory_freep) BIO *memory = BIO_new(BIO_s_mem());

	if (!key)
		return -EBADMSG;
	if (!request || !memory || X509_REQ_set_pubkey(request, key) != 1 ||
		X509_REQ_sign(request, key, EVP_sha256()) <= 0 ||
		PEM_write_bio_X509_REQ(memory, request) != 1)
		return -EIO;
	return station_key_text_of(memory, ret);
}

static int64_t time_of(const ASN1_TIME *time)
{
	struct tm parts;

	return time && ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

int station_certificate_read(const char *pem, StationCertificate *ret)
{
	_cleanup_(x509_freep) X509 *certificate = certificate_from(pem);
	StationCertificate read = { 0 };
	unsigned size = 0;

	if (!certificate)
		return -EBADMSG;
	read.begins_s = time_of(X509_get0_notBefore(certificate));
	read.ends_s = time_of(X509_get0_notAfter(certificate));
	if (X509_digest(certificate, EVP_sha256(), read.digest, &size) != 1 || size != DIGEST_BYTES)
		return -EIO;
	*ret = read;
	return 0;
}

bool station_certificate_is_of(const char *pem, const char *key)
{
	_cleanup_(x509_freep) X509 *certificate = certificate_from(pem);
	_cleanup_(pkey_freep) EVP_PKEY *private = key_from(key);

	return certificate && private && X509_check_private_key(certificate, private) == 1;
}

bool station_certificate_is_signed_by(const char *pem, const char *authority)
{
	_cleanup_(x509_freep) X509 *certificate = certificate_from(pem),
				   *issuer = certificate_from(authority);
	EVP_PKEY *key = issuer ? X509_get0_pubkey(issuer) : NULL;

	return certificate && key && X509_verify(certificate, key) == 1;
}
