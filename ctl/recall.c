/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The commands `recall import`, which matches a signed list of official recalls with what was received or
 * used, sets aside what it names and tells on whom that was used; and `pigment sheet`. A list that no given
 * key signed does nothing. docs/recall-lists.md describes the list.
 */

#include "commands.h"
#include "proof.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "tlog/note.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/text.h"

#define RECALL_BEGINNING "stipple-recalls/1"

enum { SHEET_MAX = 4 << 20 };

/** A line of the list. NULL: any. */
typedef struct RecallEntry {
	const char *kind; /* "pigment", "needle" */
	const char *product, *colour, *lot;
} RecallEntry;

typedef struct RecallList {
	const char *authority, *issued, *reference; /* point into the text */
	RecallEntry *entries;
	size_t n;
} RecallList;

/* ---- reading the list ---- */

static const char *wildcard(const char *text)
{
	return strcmp(text, "*") == 0 ? NULL : text;
}

/** Reads "pigment|BRAND|COLOUR|LOT" or "needle|GTIN|LOT". Cuts the line into pieces. */
static bool read_recall_entry(char *line, RecallEntry *ret)
{
	char *parts[4] = { NULL }, *rest = line;
	size_t n = 0;

	while (n < ELEMENTS(parts) && rest)
		parts[n++] = strsep(&rest, "|");
	if (rest)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!text_is_printable(parts[i], 200))
			return false;
	if (n == 4 && strcmp(parts[0], "pigment") == 0) {
		*ret = (RecallEntry){ "pigment", parts[1], wildcard(parts[2]), wildcard(parts[3]) };
		return strcmp(parts[1], "*") != 0;
	}
	if (n == 3 && strcmp(parts[0], "needle") == 0) {
		*ret = (RecallEntry){ "needle", wildcard(parts[1]), NULL, wildcard(parts[2]) };
		return ret->product || ret->lot;
	}
	return false;
}

static bool read_head(char *line, const char *key, const char **ret)
{
	size_t length = strlen(key);

	if (*ret || strncmp(line, key, length) != 0 || strncmp(line + length, ": ", 2) != 0 ||
		!text_is_printable(line + length + 2, 200))
		return false;
	*ret = line + length + 2;
	return true;
}

static int read_list_line(const char *file, size_t number, char *line, RecallList *list)
{
	RecallEntry entry, *entries;

	if (read_head(line, "authority", &list->authority) || read_head(line, "issued", &list->issued) ||
		read_head(line, "reference", &list->reference))
		return CTL_DONE;
	if (!read_recall_entry(line, &entry))
		return ctl_fail(
			"%s:%zu: this is no line of a list of recalls: the file is signed, but of another form",
			file, number);
	entries = reallocarray(list->entries, list->n + 1, sizeof *entries);
	if (!entries)
		return ctl_fail("out of memory");
	entries[list->n++] = entry;
	list->entries = entries;
	return CTL_DONE;
}

static int read_list(const char *file, char *text, RecallList *ret)
{
	char *rest = text, *line = strsep(&rest, "\n");
	int64_t issued_us;

	if (strcmp(line, RECALL_BEGINNING) != 0)
		return ctl_fail(
			"%s: it is no list of recalls: its first line is not " RECALL_BEGINNING, file);
	for (size_t number = 2; (line = strsep(&rest, "\n")); number++)
		if (*line && read_list_line(file, number, line, ret) != CTL_DONE)
			return CTL_FAILED;
	if (!ret->authority || !ret->reference || !ret->issued || strlen(ret->issued) != 10 ||
		clock_parse_utc(ret->issued, &issued_us) < 0)
		return ctl_fail("%s: it does not say authority, reference and issued (YYYY-MM-DD)", file);
	return ret->n > 0 ? CTL_DONE : ctl_fail("%s: it names no lot", file);
}

/** Cuts `text` to what a given key has signed; writes that key. */
static int check_list(const Ctl *ctl, const char *file, char *text, size_t size, char ret_key[NOTE_KEY_MAX])
{
	KnownKeys known;
	NoteOpened opened;
	Error why;
	int status = proof_read_keys(ctl, &known);

	if (status != CTL_DONE)
		return status;
	if (known.n == 0)
		return ctl_usage(
			"whose list it is nobody can tell: give the public key of who issues it, --key KEY");
	if (note_open(text, size, known.keys, known.n, &opened, &why) < 0)
		return ctl_fail("%s: %s; nothing was set aside", file, why.text);
	text[opened.text_size] = '\0';
	note_verifier_write(&known.keys[opened.signed_by], ret_key);
	return CTL_DONE;
}

/* ---- matching ---- */

typedef struct Recall {
	Ctl *ctl;
	const RecallList *list;
	json_t *pigments, *needles; /* lots on record */
	const json_t *lot;          /* the one whose uses are told */
	bool is_pigment;
	size_t lots, uses;
} Recall;

