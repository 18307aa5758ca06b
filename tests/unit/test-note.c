/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Keys, signed notes and checkpoints: a signature is byte for byte that of Go's note package, every flipped
 * bit is noticed, and a malformed text is refused.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "tlog/checkpoint.h"
#include "tlog/note.h"
#include "util/file.h"

/* the example of Go's note package, golang.org/x/mod/sumdb/note */
#define PETER_PRIVATE "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define PETER         "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define ENOCH         "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
#define TEXT                                                         \
	"If you think cryptography is the answer to your problem,\n" \
	"then you don't know what your problem is.\n"
#define BY_PETER \
	"— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
#define BY_ENOCH \
	"— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
/* the same signature with three bytes more in its middle */
#define BY_PETER_LONGER \
	"— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFABCDupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

static NoteVerifier key_of(const char *text)
{
	Error error = { 0 };
	NoteVerifier key;

	if (note_verifier_parse(text, &key, &error) < 0)
		fail_msg("%s: %s", text, error.text);
	return key;
}

static NoteSigner *signer_of(const char *text)
{
	Error error = { 0 };
	NoteSigner *signer = NULL;

	if (note_signer_parse(text, &signer, &error) < 0)
		fail_msg("%s", error.text);
	return signer;
}

/** What note_open() says of a note; a refusal has a sentence and leaves the outputs alone. */
static int open_note(
	const char *note, size_t size, const NoteVerifier *known, size_t n, size_t *ret_signed_by)
{
	Error error = { 0 };
	NoteOpened opened = { .text_size = 12345, .signed_by = 12345 };
	int r = note_open(note, size, known, n, &opened, &error);

	if (r < 0) {
		assert_true(error.text[0] != '\0');
		assert_int_equal(opened.text_size, 12345);
		assert_int_equal(opened.signed_by, 12345);
		return r;
	}
	assert_true(opened.text_size < size);
	assert_int_equal(note[opened.text_size - 1], '\n');
	if (ret_signed_by)
		*ret_signed_by = opened.signed_by;
	return 0;
}

static int open_text(const char *note, const NoteVerifier *known, size_t n)
{
	return open_note(note, strlen(note), known, n, NULL);
}

/* ---- keys ---- */

static void test_public_keys(void **state)
{
	static const struct {
		const char *text, *name;
		uint32_t id;
	} rows[] = {
		{ PETER, "PeterNeumann", 0xc74f20a3 },
		{ ENOCH, "EnochRoot", 0xaf0cfe78 },
		{ "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8", "sum.golang.org",
			0x033de0ae },
		{ "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "example.com/foo",
			0x530d903a },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		NoteVerifier key = key_of(rows[i].text);
		char text[NOTE_KEY_MAX];

		assert_string_equal(key.name, rows[i].name);
		assert_int_equal(key.id, rows[i].id);
		note_verifier_write(&key, text);
		assert_string_equal(text, rows[i].text);
	}
}

static int parse_public(const char *text)
{
	NoteVerifier key, before;
	Error error = { 0 };
	int r;

	memset(&key, 0x5a, sizeof key);
	before = key;
	r = note_verifier_parse(text, &key, &error);
	if (r < 0) {
		assert_memory_equal(&key, &before, sizeof key);
		assert_true(error.text[0] != '\0');
	}
	return r;
}

static int parse_private(const char *text)
{
	_cleanup_(note_signer_freep) NoteSigner *signer = NULL;
	Error error = { 0 };
	int r = note_signer_parse(text, &signer, &error);

	assert_int_equal(r < 0, signer == NULL);
	assert_int_equal(r < 0, error.text[0] != '\0');
	return r;
}

/** Every part of a key and every key with one character changed is none. */
static void refuse_manglings(const char *text, int (*parse)(const char *text))
{
	size_t size = strlen(text);
	char mangled[256];

	for (size_t begin = 0; begin < size; begin++)
		for (size_t end = begin + 1; end <= size; end++) {
			if (begin == 0 && end == size)
				continue;
			(void)snprintf(mangled, sizeof mangled, "%.*s", (int)(end - begin), text + begin);
			assert_true(parse(mangled) < 0);
		}
	for (size_t bit = 0; bit < size * 8; bit++) {
		(void)snprintf(mangled, sizeof mangled, "%s", text);
		mangled[bit / 8] ^= (char)(1 << bit % 8);
		assert_true(parse(mangled) < 0);
	}
}

