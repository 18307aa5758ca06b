// SPDX-License-Identifier: Apache-2.0

/**
 * The control thread with the simulated board, as the daemon runs them: orders from this thread, the
 * operator's hands and feet over the simulator's socket.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "control/control.h"
#include "plugin/plugin-loader.h"
#include "stipple/board-frame.h"

#define WAIT_NS (20 * 1000000000LL) /* longer than anything here takes, however slow the machine */

/** Everything the facts have said so far. */
typedef struct Station {
	Plugin *plugin;
	Control *control;
	const StippleBoardVtable *board; /* NULL: the plugin's own */
	StippleSetting settings[3];
	char path[108], speed[8];
	int socket;
	uint32_t ticket, answered;
	unsigned answers;
	int errors[16]; /* of the answers, by ticket, the newest of those that share a place */
	ControlFact answer, fault;
	uint32_t main_silent_ms;
	unsigned ups, downs, faults, overruns;
	bool pedal, estop;
	uint64_t samples;
	uint32_t last_us;
	ChipId chip;
	char down[STIPPLE_ERROR_MAX];
} Station;

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* ---- facts ---- */

static void take_strokes(Station *station, const ControlFact *fact)
{
	assert_in_range(fact->strokes.n, 1, FRAME_SAMPLES_MAX);
	for (uint32_t i = 0; i < fact->strokes.n; i++) {
		const StrokeSample *sample = &fact->strokes.samples[i];

		assert_true(station->samples == 0 || (int32_t)(sample->time_us - station->last_us) > 0);
		station->last_us = sample->time_us;
		station->samples++;
	}
}

static void take_fact(Station *station, const ControlFact *fact)
{
	assert_true(fact->monotonic_ns > 0 && fact->monotonic_ns <= now_ns());
	switch (fact->kind) {
	case CONTROL_FACT_BOARD_UP:
		assert_string_equal(fact->identity.serial, "SIM-0001");
		station->ups++;
		break;
	case CONTROL_FACT_BOARD_DOWN:
		assert_true(fact->down.error < 0);
		snprintf(station->down, sizeof station->down, "%s", fact->down.text);
		station->downs++;
		break;
	case CONTROL_FACT_ANSWER:
		station->answer = *fact;
		station->answered = fact->answer.ticket;
		station->errors[fact->answer.ticket % ELEMENTS(station->errors)] = fact->answer.error;
		station->answers++;
		break;
	case CONTROL_FACT_SAMPLES:
		take_strokes(station, fact);
		break;
	case CONTROL_FACT_LINE:
		*(fact->line.line == STIPPLE_LINE_PEDAL ? &station->pedal : &station->estop) =
			fact->line.active;
		break;
	case CONTROL_FACT_FAULT:
		station->fault = *fact;
		station->faults++;
		break;
	case CONTROL_FACT_CHIP:
		station->chip = fact->chip;
		break;
	case CONTROL_FACT_MAX:
		fail();
	}
}

static void take_facts(Station *station, int wait_ms)
{
	struct pollfd fd = { .fd = control_fd(station->control), .events = POLLIN };
	ControlFact fact;

	(void)poll(&fd, 1, wait_ms);
	control_clear(station->control);
	while (control_take(station->control, &fact))
		take_fact(station, &fact);
}

#define WAIT_UNTIL(station, condition)                                                      \
	do {                                                                                \
		for (int64_t until = now_ns() + WAIT_NS; !(condition) && now_ns() < until;) \
			take_facts(station, 5);                                             \
		assert_true(condition);                                                     \
	} while (0)

/* ---- orders, and the operator ---- */

static int answer_to(Station *station, int r)
{
	assert_int_equal(r, 0);
	WAIT_UNTIL(station, station->answered == station->ticket);
	return station->answer.answer.error;
}

static int configure(Station *station)
{
	BoardSettings settings = { 800, 2500, 150, 90, 1900 };

	return answer_to(station, control_configure(station->control, ++station->ticket, &settings));
}

