/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What an auditor who trusts nobody waits for: figures of a ledger's proofs and of its verification. */

/** Inclusion proofs of records all over the ledger. */
void bench_proofs(const char *path);
/** Full verification beside bare loops over the same rows, on as many threads: one that does the same work,
 * and one that hashes the records' bytes alone. */
void bench_verification(const char *path);
