/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Proofs that a record is in a log or that the log only grew: they are byte for byte those of the Go
 * implementations, and a flipped bit, a malformed text, a wrong key or another log is refused.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tlog/proof.h"

/*
 * What the Go implementations (golang.org/x/mod/sumdb/note and tlog,
 * github.com/transparency-dev/formats/proof) make of the first 3 and 7 leaves of Certificate Transparency's
 * reference tree, signed with the example key of Go's note package.
 */
#define PETER_PRIVATE "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define PETER         "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define AT_3                                             \
	"PeterNeumann\n3\n"                              \
	"rra8/idLcKFPsGel5VeCZNsPqbUa9eC6FZFY8yngbnc=\n" \
	"\n"                                             \
	"— PeterNeumann x08go5qwS8thI5Q0mc87loAkz5RuAu6CxAfauFfkTjbI+tS+r604CtjhfIELPsXWVt3XFLc1f2AfFNxVMSHgP+ERWQA=\n"
#define AT_7                                             \
	"PeterNeumann\n7\n"                              \
	"3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n" \
	"\n"                                             \
	"— PeterNeumann x08gozDA2D7IMPl5339ghWaWdMHI1FuM87Bu/YYK9oBwceVF6/ht0QN36iKgI+yAOPXFozUdDVbuzHFVmdCDL4UoAwU=\n"
#define HEADER "c2sp.org/tlog-proof@v1\n"
#define PATH_5                                           \
	"vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\n" \
	"sIaT7C5yFZcTBkHoIR5+7cy0wmQTlj7ubB4u0W/7Gl8=\n" \
	"037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=\n"
#define INCLUSION       HEADER "index 5\n" PATH_5 "\n" AT_7
#define INCLUSION_EXTRA HEADER "extra QEFCQw==\nindex 5\n" PATH_5 "\n" AT_7
#define GROWTH                                           \
	"ApjRIpBtz8EIkstTpzmS/FufST6kybrbJ7eRtBJ6f+c=\n" \
	"B1Bqhf2d0vEg62lPhgEeW7RmLlxBWmKRcDPUqWJEh+c=\n" \
	"+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=\n" \
	"g327FS6bB5AQcX6E6GXaTrwPoZioBtWdMb8VrM7yLQ4=\n"
#define CONSISTENCY "old 3\n" GROWTH "\n" AT_7

static const char leaf_5[] = "@ABC";

static NoteVerifier peter;

static int set_up(void **state)
{
	Error error;

	return note_verifier_parse(PETER, &peter, &error);
}

/** Reads and checks; a refusal has a sentence. */
static int check_inclusion(
	const char *text, size_t size, const void *leaf, size_t leaf_size, const char *origin)
{
	_cleanup_(inclusion_proof_done) InclusionProof proof = { 0 };
	Error error = { 0 };
	int r;

	r = inclusion_proof_parse(text, size, &proof, &error);
	if (r >= 0)
		r = inclusion_proof_verify(&proof, leaf, leaf_size, &peter, 1, origin, NULL, &error);
	assert_int_equal(r < 0, error.text[0] != '\0');
	return r;
}

static Checkpoint old_checkpoint(const char *note)
{
	Error error = { 0 };
	Checkpoint checkpoint;

	if (checkpoint_open(note, strlen(note), &peter, 1, NULL, &checkpoint, NULL, &error) < 0)
		fail_msg("%s", error.text);
	return checkpoint;
}

static int check_consistency(const char *text, size_t size, const Checkpoint *old)
{
	Error error = { 0 };
	ConsistencyProof proof;
	int r;

	r = consistency_proof_parse(text, size, &proof, &error);
	if (r >= 0)
		r = consistency_proof_verify(&proof, old, &peter, 1, NULL, &error);
	assert_int_equal(r < 0, error.text[0] != '\0');
	return r;
}

/* ---- inclusion ---- */

