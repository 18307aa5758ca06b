/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The commands of a session: its steps from beginning to signature, and cartridge, pigment and photographs.
 * They must not judge whether a step is possible: the station does.
 */

#include "commands.h"

#include <string.h>
#include <unistd.h>

int ctl_forward(Ctl *ctl, int n, char **arguments)
{
	const Command *command = ctl->command;
	const char *words[CTL_FORWARD_MAX] = { NULL };

	memcpy(words, arguments, (size_t)n * sizeof *words);
	return ctl_call(ctl, command->calls.path, command->calls.interface, command->calls.method, NULL,
		&"ssss"[CTL_FORWARD_MAX - n], words[0], words[1], words[2], words[3]);
}

static int command_begin(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	uint64_t session = 0, number;
	int status;

	if (!ctl_parse_number(arguments[2], 0, UINT32_MAX, &number))
		return ctl_usage("\"%s\" is no session of a course: write 1, 2, ...", arguments[2]);
	if (n > 3 && strcmp(arguments[3], "new") != 0)
		return ctl_usage(
			"\"%s\": write new for a person who never was here, or nothing", arguments[3]);
	status = ctl_call(ctl, CTL_SESSION, n > 3 ? "BeginNew" : "Begin", &reply, "ssu", arguments[0],
		arguments[1], (uint32_t)number);
	if (status == CTL_DONE && sd_bus_message_read(reply, "t", &session) >= 0)
		ctl_done(ctl, json_pack("{s:I}", "session", (json_int_t)session), "session %llu has begun\n",
			(unsigned long long)session);
	return status;
}

/** One line for each zone: what it has, and when it may be treated. */
static void print_client_zone(json_t *zone)
{
	json_int_t wait = json_integer_value(json_object_get(zone, "wait_days"));
	const char *last = json_string_value(json_object_get(zone, "last"));

	printf("%-16s %6.1f cm2 %8.1f dots/cm2  ", json_string_value(json_object_get(zone, "zone")),
		json_number_value(json_object_get(zone, "area_mm2")) / 100,
		json_number_value(json_object_get(zone, "density")));
	if (!last)
		puts("no dots yet");
	else if (wait)
		printf("last %.10s, %lld days ago: not due for %lld days\n", last,
			json_integer_value(json_object_get(zone, "days_since")), wait);
	else
		printf("last %.10s, %lld days ago\n", last,
			json_integer_value(json_object_get(zone, "days_since")));
}

static int command_client(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	json_auto_t *figures = NULL;
	uint64_t number;
	json_t *zone;
	size_t i;
	int status;

	if (!ctl_parse_number(arguments[2], 1, UINT32_MAX, &number))
		return ctl_usage("\"%s\" is no session of a course: write 1, 2, ...", arguments[2]);
	status = ctl_call(
		ctl, CTL_SESSION, "Client", &reply, "ssu", arguments[0], arguments[1], (uint32_t)number);
	if (status != CTL_DONE || ctl_read_fields(reply, &figures) < 0)
		return status;
	if (ctl->json) {
		ctl_print_fields(ctl, figures);
		return status;
	}
	json_array_foreach (json_object_get(figures, "zones"), i, zone)
		print_client_zone(zone);
	return status;
}

static const char *word_of_answer(const json_t *answer)
{
	return !json_is_boolean(answer) ? "-" : json_is_true(answer) ? "yes" : "no";
}

/** One line for each question: its answers, then its words. */
static void print_question(json_t *question)
{
	const json_t *last = json_object_get(question, "last"), *today = json_object_get(question, "today");
	const json_t *since = json_object_get(question, "yes_since_session");

	printf("%-26s %-9s last session: %-3s today: %-3s  %s\n",
		json_string_value(json_object_get(question, "question")),
		json_string_value(json_object_get(question, "yes")), word_of_answer(last),
		word_of_answer(today), json_string_value(json_object_get(question, "text")));
	if (last && today && json_is_true(last) != json_is_true(today))
		printf("%-26s last session: %s, today: %s\n", "  changed", word_of_answer(last),
			word_of_answer(today));
	if (since)
		printf("%-26s yes since session %lld: only a supervisor changes it to no, with the reason\n",
			"  stands", (long long)json_integer_value(since));
}

