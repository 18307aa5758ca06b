/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Makes a checked protocol from the entries of its file. It opens no file. It must not guess: a figure that
 * no section sets is an error, and the most cautious of several protective figures wins.
 */

#include "config/protocol.h"

#include <assert.h>

#include "config/ini-file.h"
#include "config/needle-list.h"

enum { DEPTH_MIN, DEPTH_MAX, DEPTH_LIMIT, FORCE_WARN, FORCE_LIMIT, RATE, DWELL, DENSITY };
enum { ANGLE_MIN = DENSITY + 1, ANGLE_MAX };

/* Wider than any published figures for scalps, but narrow enough that a typing error cannot injure. */
static const struct {
	const char *key;
	size_t offset;
	uint32_t min, max;
	bool protects;     /* the smallest applicable value wins, not the most specific */
	uint16_t fallback; /* where no section sets it, the makers' practice; 0: one must */
} figures[] = {
	[DEPTH_MIN] = { "depth_min_um", offsetof(ZonePlan, depth_min_um), 100, 3000, true },
	[DEPTH_MAX] = { "depth_max_um", offsetof(ZonePlan, depth_max_um), 100, 3000, true },
	[DEPTH_LIMIT] = { "depth_limit_um", offsetof(ZonePlan, depth_limit_um), 100, 4000, true },
	[FORCE_WARN] = { "force_warn_mn", offsetof(ZonePlan, force_warn_mn), 10, 5000, true },
	[FORCE_LIMIT] = { "force_limit_mn", offsetof(ZonePlan, force_limit_mn), 10, 5000, true },
	[RATE] = { "rate_hz", offsetof(ZonePlan, rate_hz), 50, 200 },
	[DWELL] = { "dwell_ms", offsetof(ZonePlan, dwell_ms), 5, 1000 },
	[DENSITY] = { "density", offsetof(ZonePlan, density), 1, 400 },
	[ANGLE_MIN] = { "angle_min_deg", offsetof(ZonePlan, angle_min_deg), 10, 90, .fallback = 45 },
	[ANGLE_MAX] = { "angle_max_deg", offsetof(ZonePlan, angle_max_deg), 10, 90, .fallback = 90 },
};
static_assert(ELEMENTS(figures) == PROTOCOL_FIGURES, "a rank for every figure");

static uint16_t *plan_figure(ZonePlan *plan, size_t figure)
{
	return (void *)((char *)plan + figures[figure].offset);
}

/** Parses a whole number without sign or surrounding text. */
static bool parse_number(const char *text, size_t length, uint32_t *ret)
{
	uint32_t value = 0;

	if (length == 0 || length > 9)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint32_t)(text[i] - '0');
	}
	*ret = value;
	return true;
}

/* ---- [protocol] ----------------------------------------------------------------------------------- */

enum { INTERVAL_DAYS_MAX = 365 };

/** "7, 28": days before the second session, the third, ... */
static int set_intervals(ProtocolDraft *draft, const char *value, Error *error)
{
	uint32_t days[PROTOCOL_COURSE_MAX] = { 0 };
	uint32_t n = 0;

	for (const char *s = value; *s;) {
		size_t length = strcspn(s, ", ");

		if (n == PROTOCOL_COURSE_MAX - 1)
			return error_set(error, -EINVAL, "more than %d intervals", PROTOCOL_COURSE_MAX - 1);
		if (!parse_number(s, length, &days[n + 1]) || days[n + 1] > INTERVAL_DAYS_MAX)
			return error_set(error, -EINVAL,
				"\"%.40s\" is not a list of days such as \"7, 28\": 0 to %d each", value,
				INTERVAL_DAYS_MAX);
		n++;
		s += length;
		s += strspn(s, ", ");
	}
	memcpy(draft->protocol.interval_min_days, days, sizeof days);
	draft->n_intervals = n;
	return 0;
}

