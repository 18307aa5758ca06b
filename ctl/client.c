/* SPDX-License-Identifier: Apache-2.0 */

/**
 * stipplectl's calls over the bus, the PINs that it asks for, and what it prints. It must never wait for the
 * shared sign-in, and must not take a PIN from a file that others can read.
 */

#include "client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/signalfd.h>
#include <termios.h>

enum { PATIENCE_US = 120 * 1000000 };

int ctl_fail(const char *format, ...)
{
	va_list arguments;

	fputs("stipplectl: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return CTL_FAILED;
}

int ctl_usage(const char *format, ...)
{
	va_list arguments;

	fputs("stipplectl: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputs("; see stipplectl --help\n", stderr);
	return CTL_USAGE;
}

/**
 * Shares the sign-in that this program was started within, if there is one. It does not wait for the answer:
 * the next call may stop the needle and must not be delayed. If nobody is signed in, that next call reports
 * it.
 */
static int present_token(sd_bus *bus, const char *token)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	int r = sd_bus_message_new_method_call(bus, &message, "org.stipple.Station1", CTL_STATION, "Present");

	if (r < 0)
		return r;
	r = sd_bus_message_append(message, "s", token);
	if (r < 0)
		return r;
	r = sd_bus_message_set_expect_reply(message, false);
	if (r < 0)
		return r;
	r = sd_bus_message_set_auto_start(message, false);
	return r < 0 ? r : sd_bus_send(bus, message, NULL);
}

static int open_bus_at(const char *address, sd_bus **ret)
{
	_cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r < 0)
		return r;
	r = sd_bus_set_address(bus, address);
	if (r < 0)
		return r;
	r = sd_bus_set_bus_client(bus, true);
	if (r < 0)
		return r;
	r = sd_bus_start(bus);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(bus);
	return 0;
}

int ctl_connect_quietly(Ctl *ctl, const char *which)
{
	const char *token = getenv(CTL_TOKEN_VARIABLE);
	int r = strcmp(which, "system") == 0    ? sd_bus_open_system(&ctl->bus)
		: strcmp(which, "session") == 0 ? sd_bus_open_user(&ctl->bus)
						: open_bus_at(which, &ctl->bus);

	if (r < 0)
		return r;
	r = token && token[0] ? present_token(ctl->bus, token) : 0;
	if (r < 0)
		ctl_fail("the sign-in of " CTL_TOKEN_VARIABLE " cannot be shared: %s", strerror(-r));
	return 0;
}

int ctl_connect(Ctl *ctl, const char *which)
{
	int r = ctl_connect_quietly(ctl, which);

	return r < 0 ? ctl_fail(
			       "the bus \"%s\" cannot be reached (%s): is dbus running?", which, strerror(-r))
		     : CTL_DONE;
}

int ctl_call_failed(const sd_bus_error *error, int r)
{
	if (!error || !sd_bus_error_is_set(error))
		return ctl_fail(
			"stippled did not answer (%s): look at `systemctl status stippled`", strerror(-r));
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
		sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		return ctl_fail("stippled is not running: start it with `systemctl start stippled`");
	/* the daemon's own refusals say what to do; the bus only quotes its rules */
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED) &&
		!(error->message && strstr(error->message, "is not allowed to you")))
		return ctl_fail(
			"this is not allowed to you: ask the station's administrator to put you into the "
			"group stipple-technician or stipple-auditor");
	return ctl_fail("%s", error->message ? error->message : error->name);
}

static int new_message(Ctl *ctl, const char *path, const char *interface, const char *method,
	sd_bus_message **ret, const char *types, va_list arguments)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	int r = sd_bus_message_new_method_call(
		ctl->bus, &message, "org.stipple.Station1", path, interface, method);

	if (r < 0)
		return r;
	r = types ? sd_bus_message_appendv(message, types, arguments) : 0;
	if (r < 0)
		return r;
	*ret = TAKE_PTR(message);
	return 0;
}

int ctl_message_new(Ctl *ctl, const char *path, const char *interface, const char *method,
	sd_bus_message **ret, const char *types, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, types);
	r = new_message(ctl, path, interface, method, ret, types, arguments);
	va_end(arguments);
	return r;
}

int ctl_send(Ctl *ctl, sd_bus_message *message, int r, sd_bus_message **ret_reply)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

	if (r < 0)
		return ctl_call_failed(NULL, r);
	r = sd_bus_call(ctl->bus, message, 0, &error, ret_reply);
	return r < 0 ? ctl_call_failed(&error, r) : CTL_DONE;
}

