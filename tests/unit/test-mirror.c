/* SPDX-License-Identifier: Apache-2.0 */

/** What is sent to a mirror is read back as it was, proves its entries, and nothing changed is taken. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tlog/mirror.h"

enum { LOG = 1000, TEXT = 24 };

static char entries[LOG][TEXT];
static MerkleHash leaves[LOG];

static int read_leaf(void *userdata, unsigned level, uint64_t index, MerkleHash *ret)
{
	MerkleTree tree = { 0 };

	for (uint64_t i = index << level; i < (index + 1) << level; i++)
		assert_int_equal(merkle_append(&tree, &leaves[i], NULL, NULL), 0);
	*ret = tree.edge[level];
	return 0;
}

static const MerkleReader reader = { .node = read_leaf };

static MerkleHash root_of(uint64_t size)
{
	MerkleTree tree;
	MerkleHash root;

	assert_int_equal(merkle_tree_read(&reader, size, &tree), 0);
	merkle_tree_root(&tree, &root);
	return root;
}

static int set_up(void **state)
{
	for (size_t i = 0; i < LOG; i++) {
		(void)snprintf(entries[i], TEXT, "entry %zu", i);
		merkle_hash_leaf(entries[i], strlen(entries[i]), &leaves[i]);
	}
	return 0;
}

static MirrorUpload upload_of(uint64_t start, uint64_t end)
{
	return (MirrorUpload){
		.origin = "stipple/clinic/chair-1", .start = start, .end = end, .ticket = { "t", 1 }
	};
}

/** The whole upload; the caller frees the bytes. */
static char *write_all(const MirrorUpload *upload, size_t *ret_size)
{
	char *bytes = NULL;
	FILE *stream = open_memstream(&bytes, ret_size);

	assert_non_null(stream);
	mirror_write_upload(stream, upload);
	for (uint64_t i = 0; i < mirror_packages(upload); i++) {
		MirrorPackage package = { .range = mirror_range(upload, i) };
		const MirrorRange *range = &package.range;

		for (uint64_t k = range->start; k < range->end; k++)
			package.entries[k - range->start] = (DigestPart){ entries[k], strlen(entries[k]) };
		assert_int_equal(
			merkle_prove_subtree(&reader, range->begin, range->end, upload->end, &package.proof),
			0);
		assert_int_equal(mirror_write_package(stream, &package), 0);
	}
	assert_int_equal(fclose(stream), 0);
	return bytes;
}

/** The number of entries that are proved, up to the first that is not. */
static uint64_t read_all(const void *bytes, size_t size, const MerkleHash *root)
{
	DigestPart rest = { bytes, size };
	MirrorUpload upload;
	MirrorPackage package;
	uint64_t taken = 0;
	Error error = { 0 };

	if (mirror_read_upload(&rest, &upload, &error) < 0) {
		assert_true(error.text[0]);
		return 0;
	}
	for (uint64_t i = 0; i < mirror_packages(&upload); i++) {
		MirrorRange range = mirror_range(&upload, i);

		if (range.end > LOG || mirror_read_package(&rest, range, &package, &error) < 0 ||
			mirror_verify_package(&package, &leaves[range.begin], upload.end, root) < 0)
			break;
		taken += range.end - range.start;
	}
	return taken;
}

static void test_every_upload_is_proved(void **state)
{
	for (uint64_t end = 0; end <= LOG; end += 77)
		for (uint64_t start = 0; start <= end; start += 51) {
			MirrorUpload upload = upload_of(start, end);
			MerkleHash root = root_of(end);
			_cleanup_(freep) char *bytes = NULL;
			size_t size = 0;

			bytes = write_all(&upload, &size);
			assert_int_equal(read_all(bytes, size, &root), end - start);
		}
}

static void test_packages_begin_at_multiples(void **state)
{
	const MirrorUpload upload = upload_of(300, 1000), none = upload_of(300, 300),
			   exact = upload_of(256, 512);
	MirrorRange range = mirror_range(&upload, 0);

	assert_int_equal(mirror_packages(&upload), 3);
	assert_int_equal(mirror_packages(&none), 0);
	assert_int_equal(mirror_packages(&exact), 1);
	assert_int_equal(range.begin, 256);
	assert_int_equal(range.start, 300);
	assert_int_equal(range.end, 512);
	range = mirror_range(&upload, 2);
	assert_int_equal(range.begin, 768);
	assert_int_equal(range.start, 768);
	assert_int_equal(range.end, 1000);
}

/** Whatever byte is changed: no package from there on is taken, and those before it are. */
static void test_no_changed_entry_is_taken(void **state)
{
	const MirrorUpload upload = upload_of(200, 600);
	_cleanup_(freep) char *bytes = NULL;
	MerkleHash root = root_of(600);
	size_t size = 0;

	bytes = write_all(&upload, &size);
	for (size_t at = 2 + strlen(upload.origin) + 16 + 3; at < size; at++) {
		uint64_t taken;

		bytes[at] ^= 4;
		taken = read_all(bytes, size, &root);
		bytes[at] ^= 4;
		assert_true(taken == 0 || taken == 56 || taken == 312);
		/* what is cut off ends before it, too */
		taken = read_all(bytes, at, &root);
		assert_true(taken == 0 || taken == 56 || taken == 312);
	}
	assert_int_equal(read_all(bytes, size, &leaves[0]), 0);
	assert_int_equal(read_all(bytes, size, &root), 400);
}

static void test_heads_that_cannot_be(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} rows[] = { { "", 0 }, { "\0", 1 }, { "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22 },
		{ "\0\1a\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\1\0\0", 21 },     /* begins after its end */
		{ "\0\1a\0\0\0\0\0\0\0\0\xff\0\0\0\0\0\0\1\0\0", 21 },   /* more than a log can have */
		{ "\0\2a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0", 22 } }; /* NUL in the origin */

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		DigestPart rest = { rows[i].bytes, rows[i].size };
		MirrorUpload upload;
		Error error = { 0 };

		assert_int_equal(mirror_read_upload(&rest, &upload, &error), -EBADMSG);
		assert_true(error.text[0]);
		assert_int_equal(rest.size, rows[i].size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_upload_is_proved),
		cmocka_unit_test(test_packages_begin_at_multiples),
		cmocka_unit_test(test_no_changed_entry_is_taken),
		cmocka_unit_test(test_heads_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
