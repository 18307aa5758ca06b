/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The kinds of records, as records/<area>.toml define them: their fields, where they are published, and which
 * of them people enter. records/compile.py makes the tables. Pure; nothing blocks or keeps its arguments.
 * Only the ledger knows what a record changes; nothing here may depend on that.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
 * Whether a field is free text, which may contain a name or an illness, or a fact about a person, such as an
 * answer about their health. Both are kept beside the leaf as personal data, never published, and erased on
 * request. Records of earlier versions have them in their body.
 */
typedef enum FieldWords {
	WORDS_NONE,
	WORDS_BESIDE,
	WORDS_PERHAPS, /* the same if the record's projection says so */
} FieldWords;

/**
 * What a text that is not free text may be. A text of a published kind that is none of these, and no choice,
 * is WORDS_BESIDE.
 */
typedef enum FieldText {
	TEXT_ANY,  /* unspecified: only in kinds that never leave the station */
	TEXT_CODE, /* made by the station: a code, a sentence of the program, or taken from a code or the
		      profile */
	TEXT_IDENTIFIER, /* at most RECORD_IDENTIFIER_MAX letters, digits, '-', '_' or '.': no sentence */
	TEXT_LABEL,      /* as printed on an item, or its name: one line, at most RECORD_LABEL_MAX bytes */
} FieldText;

enum { RECORD_IDENTIFIER_MAX = 64, RECORD_LABEL_MAX = 128 };

/** Who fills in a field of a kind that people enter. */
typedef enum FieldOrigin {
	FROM_PERSON,
	FROM_STATION,
	FROM_PROFILE, /* the compliance profile in force */
} FieldOrigin;

typedef struct RecordField {
	const char *name; /* NULL ends a list */
	FieldType type;
	bool optional;
	const char *choices; /* NULL, or the permitted texts, separated by blanks */
	double min, max;     /* of a count or number; unit NULL: no limits */
	const char *unit;    /* "" of a count */
	FieldWords words;
	FieldText text; /* of a text, or of the texts in a list */
	FieldOrigin origin;
	const char *retired; /* NULL, or the version since which new records do not have it */
} RecordField;

/* ---- kinds ---- */

typedef struct RecordKind {
	const char *name;
	const RecordField *fields; /* fields that the body must or may have; others are kept as they are */
	const char *topic;         /* NULL: it never leaves the station */
	const char *retired;       /* NULL, or the version since which none is made */
	bool corrects_clock;       /* from this record on, the newest time is this record's */
	bool seals;  /* makes a checkpoint at once, and writes it beside the file before the answer */
	bool shared; /* the other stations of a clinic get it, too */
} RecordKind;

/** All kinds, sorted by name. */
extern const RecordKind record_kinds[];
extern const size_t record_kinds_n;

/** NULL when there is no such kind. */
const RecordKind *record_kind_find(const char *name);
/** The fields that a record of this kind must or may have; static. NULL: there is no such kind. */
const RecordField *record_fields(const char *kind);
/**
 * Whether the other stations of a clinic get records of this kind. One that another station entered, with the
 * field `from`, is not shared again. False when there is no such kind.
 */
bool record_is_shared(const char *kind);
/** Where a shared record was entered. `station` points into the text and is not terminated. */
typedef struct RecordFrom {
	const char *station; /* the name of its log */
	size_t station_size;
	uint64_t number; /* of the record there, from 1 */
} RecordFrom;

/** Reads the field `from` of a shared record, "STATION NUMBER". -EINVAL. */
int record_from_parse(const char *text, RecordFrom *ret) _must_check_;

/** NULL when the kind has no such field, or there is no such kind. */
const RecordField *record_field_find(const char *kind, const char *name);

/* ---- what people enter ---- */

/** The D-Bus interface that takes the form, which also determines the polkit action. */
typedef enum FormPlace {
	FORM_STATION,
	FORM_INVENTORY,
	FORM_SESSION,
	FORM_PLACE_MAX,
	FORM_PLACE_INVALID = -EINVAL,
} FormPlace;

DECLARE_STRING_TABLE(form_place, FormPlace); /* "station", "inventory", "session" */

typedef enum FormSession {
	FORM_ANYTIME,         /* independent of sessions */
	FORM_SESSION_IF_OPEN, /* gets the number of the open session, if there is one */
	FORM_SESSION_NAMED,   /* session as entered, or else the open one if it is about the form's subject */
	FORM_SESSION_ONLY,    /* refused outside a session */
} FormSession;

typedef struct RecordForm {
	const char *kind;
	FormPlace place;
	const char *roles;    /* the actor needs one of them; separated by blanks */
	const char *signs;    /* NULL, or what the repeated PIN signs for: kept as `signed` */
	const char *personal; /* NULL, or text fields that are kept beside the leaf; separated by blanks */
	FormSession session;
} RecordForm;

/** The kinds that people enter, in a fixed order. */
extern const RecordForm record_forms[];
extern const size_t record_forms_n;

/* ---- checks; each gives 0, or -EINVAL with a sentence ---- */

/** Checks a body against its kind; also for records of the past. */
int record_kind_check(const RecordKind *kind, const json_t *body, Error *error) _must_check_;
/**
 * Checks figures against their ranges. Only for new records: an old record, from a time with another range or
 * none, stays valid.
 */
int record_ranges_check(const RecordKind *kind, const json_t *body, Error *error) _must_check_;
/** Checks one figure, if the field has a range. */
int record_range_check(const RecordField *field, double value, Error *error) _must_check_;
/**
 * Checks everything that a new record must satisfy, and an old one need not: free text, identifiers and
 * labels are valid, figures are in range, and nothing is retired.
 */
int record_new_check(const RecordKind *kind, const json_t *body, Error *error) _must_check_;
