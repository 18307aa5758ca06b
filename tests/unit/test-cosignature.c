/* SPDX-License-Identifier: Apache-2.0 */

/** Whose signature counts for which log, and what witnesses add to it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include "tlog/checkpoint.h"

#define LOG     "example.com/log+6099733e+AdTJ2KNXiJo1LQz4hFVYzI+AAOZe+xY/hTdIz3d0IZEe"
#define WITNESS "witness.example/w1+8076183a+BOjCEHV3UUlzlx2fCfFKtQ6uSVc8Y86JnxmKdvZunMBS"
#define TEXT                \
	"example.com/log\n" \
	"7\n"               \
	"LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=\n"
#define BY_LOG \
	"— example.com/log YJlzPvNJX7ZRYR5bMEobT1HHfzIkX5up3EKeJM+u3SCJqpr/4ly3kAQ+L9XydEw5x4IwBisOC2tF9RbIZz0XNeFtRQU=\n"
#define BY_WITNESS \
	"— witness.example/w1 gHYYOgAAAABlU/EAfxkT5J3up8LXBK3Uz1rQnVCtUYwiVifw2Zfn9iw7lWDeUrYkuGspupDjPSJw38swoqvj5zrc9RmxdJRdbjmRDQ==\n"

/* made with pyca/cryptography 50 and OpenSSL 4.0 over the same tree; time 1400000000 */
#define PQ_WITNESS                                                                                         \
	"witness.example/pq+8e640202+BteytHJUquDbReeTDUqY0sl9jxOX0Xidr6FwJLMW6b7JT8mUbULxm3mnQTu6oz5xSctC" \
	"7VEVaTrAQfrLmIretf4OHYYxGEmVtZLDl9IpTi4U+QqkFLo4JomaxD9MzKy8JumoMrlRGNXLQzy++WYLABOOCBf2HnYsonTD" \
	"atVU6yKqwRYuSrAay6HjjE79j4C2WzM9D3LlXf5xzpweu5iJ58VhBsD9c4A6Kuz+r97XqjyyztpU0SvYzTanjPl1lDtHq9Je" \
	"iArEUuV0LtHo0agq+oblkMdYwVrk0oQNkryhpQkPQElll/yn2LlRPxob2m6VCqqY3kZ1B9Sk9aTwWZIWWCw1cvYu2okFqzWB" \
	"ZwxKAnd6M+DKcpX9j0/20aCjp2g9ZfX19/xg2gI+gmxfkhRMAvfRuhB1mHVT6pNn/NdtmQt/qZzUWv24g21D5Fn1GH3wWEeX" \
	"CaAepoNZNfpwRgmQzT3BukAbqUurHd5BrGerMxncrKBgSNTE7vJ+4TqcF9BTj0MPLWQtwkFWYN54h32NirxyUjl4wELkKF9D" \
	"GYRsRBJiQpdoRMEOVWuiFbWnGeWdDGsqltOYWQcf3MLN51JKe+2uVOhbMY6FTo/isvPt+slxkSgnCq/R5QRMOk/a/Z/zH5B4" \
	"S46ORZYUSg2vWGUR09mWK56pWvGXtOX8YPKx7RXeOlvvX4m9x52RBR2bKBbnT6VFMe/cHL501EiFf0drzVjyHAtlOzt2pOB2" \
	"plWaMCcYVVzGP3SFmqurkl8COGHKjND3utsocfZ9VTJtdFETWtRfShumkRj7ssijDuyTku8/l3Bmya3VxxDMZHsVFNIX2VjH" \
	"AXw+kP0gwE5nS5BIbpNwoxoAHTL0c5eeSQZ0nn5Hf6C3RQj4pfI3gxK4PCW9OIygsP/3R4uvQrcWZ+2qyXxGsSlkPlhuWwVa" \
	"DCEZRtTzbmdb7Vhg+gQqMV2YJhZNapI3w1pfv0lUkKW9TfJIuVxKrneEtgVnMWasQkW1tLCCoJ6TI+YvIHjFt2eDRG3v1zat" \
	"OjcC1JsImESQCmGDM5e8RBmzDXqXoLOHwZEUdMTUG1PjKpd6y28Op122W7OeWecB52lX3vby1EVZwxp3EitSBOO1whnxaIsU" \
	"7QvAuAGz5ugtzUPpwOn0F0TNmBW9G8iCDYuxI/BPrNGxtoXdWisbjbvz7ZM2cPCVoYC08ZLQixC4+rvfzCskUY4y7qCl4MkE" \
	"yoRHgAg/OwzS0Li2r2e8NVuUlAJdx7Cnj6gOOi2/61EyiFHWB4GY6Uk2Ua54fsAlH5Irow6fUd9iptcnhM890gU5MXbfoySl" \
	"Er2Ulwo23TSlFKhnkfDrNvAUWwmrZGUbSgMTsplhGiocSIkWJ1mHaKMRQGC6RENIbfUVIqHOiLMJhcIW+ObtF43VZ7MEoNTK" \
	"+6iCooNC8XqaomrljbYwCD0sNY/fVmw/XWKkKFZ7yeqM6VyqDzVHSwv6jzOaJQq0388gg76O77wQVeGP4VNw7ssmBWbYP/Br" \
	"IRquxDyim1TM0A+IFaJGXvC0ZRXMfkHzEk8J7/9zkwmrWLKaFFmgC85QOOk4yWePcusOTuX9quZtn4Vz/Jf8QrSVn0v4th14" \
	"Qz6GsDNdbpGRxNi/SHs5BcEIz9asJLDOt9y3z1H4TQ7Wh7lerrHFM8BvDZcCPZKnCCWDe1m6bLfU5WsKh8IDhiro8xW6WSXo" \
	"7e+meTaaIgJ2YVHxapZfn4Hs52zAcLVYaeTbl4TPBcgwsyQsgxI="

