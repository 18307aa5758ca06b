/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Compares a file's schema with the one that this program makes for that version. It ignores the layout of
 * the text, which differs between versions of the program.
 */

#include "ledger/reader.h"

#include <ctype.h>
#include <string.h>

/**
 * The entries of a schema, each with type, name, table and SQL joined into one text; the SQL without its
 * layout.
 */
typedef struct SchemaEntries {
	char **texts;
	size_t n;
} SchemaEntries;

enum { SCHEMA_ENTRIES_MAX = 4096 };

/** A cleanup function. */
static void entries_done(SchemaEntries *entries)
{
	for (size_t i = 0; i < entries->n; i++)
		free(entries->texts[i]);
	free(entries->texts);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_of_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || (c && strchr("_$@.#?'\"", c));
}

/**
 * Removes white space except between two words or within quotes, so that the same statement in two layouts
 * gives one text. None of our statements has a comment or another kind of quotes: one that has differs from
 * ours anyway.
 */
static void drop_layout(char *sql)
{
	const char *at = sql, *next;
	char quote = '\0', *to = sql;

	for (; *at; at = next) {
		next = at + (quote ? 0 : strspn(at, " \t\n\f\r"));
		if (next > at) {
			if (to > sql && is_of_word(to[-1]) && is_of_word(*next))
				*to++ = ' ';
			continue;
		}
		if (quote ? *at == quote : *at == '\'' || *at == '"')
			quote = quote ? '\0' : *at;
		*to++ = *at;
		next = at + 1;
	}
	*to = '\0';
}

static int keep_entry(SchemaEntries *entries, sqlite3_stmt *row)
{
	size_t n = entries->n;
	char **grown = entries->texts;
	int length;

	if (n >= SCHEMA_ENTRIES_MAX)
		return -EUCLEAN;
	if ((n & (n - 1)) == 0) /* doubles at powers of two */
		grown = reallocarray(entries->texts, n ? 2 * n : 1, sizeof *grown);
	if (!grown)
		return -ENOMEM;
	entries->texts = grown;
	length = asprintf(&grown[n], "%s\n%s\n%s\n%s", column_string(row, 0), column_string(row, 1),
		column_string(row, 2), column_string(row, 3));
	if (length < 0)
		return -ENOMEM;
	drop_layout(grown[n] + (size_t)length - strlen(column_string(row, 3)));
	entries->n++;
	return 0;
}

/** Sorts here, because an index of the file may be damaged. */
static int read_entries(sqlite3 *db, const char *schema, SchemaEntries *ret)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
	char sql[96];
	int result, r;

	snprintf(sql, sizeof sql, "SELECT type, name, tbl_name, sql FROM %s.sqlite_master", schema);
	r = ledger_errno(sqlite3_prepare_v2(db, sql, -1, &rows, NULL));
	while (r == 0 && (result = sqlite3_step(rows)) != SQLITE_DONE)
		r = result == SQLITE_ROW ? keep_entry(ret, rows) : ledger_errno(result);
	if (r == 0 && ret->n > 0)
		qsort(ret->texts, ret->n, sizeof *ret->texts, compare_texts);
	return r;
}

/** One line of an entry: 0 type, 1 name, 2 table. */
static size_t line_of(const char *entry, unsigned line, const char **ret)
{
	for (; line > 0; line--)
		entry = strchr(entry, '\n') + 1;
	*ret = entry;
	return strcspn(entry, "\n");
}

static bool is_type(const char *entry, const char *type)
{
	return strncmp(entry, type, strlen(type)) == 0 && entry[strlen(type)] == '\n';
}

static bool has_table(const SchemaEntries *ours, const char *name, size_t length)
{
	const char *other;

	for (size_t i = 0; i < ours->n; i++)
		if (is_type(ours->texts[i], "table") && line_of(ours->texts[i], 1, &other) == length &&
			strncasecmp(other, name, length) == 0)
			return true;
	return false;
}

static void add_name(SchemaDifference *difference, const char *entry)
{
	const char *name, *at;
	size_t length = line_of(entry, 1, &name), used = strlen(difference->names);

	/* a changed entry differs on both sides */
	for (at = difference->names; (at = memmem(at, strlen(at), name, length)); at += length ? length : 1)
		if ((at == difference->names || at[-1] == ' ') && (at[length] == '\0' || at[length] == ','))
			return;
	snprintf(difference->names + used, sizeof difference->names - used, "%s%.*s", used ? ", " : "",
		(int)(length < 64 ? length : 64), length ? name : "?");
}

