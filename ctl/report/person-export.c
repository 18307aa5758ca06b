/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The command `person export`: the file of one client, for whoever asks what is kept about them. It holds
 * each record's exact bytes with a proof, what is kept beside the record with the salt that opens its
 * commitment, the photographs, and a page to read. An export that is not whole must never appear under its
 * name.
 */

#include "report/person-export.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "copies.h"
#include "ledger/copy.h"
#include "proof.h"
#include "report/html.h"
#include "report/pack.h"
#include "tlog/proof.h"
#include "util/clock.h"
#include "util/digest-file.h"

typedef struct PersonFile {
	Ctl *ctl;
	Ledger *ledger;
	const char *subject;
	char *folder;    /* where it is written before it is whole */
	json_t *records; /* rows of the question `records`, oldest first */
	FILE *sums, *page;
	char key[NOTE_NAME_MAX + 256];
	unsigned long long proved, unproved, opened, erased, pictures;
	int64_t told_us; /* when the progress was last told */
} PersonFile;

static const char readme[] =
	"What stands in this folder: everything that the station has on record about %s\n\n"
	"index.html      the records, for reading in a browser\n"
	"records/        each record's exact bytes, by its number, as JSON\n"
	"proofs/         that this record stands in the station's log: its bytes, an inclusion proof and the signed\n"
	"                checkpoint (c2sp.org/tlog-proof)\n"
	"personal/       what is kept beside a record so that it can be erased (names, answers, signatures, words), as\n"
	"                JSON, and the salt: the record commits to the SHA-256 of both in its field \"personal\"\n"
	"photographs/    as taken; the record image.captured of each has its SHA-256\n"
	"key             the station's public key; compare it with the one that the clinic tells\n"
	"SHA256SUMS      of all these files\n\n"
	"%llu records have a proof. %llu are newer than the newest checkpoint and have none.\n"
	"%llu records are opened in personal/. Of %llu what they commit to was erased: they stay, and still prove that\n"
	"something was recorded, but nobody can tell what it was.\n\n"
	"To check a proof:          stipplectl audit verify --proof proofs/N.tlog-proof --key \"$(cat key)\"\n"
	"To check what is opened:   cat personal/N.salt personal/N.json | sha256sum\n"
	"                           gives the value of \"personal\" in records/N.json\n"
	"To check the files:        sha256sum -c SHA256SUMS\n";

/* ---- files ---- */

static char *path_of(const PersonFile *file, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", file->folder, name) < 0 ? NULL : path;
}

static int cannot_write(const char *name, int error)
{
	return ctl_fail("%s cannot be written: %s%s", name, strerror(error),
		error == ENOSPC ? ": free space there, or give another place" : "");
}

/** Adds a line to SHA256SUMS. */
static int add_sum(PersonFile *file, const char *name)
{
	_cleanup_(freep) char *path = path_of(file, name);
	_cleanup_(closep) int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char hex[DIGEST_HEX_MAX];
	int r = fd < 0 ? -errno : digest_file(fd, hex);

	if (r < 0)
		return cannot_write(name, -r);
	return fprintf(file->sums, "%s  %s\n", hex, name) < 0 ? cannot_write("SHA256SUMS", errno) : CTL_DONE;
}

static int write_bytes_as(PersonFile *file, const char *name, const void *data, size_t size)
{
	_cleanup_(freep) char *path = path_of(file, name);
	FILE *stream = path ? fopen(path, "wxe") : NULL;
	bool bad = !stream || fwrite(data, 1, size, stream) != size;
	int error = errno;

	if (stream && fclose(stream) != 0 && !bad) {
		bad = true;
		error = errno;
	}
	return bad ? cannot_write(name, error) : add_sum(file, name);
}

static int write_numbered(PersonFile *file, const char *format, uint64_t seq, const void *data, size_t size)
{
	char name[64];

	/* the callers' formats have one number */
	snprintf(name, sizeof name, "%s", format);
	*strchr(name, '#') = '\0';
	snprintf(name + strlen(name), sizeof name - strlen(name), "%llu%s", (unsigned long long)seq,
		strchr(format, '#') + 1);
	return write_bytes_as(file, name, data, size);
}

/** Work of more than a second says how far it is. */
static void tell_export_progress(PersonFile *file, size_t done)
{
	int64_t now_us = clock_monotonic_us();

	if (file->told_us == 0)
		file->told_us = now_us;
	if (now_us - file->told_us < (int64_t)USEC_PER_SEC)
		return;
	file->told_us = now_us;
	fprintf(stderr, "stipplectl: %zu of %zu records\n", done, json_array_size(file->records));
}