static int command_questions(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	json_auto_t *figures = NULL;
	json_t *question;
	size_t i;
	int status = ctl_call(ctl, CTL_SESSION, "Questions", &reply, NULL);

	if (status != CTL_DONE || ctl_read_fields(reply, &figures) < 0)
		return status;
	if (ctl->json) {
		ctl_print_fields(ctl, figures);
		return status;
	}
	json_array_foreach (json_object_get(figures, "questions"), i, question)
		print_question(question);
	return status;
}

/** Appends "QUESTION=yes" to a message; false if the text has another form. */
static bool append_screening_answer(sd_bus_message *message, char *word, int *r)
{
	char *equals = strchr(word, '=');

	if (!equals || (strcmp(equals, "=yes") != 0 && strcmp(equals, "=no") != 0))
		return false;
	*equals = '\0';
	*r = *r < 0 ? *r : sd_bus_message_append(message, "{sb}", word, strcmp(equals + 1, "yes") == 0);
	return true;
}

static int command_screening(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	int r = ctl_message_new(ctl, CTL_SESSION, "AnswerScreening", &message, NULL);

	r = r < 0 ? r : sd_bus_message_open_container(message, 'a', "{sb}");
	for (int i = 0; i < n; i++)
		if (!append_screening_answer(message, arguments[i], &r))
			return ctl_usage(
				"\"%s\" is no answer: write QUESTION=yes or QUESTION=no", arguments[i]);
	r = r < 0 ? r : sd_bus_message_close_container(message);
	return ctl_send(ctl, message, r, NULL);
}

static int command_consent(Ctl *ctl, int n, char **arguments)
{
	bool withdrawn = n > 2;

	if (withdrawn && strcmp(arguments[2], "withdrawn") != 0)
		return ctl_usage("a consent is given, or \"withdrawn\", not \"%s\"", arguments[2]);
	return ctl_call(
		ctl, CTL_SESSION, "RecordConsent", NULL, "ssb", arguments[0], arguments[1], !withdrawn);
}

static int command_zone(Ctl *ctl, int n, char **arguments)
{
	uint64_t area = 0; /* the one on record */

	if (n > 2 && !ctl_parse_number(arguments[2], 1, UINT32_MAX, &area))
		return ctl_usage("\"%s\" is no area: write whole mm2", arguments[2]);
	return ctl_call(
		ctl, CTL_SESSION, "SelectZone", NULL, "ssu", arguments[0], arguments[1], (uint32_t)area);
}

static int run_check(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *id, *text, *name;
	int status = ctl_call(ctl, CTL_SESSION, "Refusals", &reply, NULL);

	if (status != CTL_DONE)
		return status;
	if (sd_bus_message_enter_container(reply, 'a', "(sss)") >= 0)
		while (sd_bus_message_read(reply, "(sss)", &id, &text, &name) > 0) {
			json_auto_t *line =
				json_pack("{s:s, s:s, s:s}", "id", id, "text", text, "error", name);

			if (ctl->json)
				ctl_print_fields(ctl, line);
			else
				printf("%-16s %s\n", id, text);
			status = CTL_FAILED;
		}
	if (status == CTL_DONE && !ctl->json)
		puts("nothing stands against arming");
	return status;
}

static int command_arm(Ctl *ctl, int n, char **arguments)
{
	int status = ctl_call(ctl, CTL_SESSION, "Arm", NULL, NULL);

	if (status != CTL_DONE)
		return status;
	ctl_done(ctl, json_pack("{s:b}", "armed", 1), "armed: the pedal starts the needle\n");
	return CTL_DONE;
}

static int command_finish(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	json_auto_t *figures = NULL;
	int status = ctl_call(ctl, CTL_SESSION, "Finish", &reply, NULL);

	if (status == CTL_DONE && ctl_read_fields(reply, &figures) >= 0)
		ctl_print_fields(ctl, figures);
	return status;
}

static int command_sign(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(ctl_pin_erase) char pin[CTL_PIN_MAX] = "";
	int status = ctl_read_pin(ctl, pin);

	if (status != CTL_DONE)
		return status;
	status = ctl_call(ctl, CTL_SESSION, "Sign", NULL, "ss", pin, arguments[0]);
	if (status != CTL_DONE)
		return status;
	ctl_done(ctl, json_pack("{s:b}", "signed", 1), "signed\n");
	return CTL_DONE;
}

