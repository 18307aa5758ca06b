/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The simulated needle-driver board as a plugin: the board model, a clock, and a control socket for tests and
 * demonstrations. It touches no hardware. It runs on the control thread, and must not block.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "board-sim.h"
#include "stipple/setting.h"

enum { TICK_NS = 2000000, TICK_SLOW_NS = 20000000 };

static int64_t sim_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/** Drops an edge when nobody takes them: preferably a data-ready edge, whose level can still be read. */
static void forget_edge(BoardSim *sim)
{
	size_t at = 0;

	while (at < sim->n_edges && sim->edges[at].line != STIPPLE_LINE_DATA_READY)
		at++;
	if (at == sim->n_edges)
		at = 0;
	sim->n_edges--;
	memmove(sim->edges + at, sim->edges + at + 1, (sim->n_edges - at) * sizeof *sim->edges);
}

void board_sim_edge(BoardSim *sim, StippleLine line, bool active)
{
	uint64_t one = 1;

	if (sim->levels[line] == active)
		return;
	sim->levels[line] = active;
	if (sim->n_edges == BOARD_SIM_EDGES)
		forget_edge(sim);
	sim->edges[sim->n_edges++] = (StippleEdge){ line, active, sim_now_ns() };
	(void)!write(sim->wake_fd, &one, sizeof one);
}

/* outlives the board, so that a device that is gone stays gone for everybody who tries to open it */
static int64_t vanished_until_ns;

void board_sim_vanish(BoardSim *sim, uint64_t ms)
{
	sim->vanished = true;
	vanished_until_ns = sim_now_ns() + (int64_t)ms * 1000000;
}

/**
 * The clock ticks only while something is due, and slowly while only the watchdog is due, so that an idle
 * board costs nothing.
 */
static void set_timer(BoardSim *sim, uint64_t next_us)
{
	long tick_ns = next_us == UINT64_MAX ? 0 : next_us > TICK_SLOW_NS / 1000 ? TICK_SLOW_NS : TICK_NS;
	struct itimerspec spec = { { 0, tick_ns }, { 0, tick_ns } };

	if (sim->tick_ns == tick_ns)
		return;
	sim->tick_ns = tick_ns;
	timerfd_settime(sim->timer_fd, 0, &spec, NULL);
}

void board_sim_advance(BoardSim *sim)
{
	int64_t now = sim_now_ns();

	if (atomic_load(&sim->cut))
		board_model_set_enable(&sim->model, false);
	board_model_advance(&sim->model, (uint64_t)(now - sim->advanced_ns) / 1000);
	sim->advanced_ns = now - (now - sim->advanced_ns) % 1000;
	board_sim_edge(sim, STIPPLE_LINE_DATA_READY, board_model_data_ready(&sim->model));
	set_timer(sim, board_model_next_us(&sim->model));
}

/* ---- settings ---- */

static int take_simulation_setting(
	BoardSim *sim, BoardModelConfig *config, const StippleSetting *setting, char error[STIPPLE_ERROR_MAX])
{
	static const char name[] = "board-sim";
	uint32_t number = config->identity.watchdog_ms;
	int r;

	if (strcmp(setting->key, "socket") == 0)
		return setting->value[0] ? stipple_setting_text(setting, name, sim->socket_path,
						   sizeof sim->socket_path, error)
					 : 0;
	if (strcmp(setting->key, "speed") == 0) /* multiples of real time */
		return stipple_setting_number(setting, name, 1, 5000, &config->mechanics_scale, error);
	if (strcmp(setting->key, "seed") == 0)
		return stipple_setting_number(setting, name, 1, INT32_MAX, &config->seed, error);
	if (strcmp(setting->key, "watchdog_ms") == 0) {
		r = stipple_setting_number(setting, name, 20, 5000, &number, error);
		config->identity.watchdog_ms = (uint16_t)number;
		return r;
	}
	if (strcmp(setting->key, "serial") == 0)
		return stipple_setting_text(
			setting, name, config->identity.serial, sizeof config->identity.serial, error);
	if (strcmp(setting->key, "chip") != 0)
		return stipple_setting_refuse(setting, name,
			"unknown key; there are socket, speed, seed, watchdog_ms, serial, chip", error);
	if (!board_sim_parse_chip(setting->value, &sim->first_chip))
		return stipple_setting_refuse(
			setting, name, "an even number of hexadecimal digits, at most 32", error);
	return 0;
}

/* ---- the vtable ---- */

static void close_simulation(void *board)
{
	BoardSim *sim = board;

	if (!sim)
		return;
	board_sim_socket_close(sim);
	if (sim->timer_fd >= 0)
		close(sim->timer_fd);
	if (sim->wake_fd >= 0)
		close(sim->wake_fd);
	if (sim->epoll_fd >= 0)
		close(sim->epoll_fd);
	free(sim);
}

