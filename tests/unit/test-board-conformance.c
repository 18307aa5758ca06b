// SPDX-License-Identifier: Apache-2.0

/**
 * What every board plugin must do, run against the two there are: board-sim as the daemon loads it, played
 * with over its socket, and board-spi above a stand-in for libgpiod and spidev. Then what only board-spi can
 * get wrong.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "control/board-frames.h"
#include "fake-gpio-spi.h"
#include "gpio-lines.h"
#include "plugin/plugin-loader.h"

#define WAIT_NS   (10 * 1000000000LL) /* longer than anything here takes, however slow the machine */
#define TRANSFERS 4000

typedef struct Rig Rig;

/** How a kind of board is played with. */
typedef struct RigKind {
	void (*start)(Rig *rig);
	void (*pedal)(Rig *rig, bool down);
	void (*estop)(Rig *rig, bool pressed);
	void (*corrupt)(Rig *rig, unsigned n);
	void (*stop)(Rig *rig);
} RigKind;

struct Rig {
	const RigKind *kind;
	const StippleBoardVtable *board;
	StippleHost host;
	StippleSetting settings[2];
	Plugin *plugin;
	char path[108];
	int socket;
	void *open;
	Link link;
	StippleEdge edges[64];
	size_t n_edges;
	uint64_t samples;
	uint32_t last_us;
	FaultPayload fault;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* ---- what every test does with a board ---- */

static void take_edges(Rig *rig)
{
	StippleEdge edges[16];
	int n = rig->board->read_edges(rig->open, edges, ELEMENTS(edges));

	assert_true(n >= 0);
	for (int i = 0; i < n; i++)
		if (edges[i].line != STIPPLE_LINE_DATA_READY && rig->n_edges < ELEMENTS(rig->edges))
			rig->edges[rig->n_edges++] = edges[i];
}

static void take_samples(Rig *rig)
{
	StrokeSample samples[FRAME_SAMPLES_MAX];
	int n = payload_get_samples(&rig->link.received, samples);

	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		assert_true(rig->samples == 0 || samples[i].time_us > rig->last_us);
		rig->last_us = samples[i].time_us;
		rig->samples++;
	}
}

static void transfer(Rig *rig)
{
	uint8_t tx[STIPPLE_FRAME_BYTES], rx[STIPPLE_FRAME_BYTES];

	link_compose(&rig->link, now_ns(), tx);
	assert_int_equal(rig->board->transfer(rig->open, tx, rx, sizeof tx), 0);
	if (link_take(&rig->link, rx, now_ns(), true) != LINK_FRAME)
		return;
	if (rig->link.received.type == FRAME_SAMPLES)
		take_samples(rig);
	else if (rig->link.received.type == FRAME_FAULT)
		assert_true(payload_get_fault(&rig->link.received, &rig->fault));
}

/** One round of what the control thread does: edges, a frame, a little patience. */
static void round_trip(Rig *rig)
{
	struct pollfd fd = { .fd = rig->board->poll_fd(rig->open), .events = POLLIN };

	assert_true(fd.fd >= 0);
	(void)poll(&fd, 1, 1);
	take_edges(rig);
	transfer(rig);
}

static void pass_ms(Rig *rig, int ms)
{
	for (int64_t until = now_ns() + ms * 1000000LL; now_ns() < until;)
		round_trip(rig);
}

static BoardResult command(Rig *rig, const Frame *frame)
{
	BoardResult result = BOARD_RESULT_INVALID;

	assert_true(link_command(&rig->link, frame, now_ns() + WAIT_NS));
	for (int i = 0; i < TRANSFERS && rig->link.waiting; i++)
		transfer(rig);
	assert_false(rig->link.waiting);
	assert_true(payload_get_result(&rig->link.received, &result));
	return result;
}

static BoardResult plain(Rig *rig, FrameType type)
{
	Frame frame = { 0 };

	payload_put_command(&frame, type);
	return command(rig, &frame);
}

static void hello(Rig *rig, BoardIdentity *ret)
{
	static uint16_t number;
	Frame frame = { 0 };

	link_start(&rig->link, ++number);
	payload_put_hello(&frame, &(HelloPayload){ FRAME_PROTOCOL_VERSION, FRAME_PROTOCOL_VERSION });
	assert_int_equal(command(rig, &frame), BOARD_RESULT_OK);
	assert_true(payload_get_identity(&rig->link.received, ret));
}

