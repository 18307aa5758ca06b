/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Verifies the whole record: starts a full verification, shows its progress and what it found. */

#include "panel.h"

/** A card for another page, which must forward update and forget to it and frees it. */
Screen *verification_new(Panel *panel);
