/* SPDX-License-Identifier: Apache-2.0 */

/** The names of faults. It handles none. */

#include "control/fact.h"

static const char *const fault_names[] = {
	[CONTROL_FAULT_NONE] = "none",
	[CONTROL_FAULT_EMERGENCY_STOP] = "emergency-stop",
	[CONTROL_FAULT_BOARD] = "board",
	[CONTROL_FAULT_LINK_LOST] = "link-lost",
	[CONTROL_FAULT_LINK_ERRORS] = "link-errors",
	[CONTROL_FAULT_DEPTH_LIMIT] = "depth-limit",
	[CONTROL_FAULT_FORCE_LIMIT] = "force-limit",
	[CONTROL_FAULT_BOARD_GONE] = "board-gone",
	[CONTROL_FAULT_CHIP_CHANGED] = "chip-changed",
	[CONTROL_FAULT_FACTS_OVERRUN] = "facts-overrun",
	[CONTROL_FAULT_HOST] = "host",
	[CONTROL_FAULT_MAIN_SILENT] = "main-silent",
	[CONTROL_FAULT_CONTROL_SILENT] = "control-silent",
};

DEFINE_STRING_TABLE(control_fault, ControlFault, fault_names);