int ctl_call(Ctl *ctl, const char *path, const char *interface, const char *method,
	sd_bus_message **ret_reply, const char *types, ...)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	va_list arguments;
	int r;

	va_start(arguments, types);
	r = new_message(ctl, path, interface, method, &message, types, arguments);
	va_end(arguments);
	if (r < 0)
		return ctl_call_failed(NULL, r);
	r = sd_bus_message_set_allow_interactive_authorization(message, true);
	if (r < 0)
		return ctl_call_failed(NULL, r);
	r = sd_bus_call(ctl->bus, message, PATIENCE_US, &error, ret_reply);
	return r < 0 ? ctl_call_failed(&error, r) : CTL_DONE;
}

int ctl_get_string(Ctl *ctl, const char *path, const char *interface, const char *property, char **ret)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_get_property_string(
		ctl->bus, "org.stipple.Station1", path, interface, property, &error, ret);

	return r < 0 ? ctl_call_failed(&error, r) : CTL_DONE;
}

int ctl_serve(Ctl *ctl, const bool *ended)
{
	/*
	 * poll() reports a closed pipe as POLLERR and a lost terminal as POLLHUP even when no events are
	 * requested
	 */
	struct pollfd fds[3] = { { .events = POLLIN }, { .events = POLLIN }, { .fd = STDOUT_FILENO } };
	sigset_t signals;
	int r = 0;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	fds[0].fd = signalfd(-1, &signals, SFD_CLOEXEC);
	fds[1].fd = sd_bus_get_fd(ctl->bus);
	while (r >= 0 && !*ended && !fds[0].revents && !fds[2].revents) {
		while (!*ended && (r = sd_bus_process(ctl->bus, NULL)) > 0)
			;
		if (r >= 0 && !*ended)
			(void)poll(fds, ELEMENTS(fds), -1);
	}
	close(fds[0].fd);
	return r < 0 ? ctl_fail("the bus is gone (%s): start again when it is back", strerror(-r)) : CTL_DONE;
}

static int read_secret_line(FILE *file, const char *what, char ret[CTL_PIN_MAX])
{
	if (!fgets(ret, CTL_PIN_MAX, file))
		return ctl_fail("no %s was given: %s", what,
			file == stdin
				? "type it, or give it with --pin-file FILE"
				: "the PIN file has the PIN in its first line, a new one in its second");
	ret[strcspn(ret, "\r\n")] = '\0';
	return CTL_DONE;
}

/**
 * Reads one line without showing it on the terminal. Where standard input is no terminal, it just reads a
 * line.
 */
static int ask_secret(const char *question, char ret[CTL_PIN_MAX])
{
	struct termios shown, hidden;
	int status;

	if (tcgetattr(STDIN_FILENO, &shown) < 0)
		return read_secret_line(stdin, "PIN", ret);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	fputs(question, stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	status = read_secret_line(stdin, "PIN", ret);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	return status;
}

static int ask_new_pin(char ret[CTL_PIN_MAX])
{
	_cleanup_(ctl_pin_erase) char again[CTL_PIN_MAX] = "";
	int status = ask_secret("new PIN: ", ret);

	if (status != CTL_DONE || !isatty(STDIN_FILENO))
		return status;
	status = ask_secret("the new PIN again: ", again);
	if (status != CTL_DONE)
		return status;
	return strcmp(ret, again) != 0 ? ctl_fail("the two are not the same: nothing was changed") : CTL_DONE;
}

/**
 * Refuses a PIN file that others can read, because such a PIN signs for nobody. Something that is not a
 * file, such as a pipe, cannot be read by anybody else.
 */
static int open_secret_file(const char *path, FILE **ret)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	struct stat status;

	if (!file || fstat(fileno(file), &status) < 0)
		return ctl_fail("the PIN file %s cannot be read: %s", path, strerror(errno));
	if (S_ISREG(status.st_mode) && status.st_mode & (S_IRWXG | S_IRWXO))
		return ctl_fail(
			"the PIN file %s is open to group or others (mode %04o): set mode 0600, and change the PIN if "
			"anybody may have read it",
			path, status.st_mode & 07777);
	*ret = TAKE_PTR(file);
	return CTL_DONE;
}

/** `ret_new` is NULL when only the present PIN is wanted. */
static int read_pins(const Ctl *ctl, char ret[CTL_PIN_MAX], char *ret_new)
{
	_cleanup_(fclosep) FILE *file = NULL;
	int status;

	if (!ctl->pin_file) {
		status = ask_secret("PIN: ", ret);
		return status == CTL_DONE && ret_new ? ask_new_pin(ret_new) : status;
	}
	status = open_secret_file(ctl->pin_file, &file);
	if (status != CTL_DONE)
		return status;
	status = read_secret_line(file, "PIN", ret);
	return status == CTL_DONE && ret_new ? read_secret_line(file, "new PIN", ret_new) : status;
}

