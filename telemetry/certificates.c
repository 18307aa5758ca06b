/* SPDX-License-Identifier: Apache-2.0 */

/** From when until when certificates are valid. It must not decide whether one is accepted. */

#include "certificates.h"

#include <string.h>
#include <time.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

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
	/* perhaps it is the authority's own that has ended */
	for (int i = 0; seen->failed && i < sk_X509_num(chain); i++) {
		Validity validity = validity_of(sk_X509_value(chain, i));

		if (validity_describe(&validity, now_s, text)[0]) {
			seen->validity = validity;
			break;
		}
	}
}

/* ---- sentences ---- */

static void write_expiry_day(int64_t s, char ret[16])
{
	time_t time = (time_t)s;
	struct tm parts;

	ret[0] = '\0';
	if (gmtime_r(&time, &parts))
		(void)strftime(ret, 16, "%Y-%m-%d", &parts);
}

const char *validity_describe(const Validity *validity, int64_t now_s, char ret[CERTIFICATE_TEXT_MAX])
{
	char day[16];

	ret[0] = '\0';
	if (validity->from && now_s < validity->from) {
		write_expiry_day(validity->from, day);
		snprintf(ret, CERTIFICATE_TEXT_MAX, "is valid from %s only: check the clocks", day);
	} else if (validity->until && now_s > validity->until) {
		write_expiry_day(validity->until, day);
		snprintf(ret, CERTIFICATE_TEXT_MAX, "expired on %s: renew it", day);
	}
	return ret;
}

bool validity_ends_soon(const Validity *validity, int64_t now_s)
{
	return validity->until && now_s > validity->until - (int64_t)CERTIFICATE_WARN_DAYS * DAY_S;
}

void validity_last_day(const Validity *validity, char ret[16])
{
	write_expiry_day(validity->until, ret);
}
