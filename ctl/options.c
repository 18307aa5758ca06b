/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The options of the command line: it reads, checks and lists them. It runs no command and opens no
 * connection.
 */

#include "options.h"

#include <getopt.h>
#include <stddef.h>
#include <string.h>

enum { COMMANDS_MAX = 10, FIRST_VALUE = 256, LABEL_MAX = 40 };

typedef struct Option {
	const char *name, *argument; /* argument NULL: a switch */
	size_t field;                /* of Ctl: a bool for a switch, else a text */
	const char *help;
	const char *commands[COMMANDS_MAX]; /* that take it; none: all of them */
	char letter;                        /* 0: none */
} Option;

#define AT(field)  offsetof(Ctl, field)
#define REPORTS    "report", "session copy", "audit report", "incident form", "person passport"
#define LABELS     "label units", "label reprint", "label pack"
#define CLINIC     "audit", "audit findings", "audit registry"
#define CLINIC_ALL CLINIC, "audit stations"
#define VERIFYING                                                                                  \
	"audit verify", "audit witness", "ledger backup", "ledger restore", "ledger clear-damage", \
		"ledger archive"

static const Option options[] = {
	{ "json", NULL, AT(json), "one JSON object a line", { NULL }, 0 },
	{ "csv", NULL, AT(csv), "rows as CSV, names first", { "audit", "audit stations", "sterilizer due" },
		0 },
	{ "pin-file", "FILE", AT(pin_file), "take the PIN from FILE instead of asking", { NULL }, 0 },
	{ "code", "CODE", AT(enrolment_code), "the code for the first administrator", { "enrol" }, 0 },
	{ "map", "FILE", AT(map), "which column holds what", { "sterilizer import" }, 0 },
	{ "format", "NAME", AT(format), "what wrote the file; without it the file says",
		{ "sterilizer import" }, 0 },
	{ "zone", "ZONE", AT(zone), "where a report's times were taken: Europe/Berlin, or local",
		{ "sterilizer import" }, 0 },
	{ "dry-run", NULL, AT(dry_run), "only say what would be done",
		{ "sterilizer import", "recall import" }, 0 },
	{ "sound", NULL, AT(sound), "have the panel sound each alarm once", { "doctor" }, 0 },
	{ "fnc1", "CHARACTER", AT(fnc1), "what stands for FNC1 in a code", { "needle parse" }, 0 },
	{ "output", "FILE", AT(output), "where a report or labels go: the ending of its name says as what",
		{ REPORTS, LABELS, "person export", "audit registry" }, 'o' },
	{ "printer", "NAME", AT(printer), "a printer of CUPS, instead of the station's own", { LABELS }, 0 },
	{ "size", "WxH", AT(size), "of a label in mm, instead of the station's own", { LABELS }, 0 },
	{ "from", "DAY", AT(from), "of an inspector's report: its first day", { "audit report" }, 0 },
	{ "to", "DAY", AT(to),
		"of an inspector's report: its last day; of a move: the STATION that gets the cartridges",
		{ "audit report", "stock move" }, 0 },
	{ "paper", "PAPER", AT(paper), "of a report: a4 (default) or letter", { REPORTS }, 0 },
	{ "language", "LANGUAGE", AT(language), "en, es or de; without it that of the client's card",
		{ "report", "session copy", "person passport" }, 0 },
	{ "ledger", "FILE", AT(ledger), "the ledger's file; without it the station's own",
		{ VERIFYING, "audit prove", "audit export", "audit" }, 0 },
	{ "profile", "PROFILE", AT(profile),
		"the compliance profile, or its file, that a file given with --ledger is to go by",
		{ "audit", "ledger archive" }, 0 },
	{ "personal", NULL, AT(personal), "names, contacts and words too, in files for the owner alone",
		{ "audit export" }, 0 },
	{ "key", "KEY", AT(key), "the public key that must have signed",
		{ VERIFYING, "recall import", CLINIC }, 0 },
#if HAVE_CLINIC
	{ "clinic", "URL", AT(clinic), "the clinic's server, to ask about all its stations", { CLINIC_ALL },
		0 },
	{ "ca", "FILE", AT(ca), "the certificate of the clinic's authority", { CLINIC_ALL }, 0 },
	{ "cert", "FILE", AT(cert), "the auditor's certificate", { CLINIC_ALL }, 0 },
	{ "cert-key", "FILE", AT(cert_key), "its private key", { CLINIC_ALL }, 0 },
	{ "proofs", "FOLDER", AT(proofs), "of an answer over all stations: the proof of each record in it",
		{ "audit" }, 0 },
	{ "copies", "FOLDER", AT(copies),
		"where the records of all stations are kept, whole and verified, and continued the next time",
		{ "audit" }, 0 },
#endif
	{ "policy", "FILE", AT(policy), "which witnesses must have cosigned what is proved",
		{ "audit verify" }, 0 },
	{ "proof", "FILE", AT(proof), "a proof or checkpoint from anywhere", { "audit verify" }, 0 },
	{ "leaf", "FILE", AT(leaf), "what it proves, where the proof does not hold it", { "audit verify" },
		0 },
	{ "bus", "BUS", AT(bus_name), "system (default), session, or an address; also STIPPLE_BUS", { NULL },
		0 },
};