#define BY_PQ_WITNESS                                                                                      \
	"— witness.example/pq jmQCAgAAAABTck4AzcWb7fcIuRT9uT3T5BSrTuPDjhCGEDDoquRO+4yCpYfz3HqZgXI7bWyXE6M" \
	"L4xQBh+Mdu71smdWf+tIRw1sdN6RgTHziF9PRbiwvBI6wEPhkoo6NZTqOdDuaZkw3fHA0VvnyRBoj2jJV1HPygARHptFn35I" \
	"GIR9oZ8fdKR1IVtbbNAzaZUSiyoXAW85rnv5DW7SUg3BpgWGKZfL0JHPs9dB4IL7Inaf3Ntk/MrlQ8/Uef8rkfbLcBNjfvlS" \
	"6PKsMPPES1Mq3e4zpQ2HtqXm27udEO3zM+rAcTHG4rpo+Z0sBwYSwBApGugYtqNrDrvbMKrXfTT1AvOkKLp4Y8LUe+1S+ZFp" \
	"AIB1X8PPOBP6zbYzkEBU4fgE5fUSbAImLK3guMSSFiQs0dTmJoNyCbe4iekoR2K164NOuM/tQJ+/qT9GmFxeS6LvDkwfNbdh" \
	"ijQw0mhEriwcxvQx7RDPAJbSaPLRJunnxxRzKUEqu46hV2mGvr2H7APmuZGeX94GvXidCMDwNOrlivy9O21fJZnzUXcLfgZf" \
	"9jRFDG4iSAdCjMxp3Q6djzuOjw1CH6tQPYaLCG32Ox5dpnm7QEmMqjWqgt2pKgsyEwlFtZP5oklh2NYZg/poAPO9I/Ky5x43" \
	"7/7PmichGlzRzWmvMoSyxFClgTQe56ldYx91TmTNzqcNAU5Y6BCOZOrg88nHPAUc8/gSlZ+pYaK/ID2ajSgE3z7/M9a7xbhp" \
	"jT3A5dhBMGqrFMtj0Dk+czIS0CtJc0IEBB/AuR5l4QSIlTsPWsgU98SB/eJnFTB7CCX2UUpU5KjZ2r0fGD2UacUg9qAo3Rmc" \
	"TMW5CEwTI5cSaVwKoBpI8IqXYhMNfxdo87kbcrStVsLPQdvJcKOpS8b443UGHD7dPx6TvAIzNxYIop7cnOVpUNUfRfZS/f53" \
	"7ouU9ewHaGymfm3+AD33nQGGZ/W5WU7+V2xUFky9UzQ05Uo0Yhpl4paLQvE1ZNKvKrkhAAK12oDyUE6SM9gr7oHpftehF03w" \
	"BxaKj6Gb4LIvxwv6kzoPr+tJLsnXBwBJBmJ9edEdV2jxG1cFpjQFNbrnCYTW0cuzAtwhghXgbUjVzjADoGaFkf52PMcLSbPV" \
	"Wb8F0fvzFZgV5XtlaVZQ8qz0P7wmvbZW/DJHqSBqCs+J9+jjPDRgdnWgINRgB4TVA9lm3t1EBtVZ1gfv9rOsv62v40kSc2uv" \
	"2gUR6NGoi1mQGA6zR3TkWlUI3P3uhNF4A96lnpjZod8nL49Q2oepEpDi7c6RPGg7c37DgP40dB5HDaHGYiipp6nukfk2WeMK" \
	"N3T35dpVvq96pPqpz6pk/fizmgEmAo6t4mrcDZYXW0E5OcspuuWqmzic4WAhiXVTP1I7klpF25etysdWve+9yBaThfhrNt2h" \
	"N3A/vilyuHv3UkSR8Vd9WcVfUOcarogW3EtmWU++0Dh7hW1gZPCcbsw+FgR8ySiQNin4LrZ5BuKN+6Iu0qOS9g58ub2vBP/T" \
	"PRZ52QRCgz5GBOpzAXj9r+9Hkq7KbcFS7lDO1HWZOc+eTlZAnzsJSt5Xu/d0NsZjmzlJgp48/3LGAMDNRktWFqh0bFOZqtFQ" \
	"YVaP4UqGzNuWvpr3suFM6RIL2t3r/iQWNNSW6q0fAX4vFUwYeDSGaUnEA1UfQH37Bj/hSE/J4wx7Gs7fKx7urvda9tQNAyWr" \
	"2vsL34dpvwFfSg7WaUL7Bw+YQ2itANXAIuvdSg3VGYhxVcpsit7jYAFtI7ZAVYdwh5Qpt+OtTHn2vJdlmfCH7yBfmsaX4dkg" \
	"oSMzTCOgL6+V3Yvwpzx8w1IQky/ie8rzX67FoUNOGdNcLb4VlvP6x2Q52tl2WPmZfhtJjB0GysABxmjOp0uo9MlgBOxvf+zR" \
	"2XT4QcWcIHD2adgsbAibdV+j00FpoWncJfG0srJy2HsR1Id7RYC1h4mEOZwYQ3VR11FI9r2SEuiFv5jfBHp+cY1rrwOxDEE/" \
	"Vv3WtR/ZDaKFxp5z370IWqzJSj/0PDjc0pftsJVlflQlapEw41hllAzjXFvuAp2tsF9MmjLLhQWz3WvudQ5vxjY9KvBrvC3J" \
	"pvDatcrN07dyIqzLjU1aAtokla8bsqF+8kZrnUwGXXH1YM4UivyPE0P7sNIDfvsjF7EnYrkoOlDXoianUBt+us3q5amw77em" \
	"bOHGLoc4SS5F06eE/j1n0Dt5RtgyUjKVV6MDc9s2dqg2hyvvRrjeeB/lnRY0wYAaDaZL1OLT3T8SLh10MD73zVslcJ+ZrUTV" \
	"tc3g7VEUt7NuVj+uxHBoJuD4DrKBHShAb2xWpNikiXggDWzg6h3VfRf5evQRzxa0soDNvvtDVUAuzPVipA8ZTQv4qLrNNb/Y" \
	"0noIFpn8XbAFTnb6nlzadQArNT5vFYO7UUQ2Io0N+g9lZQmnDTQedDJTZbWwSW3m9QLCGnm1pc8BeocyOt84NDt8Ga8qcfqI" \
	"GQpCb0DgYm6qsGmpMhP5kL1fb9XtrDPyQ4EgHNk9tJ1IYyLUDsMYyECtaFwBD3G9KKelkwMb8DTZWGBvcSM9h3U7BsnrKXeC" \
	"raoY/xcQirmCY2gqVEnVd+iNbw7iDnh9LvoIhlSSzTeY7SUavliltqM12kCYRhV2vQMofNjSNd4FVcu3AoedYTuvaJ60/2Xx" \
	"4MN+9k8CBHvkrBxa/Lkyc5TOzLTNqEoMqdKzBR4btMidzM3f6th5Y32/tYfkXTzK/t1bHulON3Uwon3xqdIoOi4YI858pyZC" \
	"m7zW7JKx9FGzWjwa4VyS5ogdMdPmg/LTnOt+KaQfJ6JK7h0283cTpWYVTf8BJabr35b7iQwQHA94pvumEWGyr2iCKaB5ZD8K" \
	"HM31RzvwIc8DvysWPN7oSfi+tIFUY2G0q8647wkjEDnUeIW5/TPe62LqQuFDHX57IexJQV44qYQyk8o3X9Wbwcv8XoMtyM23" \
	"Z32cO7MQBpnChkqNnkGTQNcR6L7udb/dDApkHY/RG08PFsjAqyWGf9/w0gCy6KggBvJHiOujm7QS6OWWcSoc1TBsoFlJEe9r" \
	"lBqcQBZlFs7iA0sjTTR7mg7XPMsUtCsRYYVzlN+4d2XIAaawcnmYZfLfvk9ccAMWk+OvAR3XyfxpvOCsIFSpia4CWm5+rsrX" \
	"U3wIICxMUGSNDSktucqe71+QHCw0tX2VtdrLL4e4GFys3O05cZG99hZKTmqve5OXp8wAAAAAAAAAAAAAAAAAAAAAAAA4eKj4" \
	"=\n"

