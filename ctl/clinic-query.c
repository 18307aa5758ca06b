/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Asks a question of all stations, one after the other. It must not leave a file of records behind, except
 * where they are to be kept, and must not give rows of some stations for those of all.
 */

#include "clinic-query.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "clinic-station.h"
#include "ledger/copy.h"
#include "query-file.h"
#include "util/text.h"

#define LEDGER_NAME_FORMAT "%s/%s.db"

/** A question that is being asked. */
typedef struct Asking {
	Ctl *ctl;
	const char *query;
	json_t *filter;    /* of the question, without station= */
	json_t *narrowing; /* what of it narrows the records; empty: all of them are read */
	const char *only;  /* the one station; NULL: all */
	ClinicAccess access;
	KnownKeys pinned;
	RegistryLog log;  /* read when a station's key is not pinned */
	json_t *stations; /* as the server lists them */
	char folder[512]; /* of the ledgers' files */
	FILE *out;
	uint64_t rows, known; /* stations where what the question names is on record */
	json_t *covers;       /* of each station, what was read */
	char **columns;
	Error error, unknown;
	int result;
} Asking;

static void asking_done(Asking *asking)
{
	if (!asking->ctl->copies && asking->folder[0])
		(void)rmdir(asking->folder);
	clinic_access_done(&asking->access);
	registry_log_done(&asking->log);
	json_decref(asking->filter);
	json_decref(asking->narrowing);
	json_decref(asking->stations);
	json_decref(asking->covers);
}

/* ---- which stations, and their keys ---- */

static int keep_listed(void *userdata, const json_t *row, Error *error)
{
	Asking *asking = userdata;
	const char *name = json_string_value(json_object_get(row, "station"));

	if (!name || !text_is_identifier(name, 63) || !json_is_string(json_object_get(row, "origin")))
		return error_set(error, -EBADMSG, "the server lists a station without a proper name");
	return json_array_append(asking->stations, (json_t *)row);
}

static int list_stations(Asking *asking, Error *error)
{
	const ClinicReading reading = { .row = keep_listed, .userdata = asking };
	json_auto_t *arguments = json_deep_copy(asking->narrowing);
	_cleanup_(freep) char *path = NULL;
	int r;

	json_object_del(arguments, "session");
	if (asking->only)
		json_object_set_new(arguments, "station", json_string(asking->only));
	path = clinic_path("/audit/stations", arguments);
	if (!path)
		return error_set(error, -ENOMEM, "out of memory");
	r = clinic_read_lines(&asking->access, path, &reading, error);
	if (r >= 0 && json_array_size(asking->stations) == 0)
		return error_set(error, -ENOENT, "%s: check how it is written",
			json_object_size(asking->narrowing) > 0
				? "what is asked for is not on record at any station"
			: asking->only ? "no station of that name is enrolled"
				       : "no station is enrolled");
	return r;
}

static bool is_pinned_log(const KnownKeys *pinned, const char *origin)
{
	for (size_t i = 0; i < pinned->n; i++)
		if (pinned->keys[i].kind == NOTE_ED25519 && strcmp(pinned->keys[i].name, origin) == 0)
			return true;
	return false;
}

/** A station's key is pinned, or the registry's log says it, which a pinned key signed. */
static int find_station_key(Asking *asking, ClinicStation *station, Error *error)
{
	const char *text;

	for (size_t i = 0; i < asking->pinned.n; i++)
		if (asking->pinned.keys[i].kind == NOTE_ED25519 &&
			strcmp(asking->pinned.keys[i].name, station->origin) == 0)
			station->key = asking->pinned.keys[i];
	if (station->key.kind || asking->pinned.n == 0)
		return 0;
	text = json_string_value(json_object_get(asking->log.keys, station->origin));
	if (!text)
		return error_set(error, -ENOKEY,
			"the key of %s is neither pinned nor in the registry's log: pin it with --key",
			station->name);
	return note_verifier_parse(text, &station->key, error);
}