static BoardResult arm(Rig *rig)
{
	Frame frame = { 0 };

	payload_put_settings(&frame, &(BoardSettings){ 800, 2500, 150, 90, 1900 });
	assert_int_equal(command(rig, &frame), BOARD_RESULT_OK);
	frame = (Frame){ 0 };
	payload_put_arm(&frame, &(ArmPayload){ .claim = 12 });
	return command(rig, &frame);
}

static BoardStatus status(Rig *rig)
{
	BoardStatus ret;

	assert_int_equal(plain(rig, FRAME_STATUS), BOARD_RESULT_OK);
	assert_true(payload_get_status(&rig->link.received, &ret));
	return ret;
}

static void work(Rig *rig)
{
	BoardIdentity identity;

	hello(rig, &identity);
	assert_int_equal(arm(rig), BOARD_RESULT_OK);
	rig->kind->pedal(rig, true);
	assert_int_equal(rig->board->set_line(rig->open, STIPPLE_LINE_ENABLE, true), 0);
}

static const StippleEdge *last_edge(Rig *rig, StippleLine line)
{
	for (size_t i = rig->n_edges; i > 0; i--)
		if (rig->edges[i - 1].line == line)
			return &rig->edges[i - 1];
	return NULL;
}

/* ---- the conformance tests ---- */

static void test_opens_with_safe_outputs(void **state)
{
	Rig *rig = *state;
	BoardIdentity identity;
	bool active = true;

	for (StippleLine line = STIPPLE_LINE_EMERGENCY_STOP; line <= STIPPLE_LINE_PEDAL; line++) {
		assert_int_equal(rig->board->get_line(rig->open, line, &active), 0);
		assert_false(active);
	}
	hello(rig, &identity);
	pass_ms(rig, 20);
	assert_true(rig->link.heard);
	assert_false(rig->link.flags & (FRAME_FLAG_ENABLED | FRAME_FLAG_ARMED | FRAME_FLAG_RUNNING));
	assert_int_equal(rig->link.fault, BOARD_FAULT_NONE);
	for (StippleLine line = STIPPLE_LINE_LAMP_READY; line <= STIPPLE_LINE_LAMP_FAULT; line++)
		assert_int_equal(rig->board->set_line(rig->open, line, true), 0);
}

static void test_introduces_itself(void **state)
{
	BoardIdentity identity = { 0 };

	hello(*state, &identity);
	assert_int_equal(identity.version, FRAME_PROTOCOL_VERSION);
	assert_true(identity.serial[0]);
	assert_true(identity.watchdog_ms > 0 && identity.rate_max_hz >= identity.rate_min_hz);
}

static void test_edges_come_in_order_with_their_time(void **state)
{
	Rig *rig = *state;
	int64_t before = now_ns();
	bool active = false;

	rig->kind->pedal(rig, true);
	pass_ms(rig, 5);
	assert_int_equal(rig->board->get_line(rig->open, STIPPLE_LINE_PEDAL, &active), 0);
	assert_true(active);
	rig->kind->pedal(rig, false);
	rig->kind->estop(rig, true);
	rig->kind->estop(rig, false);
	pass_ms(rig, 5);
	assert_int_equal(rig->n_edges, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(
			rig->edges[i].line, i < 2 ? STIPPLE_LINE_PEDAL : STIPPLE_LINE_EMERGENCY_STOP);
		assert_int_equal(rig->edges[i].active, i % 2 == 0);
		assert_true(rig->edges[i].monotonic_ns >= before && rig->edges[i].monotonic_ns <= now_ns());
		before = rig->edges[i].monotonic_ns;
	}
	assert_int_equal(rig->board->read_edges(rig->open, rig->edges, 1), 0);
}

static void test_refuses_what_is_out_of_range_or_order(void **state)
{
	Rig *rig = *state;
	BoardIdentity identity;
	Frame frame = { 0 };

	hello(rig, &identity);
	payload_put_arm(&frame, &(ArmPayload){ .claim = 1 });
	assert_int_equal(command(rig, &frame), BOARD_RESULT_STATE);
	frame = (Frame){ 0 };
	payload_put_settings(
		&frame, &(BoardSettings){ 800, (uint16_t)(identity.depth_max_um + 1), 150, 90, 500 });
	assert_int_equal(command(rig, &frame), BOARD_RESULT_RANGE);
	assert_int_equal(arm(rig), BOARD_RESULT_OK);
	assert_int_equal(plain(rig, FRAME_DISARM), BOARD_RESULT_OK);
	assert_int_equal(plain(rig, (FrameType)0x0e), BOARD_RESULT_UNKNOWN);
}

