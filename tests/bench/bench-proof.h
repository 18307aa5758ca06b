/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What an auditor who trusts nobody waits for: figures of a ledger's proofs and of its verification. */

/** Inclusion proofs of records all over the ledger. */
void bench_proofs(const char *path);
/** Full verification beside a bare loop that reads the same rows and hashes them, on as many threads. */
void bench_verification(const char *path);
