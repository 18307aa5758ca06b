/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The commands `audit stations`, `audit findings` and `audit registry`: what is not as it should be over all
 * stations of a clinic. What the server finds is its word; what the registry's log says is verified here.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "clinic-registry.h"
#include "commands.h"
#include "rows.h"

/** What is being told: findings, and of which stations claims are to be looked at. */
typedef struct Telling {
	const Ctl *ctl;
	RegistryLog *log;
	json_t *stations;
	uint64_t findings, claims, without;
	const char *enrolled, *name; /* of the station whose claims are read */
} Telling;

static void tell_clinic_finding(void *userdata, const char *kind, const char *station, const char *says)
{
	Telling *telling = userdata;
	json_auto_t *line = json_pack("{s:s, s:s, s:s}", "finding", kind, "station", station, "says", says);
	_cleanup_(freep) char *text = NULL;

	telling->findings++;
	if (telling->ctl->json) {
		ctl_print_fields(telling->ctl, line);
		return;
	}
	if (asprintf(&text, "%s%s%s: %s", kind, station[0] ? " at " : "", station, says) >= 0)
		proof_tell(telling->ctl, "finding", text);
}

static int take_finding(void *userdata, const json_t *row, Error *error)
{
	const char *kind = json_string_value(json_object_get(row, "finding"));
	const char *station = json_string_value(json_object_get(row, "station"));
	const char *says = json_string_value(json_object_get(row, "says"));

	if (!kind || !says)
		return error_set(error, -EBADMSG, "a finding of the server has no kind or no sentence");
	tell_clinic_finding(userdata, kind, station ? station : "", says);
	return 0;
}

static int keep_station_row(void *userdata, const json_t *row, Error *error)
{
	return json_array_append(userdata, (json_t *)row) < 0 ? error_set(error, -ENOMEM, "out of memory")
							      : 0;
}

/* ---- claims against the registry's log ---- */

static int take_claims_head(void *userdata, const json_t *head, Error *error)
{
	return 0;
}

static int take_claim(void *userdata, const json_t *row, Error *error)
{
	Telling *telling = userdata;
	const char *origin = json_string_value(json_object_get(row, "station"));
	const char *unit = json_string_value(json_object_get(row, "unit"));
	const char *utc = json_string_value(json_object_get(row, "utc"));
	const json_t *grant = json_object_get(row, "grant");
	json_int_t record = json_integer_value(json_object_get(row, "record"));
	_cleanup_(freep) char *says = NULL;

	if (!origin || !utc)
		return error_set(error, -EBADMSG, "a claim has no station or no time");
	telling->claims++;
	if (!json_is_integer(grant) && strcmp(utc, telling->enrolled) < 0)
		return 0;
	if (unit && json_is_integer(grant) &&
		registry_log_grants(telling->log, (uint64_t)json_integer_value(grant), origin, unit))
		return 0;
	telling->without++;
	if (asprintf(&says, "record %" JSON_INTEGER_FORMAT ": %s was claimed%s", record,
		    unit ? unit : "a cartridge",
		    json_is_integer(grant) ? " with a grant that is not this station's for it"
					   : " without a grant") >= 0)
		tell_clinic_finding(telling, "without-grant", telling->name, says);
	return 0;
}

static int judge_claims(Telling *telling, const ClinicAccess *access, Error *error)
{
	const ClinicReading reading = { .head = take_claims_head, .row = take_claim, .userdata = telling };
	const json_t *station;
	size_t i;
	int r = 0;

	json_array_foreach (telling->stations, i, station) {
		json_auto_t *which = json_pack("{s:O*}", "station", json_object_get(station, "station"));
		_cleanup_(freep) char *path = clinic_path("/audit/claims", which);

		telling->enrolled = json_string_value(json_object_get(station, "enrolled"));
		telling->name = json_string_value(json_object_get(station, "station"));
		if (!telling->enrolled || !telling->name || !path)
			return error_set(
				error, -EBADMSG, "a station of the list has no name or no day of enrolment");
		r = clinic_read_lines(access, path, &reading, error);
		if (r < 0)
			return r;
	}
	return r;
}

/* ---- the commands ---- */

static int read_registry(Telling *telling, const ClinicAccess *access, const char *file, FILE *copy)
{
	Error error;
	int r;

	telling->log->finding = tell_clinic_finding;
	telling->log->userdata = telling;
	r = registry_log_read(telling->log, access, file, copy, &error);
	if (r == -ENOKEY)
		return ctl_fail("%s; pin the registry's key with --key, as `stipple-clinicd keys` prints it",
			error.text);
	return r < 0 ? ctl_fail("the registry's log: %s", error.text) : CTL_DONE;
}

static int read_all_claims(Telling *telling, const ClinicAccess *access)
{
	const ClinicReading reading = { .row = keep_station_row, .userdata = telling->stations };
	Error error;
	int r = clinic_read_lines(access, "/audit/stations", &reading, &error);

	r = r < 0 ? r : judge_claims(telling, access, &error);
	return r < 0 ? ctl_fail("%s", error.text) : CTL_DONE;
}

