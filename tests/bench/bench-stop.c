/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The emergency stop: from its edge being readable to ENABLE written, by the control thread with the needle
 * running, beside a bare loop at the same priority that polls, reads the edge and writes. Edges arrive by an
 * eventfd and ENABLE is a write to /dev/null, so that both make the system calls that lines would take. Both
 * loops have one processor, and who fires the edge has another, as an interrupt's may be: what it takes to
 * wake a second processor is more than all the rest, and the scheduler may put one loop beside the edge and
 * not the other.
 */

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "board-model.h"
#include "control/control.h"

enum { ROUNDS = 10, STOPS = 300, PRIORITY = 50, PAUSE_US = 300, PATIENCE_MS = 10000, EDGES = 8 };

/** Lines as both loops see them. */
typedef struct Lines {
	int edges, enable; /* eventfd; where ENABLE is written */
	atomic_bool level[STIPPLE_LINE_MAX];
	_Atomic unsigned changed[STIPPLE_LINE_MAX], seen[STIPPLE_LINE_MAX];
	_Atomic int64_t fired_ns, stopped_ns;
	atomic_bool enabled;
} Lines;

static void pause_us(long us)
{
	nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
}

static void wait_until(Lines *lines, bool (*condition)(Lines *lines), const char *what)
{
	for (int64_t end = bench_now_ns() + PATIENCE_MS * 1000000LL; !condition(lines); pause_us(50))
		if (bench_now_ns() > end)
			bench_fail("gave up waiting for %s", what);
}

static void change_line(Lines *lines, StippleLine line, bool active)
{
	uint64_t one = 1;

	atomic_store(&lines->level[line], active);
	atomic_fetch_add(&lines->changed[line], 1);
	if (line == STIPPLE_LINE_EMERGENCY_STOP && active)
		atomic_store(&lines->fired_ns, bench_now_ns());
	if (write(lines->edges, &one, sizeof one) < 0)
		bench_fail("the eventfd takes nothing");
}

static void write_enable(Lines *lines, bool active)
{
	if (write(lines->enable, active ? "1" : "0", 1) < 0)
		bench_fail("/dev/null takes nothing");
	atomic_store(&lines->enabled, active);
	if (!active && atomic_load(&lines->stopped_ns) == 0)
		atomic_store(&lines->stopped_ns, bench_now_ns());
}

static bool is_enabled(Lines *lines)
{
	return atomic_load(&lines->enabled);
}

static bool is_stopped(Lines *lines)
{
	return atomic_load(&lines->stopped_ns) != 0;
}

/** One stop, with the needle running. */
static void fire(Lines *lines, BenchTimes *times)
{
	pause_us(PAUSE_US);
	atomic_store(&lines->stopped_ns, 0);
	change_line(lines, STIPPLE_LINE_EMERGENCY_STOP, true);
	wait_until(lines, is_stopped, "the stop");
	bench_times_add(times, atomic_load(&lines->stopped_ns) - atomic_load(&lines->fired_ns));
}

/* ---- the control thread, on a board that is a model ---- */

typedef struct Board {
	Lines lines;
	BoardModel model;
	int64_t advanced_ns;
} Board;

static Board board;

static int open_board(const StippleHost *host, void **ret_board, char error[STIPPLE_ERROR_MAX])
{
	*ret_board = &board;
	return 0;
}

static void close_board(void *userdata)
{
}

static int poll_fd(void *userdata)
{
	return board.lines.edges;
}

static int read_edges(void *userdata, StippleEdge *ret_edges, size_t max)
{
	Lines *lines = &board.lines;
	uint64_t count;
	int n = 0;

	if (read(lines->edges, &count, sizeof count) < 0)
		return 0;
	for (unsigned line = 0; line < STIPPLE_LINE_MAX && (size_t)n < max; line++) {
		unsigned changed = atomic_load(&lines->changed[line]);

		if (changed == atomic_exchange(&lines->seen[line], changed))
			continue;
		ret_edges[n++] =
			(StippleEdge){ (StippleLine)line, atomic_load(&lines->level[line]), bench_now_ns() };
	}
	return n;
}

static int get_line(void *userdata, StippleLine line, bool *ret_active)
{
	*ret_active = atomic_load(&board.lines.level[line]);
	return 0;
}

