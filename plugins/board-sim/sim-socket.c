/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The control socket of the simulated board. It runs on the control thread, and must not block. Other users
 * must not be able to connect, and a file that is not a socket must not be removed.
 */

#include "board-sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REPLY_MAX = 512 };

bool board_sim_parse_chip(const char *text, ChipId *ret)
{
	size_t length = strlen(text);
	ChipId chip = { 0 };

	if (length % 2 || length > 2 * FRAME_CHIP_ID_MAX || strspn(text, "0123456789abcdefABCDEF") != length)
		return false;
	chip.length = (uint8_t)(length / 2);
	for (size_t i = 0; i < length / 2; i++) {
		char digits[3] = { text[2 * i], text[2 * i + 1], '\0' };

		chip.bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	*ret = chip;
	return true;
}

int board_sim_socket_open(BoardSim *sim, char error[STIPPLE_ERROR_MAX])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct epoll_event event = { .events = EPOLLIN };
	struct stat left;

	memcpy(address.sun_path, sim->socket_path, sizeof address.sun_path);
	/* remove the socket of an earlier run; a file that is not a socket belongs to somebody else */
	if (lstat(sim->socket_path, &left) == 0 && S_ISSOCK(left.st_mode))
		unlink(sim->socket_path);
	sim->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	event.data.fd = sim->listen_fd;
	/* set the mode before bind(), so that others can never connect */
	if (sim->listen_fd < 0 || fchmod(sim->listen_fd, 0600) < 0 ||
		bind(sim->listen_fd, (struct sockaddr *)&address, sizeof address) < 0 ||
		listen(sim->listen_fd, BOARD_SIM_CLIENTS) < 0 ||
		epoll_ctl(sim->epoll_fd, EPOLL_CTL_ADD, sim->listen_fd, &event) < 0) {
		int r = -errno;

		snprintf(error, STIPPLE_ERROR_MAX, "board-sim: socket %s: %s; choose another path",
			sim->socket_path, strerror(-r));
		if (sim->listen_fd >= 0)
			close(sim->listen_fd);
		sim->listen_fd = -1; /* the path is not ours to remove */
		return r;
	}
	return 0;
}

static void drop_client(BoardSim *sim, int i)
{
	close(sim->clients[i].fd);
	sim->clients[i].fd = -1;
	sim->clients[i].used = 0;
}

void board_sim_socket_close(BoardSim *sim)
{
	for (int i = 0; i < BOARD_SIM_CLIENTS; i++)
		if (sim->clients[i].fd >= 0)
			drop_client(sim, i);
	if (sim->listen_fd >= 0) {
		close(sim->listen_fd);
		unlink(sim->socket_path);
	}
	sim->listen_fd = -1;
}

/* ---- commands ---- */

static const char *do_pedal(BoardSim *sim, const char *a, const char *b)
{
	bool down = strcmp(a, "down") == 0;

	if (!down && strcmp(a, "up") != 0)
		return "pedal down|up";
	board_model_set_pedal(&sim->model, down);
	board_sim_edge(sim, STIPPLE_LINE_PEDAL, down);
	return NULL;
}

static const char *do_estop(BoardSim *sim, const char *a, const char *b)
{
	bool pressed = strcmp(a, "press") == 0;

	if (!pressed && strcmp(a, "release") != 0)
		return "estop press|release";
	board_model_set_estop(&sim->model, pressed);
	board_sim_edge(sim, STIPPLE_LINE_EMERGENCY_STOP, pressed);
	return NULL;
}

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

static const char *do_zone(BoardSim *sim, const char *a, const char *b)
{
	/* they appear in the JSON of status */
	if (!a[0] || !b[0] || a[strspn(a, NAME_BYTES)] || b[strspn(b, NAME_BYTES)])
		return "zone NAME SKIN_TYPE, of letters, digits, - and _";
	skin_model_move(&sim->model.skin, a, b);
	return NULL;
}

static const char *do_cartridge(BoardSim *sim, const char *a, const char *b)
{
	ChipId chip = { 0 };

	if (strcmp(a, "remove") != 0 && (strcmp(a, "insert") != 0 || !board_sim_parse_chip(b, &chip)))
		return "cartridge insert HEX|remove";
	board_model_set_chip(&sim->model, &chip);
	return NULL;
}

static bool parse_count(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *ret <= 1000000;
}

static const char *do_crc(BoardSim *sim, const char *a, const char *b)
{
	uint64_t n;

	if (!parse_count(a, &n))
		return "crc N: corrupt the next N frames in both directions";
	sim->model.mischief.corrupt_tx = sim->model.mischief.corrupt_rx = (uint32_t)n;
	return NULL;
}

static const char *do_hang(BoardSim *sim, const char *a, const char *b)
{
	uint64_t ms;

	if (!parse_count(a, &ms))
		return "hang MILLISECONDS";
	sim->model.mischief.hang_us = ms * 1000;
	return NULL;
}

static const char *do_vanish(BoardSim *sim, const char *a, const char *b)
{
	uint64_t ms;

	if (!parse_count(a, &ms))
		return "vanish MILLISECONDS";
	board_sim_vanish(sim, ms);
	return NULL;
}

#define MISCHIEF(member) offsetof(BoardSim, model.mischief.member)

