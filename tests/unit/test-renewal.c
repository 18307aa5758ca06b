/* SPDX-License-Identifier: Apache-2.0 */

/** When a station's certificate is renewed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "renewal.h"
#include "station-key.h"
#include "util/file.h"

enum { DAY = 86400 };

static void a_third_is_left(void **state)
{
	assert_false(renewal_is_due(0, 30 * DAY, 0));
	assert_false(renewal_is_due(0, 30 * DAY, 20 * DAY));
	assert_true(renewal_is_due(0, 30 * DAY, 20 * DAY + 1));
	assert_true(renewal_is_due(0, 30 * DAY, 31 * DAY));
	assert_true(renewal_is_due(0, INT64_C(4) << 40, INT64_C(4) << 40));
}

/** A certificate of its own key, from `begins` to `ends` seconds from now. */
static char *make_certificate(const char *key, long begins, long ends)
{
	BIO *in = BIO_new_mem_buf(key, -1), *out = BIO_new(BIO_s_mem());
	EVP_PKEY *private = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
	X509 *certificate = X509_new();
	char *data, *text;
	long size;

	assert_non_null(private);
	X509_gmtime_adj(X509_getm_notBefore(certificate), begins);
	X509_gmtime_adj(X509_getm_notAfter(certificate), ends);
	X509_set_pubkey(certificate, private);
	assert_true(X509_sign(certificate, private, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(out, certificate), 1);
	size = BIO_get_mem_data(out, &data);
	text = strndup(data, (size_t)size);
	X509_free(certificate);
	EVP_PKEY_free(private);
	BIO_free(in);
	BIO_free(out);
	return text;
}

static void the_clock_decides(void **state)
{
	char folder[] = "/tmp/renewal-XXXXXX", *key = NULL, *certificate, path[64];
	StationFiles files = { path, path, path };
	int64_t now_s = (int64_t)time(NULL);
	StationCertificate read;
	Error error = { 0 };

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/station.pem", folder);
	assert_int_equal(certificate_renew_if_due("https://localhost:1", &files, now_s, &error), -ENOENT);
	assert_int_equal(station_key_make(&key), 0);
	certificate = make_certificate(key, -10, 30 * DAY);
	assert_true(station_certificate_is_of(certificate, key));
	assert_true(station_certificate_is_signed_by(certificate, certificate));
	assert_int_equal(station_certificate_read(certificate, &read), 0);
	assert_true(read.ends_s - read.begins_s == 30 * DAY + 10);
	assert_int_equal(station_file_put(path, certificate, 0640, (gid_t)-1, &error), 0);
	assert_int_equal(certificate_renew_if_due("https://localhost:1", &files, now_s, &error), 0);
	assert_int_equal(
		certificate_renew_if_due("https://localhost:1", &files, now_s - DAY, &error), -ERANGE);
	assert_int_equal(certificate_renew_if_due("https://localhost:1", &files, now_s + 31 * DAY, &error),
		-EKEYEXPIRED);
	/* due, but this file is no key: nothing is asked */
	assert_int_equal(
		certificate_renew_if_due("https://localhost:1", &files, now_s + 25 * DAY, &error), -EBADMSG);
	assert_int_equal(station_file_put(path, "no certificate", 0640, (gid_t)-1, &error), 0);
	assert_int_equal(certificate_renew_if_due("https://localhost:1", &files, now_s, &error), -EBADMSG);
	free(certificate);
	station_key_erasep(&key);
	assert_int_equal(file_erase(folder, "station.pem"), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void other_keys_do_not_fit(void **state)
{
	char *key = NULL, *other = NULL, *certificate, *of_other, *csr = NULL;

	assert_int_equal(station_key_make(&key), 0);
	assert_int_equal(station_key_make(&other), 0);
	certificate = make_certificate(key, 0, DAY);
	of_other = make_certificate(other, 0, DAY);
	assert_false(station_certificate_is_of(certificate, other));
	assert_false(station_certificate_is_signed_by(certificate, of_other));
	assert_false(station_certificate_is_of("", key));
	assert_int_equal(station_key_request("nothing", &csr), -EBADMSG);
	free(certificate);
	free(of_other);
	station_key_erasep(&key);
	station_key_erasep(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_third_is_left),
		cmocka_unit_test(the_clock_decides),
		cmocka_unit_test(other_keys_do_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
