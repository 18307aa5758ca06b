/* SPDX-License-Identifier: Apache-2.0 */

/** Joins the two symbols of a label, and remembers which code came from the station's own scanner. */

#include "station/parts.h"

#include <string.h>

#include "decide/cartridge.h"

/* how long one of a label's symbols waits for the other, and how long a scanned code waits for its claim */
enum { HALF_CODE_US = 60 * USEC_PER_SEC, SCANNED_CODE_US = 60 * USEC_PER_SEC };

void station_read_code(const Station *station, const char *code, NeedleCode *ret)
{
	NeedleCodeOptions options = label_options(&station->state);

	needle_code_read(code, &options, ret);
}

void station_scanned(Station *station, const char *code)
{
	Label *label = &station->label;

	snprintf(label->scanned_code, sizeof label->scanned_code, "%s", code);
	text_repair(label->scanned_code);
	label->scanned_us = station_now_us(station);
}

static bool came_from_scanner(const Label *label, const char *code, int64_t now_us)
{
	return label->scanned_code[0] && strcmp(label->scanned_code, code) == 0 &&
	       now_us - label->scanned_us <= SCANNED_CODE_US;
}

void label_take(Station *station, const char *code, bool scanned, CommandLabel *ret)
{
	Label *label = &station->label;
	int64_t now_us = station_now_us(station);
	bool waits = label->half_code[0] && now_us - label->half_us <= HALF_CODE_US;
	NeedleCodeOptions options;

	station_look(station);
	options = label_options(&station->state);
	*ret = (CommandLabel){ .too_long = strlen(code) > NEEDLE_CODE_MAX, .scanned = scanned };
	if (ret->too_long)
		return;
	snprintf(ret->text, sizeof ret->text, "%s", code);
	needle_code_read(code, &options, &ret->code);
	ret->scanned = scanned || came_from_scanner(label, code, now_us);
	if (ret->code.half && waits &&
		needle_code_join(label->half_code, code, &options, &ret->code, ret->text) == 0)
		ret->scanned = ret->scanned && label->half_scanned;
	label->half_scanned = ret->scanned;
	snprintf(label->half_code, sizeof label->half_code, "%s", ret->code.half ? code : "");
	label->half_us = now_us;
}