static void test_mangled_keys_are_refused(void **state)
{
	refuse_manglings(PETER, parse_public);
	refuse_manglings(PETER_PRIVATE, parse_private);
}

static void test_keys_of_other_forms(void **state)
{
	/* of Go's tests: another length and another kind, each with the id that goes with it */
	assert_int_equal(
		parse_public("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="),
		-EINVAL);
	assert_int_equal(parse_public("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"),
		-EOPNOTSUPP);
	assert_int_equal(
		parse_public("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), -EBADMSG);
	assert_int_equal(
		parse_public("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), -EINVAL);
	assert_int_equal(parse_public(""), -EINVAL);
	assert_int_equal(parse_public(PETER "\n"), -EINVAL);
	assert_int_equal(parse_private(PETER), -EINVAL);
	assert_int_equal(parse_private(PETER_PRIVATE "\n"), 0);
	assert_int_equal(parse_private(PETER_PRIVATE "\n\n"), -EINVAL);
}

static void test_names_of_keys(void **state)
{
	static const char *const bad[] = { "", " ", "a b", "a+b", "a\tb", "a\nb", "a\x01", "a\xc2\xa0z",
		"a\xc2\x85z", "\xe1\x9a\x80", "\xe2\x80\x83", "\xe2\x80\xa8", "\xe2\x80\xaf", "\xe2\x81\x9f",
		"\xe3\x80\x80", "\xff", "\xc3" };
	static const char *const good[] = { "a", "stipple/clinic/chair-1", "Zürich/1", "\xe2\x80\x94" };

	for (size_t i = 0; i < ELEMENTS(bad); i++) {
		_cleanup_(note_signer_freep) NoteSigner *signer = NULL;

		assert_int_equal(note_signer_generate(bad[i], &signer), -EINVAL);
		assert_null(signer);
	}
	for (size_t i = 0; i < ELEMENTS(good); i++) {
		_cleanup_(note_signer_freep) NoteSigner *signer = NULL;

		assert_int_equal(note_signer_generate(good[i], &signer), 0);
		assert_string_equal(note_signer_verifier(signer)->name, good[i]);
	}
}

static void test_new_keys_differ(void **state)
{
	_cleanup_(note_signer_freep) NoteSigner *a = NULL, *b = NULL;

	assert_int_equal(note_signer_generate("a", &a), 0);
	assert_int_equal(note_signer_generate("a", &b), 0);
	assert_memory_not_equal(
		note_signer_verifier(a)->key, note_signer_verifier(b)->key, NOTE_PUBLIC_KEY_BYTES);
}

/* ---- notes ---- */

static void test_signed_byte_for_byte(void **state)
{
	_cleanup_(note_signer_freep) NoteSigner *peter = signer_of(PETER_PRIVATE);
	_cleanup_(freep) char *note = NULL, *again = NULL;

	assert_int_equal(note_sign(peter, TEXT, &note), 0);
	assert_string_equal(note, TEXT "\n" BY_PETER);
	assert_int_equal(note_sign_again(peter, TEXT "\n" BY_ENOCH, strlen(TEXT "\n" BY_ENOCH), &again), 0);
	assert_string_equal(again, TEXT "\n" BY_ENOCH BY_PETER);
}

static void test_texts_that_are_no_notes(void **state)
{
	static const char *const bad[] = { "", "abc", "a\nb", "a\tb\n", "a\r\n", "\x1f\n", "\xff\n",
		"\xe2\x80\n" };
	_cleanup_(note_signer_freep) NoteSigner *peter = signer_of(PETER_PRIVATE);

	for (size_t i = 0; i < ELEMENTS(bad); i++) {
		char *note = NULL;

		assert_int_equal(note_sign(peter, bad[i], &note), -EINVAL);
		assert_null(note);
	}
}

static void test_published_notes(void **state)
{
	static const struct {
		const char *key, *note;
	} rows[] = {
		{ PETER, TEXT "\n" BY_PETER },
		{ ENOCH, TEXT "\n" BY_ENOCH },
		{ PETER, TEXT "\n" BY_PETER BY_ENOCH },
		{ "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
			"This is an example message.\n\n"
			"— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n" },
		{ "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
			"go.sum database tree\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
			"— sum.golang.org Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		NoteVerifier key = key_of(rows[i].key);

		assert_int_equal(open_text(rows[i].note, &key, 1), 0);
	}
}

static void test_form_without_keys(void **state)
{
	/* the specification's example, with an empty line in its text; its key was never published */
	static const char note[] =
		"Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
		"— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
	Error error = { 0 };
	size_t text_size = 0;

	assert_int_equal(note_read(note, strlen(note), &text_size, &error), 0);
	assert_int_equal(text_size, strstr(note, "\n\n— ") + 1 - note);
	assert_int_equal(note_read(note, strlen(note) - 1, &text_size, &error), -EINVAL);
}

static void test_several_signatures(void **state)
{
	NoteVerifier keys[] = { key_of(ENOCH), key_of(PETER) };
	const char *note = TEXT "\n" BY_PETER BY_ENOCH;
	size_t signed_by = 9;

	assert_int_equal(open_note(note, strlen(note), keys, 2, &signed_by), 0);
	assert_int_equal(signed_by, 1);
	assert_int_equal(open_text(note, keys, 0), -ENOKEY);
	assert_int_equal(open_text(TEXT "\n" BY_ENOCH, &keys[1], 1), -ENOKEY);
	/* a bad signature of a known key refuses the note, whoever else signed it */
	assert_int_equal(open_text(TEXT "\n" BY_ENOCH BY_PETER_LONGER, keys, 2), -EBADMSG);
	assert_int_equal(open_text(TEXT "\n" BY_ENOCH BY_PETER_LONGER, keys, 1), 0);
	assert_int_equal(open_text("x" TEXT "\n" BY_PETER, keys, 2), -EBADMSG);
}

/** Same name or same id, but not both, is another key. */
static void test_keys_alike_are_others(void **state)
{
	NoteVerifier peter = key_of(PETER), other_id = peter, other_name = peter, twin = peter;
	NoteVerifier both[2];

	other_id.id ^= 1;
	(void)snprintf(other_name.name, sizeof other_name.name, "PeterNeumanx");
	twin.key[5] ^= 1; /* found with 2^32 tries, it has the same name and id */
	assert_int_equal(open_text(TEXT "\n" BY_PETER, &other_id, 1), -ENOKEY);
	assert_int_equal(open_text(TEXT "\n" BY_PETER, &other_name, 1), -ENOKEY);
	assert_int_equal(open_text(TEXT "\n" BY_PETER, &twin, 1), -EBADMSG);
	both[0] = twin;
	both[1] = peter;
	assert_int_equal(open_text(TEXT "\n" BY_PETER, both, 2), 0);
}

static void test_malformed_notes(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"\n\n",
		TEXT,
		TEXT "\n",
		TEXT BY_PETER,
		TEXT "\n" BY_PETER "\n",
		TEXT "\n" BY_PETER "Unexpected line.\n",
		TEXT "\n" BY_PETER "Unfinished",
		TEXT "\n\xe2\x80\x94 Peter Neumann x08go/ZJkuA=\n",
		TEXT "\n\xe2\x80\x94 PeterNeumann  x08go/ZJkuA=\n",
		TEXT "\n\xe2\x80\x94  PeterNeumann x08go/ZJkuA=\n",
		TEXT "\n\xe2\x80\x94PeterNeumann x08go/ZJkuA=\n",
		TEXT "\n\xe2\x80\x93 PeterNeumann x08go/ZJkuA=\n",
		TEXT "\n- PeterNeumann x08go/ZJkuA=\n",
		TEXT "\n\xe2\x80\x94 Peter+Neumann x08go/ZJkuA=\n",
		TEXT "\n\xe2\x80\x94  x08go/ZJkuA=\n",
		TEXT "\n\xe2\x80\x94 PeterNeumann\n",
		TEXT "\n\xe2\x80\x94 PeterNeumann \n",
		TEXT "\n\xe2\x80\x94 PeterNeumann x08go/ZJkuA= \n",
		TEXT "\n\xe2\x80\x94 PeterNeumann x08go/ZJkuA\n",
		TEXT "\n\xe2\x80\x94 PeterNeumann x08go/ZJkuB=\n",
		TEXT "\n\xe2\x80\x94 PeterNeumann x08go_ZJkuA=\n",
		TEXT "\n\xe2\x80\x94 PeterNeumann x08go===\n",
		TEXT "\n\xe2\x80\x94 PeterNeumann x08gow==\n",
		TEXT "\n" BY_PETER "\xe2\x80\x94 Other x08gow==\n",
		"\x01" TEXT "\n" BY_PETER,
		"\xff" TEXT "\n" BY_PETER,
		TEXT "\r\n" BY_PETER,
	};
	NoteVerifier peter = key_of(PETER);

	for (size_t i = 0; i < ELEMENTS(bad); i++)
		if (open_text(bad[i], &peter, 1) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
	/* a NUL is a control character as well */
	assert_int_equal(
		open_note(TEXT "\n" BY_PETER, strlen(TEXT "\n" BY_PETER) + 1, &peter, 1, NULL), -EINVAL);
}

static void test_number_of_signatures(void **state)
{
	_cleanup_(freep) char *note = malloc(1 << 16);
	NoteVerifier peter = key_of(PETER);
	size_t used = strlen(TEXT "\n");

	assert_non_null(note);
	memcpy(note, TEXT "\n", used);
	for (int n = 1; n <= NOTE_SIGNATURES_MAX + 1; n++) {
		memcpy(note + used, BY_PETER, strlen(BY_PETER));
		used += strlen(BY_PETER);
		assert_int_equal(
			open_note(note, used, &peter, 1, NULL), n <= NOTE_SIGNATURES_MAX ? 0 : -EINVAL);
	}
}

static void test_every_flipped_bit_is_noticed(void **state)
{
	char note[] = TEXT "\n" BY_PETER;
	NoteVerifier peter = key_of(PETER);
	size_t size = strlen(note);

	for (size_t bit = 0; bit < size * 8; bit++) {
		note[bit / 8] ^= (char)(1 << bit % 8);
		assert_true(open_note(note, size, &peter, 1, NULL) < 0);
		note[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (size_t length = 0; length < size; length++)
		assert_true(open_note(note, length, &peter, 1, NULL) < 0);
	assert_int_equal(open_note(note, size, &peter, 1, NULL), 0);
}

/* ---- key files ---- */

static char folder[] = "/tmp/test-note-XXXXXX";

static int make_folder(void **state)
{
	memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "key", "other", "link", ".key.new" };
	char path[128];

	for (size_t i = 0; i < ELEMENTS(names); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	return rmdir(folder);
}

static const char *path_of(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static int load(const char *name)
{
	_cleanup_(note_signer_freep) NoteSigner *signer = NULL;
	Error error = { 0 };
	int r = note_signer_load(path_of(name), &signer, &error);

	assert_int_equal(r < 0, signer == NULL);
	assert_int_equal(r < 0, strstr(error.text, path_of(name)) != NULL);
	return r;
}

static void test_key_file(void **state)
{
	_cleanup_(note_signer_freep) NoteSigner *peter = signer_of(PETER_PRIVATE), *again = NULL,
						*other = NULL;
	_cleanup_(freep) char *text = NULL;
	Error error = { 0 };
	struct stat status;

	assert_int_equal(load("key"), -ENOENT);
	assert_int_equal(file_write_atomic(folder, ".key.new", "left by a power cut", 5), 0);
	assert_int_equal(note_signer_store(peter, folder, "key", &error), 0);
	assert_int_equal(stat(path_of("key"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(file_read(path_of("key"), 1000, &text, NULL), 0);
	assert_string_equal(text, PETER_PRIVATE "\n");
	assert_int_equal(access(path_of(".key.new"), F_OK), -1);
	assert_int_equal(note_signer_load(path_of("key"), &again, &error), 0);
	assert_memory_equal(note_signer_verifier(again), note_signer_verifier(peter), sizeof(NoteVerifier));

	/* a key is never overwritten */
	assert_int_equal(note_signer_generate("other", &other), 0);
	assert_int_equal(note_signer_store(other, folder, "key", &error), -EEXIST);
	assert_non_null(strstr(error.text, "key already"));
	assert_int_equal(load("key"), 0);
	assert_int_equal(access(path_of(".key.new"), F_OK), -1);
	assert_int_equal(note_signer_store(other, "/nonexistent", "key", &error), -ENOENT);
}

static void test_key_files_others_can_read(void **state)
{
	static const mode_t bad[] = { 0640, 0604, 0620, 0602, 0610, 0601, 0777 },
			    good[] = { 0600, 0400, 0700 };
	_cleanup_(note_signer_freep) NoteSigner *peter = signer_of(PETER_PRIVATE);
	Error error = { 0 };

	assert_int_equal(note_signer_store(peter, folder, "key", &error), 0);
	for (size_t i = 0; i < ELEMENTS(bad); i++) {
		assert_int_equal(chmod(path_of("key"), bad[i]), 0);
		assert_int_equal(load("key"), -EPERM);
	}
	for (size_t i = 0; i < ELEMENTS(good); i++) {
		assert_int_equal(chmod(path_of("key"), good[i]), 0);
		assert_int_equal(load("key"), 0);
	}
}

static void test_files_that_are_no_keys(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		int r;
	} rows[] = {
		{ "", 0, -EINVAL },
		{ "hello\n", 6, -EINVAL },
		{ PETER "\n", sizeof PETER, -EINVAL },
		{ PETER_PRIVATE "\0", sizeof PETER_PRIVATE, -EINVAL },
		{ PETER_PRIVATE "x", sizeof PETER_PRIVATE, -EINVAL },
		{ PETER_PRIVATE "\n", sizeof PETER_PRIVATE, 0 },
		{ PETER_PRIVATE, sizeof PETER_PRIVATE - 1, 0 },
	};
	char longer[5000], target[128];

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		assert_int_equal(file_write_atomic(folder, "key", rows[i].text, rows[i].size), 0);
		assert_int_equal(chmod(path_of("key"), 0600), 0);
		assert_int_equal(load("key"), rows[i].r);
	}
	memset(longer, 'x', sizeof longer);
	assert_int_equal(file_write_atomic(folder, "other", longer, sizeof longer), 0);
	assert_int_equal(chmod(path_of("other"), 0600), 0);
	assert_int_equal(load("other"), -EINVAL);
	(void)snprintf(target, sizeof target, "%s/key", folder);
	assert_int_equal(symlink(target, path_of("link")), 0);
	assert_int_equal(load("link"), -ELOOP);
	assert_int_equal(load("."), -EINVAL);
}

/* ---- checkpoints ---- */

static MerkleHash hash_of(const char *hex)
{
	MerkleHash hash;

	assert_int_equal(hex_decode(hex, hash.bytes, sizeof hash.bytes), 0);
	return hash;
}

static int parse_checkpoint(const char *text, Checkpoint *ret)
{
	Error error = { 0 };
	int r = checkpoint_parse(text, strlen(text), ret, &error);

	assert_int_equal(r < 0, error.text[0] != '\0');
	return r;
}

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="

static void test_checkpoints(void **state)
{
	static const struct {
		const char *text, *origin;
		uint64_t size;
		const char *extensions;
	} rows[] = {
		{ "example.com/behind-the-sofa\n20852163\n" ROOT "\n", "example.com/behind-the-sofa",
			20852163, "" },
		{ "go.sum database tree\n0\n" ROOT "\n", "go.sum database tree", 0, "" },
		{ "Log\n9223372036854775807\n" ROOT "\nHere's some associated data.\n", "Log", INT64_MAX,
			"Here's some associated data.\n" },
		{ "Log\n9944\n" ROOT "\nlots\nof\nlines\n", "Log", 9944, "lots\nof\nlines\n" },
	};
	MerkleHash root = hash_of("0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62");

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		_cleanup_(freep) char *text = NULL;
		Checkpoint checkpoint;

		assert_int_equal(parse_checkpoint(rows[i].text, &checkpoint), 0);
		assert_string_equal(checkpoint.origin, rows[i].origin);
		assert_int_equal(checkpoint.size, rows[i].size);
		assert_true(merkle_hash_equal(&checkpoint.root, &root));
		assert_int_equal(checkpoint.extensions_size, strlen(rows[i].extensions));
		assert_memory_equal(checkpoint.extensions, rows[i].extensions, checkpoint.extensions_size);
		assert_int_equal(checkpoint_write(&checkpoint, &text), 0);
		assert_string_equal(text, rows[i].text);
	}
}

static void test_malformed_checkpoints(void **state)
{
	static const char *const bad[] = {
		"",
		"Head\n9944\n",
		"Head\n9944\n\n",
		"\n9944\n" ROOT "\n",
		"Log\n123\n" ROOT,
		"Log\nbananas\n" ROOT "\n",
		"Log\n-34\n" ROOT "\n",
		"Log\n+34\n" ROOT "\n",
		"Log\n 34\n" ROOT "\n",
		"Log\n034\n" ROOT "\n",
		"Log\n00\n" ROOT "\n",
		"Log\n0x22\n" ROOT "\n",
		"Log\n\n" ROOT "\n",
		"Log\n9223372036854775808\n" ROOT "\n",
		"Log\n18446744073709551616\n" ROOT "\n",
		"Log\n3438945738945739845734895735\n" ROOT "\n",
		"Log\n123\nThisIsn'tBase64\n",
		"Log\n123\nYmFuYW5hcw==\n",
		"Log\n123\n" ROOT " \n",
		"Log\n123\n" ROOT "\n\n",
		"Log\n123\n" ROOT "\nmore\n\n",
		"Log\n123\n" ROOT "\n\nmore\n",
		"Log\n123\n" ROOT "\nmore",
		"Log\r\n123\r\n" ROOT "\r\n",
		/* a hash of 33 bytes, and one whose last digit has bits that mean nothing */
		"Log\n123\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2Kq\n",
		"Log\n123\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
	};

	for (size_t i = 0; i < ELEMENTS(bad); i++) {
		Checkpoint checkpoint, before;

		memset(&checkpoint, 0x5a, sizeof checkpoint);
		before = checkpoint;
		if (parse_checkpoint(bad[i], &checkpoint) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
		assert_memory_equal(&checkpoint, &before, sizeof before);
	}
}

static void test_checkpoints_that_cannot_be_written(void **state)
{
	Checkpoint good = { .origin = "a", .size = 1 }, bad = good;
	char *text = NULL;

	bad.size = MERKLE_SIZE_MAX + 1;
	assert_int_equal(checkpoint_write(&bad, &text), -EINVAL);
	bad = good;
	bad.origin[0] = '\0';
	assert_int_equal(checkpoint_write(&bad, &text), -EINVAL);
	bad.origin[0] = '\n';
	assert_int_equal(checkpoint_write(&bad, &text), -EINVAL);
	bad = good;
	bad.extensions = "x\n\n";
	bad.extensions_size = 3;
	assert_int_equal(checkpoint_write(&bad, &text), -EINVAL);
	bad.extensions_size = 1;
	assert_int_equal(checkpoint_write(&bad, &text), -EINVAL);
	assert_null(text);
}

static void test_origins(void **state)
{
	char origin[NOTE_NAME_MAX] = "as before", longest[NOTE_NAME_MAX];

	assert_int_equal(checkpoint_origin("example-clinic", "chair_1", origin), 0);
	assert_string_equal(origin, "stipple/example-clinic/chair_1");
	assert_int_equal(checkpoint_origin("a/b", "c", origin), -EINVAL);
	assert_int_equal(checkpoint_origin("", "c", origin), -EINVAL);
	assert_int_equal(checkpoint_origin("a", "b c", origin), -EINVAL);
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(checkpoint_origin("a", longest, origin), -EINVAL);
	assert_string_equal(origin, "stipple/example-clinic/chair_1");
}

static void test_names_that_a_clinic_may_give(void **state)
{
	static const char *const good[] = { "example.com/clinic/chair-1", "example.com", "stipple/a/b",
		"a/epoch-x", "a/epoch-1" };
	static const char *const bad[] = { "", "https://example.com/a", "a b", "a+b", "a\nb", "/a", "a/",
		"a//b", "caf\xc3\xa9/a", "example.com/a/epoch-2" };
	char next[NOTE_NAME_MAX] = "", longest[300];

	for (size_t i = 0; i < ELEMENTS(good); i++)
		if (!checkpoint_origin_is_valid(good[i]))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < ELEMENTS(bad); i++)
		if (checkpoint_origin_is_valid(bad[i]))
			fail_msg("taken: %s", bad[i]);
	memset(longest, 'x', 200);
	longest[200] = '\0';
	assert_true(checkpoint_origin_is_valid(longest));
	assert_int_equal(checkpoint_next_epoch(longest, NULL, next), 0);
	longest[200] = 'x';
	longest[201] = '\0';
	assert_false(checkpoint_origin_is_valid(longest));
}

static void test_epochs_are_counted(void **state)
{
	static const struct {
		const char *origin, *other, *next;
	} rows[] = {
		{ "stipple/a/b", NULL, "stipple/a/b/epoch-2" },
		{ "stipple/a/b", "stipple/a/b/epoch-7", "stipple/a/b/epoch-8" },
		{ "stipple/a/b/epoch-9", "stipple/a/b", "stipple/a/b/epoch-10" },
		/* another log's says nothing about this one */
		{ "stipple/a/b", "stipple/a/c/epoch-7", "stipple/a/b/epoch-2" },
		/* what is not written as an epoch is a name */
		{ "a/epoch-02", NULL, "a/epoch-02/epoch-2" },
		{ "a/epoch-1", NULL, "a/epoch-1/epoch-2" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		char next[NOTE_NAME_MAX] = "";

		assert_int_equal(checkpoint_next_epoch(rows[i].origin, rows[i].other, next), 0);
		assert_string_equal(next, rows[i].next);
		assert_true(checkpoint_same_log(next, rows[i].origin));
	}
	assert_false(checkpoint_same_log("stipple/a/b", "stipple/a/bc/epoch-2"));
}

static int open_checkpoint(const char *note, const NoteVerifier *key, const char *origin)
{
	Error error = { 0 };
	Checkpoint checkpoint;
	int r = checkpoint_open(note, strlen(note), key, 1, origin, &checkpoint, NULL, &error);

	assert_int_equal(r < 0, error.text[0] != '\0');
	return r;
}

static void test_signed_checkpoints(void **state)
{
	_cleanup_(note_signer_freep) NoteSigner *signer = NULL, *other = NULL;
	_cleanup_(freep) char *note = NULL, *plain = NULL;
	Checkpoint checkpoint = { .size = 7, .root = { { 1, 2, 3 } } };
	const NoteVerifier *key;

	assert_int_equal(checkpoint_origin("clinic", "chair", checkpoint.origin), 0);
	assert_int_equal(note_signer_generate(checkpoint.origin, &signer), 0);
	assert_int_equal(note_signer_generate("stipple/clinic/other", &other), 0);
	key = note_signer_verifier(signer);
	assert_int_equal(checkpoint_sign(&checkpoint, other, &note), -EINVAL);
	assert_int_equal(checkpoint_sign(&checkpoint, signer, &note), 0);
	assert_int_equal(open_checkpoint(note, key, NULL), 0);
	assert_int_equal(open_checkpoint(note, key, "stipple/clinic/chair"), 0);
	assert_int_equal(open_checkpoint(note, key, "stipple/clinic/other"), -EXDEV);
	assert_int_equal(open_checkpoint(note, note_signer_verifier(other), NULL), -ENOKEY);
	assert_int_equal(note_sign(signer, "no checkpoint\n", &plain), 0);
	assert_int_equal(open_checkpoint(plain, key, NULL), -EINVAL);
	for (size_t bit = 0; bit < strlen(note) * 8; bit++) {
		_cleanup_(freep) char *flipped = strdup(note);

		assert_non_null(flipped);
		flipped[bit / 8] ^= (char)(1 << bit % 8);
		assert_true(open_checkpoint(flipped, key, NULL) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_public_keys),
		cmocka_unit_test(test_mangled_keys_are_refused),
		cmocka_unit_test(test_keys_of_other_forms),
		cmocka_unit_test(test_names_of_keys),
		cmocka_unit_test(test_new_keys_differ),
		cmocka_unit_test(test_signed_byte_for_byte),
		cmocka_unit_test(test_texts_that_are_no_notes),
		cmocka_unit_test(test_published_notes),
		cmocka_unit_test(test_form_without_keys),
		cmocka_unit_test(test_several_signatures),
		cmocka_unit_test(test_keys_alike_are_others),
		cmocka_unit_test(test_malformed_notes),
		cmocka_unit_test(test_number_of_signatures),
		cmocka_unit_test(test_every_flipped_bit_is_noticed),
		cmocka_unit_test_setup_teardown(test_key_file, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_key_files_others_can_read, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_files_that_are_no_keys, make_folder, remove_folder),
		cmocka_unit_test(test_checkpoints),
		cmocka_unit_test(test_malformed_checkpoints),
		cmocka_unit_test(test_checkpoints_that_cannot_be_written),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_names_that_a_clinic_may_give),
		cmocka_unit_test(test_epochs_are_counted),
		cmocka_unit_test(test_signed_checkpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
