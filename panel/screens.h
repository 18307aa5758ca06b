/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** All screens that there are, to be handed to panel_new(). */

#include "panel.h"

extern const PanelScreens all_screens;
