/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The kinds of records, as records/<area>.toml have them: their fields, where they are published, and which
 * of them people enter. The tables are made by records/compile.py. Pure; nothing blocks or keeps what it is
 * given. What a record changes is the ledger's to know, and nothing here may depend on it.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "util/error.h"
#include "util/text.h"

/** Bytes of a sentence that says why something is refused. */
/* ---- fields ---- */

typedef enum FieldType {
	FIELD_TEXT,
	FIELD_DATE,   /* YYYY-MM-DD */
	FIELD_TIME,   /* YYYY-MM-DDThh:mm:ssZ */
	FIELD_COUNT,  /* integer from 0 */
	FIELD_NUMBER, /* integer or real */
	FIELD_BOOLEAN,
	FIELD_OBJECT,
	FIELD_ARRAY,
	FIELD_MAX,
	FIELD_INVALID = -EINVAL,
} FieldType;

DECLARE_STRING_TABLE(field_type, FieldType); /* "text", "date", "time", ... "list" */

/**
 * Whether a text is in somebody's own words, in which a name or an illness may stand: it is kept beside the
 * leaf as personal data, never published, and erased. Records of earlier versions have it in their body.
 */
typedef enum FieldWords {
	WORDS_NONE,
	WORDS_BESIDE,
	WORDS_PERHAPS, /* the same where the record's projection says so */
} FieldWords;

/** What else a text may be: what of a published kind is none of these, and no choice, is WORDS_BESIDE. */
typedef enum FieldText {
	TEXT_ANY,  /* not said: of kinds only that never leave the station */
	TEXT_CODE, /* the station's own: a code, a sentence of the program, what a code or the profile says */
	TEXT_IDENTIFIER, /* at most RECORD_IDENTIFIER_MAX letters, digits, '-', '_' or '.': no sentence */
	TEXT_LABEL,      /* as printed on a thing, or its name: one line, at most RECORD_LABEL_MAX bytes */
} FieldText;

enum { RECORD_IDENTIFIER_MAX = 64, RECORD_LABEL_MAX = 128 };

/** Who fills a field in, of a kind that people enter. */
typedef enum FieldOrigin {
	FROM_PERSON,
	FROM_STATION,
	FROM_PROFILE, /* the compliance profile in force */
} FieldOrigin;

typedef struct RecordField {
	const char *name; /* NULL ends a list */
	FieldType type;
	bool optional;
	const char *choices; /* NULL, or the texts that it may have, separated by blanks */
	double min, max;     /* of a count or number; unit NULL: any */
	const char *unit;    /* "" of a count */
	FieldWords words;
	FieldText text; /* of a text, or of the texts of a list */
	FieldOrigin origin;
	const char *retired; /* NULL, or the version from which on no new record has it */
} RecordField;

/* ---- kinds ---- */

typedef struct RecordKind {
	const char *name;
	const RecordField *fields; /* that the body must or may have; others are kept as they are */
	const char *topic;         /* NULL: it never leaves the station */
	const char *retired;       /* NULL, or the version from which on none is made any more */
	bool corrects_clock;       /* the newest time is that of the record from here on */
	bool seals; /* worth a checkpoint at once, also beside the file before it is answered */
} RecordKind;

/** All of them, sorted by name. */
extern const RecordKind record_kinds[];
extern const size_t record_kinds_n;

/** NULL when there is no such kind. */
const RecordKind *record_kind_find(const char *name);
/** The fields that a record of this kind must or may have; static. NULL: there is no such kind. */
const RecordField *record_fields(const char *kind);
/** NULL when the kind has no such field, or there is no such kind. */
const RecordField *record_field_find(const char *kind, const char *name);

/* ---- what people enter ---- */

/** The D-Bus interface that takes it, and with it the polkit action. */
typedef enum FormPlace {
	FORM_STATION,
	FORM_INVENTORY,
	FORM_SESSION,
	FORM_PLACE_MAX,
	FORM_PLACE_INVALID = -EINVAL,
} FormPlace;

DECLARE_STRING_TABLE(form_place, FormPlace); /* "station", "inventory", "session" */

typedef enum FormSession {
	FORM_ANYTIME,         /* has nothing to do with a session */
	FORM_SESSION_IF_OPEN, /* bears the number of the session, if one is open */
	FORM_SESSION_NAMED, /* that which is entered, or else that of the open one if it is about its subject
			     */
	FORM_SESSION_ONLY,  /* refused outside a session */
} FormSession;

typedef struct RecordForm {
	const char *kind;
	FormPlace place;
	const char *roles;    /* one of them is needed; separated by blanks */
	const char *signs;    /* NULL, or what the PIN stands for that is asked again: kept as `signed` */
	const char *personal; /* NULL, or fields of text that are kept beside the leaf; separated by blanks */
	FormSession session;
} RecordForm;

/** The kinds that people enter, in an order that stays. */
extern const RecordForm record_forms[];
extern const size_t record_forms_n;

/* ---- checks; each gives 0, or -EINVAL with a sentence ---- */

/** A body against its kind, also of a record that is history. */
int record_kind_check(const RecordKind *kind, const json_t *body, Error *error) _must_check_;
/**
 * Figures against their ranges. Only for what is new: a record of a time when the range was another, or none,
 * stays what it is.
 */
int record_ranges_check(const RecordKind *kind, const json_t *body, Error *error) _must_check_;
/** One figure, where the field declares a range. */
int record_range_check(const RecordField *field, double value, Error *error) _must_check_;
/**
 * All that a new record must be, and an old one need not: with its words, identifiers and labels that are
 * such, figures in their range, and nothing that is retired.
 */
int record_new_check(const RecordKind *kind, const json_t *body, Error *error) _must_check_;
