/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Compliance profiles: what the law or standard of a place asks of a station's records, as data. What
 * configs/profiles/NAME.conf says, entry by entry, becomes a checked profile here; config/profile-file.h
 * reads the files, docs/man/stipple-profile.5 describes them. Every key must be set.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "util/error.h"
#include "util/text.h"

/** What a record must have. */
typedef enum ProfileProof {
	PROFILE_MECHANICAL,  /* readings of a cycle */
	PROFILE_PRESSURE,    /* of a cycle, as a figure */
	PROFILE_INTEGRATOR,  /* class V integrator of a cycle */
	PROFILE_CHEMICAL,    /* chemical indicator of a cycle */
	PROFILE_CONTENTS,    /* of a cycle */
	PROFILE_RELEASE,     /* of a cycle, signed */
	PROFILE_ITEMS,       /* that a failed test put in doubt, in its follow-up */
	PROFILE_NOTIFIED,    /* who was, in the same */
	PROFILE_CERTIFICATE, /* of sterilisation, for each lot */
	PROFILE_MEMBRANE,    /* proof of the barrier, for each lot */
	PROFILE_PIGMENT,     /* lot, expiry and intended use on record before it is used */
	PROFILE_CONSENT,     /* to the treatment, in each session */
	PROFILE_SCREENING,   /* in each session */
	PROFILE_SIGNATURE,   /* of each session */
	PROFILE_DISPOSAL,    /* of each cartridge */
	PROFILE_PROOF_MAX,
	PROFILE_PROOF_INVALID = -EINVAL,
} ProfileProof;

/** Records that are kept for a term of their own. */
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
	PROFILE_YEAR_DAYS = 366, /* of a term in years: nothing may go a day early */
};

typedef struct Profile {
	char name[PROFILE_NAME_MAX], title[96];
	uint32_t biological_days, biological_cycles; /* at least one test in so many; 0: no such rule */
	uint32_t remind_days;                        /* before a test is due */
	bool after_installation, after_repair;       /* a test before use */
	bool reprocess; /* what a failed test put in doubt is sterilised again, also when the next test passed
			 */
	uint32_t sterile_days; /* from the cycle's start */
	bool proofs[PROFILE_PROOF_MAX];
	char certificates[PROFILE_CERTIFICATES_MAX][64]; /* that each technician must have */
	size_t n_certificates;
	uint32_t keep_days[PROFILE_RECORDS_MAX];
} Profile;

/** A profile while its entries are read. */
typedef struct ProfileDraft {
	Profile profile;
	uint64_t set; /* a bit for each key */
} ProfileDraft;

/** `name` is an identifier of less than PROFILE_NAME_MAX bytes. */
void profile_draft_init(ProfileDraft *draft, const char *name);
/** Takes one entry. -EINVAL with what is wrong and what is allowed in `error`; the draft is as before. */
int profile_draft_set(ProfileDraft *draft, const char *section, const char *key, const char *value,
	Error *error) _must_check_;
/** -EINVAL with the first key that is missing in `error`; `ret` is then untouched. */
int profile_draft_finish(const ProfileDraft *draft, Profile *ret, Error *error) _must_check_;

/** The names of the proofs that it asks for, separated by blanks; "" where it asks for none. */
void profile_proofs(const Profile *profile, char *ret, size_t size);
/**
 * Name and figures as arguments of the queries `due`, `check`, `retention` and `expired` (docs/ledger.md),
 * but `today`: an object of the caller's. NULL when out of memory.
 */
json_t *profile_arguments(const Profile *profile);