static int arm(Station *station)
{
	return answer_to(station, control_arm(station->control, ++station->ticket,
					  &(ArmPayload){ .claim = 7, .chip = station->chip }));
}

static int disarm(Station *station)
{
	return answer_to(station, control_disarm(station->control, ++station->ticket));
}

static int acknowledge(Station *station)
{
	return answer_to(station, control_acknowledge(station->control, ++station->ticket));
}

static int query(Station *station, FrameType type)
{
	return answer_to(station, control_query(station->control, ++station->ticket, type));
}

/** One line to the simulator; the thread under test serves it. */
static void ask(Station *station, const char *line, char *ret, size_t size)
{
	ssize_t n = -1;

	assert_int_equal(send(station->socket, line, strlen(line), MSG_NOSIGNAL), (ssize_t)strlen(line));
	for (int64_t until = now_ns() + WAIT_NS; n < 0 && now_ns() < until;) {
		take_facts(station, 1);
		n = recv(station->socket, ret, size - 1, MSG_DONTWAIT);
	}
	assert_true(n >= 0);
	ret[n] = '\0';
}

static void play(Station *station, const char *line)
{
	char reply[256];

	ask(station, line, reply, sizeof reply);
	assert_string_equal(reply, "ok\n");
}

/** What the simulated board says of itself, such as "\"running\":true". */
static bool board_shows(Station *station, const char *what)
{
	char reply[512];

	ask(station, "status\n", reply, sizeof reply);
	return strstr(reply, what) != NULL;
}

/** Asks without taking facts. */
static bool board_is_armed_untaken(Station *station)
{
	char reply[512] = "";

	assert_int_equal(send(station->socket, "status\n", 7, MSG_NOSIGNAL), 7);
	assert_true(recv(station->socket, reply, sizeof reply - 1, 0) > 0);
	return strstr(reply, "\"armed\":true") != NULL;
}

static void connect_socket(Station *station)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, station->path, sizeof station->path);
	station->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(station->socket, (struct sockaddr *)&address, sizeof address), 0);
}

static void start_thread(Station *station)
{
	ControlOptions options = {
		.board = station->board ? station->board : plugin_vtable(station->plugin),
		.host = plugin_host(station->plugin),
		.heartbeat_ms = 20,
		.link_timeout_ms = 200,
		.bad_frames_max = 10,
		.reopen_ms = 50,
		.main_silent_ms = station->main_silent_ms,
		.realtime = true,
	};

	assert_int_equal(control_new(&options, &station->control), 0);
}

/* ---- a board with another transfer ---- */

typedef int (*Transfer)(void *board, const uint8_t *tx, uint8_t *ret_rx, size_t size);

static const StippleBoardVtable *simulated;
static StippleBoardVtable changed;

static void restart_with(Station *station, Transfer transfer)
{
	control_free(station->control);
	close(station->socket);
	simulated = plugin_vtable(station->plugin);
	changed = *simulated;
	changed.transfer = transfer;
	station->board = &changed;
	station->ups = 0;
	start_thread(station);
	WAIT_UNTIL(station, station->ups > 0);
	connect_socket(station);
}

static atomic_bool ended;

/** Lets the header's fault through, but not the frame that says which, and is gone from then on. */
static int transfer_until_fault(void *board, const uint8_t *tx, uint8_t *ret_rx, size_t size)
{
	int r = ended ? -ENODEV : simulated->transfer(board, tx, ret_rx, size);
	Frame frame;

	if (r >= 0 && frame_decode(ret_rx, FRAME_FROM_BOARD, &frame) == FRAME_OK && frame.fault) {
		frame.type = FRAME_IDLE;
		frame_encode(&frame, ret_rx);
		ended = true;
	}
	return r;
}

enum { LATE_TRANSFERS = 40 }; /* more than the thread makes before it looks at its orders again */

static atomic_int failing; /* transfers that are still to fail */

static int transfer_failing(void *board, const uint8_t *tx, uint8_t *ret_rx, size_t size)
{
	return atomic_load(&failing) > 0 && atomic_fetch_sub(&failing, 1) > 0
		       ? -EIO
		       : simulated->transfer(board, tx, ret_rx, size);
}

