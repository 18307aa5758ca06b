// SPDX-License-Identifier: Apache-2.0

/**
 * A board plugin that is whole unless one BROKEN_ macro spoils it; meson.build builds it once for each way.
 * Its verbs do nothing.
 */

#include <errno.h>
#include <stdio.h>

#include "stipple/plugin.h"

#ifdef BROKEN_MAGIC
#define MAGIC 0x12345678u
#else
#define MAGIC STIPPLE_PLUGIN_MAGIC
#endif
#ifdef BROKEN_ABI
#define ABI 0u
#else
#define ABI STIPPLE_PLUGIN_ABI
#endif
#ifdef BROKEN_SIZE
#define SIZE 16u
#else
#define SIZE sizeof(StipplePlugin)
#endif
#ifdef BROKEN_KIND
#define KIND STIPPLE_PLUGIN_CAMERA
#else
#define KIND STIPPLE_PLUGIN_BOARD
#endif
#ifdef BROKEN_NAME
#define NAME "somebody-else"
#else
#define NAME PLUGIN_NAME
#endif
#ifdef BROKEN_VTABLE_SIZE
#define VTABLE_SIZE (sizeof(StippleBoardVtable) - sizeof(void *))
#else
#define VTABLE_SIZE sizeof(StippleBoardVtable)
#endif
#ifdef BROKEN_VTABLE
#define VTABLE NULL
#else
#define VTABLE &vtable
#endif
#ifdef BROKEN_VERB
#define GET_LINE NULL
#else
#define GET_LINE board_get_line
#endif
#ifdef BROKEN_SYMBOL
#define stipple_plugin another_symbol
#endif

static int board_open(const StippleHost *host, void **ret_board, char error[STIPPLE_ERROR_MAX])
{
#ifdef BROKEN_OPEN
	snprintf(error, STIPPLE_ERROR_MAX, "board chip is not there; plug the board in");
	return -ENODEV;
#else
	host->log(host->context, 7, "opened");
	*ret_board = (void *)host;
	return 0;
#endif
}

static void board_close(void *board)
{
}

static int board_poll_fd(void *board)
{
	return -1;
}

static int board_read_edges(void *board, StippleEdge *ret_edges, size_t max)
{
	return 0;
}

__attribute__((unused)) static int board_get_line(void *board, StippleLine line, bool *ret_active)
{
	*ret_active = false;
	return 0;
}

static int board_set_line(void *board, StippleLine line, bool active)
{
	return 0;
}

static int board_transfer(void *board, const uint8_t *tx, uint8_t *ret_rx, size_t size)
{
	return 0;
}

static void board_cut_enable(void *board)
{
}

__attribute__((unused)) static const StippleBoardVtable vtable = {
	.size = VTABLE_SIZE,
	.open = board_open,
	.close = board_close,
	.poll_fd = board_poll_fd,
	.read_edges = board_read_edges,
	.get_line = GET_LINE,
	.set_line = board_set_line,
	.transfer = board_transfer,
	.cut_enable = board_cut_enable,
};

extern const StipplePlugin stipple_plugin;
const StipplePlugin stipple_plugin = {
	.magic = MAGIC,
	.abi = ABI,
	.size = SIZE,
	.kind = KIND,
	.name = NAME,
	.version = "1",
	.vtable = VTABLE,
};
