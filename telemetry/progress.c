/* SPDX-License-Identifier: Apache-2.0 */

/** Saves how far the broker has got, as JSON in one file. The file must be written whole or not at all. */

#include "progress.h"

#include <string.h>

#include <jansson.h>

#include "util/file.h"

#define FILE_NAME "progress.json"

enum { FILE_BYTES_MAX = 64 * 1024 };

/* ---- the file ---- */

static int take_withheld(const json_t *list, Progress *progress)
{
	size_t i;
	json_t *entry;

	json_array_foreach (list, i, entry) {
		json_int_t seq, limit;

		if (json_unpack(entry, "[I, I]", &seq, &limit) < 0 || seq <= 0 || limit < 0 ||
			limit > UINT32_MAX)
			return -EBADMSG;
		if (i < PROGRESS_WITHHELD_MAX)
			(void)progress_withhold(progress, (uint64_t)seq, (uint32_t)limit);
	}
	return 0;
}

static int take_progress(json_t *file, Progress *progress)
{
	json_int_t cursor, checkpoint;
	const char *hash, *names;
	json_t *withheld;

	if (json_unpack(file, "{s:I, s:s, s:I, s:s, s:o}", "cursor", &cursor, "hash", &hash, "checkpoint",
		    &checkpoint, "names", &names, "withheld", &withheld) < 0 ||
		cursor < 0 || checkpoint < 0 || strlen(names) >= sizeof progress->names ||
		hex_decode(hash, progress->hash, sizeof progress->hash) < 0 || !json_is_array(withheld))
		return -EBADMSG;
	progress->cursor = (uint64_t)cursor;
	progress->checkpoint = (uint64_t)checkpoint;
	memcpy(progress->names, names, strlen(names) + 1);
	return take_withheld(withheld, progress);
}

int progress_load(const char *folder, Progress *ret)
{
	_cleanup_(freep) char *path = NULL, *text = NULL;
	json_auto_t *file = NULL;
	Progress progress = { 0 };
	size_t size;
	int r;

	if (asprintf(&path, "%s/" FILE_NAME, folder) < 0)
		return -ENOMEM;
	r = file_read(path, FILE_BYTES_MAX, &text, &size);
	if (r < 0)
		return r;
	file = json_loadb(text, size, 0, NULL);
	r = file ? take_progress(file, &progress) : -EBADMSG;
	if (r == 0)
		*ret = progress;
	return r;
}

int progress_save(const char *folder, const Progress *progress)
{
	json_auto_t *file = NULL, *withheld = json_array();
	_cleanup_(freep) char *text = NULL;
	char hash[2 * DIGEST_BYTES + 1];

	for (size_t i = 0; i < progress->n_withheld; i++)
		if (json_array_append_new(withheld, json_pack("[I, I]", (json_int_t)progress->withheld[i].seq,
							    (json_int_t)progress->withheld[i].limit)) < 0)
			return -ENOMEM;
	hex_encode(progress->hash, sizeof progress->hash, hash);
	file = json_pack("{s:I, s:s, s:I, s:s, s:O}", "cursor", (json_int_t)progress->cursor, "hash", hash,
		"checkpoint", (json_int_t)progress->checkpoint, "names", progress->names, "withheld",
		withheld);
	text = file ? json_dumps(file, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	return text ? file_write_atomic(folder, FILE_NAME, text, strlen(text)) : -ENOMEM;
}

/* ---- what is withheld ---- */

bool progress_withhold(Progress *progress, uint64_t seq, uint32_t limit)
{
	size_t i = 0;

	while (i < progress->n_withheld && progress->withheld[i].seq < seq)
		i++;
	if (progress->n_withheld == PROGRESS_WITHHELD_MAX ||
		(i < progress->n_withheld && progress->withheld[i].seq == seq))
		return false;
	memmove(progress->withheld + i + 1, progress->withheld + i,
		(progress->n_withheld - i) * sizeof progress->withheld[0]);
	progress->withheld[i] = (Withheld){ seq, limit };
	progress->n_withheld++;
	return true;
}

void progress_release(Progress *progress, uint64_t seq)
{
	size_t kept = 0;

	for (size_t i = 0; i < progress->n_withheld; i++)
		if (progress->withheld[i].seq != seq)
			progress->withheld[kept++] = progress->withheld[i];
	progress->n_withheld = kept;
}
