/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Whether the whole record is sound: begins a full verification, shows how far it is and what it found. */

#include "panel.h"

/** A card, to be put into another page, which passes update and forget on and frees it. */
Screen *verification_new(Panel *panel);