static int end_telling(const Telling *telling)
{
	const RegistryLog *log = telling->log;
	json_auto_t *fields = json_pack("{s:s, s:I, s:I, s:I, s:b}", "log", log->origin, "leaves",
		(json_int_t)log->tree.size, "claims", (json_int_t)telling->claims, "findings",
		(json_int_t)telling->findings, "verified", log->origin[0] != '\0');

	if (telling->ctl->json) {
		ctl_print_fields(telling->ctl, fields);
	} else {
		printf("the registry's log of %" PRIu64 " leaves: root computed anew, signed by %s\n",
			log->tree.size, log->origin[0] ? log->origin : "nobody (it is empty)");
		printf("%" PRIu64 " claims looked at, %" PRIu64 " of them without a grant\n", telling->claims,
			telling->without);
		puts(telling->findings ? "NOT AS IT SHOULD BE" : "nothing found");
	}
	return telling->findings ? CTL_FAILED : CTL_DONE;
}

/** With `file` what was saved is read: nothing is asked of a server. */
static int judge_registry(const Ctl *ctl, const ClinicAccess *access, const char *file, FILE *copy,
	bool server_too, const char *days)
{
	_cleanup_(registry_log_done) RegistryLog log = { 0 };
	json_auto_t *stations = json_array(), *since = json_pack("{s:s*}", "days", days);
	_cleanup_(freep) char *path = clinic_path("/audit/findings", since);
	Telling telling = { .ctl = ctl, .log = &log, .stations = stations };
	const ClinicReading reading = { .row = take_finding, .userdata = &telling };
	KnownKeys pinned;
	Error error;
	int status = clinic_pinned_keys(access, &pinned);

	if (status != CTL_DONE)
		return status;
	if (pinned.n == 0)
		return ctl_usage(
			"the registry's public key is needed: give it with --key, or in the file keys");
	log.pinned = &pinned;
	if (server_too && (!path || clinic_read_lines(access, path, &reading, &error) < 0))
		return ctl_fail("%s", path ? error.text : "out of memory");
	status = read_registry(&telling, access, file, copy);
	status = status != CTL_DONE || file ? status : read_all_claims(&telling, access);
	return status == CTL_DONE ? end_telling(&telling) : status;
}

int clinic_registry_command(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(clinic_access_done) ClinicAccess access = { 0 };
	_cleanup_(fclosep) FILE *copy = NULL;
	const ClinicAccess offline = { .keys = (char *)(ctl->key ? ctl->key : "") };
	int status;

	if (n > 0 && ctl->clinic)
		return ctl_usage(
			"a saved log is verified without a server: leave out --clinic, or save with --output FILE");
	if (n > 0)
		return judge_registry(ctl, &offline, arguments[0], NULL, false, NULL);
	if (!ctl->clinic)
		return ctl_usage("audit registry needs --clinic URL, or the file of a log that was saved");
	status = clinic_access_find(ctl, &access);
	if (status != CTL_DONE)
		return status;
	copy = ctl->output ? fopen(ctl->output, "wxe") : NULL;
	if (ctl->output && !copy)
		return ctl_fail("%s: %s", ctl->output, strerror(errno));
	status = judge_registry(ctl, &access, NULL, copy, false, NULL);
	if (copy && (ferror(copy) || fflush(copy) != 0))
		return ctl_fail("%s: not all could be written", ctl->output);
	return status;
}

int clinic_findings_command(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(clinic_access_done) ClinicAccess access = { 0 };
	const char *days = n > 0 && strncmp(arguments[0], "days=", 5) == 0 ? arguments[0] + 5 : NULL;
	int status;

	if (n > 0 && !days)
		return ctl_usage("\"%s\": audit findings takes days=N: how long a station may be silent",
			arguments[0]);
	if (!ctl->clinic)
		return ctl_usage("audit findings needs --clinic URL");
	status = clinic_access_find(ctl, &access);
	return status == CTL_DONE ? judge_registry(ctl, &access, NULL, NULL, true, days) : status;
}

static int print_station_row(void *userdata, const json_t *row, Error *error)
{
	FILE *rows = userdata;

	json_dumpf(row, rows, JSON_COMPACT);
	putc('\n', rows);
	return 0;
}

static int fetch_stations(const Ctl *ctl, FILE *rows)
{
	_cleanup_(clinic_access_done) ClinicAccess access = { 0 };
	const ClinicReading reading = { .row = print_station_row, .userdata = rows };
	Error error;
	int status = clinic_access_find(ctl, &access);

	if (status != CTL_DONE)
		return status;
	if (clinic_read_lines(&access, "/audit/stations", &reading, &error) < 0)
		return ctl_fail("%s", error.text);
	return fflush(rows) == 0 && lseek(fileno(rows), 0, SEEK_SET) == 0 ? CTL_DONE
									  : ctl_fail("%s", strerror(errno));
}

int clinic_stations_command(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(fclosep) FILE *rows = tmpfile();
	int status;

	if (!ctl->clinic)
		return ctl_usage("audit stations needs --clinic URL");
	if (!rows)
		return ctl_fail("%s", strerror(errno));
	status = fetch_stations(ctl, rows);
	if (status == CTL_DONE)
		rows_print(ctl, dup(fileno(rows)));
	return status;
}
