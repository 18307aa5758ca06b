/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** All screens of the panel, for panel_new(). */

#include "panel.h"

extern const PanelScreens all_screens;