static void test_strokes_flow_and_none_is_lost_to_bad_frames(void **state)
{
	Rig *rig = *state;
	int64_t until = now_ns() + WAIT_NS;

	work(rig);
	/* not in every round: a machine so slow that a round is one transfer must get through as well */
	for (int round = 0; rig->samples < 60 && now_ns() < until; round++) {
		if (rig->samples > 20 && round % 8 == 0)
			rig->kind->corrupt(rig, 3);
		round_trip(rig);
	}
	rig->kind->corrupt(rig, 0);
	rig->kind->pedal(rig, false);
	pass_ms(rig, 50);
	assert_true(rig->link.bad > 0);
	assert_true(rig->samples >= 60);
	assert_int_equal(rig->samples, status(rig).strokes);
}

static void test_stands_still_without_enable(void **state)
{
	Rig *rig = *state;
	uint32_t strokes;

	work(rig);
	pass_ms(rig, 50);
	assert_int_equal(rig->board->set_line(rig->open, STIPPLE_LINE_ENABLE, false), 0);
	strokes = status(rig).strokes;
	pass_ms(rig, 50);
	assert_int_equal(status(rig).strokes, strokes);
	assert_false(rig->link.flags & FRAME_FLAG_RUNNING);
}

/** What is left when the thread that owns the board hangs. */
static void test_enable_can_be_cut_from_outside(void **state)
{
	Rig *rig = *state;
	uint32_t strokes;

	work(rig);
	pass_ms(rig, 50);
	rig->board->cut_enable(rig->open);
	pass_ms(rig, 10);
	strokes = status(rig).strokes;
	pass_ms(rig, 50);
	assert_int_equal(status(rig).strokes, strokes);
	assert_false(rig->link.flags & FRAME_FLAG_RUNNING);
}

static void test_stop_flag_disarms(void **state)
{
	Rig *rig = *state;

	work(rig);
	pass_ms(rig, 30);
	rig->link.stop = true;
	transfer(rig);
	rig->link.stop = false;
	pass_ms(rig, 5);
	assert_false(rig->link.flags & (FRAME_FLAG_ARMED | FRAME_FLAG_RUNNING));
}

static void test_emergency_stop_latches_on_the_board(void **state)
{
	Rig *rig = *state;
	Frame clear = { 0 };

	work(rig);
	rig->kind->estop(rig, true);
	pass_ms(rig, 20);
	assert_non_null(last_edge(rig, STIPPLE_LINE_EMERGENCY_STOP));
	assert_int_equal(rig->link.fault, BOARD_FAULT_EMERGENCY_STOP);
	assert_int_equal(rig->fault.fault, BOARD_FAULT_EMERGENCY_STOP);
	assert_false(rig->link.flags & FRAME_FLAG_ARMED);
	payload_put_clear_fault(&clear, BOARD_FAULT_EMERGENCY_STOP);
	assert_int_equal(command(rig, &clear), BOARD_RESULT_STATE);
	rig->kind->estop(rig, false);
	assert_int_equal(command(rig, &clear), BOARD_RESULT_OK);
	rig->kind->pedal(rig, false);
	assert_int_equal(arm(rig), BOARD_RESULT_OK);
}

static void test_watchdog_stops_a_board_left_alone(void **state)
{
	Rig *rig = *state;
	BoardIdentity identity;
	uint32_t strokes;

	hello(rig, &identity);
	work(rig);
	pass_ms(rig, 20);
	poll(NULL, 0, identity.watchdog_ms + 50);
	pass_ms(rig, 50);
	assert_int_equal(rig->link.fault, BOARD_FAULT_WATCHDOG);
	strokes = status(rig).strokes;
	pass_ms(rig, 20);
	assert_int_equal(status(rig).strokes, strokes);
}

static void test_reset_ends_link_and_arming(void **state)
{
	Rig *rig = *state;
	BoardIdentity identity;

	work(rig);
	assert_int_equal(rig->board->set_line(rig->open, STIPPLE_LINE_RESET, true), 0);
	assert_int_equal(rig->board->set_line(rig->open, STIPPLE_LINE_RESET, false), 0);
	hello(rig, &identity);
	pass_ms(rig, 5);
	assert_false(rig->link.flags & FRAME_FLAG_ARMED);
	rig->kind->pedal(rig, false);
	assert_int_equal(arm(rig), BOARD_RESULT_OK);
}

