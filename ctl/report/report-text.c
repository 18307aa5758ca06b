/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Times, figures and names as people write them, in the language of the document. It must not depend on the
 * language of the machine.
 */

#include "report/report-text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "report/language.h"

const char *report_number(double number, char ret[REPORT_NUMBER_MAX])
{
	size_t end;

	if (fabs(number) < 0.01 || fabs(number) >= 1e9) {
		snprintf(ret, REPORT_NUMBER_MAX, "%.3g", number);
		return language_mark(ret);
	}
	snprintf(ret, REPORT_NUMBER_MAX, "%.2f", number);
	end = strlen(ret);
	while (ret[end - 1] == '0')
		end--;
	ret[ret[end - 1] == '.' ? end - 1 : end] = '\0';
	return language_mark(ret);
}

/* ---- names ---- */

/*
 * The names of the record, for the translators. What is missing here, such as a clinic's own question, is
 * shown in English, without dashes.
 */
static const char *const known_names[] G_GNUC_UNUSED = {
	/* zones */
	N_("Frontal hairline"),
	N_("Frontal"),
	N_("Left temple"),
	N_("Right temple"),
	N_("Mid scalp"),
	N_("Crown"),
	N_("Left side"),
	N_("Right side"),
	N_("Occipital"),
	N_("Nape"),
	N_("Scar 1"),
	N_("Scar 2"),
	N_("Scar 3"),
	N_("Scar 4"),
	/* types of skin */
	N_("normal"),
	N_("scar"),
	N_("atrophic"),
	N_("plug"),
	/* what clients sign */
	N_("Treatment"),
	N_("Photographs"),
	N_("Aftercare"),
	N_("Needles sealed"),
	/* questions about health (health-question.c) */
	N_("Keloids"),
	N_("Herpes simplex"),
	N_("Inflamed skin"),
	N_("Pigment allergy"),
	N_("Numbing cream allergy"),
	N_("Eczema"),
	N_("Psoriasis"),
	N_("Vitiligo"),
	N_("Minoxidil this week"),
	N_("Scar younger than a year"),
	N_("Pregnancy"),
	N_("Herpes at site"),
	N_("Diabetes"),
	N_("Latex allergy"),
	N_("Antibiotic allergy"),
	N_("Bleeding disorder"),
	N_("Heart valve disease"),
	N_("Medication"),
	N_("Bloodborne risk"),
	N_("Blood thinners"),
	N_("Isotretinoin"),
	N_("Recent sunburn"),
	N_("Recent transplant or laser"),
	N_("Chemotherapy"),
	N_("Alcohol 24h"),
	N_("Pacemaker"),
	N_("Epilepsy"),
	/* titles of the protocols that come with Stipple */
	N_("Scalp density, three sessions"),
	N_("Scar camouflage, two sessions"),
	N_("Thinning and long hair, three sessions"),
	N_("Touch-up, one session"),
	N_("Sample patch, one session"),
	/* and their advice */
	N_("Do not wash or wet the scalp for four days; after that use lukewarm water and a mild shampoo."),
	N_("No sport, sauna or swimming for four days: sweat carries pigment out of the fresh dots."),
	N_("Do not rub, scratch or pick; small crusts fall off by themselves."),
	N_("Wear a loose hat outdoors; some sun is allowed from the fifth day, with SPF 30 or more."),
	N_("Redness goes within days. The finished look shows after some weeks, when the dots have softened."),
	N_("A scar stays red for longer than sound skin. The finished look shows after some weeks, when the dots have softened."),
	N_("Swelling, pus, fever or pain that grows is not normal: call the clinic or a doctor the same day."),
	/* results, and what became of lots */
	N_("pass"),
	N_("fail"),
	N_("quarantined"),
	N_("recalled"),
	N_("released"),
	/* faults */
	N_("Emergency stop"),
	N_("Board"),
	N_("Link lost"),
	N_("Link errors"),
	N_("Depth limit"),
	N_("Force limit"),
	N_("Board gone"),
	N_("Chip changed"),
	N_("Facts overrun"),
	N_("Host"),
	N_("Main silent"),
	N_("Control silent"),
	/* refusals that a supervisor may set aside */
	N_("Before photo"),
	N_("Interval"),
	N_("Session length"),
	/* incidents */
	N_("Adverse reaction"),
	N_("Sharps injury"),
	N_("Complication"),
	N_("minor"),
	N_("moderate"),
	N_("severe"),
};

