/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * From key events of a scanner that types to whole codes. US layout; a separator comes as Ctrl-] or as Alt
 * with 0 2 9 on the keypad, as scanners send control characters.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEY_TRANSLATOR_MAX = 256 };

typedef enum KeyTerminator {
	KEY_TERMINATOR_ENTER,
	KEY_TERMINATOR_TAB,
	KEY_TERMINATOR_MAX,
} KeyTerminator;

/** All zeroes is the state at the beginning. */
typedef struct KeyTranslator {
	KeyTerminator terminator;
	unsigned modifiers; /* held: a bit for each modifier key */
	bool caps_lock;
	bool spoilt;     /* a key was lost or the code is too long: it is dropped at its end */
	bool handed_on;  /* the text is that of a code that has ended */
	unsigned alt;    /* number typed on the keypad while Alt is held */
	unsigned digits; /* of that number */
	size_t length;   /* bytes so far */
	char text[KEY_TRANSLATOR_MAX + 1];
} KeyTranslator;

typedef enum KeyResult {
	KEY_RESULT_MORE,    /* nothing to hand on yet */
	KEY_RESULT_CODE,    /* `text` is a whole code of `length` bytes, until the next key is pressed */
	KEY_RESULT_DROPPED, /* a code came to its end that is not whole or too long */
} KeyResult;

/**
 * One EV_KEY event: `key` is a KEY_ constant of the kernel, `value` 0 up, 1 down, 2 repeated. A key without a
 * character spoils nothing and says nothing.
 */
KeyResult key_translator_feed(KeyTranslator *translator, uint16_t key, int32_t value);

/** Events were lost: what is typed until the next terminator is not whole. */
void key_translator_lost(KeyTranslator *translator);

/** The device is another one: nothing is held, nothing has been typed. Keeps the terminator. */
void key_translator_reset(KeyTranslator *translator);
