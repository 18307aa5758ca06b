/* SPDX-License-Identifier: Apache-2.0 */

/**
 * For tests/integration/test_sql.py: makes a ledger in which everything happened, or asks it a question of
 * the station, also one that is not an auditor's.
 *
 * Usage: tell-history FILE                     which must not be there
 *        tell-history FILE QUESTION ARGUMENTS  arguments as a JSON object; prints the rows as a JSON list
 */

#include "ledger-history.h"

int main(int argc, char **argv)
{
	Fixture fixture = { 0 };

	if (argc != 2 && argc != 4)
		return 2;
	snprintf(fixture.path, sizeof fixture.path, "%s", argv[1]);
	if (open_fixture(&fixture) < 0) {
		fprintf(stderr, "%s\n", fixture.error.text);
		return 1;
	}
	if (argc == 2) {
		tell_history(fixture.ledger);
	} else {
		json_auto_t *rows = look_up(fixture.ledger, argv[2], json_loads(argv[3], 0, NULL));

		json_dumpf(rows, stdout, 0);
	}
	ledger_free(fixture.ledger);
	return 0;
}
