// SPDX-License-Identifier: Apache-2.0

/** The simulated board's socket and settings; how it behaves as a board is the conformance test's. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "plugin/plugin-loader.h"
#include "stipple/board-frame.h"
#include "util/text.h"

enum { WAIT_MS = 10000, REPLY_MAX = 1024, CLIENTS = 4 };

typedef struct Rig {
	Plugin *plugin;
	const StippleBoardVtable *board;
	void *open;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	StippleSetting settings[2];
	int client;
	StippleEdge edges[64];
	size_t n_edges;
} Rig;

static int open_board(Rig *rig, size_t n_settings, char error[STIPPLE_ERROR_MAX])
{
	plugin_set_settings(rig->plugin, rig->settings, n_settings);
	error[0] = '\0';
	return rig->board->open(plugin_host(rig->plugin), &rig->open, error);
}

static int connect_client(const Rig *rig)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, rig->path, sizeof address.sun_path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/** What the control thread does when the descriptor is readable. */
static void serve(Rig *rig)
{
	struct pollfd fd = { .fd = rig->board->poll_fd(rig->open), .events = POLLIN };
	int n;

	(void)poll(&fd, 1, 1);
	n = rig->board->read_edges(rig->open, rig->edges + rig->n_edges, ELEMENTS(rig->edges) - rig->n_edges);
	if (n > 0)
		rig->n_edges += (size_t)n;
}

/** Returns what came until the end of a line or of the connection. */
static const char *receive(Rig *rig, int client, char reply[REPLY_MAX])
{
	size_t used = 0;

	reply[0] = '\0';
	for (int i = 0; i < WAIT_MS && !strchr(reply, '\n'); i++) {
		ssize_t n = recv(client, reply + used, REPLY_MAX - 1 - used, 0);

		if (n == 0)
			break;
		if (n > 0)
			used += (size_t)n;
		reply[used] = '\0';
		serve(rig);
	}
	return reply;
}

