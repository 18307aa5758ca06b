/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A policy (c2sp.org/tlog-policy): which logs are known, which witnesses may be asked, and how many of them
 * must have cosigned a checkpoint. It reads the text and judges; it asks nobody.
 *
 * Errors as in note.h; those of a policy's text name its line.
 */

#include "tlog/checkpoint.h"
#include "tlog/note.h"

enum {
	POLICY_SIZE_MAX = 256 * 1024, /* bytes of its text */
	POLICY_MEMBERS_MAX = 32,      /* logs, witnesses and groups, of each */
};

typedef struct Policy Policy;

/** A log or a witness. Owned by the policy. */
typedef struct PolicyParty {
	NoteVerifier key;
	char *name; /* of a witness within the policy; of a log the name of its key */
	char *url;  /* where it is asked; "" when the policy does not say */
} PolicyParty;

int policy_parse(const char *text, size_t size, Policy **ret, Error *error) _must_check_;
/** Reads a file. -ENOENT, ...: it cannot be read. Blocks on the disk. */
int policy_load(const char *path, Policy **ret, Error *error) _must_check_;
/** Accepts NULL; returns NULL. */
Policy *policy_free(Policy *policy);
DEFINE_CLEANUP(Policy *, policy_free, policy_freep);

const PolicyParty *policy_logs(const Policy *policy, size_t *ret_n);
const PolicyParty *policy_witnesses(const Policy *policy, size_t *ret_n);

/** Who of the policy's witnesses cosigned a checkpoint. */
typedef struct PolicyVerdict {
	bool met;                          /* enough of them for the quorum */
	size_t n_cosigned;                 /* how many */
	int64_t utc_s[POLICY_MEMBERS_MAX]; /* when, in seconds since 1970, by witness; 0: it did not */
} PolicyVerdict;

/**
 * Opens a checkpoint that one of the policy's logs, or of the `known` keys, has signed, and counts its
 * cosignatures; who is a witness only the policy says. One that does not satisfy the quorum is no error:
 * `ret` says so. Errors as for checkpoint_open().
 */
int policy_judge(const Policy *policy, const char *note, size_t size, const NoteVerifier *known,
	size_t n_known, Checkpoint *ret_checkpoint, PolicyVerdict *ret, Error *error) _must_check_;
