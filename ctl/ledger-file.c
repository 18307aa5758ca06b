/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The commands `ledger backup`, `restore`, `clear-damage` and `archive`, which work on the ledger's file
 * itself. A copy must not get its name before it was verified.
 */

#include "proof.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "copies.h"
#include "ledger/copy.h"
#include "util/clock.h"

#define N(number) ((unsigned long long)(number))

/** A copy that is being made, and the progress shown for it. */
typedef struct Copying {
	Ctl *ctl;
	const char *what; /* backup, archive */
	LedgerCopy copy;
	uint64_t records;
	int percent; /* shown on the terminal; -1: none */
} Copying;

/* ---- interruption: an unfinished file is removed ---- */

static atomic_bool interrupted;

static void on_signal(int number)
{
	atomic_store(&interrupted, true);
}

static void catch_signals(void)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP }, failing[] = { SIGPIPE, SIGXFSZ };
	struct sigaction action = { .sa_handler = on_signal };

	for (size_t i = 0; i < ELEMENTS(ending); i++)
		(void)sigaction(ending[i], &action, NULL);
	/* a failed write is reported where it happens */
	action.sa_handler = SIG_IGN;
	for (size_t i = 0; i < ELEMENTS(failing); i++)
		(void)sigaction(failing[i], &action, NULL);
}

/* ---- making a copy ---- */

static void on_copy_progress(void *userdata, const char *doing, uint64_t done, uint64_t total)
{
	Copying *copying = userdata;
	int percent = total > 0 ? (int)(done * 100 / total) : 100;

	if (!isatty(STDERR_FILENO) || copying->ctl->json || (total > 0 && percent == copying->percent))
		return;
	copying->percent = percent;
	if (total > 0)
		fprintf(stderr, "\r%s: %d %%%s", doing, percent, done == total ? "\n" : "");
	else
		fprintf(stderr, "%s ...\n", doing);
}

static int verify_copied(Ctl *ctl, const char *path, uint64_t *ret_records)
{
	VerifyOptions options = { .path = path, .parts = VERIFY_ALL, .leave = &interrupted };
	Verification found = { 0 };
	int status = proof_verify(ctl, &options, &found);

	if (status != CTL_DONE)
		return status;
	*ret_records = found.records;
	return CTL_DONE;
}

/** Gives a copy its name once it is verified and the station has recorded it. */
static int on_look(void *userdata, const char *part)
{
	Copying *copying = userdata;
	int status = verify_copied(copying->ctl, part, &copying->records);

	if (atomic_load(&interrupted))
		ctl_fail("%s was not written: it was interrupted", copying->copy.name);
	else if (status != CTL_DONE)
		ctl_fail("%s was not written: its ledger is not sound, which `stipplectl audit verify` shows",
			copying->copy.name);
	else
		status = copies_tell(copying->ctl, copying->what, copying->copy.path, copying->copy.name,
			copying->records);
	return status == CTL_DONE ? 0 : -ECANCELED;
}

static void begin_copy(Copying *copying, Ctl *ctl, const char *what, const char *path, const char *name)
{
	*copying = (Copying){
		.ctl = ctl,
		.what = what,
		.copy = { .path = path,
			.name = name,
			.leave = &interrupted,
			.progress = on_copy_progress,
			.look = on_look,
			.userdata = copying },
		.percent = -1,
	};
	catch_signals();
}

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

/** `error` is empty where the reason was printed already. */
static int copy_failed(const char *error)
{
	return error[0] ? ctl_fail("%s", error) : CTL_FAILED;
}

static int run_backup(Ctl *ctl, int n, char **arguments)
{
	Error error = { 0 };
	Copying copying;

	begin_copy(&copying, ctl, "backup", proof_ledger(ctl), arguments[0]);
	if (ledger_backup(&copying.copy, &error) < 0)
		return copy_failed(error.text);
	print_copy(ctl, arguments[0], copying.records);
	return CTL_DONE;
}

/* ---- restoring ---- */

static int print_restored(Ctl *ctl, const LedgerRestored *restored)
{
	json_auto_t *line = NULL;

	if (ctl->json) {
		line = json_pack("{s:s, s:I, s:I, s:I}", "kept", restored->aside, "records",
			(json_int_t)restored->size, "known", (json_int_t)restored->known, "lacking",
			(json_int_t)restored->lacking);
		ctl_print_fields(ctl, line);
		return CTL_DONE;
	}
	if (restored->aside[0])
		printf("the ledger that was there is kept as %s\n", restored->aside);
	if (restored->lacking > 0)
		printf("records %llu to %llu are lacking: the station had signed them; it records that when it starts\n",
			N(restored->size + 1), N(restored->known));
	else
		printf("nothing is lacking that the station is known to have signed (%llu records)\n",
			N(restored->known));
	return CTL_DONE;
}