/* a checkpoint of chair-2 that chair-1 has signed */
#define CHAIR_1 "stipple/clinic/chair-1+c001a0b7+AblwxNxy3tieskDWxaQPLuU8PwqT1sg99fGh37uHr0+D"
#define CHAIR_2 "stipple/clinic/chair-2+ebd8e5b7+AS2hP7HbJfvnvg4ko5Oy1pJ72yvrwjLWWfoXJGCcQ0nj"
#define OF_CHAIR_2_BY_CHAIR_1                            \
	"stipple/clinic/chair-2\n"                       \
	"3\n"                                            \
	"NmQuc8JUCrEh46a/lUWwokmCzYMOsT080Z3jzmwCHsE=\n" \
	"\n"                                             \
	"— stipple/clinic/chair-1 wAGgt4E58DOwUU+biDq0XIx3rCOOvvlB8MsH0eqi8EX+EYJzQpSIa3+AnuqqvrHekN/4oD4fQlv9ky03Z+CubNGe0gY=\n"

enum { KEYS_MAX = 4 };

static int open_with(const char *note, const char *const *texts, NoteOpened *ret, Error *error)
{
	NoteVerifier keys[KEYS_MAX];
	Checkpoint checkpoint;
	size_t n = 0;

	for (; texts[n]; n++)
		assert_int_equal(note_verifier_parse(texts[n], &keys[n], error), 0);
	*error = (Error){ 0 };
	return checkpoint_open(note, strlen(note), keys, n, NULL, &checkpoint, ret, error);
}

