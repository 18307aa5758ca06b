/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Shared by the readers of the code formats. Only these readers and their tests may include it. */

#include "code/needle-code.h"

#define CODE_GS     '\x1d'  /* what a scanner sends for FNC1 within a code */
#define HIBC_PREFIX "hibc:" /* before a HIBC's labeller and item, in the place of a GTIN */

typedef struct CodeReader {
	char text[NEEDLE_CODE_MAX + 1]; /* the code, with the scanner's FNC1 substitute replaced by CODE_GS */
	size_t length, at;              /* `at`: the read cursor */
	int year;                       /* the current year */
	size_t n_missing;               /* errors reported by code_missing() */
	NeedleCode *out;
} CodeReader;

/** Adds a complaint about `field`. */
void code_complain(CodeReader *reader, CodeSeverity severity, size_t position, const char *field,
	const char *format, ...) _printf_(5, 6);

#define code_error(reader, position, field, ...) \
	code_complain(reader, CODE_ERROR, position, field, __VA_ARGS__)
#define code_warning(reader, position, field, ...) \
	code_complain(reader, CODE_WARNING, position, field, __VA_ARGS__)

/**
 * Adds an error that the label's other symbol could resolve: the product, or lot and serial, are missing
 * here.
 */
void code_missing(CodeReader *reader, size_t position, const char *field, const char *text);

static inline bool code_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/** The value of the first `n` characters, which must be digits; n is at most 9. */
int code_number(const char *digits, size_t n);

/** GS1 AI encodable character set 82 (General Specifications, figure 7.11-1). */
bool code_is_charset_82(char c);

/** Completes a two-digit year: at most 49 years back or 50 ahead (General Specifications, section 7.12). */
int code_full_year(int two, int this_year);
int code_days_in_month(int year, int month);
/** YYYY-MM-DD. */
void code_write_date(int year, int month, int day, char ret[11]);

/** Reads "(01)GTIN" and the like from the cursor to the end of the code. */
void code_read_gs1(CodeReader *reader);
/** Reads a GS1 Digital Link URI, or any other web address, from the cursor to the end of the code. */
void code_read_link(CodeReader *reader);
/** Whether `text` is a web address, or another kind of URI that is printed as a code. */
bool code_is_link(const char *text);

/** Whether `text` begins with a GS1 symbology identifier, which starts a second symbol of the same label. */
bool code_is_gs1_symbol(const char *text);

/** Removes a symbology identifier from the front, if there is one. True when it is one of GS1's. */
bool code_take_symbology(CodeReader *reader);

/** The value of a GS1 element, with the position of each of its characters in the code. */
typedef struct CodeValue {
	size_t length;
	char text[NEEDLE_CODE_MAX + 1];
	uint16_t place[NEEDLE_CODE_MAX + 1]; /* byte offset in the code; [length]: the value's end */
} CodeValue;

enum { CODE_ELEMENTS_MAX = 16, CODE_ELEMENT_TEXT = 31 };

/** The elements of one code, in any syntax. */
typedef struct CodeElements {
	CodeReader *reader;
	unsigned seen;                                   /* bit i: the i-th element of a cartridge */
	char kept[CODE_ELEMENTS_MAX][CODE_ELEMENT_TEXT]; /* ... and its value */
	char best_before[11];                            /* the day of (7003) */
	char other_serial[5]; /* identifier that makes the item unique without (21); "" none */
	bool incomplete;      /* a missing GTIN or lot need not be reported */
} CodeElements;

/** The number of digits of the identifier at `ai`, 2 to 4; 0 when GS1 has no such identifier. */
size_t code_identifier_digits(const char *ai);
/** Takes an element whose identifier begins at `start` and belongs to an existing class. */
void code_take_element(CodeElements *elements, const char *ai, size_t start, const CodeValue *value);
/** Derives the result from all elements together. */
void code_finish_elements(CodeElements *elements);
/** Modulo 10, weights 3 and 1 from the right (General Specifications, section 7.9), of 13 digits. */
int code_gtin_check_digit(const char *digits);

/** Reads from the cursor, which is at '+', to the end of the code. */
void code_read_hibc(CodeReader *reader);
/** Modulo 43 (ANSI/HIBC 2.6, appendix B) of the first `n` characters; '\0' when a character has no value. */
char code_hibc_check(const char *text, size_t n);