static atomic_bool gate_closed, gate_reached;

/** Holds the control thread up for as long as the gate is closed. */
static int transfer_gated(void *board, const uint8_t *tx, uint8_t *ret_rx, size_t size)
{
	while (atomic_load(&gate_closed)) {
		atomic_store(&gate_reached, true);
		poll(NULL, 0, 1);
	}
	return simulated->transfer(board, tx, ret_rx, size);
}

/** The answer to ARM arrives as that to another command. */
static int transfer_confusing(void *board, const uint8_t *tx, uint8_t *ret_rx, size_t size)
{
	int r = simulated->transfer(board, tx, ret_rx, size);
	Frame frame;

	if (r >= 0 && frame_decode(ret_rx, FRAME_FROM_BOARD, &frame) == FRAME_OK &&
		frame.type == (FRAME_ARM | FRAME_ANSWER)) {
		frame.type = FRAME_DISARM | FRAME_ANSWER;
		frame_encode(&frame, ret_rx);
	}
	return r;
}

static Control *stopped_late; /* who is stopped while CLEAR_FAULT is under way */

static int transfer_stopping(void *board, const uint8_t *tx, uint8_t *ret_rx, size_t size)
{
	Frame frame;

	if (frame_decode(tx, FRAME_FROM_STATION, &frame) == FRAME_OK && frame.type == FRAME_CLEAR_FAULT &&
		atomic_load(&failing) > 0) {
		if (atomic_fetch_sub(&failing, 1) == LATE_TRANSFERS)
			control_stop(stopped_late);
		return -EIO;
	}
	return simulated->transfer(board, tx, ret_rx, size);
}

static void work(Station *station)
{
	assert_int_equal(configure(station), 0);
	assert_int_equal(arm(station), 0);
	play(station, "pedal down\n");
	WAIT_UNTIL(station, station->samples > 20);
}

static void expect_stopped(Station *station, ControlFault fault)
{
	WAIT_UNTIL(station, station->faults > 0);
	assert_int_equal(station->fault.fault.fault, fault);
	assert_int_equal(station->faults, 1);
	assert_true(board_shows(station, "\"armed\":false"));
	assert_true(board_shows(station, "\"enable\":false"));
}

/* ---- tests ---- */

static void test_fault_names(void **state)
{
	for (ControlFault fault = 0; fault < CONTROL_FAULT_MAX; fault++)
		assert_int_equal(control_fault_from_string(control_fault_to_string(fault)), fault);
	assert_null(control_fault_to_string(CONTROL_FAULT_MAX));
	assert_int_equal(control_fault_from_string("gravity"), CONTROL_FAULT_INVALID);
}

static void test_works_and_loses_no_stroke(void **state)
{
	Station *station = *state;
	uint64_t samples;

	work(station);
	assert_true(station->pedal);
	assert_true(board_shows(station, "\"enable\":true"));
	play(station, "crc 4\n");
	play(station, "drop 3\n");
	samples = station->samples;
	WAIT_UNTIL(station, station->samples > samples + 50);
	play(station, "pedal up\n");
	WAIT_UNTIL(station, !station->pedal);
	assert_true(board_shows(station, "\"enable\":false"));
	assert_int_equal(disarm(station), 0);
	assert_int_equal(query(station, FRAME_STATUS), 0);
	assert_int_equal(station->answer.answer.status.strokes, station->samples);
	assert_int_equal(station->answer.answer.status.claim, 7);
	assert_int_equal(station->faults, 0);
	assert_true(control_counters(station->control).bad_frames >= 7);
	assert_int_equal(control_counters(station->control).samples, station->samples);
}

