/* SPDX-License-Identifier: Apache-2.0 */

/** Private copies of ledgers on read-only media. It never touches the original. */

#include "ledger/scratch.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "ledger/beside.h"
#include "util/file.h"

enum { COPY_BYTES = 1 << 20 };

struct Scratch {
	char *original, *folder, *path;
	unsigned users;
};

/* several threads may read one ledger at the same time */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Scratch *shared;

bool scratch_is_needed(const char *path)
{
	_cleanup_(freep) char *wal = NULL, *shm = NULL, *folder = file_folder(path);
	struct stat status;

	if (!folder || asprintf(&wal, "%s-wal", path) < 0 || asprintf(&shm, "%s-shm", path) < 0)
		return false;
	if (stat(wal, &status) < 0 || status.st_size == 0)
		return false;
	return access(shm, F_OK) < 0 && faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) < 0;
}

static int copy_file(const char *from, const char *to)
{
	_cleanup_(closep) int in = open(from, O_RDONLY | O_CLOEXEC);
	_cleanup_(closep) int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t n;

	if (in < 0 || out < 0)
		return -errno;
	/* the lock is held on purpose: other callers for the same copy wait until it is complete */
	do
		n = sendfile(out, in, NULL, COPY_BYTES);
	while (n > 0);
	return n < 0 ? -errno : 0;
}

static void remove_copy(Scratch *scratch)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };

	for (size_t i = 0; scratch->path && i < ELEMENTS(suffixes); i++)
		beside_remove(scratch->path, suffixes[i]);
	if (scratch->folder)
		(void)rmdir(scratch->folder);
	free(scratch->original);
	free(scratch->folder);
	free(scratch->path);
	free(scratch);
}

static int make_copy(Scratch *scratch)
{
	_cleanup_(freep) char *from = NULL, *to = NULL;
	const char *temporary = getenv("TMPDIR");
	int r;

	if (asprintf(&scratch->folder, "%s/stipple-ledger-XXXXXX", temporary ? temporary : "/var/tmp") < 0) {
		scratch->folder = NULL;
		return -ENOMEM;
	}
	if (!mkdtemp(scratch->folder)) {
		r = -errno;
		free(TAKE_PTR(scratch->folder));
		return r;
	}
	if (asprintf(&scratch->path, "%s/ledger.db", scratch->folder) < 0) {
		scratch->path = NULL;
		return -ENOMEM;
	}
	if (asprintf(&from, "%s-wal", scratch->original) < 0 || asprintf(&to, "%s-wal", scratch->path) < 0)
		return -ENOMEM;
	r = copy_file(scratch->original, scratch->path);
	return r < 0 ? r : copy_file(from, to);
}

/** Call with the lock held. */
static int take_new(const char *path, Scratch **ret, Error *error)
{
	Scratch *scratch = calloc(1, sizeof *scratch);
	int r;

	if (!scratch)
		return -ENOMEM;
	scratch->users = 1;
	scratch->original = strdup(path);
	r = scratch->original ? make_copy(scratch) : -ENOMEM;
	if (r < 0) {
		r = error_set(error, r,
			"%.120s and its log lie where nothing can be written, and could not be copied to read them (%s): "
			"set TMPDIR to a folder with room for both",
			path, strerror(-r));
		remove_copy(scratch);
		return r;
	}
	*ret = scratch;
	return 0;
}

int scratch_take(const char *path, Scratch **ret, Error *error)
{
	int r = 0;

	pthread_mutex_lock(&lock);
	if (shared && strcmp(shared->original, path) == 0) {
		shared->users++;
		*ret = shared;
	} else {
		r = take_new(path, ret, error);
		if (r == 0 && !shared)
			shared = *ret;
	}
	pthread_mutex_unlock(&lock);
	return r;
}

const char *scratch_path(const Scratch *scratch)
{
	return scratch->path;
}

Scratch *scratch_free(Scratch *scratch)
{
	if (!scratch)
		return NULL;
	pthread_mutex_lock(&lock);
	if (--scratch->users == 0) {
		if (shared == scratch)
			shared = NULL;
		remove_copy(scratch);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}