#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/** Whether this machine's libcrypto can check ML-DSA-44. */
static bool has_ml_dsa(void)
{
	EVP_KEYMGMT *known = EVP_KEYMGMT_fetch(NULL, "ML-DSA-44", NULL);
	bool has = known != NULL;

	EVP_KEYMGMT_free(known);
	return has;
}

static void test_a_key_signs_for_its_own_log_only(void **state)
{
	Error error;
	NoteOpened opened;

	assert_int_equal(open_with(OF_CHAIR_2_BY_CHAIR_1, KEYS(CHAIR_1, CHAIR_2), &opened, &error), -EXDEV);
	assert_non_null(strstr(error.text, "stipple/clinic/chair-2, but signed by stipple/clinic/chair-1"));
	assert_int_equal(open_with(OF_CHAIR_2_BY_CHAIR_1, KEYS(CHAIR_1), &opened, &error), -EXDEV);
	assert_int_equal(open_with(OF_CHAIR_2_BY_CHAIR_1, KEYS(CHAIR_2), &opened, &error), -ENOKEY);
}

static void test_a_witness_is_named_with_its_time(void **state)
{
	Error error;
	NoteOpened opened;

	assert_int_equal(open_with(TEXT "\n" BY_LOG BY_WITNESS, KEYS(LOG, WITNESS), &opened, &error), 0);
	assert_int_equal(opened.signed_by, 0);
	assert_true(opened.signed_for_origin);
	assert_int_equal(opened.n_cosigned, 1);
	assert_int_equal(opened.cosigned[0].key, 1);
	assert_int_equal(opened.cosigned[0].utc_s, 1700000000);
	/* whoever does not know the witness does without */
	assert_int_equal(open_with(TEXT "\n" BY_LOG BY_WITNESS, KEYS(LOG), &opened, &error), 0);
	assert_int_equal(opened.n_cosigned, 0);
}

