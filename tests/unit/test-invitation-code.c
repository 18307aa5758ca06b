/* SPDX-License-Identifier: Apache-2.0 */

/** The code with which a station joins a clinic: what a person mistypes is noticed. */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "util/invitation-code.h"

static const char alphabet[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

static void make(uint8_t fingerprint[DIGEST_BYTES], Invitation *made, char code[INVITATION_CODE_MAX])
{
	assert_int_equal(random_bytes(fingerprint, DIGEST_BYTES), 0);
	assert_int_equal(invitation_make(fingerprint, made), 0);
	invitation_write(made, code);
}

static void what_was_written_is_read(void **state)
{
	for (unsigned i = 0; i < 200; i++) {
		uint8_t fingerprint[DIGEST_BYTES];
		char code[INVITATION_CODE_MAX], lower[INVITATION_CODE_MAX + 2] = " ";
		Invitation made, read;

		make(fingerprint, &made, code);
		assert_int_equal(strlen(code), INVITATION_CODE_MAX - 1);
		for (size_t at = 0; at < strlen(code); at++)
			lower[at + 1] = code[at] == '-' ? ' ' : (char)(code[at] | (code[at] >= 'A' ? 32 : 0));
		assert_int_equal(invitation_read(lower, &read), 0);
		assert_memory_equal(&made, &read, sizeof made);
		assert_true(invitation_is_for(&read, fingerprint));
		fingerprint[i % 9] ^= (uint8_t)(1 << i % 8);
		assert_false(invitation_is_for(&read, fingerprint));
	}
}

static void one_wrong_character_is_noticed(void **state)
{
	uint8_t fingerprint[DIGEST_BYTES];
	char code[INVITATION_CODE_MAX];
	Invitation made, read;

	make(fingerprint, &made, code);
	for (size_t at = 0; at < strlen(code); at++)
		for (size_t i = 0; code[at] != '-' && i < sizeof alphabet - 1; i++) {
			char typed[INVITATION_CODE_MAX];

			memcpy(typed, code, sizeof typed);
			typed[at] = alphabet[i];
			assert_int_equal(
				invitation_read(typed, &read), alphabet[i] == code[at] ? 0 : -EINVAL);
		}
}

static void two_that_changed_places_are_noticed(void **state)
{
	for (unsigned n = 0; n < 20; n++) {
		uint8_t fingerprint[DIGEST_BYTES];
		char code[INVITATION_CODE_MAX];
		Invitation made, read;

		make(fingerprint, &made, code);
		for (size_t a = 0; a < strlen(code); a++)
			for (size_t b = a + 1; b < strlen(code); b++) {
				char typed[INVITATION_CODE_MAX];

				if (code[a] == '-' || code[b] == '-' || code[a] == code[b])
					continue;
				memcpy(typed, code, sizeof typed);
				typed[a] = code[b];
				typed[b] = code[a];
				assert_int_equal(invitation_read(typed, &read), -EINVAL);
			}
	}
}

static void other_text_is_no_code(void **state)
{
	static const char *const texts[] = { "", "-", "22222", "0OI1", "\xff\xff",
		"22222-22222-22222-22222-22222-222222", "22222-22222-22222-22222-22222-2222" };
	Invitation read;

	for (size_t i = 0; i < ELEMENTS(texts); i++)
		assert_int_equal(invitation_read(texts[i], &read), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(one_wrong_character_is_noticed),
		cmocka_unit_test(two_that_changed_places_are_noticed),
		cmocka_unit_test(other_text_is_no_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
