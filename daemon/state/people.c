/* SPDX-License-Identifier: Apache-2.0 */

/** Reads what is known of people. It must not judge what somebody may do with a role. */

#include "state/people.h"

#include "util/text.h"

bool people_have_role(const People *people, const char *roles)
{
	return people->signed_in.badge[0] && text_lists_meet(roles, people->signed_in.roles);
}