static void test_opens_again_after_close(void **state)
{
	Rig *rig = *state;
	char error[STIPPLE_ERROR_MAX] = "";
	BoardIdentity identity;

	work(rig);
	rig->board->close(rig->open);
	rig->open = NULL;
	assert_int_equal(rig->board->open(&rig->host, &rig->open, error), 0);
	hello(rig, &identity);
	pass_ms(rig, 5);
	assert_false(rig->link.flags & FRAME_FLAG_ENABLED);
}

static void test_refuses_an_unknown_setting(void **state)
{
	Rig *rig = *state;
	StippleSetting wrong = { "colour", "blue", "stippled.conf", 7 };
	StippleHost host = rig->host;
	char error[STIPPLE_ERROR_MAX] = "";
	void *board = NULL;

	host.settings = &wrong;
	host.n_settings = 1;
	assert_int_equal(rig->board->open(&host, &board, error), -EINVAL);
	assert_null(board);
	assert_non_null(strstr(error, "stippled.conf:7"));
	assert_non_null(strstr(error, "colour"));
}

/* ---- board-sim, over its socket ---- */

static void sim_say(Rig *rig, const char *line)
{
	char reply[64] = "";
	ssize_t n = -1;

	assert_int_equal(send(rig->socket, line, strlen(line), MSG_NOSIGNAL), (ssize_t)strlen(line));
	for (int64_t until = now_ns() + WAIT_NS; n < 0 && now_ns() < until;) {
		take_edges(rig); /* the simulator runs on its caller's thread */
		n = recv(rig->socket, reply, sizeof reply - 1, MSG_DONTWAIT);
	}
	assert_string_equal(reply, "ok\n");
}

static void sim_pedal(Rig *rig, bool down)
{
	sim_say(rig, down ? "pedal down\n" : "pedal up\n");
}

static void sim_estop(Rig *rig, bool pressed)
{
	sim_say(rig, pressed ? "estop press\n" : "estop release\n");
}

static void sim_corrupt(Rig *rig, unsigned n)
{
	char line[32];

	snprintf(line, sizeof line, "crc %u\n", n);
	sim_say(rig, line);
}

static void sim_connect(Rig *rig)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, rig->path, sizeof rig->path);
	rig->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(rig->socket, (struct sockaddr *)&address, sizeof address), 0);
}

static void sim_start(Rig *rig)
{
	char error[STIPPLE_ERROR_MAX] = "";

	snprintf(rig->path, sizeof rig->path, "stipple-conformance-%d", getpid());
	rig->settings[0] = (StippleSetting){ "socket", rig->path, "test", 1 };
	assert_int_equal(plugin_load(STIPPLE_BUILD_FOLDER "/plugins/board-sim", "board-sim",
				 STIPPLE_PLUGIN_BOARD, &rig->plugin, NULL),
		0);
	plugin_set_settings(rig->plugin, rig->settings, 1);
	rig->board = plugin_vtable(rig->plugin);
	rig->host = *plugin_host(rig->plugin);
	assert_int_equal(rig->board->open(&rig->host, &rig->open, error), 0);
	sim_connect(rig);
}

static void sim_stop(Rig *rig)
{
	close(rig->socket);
	plugin_free(rig->plugin);
}

/* ---- board-spi, above the stand-in ---- */

extern const StipplePlugin stipple_plugin;

static void spi_log(void *context, int level, const char *message)
{
}

static void spi_pedal(Rig *rig, bool down)
{
	fake_board_pedal(down);
}

static void spi_estop(Rig *rig, bool pressed)
{
	fake_board_estop(pressed);
}

static void spi_corrupt(Rig *rig, unsigned n)
{
	fake_board.model.mischief.corrupt_rx = fake_board.model.mischief.corrupt_tx = n;
}

static void spi_start(Rig *rig)
{
	char error[STIPPLE_ERROR_MAX] = "";

	fake_board_start();
	rig->settings[0] = (StippleSetting){ "chip", FAKE_CHIP, "test", 1 };
	rig->settings[1] = (StippleSetting){ "device", FAKE_SPI, "test", 2 };
	rig->host = (StippleHost){ .size = sizeof rig->host,
		.abi = STIPPLE_PLUGIN_ABI,
		.log = spi_log,
		.settings = rig->settings,
		.n_settings = 2 };
	rig->board = stipple_plugin.vtable;
	if (rig->board->open(&rig->host, &rig->open, error) < 0)
		fail_msg("%s", error);
	assert_false(fake_board.was_enabled_at_request);
}

