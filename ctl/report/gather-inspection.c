/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Asks the running daemon for the contents of an inspector's report, and has the record verified for it. It
 * must not draw anything.
 */

#include "report/gather.h"

#include <string.h>

#include "report/gather-station.h"
#include "report/report-rows.h"
#include "report/report-text.h"

static void keep_row_words(void *userdata, json_t *row)
{
	report_put_words(row);
	json_array_append(userdata, row);
}

/** Whether the daemon knows the query: an older daemon has fewer kinds of records. */
static bool has_query(char **queries, const char *query)
{
	for (char **known = queries; known && *known; known++)
		if (strcmp(*known, query) == 0)
			return true;
	return false;
}

static int ask_section(Ctl *ctl, Inspection *inspection, size_t section)
{
	const InspectionSection *asked = &inspection_sections[section];
	json_t *filter = json_object(), *rows = json_array();
	int status;

	if (!filter || !rows)
		return ctl_fail("out of memory");
	if (asked->only)
		json_object_set_new(filter, asked->only, json_string(asked->like));
	if (asked->dated && inspection->from)
		json_object_set_new(filter, "from", json_string(inspection->from));
	if (asked->dated && inspection->to)
		json_object_set_new(filter, "to", json_string(inspection->to));
	status = ctl_query(ctl, asked->query, filter, keep_row_words, rows);
	inspection_set(inspection, section, rows);
	return status;
}

static char **strv_free(char **texts)
{
	for (char **text = texts; text && *text; text++)
		free(*text);
	free(texts);
	return NULL;
}
DEFINE_CLEANUP(char **, strv_free, strv_freep);

/** Says how far a verification is, on a terminal. */
static void tell_progress(const Ctl *ctl, bool ended)
{
	uint64_t done = 0, total = 0;

	if (!isatty(STDERR_FILENO) ||
		sd_bus_get_property_trivial(ctl->bus, "org.stipple.Station1", CTL_AUDIT, "VerificationDone",
			NULL, 't', &done) < 0 ||
		sd_bus_get_property_trivial(ctl->bus, "org.stipple.Station1", CTL_AUDIT, "VerificationTotal",
			NULL, 't', &total) < 0)
		return;
	fprintf(stderr, ended ? "\rthe record was verified          \n" : "\rverifying the record: %3u %%",
		total ? (unsigned)(100 * done / total) : 0);
}

/** A report is of a record that was verified: begins a verification where there is none, and waits for it. */
static int await_verification(Ctl *ctl)
{
	_cleanup_(freep) char *state = NULL;
	int status = ctl_get_string(ctl, CTL_AUDIT, "Verification", &state);

	/* whoever may read but not verify gets a report that says so */
	if (status == CTL_DONE && strcmp(state, "none") == 0 &&
		ctl_call(ctl, CTL_AUDIT, "Verify", NULL, NULL) != CTL_DONE)
		return CTL_DONE;
	for (bool waited = false; status == CTL_DONE; waited = true) {
		free(state);
		state = NULL;
		status = ctl_get_string(ctl, CTL_AUDIT, "Verification", &state);
		if (status != CTL_DONE)
			break;
		if (strcmp(state, "running") != 0) {
			if (waited)
				tell_progress(ctl, true);
			break;
		}
		tell_progress(ctl, false);
		g_usleep(200 * 1000);
	}
	return status;
}

