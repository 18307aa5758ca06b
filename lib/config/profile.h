/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Compliance profiles: what the law or standard of a place requires of a station's records, as data. This
 * file turns the entries of configs/profiles/NAME.conf into a checked profile. config/profile-file.h reads
 * the files; docs/man/stipple-profile.5 describes them. Every key must be set.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "config/health-question.h"
#include "util/error.h"
#include "util/text.h"

/** A proof that the profile may require of the records. */
typedef enum ProfileProof {
	PROFILE_MECHANICAL,  /* mechanical readings of a cycle */
	PROFILE_PRESSURE,    /* pressure of a cycle, as a figure */
	PROFILE_INTEGRATOR,  /* class V integrator of a cycle */
	PROFILE_CHEMICAL,    /* chemical indicator of a cycle */
	PROFILE_CONTENTS,    /* contents of a cycle */
	PROFILE_RELEASE,     /* signed release of a cycle */
	PROFILE_ITEMS,       /* the follow-up of a failed test lists the items put in doubt */
	PROFILE_INITIALS,    /* initials of whoever packed a cycle's load */
	PROFILE_AUTHORITY,   /* the follow-up of a failed test names the authority that was told */
	PROFILE_NOTIFIED,    /* the follow-up of a failed test says who was notified */
	PROFILE_CERTIFICATE, /* sterilisation certificate of each lot */
	PROFILE_MEMBRANE,    /* proof of the membrane barrier of each lot */
	PROFILE_PIGMENT,     /* the pigment's lot, expiry and intended use are on record before it is used */
	PROFILE_INK_LABEL,   /* the pigment's label was checked and has what REACH asks for, before it is used
			      */
	PROFILE_CONSENT,     /* consent to the treatment in each session */
	PROFILE_SCREENING,   /* screening in each session */
	PROFILE_SIGNATURE,   /* signature of each session */
	PROFILE_CLIENT_SIGNATURE, /* the client's own signature under the consent to the treatment */
	PROFILE_NEEDLES_SEALED,   /* the client signed that the needles were sealed and opened in the client's
				     presence */
	PROFILE_CARE_SHEET, /* the client signed that the instructions for the time afterwards were received
			     */
	PROFILE_COPY,       /* the client was given a copy of what was signed */
	PROFILE_DISPOSAL,   /* disposal of each cartridge */
	PROFILE_PROOF_MAX,
	PROFILE_PROOF_INVALID = -EINVAL,
} ProfileProof;

/** Records that have their own retention period. */
typedef enum ProfileRecords {
	PROFILE_STERILIZATION, /* cycles, tests, service */
	PROFILE_NEEDLES,       /* lots and units of single-use instruments, counted from use */
	PROFILE_PIGMENTS,
	PROFILE_SESSIONS, /* procedures, consents, screening */
	PROFILE_OPERATORS,
	PROFILE_INCIDENTS,
	PROFILE_RECORDS_MAX,
	PROFILE_RECORDS_INVALID = -EINVAL,
} ProfileRecords;

DECLARE_STRING_TABLE(profile_proof, ProfileProof);     /* "mechanical", ... */
DECLARE_STRING_TABLE(profile_records, ProfileRecords); /* "sterilization", ... */

enum {
	PROFILE_NAME_MAX = 48,
	PROFILE_CERTIFICATES_MAX = 8,
	PROFILE_PROOFS_MAX = 512, /* the names of all proofs, separated by blanks */
	PROFILE_WORDS_MAX = 128,  /* a list of words, separated by blanks */
	PROFILE_QUESTIONS_MAX = 16,
	PROFILE_YEAR_DAYS = 366, /* days in a year of retention: nothing may go a day early */
};

/** What the card of a client must say before the client is treated. */
typedef struct ProfileClient {
	bool registration;    /* the client is registered */
	bool name, contact;   /* these are on the card */
	bool birth_date;      /* the day, and not the year alone */
	bool identity;        /* the kind of the document that was seen */
	uint32_t minimum_age; /* years; 0: no such rule */
	uint32_t minor_from;  /* years: from then on with a guardian's notarised form; 0: never below
				 minimum_age */
	char questions[PROFILE_QUESTIONS_MAX]
		      [HEALTH_QUESTION_MAX]; /* asked whatever the protocol asks, each once */
	size_t n_questions;
} ProfileClient;

typedef struct Profile {
	char name[PROFILE_NAME_MAX], title[96];
	uint32_t biological_days, biological_cycles; /* at least one test in this many; 0: no such rule */
	uint32_t remind_days;                        /* remind this many days before a test is due */
	bool after_installation, after_repair;       /* a test is needed before use */
	uint32_t in_a_row;                           /* so many tests must pass one after the other ... */
	char in_a_row_after[PROFILE_WORDS_MAX];      /* ... after these events, separated by blanks */
	uint32_t unused_days; /* a steriliser that did not run for so long counts as unused; 0: none does */
	bool reprocess; /* items put in doubt by a failed test are sterilised again, even when the next test
			   passed */
	bool penetration_test; /* a class-B steriliser is tested for steam penetration before a day's loads */
	uint32_t leak_test_days; /* and for leaks in this many days; 0: no such rule */
	uint32_t sterile_days;   /* shelf life of a sterile item, from the start of its cycle */
	bool proofs[PROFILE_PROOF_MAX];
	char certificates[PROFILE_CERTIFICATES_MAX][64]; /* certificates that each technician must have */
	size_t n_certificates;
	ProfileClient client;
	uint32_t lidocaine_free_percent; /* at most in an anaesthetic that is sold freely; 0: left open */
	uint32_t keep_days[PROFILE_RECORDS_MAX];
	bool reports;       /* incidents are reported to an authority within a term */
	char report_to[96]; /* the authority that incidents are reported to; "": to none */
	/* ... within so many working days, or else so many hours, of when the clinic learnt of it */
	uint32_t report_days, report_hours;
	char report_of[PROFILE_WORDS_MAX];   /* kinds of incidents that are reported, separated by blanks */
	char report_from[16];                /* ... of this severity or a worse one */
	char report_form[PROFILE_WORDS_MAX]; /* fields of the report, in the order of the authority */
} Profile;

/** A profile while its entries are read. */
typedef struct ProfileDraft {
	Profile profile;
	uint64_t set; /* a bit for each key */
} ProfileDraft;

/** `name` is an identifier shorter than PROFILE_NAME_MAX bytes. */
void profile_draft_init(ProfileDraft *draft, const char *name);
/** Takes one entry. -EINVAL leaves the draft unchanged; `error` says what is wrong and what is allowed. */
int profile_draft_set(ProfileDraft *draft, const char *section, const char *key, const char *value,
	Error *error) _must_check_;
/** Completes the profile. -EINVAL with the first missing key in `error`; `ret` is then untouched. */
int profile_draft_finish(const ProfileDraft *draft, Profile *ret, Error *error) _must_check_;

/** The names of the proofs that the profile requires, separated by blanks; "" when it requires none. */
void profile_proofs(const Profile *profile, char *ret, size_t size);
/**
 * The profile's name and figures as arguments of the queries `due`, `check`, `retention` and `expired`
 * (docs/ledger.md), all except `today`. The caller owns the object. NULL when out of memory.
 */
json_t *profile_arguments(const Profile *profile);