static bool matches(const char *wanted, const json_t *row, const char *column)
{
	const char *text = json_string_value(json_object_get(row, column));

	return !wanted || (text && strcasecmp(wanted, text) == 0);
}

static void tell_use(void *userdata, json_t *row)
{
	Recall *recall = userdata;
	const char *item = json_string_value(json_object_get(row, "item"));
	bool of_pigment = item && strcmp(item, "cartridge") != 0;
	json_auto_t *product = NULL;

	if (of_pigment != recall->is_pigment)
		return;
	product = json_sprintf("%s %s", json_string_value(json_object_get(recall->lot, "brand")),
		json_string_value(json_object_get(recall->lot, "colour")));
	/* another brand may have a lot of the same number; a blend is named by itself */
	if (recall->is_pigment && item && strcmp(item, "pigment") == 0 &&
		!json_equal(product, json_object_get(row, "what")))
		return;
	recall->uses++;
	ctl_done(recall->ctl, json_incref(row), "  used on client %s in session %lld\n",
		json_string_value(json_object_get(row, "subject")),
		(long long)json_integer_value(json_object_get(row, "session")));
}

static const EnteredForm status_forms[] = {
	{ "pigment.status", CTL_INVENTORY, false, "the lot's status" },
	{ "lot.status", CTL_INVENTORY, false, "the lot's status" },
};

static const char *lot_text(const json_t *lot, const char *column)
{
	const char *text = json_string_value(json_object_get(lot, column));

	return text ? text : "";
}

static bool is_received(const json_t *lot)
{
	return !json_is_false(json_object_get(lot, "on_record"));
}

/** Sets a lot aside, unless it is already. */
static int set_aside(Recall *recall, const json_t *lot)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	const char *status = json_string_value(json_object_get(lot, "status"));
	json_auto_t *fields =
		json_pack("{s:O, s:s}", "lot", json_object_get(lot, "lot"), "status", "quarantined");
	uint64_t number;
	int r;

	if ((status && strcmp(status, "released") != 0) || recall->ctl->dry_run)
		return CTL_DONE;
	json_object_set_new(fields, "reason",
		json_sprintf("recall %s of %s, %s", recall->list->reference, recall->list->authority,
			recall->list->issued));
	if (recall->is_pigment) {
		json_object_set(fields, "brand", json_object_get(lot, "brand"));
		json_object_set(fields, "colour", json_object_get(lot, "colour"));
	} else if (json_string_length(json_object_get(lot, "gtin")) > 0) {
		json_object_set(fields, "gtin", json_object_get(lot, "gtin"));
	}
	r = ctl_record(recall->ctl, &status_forms[!recall->is_pigment], fields, "", &number, &error);
	return r < 0 ? ctl_call_failed(&error, r) : CTL_DONE;
}

static int recall_lot(Recall *recall, json_t *lot)
{
	int status = is_received(lot) ? set_aside(recall, lot) : CTL_DONE;

	if (status != CTL_DONE)
		return status;
	recall->lots++;
	recall->lot = lot;
	ctl_done(recall->ctl, json_incref(lot), "lot %s of %s %s is recalled: %s\n",
		json_string_value(json_object_get(lot, "lot")),
		lot_text(lot, recall->is_pigment ? "brand" : (is_received(lot) ? "product" : "gtin")),
		recall->is_pigment ? lot_text(lot, "colour") : "",
		!is_received(lot)      ? "it was used but never received here; take what is left of it away"
		: recall->ctl->dry_run ? "it would be set aside"
				       : "it is set aside");
	return ctl_query(recall->ctl, "recall", json_pack("{s:O}", "lot", json_object_get(lot, "lot")),
		tell_use, recall);
}

static bool is_recalled(const RecallList *list, const json_t *lot, bool is_pigment)
{
	for (size_t i = 0; i < list->n; i++) {
		const RecallEntry *entry = &list->entries[i];

		if ((strcmp(entry->kind, "pigment") == 0) == is_pigment && matches(entry->lot, lot, "lot") &&
			matches(entry->product, lot, is_pigment ? "brand" : "gtin") &&
			matches(entry->colour, lot, "colour"))
			return true;
	}
	return false;
}

static int recall_stock(Recall *recall, const json_t *lots, bool is_pigment)
{
	json_t *lot;
	size_t i;

	recall->is_pigment = is_pigment;
	json_array_foreach (lots, i, lot)
		if (is_recalled(recall->list, lot, is_pigment) && recall_lot(recall, lot) != CTL_DONE)
			return CTL_FAILED;
	return CTL_DONE;
}

/* what makes two rows the same lot, where both have it; a row of uses has no other column of a lot */
static const char *const of_pigments[] = { "lot", "brand", "colour", NULL }, *const of_needles[] = { "lot",
	"gtin", NULL };