/** Notes an entry of one side that the other lacks. `ours`: it is one that this program makes. */
static void differs(SchemaDifference *difference, const SchemaEntries *ours, const char *entry, bool is_ours)
{
	const char *table;
	size_t length = line_of(entry, 2, &table);
	bool of_table = is_type(entry, "table") || is_type(entry, "index");

	add_name(difference, entry);
	/* anything but a view or trigger may change how rows of its table are read */
	if (is_ours ? of_table : !is_type(entry, "trigger") && !is_type(entry, "view")) {
		if (is_ours || has_table(ours, table, length))
			difference->ours_changed = true;
		else
			difference->tables_surplus = true;
	} else if (!is_ours && is_type(entry, "view") && has_table(ours, table, length)) {
		difference->ours_changed = true;
	}
}

/** Makes the schema of a version with this program. */
static int make_entries(int64_t version, SchemaEntries *ret)
{
	_cleanup_(sqlite3_closep) sqlite3 *made = NULL;
	int r = ledger_errno(sqlite3_open_v2(
		":memory:", &made, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));

	if (r == 0)
		r = ledger_errno(schema_make(made, 0, version));
	return r < 0 ? r : read_entries(made, "main", ret);
}

/**
 * The same, made only once, because each of an auditor's questions opens the file again. *ret is borrowed
 * permanently.
 */
static int our_entries(int64_t version, const SchemaEntries **ret)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static SchemaEntries made[LEDGER_SCHEMA_VERSION + 1];
	SchemaEntries entries = { 0 };
	int r = 0;

	pthread_mutex_lock(&lock);
	if (made[version].n == 0) {
		r = make_entries(version, &entries);
		if (r == 0)
			made[version] = entries;
		else
			entries_done(&entries);
	}
	pthread_mutex_unlock(&lock);
	if (r == 0)
		*ret = &made[version];
	return r;
}

static int digest_entries(const SchemaEntries *entries, char ret[DIGEST_HEX_MAX])
{
	_cleanup_(freep) DigestPart *parts = calloc(entries->n + 1, sizeof *parts);
	uint8_t digest[DIGEST_BYTES];

	if (!parts)
		return -ENOMEM;
	for (size_t i = 0; i < entries->n; i++)
		parts[i] = (DigestPart){ entries->texts[i], strlen(entries->texts[i]) + 1 };
	digest_compute(parts, entries->n, digest);
	hex_encode(digest, sizeof digest, ret);
	return 0;
}

int schema_digest(sqlite3 *db, const char *schema, char ret[DIGEST_HEX_MAX])
{
	_cleanup_(entries_done) SchemaEntries entries = { 0 };
	int r = read_entries(db, schema, &entries);

	return r < 0 ? r : digest_entries(&entries, ret);
}

int schema_compare(sqlite3 *db, const char *schema, int64_t version, SchemaDifference *ret)
{
	_cleanup_(entries_done) SchemaEntries theirs = { 0 };
	SchemaDifference difference = { 0 };
	const SchemaEntries *ours = NULL;
	char digest[DIGEST_HEX_MAX];
	int r = read_entries(db, schema, &theirs);

	if (r != 0)
		return r;
	if (version == LEDGER_SCHEMA_VERSION) {
		r = digest_entries(&theirs, digest);
		if (r != 0)
			return r;
		if (strcmp(digest, LEDGER_SCHEMA_SHA256) == 0) {
			*ret = difference;
			return 0;
		}
	}
	r = our_entries(version, &ours);
	if (r != 0)
		return r;
	for (size_t i = 0, k = 0; i < ours->n || k < theirs.n;) {
		int order = i == ours->n ? 1 : k == theirs.n ? -1 : strcmp(ours->texts[i], theirs.texts[k]);

		if (order < 0)
			differs(&difference, ours, ours->texts[i], true);
		else if (order > 0)
			differs(&difference, ours, theirs.texts[k], false);
		i += order <= 0;
		k += order >= 0;
	}
	*ret = difference;
	return 0;
}