static void spi_stop(Rig *rig)
{
	assert_false(fake_board.requested);
	assert_true(fake_board.gone || !fake_board.model.enable);
}

static void test_spi_tells_failures_to_open_apart(void **state)
{
	Rig *rig = *state;
	StippleSetting other[] = { { "chip", "/dev/absent", "test", 1 }, { "device", FAKE_SPI, "test", 2 } };
	StippleHost host = rig->host;
	char error[STIPPLE_ERROR_MAX] = "";

	rig->board->close(rig->open);
	rig->open = NULL;
	host.settings = other;
	assert_int_equal(rig->board->open(&host, &rig->open, error), -ENODEV);
	assert_non_null(strstr(error, "/dev/absent"));
	fake_board.chip_forbidden = true;
	assert_int_equal(rig->board->open(&rig->host, &rig->open, error), -EACCES);
	assert_non_null(strstr(error, "group"));
	fake_board.chip_forbidden = false;
	fake_board.consumer = "leds-gpio";
	assert_int_equal(rig->board->open(&rig->host, &rig->open, error), -EBUSY);
	assert_non_null(strstr(error, "line stipple-pedal is taken by \"leds-gpio\""));
	fake_board.consumer = NULL;
	fake_board.spi_absent = true;
	assert_int_equal(rig->board->open(&rig->host, &rig->open, error), -ENODEV);
	assert_non_null(strstr(error, FAKE_SPI));
	fake_board.spi_absent = false;
	fake_board.spi_forbidden = true;
	assert_int_equal(rig->board->open(&rig->host, &rig->open, error), -EACCES);
	assert_non_null(strstr(error, FAKE_SPI));
	assert_false(fake_board.requested);
	assert_null(rig->open);
}

/** As a dead daemon leaves it on a kernel that keeps the levels of released outputs. */
static void test_enable_is_driven_low_alone(void **state)
{
	GpioOptions options = { .chip = FAKE_CHIP };
	char error[STIPPLE_ERROR_MAX] = "";

	snprintf(options.lines[STIPPLE_LINE_ENABLE].name, GPIO_NAME_MAX, "%s", GPIO_ENABLE_NAME);
	fake_board_start();
	board_model_set_enable(&fake_board.model, true);
	fake_board.consumer = "somebody";
	assert_int_equal(gpio_lines_drop_enable(&options, error), -EBUSY);
	assert_true(fake_board.model.enable);
	fake_board.consumer = NULL;
	assert_int_equal(gpio_lines_drop_enable(&options, error), 0);
	assert_false(fake_board.model.enable);
	assert_false(fake_board.requested);
	assert_int_equal(fake_board.lines_requested, 1);
	options.chip[0] = '\0'; /* the first that has the line */
	board_model_set_enable(&fake_board.model, true);
	assert_int_equal(gpio_lines_drop_enable(&options, error), 0);
	assert_false(fake_board.model.enable);
	fake_board.gone = true;
	assert_int_equal(gpio_lines_drop_enable(&options, error), -ENODEV);
	assert_non_null(strstr(error, "stipple-enable"));
}

static void test_spi_finds_the_chip_by_its_line(void **state)
{
	Rig *rig = *state;
	StippleSetting device = { "device", FAKE_SPI, "test", 2 };
	StippleSetting absent[] = { device, { "line_enable", "motor", "test", 3 } };
	StippleHost host = rig->host;
	char error[STIPPLE_ERROR_MAX] = "";

	rig->board->close(rig->open);
	rig->open = NULL;
	host.settings = absent;
	assert_int_equal(rig->board->open(&host, &rig->open, error), -ENODEV);
	assert_non_null(strstr(error, "motor"));
	host.settings = &device;
	host.n_settings = 1;
	assert_int_equal(rig->board->open(&host, &rig->open, error), 0);
}

