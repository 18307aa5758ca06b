/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/area.h"

static const char version_2[] =
	/* where a handpiece stands: its newest released cycle, and what has happened to it since */
	"CREATE TABLE handpiece_sterile(handpiece TEXT PRIMARY KEY, cycle_seq INTEGER, sterile_until TEXT, blocked TEXT,"
	"  used_seq INTEGER);";

static const char *const schema[LEDGER_SCHEMA_VERSION] = { NULL, version_2 };

static const char *const tables[] = { "handpiece_sterile", NULL };

static const RecordKind kinds[] = { { NULL } };

static const LedgerQuery queries[] = { { NULL } };

const LedgerArea area_sterilization = { schema, tables, kinds, queries };