/** The registry's log is read only where a station's key is needed. */
static int read_keys(Asking *asking, Error *error)
{
	const json_t *station;
	bool needed = false;
	size_t i;

	json_array_foreach (asking->stations, i, station)
		needed = needed || !is_pinned_log(&asking->pinned,
					   json_string_value(json_object_get(station, "origin")));
	if (!needed || asking->pinned.n == 0)
		return 0;
	asking->log.pinned = &asking->pinned;
	return registry_log_read(&asking->log, &asking->access, NULL, NULL, error);
}

/* ---- the rows of one station ---- */

static int prove_row(Asking *asking, const ClinicStation *station, const char *line, Error *error)
{
	json_auto_t *row = asking->ctl->proofs ? json_loads(line, 0, NULL) : NULL;
	const json_t *record = json_object_get(row, "seq");

	if (!asking->ctl->proofs || !json_is_integer(record))
		return 0;
	return clinic_station_prove(station, &asking->access, &asking->pinned, asking->ctl->proofs,
		(uint64_t)json_integer_value(record), error);
}

/** Passes rows on, each with its station. */
static int pass_rows(Asking *asking, const ClinicStation *station, FILE *rows, Error *error)
{
	_cleanup_(freep) char *line = NULL;
	size_t capacity = 0;
	int r = 0;

	while (r >= 0 && getline(&line, &capacity, rows) > 1) {
		r = prove_row(asking, station, line, error);
		if (r < 0)
			return r;
		if (fprintf(asking->out, "{\"station\":\"%s\"%s%s", station->name, line[1] == '}' ? "" : ",",
			    line + 1) < 0)
			return error_set(error, -EPIPE, "the rows could not be written");
		asking->rows++;
	}
	return r;
}

/** Runs the question over the station's ledger. That nothing of the name is there is no failure. */
static int run_over(Asking *asking, const ClinicStation *station, Ledger *ledger, Error *error)
{
	_cleanup_(fclosep) FILE *rows = tmpfile();
	json_auto_t *filter = json_deep_copy(asking->filter);
	uint64_t n = 0;
	int r;

	if (!rows || !filter)
		return error_set(error, -ENOMEM, "no file for the rows: %s", strerror(errno));
	if (query_add_figures(asking->ctl, ledger, asking->query, filter) != CTL_DONE)
		return error_set(error, -EINVAL, "%s", "");
	ledger_leave_out_personal(ledger);
	r = ledger_stream_now(ledger, asking->query, filter, fileno(rows), &n, error);
	if (r == -ENOENT) {
		asking->unknown = *error;
		return 0;
	}
	if (r < 0)
		return r;
	asking->known++;
	if (fseek(rows, 0, SEEK_SET) < 0)
		return error_set(error, -errno, "the rows cannot be read again: %s", strerror(errno));
	return pass_rows(asking, station, rows, error);
}

static int ask_one_station(Asking *asking, ClinicStation *station, Error *error)
{
	LedgerOptions options = { .path = station->path, .read_only = true };
	_cleanup_(ledger_freep) Ledger *ledger = NULL;
	LedgerInfo info;
	int r = clinic_station_load(station, asking->ctl, &asking->access, &asking->pinned, error);

	r = r < 0 ? r : ledger_open(&options, &ledger, &info, error);
	return r < 0 ? r : run_over(asking, station, ledger, error);
}

static void note_covered(Asking *asking, const ClinicStation *station)
{
	json_array_append_new(asking->covers,
		json_pack("{s:s, s:I, s:I, s:b, s:b, s:b}", "station", station->name, "checkpoint",
			(json_int_t)station->size, "read", (json_int_t)station->records, "whole",
			station->whole, "proved", station->proved, "cosigned", station->cosigned));
}

