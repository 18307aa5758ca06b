/* SPDX-License-Identifier: Apache-2.0 */

/** The texts that clients sign, and what is a signature. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/consent-text.h"
#include "util/signature.h"
#include "util/file.h"

static void test_names_of_files(void **state)
{
	static const struct {
		const char *file;
		ConsentForm form;
		const char *version, *language;
	} rows[] = {
		{ "treatment.1.en.txt", CONSENT_TREATMENT, "1", "en" },
		{ "photographs.2026-11.es.txt", CONSENT_PHOTOGRAPHS, "2026-11", "es" },
		{ "needles-sealed.v_2.pt-BR.txt", CONSENT_NEEDLES_SEALED, "v_2", "pt-BR" },
		{ "aftercare.1.fil.txt", CONSENT_AFTERCARE, "1", "fil" },
		{ "treatment.en.txt" },
		{ "treatment.1.en" },
		{ "treatment.1.en.txt~" },
		{ "tattoo.1.en.txt" },
		{ "treatment.1.1.en.txt" },
		{ "treatment.1.english.txt" },
		{ "treatment.1.e.txt" },
		{ "treatment.1.en-us.txt" },
		{ "../treatment.1.en.txt" },
		{ "" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		ConsentText text = { .version = "untouched" };
		Error error = { 0 };
		int r = consent_text_name(rows[i].file, &text, &error);

		if (!rows[i].version) {
			assert_int_equal(r, -EINVAL);
			assert_string_equal(text.version, "untouched");
			assert_true(error.text[0]);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(text.form, rows[i].form);
		assert_string_equal(text.version, rows[i].version);
		assert_string_equal(text.language, rows[i].language);
	}
	(void)state;
}

static void write_text(const char *folder, const char *file, const char *text, size_t size)
{
	char path[256];
	FILE *stream;

	snprintf(path, sizeof path, "%s/%s", folder, file);
	stream = fopen(path, "w");
	assert_non_null(stream);
	assert_int_equal(fwrite(text, 1, size, stream), size);
	fclose(stream);
}

static void test_shipped_texts(void **state)
{
	static const char *const languages[] = { "en", "es", "de" };
	ConsentTexts texts;
	Error error;

	if (consent_texts_load(STIPPLE_SOURCE_FOLDER "/configs/consents", &texts, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(texts.n, CONSENT_FORM_MAX * ELEMENTS(languages));
	for (int form = 0; form < CONSENT_FORM_MAX; form++)
		for (size_t i = 0; i < ELEMENTS(languages); i++) {
			const ConsentText *text =
				consent_texts_find(&texts, (ConsentForm)form, "1", languages[i]);
			char digest[DIGEST_HEX_MAX];

			assert_non_null(text);
			digest_hex(text->text, strlen(text->text), digest);
			assert_string_equal(text->sha256, digest);
		}
	assert_null(consent_texts_find(&texts, CONSENT_TREATMENT, "2", "en"));
	consent_texts_clear(&texts);
	(void)state;
}

static void test_folders(void **state)
{
	static const struct {
		const char *file, *text;
		size_t size;
		const char *says;
	} bad[] = {
		{ "treatment.en.txt", "x", 1, "is called FORM.VERSION.LANGUAGE.txt" },
		{ "treatment.1.en.txt", "", 0, "UTF-8 of 1 to" },
		{ "treatment.1.en.txt", "a\0b", 3, "UTF-8 of 1 to" },
		{ "treatment.1.en.txt", "\xff\xfe", 2, "UTF-8 of 1 to" },
		{ "treatment.1.en.txt", "a\033[2J", 5, "UTF-8 of 1 to" },
	};
	char folder[] = "consents-XXXXXX", path[256];
	ConsentTexts texts = { .n = 7 };
	Error error = { 0 };

	assert_int_equal(consent_texts_load("no-such-folder", &texts, &error), 0);
	assert_int_equal(texts.n, 0);
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < ELEMENTS(bad); i++) {
		write_text(folder, bad[i].file, bad[i].text, bad[i].size);
		texts.n = 7;
		assert_true(consent_texts_load(folder, &texts, &error) < 0);
		assert_int_equal(texts.n, 7);
		assert_non_null(strstr(error.text, bad[i].file));
		assert_non_null(strstr(error.text, bad[i].says));
		snprintf(path, sizeof path, "%s/%s", folder, bad[i].file);
		unlink(path);
	}
	write_text(folder, "README", "no text", 7);
	write_text(folder, "treatment.1.en.txt", "I agree.\n", 9);
	assert_int_equal(consent_texts_load(folder, &texts, &error), 0);
	assert_int_equal(texts.n, 1);
	assert_string_equal(texts.list[0].text, "I agree.\n");
	consent_texts_clear(&texts);
	snprintf(path, sizeof path, "%s/README", folder);
	unlink(path);
	snprintf(path, sizeof path, "%s/treatment.1.en.txt", folder);
	unlink(path);
	assert_int_equal(rmdir(folder), 0);
	(void)state;
}

static void test_signatures(void **state)
{
	static const struct {
		const char *text, *says; /* says NULL: a signature */
	} rows[] = {
		{ "0,0 20,20 40,40 60,60 80,80 100,100 120,120 140,140 160,160 180,180", NULL },
		{ "0,0 0,20 0,40 0,60 0,80 0,100;0,120 0,140 0,160 0,180", NULL },
		{ "4000,1000 3900,900 3800,800 3700,700 3600,600 3500,500 3400,400 3300,300 3200,200 3100,100",
			NULL },
		{ "", "too small" },
		{ "5,5 5,5 5,5 5,5 5,5 5,5 5,5 5,5 5,5 5,5 5,5", "too small" },
		{ "0,0 900,900", "too small" },
		{ "4001,0", "cannot be read" },
		{ "0,1001", "cannot be read" },
		{ "-1,0", "cannot be read" },
		{ "0 0", "cannot be read" },
		{ "1,2,3", "cannot be read" },
		{ "00001,2", "cannot be read" },
		{ "1,2 ", "missing at the end" },
		{ "1,2;", "missing at the end" },
		{ " 1,2", "cannot be read" },
		{ "1,2  3,4", "cannot be read" },
		{ "<script>", "cannot be read" },
	};
	static SignaturePoint points[SIGNATURE_POINTS_MAX];
	static char many[(SIGNATURE_POINTS_MAX + 1) * 8 + 1];
	Error error;

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		int n = signature_read(rows[i].text, points, &error);

		if (!rows[i].says)
			assert_int_equal(n, 10);
		else if (n != -EINVAL || !strstr(error.text, rows[i].says))
			fail_msg("\"%s\": %d", rows[i].text, n);
	}
	assert_int_equal(signature_read(rows[1].text, points, &error), 10);
	assert_true(points[0].begins);
	assert_false(points[5].begins);
	assert_true(points[6].begins);
	assert_int_equal(points[9].y, 180);
	for (int i = 0; i <= SIGNATURE_POINTS_MAX; i++)
		snprintf(many + strlen(many), 9, "%s%d,%d", i ? " " : "", i % 900, i % 900);
	assert_int_equal(signature_read(many, points, &error), -EINVAL);
	assert_non_null(strstr(error.text, "more than 2000 points"));
	*strrchr(many, ' ') = '\0';
	assert_int_equal(signature_read(many, points, &error), SIGNATURE_POINTS_MAX);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_of_files),
		cmocka_unit_test(test_shipped_texts),
		cmocka_unit_test(test_folders),
		cmocka_unit_test(test_signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