static int set_line(void *userdata, StippleLine line, bool active)
{
	if (line == STIPPLE_LINE_ENABLE)
		write_enable(&board.lines, active);
	return 0;
}

static int transfer(void *userdata, const uint8_t *tx, uint8_t *ret_rx, size_t size)
{
	int64_t now = bench_now_ns();

	board_model_set_pedal(&board.model, atomic_load(&board.lines.level[STIPPLE_LINE_PEDAL]));
	board_model_set_estop(&board.model, atomic_load(&board.lines.level[STIPPLE_LINE_EMERGENCY_STOP]));
	board_model_set_enable(&board.model, atomic_load(&board.lines.enabled));
	board_model_advance(&board.model, (uint64_t)(now - board.advanced_ns) / 1000);
	board.advanced_ns += (now - board.advanced_ns) / 1000 * 1000;
	board_model_transfer(&board.model, tx, ret_rx);
	return 0;
}

static void cut_enable(void *userdata)
{
	board_model_set_enable(&board.model, false);
}

static const StippleBoardVtable vtable = { sizeof vtable, open_board, close_board, poll_fd, read_edges,
	get_line, set_line, transfer, cut_enable };

static Control *control;
static uint32_t ticket, answered;
static ControlFact newest;
static bool up;

static bool take_facts(Lines *lines)
{
	ControlFact fact;

	while (control_take(control, &fact)) {
		if (fact.kind == CONTROL_FACT_BOARD_UP)
			up = true;
		if (fact.kind != CONTROL_FACT_ANSWER)
			continue;
		newest = fact;
		answered = fact.answer.ticket;
	}
	return up && answered == ticket;
}

static void await_answer(int r, const char *what)
{
	bench_check(r, what);
	wait_until(&board.lines, take_facts, what);
}

/** Whatever the board still has to settle (a pedal just released, a stop just reported) is asked again. */
static void insist(int (*order)(void), const char *what)
{
	for (int i = 0; i < 1000; i++) {
		await_answer(order(), what);
		if (newest.answer.error == 0 && newest.answer.result == BOARD_RESULT_OK)
			return;
		pause_us(500);
	}
	bench_fail("the board refuses: %s", what);
}

static int order_arm(void)
{
	return control_arm(control, ++ticket, &(ArmPayload){ .claim = 1, .chip = board.model.chip });
}

static int order_acknowledge(void)
{
	return control_acknowledge(control, ++ticket);
}

static int order_configure(void)
{
	return control_configure(control, ++ticket, &(BoardSettings){ 800, 2500, 150, 90, 1900 });
}

static void start_control(void)
{
	static const StippleHost host = { .size = sizeof host, .abi = STIPPLE_PLUGIN_ABI };
	BoardModelConfig config = { .identity = board_model_identity, .mechanics_scale = 1, .seed = 1 };
	ChipId chip = { .length = 8, .bytes = { 1, 2, 3, 4, 5, 6, 7, 8 } };

	board_model_init(&board.model, &config);
	board_model_set_chip(&board.model, &chip);
	board.advanced_ns = bench_now_ns();
	bench_check(control_new(&(ControlOptions){ .board = &vtable,
					.host = &host,
					.heartbeat_ms = 20,
					.link_timeout_ms = 2000,
					.bad_frames_max = 10,
					.reopen_ms = 1000,
					.realtime = true },
			    &control),
		"the control thread");
	wait_until(&board.lines, take_facts, "the board");
	insist(order_configure, "its settings");
}

static void measure_control(BenchTimes *times)
{
	Lines *lines = &board.lines;

	for (int i = 0; i < STOPS; i++) {
		insist(order_arm, "to be armed");
		change_line(lines, STIPPLE_LINE_PEDAL, true);
		wait_until(lines, is_enabled, "the needle to run");
		fire(lines, times);
		change_line(lines, STIPPLE_LINE_PEDAL, false);
		change_line(lines, STIPPLE_LINE_EMERGENCY_STOP, false);
		insist(order_acknowledge, "the acknowledgement");
	}
}

/* ---- the bare loop ---- */

static Lines bare;
static atomic_bool bare_leave;

