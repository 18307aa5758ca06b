/* SPDX-License-Identifier: Apache-2.0 */

/** The list of all screens. Only the start of the program may depend on it: no screen knows another. */

#include "screens.h"

const PanelScreens all_screens = {
	.steps = {
	[SCREEN_SIGN_IN] = { N_("Sign in"), screen_sign_in_new },
	[SCREEN_PERSON] = { N_("Person"), screen_person_new },
	[SCREEN_CONSENT] = { N_("Consent"), screen_consent_new },
	[SCREEN_CARTRIDGE] = { N_("Cartridge"), screen_cartridge_new },
	[SCREEN_ZONE] = { N_("Zone"), screen_zone_new },
	[SCREEN_PHOTOGRAPHS] = { N_("Photos"), screen_photographs_new },
	[SCREEN_WORK] = { N_("Work"), screen_work_new },
	[SCREEN_FINISH] = { N_("Finish"), screen_finish_new },
	[SCREEN_MORE] = { N_("More"), screen_more_new },
	},
	.form = screen_form_new,
	.fault = screen_fault_new,
};