void report_title_of(const char *name, char ret[REPORT_SECTION_MAX])
{
	char words[REPORT_SECTION_MAX];

	snprintf(words, sizeof words, "%s", name ? name : "");
	for (char *s = words; *s; s++)
		if (*s == '-')
			*s = ' ';
	words[0] = (char)toupper((unsigned char)words[0]);
	snprintf(ret, REPORT_SECTION_MAX, "%s", _(words));
}

/* ---- times ---- */

static const char *month_words(int month)
{
	static const char *const months[] = { N_("January"), N_("February"), N_("March"), N_("April"),
		N_("May"), N_("June"), N_("July"), N_("August"), N_("September"), N_("October"),
		N_("November"), N_("December") };

	return _(months[month]);
}

static size_t write_time(ReportTime time, const struct tm *local, char ret[REPORT_TIME_MAX])
{
	switch (time) {
	case REPORT_CLOCK:
		return strftime(ret, REPORT_TIME_MAX, "%H:%M", local);
	case REPORT_CLOCK_ZONE:
		return strftime(ret, REPORT_TIME_MAX, "%H:%M %Z", local);
	case REPORT_DATE:
		/* translators: day, month in words, year */
		return (size_t)snprintf(ret, REPORT_TIME_MAX, _("%d %s %d"), local->tm_mday,
			month_words(local->tm_mon), local->tm_year + 1900);
	case REPORT_MINUTE:
		return strftime(ret, REPORT_TIME_MAX, _("%Y-%m-%d %H:%M"), local);
	case REPORT_DAY:
		return strftime(ret, REPORT_TIME_MAX, _("%Y-%m-%d"), local);
	case REPORT_SECOND:
		return strftime(ret, REPORT_TIME_MAX, _("%Y-%m-%d %H:%M:%S"), local);
	case REPORT_MOMENT:
		return strftime(ret, REPORT_TIME_MAX, _("%Y-%m-%d %H:%M %Z"), local);
	}
	return 0;
}

/** False: there is no such time. */
static bool local_time(const char *utc, struct tm *ret)
{
	struct tm utc_time = { 0 };
	time_t seconds;

	if (!utc || !strptime(utc, "%Y-%m-%dT%H:%M:%S", &utc_time))
		return false;
	seconds = timegm(&utc_time);
	return localtime_r(&seconds, ret);
}

const char *report_time(const char *utc, ReportTime time, char ret[REPORT_TIME_MAX])
{
	struct tm local;

	if (!local_time(utc, &local) || write_time(time, &local, ret) == 0)
		ret[0] = '\0';
	return ret;
}

const char *report_day(const char *day, ReportTime time, char ret[REPORT_TIME_MAX])
{
	struct tm parsed = { 0 };
	const char *end = day ? strptime(day, "%Y-%m-%d", &parsed) : NULL;

	if (!end || *end || write_time(time, &parsed, ret) == 0)
		snprintf(ret, REPORT_TIME_MAX, "%s", day ? day : "");
	return ret;
}

const char *report_time_within(const Report *report, const char *utc, char ret[REPORT_TIME_MAX])
{
	struct tm local, begun;
	bool same_day = local_time(utc, &local) && local_time(report->begun, &begun) &&
			local.tm_year == begun.tm_year && local.tm_yday == begun.tm_yday;

	return report_time(utc, same_day ? REPORT_CLOCK : REPORT_MINUTE, ret);
}

const char *report_picture_words(const ReportPicture *picture, char ret[REPORT_PICTURE_WORDS])
{
	char day[REPORT_TIME_MAX];

	if (!picture->file)
		snprintf(ret, REPORT_PICTURE_WORDS, "%s", _("not taken"));
	else if (picture->erased)
		snprintf(ret, REPORT_PICTURE_WORDS, _("erased on %s, record %lld"),
			report_time(picture->erased, REPORT_DATE, day), (long long)picture->erasure);
	else if (picture->erasure)
		snprintf(ret, REPORT_PICTURE_WORDS, _("to be erased, record %lld"),
			(long long)picture->erasure);
	else
		snprintf(ret, REPORT_PICTURE_WORDS, "%s",
			picture->jpeg ? _("not readable") : _("not available"));
	return ret;
}
