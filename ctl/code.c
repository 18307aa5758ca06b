/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The command `needle parse`: it reads the code of a cartridge and says what is wrong with it. It must need
 * neither the daemon nor a bus.
 */

#include "commands.h"

#include <string.h>
#include <time.h>

#include "code/needle-code.h"
#include "util/clock.h"

static void print_complaints(const NeedleCode *code)
{
	for (size_t i = 0; i < code->n_complaints; i++) {
		const CodeComplaint *complaint = &code->complaints[i];

		printf("%s at byte %zu: %s %s\n", code_severity_to_string(complaint->severity),
			complaint->position, complaint->field, complaint->text);
	}
}

static int command_parse(Ctl *ctl, int n, char **arguments)
{
	NeedleCodeOptions options = {
		.today_utc_us = (int64_t)time(NULL) * USEC_PER_SEC,
		.fnc1 = ctl->fnc1 ? ctl->fnc1[0] : '\0',
	};
	json_auto_t *fields = NULL;
	NeedleCode code;

	if (ctl->fnc1 && (ctl->fnc1[0] == '\0' || ctl->fnc1[1] != '\0' || !needle_code_fnc1_ok(ctl->fnc1[0])))
		return ctl_usage("--fnc1 \"%s\": one of # @ [ \\ ^ ` { | } ~ is needed", ctl->fnc1);
	needle_code_read(arguments[0], &options, &code);
	fields = needle_code_to_json(&code);
	if (!fields)
		return ctl_fail("out of memory");
	if (!ctl->json)
		json_object_del(fields, "complaints");
	ctl_print_fields(ctl, fields);
	if (!ctl->json)
		print_complaints(&code);
	return code.n_errors > 0 ? CTL_FAILED : CTL_DONE;
}

const Command code_commands[] = {
	{ "needle parse", "CODE", 1, 1, command_parse,
		"show what a cartridge's code says and what is wrong with it", .alone = true },
	{ 0 },
};
