/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Sounds alarms. The thread that plays owns the connection to the sound server, and may hang with it; the
 * panel must not. What it answers comes back through the main loop. An answer that does not come is told as
 * an error.
 */

#include "sounder.h"

#include <gsound.h>
#include <string.h>

enum { PATIENCE_MS = 3000, TEST_PAUSE_MS = 700, CAUSE_MAX = 64 };

#define SOUND_HANGS "the sound server does not answer"

/** Shared with the thread: whoever leaves last frees it. */
typedef struct Player {
	gatomicrefcount references;
	GAsyncQueue *jobs;
	GSoundContext *context;    /* the thread's own */
	GCancellable *cancellable; /* of the burst that plays; the thread's own */
	Sounder *sounder;          /* the main thread's own; NULL: nobody listens any more */
} Player;

/** A file to play; "" opens the connection, NULL silences, and `leave` ends the thread. */
typedef struct Job {
	Player *player;
	char *file;
	char cause[CAUSE_MAX];
	bool leave;
	char *error; /* NULL: done */
} Job;

struct Sounder {
	SounderOptions options;
	char *folder;
	Player *player;
	char cause[CAUSE_MAX]; /* "" silence */
	int64_t occasion;
	AlarmPriority priority;
	AlarmPriority testing; /* the next of a test; INFORMATION: no test */
	guint next_source;     /* the next burst */
	guint patience_source; /* the thread has not answered yet */
	char awaited[CAUSE_MAX];
	bool waits; /* a burst has to wait for that answer */
};

/* ---- the thread ---- */

static void player_release(Player *player)
{
	if (!g_atomic_ref_count_dec(&player->references))
		return;
	g_clear_object(&player->cancellable);
	g_clear_object(&player->context);
	g_async_queue_unref(player->jobs);
	g_free(player);
}

static void job_free(Job *job)
{
	player_release(job->player);
	g_free(job->file);
	g_free(job->error);
	g_free(job);
}

static gboolean job_answered(void *userdata);
static void play_now(Sounder *sounder);

static void silence_player(Player *player)
{
	if (player->cancellable)
		g_cancellable_cancel(player->cancellable);
	g_clear_object(&player->cancellable);
}

static bool open_context(Player *player, GError **error)
{
	if (player->context)
		return true;
	player->context = gsound_context_new(NULL, error);
	if (player->context && gsound_context_open(player->context, error))
		return true;
	g_clear_object(&player->context);
	return false;
}

/** After an error the connection is made anew: the sound server may have been restarted. */
static void play_job(Job *job)
{
	Player *player = job->player;
	g_autoptr(GError) error = NULL;
	bool done = open_context(player, &error);

	silence_player(player);
	if (done && job->file[0]) {
		player->cancellable = g_cancellable_new();
		done = gsound_context_play_simple(player->context, player->cancellable, &error,
			GSOUND_ATTR_MEDIA_FILENAME, job->file, GSOUND_ATTR_MEDIA_NAME, "Alarm",
			GSOUND_ATTR_APPLICATION_NAME, "Stipple", GSOUND_ATTR_MEDIA_ROLE, "event", NULL);
	}
	if (done)
		return;
	job->error = g_strdup(error ? error->message : "unknown reason");
	g_clear_object(&player->context);
}

static void *run_player(void *userdata)
{
	Player *player = userdata;
	bool leave = false;

	while (!leave) {
		Job *job = g_async_queue_pop(player->jobs);

		leave = job->leave;
		if (!job->file)
			silence_player(player);
		else
			play_job(job);
		if (job->file)
			g_idle_add(job_answered, job);
		else
			job_free(job);
	}
	player_release(player);
	return NULL;
}

static void give_job(Sounder *sounder, const char *file, const char *cause, bool leave)
{
	Job *job = g_new0(Job, 1);

	job->player = sounder->player;
	g_atomic_ref_count_inc(&sounder->player->references);
	job->file = file && file[0] ? g_build_filename(sounder->folder, file, NULL) : g_strdup(file);
	g_strlcpy(job->cause, cause, sizeof job->cause);
	job->leave = leave;
	g_async_queue_push(sounder->player->jobs, job);
}

/* ---- its answers ---- */

static void tell_sounded(Sounder *sounder, const char *cause, const char *error)
{
	sounder->options.sounded(sounder->options.userdata, cause, error);
}