static int set_general(ProtocolDraft *draft, const char *key, const char *value, Error *error)
{
	Protocol *protocol = &draft->protocol;

	if (strcmp(key, "title") == 0) {
		if (!text_is_printable(value, sizeof protocol->title - 1))
			return error_set(error, -EINVAL, "a title of 1 to %zu bytes is needed",
				sizeof protocol->title - 1);
		snprintf(protocol->title, sizeof protocol->title, "%s", value);
		return 0;
	}
	if (strcmp(key, "sessions") == 0)
		return ini_number(value, 1, PROTOCOL_COURSE_MAX, &protocol->sessions, error);
	if (strcmp(key, "interval_min_days") == 0)
		return set_intervals(draft, value, error);
	if (strcmp(key, "healing_min_days") == 0)
		return ini_number(value, 1, INTERVAL_DAYS_MAX, &protocol->healing_min_days, error);
	if (strcmp(key, "wait_after_days") == 0)
		return ini_number(value, 1, INTERVAL_DAYS_MAX, &protocol->wait_after_days, error);
	if (strcmp(key, "break_reminder_min") == 0)
		return ini_number(value, 10, 240, &protocol->break_reminder_min, error);
	if (strcmp(key, "session_max_min") == 0)
		return ini_number(value, 30, 600, &protocol->session_max_min, error);
	return error_set(error, -EINVAL,
		"unknown key in [protocol]: title, sessions, interval_min_days, healing_min_days, wait_after_days, break_reminder_min, session_max_min are known");
}

/* ---- [screening] ---------------------------------------------------------------------------------- */

static int set_question(Protocol *protocol, const char *key, const char *value, Error *error)
{
	AnswerEffect effect = answer_effect_from_string(value);
	size_t n = protocol->n_screening;

	if ((int)effect < 0)
		return error_set(error, -EINVAL,
			"\"%.40s\" is none of \"refuses\", \"physician\" and \"notes\"", value);
	if (!text_is_identifier(key, sizeof protocol->screening[0] - 1))
		return error_set(error, -EINVAL,
			"a question is named by 1 to %zu letters, digits, '-', '_' or '.'",
			sizeof protocol->screening[0] - 1);
	for (size_t i = 0; i < n; i++)
		if (strcmp(protocol->screening[i], key) == 0)
			return error_set(
				error, -EINVAL, "the question \"%s\" is there already: remove one", key);
	if (n == PROTOCOL_SCREENING_MAX)
		return error_set(error, -EINVAL, "more than %d questions", PROTOCOL_SCREENING_MAX);
	snprintf(protocol->screening[n], sizeof protocol->screening[n], "%s", key);
	protocol->screening_effects[n] = effect;
	protocol->n_screening++;
	return 0;
}

/* ---- [aftercare] ---------------------------------------------------------------------------------- */

static int set_aftercare(Protocol *protocol, const char *key, const char *value, Error *error)
{
	enum { KEY_MAX = 31 };
	size_t n = protocol->n_aftercare;

	if (!text_is_identifier(key, KEY_MAX))
		return error_set(error, -EINVAL,
			"advice is named by 1 to %d letters, digits, '-', '_' or '.'", KEY_MAX);
	if (!text_is_printable(value, sizeof protocol->aftercare[0] - 1))
		return error_set(error, -EINVAL, "a sentence of 1 to %zu bytes is needed",
			sizeof protocol->aftercare[0] - 1);
	if (n == PROTOCOL_AFTERCARE_MAX)
		return error_set(error, -EINVAL, "more than %d pieces of advice", PROTOCOL_AFTERCARE_MAX);
	snprintf(protocol->aftercare[n], sizeof protocol->aftercare[n], "%s", value);
	protocol->n_aftercare++;
	return 0;
}

/* ---- plans ---------------------------------------------------------------------------------------- */

/** What a plan's section applies to; -1: everything. */
typedef struct Scope {
	int zone, skin, session; /* session from 0 */
} Scope;

/** Takes "word value" from the front of `section`. True: the value is in `ret`. */
static bool take_pair(const char **section, const char *word, char *ret, size_t size)
{
	size_t length = strlen(word), value;
	const char *s = *section;

	if (strncmp(s, word, length) != 0 || s[length] != ' ')
		return false;
	s += length;
	s += strspn(s, " ");
	value = strcspn(s, " ");
	if (value == 0 || value >= size)
		return false;
	memcpy(ret, s, value);
	ret[value] = '\0';
	s += value;
	*section = s + strspn(s, " ");
	return true;
}