static const struct option *getopt_table(void)
{
	static struct option table[ELEMENTS(options) + 3];

	for (size_t i = 0; i < ELEMENTS(options); i++)
		table[i] = (struct option){ options[i].name,
			options[i].argument ? required_argument : no_argument, NULL, FIRST_VALUE + (int)i };
	table[ELEMENTS(options)] = (struct option){ "help", no_argument, NULL, 'h' };
	table[ELEMENTS(options) + 1] = (struct option){ "version", no_argument, NULL, 'V' };
	return table;
}

static void set(Ctl *ctl, const Option *option, const char *value)
{
	void *field = (char *)ctl + option->field;

	if (option->argument)
		*(const char **)field = value;
	else
		*(bool *)field = true;
}

static bool is_set(const Ctl *ctl, const Option *option)
{
	const void *field = (const char *)ctl + option->field;

	return option->argument ? *(const char *const *)field != NULL : *(const bool *)field;
}

static const Option *find_option(int value)
{
	for (size_t i = 0; i < ELEMENTS(options); i++)
		if (value == FIRST_VALUE + (int)i || (value == options[i].letter && value))
			return &options[i];
	return NULL;
}

int options_read(int argc, char **argv, Ctl *ret, bool *ret_help, bool *ret_version, int *ret_first)
{
	const struct option *table = getopt_table();
	bool help = false, version = false;
	Ctl ctl = *ret;
	int value;

	while ((value = getopt_long(argc, argv, "ho:", table, NULL)) >= 0) {
		const Option *option = find_option(value);

		if (option)
			set(&ctl, option, optarg);
		else if (value == 'h')
			help = true;
		else if (value == 'V')
			version = true;
		else /* getopt has already named the wrong option */
			return ctl_usage("before words that begin with - and are no option write --");
	}
	if (ctl.json && ctl.csv)
		return ctl_usage("--json and --csv exclude each other: give one of them");
	if (ctl.leaf && !ctl.proof)
		return ctl_usage("--leaf is what a proof proves: give the proof with --proof FILE");
	*ret = ctl;
	*ret_help = help;
	*ret_version = version;
	*ret_first = optind;
	return CTL_DONE;
}

static bool takes(const Command *command, const Option *option)
{
	for (size_t i = 0; i < COMMANDS_MAX && option->commands[i]; i++)
		if (strcmp(option->commands[i], command->words) == 0)
			return true;
	return !option->commands[0];
}

int options_check(const Ctl *ctl, const Command *command)
{
	for (size_t i = 0; i < ELEMENTS(options); i++)
		if (is_set(ctl, &options[i]) && !takes(command, &options[i]))
			return ctl_usage("%s takes no --%s: leave it out", command->words, options[i].name);
	if (ctl->clinic && ctl->ledger)
		return ctl_usage("--clinic and --ledger exclude each other: give one of them");
	if (!ctl->clinic && (ctl->ca || ctl->cert || ctl->cert_key || ctl->proofs || ctl->copies))
		return ctl_usage("--ca, --cert, --cert-key, --proofs and --copies go with --clinic URL");
	if (ctl->profile && !ctl->ledger && !ctl->clinic)
		return ctl_usage(
			"--profile is for a ledger's file, a station has its own: leave it out, or give "
			"the file with --ledger FILE");
	return CTL_DONE;
}

bool command_begins(const char *command, const char *words)
{
	size_t length = strlen(words);

	return length == 0 ||
	       (strncmp(command, words, length) == 0 && (!command[length] || command[length] == ' '));
}

/** Prints the option with the commands that take it, unless all do. */
static void print_option(const Option *option)
{
	char label[LABEL_MAX];

	snprintf(label, sizeof label, "--%s%s%s", option->name, option->argument ? " " : "",
		option->argument ? option->argument : "");
	printf("  %c%c%c %-16s %s", option->letter ? '-' : ' ', option->letter ? option->letter : ' ',
		option->letter ? ',' : ' ', label, option->help);
	for (size_t i = 0; i < COMMANDS_MAX && option->commands[i]; i++)
		printf("%s%s", i ? ", " : "\n                       of ", option->commands[i]);
	puts("");
}

void options_print(const char *words)
{
	puts("\nOptions:");
	for (size_t i = 0; i < ELEMENTS(options); i++) {
		bool wanted = !options[i].commands[0];

		for (size_t j = 0; j < COMMANDS_MAX && options[i].commands[j]; j++)
			wanted = wanted || command_begins(options[i].commands[j], words);
		if (wanted)
			print_option(&options[i]);
	}
	puts("  -h, --help           this text, or after a command what that takes\n"
	     "      --version        the version");
}