static gboolean job_answered(void *userdata)
{
	Job *job = userdata;
	Sounder *sounder = job->player->sounder;

	if (sounder) {
		if (strcmp(sounder->awaited, job->cause) == 0)
			g_clear_handle_id(&sounder->patience_source, g_source_remove);
		tell_sounded(sounder, job->cause, job->error ? job->error : "");
		if (sounder->waits && !sounder->patience_source)
			play_now(sounder);
	}
	job_free(job);
	return G_SOURCE_REMOVE;
}

static gboolean lose_patience(void *userdata)
{
	Sounder *sounder = userdata;

	sounder->patience_source = 0;
	tell_sounded(sounder, sounder->awaited, SOUND_HANGS);
	if (sounder->waits)
		play_now(sounder);
	return G_SOURCE_REMOVE;
}

/* ---- bursts ---- */

/**
 * While the thread has not answered, no more is given to it: it would all sound at once later. The alarm that
 * is the highest when the answer comes sounds then.
 */
static void play_burst(Sounder *sounder, const char *file, const char *cause)
{
	sounder->waits = sounder->patience_source != 0;
	if (sounder->waits)
		return;
	if (g_async_queue_length(sounder->player->jobs) > 0) {
		tell_sounded(sounder, cause, SOUND_HANGS);
		return;
	}
	g_strlcpy(sounder->awaited, cause, sizeof sounder->awaited);
	sounder->patience_source = g_timeout_add(PATIENCE_MS, lose_patience, sounder);
	give_job(sounder, file, cause, false);
}

static gboolean play_next(void *userdata)
{
	Sounder *sounder = userdata;
	AlarmPriority test = sounder->testing;
	const AlarmSignal *signal = &alarm_signals[test > ALARM_INFORMATION ? test : sounder->priority];
	guint wait_ms = signal->repeat_ms;

	sounder->next_source = 0;
	if (test > ALARM_INFORMATION) {
		play_burst(sounder, signal->sound, "test");
		sounder->testing--;
		wait_ms = signal->burst_ms + TEST_PAUSE_MS;
	} else if (sounder->cause[0] && signal->sound)
		play_burst(sounder, signal->sound, sounder->cause);
	else
		wait_ms = 0;
	if (wait_ms)
		sounder->next_source = g_timeout_add(wait_ms, play_next, sounder);
	return G_SOURCE_REMOVE;
}

static void play_now(Sounder *sounder)
{
	sounder->waits = false;
	g_clear_handle_id(&sounder->next_source, g_source_remove);
	play_next(sounder);
}

void sounder_set(Sounder *sounder, const char *cause, int64_t occasion, AlarmPriority priority)
{
	if (strcmp(sounder->cause, cause ? cause : "") == 0 && (!cause || sounder->occasion == occasion))
		return;
	g_strlcpy(sounder->cause, cause ? cause : "", sizeof sounder->cause);
	sounder->occasion = occasion;
	sounder->priority = priority;
	sounder->testing = ALARM_INFORMATION; /* an alarm ends a test */
	g_clear_handle_id(&sounder->next_source, g_source_remove);
	if (cause)
		play_next(sounder);
	else
		give_job(sounder, NULL, "", false);
}

void sounder_test(Sounder *sounder)
{
	sounder->testing = ALARM_HIGH;
	g_clear_handle_id(&sounder->next_source, g_source_remove);
	play_next(sounder);
}

/* ---- life ---- */

Sounder *sounder_new(const SounderOptions *options)
{
	Sounder *sounder = g_new0(Sounder, 1);

	sounder->options = *options;
	sounder->folder = g_strdup(options->folder);
	sounder->player = g_new0(Player, 1);
	g_atomic_ref_count_init(&sounder->player->references);
	g_atomic_ref_count_inc(&sounder->player->references); /* the thread's */
	sounder->player->jobs = g_async_queue_new();
	sounder->player->sounder = sounder;
	g_thread_unref(g_thread_new("sounder", run_player, sounder->player));
	play_burst(sounder, "", "start");
	return sounder;
}

Sounder *sounder_free(Sounder *sounder)
{
	if (!sounder)
		return NULL;
	g_clear_handle_id(&sounder->next_source, g_source_remove);
	g_clear_handle_id(&sounder->patience_source, g_source_remove);
	give_job(sounder, NULL, "", true);
	sounder->player->sounder = NULL;
	player_release(sounder->player);
	g_free(sounder->folder);
	g_free(sounder);
	return NULL;
}
