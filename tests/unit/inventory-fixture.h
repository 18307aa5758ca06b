/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Records of the inventory that a ledger accepts or refuses, and what its queries then say. */

#include "ledger-fixture.h"

#define UNIT(serial) "(01)04012345678901(21)" serial
#define LOT_UNIT     "(01)04012345678901(10)L9"

/** Takes ownership of `body`. */
static inline void accepted(Ledger *ledger, const char *kind, json_t *body)
{
	LedgerAnswer answer = append(ledger, kind, body);

	if (answer.error < 0)
		fail_msg("%s: %s", kind, answer.text);
}

/** Takes ownership of `body`. The refusal must contain `says` and end with a next step. */
static inline void refused(Ledger *ledger, const char *kind, json_t *body, int error, const char *says)
{
	LedgerAnswer answer = append(ledger, kind, body);

	if (answer.error != error)
		fail_msg("%s: %d instead of %d (%s)", kind, answer.error, error, answer.text);
	if (!strstr(answer.text, says) || !strchr(answer.text, ':'))
		fail_msg("%s: \"%s\"", kind, answer.text);
	assert_true(ledger_is_refusal(error));
}

/** A text of the only row of a query; "" where it is null. */
static inline void one_text(
	Ledger *ledger, const char *query, json_t *arguments, const char *column, char ret[96])
{
	json_t *rows = look_up(ledger, query, arguments);
	const json_t *value = json_object_get(json_array_get(rows, 0), column);

	if (json_array_size(rows) != 1 || !value)
		fail_msg("%s: %zu rows, column %s", query, json_array_size(rows), column);
	if (json_is_integer(value))
		snprintf(ret, 96, "%lld", (long long)json_integer_value(value));
	else
		snprintf(ret, 96, "%s", json_is_null(value) ? "" : json_string_value(value));
	json_decref(rows);
}

/** Takes ownership of `arguments`. */
static inline void expect(
	Ledger *ledger, const char *query, json_t *arguments, const char *column, const char *is)
{
	char text[96];

	one_text(ledger, query, arguments, column, text);
	assert_string_equal(text, is);
}

/** Takes ownership of `arguments`. */
static inline void expect_rows(Ledger *ledger, const char *query, json_t *arguments, size_t n)
{
	json_t *rows = look_up(ledger, query, arguments);

	if (json_array_size(rows) != n)
		fail_msg("query %s: %zu rows, not %zu", query, json_array_size(rows), n);
	json_decref(rows);
}

static inline json_t *named(const char *key, const char *value)
{
	return json_pack("{s:s}", key, value);
}

static inline void enrol(Ledger *ledger, const char *badge, const char *role)
{
	accepted(ledger, "operator.enrolled", json_pack("{s:s, s:[s]}", "badge", badge, "roles", role));
}

static inline json_t *damaged(const char *unit, const char *name)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "unit", unit, "gtin", "04012345678901", "lot", name,
		"reason", "blister torn");
}

static inline json_t *distinct(const char *unit, const char *other)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "unit", unit, "other", other, "reason", "both lie before me",
		"signed", "these are two cartridges");
}
