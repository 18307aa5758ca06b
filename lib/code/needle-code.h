/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A cartridge's printed code: a GS1 element string (DataMatrix, GS1-128, QR or DataBar, or typed with its
 * human-readable brackets), a HIBC code, or a plain printed lot. All its faults are reported, each with its
 * field and its position.
 *
 * GS1 General Specifications, sections 3 (elements), 5 (symbology identifiers), 7.8 (lengths), 7.9 (check
 * digits), 7.11 (characters) and 7.12 (dates); ANSI/HIBC 2.6.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "util/error.h"
#include "util/text.h"

enum {
	NEEDLE_CODE_MAX = 256,
	NEEDLE_UNIT_MAX = 96,
	NEEDLE_PRODUCT_MAX = 28,
	NEEDLE_OTHERS_MAX = 192,
	NEEDLE_COMPLAINTS_MAX = 16,
};

typedef enum CodeFormat {
	CODE_FORMAT_PLAIN,
	CODE_FORMAT_GS1,
	CODE_FORMAT_HIBC,
	CODE_FORMAT_MAX,
	CODE_FORMAT_INVALID = -EINVAL,
} CodeFormat;

DECLARE_STRING_TABLE(code_format, CodeFormat);

typedef enum CodeSeverity {
	CODE_WARNING, /* the code is accepted nevertheless */
	CODE_ERROR,   /* the code identifies no cartridge */
	CODE_SEVERITY_MAX,
	CODE_SEVERITY_INVALID = -EINVAL,
} CodeSeverity;

DECLARE_STRING_TABLE(code_severity, CodeSeverity);

typedef struct CodeComplaint {
	CodeSeverity severity;
	size_t position; /* byte offset in the code as given, from 0; its length when something is missing at
			    the end */
	char field[32];  /* "(17) expiry date"; "code": the code as a whole */
	char text[128];  /* "has month 13" */
} CodeComplaint;

typedef struct NeedleCode {
	CodeFormat format;
	char symbology[4]; /* "]d2", "" unknown */
	char gtin[15];     /* 14 digits, "" absent or not GS1 */
	char labeller[5];  /* HIBC: labeller identification code */
	char item[19];     /* HIBC: the labeller's product or catalogue number */
	int packaging;     /* HIBC unit of measure: 0 is the single cartridge, up to 9; -1 absent */
	char product[NEEDLE_PRODUCT_MAX]; /* GTIN, or "hibc:" labeller and item; "" absent */
	char lot[21];
	char serial[21];
	char additional[31]; /* (240) */
	uint32_t count;      /* (30), or a HIBC's quantity; 0 absent */
	char production[11]; /* YYYY-MM-DD, "" absent */
	char expiry[11];
	char expiry_time[6];            /* HH:MM, "" absent */
	char others[NEEDLE_OTHERS_MAX]; /* elements that do not describe a cartridge, as "(392)5(99)X" */
	char unit[NEEDLE_UNIT_MAX];     /* identity as docs/ledger.md describes it; the ledger appends "#N" */
	bool unique;                    /* the unit is a single cartridge, not a lot */
	bool half; /* not valid, but a second symbol of the label could supply all that is missing */
	CodeComplaint complaints[NEEDLE_COMPLAINTS_MAX]; /* in the order they were found; those beyond the
							    limit are dropped */
	size_t n_complaints, n_errors;                   /* n_errors includes the dropped ones */
} NeedleCode;

typedef struct NeedleCodeOptions {
	int64_t today_utc_us; /* decides the century of two-digit years, and what has expired */
	char fnc1;            /* what the scanner sends for FNC1 in addition to 0x1D; '\0' nothing else */
} NeedleCodeOptions;

/**
 * Reads `code` as far as possible. A code that begins with '+' is HIBC. A code is GS1 if it has a GS1
 * symbology identifier, brackets or a separator, or begins with 01 and 14 digits. Anything else is a plain
 * lot of 1 to 20 characters. The code is valid, and `ret->unit` set, when no complaint is an error.
 */
void needle_code_read(const char *code, const NeedleCodeOptions *options, NeedleCode *ret);

/** 0 for a valid code; else -EINVAL with the first error: position, field, reason and next step. */
int needle_code_check(const NeedleCode *code, Error *error) _must_check_;

/** Reads a code that must be valid: else -EINVAL, with the sentence in `error` and `ret` untouched. */
int needle_code_parse(
	const char *code, const NeedleCodeOptions *options, NeedleCode *ret, Error *error) _must_check_;

/**
 * Joins two symbols of one label, in either order, when each alone is only half of the code. -EINVAL when
 * they do not form one code; `ret` and `text` are then untouched. `text` gets both codes in an order that can
 * be read.
 */
int needle_code_join(const char *first, const char *second, const NeedleCodeOptions *options, NeedleCode *ret,
	char text[NEEDLE_CODE_MAX + 1]) _must_check_;

/**
 * Whether a recorded lot can be that of a scanned cartridge: `product` (a GTIN, "hibc:" with labeller and
 * item, or "" for a plain lot) and `lot`. -EINVAL with the sentence in `error`.
 */
int needle_lot_check(const char *product, const char *lot, Error *error) _must_check_;

/**
 * Every field, `valid`, and `complaints` as a list of objects with severity, field, position and text. The
 * names are those of D-Bus and --json. NULL when out of memory.
 */
json_t *needle_code_to_json(const NeedleCode *code) _must_check_;

/** Whether a scanner's substitute for FNC1 can never be mistaken for a character of a code. */
bool needle_code_fnc1_ok(char substitute);

/** The last microsecond of the UTC day YYYY-MM-DD, as UTC microseconds; -EINVAL when `date` is no date. */
int date_end_utc_us(const char *date, int64_t *ret) _must_check_;
