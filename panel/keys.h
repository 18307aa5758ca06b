/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The one place where all keys end, from a keyboard or from a scanner that acts as one.
 *
 * No widget ever gets a key, and none takes the keyboard's focus (widgets.h): Enter, Space, Tab, Escape and
 * shortcuts do nothing. A button is pressed by touch alone.
 */

#include <gtk/gtk.h>
#include <stdbool.h>

typedef struct Keys Keys;

typedef struct KeysOptions {
	/** A complete scanned code; borrowed. */
	void (*scanned)(void *userdata, const char *code);
	/** One key that a person typed: a printable ASCII character or '\b'. */
	void (*typed)(void *userdata, char key);
	void *userdata;
} KeysOptions;

/** Takes all keys of a window from now on. */
Keys *keys_new(GtkWindow *window, const KeysOptions *options);
/** Must be called before the window is destroyed. Accepts NULL; returns NULL. */
Keys *keys_free(Keys *keys);
