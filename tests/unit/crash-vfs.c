/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The disk that loses power, as a layer of SQLite. What was not synced must not reach the real file before a
 * sync, before the file is closed, or before the power goes.
 */

#include "crash-vfs.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

enum { SECTOR = 512, FILES_MAX = 8 };

/** What the disk has not been told to keep; `data` NULL: a truncation to `offset`. */
typedef struct Pending {
	struct Pending *next;
	uint8_t *data;
	int64_t offset;
	int size;
} Pending;

typedef struct CrashFile {
	sqlite3_file base;
	sqlite3_file *real;
	uint8_t *image; /* the file as its readers see it */
	int64_t size;
	Pending *first, **last;
} CrashFile;

static struct {
	sqlite3_vfs vfs, *real;
	CrashFile *files[FILES_MAX];
	unsigned left, failures; /* left: operations until it happens; 0 never */
	bool cuts;
	unsigned seed;
} disk;

/* ---- what goes wrong ---- */

static int apply(CrashFile *file, const Pending *pending, int from, int size)
{
	if (!pending->data)
		return file->real->pMethods->xTruncate(file->real, pending->offset);
	return file->real->pMethods->xWrite(file->real, pending->data + from, size, pending->offset + from);
}

/** Each sector by itself: a write is torn, and a later one may have come first. */
static void lose_power(void)
{
	for (size_t i = 0; i < FILES_MAX; i++)
		for (Pending *pending = disk.files[i] ? disk.files[i]->first : NULL; pending;
			pending = pending->next) {
			if (!pending->data && rand_r(&disk.seed) % 2)
				apply(disk.files[i], pending, 0, 0);
			for (int at = 0; pending->data && at < pending->size; at += SECTOR)
				if (rand_r(&disk.seed) % 2)
					apply(disk.files[i], pending, at,
						pending->size - at < SECTOR ? pending->size - at : SECTOR);
		}
	_exit(CRASH_VFS_STATUS);
}

/** Counts an operation. Not 0: it fails. */
static int operate(void)
{
	if (disk.left == 0)
		return SQLITE_OK;
	if (disk.left > 1) {
		disk.left--;
		return SQLITE_OK;
	}
	if (disk.cuts)
		lose_power();
	if (disk.failures == 0) {
		disk.left = 0;
		return SQLITE_OK;
	}
	disk.failures--;
	return SQLITE_IOERR;
}

void crash_vfs_cut(unsigned operations, unsigned seed)
{
	disk.left = operations;
	disk.seed = seed;
	disk.cuts = true;
}

void crash_vfs_fail(unsigned operations, unsigned failures)
{
	disk.left = operations;
	disk.failures = failures;
	disk.cuts = false;
}

/* ---- a file ---- */

static void forget(CrashFile *file)
{
	while (file->first) {
		Pending *pending = file->first;

		file->first = pending->next;
		free(pending->data);
		free(pending);
	}
	file->last = &file->first;
}

static int keep(CrashFile *file)
{
	int r = SQLITE_OK;

	for (Pending *pending = file->first; pending && r == SQLITE_OK; pending = pending->next)
		r = apply(file, pending, 0, pending->size);
	forget(file);
	return r;
}

static int add(CrashFile *file, const void *data, int size, int64_t offset)
{
	Pending *pending = calloc(1, sizeof *pending);

	if (!pending)
		return SQLITE_NOMEM;
	*pending = (Pending){ .size = size, .offset = offset };
	if (data) {
		pending->data = malloc((size_t)size);
		if (!pending->data) {
			free(pending);
			return SQLITE_NOMEM;
		}
		memcpy(pending->data, data, (size_t)size);
	}
	*file->last = pending;
	file->last = &pending->next;
	return SQLITE_OK;
}

static int crash_close(sqlite3_file *base)
{
	CrashFile *file = (CrashFile *)base;
	int r = keep(file);

	for (size_t i = 0; i < FILES_MAX; i++)
		if (disk.files[i] == file)
			disk.files[i] = NULL;
	free(file->image);
	return r == SQLITE_OK ? file->real->pMethods->xClose(file->real) : r;
}

static int crash_read(sqlite3_file *base, void *data, int size, sqlite3_int64 offset)
{
	const CrashFile *file = (CrashFile *)base;
	int64_t there = offset < file->size ? file->size - offset : 0;

	if (there > size)
		there = size;
	if (there > 0)
		memcpy(data, file->image + offset, (size_t)there);
	memset((uint8_t *)data + there, 0, (size_t)(size - there));
	return there < size ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int crash_write(sqlite3_file *base, const void *data, int size, sqlite3_int64 offset)
{
	CrashFile *file = (CrashFile *)base;
	uint8_t *image = file->image;
	int r = add(file, data, size, offset);

	if (r == SQLITE_OK)
		r = operate(); /* when the power goes here this write is one of those that may be lost */
	if (r != SQLITE_OK)
		return r;
	if (offset + size > file->size) {
		image = realloc(image, (size_t)(offset + size));
		if (!image)
			return SQLITE_NOMEM;
		if (offset > file->size)
			memset(image + file->size, 0, (size_t)(offset - file->size));
		file->image = image;
		file->size = offset + size;
	}
	memcpy(image + offset, data, (size_t)size);
	return SQLITE_OK;
}

static int crash_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	CrashFile *file = (CrashFile *)base;
	int r = operate();

	if (r == SQLITE_OK)
		r = add(file, NULL, 0, size);
	if (r == SQLITE_OK && size < file->size)
		file->size = size;
	return r;
}

