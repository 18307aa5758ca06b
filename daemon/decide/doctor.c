/* SPDX-License-Identifier: Apache-2.0 */

/** Judges whether the station is ready for work, check by check. It repairs nothing. */

#include "decide/doctor.h"

#include <stdio.h>
#include <string.h>

#include "decide/alarm.h"
#include "decide/clinic.h"
#include "decide/incident-report.h"
#include "decide/spore-test.h"
#include "decide/stock.h"

static StationCheck *check_add(StationCheck *checks, size_t *n, const char *check, bool good, int bad_level)
{
	StationCheck *added = &checks[(*n)++];

	memset(added, 0, sizeof *added);
	added->check = check;
	added->level = good ? 0 : bad_level;
	return added;
}

static void check_configuration(const State *state, const DoctorInput *input, StationCheck *checks, size_t *n)
{
	const char *inert = rules_inert(&state->rules), *refused = input->reload_refused;
	StationCheck *check = check_add(checks, n, "configuration", !inert && !*refused, inert ? 2 : 1);

	snprintf(check->text, sizeof check->text, "%.*s", (int)sizeof check->text - 1,
		inert      ? inert
		: *refused ? refused
			   : "accepted");
	if (inert)
		snprintf(check->advice, sizeof check->advice,
			"put it right, then `systemctl restart stippled`");
	else
		snprintf(check->advice, sizeof check->advice, "%.*s", (int)sizeof check->advice - 1,
			input->reload_advice);
}

static void check_people(const State *state, StationCheck *checks, size_t *n)
{
	const People *people = &state->people;
	bool inert = rules_inert(&state->rules) != NULL,
	     enrolled = !people->code[0] && people->wrong_codes == 0;
	StationCheck *check = check_add(checks, n, "people", enrolled || inert, 1);

	snprintf(check->text, sizeof check->text, "%s",
		inert      ? "not known while the station is inert"
		: enrolled ? "an administrator is enrolled"
			   : "no administrator is enrolled yet");
	if (check->level)
		snprintf(check->advice, sizeof check->advice, "%s `stipplectl enrol --code`",
			people->code[0] ? "take the code from `journalctl -u stippled`, then"
					: "restart stippled, which prints a new code, then");
}

static void check_link(const ControlCounters *link, StationCheck *check)
{
	check->level = link->realtime_error ? 1 : 0;
	if (link->realtime_error)
		snprintf(check->advice, sizeof check->advice,
			"the system refused real-time priority (%s): start the daemon by its unit, which has "
			"LimitRTPRIO=",
			strerror(link->realtime_error));
	snprintf(check->text, sizeof check->text,
		"%llu frames exchanged, %llu damaged, %llu repeated, %llu edges, %s priority",
		(unsigned long long)link->transfers, (unsigned long long)link->bad_frames,
		(unsigned long long)link->resends, (unsigned long long)link->edges,
		link->realtime ? "real-time" : "ordinary");
}

static void check_board(const Board *board, const DoctorInput *input, StationCheck *checks, size_t *n)
{
	StationCheck *check = check_add(checks, n, "board", board->connected, 2);

	if (board->connected)
		snprintf(check->text, sizeof check->text, "serial %s, firmware %u.%u", board->identity.serial,
			board->identity.firmware_major, board->identity.firmware_minor);
	else
		snprintf(check->text, sizeof check->text, "%s",
			board->error[0] ? board->error : "no answer from the board yet");
	if (!board->connected)
		snprintf(check->advice, sizeof check->advice,
			"check cable, power and [board] plugin in stippled.conf");
	if (input->link)
		check_link(input->link, check_add(checks, n, "link", true, 0));
	check = check_add(checks, n, "self-test", board->self_test_done && !board->self_test_failed, 2);
	snprintf(check->text, sizeof check->text, "%s",
		!board->self_test_done    ? "not done"
		: board->self_test_failed ? "failed"
					  : "passed");
	if (check->level)
		snprintf(check->advice, sizeof check->advice,
			"run `stipplectl self-test`; a failed part needs service");
	check = check_add(checks, n, "lines", !board->emergency_stop && !board->pedal, 1);
	snprintf(check->text, sizeof check->text, "emergency stop %s, pedal %s",
		board->emergency_stop ? "pressed" : "released", board->pedal ? "pressed" : "released");
	if (check->level)
		snprintf(check->advice, sizeof check->advice, "release them; if they are, check the wiring");
}

static void check_clock(const Host *host, StationCheck *checks, size_t *n)
{
	bool behind = host->now.utc_us + CLOCK_SLACK_US < host->newest_utc_us;
	StationCheck *check =
		check_add(checks, n, "clock", host->now.synchronized && !behind, behind ? 2 : 1);
	char now_text[CLOCK_UTC_TEXT_MAX], newest_text[CLOCK_UTC_TEXT_MAX];

	clock_format_utc(host->now.utc_us, now_text);
	clock_format_utc(host->newest_utc_us, newest_text);
	if (behind)
		snprintf(check->text, sizeof check->text, "%s, before the newest record of %s", now_text,
			newest_text);
	else
		snprintf(check->text, sizeof check->text, "%s, %s", now_text,
			host->now.synchronized ? "synchronised" : "not synchronised");
	if (check->level)
		snprintf(check->advice, sizeof check->advice, "%s",
			behind ? "set the clock (`timedatectl set-time`); if it is right, `stipplectl clock correct`"
			       : "connect to a time server: `timedatectl set-ntp true`");
}

size_t doctor_check(const State *state, const DoctorInput *input, StationCheck ret[STATION_CHECKS_MAX])
{
	const Config *config = state->rules.config;
	StationCheck *check;
	size_t n = 0;

	check_configuration(state, input, ret, &n);
	check = check_add(ret, &n, "protocols", state->protocols.n > 0, 2);
	snprintf(check->text, sizeof check->text, "%zu loaded from %.200s", state->protocols.n,
		config->protocol_folder);
	check_people(state, ret, &n);
	check_board(&state->board, input, ret, &n);
	check = check_add(ret, &n, "ledger", state->host.has_ledger && !state->host.ledger_ailment, 2);
	memcpy(check->text, input->ledger.text, sizeof check->text);
	memcpy(check->advice, input->ledger.advice, sizeof check->advice);
	stock_check(state, check_add(ret, &n, "stock", true, 1));
	check = check_add(ret, &n, "disk", state->host.disk_free >> 20 >= config->disk_min_mb, 2);
	snprintf(check->text, sizeof check->text, "%llu MB free, at least %u needed",
		(unsigned long long)(state->host.disk_free >> 20), config->disk_min_mb);
	if (check->level)
		snprintf(check->advice, sizeof check->advice, "free disk space on %.200s",
			config->state_folder);
	check_clock(&state->host, ret, &n);
	spore_test_check(state, check_add(ret, &n, "sterilization", true, 0));
	alarm_check_sound(state, check_add(ret, &n, "sound", true, 0));
	incident_report_check(state, check_add(ret, &n, "incidents", true, 0));
	if (clinic_is_configured(state))
		clinic_check(state, check_add(ret, &n, "registry", true, 0));
	return n;
}
