/* SPDX-License-Identifier: Apache-2.0 */

/** Asks the running daemon what every report says of the clinic and its station. It must not draw anything.
 */

#include "report/gather-station.h"

#include <string.h>
#include <time.h>

#include "report/report-text.h"

int gather_names(Ctl *ctl, char **ret_clinic, char **ret_station)
{
	int status = ctl_get_string(ctl, CTL_STATION, "Clinic", ret_clinic);

	if (status != CTL_DONE)
		return status;
	return ctl_get_string(ctl, CTL_STATION, "Station", ret_station);
}

int letterhead_gather(Ctl *ctl, Letterhead *letterhead)
{
	const struct {
		const char *property;
		char **value;
	} asked[] = {
		{ "ClinicName", &letterhead->name },
		{ "ClinicAddress", &letterhead->address },
		{ "ClinicTelephone", &letterhead->telephone },
	};
	_cleanup_(freep) char *logo = NULL;
	Error flaw;
	int status = ctl_get_string(ctl, CTL_STATION, "ClinicLogo", &logo);

	for (size_t i = 0; i < ELEMENTS(asked) && status == CTL_DONE; i++)
		status = ctl_get_string(ctl, CTL_STATION, asked[i].property, asked[i].value);
	if (status == CTL_DONE && logo[0] && letterhead_read_logo(letterhead, logo, &flaw) < 0)
		ctl_fail("%s; the report is without it", flaw.text);
	return status;
}

char *gather_now(void)
{
	char text[REPORT_TIME_MAX];
	time_t now = time(NULL);
	struct tm utc;

	if (!gmtime_r(&now, &utc) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		return NULL;
	return strdup(text);
}