static int parse_scope(const char *section, Scope *ret, Error *error)
{
	const char *rest = section;
	Scope scope = { -1, -1, -1 };
	char value[32];
	uint32_t number = 0;

	if (strcmp(section, "default") == 0) {
		*ret = scope;
		return 0;
	}
	if (take_pair(&rest, "zone", value, sizeof value)) {
		scope.zone = zone_from_string(value);
		if (scope.zone < 0)
			return error_set(
				error, -EINVAL, "section [%s]: there is no zone \"%s\"", section, value);
	}
	if (take_pair(&rest, "skin", value, sizeof value)) {
		scope.skin = skin_type_from_string(value);
		if (scope.skin < 0)
			return error_set(
				error, -EINVAL, "section [%s]: there is no skin type \"%s\"", section, value);
	}
	if (take_pair(&rest, "session", value, sizeof value)) {
		if (!parse_number(value, strlen(value), &number) || value[0] == '0' ||
			number > PROTOCOL_COURSE_MAX)
			return error_set(error, -EINVAL, "section [%s]: session \"%s\" is not 1 to %d",
				section, value, PROTOCOL_COURSE_MAX);
		scope.session = (int)number - 1;
	}
	if (*rest || rest == section)
		return error_set(error, -EINVAL,
			"unknown section [%.60s]: protocol, screening, aftercare, default, or some of \"zone ZONE\", "
			"\"skin SKIN\", \"session N\" in this order are known",
			section);
	*ret = scope;
	return 0;
}

/** Larger for a more specific scope, different for every kind of scope, never 0. */
static uint8_t scope_rank(const Scope *scope)
{
	int zone = scope->zone >= 0, skin = scope->skin >= 0, session = scope->session >= 0;

	return (uint8_t)(1 + (zone + skin + session) * 8 + zone * 4 + skin * 2 + session);
}

static bool within(int wanted, size_t index)
{
	return wanted < 0 || (size_t)wanted == index;
}

/** Whether a figure of this rank replaces the present one. */
static bool outdoes(size_t figure, uint8_t rank, uint32_t value, uint8_t present_rank, uint16_t present)
{
	if (present_rank == 0)
		return true;
	return figures[figure].protects ? value < present : rank >= present_rank;
}

static void set_figure(ProtocolDraft *draft, const Scope *scope, size_t figure, uint32_t value, unsigned line)
{
	uint8_t rank = scope_rank(scope);

	for (size_t i = 0; i < (size_t)PROTOCOL_COURSE_MAX * ZONE_MAX * SKIN_TYPE_MAX; i++) {
		size_t session = i / (ZONE_MAX * SKIN_TYPE_MAX), zone = i / SKIN_TYPE_MAX % ZONE_MAX;
		size_t skin = i % SKIN_TYPE_MAX;
		uint8_t *ranked = &draft->rank[session][zone][skin][figure];
		uint16_t *present = plan_figure(&draft->protocol.plans[session][zone][skin], figure);

		if (!within(scope->session, session) || !within(scope->zone, zone) ||
			!within(scope->skin, skin) || !outdoes(figure, rank, value, *ranked, *present))
			continue;
		*present = (uint16_t)value;
		*ranked = rank;
		draft->lines[session][zone][skin][figure] = line;
	}
}

/** As rate, dwell and density: the section that names most of zone, skin and session wins. */
static int set_needles(ProtocolDraft *draft, const Scope *scope, const char *value, Error *error)
{
	uint8_t rank = scope_rank(scope);
	int r = needle_list_check(value, error);

	for (size_t i = 0; r == 0 && i < (size_t)PROTOCOL_COURSE_MAX * ZONE_MAX * SKIN_TYPE_MAX; i++) {
		size_t session = i / (ZONE_MAX * SKIN_TYPE_MAX), zone = i / SKIN_TYPE_MAX % ZONE_MAX;
		size_t skin = i % SKIN_TYPE_MAX;
		ZonePlan *plan = &draft->protocol.plans[session][zone][skin];
		uint8_t *ranked = &draft->needles_rank[session][zone][skin];

		if (!within(scope->session, session) || !within(scope->zone, zone) ||
			!within(scope->skin, skin) || rank < *ranked)
			continue;
		snprintf(plan->needles, sizeof plan->needles, "%s", value);
		*ranked = rank;
	}
	return r;
}

static int set_plan(ProtocolDraft *draft, const char *section, const char *key, const char *value,
	unsigned line, Error *error)
{
	Scope scope = { -1, -1, -1 };
	uint32_t number = 0;
	int r;

	r = parse_scope(section, &scope, error);
	if (r < 0)
		return r;
	if (strcmp(key, "needles") == 0)
		return set_needles(draft, &scope, value, error);
	for (size_t i = 0; i < ELEMENTS(figures); i++) {
		if (strcmp(key, figures[i].key) != 0)
			continue;
		r = ini_number(value, figures[i].min, figures[i].max, &number, error);
		if (r == 0)
			set_figure(draft, &scope, i, number, line);
		return r;
	}
	return error_set(error, -EINVAL,
		"unknown key in [%s]: depth_min_um, depth_max_um, depth_limit_um, force_warn_mn, "
		"force_limit_mn, rate_hz, dwell_ms, density, angle_min_deg, angle_max_deg, needles are known",
		section);
}