int ctl_read_pin(const Ctl *ctl, char ret[CTL_PIN_MAX])
{
	return read_pins(ctl, ret, NULL);
}

int ctl_read_new_pin(const Ctl *ctl, char ret[CTL_PIN_MAX], char ret_new[CTL_PIN_MAX])
{
	return read_pins(ctl, ret, ret_new);
}

int ctl_append_fields(sd_bus_message *message, json_t *fields)
{
	const char *key;
	json_t *value;
	int r = sd_bus_message_open_container(message, 'a', "{sv}");

	json_object_foreach (fields, key, value) {
		if (r < 0)
			return r;
		if (json_is_integer(value))
			r = sd_bus_message_append(
				message, "{sv}", key, "x", (int64_t)json_integer_value(value));
		else if (json_is_boolean(value))
			r = sd_bus_message_append(message, "{sv}", key, "b", json_is_true(value));
		else
			r = sd_bus_message_append(message, "{sv}", key, "s", json_string_value(value));
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

/** A list of dictionaries. */
static int read_bus_rows(sd_bus_message *message, json_t **ret)
{
	json_auto_t *rows = json_array();
	int r = sd_bus_message_enter_container(message, 'a', "a{sv}");

	while (r >= 0 && sd_bus_message_at_end(message, false) == 0) {
		json_auto_t *row = NULL;

		r = ctl_read_fields(message, &row);
		if (r >= 0)
			json_array_append(rows, row);
	}
	if (r < 0)
		return r;
	*ret = json_incref(rows);
	return sd_bus_message_exit_container(message);
}

/** A list of dictionaries becomes an array. Another list is skipped in the message, with *ret NULL. */
static int read_bus_value(sd_bus_message *message, json_t **ret)
{
	const char *contents, *text;
	union {
		uint64_t t;
		int64_t x;
		double d;
		uint32_t u;
		int b;
	} value = { 0 };
	char type;
	int r = sd_bus_message_peek_type(message, &type, &contents);

	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(message, 'v', contents);
	if (r < 0)
		return r;
	*ret = NULL;
	if (strcmp(contents, "s") == 0)
		r = sd_bus_message_read(message, "s", &text);
	else if (contents[1] == '\0' && strchr("txdub", contents[0]))
		r = sd_bus_message_read_basic(message, contents[0], &value);
	else if (strcmp(contents, "aa{sv}") == 0)
		r = read_bus_rows(message, ret);
	else
		r = sd_bus_message_skip(message, contents);
	if (r < 0)
		return r;
	if (contents[1] == '\0' && strchr("stxdub", contents[0]))
		*ret = contents[0] == 's'   ? json_string(text)
		       : contents[0] == 'd' ? json_real(value.d)
		       : contents[0] == 'b' ? json_boolean(value.b)
		       : contents[0] == 'u' ? json_integer(value.u)
					    : json_integer(value.x);
	return sd_bus_message_exit_container(message);
}

static int read_bus_field(sd_bus_message *message, json_t *into)
{
	const char *key;
	json_t *value = NULL;
	int r = sd_bus_message_read(message, "s", &key);

	if (r < 0)
		return r;
	r = read_bus_value(message, &value);
	if (r < 0)
		return r;
	if (value && json_object_set_new(into, key, value) < 0)
		return -EBADMSG;
	return sd_bus_message_exit_container(message);
}

int ctl_read_fields(sd_bus_message *message, json_t **ret)
{
	json_auto_t *fields = json_object();
	int r = sd_bus_message_enter_container(message, 'a', "{sv}");

	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		r = read_bus_field(message, fields);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	*ret = json_incref(fields);
	return sd_bus_message_exit_container(message);
}

void ctl_print_fields(const Ctl *ctl, json_t *fields)
{
	const char *key;
	json_t *value;

	if (ctl->json) {
		_cleanup_(freep) char *line = json_dumps(fields, JSON_COMPACT | JSON_SORT_KEYS);

		puts(line ? line : "");
		return;
	}
	json_object_foreach (fields, key, value) {
		_cleanup_(freep) char *text =
			json_is_string(value) ? NULL
					      : json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));

		printf("%-16s %s\n", key, text ? text : json_string_value(value));
	}
}

void ctl_done(const Ctl *ctl, json_t *fields, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (ctl->json)
		ctl_print_fields(ctl, fields);
	else
		vprintf(format, arguments);
	va_end(arguments);
	json_decref(fields);
}