static void test_a_witness_does_not_sign_for_the_log(void **state)
{
	Error error;
	NoteOpened opened;

	assert_int_equal(open_with(TEXT "\n" BY_WITNESS, KEYS(LOG, WITNESS), &opened, &error), -ENOKEY);
	assert_non_null(strstr(error.text, "only witnesses"));
	assert_int_equal(open_with(TEXT "\n" BY_LOG BY_WITNESS, KEYS(WITNESS), &opened, &error), -ENOKEY);
}

/** Every bit of the text, of the time and of the signature is covered. */
static void test_changed_cosignatures_are_refused(void **state)
{
	static const char note[] = TEXT "\n" BY_LOG BY_WITNESS;
	const char *line = strstr(note, "witness.example/w1 ") + strlen("witness.example/w1 ");
	char changed[sizeof note];
	Error error;
	NoteOpened opened;

	/* of the first six characters the key's id is made */
	for (size_t i = (size_t)(line - note) + 6; note[i] != '='; i++) {
		memcpy(changed, note, sizeof note);
		changed[i] = changed[i] == 'A' ? 'E' : 'A';
		if (open_with(changed, KEYS(LOG, WITNESS), &opened, &error) >= 0)
			fail_msg("taken: %s", changed);
	}
	assert_int_equal(open_with("x" TEXT "\n" BY_WITNESS, KEYS(WITNESS), &opened, &error), -EBADMSG);
}

static void test_post_quantum_cosignatures(void **state)
{
	static char changed[] = TEXT "\n" BY_LOG BY_PQ_WITNESS;
	Error error;
	NoteOpened opened;
	int r = open_with(TEXT "\n" BY_LOG BY_PQ_WITNESS, KEYS(LOG, PQ_WITNESS), &opened, &error);

	if (!has_ml_dsa()) {
		/* never taken for checked */
		assert_int_equal(r, -EOPNOTSUPP);
		assert_non_null(strstr(error.text, "OpenSSL 3.5"));
		return;
	}
	assert_int_equal(r, 0);
	assert_int_equal(opened.n_cosigned, 1);
	assert_int_equal(opened.cosigned[0].utc_s, 1400000000);
	changed[sizeof changed / 2] ^= 1;
	assert_true(open_with(changed, KEYS(LOG, PQ_WITNESS), &opened, &error) < 0);
}

static void test_kinds_of_keys_keep_their_text(void **state)
{
	static const char *const texts[] = { LOG, WITNESS, PQ_WITNESS };
	static const NoteKind kinds[] = { NOTE_ED25519, NOTE_COSIGNATURE, NOTE_COSIGNATURE_ML_DSA_44 };

	for (size_t i = 0; i < ELEMENTS(texts); i++) {
		char again[NOTE_KEY_MAX];
		Error error = { 0 };
		NoteVerifier key;

		assert_int_equal(note_verifier_parse(texts[i], &key, &error), 0);
		assert_int_equal(key.kind, kinds[i]);
		note_verifier_write(&key, again);
		assert_string_equal(again, texts[i]);
	}
}

