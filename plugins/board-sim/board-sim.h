/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What the two files of the simulator share. Everything runs on the caller's thread but the cut of ENABLE.
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

/** Sets a level and queues its edge, if it is one. */
void board_sim_edge(BoardSim *sim, StippleLine line, bool active);
/** Lets the model catch up with the clock. */
void board_sim_advance(BoardSim *sim);
/** The device is gone, and cannot be opened again before `ms` milliseconds have passed. */
void board_sim_vanish(BoardSim *sim, uint64_t ms);
/** Hexadecimal, at most 16 bytes. */
bool board_sim_parse_chip(const char *text, ChipId *ret);

/** The socket on which tests and the demo press the pedal or pull the cartridge (README.md). */
int board_sim_socket_open(BoardSim *sim, char error[STIPPLE_ERROR_MAX]);
void board_sim_socket_close(BoardSim *sim);
void board_sim_socket_serve(BoardSim *sim);