static int crash_sync(sqlite3_file *base, int flags)
{
	int r = operate();

	(void)flags;
	return r == SQLITE_OK ? keep((CrashFile *)base) : r;
}

static int crash_size(sqlite3_file *base, sqlite3_int64 *ret)
{
	*ret = ((CrashFile *)base)->size;
	return SQLITE_OK;
}

#define REAL(base) (((CrashFile *)(base))->real)

static int crash_lock(sqlite3_file *base, int level)
{
	return REAL(base)->pMethods->xLock(REAL(base), level);
}

static int crash_unlock(sqlite3_file *base, int level)
{
	return REAL(base)->pMethods->xUnlock(REAL(base), level);
}

static int crash_check_lock(sqlite3_file *base, int *ret)
{
	return REAL(base)->pMethods->xCheckReservedLock(REAL(base), ret);
}

static int crash_control(sqlite3_file *base, int what, void *argument)
{
	/* hints about the file's size and its mapping would go past the image */
	if (what == SQLITE_FCNTL_SIZE_HINT || what == SQLITE_FCNTL_CHUNK_SIZE)
		return SQLITE_OK;
	return REAL(base)->pMethods->xFileControl(REAL(base), what, argument);
}

static int crash_sector(sqlite3_file *base)
{
	(void)base;
	return SECTOR;
}

static int crash_characteristics(sqlite3_file *base)
{
	(void)base;
	return 0; /* nothing is promised */
}

static int crash_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **ret)
{
	return REAL(base)->pMethods->xShmMap(REAL(base), page, size, extend, ret);
}

static int crash_shm_lock(sqlite3_file *base, int offset, int n, int flags)
{
	return REAL(base)->pMethods->xShmLock(REAL(base), offset, n, flags);
}

static void crash_shm_barrier(sqlite3_file *base)
{
	REAL(base)->pMethods->xShmBarrier(REAL(base));
}

static int crash_shm_unmap(sqlite3_file *base, int delete)
{
	return REAL(base)->pMethods->xShmUnmap(REAL(base), delete);
}

static const sqlite3_io_methods methods = { 2, crash_close, crash_read, crash_write, crash_truncate,
	crash_sync, crash_size, crash_lock, crash_unlock, crash_check_lock, crash_control, crash_sector,
	crash_characteristics, crash_shm_map, crash_shm_lock, crash_shm_barrier, crash_shm_unmap };

/* ---- opening ---- */

static int load(CrashFile *file)
{
	sqlite3_int64 size = 0;
	int r = file->real->pMethods->xFileSize(file->real, &size);

	file->last = &file->first;
	file->size = size;
	if (r != SQLITE_OK || size == 0)
		return r;
	file->image = malloc((size_t)size);
	return file->image ? file->real->pMethods->xRead(file->real, file->image, (int)size, 0)
			   : SQLITE_NOMEM;
}

static int crash_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *base, int flags, int *ret_flags)
{
	CrashFile *file = (CrashFile *)base;
	size_t slot = 0;
	int r;

	(void)vfs;
	if (!name || !(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)))
		return disk.real->xOpen(disk.real, name, base, flags, ret_flags);
	while (slot < FILES_MAX && disk.files[slot])
		slot++;
	if (slot == FILES_MAX)
		return SQLITE_CANTOPEN;
	*file = (CrashFile){ .real = (sqlite3_file *)(file + 1) };
	r = disk.real->xOpen(disk.real, name, file->real, flags, ret_flags);
	if (r != SQLITE_OK)
		return r;
	r = load(file);
	if (r != SQLITE_OK) {
		file->real->pMethods->xClose(file->real);
		return r;
	}
	file->base.pMethods = &methods;
	disk.files[slot] = file;
	return SQLITE_OK;
}

void crash_vfs_install(void)
{
	disk.real = sqlite3_vfs_find(NULL);
	disk.vfs = *disk.real;
	disk.vfs.zName = "crash";
	disk.vfs.szOsFile = (int)sizeof(CrashFile) + disk.real->szOsFile;
	disk.vfs.xOpen = crash_open;
	disk.vfs.pNext = NULL;
	sqlite3_vfs_register(&disk.vfs, 1);
}