/* ---- the whole ------------------------------------------------------------------------------------ */

void protocol_draft_init(ProtocolDraft *draft, const char *name)
{
	memset(draft, 0, sizeof *draft);
	for (size_t i = 0; i < sizeof draft->protocol.plans / sizeof(ZonePlan); i++)
		for (size_t f = ANGLE_MIN; f <= ANGLE_MAX; f++)
			*plan_figure(&draft->protocol.plans[0][0][0] + i, f) = figures[f].fallback;
	draft->protocol.healing_min_days = PROTOCOL_HEALING_DAYS;
	snprintf(draft->protocol.name, sizeof draft->protocol.name, "%s", name);
}

int protocol_draft_set(ProtocolDraft *draft, const char *section, const char *key, const char *value,
	unsigned line, Error *error)
{
	if (strcmp(section, "protocol") == 0)
		return set_general(draft, key, value, error);
	if (strcmp(section, "screening") == 0)
		return set_question(&draft->protocol, key, value, error);
	if (strcmp(section, "aftercare") == 0)
		return set_aftercare(&draft->protocol, key, value, error);
	return set_plan(draft, section, key, value, line, error);
}

static int check_general(const ProtocolDraft *draft, Error *error)
{
	const Protocol *protocol = &draft->protocol;

	if (!protocol->title[0])
		return error_set(error, -EINVAL, "[protocol] title is missing");
	if (protocol->sessions == 0)
		return error_set(
			error, -EINVAL, "[protocol] sessions is missing: 1 to %d", PROTOCOL_COURSE_MAX);
	if (draft->n_intervals != protocol->sessions - 1)
		return error_set(error, -EINVAL,
			"[protocol] interval_min_days lists %u, but %u sessions have %u between them",
			draft->n_intervals, protocol->sessions, protocol->sessions - 1);
	if (protocol->break_reminder_min == 0)
		return error_set(error, -EINVAL, "[protocol] break_reminder_min is missing: 10 to 240");
	if (protocol->session_max_min == 0)
		return error_set(error, -EINVAL, "[protocol] session_max_min is missing: 30 to 600");
	return 0;
}

/** Two figures of a plan that conflict. */
typedef struct Misfit {
	size_t low, high; /* `low` must be smaller; equal: the figure is missing */
	uint32_t by;      /* by at least this much */
} Misfit;

static bool find_misfit(const ZonePlan *plan, const uint8_t *rank, Misfit *ret)
{
	for (size_t i = 0; i < ELEMENTS(figures); i++) {
		if (rank[i] == 0 && !figures[i].fallback) {
			*ret = (Misfit){ i, i, 0 };
			return true;
		}
	}
	if (plan->depth_min_um >= plan->depth_max_um)
		*ret = (Misfit){ DEPTH_MIN, DEPTH_MAX, 1 };
	else if (plan->depth_max_um + PROTOCOL_DEPTH_MARGIN_UM > plan->depth_limit_um)
		*ret = (Misfit){ DEPTH_MAX, DEPTH_LIMIT, PROTOCOL_DEPTH_MARGIN_UM };
	else if (plan->force_warn_mn > plan->force_limit_mn)
		*ret = (Misfit){ FORCE_WARN, FORCE_LIMIT, 0 };
	else if (plan->angle_min_deg > plan->angle_max_deg)
		*ret = (Misfit){ ANGLE_MIN, ANGLE_MAX, 0 };
	else
		return false;
	return true;
}

static int refuse_misfit(
	const ProtocolDraft *draft, size_t at, const Misfit *misfit, unsigned *ret_line, Error *error)
{
	size_t session = at / (ZONE_MAX * SKIN_TYPE_MAX), zone = at / SKIN_TYPE_MAX % ZONE_MAX;
	size_t skin = at % SKIN_TYPE_MAX;
	const uint32_t *lines = draft->lines[session][zone][skin];
	ZonePlan plan = draft->protocol.plans[session][zone][skin];
	char place[96];

	snprintf(place, sizeof place, "[zone %s skin %s session %zu]", zone_to_string((Zone)zone),
		skin_type_to_string((SkinType)skin), session + 1);
	if (misfit->low == misfit->high)
		return error_set(error, -EINVAL, "%s needs %s: set it there or in [default]", place,
			figures[misfit->low].key);
	*ret_line = lines[misfit->low] > lines[misfit->high] ? lines[misfit->low] : lines[misfit->high];
	return error_set(error, -EINVAL,
		"%s needs %s at least %u below %s; the strictest that apply are %u and %u", place,
		figures[misfit->low].key, misfit->by, figures[misfit->high].key,
		*plan_figure(&plan, misfit->low), *plan_figure(&plan, misfit->high));
}