static int mount_needle(Ctl *ctl, const char *code)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(freep) char *needles = NULL;
	const char *unit = "";
	int status = ctl_call(ctl, CTL_SESSION, "MountNeedle", &reply, "s", code);

	if (status != CTL_DONE || sd_bus_message_read(reply, "s", &unit) < 0)
		return status;
	status = ctl_get_string(ctl, CTL_SESSION, "Needles", &needles);
	ctl_done(ctl, json_pack("{s:s, s:s*}", "unit", unit, "needles", needles), "claimed %s\n%s", unit,
		needles && !*needles
			? "how its needles are is not on record: check that they suit the zone, and receive the "
			  "next delivery with its configuration\n"
			: "");
	return status;
}

/**
 * Reads codes, one a line, from a scanner that types. A refused code is reported, and the next one may be
 * good.
 */
static int mount_lines(Ctl *ctl)
{
	_cleanup_(freep) char *line = NULL;
	size_t size = 0;
	int status = CTL_FAILED;
	bool came = false;

	for (;;) {
		if (isatty(STDIN_FILENO))
			fputs("code (Ctrl-D ends): ", stderr);
		if (getline(&line, &size, stdin) < 0)
			return came ? status
				    : ctl_fail("no code came: scan one, or write it after the command");
		line[strcspn(line, "\r\n")] = '\0';
		if (*line) {
			came = true;
			status = mount_needle(ctl, line);
		}
		fflush(stdout);
	}
}

static int command_mount(Ctl *ctl, int n, char **arguments)
{
	return n > 0 ? mount_needle(ctl, arguments[0]) : mount_lines(ctl);
}

static int command_capture(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	json_auto_t *figures = NULL;
	const char *file;
	int status = ctl_call(ctl, CTL_SESSION, "Capture", &reply, "ss", arguments[0], arguments[1]);

	if (status == CTL_DONE && sd_bus_message_read(reply, "s", &file) >= 0 &&
		ctl_read_fields(reply, &figures) >= 0) {
		json_object_set_new(figures, "file", json_string(file));
		ctl_print_fields(ctl, figures);
	}
	return status;
}

const Command session_commands[] = {
	{ "session begin", "SUBJECT PROTOCOL N [new]", 3, 4, command_begin,
		"begin session N of a course; SUBJECT is a pseudonym, of somebody on record or new" },
	{ "session client", "SUBJECT PROTOCOL N", 3, 3, command_client,
		"the zones of a client before session N: density, last dots, and which are not due yet" },
	{ "session screening", "QUESTION=yes|no...", 1, 64, command_screening,
		"answer what protocol and profile ask; `session questions` lists it" },
	{ "session questions", "", 0, 0, command_questions,
		"what is asked, with the answers of the last session and of today" },
	{ "session consent", "FORM VERSION [withdrawn]", 2, 3, command_consent,
		"record that the client signed a form on paper: treatment, photographs, aftercare or needles-sealed" },
	{ "session zone", "ZONE SKIN_TYPE [AREA_MM2]", 2, 3, command_zone,
		"choose the zone to treat; without an area, with the one on record for this client" },
	{ "session check", "", 0, 0, run_check, "what stands against arming; exit 1 when anything does" },
	{ "session arm", "", 0, 0, command_arm, "let the pedal start the needle" },
	{ "session disarm", "", 0, 0, ctl_forward, "the pedal no longer starts the needle",
		.calls = { CTL_SESSION, "Disarm" } },
	{ "session pause", "", 0, 0, ctl_forward, "take a break", .calls = { CTL_SESSION, "Pause" } },
	{ "session resume", "", 0, 0, ctl_forward,
		"end the break, or go on after the station stopped; arm again afterwards",
		.calls = { CTL_SESSION, "Resume" } },
	{ "session finish", "", 0, 0, command_finish,
		"the treatment is over; after-photographs and signature remain" },
	{ "session sign", "MEANING", 1, 1, command_sign, "sign the session with the PIN, which ends it" },
	{ "session abandon", "REASON", 1, 1, ctl_forward, "end the session early",
		.calls = { CTL_SESSION, "Abandon" } },
	{ "needle mount", "[CODE]", 0, 1, command_mount,
		"claim a cartridge by its scanned or typed code; without CODE, by each line of input" },
	{ "needle remove", "REASON", 1, 1, ctl_forward, "take the cartridge out",
		.calls = { CTL_SESSION, "RemoveNeedle" } },
	{ "pigment load", "BRAND COLOUR LOT EXPIRY", 4, 4, ctl_forward, "load a pigment",
		.calls = { CTL_SESSION, "LoadPigment" } },
	{ "capture", "ZONE before|after", 2, 2, command_capture, "photograph a zone" },
	{ 0 },
};
