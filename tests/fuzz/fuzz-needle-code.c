/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/needle-code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_date(const char *date)
{
	int64_t end;

	if (date[0] && date_end_utc_us(date, &end) < 0)
		abort();
}

static void check_taken(const NeedleCode *code)
{
	bool gs1 = strcmp(code->format, "gs1") == 0;

	if (!gs1 && strcmp(code->format, "plain") != 0)
		abort();
	if (!code->unit[0] || (!code->lot[0] && !code->serial[0]) || (gs1 && strlen(code->gtin) != 14))
		abort();
	if (code->unique != (code->serial[0] != '\0'))
		abort();
	check_date(code->production);
	check_date(code->expiry);
}

/** A code is either taken whole and consistent, or refused with a reason and nothing written. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = malloc(size + 1);
	char error[NEEDLE_CODE_TEXT_MAX] = "";
	NeedleCode code, before;

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	memset(&code, 0x5a, sizeof code);
	before = code;
	if (needle_code_parse(text, 2026, &code, error) == 0)
		check_taken(&code);
	else if (!error[0] || memcmp(&code, &before, sizeof code) != 0)
		abort();
	return 0;
}
