/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Translates the key events of a scanner that acts as a keyboard to complete codes. US layout. Scanners send
 * control characters, such as a separator, as Ctrl-] or as Alt with 0 2 9 on the keypad.
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

/** All zeroes is the initial state. */
typedef struct KeyTranslator {
	KeyTerminator terminator;
	unsigned modifiers; /* modifier keys held, one bit each */
	bool caps_lock;
	bool spoilt;     /* a key was lost or the code is too long: the code is dropped at its end */
	bool handed_on;  /* the code in the text is complete */
	unsigned alt;    /* number typed on the keypad while Alt is held */
	unsigned digits; /* of that number */
	size_t length;   /* bytes so far */
	char text[KEY_TRANSLATOR_MAX + 1];
} KeyTranslator;

typedef enum KeyResult {
	KEY_RESULT_MORE,    /* nothing to deliver yet */
	KEY_RESULT_CODE,    /* `text` is a complete code of `length` bytes, until the next key is pressed */
	KEY_RESULT_DROPPED, /* a code ended that is incomplete or too long */
} KeyResult;

/**
 * Handles one EV_KEY event: `key` is a KEY_ constant of the kernel; `value` is 0 up, 1 down, 2 repeated. A
 * key without a character has no effect.
 */
KeyResult key_translator_feed(KeyTranslator *translator, uint16_t key, int32_t value);

/** Events were lost: the code is incomplete until the next terminator. */
void key_translator_lost(KeyTranslator *translator);

/** The device was replaced: nothing is held, nothing has been typed. Keeps the terminator. */
void key_translator_reset(KeyTranslator *translator);
