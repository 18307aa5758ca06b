/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Shared by the two files of the simulator. Everything runs on the caller's thread except the cut of ENABLE.
 * Nothing else includes this.
 */

#include <stdatomic.h>
#include <sys/un.h>

#include "board-model.h"
#include "stipple/plugin.h"

enum { BOARD_SIM_EDGES = 64, BOARD_SIM_CLIENTS = 4, BOARD_SIM_LINE = 256 };

typedef struct BoardSim {
	BoardModel model;
	ChipId first_chip;
	bool levels[STIPPLE_LINE_MAX];
	bool vanished;
	long tick_ns; /* of the timer, 0 off */
	StippleEdge edges[BOARD_SIM_EDGES];
	size_t n_edges;
	int64_t advanced_ns;
	atomic_bool cut; /* ENABLE was taken away from another thread */
	int epoll_fd, timer_fd, wake_fd, listen_fd;
	char socket_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct {
		int fd;
		size_t used;
		char line[BOARD_SIM_LINE];
	} clients[BOARD_SIM_CLIENTS];
} BoardSim;

/** Sets a level and queues an edge if the level changed. */
void board_sim_edge(BoardSim *sim, StippleLine line, bool active);
/** Advances the model to the present time. */
void board_sim_advance(BoardSim *sim);
/** Removes the device, which cannot be opened again for `ms` milliseconds. */
void board_sim_vanish(BoardSim *sim, uint64_t ms);
/** Parses hexadecimal, at most 16 bytes. */
bool board_sim_parse_chip(const char *text, ChipId *ret);

/** The socket through which tests and the demo press the pedal or pull the cartridge (README.md). */
int board_sim_socket_open(BoardSim *sim, char error[STIPPLE_ERROR_MAX]);
void board_sim_socket_close(BoardSim *sim);
void board_sim_socket_serve(BoardSim *sim);
