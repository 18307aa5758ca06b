/* SPDX-License-Identifier: Apache-2.0 */

/** stipplectl: every step of a session, and the record, from the command line. */

#include "commands.h"

#include <getopt.h>
#include <string.h>

static const Command *const groups[] = {
	station_commands,
	session_commands,
	proof_commands,
	ledger_commands,
	record_commands,
	code_commands,
	form_commands,
	import_commands,
#if HAVE_REPORT
	report_commands,
#endif
};

static void help(void)
{
	puts("Usage: stipplectl [OPTION]... COMMAND [ARGUMENT]...\n"
	     "Runs a treatment station: sessions, needles, pictures, and the record of all of them.\n");
	for (size_t i = 0; i < ELEMENTS(groups); i++)
		for (const Command *command = groups[i]; command->words; command++)
			printf("  %s %s\n        %s\n", command->words, command->arguments, command->help);
	puts("\nOptions:\n"
	     "      --json           one JSON object a line\n"
	     "      --csv            rows as CSV (audit)\n"
	     "      --pin-file FILE  take the PIN from FILE instead of asking\n"
	     "      --code CODE      the code for the first administrator (enrol)\n"
	     "      --map FILE       which column holds what (sterilizer import)\n"
	     "      --dry-run        only say what would be done (sterilizer import)\n"
	     "      --fnc1 CHARACTER  what stands for FNC1 in a code (needle parse)\n"
	     "  -o, --output FILE    where a report goes: its name ends in .pdf, .svg or .html\n"
	     "      --from DAY       of an inspector's report: its first day\n"
	     "      --to DAY         of an inspector's report: its last day\n"
	     "      --paper PAPER    of a report: a4 (default) or letter\n"
	     "      --ledger FILE    the ledger's file (audit, ledger; default " STIPPLE_STATE_FOLDER
	     "/ledger.db)\n"
	     "      --key KEY        the public key that must have signed (audit verify, witness)\n"
	     "      --proof FILE     a proof or checkpoint from anywhere (audit verify)\n"
	     "      --leaf FILE      what it proves, where the proof does not hold it\n"
	     "      --bus BUS        system (default), session, or an address; also STIPPLE_BUS\n"
	     "  -h, --help           this text\n"
	     "      --version        the version\n\n"
	     "Exit status: 0 done, 1 refused or failed, 2 the words were not understood.");
}

/** How many of `words` the command's own words take; 0 when it is another command. */
static int match(const Command *command, int n, char **words)
{
	char joined[64];
	int count = strchr(command->words, ' ') ? 2 : 1;

	if (n < count)
		return 0;
	snprintf(
		joined, sizeof joined, "%s%s%s", words[0], count == 2 ? " " : "", count == 2 ? words[1] : "");
	return strcmp(joined, command->words) == 0 ? count : 0;
}

/** The command that takes the most words: "audit report" is not the "audit" of something called report. */
static const Command *find(int n, char **words, int *ret_count)
{
	const Command *found = NULL;
	int count;

	*ret_count = 0;
	for (size_t i = 0; i < ELEMENTS(groups); i++)
		for (const Command *command = groups[i]; command->words; command++) {
			count = match(command, n, words);
			if (count <= *ret_count)
				continue;
			*ret_count = count;
			found = command;
		}
	return found;
}

static int run(Ctl *ctl, const char *bus, int n, char **words)
{
	int count, status;
	const Command *command = find(n, words, &count);

	if (!command)
		return ctl_usage(
			"there is no command \"%s%s%s\"", words[0], n > 1 ? " " : "", n > 1 ? words[1] : "");
	n -= count;
	words += count;
	if (n < command->least || n > command->most)
		return ctl_usage("%s takes: %s", command->words,
			command->arguments[0] ? command->arguments : "nothing");
	ctl->command = command;
	ctl->bus_name = bus;
	status = command->alone ? CTL_DONE : ctl_connect(ctl, bus);
	if (status == CTL_DONE)
		status = command->run(ctl, n, words);
	sd_bus_flush_close_unref(ctl->bus);
	return status;
}

int main(int argc, char **argv)
{
	enum {
		OPTION_JSON = 256,
		OPTION_CSV,
		OPTION_PIN_FILE,
		OPTION_CODE,
		OPTION_FNC1,
		OPTION_PAPER,
		OPTION_FROM,
		OPTION_TO,
		OPTION_MAP,
		OPTION_DRY_RUN,
		OPTION_BUS,
		OPTION_LEDGER,
		OPTION_KEY,
		OPTION_PROOF,
		OPTION_LEAF,
		OPTION_VERSION
	};
	static const struct option options[] = {
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "csv", no_argument, NULL, OPTION_CSV },
		{ "pin-file", required_argument, NULL, OPTION_PIN_FILE },
		{ "code", required_argument, NULL, OPTION_CODE },
		{ "fnc1", required_argument, NULL, OPTION_FNC1 },
		{ "output", required_argument, NULL, 'o' },
		{ "paper", required_argument, NULL, OPTION_PAPER },
		{ "from", required_argument, NULL, OPTION_FROM },
		{ "to", required_argument, NULL, OPTION_TO },
		{ "map", required_argument, NULL, OPTION_MAP },
		{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
		{ "bus", required_argument, NULL, OPTION_BUS },
		{ "ledger", required_argument, NULL, OPTION_LEDGER },
		{ "key", required_argument, NULL, OPTION_KEY },
		{ "proof", required_argument, NULL, OPTION_PROOF },
		{ "leaf", required_argument, NULL, OPTION_LEAF },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ 0 },
	};
	const char *bus = getenv("STIPPLE_BUS");
	Ctl ctl = { 0 };
	int option;

	while ((option = getopt_long(argc, argv, "ho:", options, NULL)) >= 0) {
		switch (option) {
		case OPTION_JSON:
			ctl.json = true;
			break;
		case OPTION_CSV:
			ctl.csv = true;
			break;
		case OPTION_PIN_FILE:
			ctl.pin_file = optarg;
			break;
		case OPTION_CODE:
			ctl.enrolment_code = optarg;
			break;
		case OPTION_FNC1:
			ctl.fnc1 = optarg;
			break;
		case 'o':
			ctl.output = optarg;
			break;
		case OPTION_PAPER:
			ctl.paper = optarg;
			break;
		case OPTION_FROM:
			ctl.from = optarg;
			break;
		case OPTION_TO:
			ctl.to = optarg;
			break;
		case OPTION_MAP:
			ctl.map = optarg;
			break;
		case OPTION_DRY_RUN:
			ctl.dry_run = true;
			break;
		case OPTION_BUS:
			bus = optarg;
			break;
		case OPTION_LEDGER:
			ctl.ledger = optarg;
			break;
		case OPTION_KEY:
			ctl.key = optarg;
			break;
		case OPTION_PROOF:
			ctl.proof = optarg;
			break;
		case OPTION_LEAF:
			ctl.leaf = optarg;
			break;
		case 'h':
			help();
			return CTL_DONE;
		case OPTION_VERSION:
			puts("stipplectl " STIPPLE_VERSION);
			return CTL_DONE;
		default:
			return CTL_USAGE;
		}
	}
	if (optind == argc) {
		ctl_usage("a command is needed");
		return CTL_USAGE;
	}
	return run(&ctl, bus && bus[0] ? bus : "system", argc - optind, argv + optind);
}
