/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A cartridge's printed code: a GS1 element string (DataMatrix, GS1-128, with or without symbology
 * identifier, FNC1 as 0x1D, or in human-readable brackets), or a plain printed lot.
 * GS1 General Specifications, sections 3 and 7.8 (check digit, century, day 00).
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/cleanup.h"

enum { NEEDLE_CODE_MAX = 256, NEEDLE_CODE_TEXT_MAX = 256, NEEDLE_UNIT_MAX = 96 };

typedef struct NeedleCode {
	char format[16];   /* "gs1" or "plain" */
	char symbology[4]; /* "]d2", "" unknown */
	char gtin[15];     /* 14 digits, "" absent */
	char lot[21];
	char serial[21];
	char additional[31]; /* (240) */
	uint32_t count;      /* (30), 0 absent */
	char production[11]; /* YYYY-MM-DD, "" absent */
	char expiry[11];
	char expiry_time[6];        /* HH:MM of (7003), "" absent */
	char unit[NEEDLE_UNIT_MAX]; /* identity as docs/ledger.md describes, "(10)LOT" of a plain lot; "#N" is
				       the ledger's to add */
	bool unique;                /* the unit is one single cartridge, not a lot */
	char warning[NEEDLE_CODE_TEXT_MAX]; /* accepted, but: day 00, needless FNC1; "" none */
} NeedleCode;

/**
 * GS1 is what has a symbology identifier, brackets or a separator, or begins with 01 and 14 digits: GTIN and
 * lot or serial must then be there, and only the identifiers of the fields above. Anything else is a plain
 * lot of 1 to 20 characters. `current_year` settles the century of two-digit years. On failure returns
 * -EINVAL and writes which field is wrong, where (byte offset, from 0) and why into `error`; `ret` is
 * untouched.
 */
int needle_code_parse(
	const char *code, int current_year, NeedleCode *ret, char error[NEEDLE_CODE_TEXT_MAX]) _must_check_;

/** Days are UTC. The last microsecond of day YYYY-MM-DD as UTC microseconds; -EINVAL when it is no date. */
int date_end_utc_us(const char *date, int64_t *ret) _must_check_;