static void test_failed_transfer_is_a_bad_frame(void **state)
{
	Station *station = *state;
	uint64_t samples;

	restart_with(station, transfer_failing);
	work(station);
	atomic_store(&failing, 1);
	WAIT_UNTIL(station, atomic_load(&failing) == 0);
	samples = station->samples;
	WAIT_UNTIL(station, station->samples > samples + 20);
	assert_true(board_shows(station, "\"enable\":true"));
	assert_int_equal(station->faults, 0);
	atomic_store(&failing, INT32_MAX);
	WAIT_UNTIL(station, station->faults > 0);
	assert_in_set(station->fault.fault.fault,
		((LargestIntegralType[]){ CONTROL_FAULT_LINK_ERRORS, CONTROL_FAULT_LINK_LOST }), 2);
	assert_true(board_shows(station, "\"enable\":false"));
	atomic_store(&failing, 0);
}

static void test_emergency_stop(void **state)
{
	Station *station = *state;

	work(station);
	play(station, "estop press\n");
	expect_stopped(station, CONTROL_FAULT_EMERGENCY_STOP);
	assert_true(station->fault.fault.stop_latency_ns >= 0);
	assert_int_equal(acknowledge(station), -EBUSY);
	assert_int_equal(arm(station), -EBUSY);
	play(station, "estop release\n");
	WAIT_UNTIL(station, !station->estop);
	play(station, "pedal up\n");
	assert_int_equal(arm(station), -EBUSY);
	assert_int_equal(acknowledge(station), 0);
	assert_int_equal(arm(station), 0);
}

static void test_pedal_must_be_released_before_arming(void **state)
{
	Station *station = *state;

	assert_int_equal(configure(station), 0);
	play(station, "pedal down\n");
	WAIT_UNTIL(station, station->pedal);
	assert_int_equal(arm(station), -EBUSY);
	play(station, "pedal up\n");
	WAIT_UNTIL(station, !station->pedal);
	assert_int_equal(arm(station), 0);
	assert_true(board_shows(station, "\"enable\":false"));
}

static void test_limits_and_their_figures(void **state)
{
	Station *station = *state;

	work(station);
	play(station, "over-force\n");
	WAIT_UNTIL(station, station->faults > 0);
	expect_stopped(station, station->fault.fault.fault);
	assert_true(station->fault.fault.fault == CONTROL_FAULT_BOARD ||
		    station->fault.fault.fault == CONTROL_FAULT_FORCE_LIMIT);
	assert_true(station->fault.fault.detail > 1900);
	assert_int_equal(query(station, FRAME_STATUS), 0);
	assert_int_equal(station->answer.answer.status.strokes, station->samples);
}

static void test_cartridge_pulled_while_armed(void **state)
{
	Station *station = *state;

	play(station, "cartridge insert 0badcafe\n");
	WAIT_UNTIL(station, station->chip.length == 4);
	work(station);
	play(station, "cartridge remove\n");
	expect_stopped(station, CONTROL_FAULT_CHIP_CHANGED);
	WAIT_UNTIL(station, station->chip.length == 0);
}

static void test_stop_by_the_host(void **state)
{
	Station *station = *state;

	work(station);
	control_stop(station->control);
	expect_stopped(station, CONTROL_FAULT_HOST);
	play(station, "pedal up\n");
	WAIT_UNTIL(station, !station->pedal);
	assert_int_equal(acknowledge(station), 0);
	assert_int_equal(arm(station), 0);
}

static void test_board_that_hangs(void **state)
{
	Station *station = *state;
	unsigned ups = station->ups;

	work(station);
	play(station, "hang 700\n");
	WAIT_UNTIL(station, station->faults > 0);
	assert_true(station->fault.fault.fault == CONTROL_FAULT_LINK_LOST ||
		    station->fault.fault.fault == CONTROL_FAULT_LINK_ERRORS);
	WAIT_UNTIL(station, station->downs > 0);
	assert_int_equal(query(station, FRAME_STATUS), -ENOTCONN);
	WAIT_UNTIL(station, station->ups > ups);
	assert_int_equal(query(station, FRAME_STATUS), 0);
	assert_int_equal(station->faults, 1);
}

