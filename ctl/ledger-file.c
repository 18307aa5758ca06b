/* SPDX-License-Identifier: Apache-2.0 */

/** ledger backup, restore, archive: on the file itself, for whoever may read or write it. */

#include "proof.h"

#include <string.h>
#include <time.h>

#include "commands.h"
#include "ledger/copy.h"
#include "util/clock.h"

#define N(number) ((unsigned long long)(number))

static void print_copy(Ctl *ctl, const char *path, uint64_t records)
{
	json_auto_t *line = NULL;

	if (!ctl->json) {
		printf("%s: %llu records, verified\n", path, N(records));
		return;
	}
	line = json_pack("{s:s, s:I}", "file", path, "records", (json_int_t)records);
	ctl_print_fields(ctl, line);
}

static int verify_copy(Ctl *ctl, const char *path)
{
	VerifyOptions options = { .path = path, .parts = VERIFY_ALL };
	Verification found = { 0 };
	int status = proof_verify(ctl, &options, &found);

	if (status == CTL_DONE)
		print_copy(ctl, path, found.records);
	return status;
}

static int run_backup(Ctl *ctl, int n, char **arguments)
{
	char error[LEDGER_TEXT_MAX];

	if (ledger_backup(proof_ledger(ctl), arguments[0], error) < 0)
		return ctl_fail("%s", error);
	return verify_copy(ctl, arguments[0]);
}

static int run_restore(Ctl *ctl, int n, char **arguments)
{
	char error[LEDGER_TEXT_MAX];
	json_auto_t *line = NULL;
	LedgerRestored restored;
	int status = verify_copy(ctl, arguments[0]);

	if (status != CTL_DONE)
		return ctl_fail(
			"%s is no sound backup: nothing was changed; take an older one", arguments[0]);
	if (ledger_restore(proof_ledger(ctl), arguments[0], &restored, error) < 0)
		return ctl_fail("%s", error);
	if (ctl->json) {
		line = json_pack("{s:s, s:I, s:I, s:I}", "kept", restored.aside, "records",
			(json_int_t)restored.size, "known", (json_int_t)restored.known, "lacking",
			(json_int_t)restored.lacking);
		ctl_print_fields(ctl, line);
		return CTL_DONE;
	}
	if (restored.aside[0])
		printf("the ledger that was there is kept as %s\n", restored.aside);
	if (restored.lacking > 0)
		printf("records %llu to %llu are lacking: the station had signed them; it records that when it starts\n",
			N(restored.size + 1), N(restored.known));
	else
		printf("nothing is lacking that the station is known to have signed (%llu records)\n",
			N(restored.known));
	return CTL_DONE;
}

static int parse_day(const char *text, int64_t *ret_us)
{
	struct tm parts = { 0 };
	const char *end = strptime(text, "%Y-%m-%d", &parts);

	if (!end || *end)
		return -EINVAL;
	*ret_us = (int64_t)timegm(&parts) * USEC_PER_SEC;
	return 0;
}

static int run_archive(Ctl *ctl, int n, char **arguments)
{
	const char *before = strncmp(arguments[1], "before=", 7) == 0 ? arguments[1] + 7 : NULL;
	char error[LEDGER_TEXT_MAX];
	json_auto_t *line = NULL;
	LedgerArchive archive;
	int64_t utc_us;
	int status;

	if (!before || parse_day(before, &utc_us) < 0)
		return ctl_usage("\"%s\": write before=YYYY-MM-DD", arguments[1]);
	if (ledger_archive(proof_ledger(ctl), arguments[0], utc_us, &archive, error) < 0)
		return ctl_fail("%s", error);
	status = verify_copy(ctl, arguments[0]);
	if (status != CTL_DONE)
		return status;
	if (!ctl->json) {
		printf("sealed: records 1 to %llu, SHA-256 %s\n", N(archive.size), archive.sha256);
		return CTL_DONE;
	}
	line = json_pack("{s:I, s:s}", "sealed", (json_int_t)archive.size, "sha256", archive.sha256);
	ctl_print_fields(ctl, line);
	return CTL_DONE;
}

const Command ledger_commands[] = {
	{ "ledger backup", "FILE", 1, 1, run_backup,
		"copy the ledger as it is now, also while the station works", .alone = true },
	{ "ledger restore", "FILE", 1, 1, run_restore,
		"put a backup in place of the ledger and show what it lacks; the station must be stopped",
		.alone = true },
	{ "ledger archive", "FILE before=DATE", 2, 2, run_archive,
		"write the records before a day into a sealed file that can be verified by itself",
		.alone = true },
	{ 0 },
};
