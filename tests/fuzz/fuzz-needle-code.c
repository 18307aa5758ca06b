/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Any text as the code of a cartridge, or of a sterile pack: what is taken is consistent, and what is refused
 * leaves the result untouched and says why.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "code/needle-code.h"
#include "code/pack-code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_date(const char *date)
{
	int64_t end;

	if (date[0] && date_end_utc_us(date, &end) < 0)
		abort();
}

static void check_taken(const NeedleCode *code)
{
	bool gs1 = code->format == CODE_FORMAT_GS1, hibc = code->format == CODE_FORMAT_HIBC;

	if (hibc != (strncmp(code->product, "hibc:", 5) == 0))
		abort();
	if (!code->unit[0] || (!code->lot[0] && !code->serial[0]) || (gs1 && strlen(code->gtin) != 14))
		abort();
	if (code->unique != (code->serial[0] != '\0'))
		abort();
	check_date(code->production);
	check_date(code->expiry);
}

/** Each has a place within the code, and a program can have all of it. */
static void check_complaints(const NeedleCode *code, size_t size)
{
	json_t *fields = needle_code_to_json(code);

	for (size_t i = 0; i < code->n_complaints; i++)
		if (code->complaints[i].position > size || !code->complaints[i].text[0] ||
			!code->complaints[i].field[0])
			abort();
	if (!fields || (code->n_errors > 0) == (code->unit[0] != '\0'))
		abort();
	json_decref(fields);
}

/** The same of the code of a sterile pack, which must never be one of a cartridge. */
static void check_pack(const char *text, const NeedleCode *cartridge)
{
	char again[NEEDLE_CODE_MAX + 1];
	Error error = { 0 };
	PackRead read;

	if (pack_code_read(text, &read, &error) < 0) {
		if (!error.text[0])
			abort();
		return;
	}
	if (!pack_code_is(text) || cartridge->n_errors == 0 || !read.item[0] || !read.sterilizer[0] ||
		read.pack.cycle < 1 || read.pack.series < 1)
		abort();
	if (pack_code_write(&read.pack, again, &error) == 0 && !pack_code_is(again))
		abort();
}

/** A code is either taken whole and consistent, or refused with a reason and nothing written. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = malloc(size + 1);
	NeedleCodeOptions options = { .today_utc_us = 1782864000000000, .fnc1 = '#' };
	Error error = { 0 };
	NeedleCode code, before, read;

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	memset(&code, 0x5a, sizeof code);
	before = code;
	needle_code_read(text, &options, &read);
	check_complaints(&read, size);
	check_pack(text, &read);
	if (needle_code_parse(text, &options, &code, &error) == 0)
		check_taken(&code);
	else if (!error.text[0] || memcmp(&code, &before, sizeof code) != 0)
		abort();
	return 0;
}
