/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The commands about the station itself: status, doctor, monitor, login, logout, enrol, operator pin,
 * self-test and acknowledge. A sign-in must not outlive the program that made it.
 */

#include "commands.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { NAME_BYTES = 256, TOKEN_BYTES = 64 };

static int get_all(Ctl *ctl, const char *path, const char *interface, json_t *into)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	json_auto_t *fields = NULL;
	int r, status = ctl_call(
		       ctl, path, "org.freedesktop.DBus.Properties", "GetAll", &reply, "s", interface);

	if (status != CTL_DONE)
		return status;
	r = ctl_read_fields(reply, &fields);
	if (r < 0 || json_object_update(into, fields) < 0)
		return ctl_fail("the properties of %s cannot be read: %s", interface, strerror(-r));
	return CTL_DONE;
}

static int get_status(Ctl *ctl, json_t *into)
{
	int status = get_all(ctl, CTL_STATION, into);

	return status == CTL_DONE ? get_all(ctl, CTL_SESSION, into) : status;
}

/** Of a station without a registry there is nothing to say about one. */
static void leave_out_clinic(json_t *fields)
{
	static const char *const of_clinic[] = { "Registry", "RegistryConnected", "BootConfirmed",
		"Quarantined", "Mirrored", "Unmirrored", "Cosigned" };
	const char *registry = json_string_value(json_object_get(fields, "Registry"));

	if (registry && registry[0])
		return;
	for (size_t i = 0; i < ELEMENTS(of_clinic); i++)
		(void)!json_object_del(fields, of_clinic[i]);
}

static int run_status(Ctl *ctl, int n, char **arguments)
{
	json_auto_t *fields = json_object();
	int status = get_status(ctl, fields);

	if (status != CTL_DONE)
		return status;
	leave_out_clinic(fields);
	ctl_print_fields(ctl, fields);
	return CTL_DONE;
}

static void print_check(
	const Ctl *ctl, const char *check, uint32_t level, const char *text, const char *advice)
{
	static const char *const marks[] = { "good", "WARN", "BAD " };

	if (ctl->json) {
		json_auto_t *line = json_pack("{s:s, s:i, s:s, s:s}", "check", check, "level", (int)level,
			"text", text, "advice", advice);
		_cleanup_(freep) char *dump = json_dumps(line, JSON_COMPACT | JSON_SORT_KEYS);

		puts(dump ? dump : "");
		return;
	}
	printf("%s  %-14s %s%s%s\n", marks[level > 2 ? 2 : level], check, text, advice[0] ? ": " : "",
		advice);
}

static int command_doctor(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *check, *text, *advice;
	uint32_t level;
	int sound = ctl->sound ? ctl_test_sound(ctl) : CTL_DONE;
	int status = ctl_call(ctl, CTL_STATION, "Doctor", &reply, NULL);

	if (status != CTL_DONE)
		return status;
	if (sd_bus_message_enter_container(reply, 'a', "(suss)") >= 0)
		while (sd_bus_message_read(reply, "(suss)", &check, &level, &text, &advice) > 0) {
			print_check(ctl, check, level, text, advice);
			if (level >= 2)
				status = CTL_FAILED;
		}
	return status == CTL_DONE ? sound : status;
}

/* ---- monitor ---- */

static void print_change(const Ctl *ctl, const char *key, json_t *value)
{
	_cleanup_(freep) char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));

	if (ctl->json)
		printf("{\"%s\":%s}\n", key, text ? text : "null");
	else
		printf("%s = %s\n", key, text ? text : "");
}

static int print_changes(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	json_auto_t *fields = NULL;
	const char *interface, *key;
	json_t *value;

	if (sd_bus_message_read(message, "s", &interface) >= 0 && ctl_read_fields(message, &fields) >= 0)
		json_object_foreach (fields, key, value)
			print_change(userdata, key, value);
	fflush(stdout);
	return 0;
}

static int print_alert(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const Ctl *ctl = userdata;
	const char *alert, *text;

	if (sd_bus_message_read(message, "ss", &alert, &text) < 0)
		return 0;
	if (ctl->json) {
		json_auto_t *line = json_pack("{s:s, s:s}", "Alert", alert, "Text", text);

		ctl_print_fields(ctl, line);
	} else {
		printf("alert %s: %s\n", alert, text);
	}
	fflush(stdout);
	return 0;
}

/** Reports that the daemon came or went. */
static int print_owner(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const char *name, *before, *after;
	json_auto_t *running = NULL;

	if (sd_bus_message_read(message, "sss", &name, &before, &after) < 0)
		return 0;
	running = json_boolean(after[0]);
	print_change(userdata, "Running", running);
	fflush(stdout);
	return 0;
}

