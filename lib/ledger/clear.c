/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Lifts the findings of a verification: an administrator leaves a file beside a ledger that is sound after
 * all, and the station records that when it opens the ledger. It must not write the ledger itself, or lift a
 * newer finding.
 */

#include "ledger/beside.h"
#include "ledger/copy.h"
#include "ledger/reader.h"
#include "ledger/statements.h"

#include <string.h>

#include "util/file.h"
#include "util/log.h"
#include "util/pin.h"

enum { WORD_MAX = 16 * 1024, FOUND_MAX = 4096, FINDING_SHOWN = 200 };

/* ---- the administrator's side ---- */

/** Whether the PIN belongs to an administrator whose badge is valid. */
static int check_clearing_administrator(Reader *reader, const char *badge, const char *pin, bool *ret)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *select = NULL;
	int r = statement_once(reader->db, sql_administrator_pin, badge, &select);

	if (r < 0 && r != -ENOENT)
		return r;
	/* comparing with a hash that never matches takes as long */
	*ret = pin_matches(pin, r == 0 ? column_string(select, 0) : "*");
	return 0;
}

static int leave_clearing_word(
	const char *path, const char *badge, const char *found, size_t size, uint64_t records)
{
	char sha256[DIGEST_HEX_MAX];
	json_auto_t *word = NULL;
	_cleanup_(freep) char *text = NULL;
	int r;

	digest_hex(found, size, sha256);
	word = json_pack("{s:s, s:s, s:I}", "badge", badge, "found", sha256, "size", (json_int_t)records);
	text = word ? json_dumps(word, LEDGER_JSON) : NULL;
	r = text ? file_write_beside(path, CLEARED_SUFFIX, text, strlen(text)) : -ENOMEM;
	return r < 0 ? r : beside_give(path, CLEARED_SUFFIX);
}

int ledger_clear_damage(const char *path, const char *badge, const char *pin, uint64_t records, Error *error)
{
	const ReaderOptions options = { 0 };
	_cleanup_(reader_freep) Reader *reader = NULL;
	_cleanup_(freep) char *found = NULL;
	bool administrator = false;
	size_t size;
	int r = beside_read(path, DAMAGED_SUFFIX, FOUND_MAX, &found, &size);

	if (r == -ENOENT)
		return error_set(
			error, r, "nothing stands against the ledger %.120s: there is nothing to lift", path);
	if (r < 0)
		return error_set(error, r, "%.120s" DAMAGED_SUFFIX " could not be read (%s): use sudo", path,
			strerror(-r));
	r = reader_open(path, &options, &reader, error);
	if (r < 0)
		return r;
	r = check_clearing_administrator(reader, badge, pin, &administrator);
	if (r < 0)
		return error_set(error, r, "the ledger %.120s could not be read (%s)", path, strerror(-r));
	if (!administrator)
		return error_set(error, -EPERM,
			"%.40s is no administrator in office, or the PIN is another: nothing was changed",
			badge);
	r = leave_clearing_word(path, badge, found, size, records);
	if (r < 0)
		return error_set(error, r,
			"%.120s" CLEARED_SUFFIX " could not be written (%s): use sudo, and check the disk",
			path, strerror(-r));
	return 0;
}

/* ---- the station's side ---- */

/** Reads the administrator's file if it lifts exactly the current finding; NULL: none does. */
static json_t *read_word(const char *path)
{
	_cleanup_(freep) char *found = NULL, *text = NULL;
	json_auto_t *word = NULL;
	char sha256[DIGEST_HEX_MAX];
	const char *badge, *lifted;
	json_int_t records;
	size_t size, word_size;

	if (beside_read(path, DAMAGED_SUFFIX, FOUND_MAX, &found, &size) < 0 ||
		beside_read(path, CLEARED_SUFFIX, WORD_MAX, &text, &word_size) < 0)
		return NULL;
	digest_hex(found, size, sha256);
	word = json_loadb(text, word_size, 0, NULL);
	if (json_unpack(word, "{s:s, s:s, s:I}", "badge", &badge, "found", &lifted, "size", &records) < 0 ||
		strcmp(lifted, sha256) != 0)
		return NULL;
	return json_pack("{s:s, s:s%, s:I, s:s}", "badge", badge, "finding", found,
		strcspn(found, "\n") < FINDING_SHOWN ? strcspn(found, "\n") : (size_t)FINDING_SHOWN, "size",
		records, "signed", "the ledger was verified again and is sound");
}

bool clear_is_lifted(const char *path)
{
	json_auto_t *word = read_word(path);

	return word != NULL;
}

int clear_word(const char *path, json_t **ret_body, char **ret_badge)
{
	json_auto_t *body = read_word(path);
	char *badge;

	if (!body) {
		/* it belongs to a finding that is gone, or to another one */
		beside_remove(path, CLEARED_SUFFIX);
		return -ENOENT;
	}
	badge = strdup(json_string_value(json_object_get(body, "badge")));
	if (!badge)
		return -ENOMEM;
	json_object_del(body, "badge");
	*ret_body = json_incref(body);
	*ret_badge = badge;
	return 0;
}

void clear_recorded(void *userdata, const LedgerAnswer *answer)
{
	const char *path = userdata;

	if (answer->error < 0) {
		/* the finding is back at the next start */
		log_warning("that the ledger is sound after all is not on record: %s", answer->text);
		return;
	}
	beside_remove(path, DAMAGED_SUFFIX);
	beside_remove(path, CLEARED_SUFFIX);
	log_notice("an administrator lifted what a verification found: record %llu",
		(unsigned long long)answer->seq);
}
