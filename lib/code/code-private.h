/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the readers of the several formats share. Nothing but these and their tests may include it. */

#include "code/needle-code.h"

#define CODE_GS '\x1d' /* what a scanner sends for FNC1 within a code */

typedef struct CodeReader {
	char text[NEEDLE_CODE_MAX + 1]; /* the code with the scanner's substitute made CODE_GS */
	size_t length, at;              /* `at`: the cursor */
	int year;                       /* this one */
	size_t n_missing;               /* errors of code_missing() */
	NeedleCode *out;
} CodeReader;

/** Adds a complaint about `field`. */
void code_complain(CodeReader *reader, CodeSeverity severity, size_t position, const char *field,
	const char *format, ...) _printf_(5, 6);

#define code_error(reader, position, field, ...) \
	code_complain(reader, CODE_ERROR, position, field, __VA_ARGS__)
#define code_warning(reader, position, field, ...) \
	code_complain(reader, CODE_WARNING, position, field, __VA_ARGS__)

/** An error that the label's other symbol would settle: here a product, or lot and serial, are missing. */
void code_missing(CodeReader *reader, size_t position, const char *field, const char *text);

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
/** A GS1 Digital Link URI, or any other web address: reads the rest of the code from the cursor. */
void code_read_link(CodeReader *reader);
/** Whether `text` is a web address, or another URI of those that are printed as codes. */
bool code_is_link(const char *text);

/** Whether a GS1 symbology identifier stands at `text`: there a second symbol of the same label begins. */
bool code_is_gs1_symbol(const char *text);

/** Takes a symbology identifier from the front, if there is one. True when it is one of GS1's. */
bool code_take_symbology(CodeReader *reader);

/** What can stand in GS1's element strings: a value with the place of each of its characters. */
typedef struct CodeValue {
	size_t length;
	char text[NEEDLE_CODE_MAX + 1];
	uint16_t place[NEEDLE_CODE_MAX + 1]; /* byte of the code; [length]: its end */
} CodeValue;

enum { CODE_ELEMENTS_MAX = 16, CODE_ELEMENT_TEXT = 31 };

/** The elements of one code, in whatever syntax they come. */
typedef struct CodeElements {
	CodeReader *reader;
	unsigned seen;                                   /* bit i: the i-th element of a cartridge */
	char kept[CODE_ELEMENTS_MAX][CODE_ELEMENT_TEXT]; /* ... and what it said */
	char best_before[11];                            /* the day of (7003) */
	char other_serial[5]; /* identifier that serialises without (21), "" none */
	bool incomplete;      /* a missing GTIN or lot is no use in telling */
} CodeElements;

/** How many digits the identifier at `ai` has, 2 to 4; 0: it is none of GS1's. */
size_t code_identifier_digits(const char *ai);
/** Takes an element whose identifier, that of an existing class, begins at `start`. */
void code_take_element(CodeElements *elements, const char *ai, size_t start, const CodeValue *value);
/** What the elements say together. */
void code_finish_elements(CodeElements *elements);
/** Modulo 10, weights 3 and 1 from the right (General Specifications, section 7.9), of 13 digits. */
int code_gtin_check_digit(const char *digits);

/** Reads the rest of the code from the cursor, which is at '+'. */
void code_read_hibc(CodeReader *reader);
/** Modulo 43 (ANSI/HIBC 2.6, appendix B) of the first `n` characters; '\0' when one has no value. */
char code_hibc_check(const char *text, size_t n);