static int run_restore(Ctl *ctl, int n, char **arguments)
{
	Error error = { 0 };
	LedgerRestored restored;
	Copying copying;
	uint64_t records = 0;

	begin_copy(&copying, ctl, "restore", arguments[0], proof_ledger(ctl));
	if (verify_copied(ctl, arguments[0], &records) != CTL_DONE)
		return ctl_fail(
			"%s is no sound backup: nothing was changed; take an older one", arguments[0]);
	print_copy(ctl, arguments[0], records);
	copying.copy.look = NULL;
	if (ledger_restore(&copying.copy, &restored, &error) < 0)
		return copy_failed(error.text);
	return print_restored(ctl, &restored);
}

/* ---- a ledger that is sound after all ---- */

static int run_clear_damage(Ctl *ctl, int n, char **arguments)
{
	const char *path = proof_ledger(ctl);
	Error error = { 0 };
	_cleanup_(ctl_pin_erase) char pin[CTL_PIN_MAX] = "";
	uint64_t records = 0;
	int status;

	catch_signals();
	if (verify_copied(ctl, path, &records) != CTL_DONE)
		return ctl_fail(
			"%s is not sound: nothing was lifted; keep it as evidence and bring back a backup",
			path);
	status = ctl_read_pin(ctl, pin);
	if (status != CTL_DONE)
		return status;
	if (ledger_clear_damage(path, arguments[0], pin, records, &error) < 0)
		return ctl_fail("%s", error.text);
	if (!ctl->json)
		printf("%s: %llu records, verified; the station records that %s lifted the finding when it starts over:"
		       " systemctl reload-or-restart stippled\n",
			path, N(records), arguments[0]);
	return CTL_DONE;
}

/* ---- archives ---- */

static int parse_day(const char *text, int64_t *ret_us)
{
	struct tm parts = { 0 };
	const char *end = strptime(text, "%Y-%m-%d", &parts);

	if (!end || *end)
		return -EINVAL;
	*ret_us = (int64_t)timegm(&parts) * USEC_PER_SEC;
	return 0;
}

/** The day from before=DAY, or from the compliance profile. */
static int choose_day(Ctl *ctl, int n, char **arguments, CopiesTerm *ret, int64_t *ret_us)
{
	const char *before = n > 1 && strncmp(arguments[1], "before=", 7) == 0 ? arguments[1] + 7 : NULL;
	CopiesTerm term = { 0 };
	int status = CTL_DONE;

	if (n > 1 && (!before || parse_day(before, ret_us) < 0))
		return ctl_usage("\"%s\": write before=YYYY-MM-DD", arguments[1]);
	if (before)
		snprintf(term.before, sizeof term.before, "%s", before);
	else
		status = copies_term(ctl, &term);
	if (status == CTL_DONE && parse_day(term.before, ret_us) < 0)
		return ctl_fail("the station's profile gives no day: give before=YYYY-MM-DD");
	*ret = term;
	return status;
}

static int print_archive(const Ctl *ctl, const LedgerArchive *archive, const CopiesTerm *term)
{
	json_auto_t *line = NULL;

	if (!ctl->json) {
		printf("sealed: records 1 to %llu, SHA-256 %s\n", N(archive->size), archive->sha256);
		return CTL_DONE;
	}
	line = json_pack("{s:I, s:s, s:s}", "sealed", (json_int_t)archive->size, "sha256", archive->sha256,
		"before", term->before);
	if (term->profile[0])
		json_object_set_new(line, "profile", json_string(term->profile));
	ctl_print_fields(ctl, line);
	return CTL_DONE;
}

static int run_archive(Ctl *ctl, int n, char **arguments)
{
	Error error = { 0 };
	LedgerArchive archive;
	CopiesTerm term;
	Copying copying;
	int64_t utc_us = 0;
	int status = choose_day(ctl, n, arguments, &term, &utc_us);

	if (status != CTL_DONE)
		return status;
	if (term.profile[0] && !ctl->json)
		printf("profile %s: its longest term is %lld days, what is before %s is past it\n",
			term.profile, (long long)term.days, term.before);
	begin_copy(&copying, ctl, "archive", proof_ledger(ctl), arguments[0]);
	if (ledger_archive(&copying.copy, utc_us, &archive, &error) < 0)
		return copy_failed(error.text);
	print_copy(ctl, arguments[0], copying.records);
	return print_archive(ctl, &archive, &term);
}

const Command ledger_commands[] = {
	{ "ledger backup", "FILE", 1, 1, run_backup,
		"copy the ledger as it is now, also while the station works", .alone = true },
	{ "ledger restore", "FILE", 1, 1, run_restore,
		"put a backup in place of the ledger and show what it lacks; the station must be stopped",
		.alone = true },
	{ "ledger clear-damage", "BADGE", 1, 1, run_clear_damage,
		"verify the ledger again and, as an administrator with the PIN, lift what a verification found if it is"
		" sound; the station may be inert or stopped",
		.alone = true },
	{ "ledger archive", "FILE [before=DATE]", 1, 2, run_archive,
		"write the records before a day into a sealed file that can be verified by itself; without one those"
		" past every term of the compliance profile",
		.alone = true },
	{ 0 },
};