static int ask_listed(Asking *asking, const json_t *listed, Error *error)
{
	_cleanup_(freep) char *path = NULL;
	ClinicStation station = { .name = json_string_value(json_object_get(listed, "station")),
		.origin = json_string_value(json_object_get(listed, "origin")),
		.narrowing = asking->narrowing };
	int r;

	if (asprintf(&path, LEDGER_NAME_FORMAT, asking->folder, station.name) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	station.path = path;
	r = find_station_key(asking, &station, error);
	r = r < 0 ? r : ask_one_station(asking, &station, error);
	if (!asking->ctl->copies)
		(void)unlink(path);
	if (r >= 0)
		note_covered(asking, &station);
	return r;
}

static int ask_all(Asking *asking, Error *error)
{
	const json_t *listed;
	size_t i;
	int r = list_stations(asking, error);

	r = r < 0 ? r : read_keys(asking, error);
	if (r < 0)
		return r;
	json_array_foreach (asking->stations, i, listed) {
		r = ask_listed(asking, listed, error);
		if (r < 0)
			return r;
	}
	if (asking->known == 0 && asking->unknown.text[0])
		return error_set(error, -ENOENT, "at no station: %s", asking->unknown.text);
	return 0;
}

static void *ask_in_thread(void *userdata)
{
	Asking *asking = userdata;

	asking->result = ask_all(asking, &asking->error);
	if (fclose(TAKE_PTR(asking->out)) != 0 && asking->result >= 0)
		asking->result = error_set(&asking->error, -EPIPE, "the rows could not be written");
	return NULL;
}

/* ---- the question ---- */

/** What names one thing narrows the records, unless whole copies are kept. */
static int split_filter(Asking *asking, json_t *filter)
{
	static const char *const narrowing[] = { "unit", "lot", "subject", "session" };

	asking->filter = json_deep_copy(filter);
	asking->narrowing = json_object();
	asking->only = json_string_value(json_object_get(filter, "station"));
	asking->stations = json_array();
	asking->covers = json_array();
	if (!asking->filter || !asking->narrowing || !asking->stations || !asking->covers)
		return ctl_fail("out of memory");
	json_object_del(asking->filter, "station");
	for (size_t i = 0; i < ELEMENTS(narrowing) && !asking->ctl->copies; i++) {
		json_t *value = json_object_get(filter, narrowing[i]);

		if (json_is_string(value) && json_object_size(asking->narrowing) == 0)
			json_object_set(asking->narrowing, narrowing[i], value);
	}
	return CTL_DONE;
}

static bool has_column(char **columns, const char *name)
{
	for (char **column = columns; column && *column; column++)
		if (strcmp(*column, name) == 0)
			return true;
	return false;
}

/** "station", and the columns of the question. */
static int find_columns(Asking *asking)
{
	json_auto_t *about = NULL;
	const json_t *columns, *column;
	size_t i;

	if (ledger_describe_queries(&about) < 0)
		return ctl_fail("out of memory");
	columns = json_object_get(json_object_get(about, asking->query), "columns");
	if (!columns)
		return ctl_fail("there is no query \"%s\": see `stipplectl audit list`", asking->query);
	asking->columns = calloc(json_array_size(columns) + 2, sizeof *asking->columns);
	if (!asking->columns)
		return ctl_fail("out of memory");
	asking->columns[0] = strdup("station");
	json_array_foreach (columns, i, column)
		asking->columns[i + 1] = strdup(json_string_value(column));
	if (asking->ctl->proofs && !has_column(asking->columns, "seq"))
		return ctl_usage("--proofs: the rows of %s do not say the number of a record", asking->query);
	return CTL_DONE;
}

/** Where the ledgers' files go; where they are kept, and where proofs go, is made if it is not there. */
static int make_asking_folders(Asking *asking)
{
	const Ctl *ctl = asking->ctl;
	const char *temporary = getenv("TMPDIR");

	if (ctl->proofs && mkdir(ctl->proofs, 0755) < 0 && errno != EEXIST)
		return ctl_fail("%s: %s", ctl->proofs, strerror(errno));
	if (ctl->copies) {
		snprintf(asking->folder, sizeof asking->folder, "%s", ctl->copies);
		return mkdir(ctl->copies, 0700) == 0 || errno == EEXIST
			       ? CTL_DONE
			       : ctl_fail("%s: %s", ctl->copies, strerror(errno));
	}
	snprintf(asking->folder, sizeof asking->folder, "%.400s/stipple-audit-XXXXXX",
		temporary && temporary[0] ? temporary : "/var/tmp");
	if (!mkdtemp(asking->folder)) {
		asking->folder[0] = '\0';
		return ctl_fail("no folder for the records: %s", strerror(errno));
	}
	return CTL_DONE;
}

static int prepare_asking(Asking *asking, json_t *filter)
{
	int status = split_filter(asking, filter);

	if (status != CTL_DONE)
		return status;
	status = find_columns(asking);
	if (status != CTL_DONE)
		return status;
	status = clinic_access_find(asking->ctl, &asking->access);
	if (status != CTL_DONE)
		return status;
	status = clinic_pinned_keys(&asking->access, &asking->pinned);
	if (status != CTL_DONE)
		return status;
	if (asking->ctl->proofs && asking->pinned.n == 0)
		return ctl_usage(
			"--proofs needs pinned keys: the registry's or the stations', with --key or in the file keys");
	return make_asking_folders(asking);
}

/** The last word: what the rows cover. Without it an answer is not whole. */
static void tell_covered(const Asking *asking)
{
	const json_t *one;
	size_t i;

	if (asking->ctl->json) {
		json_auto_t *last =
			json_pack("{s:I, s:O}", "end", (json_int_t)asking->rows, "covers", asking->covers);

		ctl_print_fields(asking->ctl, last);
		return;
	}
	fflush(stdout);
	json_array_foreach (asking->covers, i, one) {
		bool whole = json_is_true(json_object_get(one, "whole"));
		bool proved = json_is_true(json_object_get(one, "proved"));

		fprintf(stderr, "%s: up to record %" JSON_INTEGER_FORMAT "%s%s\n",
			json_string_value(json_object_get(one, "station")),
			json_integer_value(json_object_get(one, "checkpoint")),
			proved  ? ", all of them verified against what the station signed"
			: whole ? ", all of them read; not verified, as no key is pinned"
				: ", those that concern the question",
			json_is_true(json_object_get(one, "cosigned")) ? "; cosigned by the mirror" : "");
	}
	fprintf(stderr, "%" PRIu64 " rows of %zu stations\n", asking->rows, json_array_size(asking->covers));
}

/** Names, contacts and words are at the stations: a column for them would look as if they had been erased. */
static int run_asking(Asking *asking, CtlReader reader, void *userdata)
{
	pthread_t thread;
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return ctl_fail("no pipe: %s", strerror(errno));
	asking->out = fdopen(pipes[1], "w");
	if (!asking->out || pthread_create(&thread, NULL, ask_in_thread, asking) != 0) {
		close(pipes[0]);
		close(pipes[1]);
		return ctl_fail("no thread: %s", strerror(errno));
	}
	reader(userdata, pipes[0]);
	pthread_join(thread, NULL);
	if (asking->result < 0)
		return asking->error.text[0]
			       ? ctl_fail("%s%s", asking->error.text,
					 asking->rows > 0 ? " (the rows above are not all)" : "")
			       : CTL_FAILED;
	tell_covered(asking);
	return CTL_DONE;
}

int clinic_query(Ctl *ctl, const char *query, json_t *filter, CtlReader reader, void *userdata,
	uint64_t *ret_rows, char ***ret_columns)
{
	_cleanup_(asking_done) Asking asking = { .ctl = ctl, .query = query };
	int status;

	ledger_limit_memory(CTL_LEDGER_MEMORY);
	clinic_catch_signals();
	status = prepare_asking(&asking, filter);
	status = status == CTL_DONE ? run_asking(&asking, reader, userdata) : status;
	*ret_rows = asking.rows;
	*ret_columns = asking.columns;
	return status;
}
