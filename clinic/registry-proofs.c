/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Keeps the proofs that were last asked for. It must not keep one of a leaf that may be rolled back: the
 * caller asks for leaves of committed transactions only.
 */

#include "registry-proofs.h"

enum { PROOFS_KEPT = 1024 };

struct RegistryProofs {
	struct {
		uint64_t seq;
		json_t *proof;
		char *text; /* of the proof; NULL: not asked for yet */
	} kept[PROOFS_KEPT];
};

int registry_proofs_new(RegistryProofs **ret)
{
	*ret = calloc(1, sizeof **ret);
	return *ret ? 0 : -ENOMEM;
}

void registry_proofs_forget(RegistryProofs *proofs)
{
	for (size_t i = 0; proofs && i < PROOFS_KEPT; i++) {
		json_decref(TAKE_PTR(proofs->kept[i].proof));
		free(TAKE_PTR(proofs->kept[i].text));
	}
}

RegistryProofs *registry_proofs_free(RegistryProofs *proofs)
{
	registry_proofs_forget(proofs);
	free(proofs);
	return NULL;
}

int registry_prove_cached(
	RegistryProofs *proofs, PGconn *connection, uint64_t seq, json_t **ret, Error *error)
{
	size_t at = seq % PROOFS_KEPT;
	int r = 0;

	if (!proofs->kept[at].proof || proofs->kept[at].seq != seq) {
		json_t *proof = NULL;

		r = registry_prove(connection, seq, &proof, error);
		if (r < 0)
			return r;
		json_decref(proofs->kept[at].proof);
		free(TAKE_PTR(proofs->kept[at].text));
		proofs->kept[at].proof = proof;
		proofs->kept[at].seq = seq;
	}
	*ret = json_incref(proofs->kept[at].proof);
	return r;
}

int registry_prove_text(
	RegistryProofs *proofs, PGconn *connection, uint64_t seq, const char **ret, Error *error)
{
	size_t at = seq % PROOFS_KEPT;
	json_t *proof = NULL;
	int r = registry_prove_cached(proofs, connection, seq, &proof, error);

	if (r < 0)
		return r;
	if (!proofs->kept[at].text)
		proofs->kept[at].text = json_dumps(proof, JSON_COMPACT);
	json_decref(proof);
	*ret = proofs->kept[at].text;
	return *ret ? 0 : error_set(error, -EIO, "no memory for a proof");
}
