/* SPDX-License-Identifier: Apache-2.0 */

/** Writes what a mirror reads. It must not hold more of the log in memory than one upload. */

#include "uplink-body.h"

#include <string.h>

#include "tlog/mirror.h"

int uplink_write_checkpoint(LedgerOutbox *ledger, const LedgerSealed *sealed, uint64_t old_size, char **ret)
{
	char text[MERKLE_HASH_TEXT_MAX];
	MerklePath path = { 0 };
	size_t size;
	FILE *out;
	int r = ledger_outbox_consistency(ledger, old_size, sealed->size, &path);

	if (r < 0)
		return r;
	out = open_memstream(ret, &size);
	if (!out)
		return -ENOMEM;
	fprintf(out, "old %llu\n", (unsigned long long)old_size);
	for (size_t i = 0; i < path.n; i++) {
		merkle_write_hash(&path.hashes[i], text);
		fprintf(out, "%s\n", text);
	}
	fprintf(out, "\n%s", sealed->note);
	if (fclose(out) == 0)
		return 0;
	free(*ret);
	return -ENOMEM;
}

/** One package while its leaves are read. */
typedef struct Packing {
	MirrorPackage package;
	size_t n;
} Packing;

static void packing_freep(Packing **packing)
{
	for (size_t i = 0; *packing && i < (*packing)->n; i++)
		free((void *)(*packing)->package.entries[i].data);
	free(*packing);
}

static int take_entry(void *userdata, uint64_t number, DigestPart leaf)
{
	Packing *packing = userdata;
	void *copy = malloc(leaf.size ? leaf.size : 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, leaf.data, leaf.size);
	packing->package.entries[packing->n++] = (DigestPart){ copy, leaf.size };
	return 0;
}

static int write_range(LedgerOutbox *ledger, MirrorRange range, uint64_t size, FILE *out)
{
	_cleanup_(packing_freep) Packing *packing = calloc(1, sizeof *packing);
	int r;

	if (!packing)
		return -ENOMEM;
	packing->package.range = range;
	r = ledger_outbox_leaves(
		ledger, range.start, (uint32_t)(range.end - range.start), take_entry, packing);
	r = r < 0 ? r : ledger_outbox_subtree(ledger, range.begin, range.end, size, &packing->package.proof);
	return r < 0 ? r : mirror_write_package(out, &packing->package);
}

int uplink_write_entries(LedgerOutbox *ledger, const LedgerSealed *sealed, const char *origin, uint64_t start,
	char **ret, size_t *ret_size)
{
	MirrorUpload upload = { .start = start, .end = sealed->size };
	FILE *out = open_memstream(ret, ret_size);
	int r = 0;

	if (!out)
		return -ENOMEM;
	snprintf(upload.origin, sizeof upload.origin, "%s", origin);
	mirror_write_upload(out, &upload);
	for (uint64_t i = 0; r >= 0 && i < mirror_packages(&upload) && i < MIRROR_PACKAGES_MAX; i++) {
		r = write_range(ledger, mirror_range(&upload, i), sealed->size, out);
		if (ftell(out) > UPLINK_BYTES_MAX)
			break;
	}
	if (fclose(out) == 0 && r >= 0)
		return 0;
	free(TAKE_PTR(*ret));
	return r < 0 ? r : -ENOMEM;
}
