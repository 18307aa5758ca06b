/* SPDX-License-Identifier: Apache-2.0 */

/** Lists the acceptance rules of all areas. It judges nothing itself. */

#include "ledger/accept.h"

const Acceptance *const acceptances[] = { accept_clinic, accept_correction, accept_handpiece,
	accept_inventory, accept_labelling, accept_people, accept_pigment, accept_proof, accept_release,
	accept_session, accept_sharps, accept_sterilization, accept_subject, NULL };