static void test_spi_refuses_settings_out_of_range(void **state)
{
	static const StippleSetting wrong[] = {
		{ "speed_hz", "99999", "test", 1 },
		{ "speed_hz", "fast", "test", 1 },
		{ "polarity_pedal", "sideways", "test", 1 },
		{ "bias_enable", "up", "test", 1 },
		{ "bias_pedal", "left", "test", 1 },
		{ "debounce_us_pedal", "20001", "test", 1 },
		{ "line_emergency_stop", "none", "test", 1 },
		{ "line_", "x", "test", 1 },
		{ "device", "", "test", 1 },
	};
	Rig *rig = *state;
	StippleHost host = rig->host;
	void *board = NULL;

	host.n_settings = 1;
	for (size_t i = 0; i < ELEMENTS(wrong); i++) {
		char error[STIPPLE_ERROR_MAX] = "";

		host.settings = &wrong[i];
		assert_int_equal(rig->board->open(&host, &board, error), -EINVAL);
		assert_non_null(strstr(error, wrong[i].key));
	}
	assert_null(board);
}

static void test_spi_tells_failures_in_use_apart(void **state)
{
	Rig *rig = *state;
	uint8_t tx[STIPPLE_FRAME_BYTES] = { 0 }, rx[STIPPLE_FRAME_BYTES];
	StippleEdge edge;
	bool active;

	fake_board.short_transfer = true;
	assert_int_equal(rig->board->transfer(rig->open, tx, rx, sizeof tx), -EIO);
	assert_int_equal(rig->board->transfer(rig->open, tx, rx, sizeof tx), 0);
	fake_board.gone = true;
	assert_int_equal(rig->board->transfer(rig->open, tx, rx, sizeof tx), -ENODEV);
	assert_int_equal(rig->board->read_edges(rig->open, &edge, 1), -ENODEV);
	assert_int_equal(rig->board->get_line(rig->open, STIPPLE_LINE_PEDAL, &active), -ENODEV);
	assert_int_equal(rig->board->set_line(rig->open, STIPPLE_LINE_ENABLE, false), -ENODEV);
	assert_int_equal(rig->board->set_line(rig->open, STIPPLE_LINE_PEDAL, true), -EINVAL);
}

/* ---- running them ---- */

static const RigKind sim_kind = { sim_start, sim_pedal, sim_estop, sim_corrupt, sim_stop };
static const RigKind spi_kind = { spi_start, spi_pedal, spi_estop, spi_corrupt, spi_stop };

static int set_up(void **state, const RigKind *kind)
{
	Rig *rig = calloc(1, sizeof *rig);

	assert_non_null(rig);
	rig->kind = kind;
	kind->start(rig);
	*state = rig;
	return 0;
}

static int set_up_sim(void **state)
{
	return set_up(state, &sim_kind);
}

static int set_up_spi(void **state)
{
	return set_up(state, &spi_kind);
}

static int tear_down(void **state)
{
	Rig *rig = *state;

	if (rig->open)
		rig->board->close(rig->open);
	rig->kind->stop(rig);
	free(rig);
	return 0;
}

#define ON(kind, test) cmocka_unit_test_setup_teardown(test, set_up_##kind, tear_down)

#define CONFORMANCE(kind)                                                                                    \
	ON(kind, test_opens_with_safe_outputs), ON(kind, test_introduces_itself),                            \
		ON(kind, test_edges_come_in_order_with_their_time),                                          \
		ON(kind, test_refuses_what_is_out_of_range_or_order),                                        \
		ON(kind, test_strokes_flow_and_none_is_lost_to_bad_frames),                                  \
		ON(kind, test_stands_still_without_enable), ON(kind, test_stop_flag_disarms),                \
		ON(kind, test_enable_can_be_cut_from_outside),                                               \
		ON(kind, test_emergency_stop_latches_on_the_board),                                          \
		ON(kind, test_watchdog_stops_a_board_left_alone), ON(kind, test_reset_ends_link_and_arming), \
		ON(kind, test_opens_again_after_close), ON(kind, test_refuses_an_unknown_setting)

int main(void)
{
	const struct CMUnitTest sim[] = { CONFORMANCE(sim) };
	const struct CMUnitTest spi[] = {
		CONFORMANCE(spi),
		ON(spi, test_spi_tells_failures_to_open_apart),
		ON(spi, test_spi_finds_the_chip_by_its_line),
		cmocka_unit_test(test_enable_is_driven_low_alone),
		ON(spi, test_spi_refuses_settings_out_of_range),
		ON(spi, test_spi_tells_failures_in_use_apart),
	};

	return cmocka_run_group_tests_name("board-sim", sim, NULL, NULL) +
	       cmocka_run_group_tests_name("board-spi", spi, NULL, NULL);
}