static int match_owner(Ctl *ctl, sd_bus_message_handler_t handler, void *userdata)
{
	return sd_bus_add_match(ctl->bus, NULL,
		"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
		"member='NameOwnerChanged',arg0='org.stipple.Station1'",
		handler, userdata);
}

static int match_all(Ctl *ctl)
{
	int r = match_owner(ctl, print_owner, ctl);

	if (r < 0)
		return r;
	r = sd_bus_match_signal(ctl->bus, NULL, "org.stipple.Station1", NULL,
		"org.freedesktop.DBus.Properties", "PropertiesChanged", print_changes, ctl);
	return r < 0 ? r
		     : sd_bus_match_signal(ctl->bus, NULL, "org.stipple.Station1", CTL_STATION, "Alert",
			       print_alert, ctl);
}

/** Prints the present state after subscribing to changes, so that no change is missed between the two. */
static int run_monitor(Ctl *ctl, int n, char **arguments)
{
	json_auto_t *fields = json_object();
	const bool ended = false;
	const char *key;
	json_t *value;
	int status, r = match_all(ctl);

	if (r < 0)
		return ctl_fail("the bus does not let us listen: %s", strerror(-r));
	status = get_status(ctl, fields);
	if (status != CTL_DONE)
		return status;
	json_object_foreach (fields, key, value)
		print_change(ctl, key, value);
	fflush(stdout);
	return ctl_serve(ctl, &ended);
}

/* ---- signing in ---- */

static int on_daemon_lost(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const char *name, *before, *after;

	if (sd_bus_message_read(message, "sss", &name, &before, &after) >= 0 && before[0])
		*(bool *)userdata = true;
	return 0;
}

/** Keeps the connection, and with it the sign-in, until a signal or until the daemon leaves (`lost`). */
static int hold_sign_in(Ctl *ctl, const bool *lost)
{
	int status = ctl_serve(ctl, lost);

	return *lost ? ctl_fail("stippled has left, and the sign-in with it: sign in again") : status;
}

/** Runs in the child process: it ends with the sign-in and shares it with all programs that it starts. */
static void exec_command(char **command, const char *token, pid_t parent)
{
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGQUIT, SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL); /* also where nohup ignores it: it ends us below */
	(void)prctl(PR_SET_PDEATHSIG, SIGHUP);
	if (getppid() == parent && setenv(CTL_TOKEN_VARIABLE, token, true) == 0) {
		execvp(command[0], command);
		ctl_fail("%s: %s", command[0], strerror(errno));
	}
	_exit(CTL_FAILED);
}

/** Ctrl-C is for the command, as in a shell: the sign-in lasts until the command has ended. */
static int run_signed_in(char **command, const char *token)
{
	int status = 0;
	pid_t parent = getpid(), child;

	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGQUIT, SIG_IGN);
	child = fork();
	if (child < 0)
		return ctl_fail("%s: %s", command[0], strerror(errno));
	if (child == 0)
		exec_command(command, token, parent);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : CTL_FAILED;
}

static int run_shell(const char *token)
{
	const char *shell = getenv("SHELL");
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s", shell && shell[0] ? shell : "/bin/sh");
	return run_signed_in((char *[]){ path, NULL }, token);
}

static int sign_in_as(Ctl *ctl, const char *badge, char ret_name[NAME_BYTES])
{
	_cleanup_(ctl_pin_erase) char pin[CTL_PIN_MAX] = "";
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *name = "";
	int status = ctl_read_pin(ctl, pin);

	if (status != CTL_DONE)
		return status;
	status = ctl_call(ctl, CTL_STATION, "Login", &reply, "ss", badge, pin);
	if (status != CTL_DONE)
		return status;
	(void)!sd_bus_message_read(reply, "s", &name);
	snprintf(ret_name, NAME_BYTES, "%s", name);
	return CTL_DONE;
}

static int get_token(Ctl *ctl, char ret[TOKEN_BYTES])
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *token = "";
	int status = ctl_call(ctl, CTL_STATION, "Token", &reply, NULL);

	if (status != CTL_DONE)
		return status;
	(void)!sd_bus_message_read(reply, "s", &token);
	snprintf(ret, TOKEN_BYTES, "%s", token);
	return CTL_DONE;
}

