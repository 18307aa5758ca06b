/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The commands of stipplectl: one function for each. `arguments` are the words after the command's own, `n`
 * is how many there are.
 */

#include "client.h"

/** A record that a command enters. */
typedef struct EnteredForm {
	const char *kind, *path, *interface;
	bool is_signed;   /* the operator's PIN is asked for */
	const char *done; /* what the tool then reports as recorded: "the lot" */
} EnteredForm;

typedef struct Command {
	const char *words;     /* "session begin" */
	const char *arguments; /* for --help */
	int least, most;       /* how many arguments */
	int (*run)(Ctl *ctl, int n, char **arguments);
	const char *help;
	bool alone;              /* needs no bus */
	bool runs;               /* the words after the first are the command line of another program */
	const EnteredForm *form; /* NULL: none */
	struct {
		const char *path, *interface, *method;
	} calls; /* of ctl_forward() */
} Command;

enum { CTL_FORWARD_MAX = 4 };

/** Runs a command that is a single call and passes its words, at most CTL_FORWARD_MAX, as texts. */
int ctl_forward(Ctl *ctl, int n, char **arguments);

/** Each table ends with a row whose `words` is NULL. */
extern const Command station_commands[], alarm_commands[], session_commands[], proof_commands[],
	ledger_commands[], record_commands[], code_commands[], form_commands[], import_commands[],
	clinic_commands[], label_commands[], recall_commands[], report_commands[], stock_commands[],
	subject_commands[];

/**
 * Turns "key=value" words into an object of texts, or of whole numbers where the key is one of `numbers`.
 * NULL after printing what is wrong.
 */
json_t *ctl_parse_words(int n, char **words, const char *numbers);

/** Parses a whole number from `least` to `most`, written in digits alone. Returns false for anything else. */
bool ctl_parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *ret);

/**
 * Keeps a file with a record of `kind`; takes ownership of `fields`, NULL: out of memory. That the file is on
 * record already is no failure. CTL_DONE, or CTL_FAILED after printing why.
 */
int ctl_attach_file(Ctl *ctl, const char *kind, json_t *fields, const void *data, size_t size) _must_check_;

/** Has the panel sound each alarm once, and waits for what comes of it; prints a sentence. */
int ctl_test_sound(Ctl *ctl);

/** Enters a record of `form`. Negative errno, with the station's answer in `error`. */
int ctl_record(Ctl *ctl, const EnteredForm *form, json_t *fields, const char *pin, uint64_t *ret_number,
	sd_bus_error *error) _must_check_;