static int check_plans(const ProtocolDraft *draft, unsigned *ret_line, Error *error)
{
	const Protocol *protocol = &draft->protocol;

	for (size_t i = 0; i < (size_t)protocol->sessions * ZONE_MAX * SKIN_TYPE_MAX; i++) {
		size_t session = i / (ZONE_MAX * SKIN_TYPE_MAX), zone = i / SKIN_TYPE_MAX % ZONE_MAX;
		size_t skin = i % SKIN_TYPE_MAX;
		Misfit misfit;

		if (find_misfit(
			    &protocol->plans[session][zone][skin], draft->rank[session][zone][skin], &misfit))
			return refuse_misfit(draft, i, &misfit, ret_line, error);
	}
	return 0;
}

/** Of two plans the one that must not be denser, by its session, zone and skin. */
typedef struct DensityRule {
	size_t session, zone, skin;
	size_t of_session, of_skin; /* of the other plan, in the same zone */
	const char *why;
} DensityRule;

static int check_density(
	const ProtocolDraft *draft, const DensityRule *rule, unsigned *ret_line, Error *error)
{
	uint16_t density = draft->protocol.plans[rule->session][rule->zone][rule->skin].density;
	uint16_t most = draft->protocol.plans[rule->of_session][rule->zone][rule->of_skin].density;
	uint32_t line = draft->lines[rule->session][rule->zone][rule->skin][DENSITY];
	uint32_t other = draft->lines[rule->of_session][rule->zone][rule->of_skin][DENSITY];

	if (density <= most)
		return 0;
	*ret_line = line > other ? line : other;
	return error_set(error, -EINVAL,
		"[zone %s skin %s session %zu] has density %u, and [zone %s skin %s session %zu] has %u: %s",
		zone_to_string((Zone)rule->zone), skin_type_to_string((SkinType)rule->skin),
		rule->session + 1, density, zone_to_string((Zone)rule->zone),
		skin_type_to_string((SkinType)rule->of_skin), rule->of_session + 1, most, rule->why);
}

/** Densities are cumulative, so none falls during a course; and no skin bears more than normal skin. */
static int check_densities(const ProtocolDraft *draft, unsigned *ret_line, Error *error)
{
	size_t sessions = draft->protocol.sessions;
	int r;

	for (size_t i = 0; i < sessions * ZONE_MAX * SKIN_TYPE_MAX; i++) {
		DensityRule rise = { i / (ZONE_MAX * SKIN_TYPE_MAX), i / SKIN_TYPE_MAX % ZONE_MAX,
			i % SKIN_TYPE_MAX, i / (ZONE_MAX * SKIN_TYPE_MAX) + 1, i % SKIN_TYPE_MAX,
			"densities count all sessions, so a later one is not lower" };
		DensityRule skin = { rise.session, rise.zone, rise.skin, rise.session, SKIN_NORMAL,
			"no skin is treated more densely than normal skin" };

		r = rise.of_session < sessions ? check_density(draft, &rise, ret_line, error) : 0;
		if (r < 0)
			return r;
		r = check_density(draft, &skin, ret_line, error);
		if (r < 0)
			return r;
	}
	return 0;
}

int protocol_draft_finish(const ProtocolDraft *draft, Protocol *ret, unsigned *ret_line, Error *error)
{
	int r;

	*ret_line = 0;
	r = check_general(draft, error);
	if (r < 0)
		return r;
	r = check_plans(draft, ret_line, error);
	if (r < 0)
		return r;
	r = check_densities(draft, ret_line, error);
	if (r < 0)
		return r;
	*ret = draft->protocol;
	return 0;
}

const ZonePlan *protocol_plan(const Protocol *protocol, uint32_t course_session, Zone zone, SkinType skin)
{
	if (course_session < 1 || course_session > protocol->sessions || course_session > PROTOCOL_COURSE_MAX)
		return NULL;
	if ((int)zone < 0 || zone >= ZONE_MAX || (int)skin < 0 || skin >= SKIN_TYPE_MAX)
		return NULL;
	return &protocol->plans[course_session - 1][zone][skin];
}
