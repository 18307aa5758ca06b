/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Compares the photographs' files with the recorded digests. They are read last, after the ledger's snapshot
 * is released, so that neither its log nor an erasure waits for gigabytes of pictures. What looks wrong is
 * therefore checked again in the current ledger: a photograph may have been erased since. It must not follow
 * a name to another file, or wait for anything but the disk.
 */

#include "ledger/verify-private.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "util/digest-file.h"
#include "util/file.h"

/* used when a record has no file size: more than any camera makes */
#define PHOTOGRAPH_MAX (UINT64_C(256) << 20)

enum {
	RECORDING_S = 60, /* a file younger than this may be waiting for its record's commit */
	STRANGERS_TOLD = 10,
};

typedef enum Fate {
	FATE_KEPT,
	FATE_GOING, /* its erasure is on record, but not the deletion of its file */
	FATE_GONE,
} Fate;

typedef struct Photograph {
	uint64_t seq;
	int64_t bytes; /* 0: not on record */
	char *file, *sha256;
	Fate fate;
} Photograph;

typedef struct Album {
	Photograph *photographs; /* sorted by name */
	size_t n, kept;
	int folder;
	uint64_t before; /* records checked before, for the progress */
} Album;

/** A cleanup function. */
static void album_done(Album *album)
{
	for (size_t i = 0; i < album->n; i++) {
		free(album->photographs[i].file);
		free(album->photographs[i].sha256);
	}
	free(album->photographs);
	closep(&album->folder);
}

/* ---- what the records say ---- */

static Fate fate_of(sqlite3_stmt *row, int erase, int erased)
{
	if (!column_is_null(row, erased))
		return FATE_GONE;
	return column_is_null(row, erase) ? FATE_KEPT : FATE_GOING;
}

static int keep_photograph(Album *album, sqlite3_stmt *row)
{
	Photograph *grown = album->photographs, *photograph;

	if ((album->n & (album->n - 1)) == 0) /* doubles at powers of two */
		grown = reallocarray(album->photographs, album->n ? 2 * album->n : 1, sizeof *grown);
	if (!grown)
		return -ENOMEM;
	album->photographs = grown;
	photograph = &grown[album->n];
	*photograph = (Photograph){
		.seq = (uint64_t)column_integer(row, 0),
		.bytes = column_integer(row, 3),
		.file = strdup(column_string(row, 1)),
		.sha256 = strdup(column_string(row, 2)),
		.fate = fate_of(row, 4, 5),
	};
	album->n++;
	album->kept += photograph->fate == FATE_KEPT;
	return photograph->file && photograph->sha256 ? 0 : -ENOMEM;
}

static int compare_names(const void *a, const void *b)
{
	const Photograph *first = a, *second = b;

	return strcmp(first->file, second->file);
}

/** Reads the table rebuilt from the records; if that was not possible, the file's own. */
static int read_photographs(Verifier *verifier, Album *album)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
	const char *sql = verifier->replayed
				  ? "SELECT seq, file, sha256, bytes, erase_seq, erased_seq FROM main.image"
				  : "SELECT seq, file, sha256, bytes, erase_seq, erased_seq FROM kept.image";
	int result, r = ledger_errno(sqlite3_prepare_v2(verifier->db, sql, -1, &rows, NULL));

	if (r < 0)
		return r;
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		r = keep_photograph(album, rows);
		if (r < 0)
			return r;
	}
	if (result != SQLITE_DONE)
		return ledger_errno(result);
	if (album->n > 0)
		qsort(album->photographs, album->n, sizeof *album->photographs, compare_names);
	return 0;
}

/**
 * Checks the current state of one photograph; `seq` 0: by its file name. If it cannot be found out, the state
 * is unchanged.
 */
static bool is_now(Verifier *verifier, const char *sql, uint64_t seq, const char *file)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *row = NULL;
	bool yes = false;

	if (reader_begin(verifier->reader) < 0)
		return false;
	if (sqlite3_prepare_v2(verifier->db, sql, -1, &row, NULL) == SQLITE_OK &&
		(seq > 0 ? sqlite3_bind_int64(row, 1, (int64_t)seq)
			 : sqlite3_bind_text(row, 1, file, -1, SQLITE_STATIC)) == SQLITE_OK)
		yes = sqlite3_step(row) == SQLITE_ROW;
	sqlite3_finalize(TAKE_PTR(row));
	reader_end(verifier->reader);
	return yes;
}

static bool is_erased_by_now(Verifier *verifier, const Photograph *photograph)
{
	return is_now(verifier, "SELECT 1 FROM kept.image WHERE seq = ? AND erase_seq IS NOT NULL",
		photograph->seq, NULL);
}

static bool is_named_by_now(Verifier *verifier, const char *file)
{
	return is_now(verifier, "SELECT 1 FROM kept.image WHERE file = ?", 0, file);
}

/* ---- one file ---- */

/** A lack of resources of this program says nothing about a file. */
static bool is_our_own(int error)
{
	return error == ENOMEM || error == EMFILE || error == ENFILE;
}

static void tell_open(int error, char ret[VERIFY_TEXT_MAX])
{
	if (error == ENOENT)
		snprintf(ret, VERIFY_TEXT_MAX, "is missing");
	else if (error == ELOOP)
		snprintf(ret, VERIFY_TEXT_MAX, "was replaced: a link is in its place");
	else
		snprintf(ret, VERIFY_TEXT_MAX, "cannot be read (%s)", strerror(error));
}