static void *bare_thread(void *userdata)
{
	struct sched_param parameters = { .sched_priority = PRIORITY };
	struct pollfd fd = { .fd = bare.edges, .events = POLLIN };
	uint64_t count;

	(void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters);
	while (!atomic_load(&bare_leave)) {
		if (poll(&fd, 1, 20) <= 0 || read(bare.edges, &count, sizeof count) < 0)
			continue;
		write_enable(&bare, !atomic_load(&bare.level[STIPPLE_LINE_EMERGENCY_STOP]));
	}
	return NULL;
}

static void measure_bare(BenchTimes *times)
{
	for (int i = 0; i < STOPS; i++) {
		change_line(&bare, STIPPLE_LINE_EMERGENCY_STOP, false);
		wait_until(&bare, is_enabled, "the bare loop");
		fire(&bare, times);
	}
}

/* ---- processors ---- */

enum { EVERY_PROCESSOR = -1 };

/** For this thread and those that it begins from now on. A machine of one processor has only that. */
static void use_processor(int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (processor == EVERY_PROCESSOR || i == processor)
			CPU_SET(i, &set);
	(void)sched_setaffinity(0, sizeof set, &set);
}

/* ---- load ---- */

enum { LOAD_MAX = 64 };

static size_t start_load(const char *folder, pid_t children[LOAD_MAX])
{
	long n = sysconf(_SC_NPROCESSORS_ONLN) + 1;
	size_t started = 0;

	for (long i = 0; i < n && started < LOAD_MAX; i++) {
		pid_t child = fork();
		char path[4096], block[65536] = { 1 };
		int fd;

		if (child > 0)
			children[started++] = child;
		if (child != 0)
			continue;
		use_processor(EVERY_PROCESSOR);
		if (i > 0)
			for (volatile unsigned spin = 0;; spin++)
				;
		snprintf(path, sizeof path, "%s/load", folder);
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		for (int k = 0; fd >= 0; k = (k + 1) % 512)
			if (pwrite(fd, block, sizeof block, (off_t)k * (off_t)sizeof block) < 0 ||
				fdatasync(fd) < 0)
				break;
		_exit(1);
	}
	return started;
}

static void stop_load(const pid_t *children, size_t n)
{
	for (size_t i = 0; i < n; i++)
		kill(children[i], SIGKILL);
	for (size_t i = 0; i < n; i++)
		waitpid(children[i], NULL, 0);
}

/* ---- both in turn ---- */

static void report(const char *when, BenchTimes *ours, BenchTimes *theirs)
{
	static const double percents[] = { 50, 99, 99.9 };
	char name[64];

	for (size_t i = 0; i < ELEMENTS(percents); i++) {
		snprintf(name, sizeof name, "edge to ENABLE, %s, p%g", when, percents[i]);
		bench_report(&(BenchFigure){ .bench = "stop",
			.figure = name,
			.unit = "us",
			.value = bench_times_us(ours, percents[i]),
			.raw = bench_times_us(theirs, percents[i]),
			.ratio_max = percents[i] == 99 ? 1.25 : 0 });
	}
}

static void measure(const char *when)
{
	BenchTimes ours = { 0 }, theirs = { 0 };

	for (int i = 0; i < ROUNDS; i++) {
		measure_bare(&theirs);
		measure_control(&ours);
	}
	report(when, &ours, &theirs);
	bench_times_clear(&ours);
	bench_times_clear(&theirs);
}

static void make_lines(Lines *lines)
{
	lines->edges = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	lines->enable = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (lines->edges < 0 || lines->enable < 0)
		bench_fail("no descriptors: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	const char *folder = bench_folder(argc, argv);
	pid_t children[LOAD_MAX];
	pthread_t thread;
	size_t n;

	make_lines(&board.lines);
	make_lines(&bare);
	use_processor(1);
	start_control();
	if (!control_counters(control).realtime)
		fprintf(stderr, "without permission for SCHED_FIFO: neither loop is a real-time one\n");
	bench_check(-pthread_create(&thread, NULL, bare_thread, NULL), "the bare loop");
	use_processor(0);
	measure("idle");
	n = start_load(folder, children);
	measure("loaded");
	stop_load(children, n);
	atomic_store(&bare_leave, true);
	pthread_join(thread, NULL);
	control_free(control);
	return 0;
}
