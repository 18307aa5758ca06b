/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the readers of the several formats share. Nothing else includes it. */

#include "core/needle-code.h"

#define CODE_GS '\x1d' /* what a scanner sends for FNC1 within a code */

typedef struct CodeReader {
	char text[NEEDLE_CODE_MAX + 1]; /* the code with the scanner's substitute made CODE_GS */
	size_t length, at;              /* `at`: the cursor */
	int year;                       /* this one */
	NeedleCode *out;
} CodeReader;

/** Adds a complaint about `field`. */
void code_complain(CodeReader *reader, CodeSeverity severity, size_t position, const char *field,
	const char *format, ...) _printf_(5, 6);

#define code_error(reader, position, field, ...) \
	code_complain(reader, CODE_ERROR, position, field, __VA_ARGS__)
#define code_warning(reader, position, field, ...) \
	code_complain(reader, CODE_WARNING, position, field, __VA_ARGS__)

static inline bool code_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/** The number of the first `n` characters, which are digits; n up to 9. */
int code_number(const char *digits, size_t n);

/** GS1 AI encodable character set 82 (General Specifications, figure 7.11-1). */
bool code_is_charset_82(char c);

/** The year within 49 years back and 50 ahead (General Specifications, section 7.12). */
int code_full_year(int two, int this_year);
int code_days_in_month(int year, int month);
/** YYYY-MM-DD. */
void code_write_date(int year, int month, int day, char ret[11]);

/** "(01)GTIN" and the like: reads the rest of the code from the cursor. */
void code_read_gs1(CodeReader *reader);
/** Modulo 10, weights 3 and 1 from the right (General Specifications, section 7.9), of 13 digits. */
int code_gtin_check_digit(const char *digits);

/** Reads the rest of the code from the cursor, which is at '+'. */
void code_read_hibc(CodeReader *reader);
/** Modulo 43 (ANSI/HIBC 2.6, appendix B) of the first `n` characters; '\0' when one has no value. */
char code_hibc_check(const char *text, size_t n);
