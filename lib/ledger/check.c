/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Verifies the ledger in the background, on a separate thread, and keeps its findings beside the ledger. It
 * must not write the ledger, repair anything, or delay the writer or an erasure.
 */

#include "ledger/beside.h"
#include "ledger/ledger-private.h"
#include "ledger/verify.h"

#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>

#include "util/file.h"
#include "util/log.h"

enum {
	DAMAGED_TEXT_MAX = 4096,
	FINDING_SHOWN = 110,
	LOOK_AROUND_MS = 50,
	SCRUB_WAIT_MS = 60000, /* limit of the delay by another program that keeps erased data in the log */
};

/* ---- what was found lasts ---- */

int check_remembered(const char *path, Error *error)
{
	_cleanup_(freep) char *text = NULL;
	size_t size, length;
	int r = beside_read(path, DAMAGED_SUFFIX, DAMAGED_TEXT_MAX, &text, &size);

	if (r == -ENOENT || clear_is_lifted(path))
		return 0;
	length = r < 0 ? 0 : strcspn(text, "\n");
	return error_set(error, -EUCLEAN,
		"%.*s: keep the file as evidence and bring back a backup; if `stipplectl audit verify` calls it sound,"
		" `stipplectl ledger clear-damage`",
		length > 0 && length < FINDING_SHOWN ? (int)length : FINDING_SHOWN,
		r < 0 ? "a verification found the ledger damaged" : text);
}

static void remember_damage(const Ledger *ledger, const char *text)
{
	int r = file_write_beside(ledger->path, DAMAGED_SUFFIX, text, strlen(text));

	if (r < 0)
		log_warning("that the ledger is damaged could not be kept: %s", strerror(-r));
}

/* ---- the thread ---- */

static void on_progress(void *userdata, uint64_t done, uint64_t total)
{
	Check *check = &((Ledger *)userdata)->check;

	/* in this order, so that `done` never exceeds `total` */
	atomic_store(&check->total, total);
	atomic_store(&check->done, done);
}

static void on_finding(void *userdata, const char *text)
{
	Ledger *ledger = userdata;

	log_line(LOG_ERR, LOG_ID_LEDGER_DAMAGED, "%s", text);
	if (!ledger->check.error.text[0])
		error_set(&ledger->check.error, -EUCLEAN, "%s", text);
}

static void on_remark(void *userdata, const char *text)
{
	log_warning("%s", text);
}

/** Gives way to everything else that needs the processor or the disk. */
static void give_way(void)
{
	enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_IDLE = 3 << 13 };
	struct sched_param parameters = { 0 };

	/* when a kernel or sandbox refuses, the thread keeps the ordinary priority */
	(void)pthread_setschedparam(pthread_self(), SCHED_IDLE, &parameters);
	(void)!syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
}

/** A snapshot taken while the log still has erased data would keep that data there. */
static void wait_for_erasure(const Ledger *ledger)
{
	for (int waited_ms = 0; waited_ms < SCRUB_WAIT_MS && !atomic_load(&ledger->leave) &&
				(atomic_load(&ledger->erasing) || atomic_load(&ledger->scrub));
		waited_ms += LOOK_AROUND_MS)
		(void)poll(NULL, 0, LOOK_AROUND_MS);
}

/** -ECANCELED: the ledger is being closed. */
static int check_until_done(Ledger *ledger, const VerifyOptions *options, Verification *ret, Error *error)
{
	int r = -ECANCELED;

	do {
		wait_for_erasure(ledger);
		/* in this order: whoever sets this flag sets the others first */
		atomic_store(&ledger->check_leave, false);
		if (atomic_load(&ledger->leave))
			return -ECANCELED;
		if (atomic_load(&ledger->erasing))
			continue;
		ledger->check.error = (Error){ 0 };
		r = ledger_verify(options, ret, error);
	} while (r == -ECANCELED && !atomic_load(&ledger->leave));
	return r;
}

static void *check_thread(void *userdata)
{
	Ledger *ledger = userdata;
	Check *check = &ledger->check;
	Error error = { 0 };
	Verification found;
	const VerifyOptions options = {
		.path = ledger->path,
		.parts = VERIFY_ALL,
		.threads = 1,
		.images = ledger->images,
		.leave = &ledger->check_leave,
		.progress = on_progress,
		.finding = on_finding,
		.remark = on_remark,
		.userdata = ledger,
	};

	(void)pthread_setname_np(pthread_self(), "verify");
	give_way();
	error.code = check_until_done(ledger, &options, &found, &error);
	if (error.code < 0) {
		check->error = error;
	} else if (found.findings > 0) {
		check->error.code = found.findings > found.photograph_findings ? -EUCLEAN : -ENOMEDIUM;
		check->findings = found.findings;
		if (check->error.code == -EUCLEAN)
			remember_damage(ledger, check->error.text);
	}
	atomic_store(&check->ended, true);
	ring_wake(ledger->answers);
	return NULL;
}

int ledger_verify_start(Ledger *ledger, LedgerDone done, void *userdata)
{
	int r;

	if (ledger->read_only)
		return -EROFS;
	if (ledger->check.running)
		return -EBUSY;
	ledger->check = (Check){ .answer = done, .userdata = userdata };
	r = pthread_create(&ledger->check.thread, NULL, check_thread, ledger);
	ledger->check.running = r == 0;
	return -r;
}

void ledger_verify_progress(const Ledger *ledger, uint64_t *ret_done, uint64_t *ret_total)
{
	*ret_done = ledger->check.running ? atomic_load(&ledger->check.done) : 0;
	*ret_total = ledger->check.running ? atomic_load(&ledger->check.total) : 0;
}

void check_dispatch(Ledger *ledger)
{
	Check *check = &ledger->check;
	LedgerAnswer answer = { 0 };

	if (!check->running || !atomic_load(&check->ended))
		return;
	pthread_join(check->thread, NULL);
	check->running = false;
	answer.error = check->error.code;
	answer.seq = check->findings;
	memcpy(answer.text, check->error.text, sizeof answer.text);
	if (check->answer)
		check->answer(check->userdata, &answer);
}

void check_join(Ledger *ledger)
{
	if (!ledger->check.running)
		return;
	pthread_join(ledger->check.thread, NULL);
	ledger->check.running = false;
}
