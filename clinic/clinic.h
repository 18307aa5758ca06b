/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the server answers with: each area has its part. */

#include "enrolment.h"
#include "mirror.h"
#include "page.h"
#include "registry.h"
#include "route.h"

typedef struct Clinic {
	Database *database;
	Mirror mirror;
	Registry registry;
	Enrolment enrolment;
	Page *page;                 /* NULL: no page */
	const Route *const *routes; /* the tables of all areas, NULL at the end */
} Clinic;
