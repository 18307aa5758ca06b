/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What a client is asked before the treatment, with what the client answered in the last session. The station
 * names the questions; it also judges the answers.
 */

#include "panel.h"

typedef struct Questions Questions;

/** `recorded` is called with `userdata` when answers are on record. */
Questions *questions_new(Panel *panel, void (*recorded)(void *userdata), void *userdata);
/** Accepts NULL. The widgets belong to the window. */
void questions_free(Questions *questions);
/** The questions, one below the other. Borrowed. */
GtkWidget *questions_list(Questions *questions);
/** The button that records the answers. Borrowed. */
GtkWidget *questions_record(Questions *questions);
/** Shows what the station last reported; asks it once for each session. */
void questions_update(Questions *questions);
/** Asks the station again: somebody else may have recorded or changed answers. Answers that are chosen here
 * stay. */
void questions_ask(Questions *questions);