/** The result of the verification since the start. */
static int ask_verification(Ctl *ctl, Inspection *inspection)
{
	static const struct {
		const char *state, *words;
	} known[] = {
		{ "none", "NOT VERIFIED: the station refused to verify its record" },
		{ "sound", "Verified in full since the station was started, and sound." },
		{ "damaged", "DAMAGED" },
		{ "photographs", "The ledger is sound, photographs are NOT as recorded" },
		{ "failed", "Could not be verified" },
	};
	_cleanup_(freep) char *state = NULL, *text = NULL;
	const char *words = "Unknown";
	int status = await_verification(ctl);

	if (status != CTL_DONE)
		return status;
	status = ctl_get_string(ctl, CTL_AUDIT, "Verification", &state);
	if (status != CTL_DONE)
		return status;
	status = ctl_get_string(ctl, CTL_AUDIT, "VerificationText", &text);
	if (status != CTL_DONE)
		return status;
	for (size_t i = 0; i < ELEMENTS(known); i++)
		if (strcmp(known[i].state, state) == 0)
			words = known[i].words;
	inspection->damaged = strcmp(state, "damaged") == 0;
	inspection->photographs_damaged = strcmp(state, "photographs") == 0;
	inspection_say(inspection, "Is it whole?", "%s%s%s", words, text[0] ? ": " : "", text);
	return CTL_DONE;
}

/** Asks what the newest checkpoint covers; *ret is NULL when there is none. The caller frees the row. */
static int ask_checkpoint(Ctl *ctl, json_t **ret)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	json_auto_t *rows = json_array();
	uint64_t size = 0;
	int r = sd_bus_get_property_trivial(
		ctl->bus, "org.stipple.Station1", CTL_AUDIT, "CheckpointSize", &error, 't', &size);
	int status = r < 0 ? ctl_call_failed(&error, r) : CTL_DONE;

	*ret = NULL;
	if (status != CTL_DONE || size == 0)
		return status;
	status = ctl_query(
		ctl, "checkpoints", json_pack("{s:I}", "after", (json_int_t)size - 1), keep_row_words, rows);
	if (json_array_size(rows))
		*ret = json_incref(json_array_get(rows, json_array_size(rows) - 1));
	return status;
}

static int ask_log(Ctl *ctl, Inspection *inspection)
{
	_cleanup_(freep) char *key = NULL;
	json_auto_t *checkpoint = NULL;
	char time[REPORT_TIME_MAX];
	int status = ask_verification(ctl, inspection);

	if (status != CTL_DONE)
		return status;
	status = ctl_get_string(ctl, CTL_AUDIT, "Key", &key);
	if (status != CTL_DONE)
		return status;
	status = ask_checkpoint(ctl, &checkpoint);
	if (status != CTL_DONE)
		return status;
	inspection_say(inspection, "Public key", "%s", key);
	if (!checkpoint) {
		inspection_say(inspection, "Newest checkpoint", "none was made yet");
		return CTL_DONE;
	}
	report_time(json_string_value(json_object_get(checkpoint, "time")), REPORT_MINUTE, time);
	inspection_say(inspection, "Newest checkpoint", "of %lld records, made %s",
		(long long)json_integer_value(json_object_get(checkpoint, "size")), time);
	inspection_say(
		inspection, "As it was signed", "%s", json_string_value(json_object_get(checkpoint, "note")));
	inspection_say(inspection, "To check it",
		"stipplectl audit verify reads every record and checkpoint; stipplectl audit witness FILE compares "
		"a checkpoint kept elsewhere, such as this one, with the ledger.");
	return CTL_DONE;
}

int inspection_gather(Ctl *ctl, Inspection *inspection)
{
	_cleanup_(strv_freep) char **queries = NULL;
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_get_property_strv(
		ctl->bus, "org.stipple.Station1", CTL_AUDIT, "Queries", &error, &queries);
	int status = r < 0 ? ctl_call_failed(&error, r) : CTL_DONE;

	inspection->made = gather_now();
	if (status != CTL_DONE)
		return status;
	status = gather_names(ctl, &inspection->clinic, &inspection->station);
	if (status != CTL_DONE)
		return status;
	for (size_t i = 0; i < INSPECTION_SECTIONS; i++) {
		if (!inspection_sections[i].query || !has_query(queries, inspection_sections[i].query))
			continue;
		status = ask_section(ctl, inspection, i);
		if (status != CTL_DONE)
			return status;
	}
	return ask_log(ctl, inspection);
}
