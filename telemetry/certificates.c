/* SPDX-License-Identifier: Apache-2.0 */

/** Reads the validity periods of certificates. It must not decide whether one is accepted. */

#include "certificates.h"

#include <string.h>
#include <time.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "util/clock.h"

enum { DAY_S = 86400 };

DEFINE_CLEANUP(X509 *, X509_free, certificate_freep);
DEFINE_CLEANUP(BIO *, BIO_free, bio_freep);

static int64_t seconds_of(const ASN1_TIME *time)
{
	struct tm parts;

	return time && ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

static Validity validity_of(const X509 *certificate)
{
	return (Validity){ seconds_of(X509_get0_notBefore(certificate)),
		seconds_of(X509_get0_notAfter(certificate)) };
}

int certificate_read(const char *path, Validity *ret)
{
	_cleanup_(bio_freep) BIO *file = BIO_new_file(path, "r");
	_cleanup_(certificate_freep) X509 *certificate = NULL;

	if (!file)
		return -ENOENT;
	certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);
	if (!certificate)
		return -EBADMSG;
	*ret = validity_of(certificate);
	return 0;
}

void certificate_note(void *ssl, CertificateSeen *seen)
{
	STACK_OF(X509) *chain = ssl ? SSL_get0_verified_chain(ssl) : NULL;
	int64_t now_s = (int64_t)time(NULL);
	char text[CERTIFICATE_TEXT_MAX];

	if (!chain || sk_X509_num(chain) == 0)
		return;
	seen->error = (int)SSL_get_verify_result(ssl);
	seen->failed = seen->error != X509_V_OK;
	seen->validity = validity_of(sk_X509_value(chain, 0));
	/* the certificate that has expired may be the authority's own */
	for (int i = 0; seen->failed && i < sk_X509_num(chain); i++) {
		Validity validity = validity_of(sk_X509_value(chain, i));

		if (validity_describe(&validity, now_s, text)[0]) {
			seen->validity = validity;
			break;
		}
	}
}

const char *validity_describe(const Validity *validity, int64_t now_s, char ret[CERTIFICATE_TEXT_MAX])
{
	char utc[CLOCK_UTC_TEXT_MAX];

	ret[0] = '\0';
	if (validity->from && now_s < validity->from) {
		clock_format_utc(validity->from * USEC_PER_SEC, utc);
		snprintf(ret, CERTIFICATE_TEXT_MAX, "is valid from %.10s only: check the clocks", utc);
	} else if (validity->until && now_s > validity->until) {
		clock_format_utc(validity->until * USEC_PER_SEC, utc);
		snprintf(ret, CERTIFICATE_TEXT_MAX, "expired on %.10s: renew it", utc);
	}
	return ret;
}

bool validity_ends_soon(const Validity *validity, int64_t now_s)
{
	return validity->until && now_s > validity->until - (int64_t)CERTIFICATE_WARN_DAYS * DAY_S;
}