static void test_board_that_vanishes_and_returns(void **state)
{
	Station *station = *state;
	unsigned ups = station->ups;

	work(station);
	play(station, "vanish 300\n");
	WAIT_UNTIL(station, station->downs > 0);
	assert_int_equal(station->faults, 1);
	assert_int_equal(station->fault.fault.fault, CONTROL_FAULT_BOARD_GONE);
	assert_int_equal(acknowledge(station), -ENOTCONN);
	WAIT_UNTIL(station, station->ups > ups);
	assert_int_equal(arm(station), -EBUSY);
	assert_int_equal(acknowledge(station), 0);
	close(station->socket);
	connect_socket(station);
	assert_true(board_shows(station, "\"enable\":false"));
}

static void test_board_that_vanishes_with_its_fault_untold(void **state)
{
	Station *station = *state;

	ended = false;
	restart_with(station, transfer_until_fault);
	work(station);
	play(station, "over-temperature on\n");
	WAIT_UNTIL(station, station->downs > 0);
	assert_int_equal(station->faults, 1);
	assert_int_equal(station->fault.fault.fault, CONTROL_FAULT_BOARD_GONE);
}

static void test_stuck_data_ready_harms_nobody(void **state)
{
	Station *station = *state;

	play(station, "stuck-data-ready on\n");
	work(station);
	play(station, "estop press\n");
	expect_stopped(station, CONTROL_FAULT_EMERGENCY_STOP);
}

/** Facts that nobody takes: the board keeps its strokes, then the needle stops, and nothing is lost. */
static void test_facts_that_nobody_takes(void **state)
{
	Station *station = *state;

	assert_int_equal(configure(station), 0);
	assert_int_equal(arm(station), 0);
	play(station, "pedal down\n");
	for (int64_t until = now_ns() + WAIT_NS; board_is_armed_untaken(station) && now_ns() < until;)
		poll(NULL, 0, 10);
	WAIT_UNTIL(station, station->faults > 0);
	assert_int_equal(station->fault.fault.fault, CONTROL_FAULT_FACTS_OVERRUN);
	assert_int_equal(query(station, FRAME_STATUS), 0);
	assert_int_equal(station->answer.answer.status.strokes, station->samples);
}

static void test_orders_while_there_is_no_board(void **state)
{
	Station *station = *state;

	play(station, "vanish 1000000\n");
	WAIT_UNTIL(station, station->downs > 0);
	assert_int_equal(configure(station), -ENOTCONN);
	assert_int_equal(arm(station), -ENOTCONN);
	assert_int_equal(disarm(station), -ENOTCONN);
	assert_int_equal(query(station, FRAME_READ_CHIP), -ENOTCONN);
	assert_int_equal(control_lamps(station->control, true, false, ALARM_INFORMATION), 0);
	assert_int_equal(station->faults, 0);
	WAIT_UNTIL(station, strstr(station->down, "unplugged") != NULL);
}

#define LAMPS(ready, working, fault, caution) \
	"\"ready\":" #ready ",\"working\":" #working ",\"fault\":" #fault ",\"caution\":" #caution

/** Lamps follow the order; those of an alarm flash by themselves, and those of a fault need no order at all.
 */
static void test_lamps(void **state)
{
	Station *station = *state;
	const struct {
		bool ready, working;
		AlarmPriority alarm;
		const char *shown;
	} cases[] = {
		{ true, false, ALARM_INFORMATION, LAMPS(true, false, false, false) },
		{ false, true, ALARM_INFORMATION, LAMPS(false, true, false, false) },
		{ true, false, ALARM_LOW, LAMPS(true, false, false, true) },
		{ false, true, ALARM_MEDIUM, LAMPS(false, true, false, true) },
		{ false, true, ALARM_MEDIUM, LAMPS(false, true, false, false) }, /* and dark in between */
		{ false, true, ALARM_MEDIUM, LAMPS(false, true, false, true) },
		{ false, false, ALARM_HIGH, LAMPS(false, false, true, false) },
		{ false, false, ALARM_HIGH, LAMPS(false, false, false, false) },
		{ false, false, ALARM_HIGH, LAMPS(false, false, true, false) },
		{ false, false, ALARM_INFORMATION, LAMPS(false, false, false, false) },
	};

	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		assert_int_equal(
			control_lamps(station->control, cases[i].ready, cases[i].working, cases[i].alarm), 0);
		WAIT_UNTIL(station, board_shows(station, cases[i].shown));
	}
	assert_int_equal(control_lamps(station->control, true, false, ALARM_LOW), 0);
	play(station, "estop press\n");
	WAIT_UNTIL(station, station->faults > 0);
	WAIT_UNTIL(station, board_shows(station, LAMPS(false, false, true, false)));
	WAIT_UNTIL(station, board_shows(station, LAMPS(false, false, false, false)));
	play(station, "estop release\n");
	WAIT_UNTIL(station, !station->estop);
	assert_int_equal(acknowledge(station), 0);
	WAIT_UNTIL(station, board_shows(station, LAMPS(true, false, false, true)));
}

