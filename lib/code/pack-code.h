/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The code on the label of a sterile pack: stipple://pack/STERILIZER/SERIES/CYCLE/ITEM, with what is no
 * letter, digit, '-', '_' or '.' as %XX. It is an address, so that nothing takes it for the code of a
 * cartridge. Pure.
 */

#include "code/needle-code.h"

typedef struct PackCode {
	const char *item, *sterilizer;
	long long cycle, series; /* series from 1: where a steriliser's counter began anew */
} PackCode;

/** Writes the code. -EINVAL with the sentence in `error` when it would be longer than NEEDLE_CODE_MAX. */
int pack_code_write(const PackCode *pack, char ret[NEEDLE_CODE_MAX + 1], Error *error) _must_check_;

/** What a code says; the texts of `pack` are in `item` and `sterilizer`. */
typedef struct PackRead {
	PackCode pack;
	char item[NEEDLE_CODE_MAX + 1], sterilizer[NEEDLE_CODE_MAX + 1];
} PackRead;

/** Whether `code` begins like that of a pack, after a symbology identifier or without one. */
bool pack_code_is(const char *code);
/** Reads a code. -EINVAL, with the sentence in `error`, when it is not whole. `ret` must not be copied. */
int pack_code_read(const char *code, PackRead *ret, Error *error) _must_check_;