/* ---- one record ---- */

static int write_opening(void *userdata, DigestPart salt, DigestPart data)
{
	const struct {
		PersonFile *file;
		uint64_t seq;
	} *of = userdata;
	int status = write_numbered(of->file, "personal/#.salt", of->seq, salt.data, salt.size);

	if (status == CTL_DONE)
		status = write_numbered(of->file, "personal/#.json", of->seq, data.data, data.size);
	return status == CTL_DONE ? 0 : -EIO;
}

/** What is kept beside the record. `commits`: the record has a commitment. */
static int write_personal(PersonFile *file, uint64_t seq, bool commits, const char **ret_state)
{
	struct {
		PersonFile *file;
		uint64_t seq;
	} of = { file, seq };
	int r = commits ? ledger_opening_now(file->ledger, seq, write_opening, &of) : -ENOENT;

	*ret_state = "";
	if (r == 0) {
		file->opened++;
		*ret_state = "opened";
	} else if (commits && r == -ENOENT) {
		file->erased++;
		*ret_state = "erased";
	} else if (r != -ENOENT) {
		return r == -EIO ? CTL_FAILED
				 : ctl_fail("record %llu: %s", (unsigned long long)seq, strerror(-r));
	}
	return CTL_DONE;
}

static int write_record_proof(PersonFile *file, uint64_t seq, json_t **ret_leaf)
{
	json_auto_t *proof = NULL;
	_cleanup_(inclusion_proof_done) InclusionProof parsed = { 0 };
	const char *text, *key;
	Error error;
	int status, r = ledger_prove_now(file->ledger, seq, &proof, &error);

	if (r == -ENODATA) {
		file->unproved++;
		return CTL_DONE;
	}
	if (r < 0)
		return ctl_fail("%s", error.text);
	text = json_string_value(json_object_get(proof, "proof"));
	key = json_string_value(json_object_get(proof, "key"));
	if (inclusion_proof_parse(text, strlen(text), &parsed, &error) < 0 || !parsed.extra)
		return ctl_fail("the proof of record %llu: %s", (unsigned long long)seq, error.text);
	snprintf(file->key, sizeof file->key, "%s", key ? key : "");
	*ret_leaf = json_loadb((const char *)parsed.extra, parsed.extra_size, 0, NULL);
	file->proved++;
	status = write_numbered(file, "proofs/#.tlog-proof", seq, text, strlen(text));
	return status == CTL_DONE
		       ? write_numbered(file, "records/#.json", seq, parsed.extra, parsed.extra_size)
		       : status;
}

/** A row of the page to read. */
static void tell_record(PersonFile *file, const json_t *row, const char *state)
{
	_cleanup_(freep) char *body =
		json_dumps(json_object_get(row, "body"), JSON_INDENT(1) | JSON_SORT_KEYS);
	_cleanup_(freep) char *words =
		json_dumps(json_object_get(row, "words"), JSON_INDENT(1) | JSON_SORT_KEYS);
	unsigned long long seq = (unsigned long long)json_integer_value(json_object_get(row, "seq"));

	fprintf(file->page, "<tr><td><a href=\"records/%llu.json\">%llu</a></td><td>", seq, seq);
	html_text(file->page, json_string_value(json_object_get(row, "time")));
	fputs("</td><td>", file->page);
	html_text(file->page, json_string_value(json_object_get(row, "kind")));
	fputs("</td><td>", file->page);
	html_text(file->page, json_string_value(json_object_get(row, "actor")));
	fputs("</td><td><pre>", file->page);
	html_text(file->page, body ? body : "");
	if (words) {
		fputs("\n", file->page);
		html_text(file->page, words);
	}
	fputs("</pre>", file->page);
	if (strcmp(state, "opened") == 0)
		fprintf(file->page, "<a href=\"personal/%llu.json\">personal data</a>", seq);
	else if (strcmp(state, "erased") == 0)
		fputs("personal data: erased", file->page);
	fputs("</td></tr>\n", file->page);
}

/* ---- photographs ---- */