/** Keeps the sign-in while a command or a shell shares it; without a terminal for a shell, until a signal. */
static int command_login(Ctl *ctl, int n, char **arguments)
{
	bool shell = n == 1 && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	char name[NAME_BYTES], token[TOKEN_BYTES] = "";
	bool lost = false;
	int status;

	/* before the sign-in, so that a daemon that leaves right after it is noticed */
	if (match_owner(ctl, on_daemon_lost, &lost) < 0)
		return ctl_fail("the bus does not let us listen: try again");
	status = sign_in_as(ctl, arguments[0], name);
	if (status != CTL_DONE)
		return status;
	status = shell || n > 1 ? get_token(ctl, token) : CTL_DONE;
	if (status != CTL_DONE)
		return status;
	ctl_done(ctl, json_pack("{s:s, s:s}", "badge", arguments[0], "name", name), "signed in as %s%s\n",
		name,
		n > 1   ? ""
		: shell ? "; this shell shares it, exit signs out"
			: "; Ctrl-C signs out");
	fflush(stdout);
	status = n > 1   ? run_signed_in(arguments + 1, token)
		 : shell ? run_shell(token)
			 : hold_sign_in(ctl, &lost);
	explicit_bzero(token, sizeof token);
	return status;
}

static int command_enrol(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(ctl_pin_erase) char pin[CTL_PIN_MAX] = "";
	int status;

	if (n != (ctl->enrolment_code ? 2 : 3))
		return ctl_usage(ctl->enrolment_code
					 ? "with --code an administrator is enrolled: give no roles"
					 : "enrol takes: BADGE NAME ROLES");
	status = ctl_read_pin(ctl, pin);
	if (status != CTL_DONE)
		return status;
	status = ctl->enrolment_code ? ctl_call(ctl, CTL_STATION, "EnrolFirst", NULL, "ssss",
					       ctl->enrolment_code, arguments[0], arguments[1], pin)
				     : ctl_call(ctl, CTL_STATION, "Enrol", NULL, "ssss", arguments[0],
					       arguments[1], pin, arguments[2]);
	if (status != CTL_DONE)
		return status;
	ctl_done(ctl, json_pack("{s:s, s:s}", "badge", arguments[0], "name", arguments[1]),
		"%s enrolled with badge %s\n", arguments[1], arguments[0]);
	return CTL_DONE;
}

static int command_change_pin(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(ctl_pin_erase) char pin[CTL_PIN_MAX] = "", new_pin[CTL_PIN_MAX] = "";
	int status = ctl_read_new_pin(ctl, pin, new_pin);

	if (status != CTL_DONE)
		return status;
	status =
		ctl_call(ctl, CTL_STATION, "ChangePin", NULL, "sss", n > 0 ? arguments[0] : "", pin, new_pin);
	if (status != CTL_DONE)
		return status;
	ctl_done(ctl, json_pack("{s:b}", "changed", 1), "the new PIN is valid from now on\n");
	return CTL_DONE;
}

static int command_self_test(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *failed = "";
	int status = ctl_call(ctl, CTL_STATION, "SelfTest", &reply, NULL);

	if (status != CTL_DONE)
		return status;
	(void)!sd_bus_message_read(reply, "s", &failed);
	if (failed[0])
		return ctl_fail("the board's self-test failed: %s; have it serviced", failed);
	ctl_done(ctl, json_pack("{s:b}", "passed", 1), "all parts of the board passed\n");
	return CTL_DONE;
}

static int command_acknowledge(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(ctl_pin_erase) char pin[CTL_PIN_MAX] = "";
	int status = ctl_read_pin(ctl, pin);

	return status == CTL_DONE
		       ? ctl_call(ctl, CTL_STATION, "AcknowledgeFault", NULL, "ss", arguments[0], pin)
		       : status;
}

const Command station_commands[] = {
	{ "status", "", 0, 0, run_status, "how the station and its session are" },
	{ "doctor", "", 0, 0, command_doctor,
		"check board, lines, camera, broker, clock, disk, permissions, sound" },
	{ "monitor", "", 0, 0, run_monitor, "show every change as it happens, until Ctrl-C" },
	{ "login", "BADGE [-- COMMAND...]", 1, 256, command_login,
		"sign in while COMMAND runs, or a shell; programs that it starts share the sign-in",
		.runs = true },
	{ "logout", "", 0, 0, ctl_forward, "sign out", .calls = { CTL_STATION, "Logout" } },
	{ "enrol", "BADGE NAME [ROLES]", 2, 3, command_enrol,
		"enrol an operator; roles separated by commas; with --code the first administrator" },
	{ "operator pin", "[BADGE]", 0, 1, command_change_pin,
		"change one's own PIN; as an administrator also another's" },
	{ "self-test", "", 0, 0, command_self_test, "let the needle-driver board test itself" },
	{ "acknowledge", "NOTE", 1, 1, command_acknowledge, "clear a latched fault once its cause is gone" },
	{ 0 },
};
