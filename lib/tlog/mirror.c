/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The bytes of tlog-mirror's add-entries: reading, writing, and proving that entries belong to a checkpoint.
 * It must not read beyond what it was given, and must not accept an entry that no proof covers.
 */

#include "tlog/mirror.h"

#include <endian.h>
#include <string.h>

/* ---- reading ---- */

/** Takes `size` bytes off the front; false when there are fewer. */
static bool take_bytes(DigestPart *rest, size_t size, DigestPart *ret)
{
	if (rest->size < size)
		return false;
	*ret = (DigestPart){ rest->data, size };
	*rest = (DigestPart){ (const uint8_t *)rest->data + size, rest->size - size };
	return true;
}

static bool take_16(DigestPart *rest, uint16_t *ret)
{
	DigestPart part;

	if (!take_bytes(rest, sizeof *ret, &part))
		return false;
	memcpy(ret, part.data, sizeof *ret);
	*ret = be16toh(*ret);
	return true;
}

static bool take_64(DigestPart *rest, uint64_t *ret)
{
	DigestPart part;

	if (!take_bytes(rest, sizeof *ret, &part))
		return false;
	memcpy(ret, part.data, sizeof *ret);
	*ret = be64toh(*ret);
	return true;
}

/** Bytes with their length, which has 16 bits, in front. */
static bool take_sized(DigestPart *rest, DigestPart *ret)
{
	uint16_t size;

	return take_16(rest, &size) && take_bytes(rest, size, ret);
}

int mirror_read_upload(DigestPart *rest, MirrorUpload *ret, Error *error)
{
	DigestPart at = *rest, origin;
	MirrorUpload upload = { 0 };

	if (!take_sized(&at, &origin) || !take_64(&at, &upload.start) || !take_64(&at, &upload.end) ||
		!take_sized(&at, &upload.ticket))
		return error_set(error, -EBADMSG, "the upload is cut off in its head");
	if (origin.size == 0 || origin.size >= sizeof upload.origin || memchr(origin.data, 0, origin.size))
		return error_set(error, -EBADMSG,
			"the upload names no log that can be: its origin has %zu bytes", origin.size);
	if (upload.start > upload.end || upload.end > MERKLE_SIZE_MAX)
		return error_set(error, -EBADMSG, "the upload ends at entry %llu, before it begins at %llu",
			(unsigned long long)upload.end, (unsigned long long)upload.start);
	memcpy(upload.origin, origin.data, origin.size);
	*ret = upload;
	*rest = at;
	return 0;
}

static bool take_proof(DigestPart *rest, MerklePath *ret)
{
	DigestPart n, hashes;

	if (!take_bytes(rest, 1, &n))
		return false;
	ret->n = *(const uint8_t *)n.data;
	if (ret->n > MIRROR_HASHES_MAX || !take_bytes(rest, ret->n * sizeof ret->hashes[0], &hashes))
		return false;
	memcpy(ret->hashes, hashes.data, hashes.size);
	return true;
}

int mirror_read_package(DigestPart *rest, MirrorRange range, MirrorPackage *ret, Error *error)
{
	DigestPart at = *rest;

	ret->range = range;
	for (size_t i = 0; i < range.end - range.start; i++)
		if (!take_sized(&at, &ret->entries[i]))
			return error_set(error, -EBADMSG, "the upload is cut off in entry %llu",
				(unsigned long long)range.start + i);
	if (!take_proof(&at, &ret->proof))
		return error_set(error, -EBADMSG, "the proof after entry %llu is cut off or too long",
			(unsigned long long)range.end - 1);
	*rest = at;
	return 0;
}

/* ---- writing ---- */

static void put_length(FILE *stream, size_t number)
{
	uint16_t big_endian = htobe16((uint16_t)number);

	(void)!fwrite(&big_endian, sizeof big_endian, 1, stream);
}

static void put_64(FILE *stream, uint64_t number)
{
	uint64_t big_endian = htobe64(number);

	(void)!fwrite(&big_endian, sizeof big_endian, 1, stream);
}

static void put_sized(FILE *stream, DigestPart part)
{
	put_length(stream, part.size);
	if (part.size > 0)
		(void)!fwrite(part.data, 1, part.size, stream);
}

void mirror_write_upload(FILE *stream, const MirrorUpload *upload)
{
	put_sized(stream, (DigestPart){ upload->origin, strlen(upload->origin) });
	put_64(stream, upload->start);
	put_64(stream, upload->end);
	put_sized(stream, upload->ticket);
}

int mirror_write_package(FILE *stream, const MirrorPackage *package)
{
	size_t n = package->range.end - package->range.start;

	for (size_t i = 0; i < n; i++)
		if (package->entries[i].size > MIRROR_ENTRY_BYTES_MAX)
			return -EINVAL;
	if (package->proof.n > MIRROR_HASHES_MAX)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		put_sized(stream, package->entries[i]);
	(void)fputc((int)package->proof.n, stream);
	(void)!fwrite(package->proof.hashes, sizeof package->proof.hashes[0], package->proof.n, stream);
	return 0;
}

/* ---- packages ---- */

static uint64_t round_down(uint64_t entry)
{
	return entry - entry % MIRROR_PACKAGE;
}

uint64_t mirror_packages(const MirrorUpload *upload)
{
	if (upload->start == upload->end)
		return 0;
	return (round_down(upload->end - 1) - round_down(upload->start)) / MIRROR_PACKAGE + 1;
}

MirrorRange mirror_range(const MirrorUpload *upload, uint64_t i)
{
	uint64_t begin = round_down(upload->start) + i * MIRROR_PACKAGE;

	return (MirrorRange){
		.begin = begin,
		.start = begin < upload->start ? upload->start : begin,
		.end = upload->end - begin < MIRROR_PACKAGE ? upload->end : begin + MIRROR_PACKAGE,
	};
}

int mirror_verify_package(
	const MirrorPackage *package, const MerkleHash *before, uint64_t size, const MerkleHash *root)
{
	const MirrorRange *range = &package->range;
	MerkleTree tree = { 0 };
	MerkleHash hash;

	for (size_t i = 0; i < range->start - range->begin; i++)
		if (merkle_append(&tree, &before[i], NULL, NULL) < 0)
			return -EBADMSG;
	for (size_t i = 0; i < range->end - range->start; i++) {
		merkle_hash_leaf(package->entries[i].data, package->entries[i].size, &hash);
		if (merkle_append(&tree, &hash, NULL, NULL) < 0)
			return -EBADMSG;
	}
	merkle_tree_root(&tree, &hash);
	return merkle_verify_subtree(range->begin, range->end, &hash, size, root, &package->proof);
}