static int copy_picture(PersonFile *file, int from, const char *picture)
{
	_cleanup_(freep) char *bytes = NULL;
	_cleanup_(freep) char *name = NULL;
	size_t size = 0;
	char part[16384];
	ssize_t n = 0;
	FILE *stream = open_memstream(&bytes, &size);

	if (!stream || strchr(picture, '/') || asprintf(&name, "photographs/%s", picture) < 0)
		return ctl_fail("the photograph %s cannot be copied", picture);
	while ((n = read(from, part, sizeof part)) > 0)
		fwrite(part, 1, (size_t)n, stream);
	if (fclose(stream) != 0 || n < 0)
		return ctl_fail("the photograph %s cannot be read", picture);
	file->pictures++;
	return write_bytes_as(file, name, bytes, size);
}

/** One that was erased is left out: the record of its erasure is among the records. */
static int write_picture(PersonFile *file, const json_t *row)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *picture = json_string_value(json_object_get(row, "file"));
	const char *state = json_string_value(json_object_get(row, "state"));
	int fd = -1, status;

	if (!picture || !state || strcmp(state, "kept") != 0)
		return CTL_DONE;
	status = ctl_call(file->ctl, CTL_AUDIT, "OpenPicture", &reply, "s", picture);
	if (status != CTL_DONE || sd_bus_message_read(reply, "h", &fd) < 0)
		return CTL_FAILED;
	return copy_picture(file, fd, picture);
}

static int write_pictures(PersonFile *file)
{
	json_auto_t *rows = json_array();
	json_t *record, *row;
	size_t i, j;

	json_array_foreach (file->records, i, record) {
		const char *kind = json_string_value(json_object_get(record, "kind"));
		json_int_t session =
			json_integer_value(json_object_get(json_object_get(record, "body"), "session"));
		int status;

		if (!kind || strcmp(kind, "session.begun") != 0)
			continue;
		json_array_clear(rows);
		status = ctl_query(
			file->ctl, "images", json_pack("{s:I}", "session", session), ctl_keep_row, rows);
		json_array_foreach (rows, j, row) {
			if (status != CTL_DONE)
				return status;
			status = write_picture(file, row);
		}
		if (status != CTL_DONE)
			return status;
	}
	return CTL_DONE;
}

/* ---- the whole ---- */

static int write_record(PersonFile *file, const json_t *row)
{
	uint64_t seq = (uint64_t)json_integer_value(json_object_get(row, "seq"));
	json_auto_t *leaf = NULL;
	const char *state = "";
	int status = write_record_proof(file, seq, &leaf);

	if (status != CTL_DONE || !leaf)
		return status;
	status = write_personal(file, seq, json_object_get(leaf, "personal") != NULL, &state);
	if (status == CTL_DONE)
		tell_record(file, row, state);
	return status;
}

static int write_person_records(PersonFile *file)
{
	char *page = NULL;
	size_t size = 0, i;
	json_t *row;
	int status = CTL_DONE;

	file->page = open_memstream(&page, &size);
	if (!file->page)
		return ctl_fail("out of memory");
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", file->page);
	html_text(file->page, file->subject);
	fputs("</title><style>body{font-family:sans-serif}td{vertical-align:top;border-top:1px solid #ccc;"
	      "padding:4px}pre{margin:0;white-space:pre-wrap}</style></head><body><h1>",
		file->page);
	html_text(file->page, file->subject);
	fputs("</h1><table>\n", file->page);
	json_array_foreach (file->records, i, row) {
		status = status == CTL_DONE ? write_record(file, row) : status;
		tell_export_progress(file, i);
	}
	fputs("</table></body></html>\n", file->page);
	if (fclose(file->page) != 0 && status == CTL_DONE)
		status = ctl_fail("out of memory");
	if (status == CTL_DONE)
		status = write_bytes_as(file, "index.html", page, size);
	free(page);
	return status;
}

static int write_person_readme(PersonFile *file)
{
	_cleanup_(freep) char *text = NULL;
	int status, n = asprintf(&text, readme, file->subject, file->proved, file->unproved, file->opened,
			    file->erased);

	if (n < 0)
		return ctl_fail("out of memory");
	status = write_bytes_as(file, "README", text, (size_t)n);
	return status == CTL_DONE ? write_bytes_as(file, "key", file->key, strlen(file->key)) : status;
}

static int make_folders(PersonFile *file)
{
	static const char *const names[] = { "", "records", "proofs", "personal", "photographs" };

	for (size_t i = 0; i < ELEMENTS(names); i++) {
		_cleanup_(freep) char *path = path_of(file, names[i]);

		if (!path || mkdir(path, 0700) < 0)
			return cannot_write(path ? path : file->folder, errno);
	}
	return CTL_DONE;
}