/** The second of two orders to disarm holds until it was carried out itself: no arming comes in between. */
static void test_disarm_outlives_an_earlier_one(void **state)
{
	Station *station = *state;
	uint32_t first;

	atomic_store(&gate_closed, false);
	restart_with(station, transfer_gated);
	assert_int_equal(configure(station), 0);
	atomic_store(&gate_reached, false);
	atomic_store(&gate_closed, true);
	for (int64_t until = now_ns() + WAIT_NS; !atomic_load(&gate_reached) && now_ns() < until;)
		poll(NULL, 0, 1);
	assert_true(atomic_load(&gate_reached));
	first = station->ticket + 1;
	assert_int_equal(control_disarm(station->control, ++station->ticket), 0);
	assert_int_equal(control_arm(station->control, ++station->ticket, &(ArmPayload){ .claim = 7 }), 0);
	assert_int_equal(control_disarm(station->control, ++station->ticket), 0);
	atomic_store(&gate_closed, false);
	WAIT_UNTIL(station, station->answered == station->ticket);
	assert_int_equal(station->errors[first % ELEMENTS(station->errors)], 0);
	assert_int_equal(station->errors[(first + 1) % ELEMENTS(station->errors)], -EBUSY);
	assert_int_equal(station->errors[(first + 2) % ELEMENTS(station->errors)], 0);
	assert_int_equal(arm(station), 0);
}

static void test_answer_to_another_command_is_none(void **state)
{
	Station *station = *state;

	restart_with(station, transfer_confusing);
	assert_int_equal(configure(station), 0);
	assert_int_equal(arm(station), -ETIMEDOUT);
	play(station, "pedal down\n");
	WAIT_UNTIL(station, station->pedal);
	assert_true(board_shows(station, "\"enable\":false"));
	assert_int_equal(station->faults, 0);
}

/** The main thread that gives no sign of life cannot hear a person's order to stop either. */
static void test_stops_when_the_main_thread_is_silent(void **state)
{
	Station *station = *state;
	uint32_t rounds = 0;

	control_free(station->control);
	close(station->socket);
	station->main_silent_ms = 1000;
	station->ups = 0;
	start_thread(station);
	WAIT_UNTIL(station, station->ups > 0);
	connect_socket(station);
	(void)control_beat(station->control);
	work(station);
	for (int i = 0; i < 20; i++) {
		uint32_t before = rounds;

		for (int64_t until = now_ns() + WAIT_NS; rounds == before && now_ns() < until;) {
			take_facts(station, 100);
			rounds = control_beat(station->control);
		}
		assert_int_not_equal(rounds, before);
	}
	assert_int_equal(station->faults, 0);
	expect_stopped(station, CONTROL_FAULT_MAIN_SILENT);
	assert_true(station->fault.fault.detail >= 1000);
	/* only a needle that may move is stopped */
	play(station, "pedal up\n");
	WAIT_UNTIL(station, !station->pedal);
	assert_int_equal(acknowledge(station), 0);
	poll(NULL, 0, 1200);
	take_facts(station, 1);
	assert_int_equal(station->faults, 1);
}