static void test_inclusion_byte_for_byte(void **state)
{
	static const char *const texts[] = { INCLUSION, INCLUSION_EXTRA };

	for (size_t i = 0; i < ELEMENTS(texts); i++) {
		_cleanup_(inclusion_proof_done) InclusionProof proof = { 0 };
		_cleanup_(freep) char *text = NULL;
		Error error = { 0 };
		Checkpoint checkpoint;

		assert_int_equal(inclusion_proof_parse(texts[i], strlen(texts[i]), &proof, &error), 0);
		assert_int_equal(proof.index, 5);
		assert_int_equal(proof.path.n, 3);
		assert_int_equal(proof.extra_size, i == 0 ? 0 : 4);
		assert_int_equal(
			inclusion_proof_verify(&proof, leaf_5, 4, &peter, 1, NULL, &checkpoint, &error), 0);
		assert_string_equal(checkpoint.origin, "PeterNeumann");
		assert_int_equal(checkpoint.size, 7);
		assert_int_equal(inclusion_proof_write(&proof, &text), 0);
		assert_string_equal(text, texts[i]);
	}
}

static void test_leaf_beside_its_proof(void **state)
{
	_cleanup_(inclusion_proof_done) InclusionProof proof = { 0 };
	Error error = { 0 };

	assert_int_equal(inclusion_proof_parse(INCLUSION_EXTRA, strlen(INCLUSION_EXTRA), &proof, &error), 0);
	assert_int_equal(
		inclusion_proof_verify(&proof, proof.extra, proof.extra_size, &peter, 1, NULL, NULL, &error),
		0);
}

static void test_wrong_leaf_key_or_log(void **state)
{
	_cleanup_(inclusion_proof_done) InclusionProof proof = { 0 };
	Error error = { 0 };
	NoteVerifier other = peter;

	assert_int_equal(check_inclusion(INCLUSION, strlen(INCLUSION), leaf_5, 4, "PeterNeumann"), 0);
	assert_int_equal(check_inclusion(INCLUSION, strlen(INCLUSION), leaf_5, 4, "EnochRoot"), -EXDEV);
	assert_int_equal(check_inclusion(INCLUSION, strlen(INCLUSION), leaf_5, 3, NULL), -EBADMSG);
	assert_int_equal(check_inclusion(INCLUSION, strlen(INCLUSION), "@ABD", 4, NULL), -EBADMSG);
	assert_int_equal(check_inclusion(INCLUSION, strlen(INCLUSION), "", 0, NULL), -EBADMSG);
	assert_int_equal(inclusion_proof_parse(INCLUSION, strlen(INCLUSION), &proof, &error), 0);
	other.id++;
	assert_int_equal(inclusion_proof_verify(&proof, leaf_5, 4, &other, 1, NULL, NULL, &error), -ENOKEY);
}

static void test_malformed_inclusion(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"wrong-header\nindex 0\n\n" AT_7,
		"c2sp.org/tlog-proof@v2\nindex 5\n" PATH_5 "\n" AT_7,
		" " INCLUSION,
		HEADER,
		HEADER "\n\n" AT_7,
		HEADER "\n" AT_7,
		HEADER "extra QEFCQw==\n",
		HEADER "extra \nindex 5\n" PATH_5 "\n" AT_7,
		HEADER "extra !!notbase64!!\nindex 5\n" PATH_5 "\n" AT_7,
		HEADER "extra QEFCQw\nindex 5\n" PATH_5 "\n" AT_7,
		HEADER "extra QEFCQx==\nindex 5\n" PATH_5 "\n" AT_7,
		HEADER "extra  QEFCQw==\nindex 5\n" PATH_5 "\n" AT_7,
		HEADER "index 5\nextra QEFCQw==\n" PATH_5 "\n" AT_7,
		HEADER "extra QEFCQw==\nextra QEFCQw==\nindex 5\n" PATH_5 "\n" AT_7,
		HEADER "index notanumber\n" PATH_5 "\n" AT_7,
		HEADER "index -5\n" PATH_5 "\n" AT_7,
		HEADER "index 05\n" PATH_5 "\n" AT_7,
		HEADER "index  5\n" PATH_5 "\n" AT_7,
		HEADER "index 5 \n" PATH_5 "\n" AT_7,
		HEADER "index\n" PATH_5 "\n" AT_7,
		HEADER "index5\n" PATH_5 "\n" AT_7,
		HEADER "index 9223372036854775808\n" PATH_5 "\n" AT_7,
		HEADER "index 5\n!!notbase64!!\n\n" AT_7,
		HEADER "index 5\nYmFuYW5hcw==\n\n" AT_7,
		HEADER "index 5\n " PATH_5 "\n" AT_7,
		HEADER "index 5\n" PATH_5 AT_7,
		HEADER "index 5\n" PATH_5,
		HEADER "index 5\n" PATH_5 "\n",
		HEADER "index 5\n" PATH_5 "\n\n" AT_7,
		HEADER "index 5\n" PATH_5 "\ncheckpoint\n",
		INCLUSION "\n",
		INCLUSION "more\n",
		INCLUSION INCLUSION,
	};

	for (size_t i = 0; i < ELEMENTS(bad); i++)
		if (check_inclusion(bad[i], strlen(bad[i]), leaf_5, 4, NULL) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
}

