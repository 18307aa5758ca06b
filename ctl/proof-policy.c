/* SPDX-License-Identifier: Apache-2.0 */

/** The option --policy of `audit verify`: who must have cosigned. It must not count what did not verify. */

#include "proof.h"

#include "tlog/policy.h"

static Policy *load_policy(const Ctl *ctl)
{
	Policy *policy = NULL;
	Error why;

	if (policy_load(ctl->policy, &policy, &why) < 0)
		ctl_fail("%s", why.text);
	return policy;
}

static int add_parties(KnownKeys *known, const PolicyParty *parties, size_t n)
{
	if (n > KNOWN_KEYS_MAX - known->n)
		return ctl_usage("--policy: more than %d keys, with those of --key", KNOWN_KEYS_MAX);
	for (size_t i = 0; i < n; i++)
		known->keys[known->n++] = parties[i].key;
	return CTL_DONE;
}

int proof_add_policy_keys(const Ctl *ctl, KnownKeys *known)
{
	_cleanup_(policy_freep) Policy *policy = NULL;
	const PolicyParty *parties;
	size_t n;
	int status;

	if (!ctl->policy)
		return CTL_DONE;
	policy = load_policy(ctl);
	if (!policy)
		return CTL_FAILED;
	parties = policy_logs(policy, &n);
	status = add_parties(known, parties, n);
	parties = policy_witnesses(policy, &n);
	return status == CTL_DONE ? add_parties(known, parties, n) : status;
}

bool proof_satisfies_policy(const Ctl *ctl, const KnownKeys *known, const char *note, size_t size)
{
	_cleanup_(policy_freep) Policy *policy = ctl->policy ? load_policy(ctl) : NULL;
	PolicyVerdict verdict;
	Checkpoint checkpoint;
	Error why;
	size_t n;

	if (!policy)
		return !ctl->policy;
	if (policy_judge(policy, note, size, known->keys, known->n, &checkpoint, &verdict, &why) < 0) {
		ctl_fail("%s", why.text);
		return false;
	}
	policy_witnesses(policy, &n);
	if (!verdict.met)
		ctl_fail(
			"%s: %zu of the policy's %zu witnesses cosigned the checkpoint at %llu entries, which is not enough: ask "
			"the log for one that more have cosigned",
			ctl->proof ? ctl->proof : ctl->policy, verdict.n_cosigned, n,
			(unsigned long long)checkpoint.size);
	return verdict.met;
}
