/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What a redraw of the work screen costs while all its figures change thirty times a second, beside a window
 * of the same size in which one label does. A redraw is layout and painting, as the frame clock runs them, in
 * processor time.
 */

#include <gtk/gtk.h>

#include "bench.h"
#include "work-view.h"

enum { WIDTH = 1280, HEIGHT = 800, RATE_HZ = 30, FRAMES = 150, WARM_UP = 15, MOST_US = 8000 };

typedef struct Run {
	GMainLoop *loop;
	GtkWidget *window;
	GtkLabel *label; /* of the empty window */
	WorkView *view;  /* of the other */
	BenchTimes times;
	int64_t begun_ns;
	unsigned frames;
} Run;

static void update_view(WorkView *view, unsigned frame)
{
	WorkFigures figures = {
		.place = "Crown · Ada Example",
		.depth = { 700 + frame * 37 % 900, 500, 1500, 2000 },
		.resistance_mn = 200 + frame * 53 % 700,
		.force_warn_mn = 900,
		.force_limit_mn = 1500,
		.dots = frame,
		.needle_strokes = frame * 6,
		.density = frame * 0.5,
		.target = 100,
		.dwell_ms = 50 + frame % 20,
		.outside_share = frame % 10 / 100.0,
		.dwell_plan_ms = 60,
		.elapsed_s = frame * 60,
		.break_in_s = 3000 - (gint64)frame * 60,
		.working = true,
		.pedal = frame % 2,
		.now_us = frame * G_USEC_PER_SEC / RATE_HZ,
	};

	work_view_update(view, &figures);
}

static gboolean change(gpointer userdata)
{
	Run *run = userdata;
	char text[16];

	if (run->view) {
		update_view(run->view, run->frames);
	} else {
		snprintf(text, sizeof text, "%u", run->frames);
		gtk_label_set_text(run->label, text);
	}
	return G_SOURCE_CONTINUE;
}

static void before(GdkFrameClock *clock, gpointer userdata)
{
	((Run *)userdata)->begun_ns = bench_thread_cpu_ns();
}

static void after(GdkFrameClock *clock, gpointer userdata)
{
	Run *run = userdata;

	if (run->frames++ >= WARM_UP)
		bench_times_add(&run->times, bench_thread_cpu_ns() - run->begun_ns);
	if (run->frames == FRAMES + WARM_UP)
		g_main_loop_quit(run->loop);
}

static void run_window(Run *run, GtkWidget *content)
{
	GdkFrameClock *clock;
	guint source;

	run->loop = g_main_loop_new(NULL, FALSE);
	run->window = gtk_window_new();
	gtk_window_set_decorated(GTK_WINDOW(run->window), FALSE);
	gtk_window_set_default_size(GTK_WINDOW(run->window), WIDTH, HEIGHT);
	gtk_window_set_child(GTK_WINDOW(run->window), content);
	gtk_window_present(GTK_WINDOW(run->window));
	clock = gtk_widget_get_frame_clock(run->window);
	g_signal_connect(clock, "before-paint", G_CALLBACK(before), run);
	g_signal_connect(clock, "after-paint", G_CALLBACK(after), run);
	source = g_timeout_add(1000 / RATE_HZ, change, run);
	g_main_loop_run(run->loop);
	g_source_remove(source);
	g_signal_handlers_disconnect_by_data(clock, run);
	gtk_window_destroy(GTK_WINDOW(run->window));
	g_main_loop_unref(run->loop);
}

static void report(Run *ours, Run *empty, double percent, const char *name)
{
	BenchFigure figure = {
		.bench = "panel",
		.figure = name,
		.unit = "us",
		.value = bench_times_us(&ours->times, percent),
		.raw = bench_times_us(&empty->times, percent),
		.over_max = MOST_US,
	};

	bench_report(&figure);
}

int main(int argc, char **argv)
{
	Run ours = { 0 }, empty = { 0 };

	if (!gtk_init_check())
		bench_fail("no display: run it by script/bench, which brings one");
	empty.label = GTK_LABEL(gtk_label_new(""));
	run_window(&empty, GTK_WIDGET(empty.label));
	ours.view = work_view_new();
	run_window(&ours, work_view_widget(ours.view));
	report(&ours, &empty, 50, "redraw at 30 Hz, median; raw is an empty window");
	report(&ours, &empty, 99, "redraw at 30 Hz, 99 %; raw is an empty window");
	ours.view = work_view_free(ours.view);
	bench_times_clear(&ours.times);
	bench_times_clear(&empty.times);
	return 0;
}