static void test_path_too_long(void **state)
{
	static const char hash[] = "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\n";
	_cleanup_(freep) char *text = malloc(1 << 16);
	size_t used = 0;

	assert_non_null(text);
	used += (size_t)snprintf(text, 1 << 16, HEADER "index 5\n");
	for (int i = 0; i <= MERKLE_PATH_MAX; i++)
		used += (size_t)snprintf(text + used, (1 << 16) - used, "%s", hash);
	used += (size_t)snprintf(text + used, (1 << 16) - used, "\n" AT_7);
	assert_int_equal(check_inclusion(text, used, leaf_5, 4, NULL), -EINVAL);
	/* one less is of the form, and proves nothing */
	memmove(text + strlen(HEADER "index 5\n"), text + strlen(HEADER "index 5\n") + strlen(hash),
		used - strlen(HEADER "index 5\n") - strlen(hash));
	assert_int_equal(check_inclusion(text, used - strlen(hash), leaf_5, 4, NULL), -EBADMSG);
}

static void test_every_flipped_bit_of_inclusion_is_noticed(void **state)
{
	char text[] = INCLUSION;
	size_t size = strlen(text);

	for (size_t bit = 0; bit < size * 8; bit++) {
		text[bit / 8] ^= (char)(1 << bit % 8);
		assert_true(check_inclusion(text, size, leaf_5, 4, NULL) < 0);
		text[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (size_t length = 0; length < size; length++)
		assert_true(check_inclusion(text, length, leaf_5, 4, NULL) < 0);
	assert_int_equal(check_inclusion(text, size, leaf_5, 4, NULL), 0);
}

/* ---- consistency ---- */

static void test_consistency_byte_for_byte(void **state)
{
	Checkpoint old = old_checkpoint(AT_3), checkpoint;
	_cleanup_(freep) char *text = NULL;
	Error error = { 0 };
	ConsistencyProof proof;

	assert_int_equal(consistency_proof_parse(CONSISTENCY, strlen(CONSISTENCY), &proof, &error), 0);
	assert_int_equal(proof.old_size, 3);
	assert_int_equal(proof.path.n, 4);
	assert_int_equal(consistency_proof_verify(&proof, &old, &peter, 1, &checkpoint, &error), 0);
	assert_int_equal(checkpoint.size, 7);
	assert_int_equal(consistency_proof_write(&proof, &text), 0);
	assert_string_equal(text, CONSISTENCY);
}

/** The example of the witness protocol: of its form, but its hashes and key are made up. */
static void test_example_of_the_witness_protocol(void **state)
{
	static const char example[] =
		"old 20852014\n"
		"PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
		"jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
		"5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
		"/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
		"\n"
		"example.com/behind-the-sofa\n"
		"20852163\n"
		"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
		"\n"
		"— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
		"— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";
	_cleanup_(freep) char *text = NULL;
	Error error = { 0 };
	ConsistencyProof proof;

	assert_int_equal(consistency_proof_parse(example, strlen(example), &proof, &error), 0);
	assert_int_equal(proof.old_size, 20852014);
	assert_int_equal(proof.path.n, 4);
	assert_int_equal(consistency_proof_write(&proof, &text), 0);
	assert_string_equal(text, example);
	assert_int_equal(check_consistency(example, strlen(example), &(Checkpoint){ 0 }), -ENOKEY);
}

static void test_inconsistent_logs(void **state)
{
	Checkpoint old = old_checkpoint(AT_3), changed = old;

	assert_int_equal(check_consistency(CONSISTENCY, strlen(CONSISTENCY), &old), 0);
	changed.root.bytes[0] ^= 1;
	assert_int_equal(check_consistency(CONSISTENCY, strlen(CONSISTENCY), &changed), -EBADMSG);
	changed = old;
	changed.size = 4;
	assert_int_equal(check_consistency(CONSISTENCY, strlen(CONSISTENCY), &changed), -ERANGE);
	changed = old;
	changed.origin[0] = 'Q';
	assert_int_equal(check_consistency(CONSISTENCY, strlen(CONSISTENCY), &changed), -EXDEV);
	/* the older checkpoint put in the place of the newer one: the log has shrunk */
	changed = old_checkpoint(AT_7);
	assert_int_equal(
		check_consistency("old 7\n" GROWTH "\n" AT_3, strlen("old 7\n" GROWTH "\n" AT_3), &changed),
		-EBADMSG);
	/* the same checkpoint needs no hashes */
	assert_int_equal(check_consistency("old 7\n\n" AT_7, strlen("old 7\n\n" AT_7), &changed), 0);
	assert_int_equal(check_consistency("old 3\n\n" AT_7, strlen("old 3\n\n" AT_7), &old), -EBADMSG);
}

/* the cases of github.com/transparency-dev/merkle, testdata/consistency/1 to 4, "happy path", as published */
static const struct {
	uint64_t old_size, size;
	const char *old_root, *root, *proof;
} published[] = {
	{ 1, 8, "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=",
		"XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=",
		"lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c=\nXwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=\n"
		"a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=\n" },
	{ 6, 8, "duZ9rbzfHhDht03cYIq9L5jfsW+851J3tSMqEn8gh+8=",
		"XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=",
		"DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o=\nyoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=\n"
		"037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=\n" },
	{ 2, 5, "+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=",
		"Tju7H3tHjc/nH7YxYxUZo7yhLJrvyhYSv85ME6hiZNQ=",
		"Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=\nvBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\n" },
	{ 6, 7, "duZ9rbzfHhDht03cYIq9L5jfsW+851J3tSMqEn8gh+8=",
		"3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=",
		"DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o=\nsIaT7C5yFZcTBkHoIR5+7cy0wmQTlj7ubB4u0W/7Gl8=\n"
		"037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=\n" },
};

/** A checkpoint of the published size and root under the example key. */
static char *sign_published(uint64_t size, const char *root)
{
	_cleanup_(note_signer_freep) NoteSigner *signer = NULL;
	_cleanup_(freep) char *text = NULL;
	char *note = NULL;
	Error error;

	assert_true(asprintf(&text, "PeterNeumann\n%llu\n%s\n", (unsigned long long)size, root) > 0);
	assert_int_equal(note_signer_parse(PETER_PRIVATE, &signer, &error), 0);
	assert_int_equal(note_sign(signer, text, &note), 0);
	return note;
}

/** Whether a proof in the text form leads from the one root to the other. */
static int check_published(
	uint64_t old_size, const char *old_root, uint64_t size, const char *root, const char *hashes)
{
	_cleanup_(freep) char *old_note = sign_published(old_size, old_root),
			      *note = sign_published(size, root);
	_cleanup_(freep) char *text = NULL, *again = NULL;
	Error error;
	Checkpoint old = old_checkpoint(old_note);
	ConsistencyProof proof;

	assert_true(asprintf(&text, "old %llu\n%s\n%s", (unsigned long long)old_size, hashes, note) > 0);
	assert_int_equal(consistency_proof_parse(text, strlen(text), &proof, &error), 0);
	assert_int_equal(consistency_proof_write(&proof, &again), 0);
	assert_string_equal(again, text);
	return check_consistency(text, strlen(text), &old);
}

static void test_published_consistency(void **state)
{
	for (size_t i = 0; i < ELEMENTS(published); i++) {
		const uint64_t old_size = published[i].old_size, size = published[i].size;
		const char *old_root = published[i].old_root, *root = published[i].root;
		const char *proof = published[i].proof, *first_end = strchr(proof, '\n') + 1;
		_cleanup_(freep) char *longer = NULL, *cut = strndup(proof, strlen(proof) - 45);

		assert_non_null(cut);
		assert_true(asprintf(&longer, "%s%s\n", proof, root) > 0);
		assert_int_equal(check_published(old_size, old_root, size, root, proof), 0);
		/* the ways to spoil them that are published beside them */
		assert_int_equal(check_published(old_size, root, size, old_root, proof), -EBADMSG);
		assert_int_equal(check_published(old_size, root, size, root, proof), -EBADMSG);
		assert_int_equal(check_published(old_size, old_root, size, old_root, proof), -EBADMSG);
		assert_int_equal(check_published(old_size ^ 2, old_root, size, root, proof), -EBADMSG);
		assert_int_equal(check_published(old_size, old_root, size * 2, root, proof), -EBADMSG);
		assert_int_equal(check_published(old_size, old_root, size / 2, root, proof), -EBADMSG);
		assert_int_equal(check_published(old_size, old_root, size, root, ""), -EBADMSG);
		assert_int_equal(check_published(old_size, old_root, size, root, longer), -EBADMSG);
		assert_int_equal(check_published(old_size, old_root, size, root, cut), -EBADMSG);
		assert_int_equal(check_published(old_size, old_root, size, root, first_end), -EBADMSG);
	}
}

static void test_malformed_consistency(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		INCLUSION,
		"new 3\n" GROWTH "\n" AT_7,
		"old\n" GROWTH "\n" AT_7,
		"old 03\n" GROWTH "\n" AT_7,
		"old -3\n" GROWTH "\n" AT_7,
		"old 3 \n" GROWTH "\n" AT_7,
		"old 3\n" GROWTH AT_7,
		"old 3\n" GROWTH "\n",
		"old 3\n" GROWTH,
		"old 3\nYmFuYW5hcw==\n\n" AT_7,
		CONSISTENCY "\n",
		CONSISTENCY "more\n",
	};
	Checkpoint old = old_checkpoint(AT_3);

	for (size_t i = 0; i < ELEMENTS(bad); i++)
		if (check_consistency(bad[i], strlen(bad[i]), &old) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
}

static void test_every_flipped_bit_of_consistency_is_noticed(void **state)
{
	Checkpoint old = old_checkpoint(AT_3);
	char text[] = CONSISTENCY;
	size_t size = strlen(text);

	for (size_t bit = 0; bit < size * 8; bit++) {
		text[bit / 8] ^= (char)(1 << bit % 8);
		assert_true(check_consistency(text, size, &old) < 0);
		text[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (size_t length = 0; length < size; length++)
		assert_true(check_consistency(text, length, &old) < 0);
}

static void test_proofs_that_cannot_be_written(void **state)
{
	InclusionProof inclusion = { .index = 5, .checkpoint = AT_7, .checkpoint_size = strlen(AT_7) };
	ConsistencyProof consistency = { .old_size = 3, .checkpoint = AT_7, .checkpoint_size = strlen(AT_7) };
	uint8_t nothing;
	char *text = NULL;

	inclusion.index = MERKLE_SIZE_MAX;
	assert_int_equal(inclusion_proof_write(&inclusion, &text), -EINVAL);
	inclusion.index = 5;
	inclusion.extra = &nothing;
	assert_int_equal(inclusion_proof_write(&inclusion, &text), -EINVAL);
	inclusion.extra = NULL;
	inclusion.path.n = MERKLE_PATH_MAX + 1;
	assert_int_equal(inclusion_proof_write(&inclusion, &text), -EINVAL);
	inclusion.path.n = 0;
	inclusion.checkpoint_size--;
	assert_int_equal(inclusion_proof_write(&inclusion, &text), -EINVAL);
	consistency.checkpoint = "checkpoint\n";
	consistency.checkpoint_size = strlen("checkpoint\n");
	assert_int_equal(consistency_proof_write(&consistency, &text), -EINVAL);
	consistency.old_size = MERKLE_SIZE_MAX + 1;
	assert_int_equal(consistency_proof_write(&consistency, &text), -EINVAL);
	assert_null(text);
}

/* ---- a log from its first leaf, as a station keeps one ---- */

enum { LEAVES = 24 };

typedef struct Log {
	NoteSigner *signer;
	MerkleHash hashes[LEAVES];
	char *checkpoints[LEAVES + 1]; /* by size */
} Log;

static int read_leaves(void *userdata, uint64_t first, size_t n, MerkleHash *ret)
{
	Log *log = userdata;

	memcpy(ret, &log->hashes[first], n * sizeof *ret);
	return 0;
}

static void sign_checkpoint(Log *log, const MerkleTree *tree)
{
	Checkpoint checkpoint = { .size = tree->size };

	assert_int_equal(checkpoint_origin("clinic", "chair", checkpoint.origin), 0);
	merkle_tree_root(tree, &checkpoint.root);
	assert_int_equal(checkpoint_sign(&checkpoint, log->signer, &log->checkpoints[tree->size]), 0);
}

static void make_log(Log *log)
{
	MerkleTree tree = { 0 };
	assert_int_equal(note_signer_generate("stipple/clinic/chair", &log->signer), 0);
	sign_checkpoint(log, &tree);
	while (tree.size < LEAVES) {
		uint8_t leaf = (uint8_t)tree.size;
		MerkleHash *hash = &log->hashes[tree.size];

		merkle_hash_leaf(&leaf, 1, hash);
		assert_int_equal(merkle_append(&tree, hash, NULL, NULL), 0);
		sign_checkpoint(log, &tree);
	}
}

static void free_log(Log *log)
{
	for (size_t i = 0; i <= LEAVES; i++)
		free(log->checkpoints[i]);
	note_signer_free(log->signer);
}

static void prove_leaf(Log *log, const MerkleReader *reader, uint64_t index, uint64_t size)
{
	InclusionProof proof = { .index = index,
		.checkpoint = log->checkpoints[size],
		.checkpoint_size = strlen(log->checkpoints[size]) };
	_cleanup_(inclusion_proof_done) InclusionProof parsed = { 0 };
	const NoteVerifier *key = note_signer_verifier(log->signer);
	_cleanup_(freep) char *text = NULL;
	Error error = { 0 };
	uint8_t leaf = (uint8_t)index, wrong = leaf ^ 1;

	assert_int_equal(merkle_prove_inclusion(reader, index, size, &proof.path), 0);
	assert_int_equal(inclusion_proof_write(&proof, &text), 0);
	assert_int_equal(inclusion_proof_parse(text, strlen(text), &parsed, &error), 0);
	assert_int_equal(
		inclusion_proof_verify(&parsed, &leaf, 1, key, 1, "stipple/clinic/chair", NULL, &error), 0);
	assert_int_equal(inclusion_proof_verify(&parsed, &wrong, 1, key, 1, NULL, NULL, &error), -EBADMSG);
}

static void prove_growth(Log *log, const MerkleReader *reader, uint64_t old_size, uint64_t size)
{
	ConsistencyProof proof = { .old_size = old_size,
		.checkpoint = log->checkpoints[size],
		.checkpoint_size = strlen(log->checkpoints[size]) };
	const NoteVerifier *key = note_signer_verifier(log->signer);
	_cleanup_(freep) char *text = NULL;
	Error error = { 0 };
	ConsistencyProof parsed;
	Checkpoint old;

	assert_int_equal(merkle_prove_consistency(reader, old_size, size, &proof.path), 0);
	assert_int_equal(consistency_proof_write(&proof, &text), 0);
	assert_int_equal(checkpoint_open(log->checkpoints[old_size], strlen(log->checkpoints[old_size]), key,
				 1, NULL, &old, NULL, &error),
		0);
	assert_int_equal(consistency_proof_parse(text, strlen(text), &parsed, &error), 0);
	assert_int_equal(consistency_proof_verify(&parsed, &old, key, 1, NULL, &error), 0);
	old.root.bytes[31] ^= 1;
	assert_int_equal(consistency_proof_verify(&parsed, &old, key, 1, NULL, &error), -EBADMSG);
}

static void test_whole_log(void **state)
{
	Log log = { 0 };
	MerkleReader reader = { .kept_level = 8, .leaves = read_leaves, .userdata = &log };

	make_log(&log);
	for (uint64_t size = 0; size <= LEAVES; size++) {
		for (uint64_t index = 0; index < size; index++)
			prove_leaf(&log, &reader, index, size);
		for (uint64_t old_size = 0; old_size <= size; old_size++)
			prove_growth(&log, &reader, old_size, size);
	}
	free_log(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inclusion_byte_for_byte),
		cmocka_unit_test(test_leaf_beside_its_proof),
		cmocka_unit_test(test_wrong_leaf_key_or_log),
		cmocka_unit_test(test_malformed_inclusion),
		cmocka_unit_test(test_path_too_long),
		cmocka_unit_test(test_every_flipped_bit_of_inclusion_is_noticed),
		cmocka_unit_test(test_consistency_byte_for_byte),
		cmocka_unit_test(test_example_of_the_witness_protocol),
		cmocka_unit_test(test_inconsistent_logs),
		cmocka_unit_test(test_published_consistency),
		cmocka_unit_test(test_malformed_consistency),
		cmocka_unit_test(test_every_flipped_bit_of_consistency_is_noticed),
		cmocka_unit_test(test_proofs_that_cannot_be_written),
		cmocka_unit_test(test_whole_log),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