static const char *say(Rig *rig, const char *line, char reply[REPLY_MAX])
{
	assert_int_equal(send(rig->client, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	return receive(rig, rig->client, reply);
}

static int set_up(void **state)
{
	char folder[] = "board-sim-XXXXXX";
	Rig *rig = calloc(1, sizeof *rig);
	int fd = mkstemp(folder);

	assert_non_null(rig);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(unlink(folder), 0);
	assert_true(strlen(folder) < sizeof rig->path);
	snprintf(rig->path, sizeof rig->path, "%s", folder);
	assert_int_equal(plugin_load(STIPPLE_BUILD_FOLDER "/plugins/board-sim", "board-sim",
				 STIPPLE_PLUGIN_BOARD, &rig->plugin, NULL),
		0);
	rig->board = plugin_vtable(rig->plugin);
	rig->settings[0] = (StippleSetting){ "socket", rig->path, "test.conf", 3 };
	rig->client = -1;
	*state = rig;
	return 0;
}

static int set_up_open(void **state)
{
	char error[STIPPLE_ERROR_MAX];
	Rig *rig;

	set_up(state);
	rig = *state;
	assert_int_equal(open_board(rig, 1, error), 0);
	rig->client = connect_client(rig);
	return 0;
}

static int tear_down(void **state)
{
	Rig *rig = *state;

	if (rig->client >= 0)
		close(rig->client);
	if (rig->open)
		rig->board->close(rig->open);
	assert_int_equal(access(rig->path, F_OK), -1);
	plugin_free(rig->plugin);
	free(rig);
	return 0;
}

static void test_commands_are_answered(void **state)
{
	static const struct {
		const char *line, *answer;
	} cases[] = {
		{ "pedal down\n", "ok\n" },
		{ "pedal\n", "error: pedal down|up\n" },
		{ "pedal sideways\n", "error: pedal down|up\n" },
		{ "estop press\r\n", "ok\n" },
		{ "estop release\n", "ok\n" },
		{ "  zone   nape  scar \n", "ok\n" },
		{ "zone nape\n", "error: zone NAME SKIN_TYPE, of letters, digits, - and _\n" },
		{ "zone na\"pe scar\n", "error: zone NAME SKIN_TYPE, of letters, digits, - and _\n" },
		{ "cartridge insert 04a22b\n", "ok\n" },
		{ "cartridge insert 04a\n", "error: cartridge insert HEX|remove\n" },
		{ "cartridge insert 00112233445566778899aabbccddeeff00\n",
			"error: cartridge insert HEX|remove\n" },
		{ "cartridge remove\n", "ok\n" },
		{ "crc 2\n", "ok\n" },
		{ "crc -1\n", "error: crc N: corrupt the next N frames in both directions\n" },
		{ "drop 2\n", "ok\n" },
		{ "drop many\n", "error: drop N\n" },
		{ "hang 1\n", "ok\n" },
		{ "hang 99999999999999999999\n", "error: hang MILLISECONDS\n" },
		{ "stuck-data-ready on\n", "ok\n" },
		{ "stuck-data-ready off\n", "ok\n" },
		{ "over-temperature on\n", "ok\n" },
		{ "over-temperature maybe\n", "error: over-temperature on|off\n" },
		{ "over-force\n", "ok\n" },
		{ "over-depth\n", "ok\n" },
		{ "self-test 3\n", "ok\n" },
		{ "\n", "error: unknown command; try help\n" },
		{ "dance\n", "error: unknown command; try help\n" },
	};
	char reply[REPLY_MAX];

	for (size_t i = 0; i < ELEMENTS(cases); i++)
		assert_string_equal(say(*state, cases[i].line, reply), cases[i].answer);
	assert_non_null(strstr(say(*state, "help\n", reply), "over-temperature"));
}

static void test_status_is_json(void **state)
{
	char reply[REPLY_MAX];
	json_t *status;

	say(*state, "pedal down\n", reply);
	say(*state, "zone occipital plug\n", reply);
	status = json_loads(say(*state, "status\n", reply), 0, NULL);
	assert_non_null(status);
	assert_true(json_is_true(json_object_get(status, "pedal")));
	assert_true(json_is_false(json_object_get(status, "armed")));
	assert_string_equal(json_string_value(json_object_get(status, "zone")), "occipital");
	assert_string_equal(json_string_value(json_object_get(status, "fault")), "none");
	json_decref(status);
}

static void test_inputs_become_edges(void **state)
{
	Rig *rig = *state;
	char reply[REPLY_MAX];
	bool active = false;

	say(rig, "pedal down\n", reply);
	say(rig, "pedal down\n", reply); /* no edge: it is down */
	say(rig, "estop press\n", reply);
	serve(rig);
	assert_int_equal(rig->n_edges, 2);
	assert_int_equal(rig->edges[0].line, STIPPLE_LINE_PEDAL);
	assert_int_equal(rig->edges[1].line, STIPPLE_LINE_EMERGENCY_STOP);
	assert_true(rig->edges[1].monotonic_ns >= rig->edges[0].monotonic_ns);
	assert_int_equal(rig->board->get_line(rig->open, STIPPLE_LINE_EMERGENCY_STOP, &active), 0);
	assert_true(active);
}

static void test_lines_come_in_pieces_and_together(void **state)
{
	Rig *rig = *state;
	char reply[REPLY_MAX], many[300];

	assert_int_equal(send(rig->client, "pedal ", 6, MSG_NOSIGNAL), 6);
	for (int i = 0; i < 5; i++)
		serve(rig);
	assert_string_equal(say(rig, "down\n", reply), "ok\n");
	assert_int_equal(send(rig->client, "drop 0\ndrop 0\n", 14, MSG_NOSIGNAL), 14);
	for (size_t answers = 0; answers < 2; answers += strlen(reply) / 3)
		assert_non_null(strstr(receive(rig, rig->client, reply), "ok\n"));
	/* one that does not end is nobody's command */
	memset(many, 'x', sizeof many);
	assert_int_equal(send(rig->client, many, sizeof many, MSG_NOSIGNAL), sizeof many);
	assert_string_equal(receive(rig, rig->client, reply), "");
}

static void test_one_client_too_many_is_told(void **state)
{
	Rig *rig = *state;
	char reply[REPLY_MAX];
	int others[CLIENTS];

	for (int i = 0; i < CLIENTS; i++) {
		others[i] = connect_client(rig);
		serve(rig);
		serve(rig);
	}
	assert_non_null(strstr(receive(rig, others[CLIENTS - 1], reply), "too many"));
	assert_string_equal(say(rig, "pedal up\n", reply), "ok\n");
	for (int i = 0; i < CLIENTS; i++)
		close(others[i]);
}

static void test_only_the_owner_may_connect(void **state)
{
	const Rig *rig = *state;
	struct stat found;

	assert_int_equal(stat(rig->path, &found), 0);
	assert_true(S_ISSOCK(found.st_mode));
	assert_int_equal(found.st_mode & 0777, 0600);
}

static void test_a_file_in_the_way_stays(void **state)
{
	Rig *rig = *state;
	char error[STIPPLE_ERROR_MAX];
	struct stat found;
	int fd = open(rig->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(open_board(rig, 1, error), -EADDRINUSE);
	assert_non_null(strstr(error, rig->path));
	assert_int_equal(stat(rig->path, &found), 0);
	assert_true(S_ISREG(found.st_mode));
	assert_int_equal(unlink(rig->path), 0);
}

/** A socket that a killed run left behind is taken over. */
static void test_a_socket_left_behind_is_replaced(void **state)
{
	Rig *rig = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char error[STIPPLE_ERROR_MAX], reply[REPLY_MAX];

	memcpy(address.sun_path, rig->path, sizeof address.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
	assert_int_equal(open_board(rig, 1, error), 0);
	rig->client = connect_client(rig);
	assert_string_equal(say(rig, "pedal down\n", reply), "ok\n");
}

static void test_settings_are_checked(void **state)
{
	static const char *const cases[][2] = {
		{ "speed", "0" },
		{ "speed", "5001" },
		{ "speed", "fast" },
		{ "seed", "0" },
		{ "watchdog_ms", "19" },
		{ "watchdog_ms", "5001" },
		{ "serial", "" },
		{ "serial", "12345678901234567" },
		{ "chip", "0g" },
		{ "sockets", "x" },
	};
	Rig *rig = *state;
	char error[STIPPLE_ERROR_MAX];

	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		rig->settings[1] = (StippleSetting){ cases[i][0], cases[i][1], "test.conf", 17 };
		assert_int_equal(open_board(rig, 2, error), -EINVAL);
		assert_null(rig->open);
		assert_non_null(strstr(error, "test.conf:17: "));
		assert_non_null(strstr(error, cases[i][0]));
	}
}

/** A vanished board fails every call, and cannot be opened before its time. Last: the plugin remembers. */
static void test_vanished_board_is_gone(void **state)
{
	Rig *rig = *state;
	uint8_t frame[STIPPLE_FRAME_BYTES] = { 0 };
	char error[STIPPLE_ERROR_MAX], reply[REPLY_MAX];
	StippleEdge edge;
	bool active;
	void *old;

	assert_string_equal(say(rig, "vanish 100000\n", reply), "ok\n");
	assert_int_equal(rig->board->read_edges(rig->open, &edge, 1), -ENODEV);
	assert_int_equal(rig->board->get_line(rig->open, STIPPLE_LINE_PEDAL, &active), -ENODEV);
	assert_int_equal(rig->board->set_line(rig->open, STIPPLE_LINE_ENABLE, true), -ENODEV);
	assert_int_equal(rig->board->transfer(rig->open, frame, frame, sizeof frame), -ENODEV);
	old = rig->open;
	rig->open = NULL;
	rig->board->close(old);
	assert_int_equal(open_board(rig, 1, error), -ENODEV);
	assert_non_null(strstr(error, "unplugged"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_commands_are_answered, set_up_open, tear_down),
		cmocka_unit_test_setup_teardown(test_status_is_json, set_up_open, tear_down),
		cmocka_unit_test_setup_teardown(test_inputs_become_edges, set_up_open, tear_down),
		cmocka_unit_test_setup_teardown(
			test_lines_come_in_pieces_and_together, set_up_open, tear_down),
		cmocka_unit_test_setup_teardown(test_one_client_too_many_is_told, set_up_open, tear_down),
		cmocka_unit_test_setup_teardown(test_only_the_owner_may_connect, set_up_open, tear_down),
		cmocka_unit_test_setup_teardown(test_a_file_in_the_way_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_socket_left_behind_is_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_settings_are_checked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_vanished_board_is_gone, set_up_open, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
