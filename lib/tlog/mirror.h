/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * How a log is sent to a mirror (c2sp.org/tlog-mirror, add-entries): an upload is a head and packages of at
 * most MIRROR_PACKAGE entries, each with the proof that its entries are those of the checkpoint. Both sides
 * of it are here. Pure: nothing does I/O, nothing is kept, and nothing here trusts what it reads.
 */

#include <stdio.h>

#include "tlog/merkle.h"
#include "tlog/note.h"

enum {
	MIRROR_PACKAGE = 256,           /* entries; packages begin at its multiples */
	MIRROR_PACKAGES_MAX = 32,       /* of one upload, as the specification advises */
	MIRROR_ENTRY_BYTES_MAX = 65535, /* a length has 16 bits */
	MIRROR_HASHES_MAX = 63,         /* of one proof */
};

typedef struct MirrorUpload {
	char origin[NOTE_NAME_MAX];
	uint64_t start, end; /* entries from `start` up to, not including, `end`, the size of a checkpoint */
	DigestPart ticket;   /* borrowed from what was read */
} MirrorUpload;

/**
 * Takes the head off the front of `rest`. -EBADMSG with the reason in `error` when it is cut off or not of
 * its form, or when start > end; `ret` and `rest` are then untouched.
 */
int mirror_read_upload(DigestPart *rest, MirrorUpload *ret, Error *error) _must_check_;
/** Writes it to `stream`, whose errors the caller checks. */
void mirror_write_upload(FILE *stream, const MirrorUpload *upload);

/** One package: the entries from `start` up to `end`, which complete the subtree that begins at `begin`. */
typedef struct MirrorRange {
	uint64_t begin, start, end;
} MirrorRange;

/** The number of packages of an upload, and which entries are in the one with number `i`. */
uint64_t mirror_packages(const MirrorUpload *upload);
MirrorRange mirror_range(const MirrorUpload *upload, uint64_t i);

typedef struct MirrorPackage {
	MirrorRange range;
	DigestPart entries[MIRROR_PACKAGE]; /* end - start of them, borrowed from what was read */
	MerklePath proof;
} MirrorPackage;

/**
 * Takes the package of this range off the front of `rest`. -EBADMSG with the reason in `error` when it is cut
 * off or its proof too long; `ret` and `rest` are then untouched.
 */
int mirror_read_package(DigestPart *rest, MirrorRange range, MirrorPackage *ret, Error *error) _must_check_;
/** Writes it to `stream`, whose errors the caller checks. -EINVAL when an entry is too long. */
int mirror_write_package(FILE *stream, const MirrorPackage *package) _must_check_;

/**
 * Checks that a package's entries are those of the tree of `size` entries with this root. `before`: the
 * hashes of the start - begin entries in front of it, which the mirror has. -EBADMSG when that is not proved.
 */
int mirror_verify_package(const MirrorPackage *package, const MerkleHash *before, uint64_t size,
	const MerkleHash *root) _must_check_;