/** Orders wait where their answers find no room: none is lost, and no step of the station waits for ever. */
static void test_answers_that_nobody_takes(void **state)
{
	Station *station = *state;
	unsigned taken = 0;

	play(station, "pedal down\n"); /* with which arming is refused at once */
	WAIT_UNTIL(station, station->pedal);
	for (int refused = 0; refused < 500 && taken < 2000;) {
		int r = control_arm(station->control, ++station->ticket, &(ArmPayload){ .claim = 7 });

		if (r == 0) {
			taken++;
			continue;
		}
		assert_int_equal(r, -EAGAIN);
		refused++;
		poll(NULL, 0, 1);
	}
	assert_true(taken > 500 && taken < 2000);
	for (unsigned before = UINT32_MAX; before != station->answers;) {
		before = station->answers;
		for (int i = 0; i < 20; i++)
			take_facts(station, 10);
	}
	assert_int_equal(station->answers, taken);
}

/** The person clears one fault while something else stops the needle: that one is latched in its turn. */
static void test_stop_while_a_fault_is_cleared(void **state)
{
	Station *station = *state;

	restart_with(station, transfer_stopping);
	stopped_late = station->control;
	work(station);
	play(station, "over-force\n");
	WAIT_UNTIL(station, station->faults == 1);
	play(station, "pedal up\n");
	WAIT_UNTIL(station, !station->pedal);
	assert_int_equal(query(station, FRAME_STATUS), 0);
	atomic_store(&failing, LATE_TRANSFERS);
	assert_int_equal(acknowledge(station), 0);
	WAIT_UNTIL(station, station->faults == 2);
	assert_int_equal(station->fault.fault.fault, CONTROL_FAULT_HOST);
	assert_int_equal(arm(station), -EBUSY);
	assert_int_equal(acknowledge(station), 0);
	assert_int_equal(arm(station), 0);
}

/* ---- running them ---- */

static int set_up_at(void **state, const char *speed)
{
	Station *station = calloc(1, sizeof *station);
	Error error = { 0 };

	assert_non_null(station);
	*state = station;
	snprintf(station->path, sizeof station->path, "stipple-control-%d", getpid());
	station->settings[0] = (StippleSetting){ "socket", station->path, "test", 1 };
	station->settings[1] = (StippleSetting){ "speed", speed, "test", 2 };
	if (plugin_load(STIPPLE_BUILD_FOLDER "/plugins/board-sim", "board-sim", STIPPLE_PLUGIN_BOARD,
		    &station->plugin, &error) < 0)
		fail_msg("%s", error.text);
	plugin_set_settings(station->plugin, station->settings, 2);
	start_thread(station);
	WAIT_UNTIL(station, station->ups > 0);
	connect_socket(station);
	return 0;
}

static int set_up(void **state)
{
	return set_up_at(state, "1");
}

static int set_up_fast(void **state)
{
	return set_up_at(state, "1000");
}

static int tear_down(void **state)
{
	Station *station = *state;

	control_free(station->control);
	close(station->socket);
	plugin_free(station->plugin);
	free(station);
	return 0;
}

#define RUN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault_names), RUN(test_works_and_loses_no_stroke),
		RUN(test_failed_transfer_is_a_bad_frame), RUN(test_emergency_stop),
		RUN(test_pedal_must_be_released_before_arming), RUN(test_limits_and_their_figures),
		RUN(test_cartridge_pulled_while_armed), RUN(test_stop_by_the_host),
		RUN(test_board_that_hangs), RUN(test_board_that_vanishes_and_returns),
		RUN(test_board_that_vanishes_with_its_fault_untold), RUN(test_stuck_data_ready_harms_nobody),
		cmocka_unit_test_setup_teardown(test_facts_that_nobody_takes, set_up_fast, tear_down),
		RUN(test_disarm_outlives_an_earlier_one), RUN(test_answer_to_another_command_is_none),
		RUN(test_stops_when_the_main_thread_is_silent), RUN(test_answers_that_nobody_takes),
		RUN(test_stop_while_a_fault_is_cleared), RUN(test_lamps),
		RUN(test_orders_while_there_is_no_board), /* the last: the board stays away */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
