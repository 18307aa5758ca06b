/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Translates key events to complete codes. It makes no system call and allocates nothing. It must not
 * deliver a code from which a key event was lost.
 */

#include "key-translator.h"

#include <string.h>

#include <linux/input-event-codes.h>

enum { SHIFT = 1 << 0 | 1 << 1, CTRL = 1 << 2 | 1 << 3, ALT = 1 << 4 | 1 << 5 };

/* a modifier's bit is its index here */
static const uint16_t modifiers[] = { KEY_LEFTSHIFT, KEY_RIGHTSHIFT, KEY_LEFTCTRL, KEY_RIGHTCTRL, KEY_LEFTALT,
	KEY_RIGHTALT };

/** US layout, by runs of neighbouring key codes: alone and with Shift. */
static const struct {
	uint16_t first;
	const char *alone, *shifted;
} runs[] = {
	{ KEY_1, "1234567890-=", "!@#$%^&*()_+" },
	{ KEY_TAB, "\t", "\t" },
	{ KEY_Q, "qwertyuiop[]", "QWERTYUIOP{}" },
	{ KEY_A, "asdfghjkl;'`", "ASDFGHJKL:\"~" },
	{ KEY_BACKSLASH, "\\zxcvbnm,./", "|ZXCVBNM<>?" },
	{ KEY_KPASTERISK, "*", "*" },
	{ KEY_SPACE, " ", " " },
	{ KEY_KP7, "789-456+1230.", "789-456+1230." },
	{ KEY_KPSLASH, "/", "/" },
};

/** '\0': a key without a character. */
static char layout(uint16_t key, bool shift)
{
	for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++)
		if (key >= runs[i].first && key - runs[i].first < (int)strlen(runs[i].alone))
			return (shift ? runs[i].shifted : runs[i].alone)[key - runs[i].first];
	return '\0';
}

static char character_of(const KeyTranslator *translator, uint16_t key)
{
	bool shift = translator->modifiers & SHIFT;
	char alone = layout(key, false);
	bool letter = alone >= 'a' && alone <= 'z';

	if (translator->modifiers & CTRL) {
		/* Ctrl with one of A to Z [ \ ] ^ _ is the control character 0x40 below */
		char upper = letter ? layout(key, true) : layout(key, shift);

		return (char)(upper > '@' && upper <= '_' ? upper - '@' : '\0');
	}
	return layout(key, letter && translator->caps_lock ? !shift : shift);
}

static void append(KeyTranslator *translator, char character)
{
	if (character == '\0')
		return;
	if (translator->length == KEY_TRANSLATOR_MAX)
		translator->spoilt = true;
	else
		translator->text[translator->length++] = character;
}

/** Reads a keypad number, which counts when Alt is released. */
static void take_alt_number(KeyTranslator *translator)
{
	if (translator->digits > 0 && translator->alt < 0x80)
		append(translator, (char)translator->alt);
	translator->alt = translator->digits = 0;
}

static bool take_modifier(KeyTranslator *translator, uint16_t key, int32_t value)
{
	for (size_t i = 0; i < sizeof modifiers / sizeof modifiers[0]; i++) {
		unsigned bit = 1u << i;

		if (modifiers[i] != key)
			continue;
		if (value == 0 && (bit & ALT))
			take_alt_number(translator);
		if (value)
			translator->modifiers |= bit;
		else
			translator->modifiers &= ~bit;
		return true;
	}
	return false;
}

static bool is_terminator(const KeyTranslator *translator, uint16_t key)
{
	if (translator->terminator == KEY_TERMINATOR_TAB)
		return key == KEY_TAB;
	return key == KEY_ENTER || key == KEY_KPENTER;
}

static KeyResult end_code(KeyTranslator *translator)
{
	bool spoilt = translator->spoilt;

	translator->text[translator->length] = '\0';
	translator->spoilt = false;
	translator->handed_on = true;
	if (spoilt)
		return KEY_RESULT_DROPPED;
	return translator->length > 0 ? KEY_RESULT_CODE : KEY_RESULT_MORE;
}

KeyResult key_translator_feed(KeyTranslator *translator, uint16_t key, int32_t value)
{
	char character;

	if (take_modifier(translator, key, value) || value == 0)
		return KEY_RESULT_MORE;
	if (key == KEY_CAPSLOCK && value == 1)
		translator->caps_lock = !translator->caps_lock;
	/* ignore repeats: a scanner types each character once, so a held key is only a delay */
	if (value != 1)
		return KEY_RESULT_MORE;
	if (translator->handed_on)
		translator->length = 0;
	translator->handed_on = false;
	if (is_terminator(translator, key))
		return end_code(translator);
	character = character_of(translator, key);
	if ((translator->modifiers & ALT) && character >= '0' && character <= '9') {
		translator->alt =
			translator->digits++ < 4 ? translator->alt * 10 + (unsigned)(character - '0') : 0x80;
		return KEY_RESULT_MORE;
	}
	append(translator, character);
	return KEY_RESULT_MORE;
}

void key_translator_lost(KeyTranslator *translator)
{
	translator->spoilt = true;
}

void key_translator_reset(KeyTranslator *translator)
{
	*translator = (KeyTranslator){ .terminator = translator->terminator };
}