/** `ret` says what is wrong with the file; "" nothing. Negative errno: it could not be checked. */
static int look_at_file(
	Verifier *verifier, int folder, const Photograph *photograph, char ret[VERIFY_TEXT_MAX])
{
	uint64_t most = photograph->bytes > 0 ? (uint64_t)photograph->bytes : PHOTOGRAPH_MAX;
	_cleanup_(closep) int fd = -1;
	char sha256[DIGEST_HEX_MAX];
	struct stat status;
	int r;

	ret[0] = '\0';
	if (!text_is_identifier(photograph->file, NAME_MAX)) {
		snprintf(ret, VERIFY_TEXT_MAX, "has a name that no photograph has");
		return 0;
	}
	fd = openat(folder, photograph->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &status) < 0) {
		if (is_our_own(errno))
			return -errno;
		tell_open(errno, ret);
		return 0;
	}
	if (!S_ISREG(status.st_mode)) {
		snprintf(ret, VERIFY_TEXT_MAX, "was replaced: no ordinary file is in its place");
		return 0;
	}
	if (photograph->bytes > 0 ? (uint64_t)status.st_size != most : (uint64_t)status.st_size > most) {
		snprintf(ret, VERIFY_TEXT_MAX, "was replaced or changed: its length is not the recorded one");
		return 0;
	}
	r = digest_file_part(fd, most, verifier->options->leave, sha256);
	/* data that is read once a day should not fill a station's cache */
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (r == -ECANCELED || r == -ENOMEM)
		return r;
	if (r < 0 && r != -EFBIG)
		tell_open(-r, ret);
	else if (r == -EFBIG || strcmp(sha256, photograph->sha256) != 0)
		snprintf(
			ret, VERIFY_TEXT_MAX, "was replaced or changed: its SHA-256 is not the recorded one");
	return 0;
}

static void photograph_finding(Verifier *verifier, const char *what, const char *why, uint64_t seq)
{
	if (seq > 0)
		verify_finding(verifier, "the photograph %.120s of record %llu %s", what,
			(unsigned long long)seq, why);
	else
		verify_finding(verifier, "the folder of photographs %.160s %s", what, why);
	verifier->found->photograph_findings++;
}

static int check_photograph(Verifier *verifier, const Album *album, const Photograph *photograph)
{
	char wrong[VERIFY_TEXT_MAX];
	int r = look_at_file(verifier, album->folder, photograph, wrong);

	if (r < 0)
		return r;
	verifier->found->photographs++;
	if (wrong[0] && !is_erased_by_now(verifier, photograph))
		photograph_finding(verifier, photograph->file, wrong, photograph->seq);
	return 0;
}

static int check_photographs(Verifier *verifier, const Album *album)
{
	const VerifyOptions *options = verifier->options;
	int r = 0;

	for (size_t i = 0; i < album->n && r == 0; i++) {
		if (album->photographs[i].fate != FATE_KEPT)
			continue;
		r = verify_left(verifier) ? -ECANCELED
					  : check_photograph(verifier, album, &album->photographs[i]);
		if (options->progress)
			options->progress(options->userdata, album->before + verifier->found->photographs,
				album->before + album->kept);
	}
	return r;
}

/* ---- what no record knows ---- */

static int compare_file(const void *file, const void *photograph)
{
	return strcmp(file, ((const Photograph *)photograph)->file);
}

static const Photograph *find_named(const Album *album, const char *file)
{
	return album->n > 0
		       ? bsearch(file, album->photographs, album->n, sizeof *album->photographs, compare_file)
		       : NULL;
}

/** A photograph's file exists before its record does. */
static bool may_be_recorded_yet(int folder, const char *file)
{
	struct stat status;

	return fstatat(folder, file, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	       time(NULL) - status.st_mtime < RECORDING_S;
}

static void tell_stranger(Verifier *verifier, const char *file, const Photograph *named)
{
	if (verifier->found->strangers++ >= STRANGERS_TOLD)
		return;
	if (named)
		verify_remark(verifier,
			"the photograph %.120s of record %llu was erased, and a file of that name is there",
			file, (unsigned long long)named->seq);
	else
		verify_remark(verifier, "no record names the file %.160s among the photographs", file);
}

static int look_for_strangers(Verifier *verifier, const Album *album)
{
	int fd = openat(album->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		closep(&fd);
		return 0; /* every file that must exist was looked up by its name */
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		const char *file = entry->d_name;
		const Photograph *named;

		if (verify_left(verifier))
			return -ECANCELED;
		if (strcmp(file, ".") == 0 || strcmp(file, "..") == 0)
			continue;
		named = find_named(album, file);
		if (named ? named->fate == FATE_GONE
			  : !may_be_recorded_yet(album->folder, file) && !is_named_by_now(verifier, file))
			tell_stranger(verifier, file, named);
	}
	return 0;
}

/* ---- all ---- */

static void tell_folder(Verifier *verifier, const Album *album, int error)
{
	char why[VERIFY_TEXT_MAX], what[VERIFY_TEXT_MAX];

	tell_open(error, what);
	snprintf(why, sizeof why, "%.80s: %zu photographs on record were not found", what, album->kept);
	photograph_finding(verifier, verifier->options->images, why, 0);
}

int verify_photographs(Verifier *verifier)
{
	_cleanup_(album_done) Album album = { .folder = -1, .before = verifier->total };
	int r = read_photographs(verifier, &album);

	if (r < 0)
		return r;
	statements_clear(&verifier->statements);
	reader_end(verifier->reader);
	album.folder = open(verifier->options->images, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (album.folder < 0 && is_our_own(errno))
		return -errno;
	if (album.folder < 0) {
		if (album.kept > 0)
			tell_folder(verifier, &album, errno);
		return 0;
	}
	r = check_photographs(verifier, &album);
	return r < 0 ? r : look_for_strangers(verifier, &album);
}
