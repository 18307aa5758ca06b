/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** An area on which somebody signs with a finger. */

#include <gtk/gtk.h>
#include <stdbool.h>

/** `changed` gets `userdata` after each line of the finger, and when the pad was cleared. */
GtkWidget *signature_pad_new(void (*changed)(void *userdata), void *userdata);
void signature_pad_clear(GtkWidget *pad);
/** Whether enough was drawn for a signature. */
bool signature_pad_is_signed(GtkWidget *pad);
/** The signature as util/signature.h has it. Freed by the caller. */
char *signature_pad_text(GtkWidget *pad);