static int add_to_epoll(BoardSim *sim, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(sim->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_descriptors(BoardSim *sim, char error[STIPPLE_ERROR_MAX])
{
	int r;

	sim->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	sim->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	sim->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = sim->epoll_fd < 0 || sim->timer_fd < 0 || sim->wake_fd < 0 ? -errno : 0;
	if (r < 0 || (r = add_to_epoll(sim, sim->timer_fd)) < 0 ||
		(r = add_to_epoll(sim, sim->wake_fd)) < 0) {
		snprintf(error, STIPPLE_ERROR_MAX,
			"board-sim: no descriptors left (%s): close other programs", strerror(-r));
		return r;
	}
	return sim->socket_path[0] ? board_sim_socket_open(sim, error) : 0;
}

static int open_simulation(const StippleHost *host, void **ret_board, char error[STIPPLE_ERROR_MAX])
{
	BoardModelConfig config = { .identity = board_model_identity, .mechanics_scale = 1, .seed = 1 };
	BoardSim *sim = calloc(1, sizeof *sim);
	int r = 0;

	if (!sim) {
		snprintf(error, STIPPLE_ERROR_MAX, "board-sim: out of memory");
		return -ENOMEM;
	}
	if (sim_now_ns() < vanished_until_ns) {
		snprintf(error, STIPPLE_ERROR_MAX,
			"board-sim: the simulated board is unplugged: wait until it returns");
		free(sim);
		return -ENODEV;
	}
	sim->epoll_fd = sim->timer_fd = sim->wake_fd = sim->listen_fd = -1;
	for (int i = 0; i < BOARD_SIM_CLIENTS; i++)
		sim->clients[i].fd = -1;
	for (size_t i = 0; r == 0 && i < host->n_settings; i++)
		r = take_simulation_setting(sim, &config, &host->settings[i], error);
	if (r < 0 || (r = open_descriptors(sim, error)) < 0) {
		close_simulation(sim);
		return r;
	}
	board_model_init(&sim->model, &config);
	board_model_set_chip(&sim->model, &sim->first_chip);
	sim->advanced_ns = sim_now_ns();
	*ret_board = sim;
	return 0;
}

static int sim_poll_fd(void *board)
{
	return ((BoardSim *)board)->epoll_fd;
}

static int sim_read_edges(void *board, StippleEdge *ret_edges, size_t max)
{
	BoardSim *sim = board;
	uint64_t count;
	size_t n;

	(void)!read(sim->timer_fd, &count, sizeof count);
	(void)!read(sim->wake_fd, &count, sizeof count);
	board_sim_socket_serve(sim);
	board_sim_advance(sim);
	if (sim->vanished)
		return -ENODEV;
	n = sim->n_edges < max ? sim->n_edges : max;
	memcpy(ret_edges, sim->edges, n * sizeof *ret_edges);
	memmove(sim->edges, sim->edges + n, (sim->n_edges - n) * sizeof *ret_edges);
	sim->n_edges -= n;
	if (sim->n_edges > 0) {
		count = 1;
		(void)!write(sim->wake_fd, &count, sizeof count);
	}
	return (int)n;
}

static int sim_get_line(void *board, StippleLine line, bool *ret_active)
{
	BoardSim *sim = board;

	if (sim->vanished)
		return -ENODEV;
	*ret_active = sim->levels[line];
	return 0;
}

static int sim_set_line(void *board, StippleLine line, bool active)
{
	BoardSim *sim = board;

	if (sim->vanished)
		return -ENODEV;
	board_sim_advance(sim);
	if (line == STIPPLE_LINE_ENABLE)
		board_model_set_enable(&sim->model, active);
	else if (line == STIPPLE_LINE_RESET)
		board_model_set_reset(&sim->model, active);
	sim->levels[line] = active;
	board_sim_advance(sim);
	return 0;
}

static int sim_transfer(void *board, const uint8_t *tx, uint8_t *ret_rx, size_t size)
{
	BoardSim *sim = board;

	if (sim->vanished)
		return -ENODEV;
	if (size != STIPPLE_FRAME_BYTES)
		return -EIO;
	board_sim_advance(sim);
	board_model_transfer(&sim->model, tx, ret_rx);
	board_sim_advance(sim);
	return 0;
}

/** The simulated board runs on the control thread, so it notices this as soon as that thread moves again. */
static void sim_cut_enable(void *board)
{
	atomic_store(&((BoardSim *)board)->cut, true);
}

static const StippleBoardVtable vtable = {
	.size = sizeof(StippleBoardVtable),
	.open = open_simulation,
	.close = close_simulation,
	.poll_fd = sim_poll_fd,
	.read_edges = sim_read_edges,
	.get_line = sim_get_line,
	.set_line = sim_set_line,
	.transfer = sim_transfer,
	.cut_enable = sim_cut_enable,
};

STIPPLE_PLUGIN_EXPORT(STIPPLE_PLUGIN_BOARD, "board-sim", STIPPLE_VERSION, vtable);