static bool is_same_lot(const json_t *one, const json_t *other, const char *const *columns)
{
	for (; *columns; columns++) {
		const char *text = lot_text(one, *columns), *text_of_other = lot_text(other, *columns);

		if (*text && *text_of_other && strcasecmp(text, text_of_other) != 0)
			return false;
	}
	return true;
}

/** Adds to the lots on record those that were used and are not among them: each once. */
static int add_used_lots(Ctl *ctl, const char *query, json_t *lots, const char *const *columns)
{
	json_auto_t *uses = json_array();
	json_t *use, *lot;
	size_t i, k;

	if (ctl_query(ctl, query, json_object(), ctl_keep_row, uses) != CTL_DONE)
		return CTL_FAILED;
	json_array_foreach (uses, i, use) {
		bool known = false;

		json_array_foreach (lots, k, lot)
			known = known || is_same_lot(lot, use, columns);
		if (known)
			continue;
		lot = json_pack("{s:b}", "on_record", 0);
		for (const char *const *column = columns; *column; column++)
			json_object_set(lot, *column, json_object_get(use, *column));
		if (json_array_append_new(lots, lot) < 0)
			return ctl_fail("out of memory");
	}
	return CTL_DONE;
}

static int match_stock(Ctl *ctl, const RecallList *list)
{
	json_auto_t *pigments = json_array(), *needles = json_array();
	Recall recall = { .ctl = ctl, .list = list, .pigments = pigments, .needles = needles };

	if (ctl_query(ctl, "pigment-lots", json_object(), ctl_keep_row, pigments) != CTL_DONE ||
		ctl_query(ctl, "lots", json_object(), ctl_keep_row, needles) != CTL_DONE ||
		add_used_lots(ctl, "pigments", pigments, of_pigments) != CTL_DONE ||
		add_used_lots(ctl, "needles", needles, of_needles) != CTL_DONE ||
		recall_stock(&recall, pigments, true) != CTL_DONE ||
		recall_stock(&recall, needles, false) != CTL_DONE)
		return CTL_FAILED;
	if (!ctl->json)
		printf("%zu lots on record are recalled, used %zu times\n", recall.lots, recall.uses);
	return CTL_DONE;
}

static const char *name_of_file(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int run_recall(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(freep) char *text = NULL, *whole = NULL;
	_cleanup_(freep) RecallEntry *entries = NULL;
	RecallList list = { 0 };
	char key[NOTE_KEY_MAX];
	size_t size;
	int status = proof_read_text(arguments[0], &text, &size);

	if (status != CTL_DONE)
		return status;
	whole = strndup(text, size);
	if (!whole)
		return ctl_fail("out of memory");
	status = check_list(ctl, arguments[0], text, size, key);
	if (status != CTL_DONE)
		return status;
	status = read_list(arguments[0], text, &list);
	entries = list.entries;
	if (status != CTL_DONE)
		return status;
	if (!ctl->dry_run)
		status = ctl_attach_file(ctl, "recall.listed",
			json_pack("{s:s, s:s, s:s, s:I, s:s, s:s}", "authority", list.authority, "issued",
				list.issued, "reference", list.reference, "entries", (json_int_t)list.n,
				"key", key, "file", name_of_file(arguments[0])),
			whole, size);
	return status == CTL_DONE ? match_stock(ctl, &list) : status;
}

/* ---- safety data sheets ---- */

static int run_sheet(Ctl *ctl, int n, char **arguments)
{
	json_t *fields = ctl_parse_words(n - 1, arguments + 1, "");
	_cleanup_(freep) char *data = NULL;
	size_t size = 0;
	int r, status;

	if (!fields)
		return CTL_USAGE;
	r = file_read(arguments[0], SHEET_MAX, &data, &size);
	if (r < 0) {
		json_decref(fields);
		return ctl_fail("%s cannot be read (%s): nothing was recorded", arguments[0], strerror(-r));
	}
	json_object_set_new(fields, "file", json_string(name_of_file(arguments[0])));
	status = ctl_attach_file(ctl, "pigment.sheet", fields, data, size);
	if (status == CTL_DONE)
		ctl_done(ctl, json_pack("{s:s}", "file", name_of_file(arguments[0])),
			"the safety data sheet is on record\n");
	return status;
}

const Command recall_commands[] = {
	{ "recall import", "FILE", 1, 1, run_recall,
		"match a signed list of official recalls with the stock, set aside what it names, and tell on whom it was "
		"used; see --key, --dry-run" },
	{ "pigment sheet", "FILE brand=B [colour=C]", 2, 3, run_sheet,
		"keep the safety data sheet of a pigment, or of all of a brand" },
	{ 0 },
};