/** What is cosigned here is what a witness's key verifies, at the time that was said. */
static void test_a_cosignature_is_made(void **state)
{
	_cleanup_(note_signer_freep) NoteSigner *mirror = NULL;
	_cleanup_(freep) char *line = NULL, *other = NULL, *note = NULL;
	static const char log[] = TEXT "\n" BY_LOG, no_tree[] = "example.com/log\nseven\n\n" BY_LOG;
	char text[NOTE_KEY_MAX];
	NoteVerifier cosigner;
	NoteOpened opened;
	Error error = { 0 };

	assert_int_equal(note_signer_generate("clinic.example/mirror", &mirror), 0);
	note_signer_cosigner(mirror, &cosigner);
	assert_int_equal(cosigner.kind, NOTE_COSIGNATURE);
	note_verifier_write(&cosigner, text);
	assert_int_equal(note_cosign(mirror, log, sizeof log - 1, 1400000000, &line), 0);
	assert_true(asprintf(&note, "%s%s", log, line) > 0);
	assert_int_equal(open_with(note, KEYS(LOG, text), &opened, &error), 0);
	assert_int_equal(opened.n_cosigned, 1);
	assert_int_equal(opened.cosigned[0].key, 1);
	assert_int_equal(opened.cosigned[0].utc_s, 1400000000);
	/* the same key as a log's own does not count as a cosigner's, and the other way round */
	note_verifier_write(note_signer_verifier(mirror), text);
	assert_int_equal(open_with(note, KEYS(LOG, text), &opened, &error), 0);
	assert_int_equal(opened.n_cosigned, 0);
	assert_int_equal(note_cosign(mirror, log, sizeof log - 1, -1, &other), -EINVAL);
	assert_int_equal(note_cosign(mirror, no_tree, sizeof no_tree - 1, 1, &other), -EINVAL);
	assert_int_equal(note_cosign(mirror, TEXT, strlen(TEXT), 1, &other), -EINVAL);
	assert_null(other);
}

/** Where libcrypto can, what a post-quantum key cosigns is what it verifies; it signs nothing else. */
static void test_a_post_quantum_cosignature_is_made(void **state)
{
	_cleanup_(note_signer_freep) NoteSigner *witness = NULL, *again = NULL;
	_cleanup_(freep) char *line = NULL, *note = NULL, *signed_note = NULL;
	static const char log[] = TEXT "\n" BY_LOG;
	char folder[] = "/tmp/stipple-key-XXXXXX", path[64], text[NOTE_KEY_MAX];
	NoteVerifier cosigner;
	NoteOpened opened;
	Error error = { 0 };
	int r = note_signer_generate_ml_dsa_44("witness.example/own", &witness);

	if (!has_ml_dsa()) {
		assert_int_equal(r, -EOPNOTSUPP);
		return;
	}
	assert_int_equal(r, 0);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/key", folder);
	assert_int_equal(note_signer_store(witness, folder, "key", &error), 0);
	assert_int_equal(note_signer_load(path, &again, &error), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	note_signer_cosigner(again, &cosigner);
	assert_int_equal(cosigner.kind, NOTE_COSIGNATURE_ML_DSA_44);
	note_verifier_write(&cosigner, text);
	assert_int_equal(note_cosign(again, log, sizeof log - 1, 1400000000, &line), 0);
	assert_true(asprintf(&note, "%s%s", log, line) > 0);
	assert_int_equal(open_with(note, KEYS(LOG, text), &opened, &error), 0);
	assert_int_equal(opened.n_cosigned, 1);
	assert_int_equal(opened.cosigned[0].utc_s, 1400000000);
	assert_int_equal(note_sign(again, TEXT, &signed_note), -EINVAL);
	assert_int_equal(note_sign_again(again, log, sizeof log - 1, &signed_note), -EINVAL);
	assert_null(signed_note);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_cosignature_is_made),
		cmocka_unit_test(test_a_post_quantum_cosignature_is_made),
		cmocka_unit_test(test_a_key_signs_for_its_own_log_only),
		cmocka_unit_test(test_a_witness_is_named_with_its_time),
		cmocka_unit_test(test_a_witness_does_not_sign_for_the_log),
		cmocka_unit_test(test_changed_cosignatures_are_refused),
		cmocka_unit_test(test_post_quantum_cosignatures),
		cmocka_unit_test(test_kinds_of_keys_keep_their_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
