/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The way to a clinic's server, as an auditor: HTTPS with a client certificate. What comes is foreign: an
 * answer that is endless, cut off or not of its form is an error, and never looks like a whole one.
 *
 * Functions return 0 or a negative errno with a sentence in `error`. They block on the network; a server that
 * says nothing for a minute is given up.
 */

#include <stdatomic.h>

#include <jansson.h>

#include "client.h"
#include "util/error.h"

typedef struct ClinicAccess {
	char *url; /* "https://...", without a slash at its end */
	char *ca, *certificate, *key;
	char *keys; /* pinned public keys, separated by blanks or newlines; "" none */
} ClinicAccess;

/** Finds the files of the options, or those in the user's and the machine's folder. CTL_DONE, or after
 * printing. */
int clinic_access_find(const Ctl *ctl, ClinicAccess *ret) _must_check_;
/** A cleanup function. */
void clinic_access_done(ClinicAccess *access);

/** Takes a row, or the head. A negative errno, with a sentence in `error`, ends the reading. */
typedef int (*ClinicTake)(void *userdata, const json_t *row, Error *error);

typedef struct ClinicReading {
	ClinicTake head; /* NULL: the answer has none */
	ClinicTake row;
	FILE *copy; /* NULL, or where the lines go as they came */
	void *userdata;
} ClinicReading;

/** Reads an answer of lines. -EPIPE: it was cut off; -EBADMSG: it is not what it must be. */
int clinic_read_lines(const ClinicAccess *access, const char *path, const ClinicReading *reading,
	Error *error) _must_check_;
/** The same of a file to which they were copied. */
int clinic_read_saved(const char *file, const ClinicReading *reading, Error *error) _must_check_;
/** Reads a short text, which the caller owns. */
int clinic_read_text(const ClinicAccess *access, const char *path, char **ret, Error *error) _must_check_;

/** "PATH?NAME=VALUE&..." of the texts in `arguments`, with special characters escaped. NULL: no memory. */
char *clinic_path(const char *path, const json_t *arguments);

/** From now on an interruption ends what is being read, so that unfinished files can be removed. */
void clinic_catch_signals(void);
