/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The station's own copy of the registry's whole log. A leaf counts once the root over all leaves is the one
 * that the registry has signed. The copy is kept in a folder, so that a start fetches nothing again and a
 * restored registry can be given back what it lost.
 *
 * One thread; blocks on the disk. Functions return 0 or a negative errno with a sentence in `error`: -EBADMSG
 * what came is not signed by the registry, -EUCLEAN it is signed and contradicts what was signed before.
 */

#include <stddef.h>
#include <stdint.h>

#include "tlog/note.h"
#include "util/cleanup.h"

typedef struct LogCopy LogCopy;

/** Hears of each leaf once it counts, in order; also of those of earlier runs while the copy is opened. */
typedef void (*LogCopyLeaf)(void *userdata, uint64_t seq, const char *leaf, size_t size);

/**
 * Opens the copy in `folder`, or begins an empty one. All leaves are hashed and compared with the signed
 * checkpoint; a damaged copy is put aside and fetched again, and what comes must agree with that checkpoint.
 * `folder` must outlive the copy.
 */
int log_copy_open(const char *folder, const NoteVerifier *key, LogCopyLeaf leaf, void *userdata,
	LogCopy **ret, Error *error) _must_check_;
/** Accepts NULL; returns NULL. */
LogCopy *log_copy_free(LogCopy *copy);
DEFINE_CLEANUP(LogCopy *, log_copy_free, log_copy_freep);

/** Leaves that count. */
uint64_t log_copy_size(const LogCopy *copy);
/** Number of the next leaf that is wanted: also above log_copy_size(), while leaves arrive. */
uint64_t log_copy_next(const LogCopy *copy);
/** The signed checkpoint of log_copy_size() leaves; "" when there is none. Valid until the copy grows. */
const char *log_copy_checkpoint(const LogCopy *copy);

typedef enum LogCopyOffer {
	LOG_COPY_SAME,  /* the checkpoint is of what the copy has */
	LOG_COPY_WANTS, /* leaves from log_copy_next() on are wanted */
	LOG_COPY_OLDER, /* it is of an earlier state of the same log: the registry lost leaves */
} LogCopyOffer;

/** What the server says is the newest checkpoint. `ret_size`: the leaves that it covers. */
int log_copy_offer(LogCopy *copy, const char *note, size_t size, LogCopyOffer *ret, uint64_t *ret_size,
	Error *error) _must_check_;

/**
 * Appends the leaf that is wanted next. With the last one of the offered checkpoint all that were appended
 * count, durably. On failure what does not count yet is forgotten. -EALREADY: no leaf is wanted.
 */
int log_copy_append(LogCopy *copy, const void *leaf, size_t size, Error *error) _must_check_;

/** Forgets the leaves that do not count yet. */
void log_copy_forget(LogCopy *copy);

/** A leaf that counts; the caller frees it. -ENOENT above the size. */
int log_copy_leaf(LogCopy *copy, uint64_t seq, char **ret, size_t *ret_size) _must_check_;

/** The tlog-proof of a leaf that counts, with the newest checkpoint; the caller frees it. */
int log_copy_prove(LogCopy *copy, uint64_t seq, char **ret) _must_check_;