static const struct {
	const char *name;
	const char *(*run)(BoardSim *sim, const char *a, const char *b); /* NULL: done; else the usage */
	/* or the setting that it changes, where `run` is NULL */
	const char *usage; /* NULL: it takes no word, and sets a flag */
	bool counts;       /* a uint32_t; else a bool */
	size_t offset;
} commands[] = {
	{ "pedal", do_pedal },
	{ "estop", do_estop },
	{ "zone", do_zone },
	{ "cartridge", do_cartridge },
	{ "crc", do_crc },
	{ "drop", NULL, "drop N", true, MISCHIEF(drop) },
	{ "hang", do_hang },
	{ "stuck-data-ready", NULL, "stuck-data-ready on|off", false, MISCHIEF(stuck_data_ready) },
	{ "over-temperature", NULL, "over-temperature on|off", false, MISCHIEF(over_temperature) },
	{ "over-force", NULL, NULL, false, MISCHIEF(over_force) },
	{ "over-depth", NULL, NULL, false, MISCHIEF(over_depth) },
	{ "self-test", NULL, "self-test FAILED_BITS", true, MISCHIEF(self_test) },
	{ "vanish", do_vanish },
};

/** Runs one command. NULL: done; otherwise its usage. */
static const char *run_sim_command(BoardSim *sim, size_t i, const char *a, const char *b)
{
	void *at = (char *)sim + commands[i].offset;
	bool on = !commands[i].usage || strcmp(a, "on") == 0;
	uint64_t n;

	if (commands[i].run)
		return commands[i].run(sim, a, b);
	if (commands[i].counts) {
		if (!parse_count(a, &n))
			return commands[i].usage;
		*(uint32_t *)at = (uint32_t)n;
		return NULL;
	}
	if (!on && strcmp(a, "off") != 0)
		return commands[i].usage;
	*(bool *)at = on;
	return NULL;
}

static void print_status(const BoardSim *sim, char *ret, size_t size)
{
	const BoardModel *model = &sim->model;

	snprintf(ret, size,
		"{\"armed\":%s,\"running\":%s,\"enable\":%s,\"pedal\":%s,\"estop\":%s,\"chip\":%s,\"fault\":\"%s\","
		"\"strokes\":%u,\"zone\":\"%s\",\"lamps\":{\"ready\":%s,\"working\":%s,\"fault\":%s,\"caution\":%s}}\n",
		model->armed ? "true" : "false", board_model_running(model) ? "true" : "false",
		model->enable ? "true" : "false", model->pedal ? "true" : "false",
		model->estop ? "true" : "false", model->chip.length ? "true" : "false",
		board_fault_to_string(model->fault), model->strokes, model->skin.zone,
		sim->levels[STIPPLE_LINE_LAMP_READY] ? "true" : "false",
		sim->levels[STIPPLE_LINE_LAMP_WORKING] ? "true" : "false",
		sim->levels[STIPPLE_LINE_LAMP_FAULT] ? "true" : "false",
		sim->levels[STIPPLE_LINE_LAMP_CAUTION] ? "true" : "false");
}

static void print_help(char *ret, size_t size)
{
	size_t used = (size_t)snprintf(ret, size, "status, help");

	for (size_t i = 0; i < sizeof commands / sizeof *commands && used < size; i++)
		used += (size_t)snprintf(ret + used, size - used, ", %s", commands[i].name);
	if (used < size - 1)
		memcpy(ret + used, "\n", 2);
}

static void run_line(BoardSim *sim, char *line, char *ret, size_t size)
{
	char *save = NULL, *first = strtok_r(line, " \t\r", &save), *a, *b;
	const char *word = first ? first : "", *usage = "unknown command; try help";

	a = strtok_r(NULL, " \t\r", &save);
	b = strtok_r(NULL, " \t\r", &save);
	board_sim_advance(sim);
	if (strcmp(word, "status") == 0) {
		print_status(sim, ret, size);
		return;
	}
	if (strcmp(word, "help") == 0) {
		print_help(ret, size);
		return;
	}
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(commands[i].name, word) == 0)
			usage = run_sim_command(sim, i, a ? a : "", b ? b : "");
	if (usage)
		snprintf(ret, size, "error: %s\n", usage);
	else
		snprintf(ret, size, "ok\n");
}

/** Runs every complete line that the client has sent. A line that does not fit ends the connection. */
static void serve_client(BoardSim *sim, int i)
{
	char reply[REPLY_MAX], *line = sim->clients[i].line, *end;
	ssize_t n = read(
		sim->clients[i].fd, line + sim->clients[i].used, BOARD_SIM_LINE - 1 - sim->clients[i].used);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop_client(sim, i);
		return;
	}
	sim->clients[i].used += (size_t)n;
	line[sim->clients[i].used] = '\0';
	while ((end = strchr(line, '\n'))) {
		size_t rest = sim->clients[i].used - (size_t)(end + 1 - line);

		*end = '\0';
		run_line(sim, line, reply, sizeof reply);
		(void)!send(sim->clients[i].fd, reply, strlen(reply), MSG_NOSIGNAL | MSG_DONTWAIT);
		memmove(line, end + 1, rest + 1);
		sim->clients[i].used = rest;
	}
	if (sim->clients[i].used >= BOARD_SIM_LINE - 1)
		drop_client(sim, i);
}

static void accept_client(BoardSim *sim)
{
	static const char full[] = "error: too many connections: close another one\n";
	int fd = accept4(sim->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (fd < 0)
		return;
	for (int i = 0; i < BOARD_SIM_CLIENTS; i++) {
		if (sim->clients[i].fd >= 0)
			continue;
		sim->clients[i].fd = fd;
		if (epoll_ctl(sim->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
			drop_client(sim, i);
		return;
	}
	(void)!send(fd, full, sizeof full - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

void board_sim_socket_serve(BoardSim *sim)
{
	struct epoll_event events[8];
	int n;

	if (sim->listen_fd < 0)
		return;
	n = epoll_wait(sim->epoll_fd, events, 8, 0);
	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == sim->listen_fd)
			accept_client(sim);
		for (int j = 0; j < BOARD_SIM_CLIENTS; j++)
			if (events[i].data.fd == sim->clients[j].fd)
				serve_client(sim, j);
	}
}
