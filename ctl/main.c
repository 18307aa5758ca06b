/* SPDX-License-Identifier: Apache-2.0 */

/**
 * stipplectl: every step of a session, and the record, from the command line. It finds the command and runs
 * it; an answer that was cut short must never look like a whole one.
 */

#include "commands.h"

#include <errno.h>
#include <string.h>

#include "options.h"

enum { WORD_MAX = 4096 };

static const Command *const groups[] = {
	station_commands,
	alarm_commands,
	session_commands,
	proof_commands,
	ledger_commands,
	record_commands,
	code_commands,
	form_commands,
	import_commands,
	recall_commands,
	stock_commands,
	subject_commands,
#if HAVE_CLINIC
	clinic_commands,
#endif
#if HAVE_REPORT
	report_commands,
#endif
#if HAVE_LABELS
	label_commands,
#endif
};

/* ---- which command ---- */

static int count_words(const Command *command)
{
	return strchr(command->words, ' ') ? 2 : 1;
}

/** Joins the first one or two of `words` into a command's name. */
static void join_words(int n, char **words, char ret[64])
{
	snprintf(ret, 64, "%s%s%s", words[0], n > 1 ? " " : "", n > 1 ? words[1] : "");
}

/** How many of `words` belong to the command's name; 0 when it is another command. */
static int match(const Command *command, int n, char **words)
{
	char joined[64];
	int count = count_words(command);

	if (n < count)
		return 0;
	join_words(count, words, joined);
	return strcmp(joined, command->words) == 0 ? count : 0;
}

/**
 * Finds the command whose name takes the most words: "audit report" must not be read as "audit" of something
 * called report.
 */
static const Command *find_command(int n, char **words, int *ret_count)
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

static int no_command(int n, char **words)
{
	return ctl_usage("there is no command \"%s%s%s\"", words[0], n > 1 ? " " : "", n > 1 ? words[1] : "");
}

/* ---- help ---- */

static bool is_group(const char *word)
{
	for (size_t i = 0; i < ELEMENTS(groups); i++)
		for (const Command *command = groups[i]; command->words; command++)
			if (command_begins(command->words, word))
				return true;
	return false;
}

/** Lists the commands that begin with `words`; "": all commands. */
static int print_tool_help(const char *words)
{
	printf("Usage: stipplectl [OPTION]... %s [ARGUMENT]...\n"
	       "Runs a treatment station: sessions, needles, pictures, and the record of all of them.\n\n",
		words[0] ? words : "COMMAND");
	for (size_t i = 0; i < ELEMENTS(groups); i++)
		for (const Command *command = groups[i]; command->words; command++)
			if (command_begins(command->words, words))
				printf("  %s %s\n        %s\n", command->words, command->arguments,
					command->help);
	options_print(words);
	puts("\nExit status: 0 done, 1 refused or failed, 2 the words were not understood.");
	return CTL_DONE;
}

/** Skips the words after a command's own. */
static int help_on(int n, char **words)
{
	int count;
	const Command *command = find_command(n, words, &count);

	if (command)
		return print_tool_help(command->words);
	return n == 1 && is_group(words[0]) ? print_tool_help(words[0]) : no_command(n, words);
}

/* ---- running it ---- */

/**
 * Refuses text that is not UTF-8, for which the bus would close the connection, and text longer than the
 * station reads.
 */
static int check_argument_texts(const Command *command, int n, char **words)
{
	for (int i = 0; i < (command->runs ? 1 : n) && !command->alone; i++) {
		json_auto_t *text = json_string(words[i]);

		if (!text)
			return ctl_usage(
				"\"%s\": word %d is no UTF-8 text: write it again", command->words, i + 1);
		if (json_string_length(text) > WORD_MAX)
			return ctl_usage("\"%s\": word %d has more than %d bytes: write it shorter",
				command->words, i + 1, WORD_MAX);
	}
	return CTL_DONE;
}

static int run_words(Ctl *ctl, int n, char **words)
{
	int count, status;
	const Command *command = find_command(n, words, &count);

	if (!command)
		return no_command(n, words);
	n -= count;
	words += count;
	if (n < command->least || n > command->most)
		return ctl_usage("%s takes: %s", command->words,
			command->arguments[0] ? command->arguments : "nothing");
	status = options_check(ctl, command);
	if (status != CTL_DONE)
		return status;
	status = check_argument_texts(command, n, words);
	if (status != CTL_DONE)
		return status;
	ctl->command = command;
	status = command->alone || ctl->ledger || ctl->clinic ? CTL_DONE : ctl_connect(ctl, ctl->bus_name);
	if (status != CTL_DONE)
		return status;
	status = command->run(ctl, n, words);
	sd_bus_flush_close_unref(ctl->bus);
	return status;
}

/** Fails when the output was cut short: it must not look complete. */
static int finish_output(int status)
{
	bool failed = ferror(stdout);
	int error = fflush(stdout) != 0 ? errno : 0;

	if (error)
		return ctl_fail("not all could be written (%s): the answer is not whole", strerror(error));
	return failed ? ctl_fail("not all could be written: the answer is not whole") : status;
}

int main(int argc, char **argv)
{
	const char *bus = getenv("STIPPLE_BUS");
	Ctl ctl = { .bus_name = bus && bus[0] ? bus : NULL };
	bool wants_help, wants_version;
	int first, status = options_read(argc, argv, &ctl, &wants_help, &wants_version, &first);

	if (status != CTL_DONE)
		return status;
	if (!ctl.bus_name || !ctl.bus_name[0])
		ctl.bus_name = "system";
	if (wants_version)
		puts("stipplectl " STIPPLE_VERSION);
	else if (wants_help && first == argc)
		status = print_tool_help("");
	else if (wants_help)
		status = help_on(argc - first, argv + first);
	else if (first == argc)
		status = ctl_usage("a command is needed");
	else
		status = run_words(&ctl, argc - first, argv + first);
	return finish_output(status);
}