static int write_contents_of(PersonFile *file)
{
	int status = write_person_records(file);

	if (status != CTL_DONE)
		return status;
	status = write_pictures(file);
	return status == CTL_DONE ? write_person_readme(file) : status;
}

static int write_person(PersonFile *file)
{
	_cleanup_(freep) char *sums = NULL;
	int status = make_folders(file);

	if (status != CTL_DONE)
		return status;
	sums = path_of(file, "SHA256SUMS");
	file->sums = sums ? fopen(sums, "wxe") : NULL;
	if (!file->sums)
		return cannot_write("SHA256SUMS", errno);
	status = write_contents_of(file);
	if (fclose(file->sums) != 0 && status == CTL_DONE)
		status = cannot_write("SHA256SUMS", errno);
	return status;
}

/* ---- where it goes ---- */

static int finish(PersonFile *file)
{
	const char *output = file->ctl->output;
	_cleanup_(freep) char *part = NULL;
	int status;

	if (!pack_is_zip(output))
		return rename(file->folder, output) < 0 ? cannot_write(output, errno) : CTL_DONE;
	/* zip adds its ending to a name without one */
	if (asprintf(&part, "%s.part.zip", output) < 0)
		return ctl_fail("out of memory");
	(void)unlink(part);
	status = pack_zip(file->folder, part);
	if (status == CTL_DONE && rename(part, output) < 0)
		status = cannot_write(output, errno);
	if (status != CTL_DONE)
		(void)unlink(part);
	pack_remove_folder(file->folder);
	return status;
}

/** The station records that the file is about to be written, and makes a checkpoint that covers the records.
 */
static int open_source(PersonFile *file)
{
	const char *path = proof_ledger(file->ctl);
	uint64_t records;
	int status =
		copies_tell(file->ctl, "export", path, file->ctl->output, json_array_size(file->records));

	if (status != CTL_DONE)
		return status;
	status = proof_open_ledger(path, &file->ledger);
	if (status != CTL_DONE)
		return status;
	return ledger_hold(file->ledger, &records) < 0 ? ctl_fail("%s cannot be read", path) : CTL_DONE;
}

/** Whether there is more than accesses, which name whatever was asked for. */
static bool is_on_record(const PersonFile *file)
{
	const char *kind;
	json_t *row;
	size_t i;

	json_array_foreach (file->records, i, row) {
		kind = json_string_value(json_object_get(row, "kind"));
		if (kind && strcmp(kind, "audit.read") != 0)
			return true;
	}
	return false;
}

static int export_person(PersonFile *file)
{
	/* this question about the person is itself on record */
	int status = ctl_query(file->ctl, "records", json_pack("{s:s}", "subject", file->subject),
		ctl_keep_row, file->records);

	if (status != CTL_DONE)
		return status;
	if (!is_on_record(file))
		return ctl_fail("nobody is on record as %s", file->subject);
	status = open_source(file);
	if (status != CTL_DONE)
		return status;
	status = write_person(file);
	if (status == CTL_DONE)
		status = finish(file);
	if (status != CTL_DONE)
		pack_remove_folder(file->folder);
	return status;
}

int person_export_run(Ctl *ctl, int n, char **arguments)
{
	PersonFile file = { .ctl = ctl, .subject = arguments[0] };
	int status;

	if (!ctl->output)
		return ctl_usage("write -o FOLDER or -o FILE.zip");
	if (access(ctl->output, F_OK) == 0)
		return ctl_fail("%s is there already: give a name that is not", ctl->output);
	if (asprintf(&file.folder, "%s.part", ctl->output) < 0)
		return ctl_fail("out of memory");
	/* what an export that was killed left behind is not whole */
	pack_remove_folder(file.folder);
	umask(0077);
	file.records = json_array();
	status = export_person(&file);
	if (status == CTL_DONE)
		ctl_done(ctl,
			json_pack("{s:s, s:I, s:I, s:I}", "file", ctl->output, "records",
				(json_int_t)file.proved, "erased", (json_int_t)file.erased, "photographs",
				(json_int_t)file.pictures),
			"%llu records and %llu photographs in %s\n", file.proved, file.pictures, ctl->output);
	ledger_freep(&file.ledger);
	json_decref(file.records);
	free(file.folder);
	return status;
}
