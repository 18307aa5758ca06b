/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What is decided about commands, as tables: a state, what was asked and what came of it so far, and what
 * must follow. Without a station, a ledger, a thread or a clock.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/apply.h"
#include "config/config.h"
#include "config/protocol-file.h"
#include "decide/command.h"
#include "decide/interlocks.h"
#include "decide/operator-certificates.h"

#include "quoted-json.h"

#define NOW_US (1772445600LL * USEC_PER_SEC) /* 2026-03-02T10:00:00Z */
#define BADGE  "b1001"
/* the digests of two texts: a text never changes under its version */
#define TREATMENT_1_EN "555baccd416f9834723601610e9a7ac5150d0104d7e89d8e48549303b9d7a2d6"
#define AFTERCARE_1_ES "62b762e90b917ce607a13faa2c3af884360e4b18fac58856ee317e87ded01cdb"
/* a name that was written with a finger */
#define NAME "100,100 140,180 180,120 220,200 260,140 300,220 340,160 380,240;420,180 460,260 500,200"

/* ---- states ---- */

typedef struct World {
	State state;
	Config *config;
} World;

static void record(State *state, const char *kind, const char *body)
{
	static uint64_t seq;
	json_auto_t *parsed = read_json(body);
	const AppliedRecord applied = { .seq = ++seq, .utc_us = NOW_US, .kind = kind, .body = parsed };

	(void)record_apply(state, &applied);
}

static int set_up(void **state)
{
	ConsentTexts texts;
	World *world = calloc(1, sizeof *world);
	Protocol *protocol = NULL;
	Error error = { 0 };

	assert_non_null(world);
	if (config_parse("", 0, "test", &world->config, &error) < 0)
		fail_msg("%s", error.text);
	start_apply(&world->state, world->config, true, NULL, 7);
	if (protocol_load(STIPPLE_SOURCE_FOLDER "/configs/protocols", "scalp-density", &protocol, &error) < 0)
		fail_msg("%s", error.text);
	assert_true(protocol_apply(&world->state, protocol));
	if (consent_texts_load(STIPPLE_SOURCE_FOLDER "/configs/consents", &texts, &error) < 0)
		fail_msg("%s", error.text);
	consents_apply(&world->state, &texts);
	host_apply(&world->state,
		&(Host){ .now = { .utc_us = NOW_US, .monotonic_us = USEC_PER_SEC }, .has_ledger = true });
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	World *world = *state;

	state_clear(&world->state);
	config_free(world->config);
	free(world);
	return 0;
}

static void sign_in_as(State *state, const char *role)
{
	Operator who = { .badge = BADGE, .name = "Ada Example" };
	json_auto_t *body = json_pack("{s:s}", "badge", BADGE);
	const AppliedRecord applied = {
		.kind = "operator.signed-in", .body = body, .who = &who, .holder = ":1.7"
	};

	snprintf(who.roles, sizeof who.roles, "%s", role);
	(void)record_apply(state, &applied);
}

static Config *clinic_config; /* of a station with a registry, made at its first use */

static void join_clinic(State *state)
{
	static const char text[] = "[registry]\nserver = https://clinic.example\nkey = k\nmirror_key = m\n";
	Error error = { 0 };

	if (!clinic_config && config_parse(text, sizeof text - 1, "test", &clinic_config, &error) < 0)
		fail_msg("%s", error.text);
	state->rules.config = clinic_config;
}

static int leave_clinic(void **state)
{
	config_free(clinic_config);
	return 0;
}

static void sign_in(State *state)
{
	sign_in_as(state, "technician");
}

static void sign_in_supervisor(State *state)
{
	sign_in_as(state, "supervisor");
}

static void begin(State *state)
{
	sign_in(state);
	record(state, "session.begun",
		"{'session':7,'subject':'P-1','protocol':'scalp-density','course_session':1,'interval_days':0}");
}

static void begin_in_clinic(State *state)
{
	join_clinic(state);
	begin(state);
}

static void sign_in_at_clinic(State *state)
{
	join_clinic(state);
	sign_in(state);
}

/** Somebody with a measured crown (12 of 60 cm2), and a nape and sides from earlier times. */
static void begin_again(State *state)
{
	sign_in(state);
	record(state, "session.begun",
		"{'session':7,'subject':'P-1','protocol':'scalp-density','course_session':2,'interval_days':0,"
		"'scalp_zones':['crown','frontal','nape'],'scalp_dots':[4800,0,90],"
		"'scalp_area_mm2':[12000,30000,900],'scalp_last':['2026-02-01T10:00:00Z','','2026-02-01T10:00:00Z'],"
		"'scalp_measured':['crown','frontal']}");
}

static void mount(State *state)
{
	begin(state);
	record(state, "needle.claimed", "{'session':7,'unit':'U1','lot':'L1','gtin':'0401','chip':'04a1b2'}");
}

static void pause_session(State *state)
{
	mount(state);
	record(state, "session.state", "{'session':7,'from':'preparing','to':'paused','event':'pause'}");
}

static void close_session(State *state)
{
	begin(state);
	record(state, "session.finished", "{'session':7}");
}

static void latch(State *state)
{
	ControlFact fact = { .kind = CONTROL_FACT_FAULT };

	begin(state);
	fact.fault.fault = CONTROL_FAULT_EMERGENCY_STOP;
	fault_latched_apply(state, &fact, USEC_PER_SEC);
}

/** An alarm needs nobody who is signed in. */
static void raise_break(State *state)
{
	alarm_raised_apply(state, alarm_cause("alert", "break-due"), "a break is due", USEC_PER_SEC);
}

static void see_break(State *state)
{
	raise_break(state);
	record(state, "alert.acknowledged", "{'alarm':'alert.break-due','priority':'low'}");
}

static void consent_to_photographs(State *state)
{
	begin(state);
	record(state, "session.consent", "{'session':7,'consent':'photographs','given':true}");
}

static void wait_for_code(State *state)
{
	start_apply(state, state->rules.config, true, "12345-67890", 1);
}

/* ---- the table ---- */

typedef struct Row {
	const char *name;
	void (*prepare)(State *state); /* NULL: nobody is signed in */
	const CommandSpec *spec;
	const char *asked, *rows; /* with ' for "; NULL: nothing */
	unsigned stage;
	bool stopped;
	PinVerdict pin, code;
	int error; /* of the answer */
	bool left; /* the program that asked */
	unsigned asked_registry;
	RegistryStatus registry;
	/* what follows: one of these */
	const char *refused, *record;
	int effect; /* EFFECT_ + 1 */
	bool done;
} Row;

#define CORRECTION                                                                                          \
	"{'kind':'record.corrected','fields':{'corrects':'7','field':'exposure_s','old':'240','new':'300'," \
	"'why':'mistyped'}}"

#define AWAITS(effect) (EFFECT_##effect + 1)

static const Row rows[] = {
	{ "client: nobody signed in", NULL, &command_client, .refused = "NotSignedIn" },
	{ "client: no such protocol", sign_in, &command_client, "{'subject':'P-9','protocol':'none'}",
		.refused = "Unknown" },
	{ "client: asks for the record", sign_in, &command_client,
		"{'subject':'P-9','protocol':'scalp-density','course_session':1}",
		.effect = AWAITS(LOOK_UP) },
	{ "client: nobody", sign_in, &command_client,
		"{'subject':'P-9','protocol':'scalp-density','course_session':1}",
		"{'person':[],'courses':[],'scalp':[]}", 3, .refused = "Unknown" },
	{ "client: the zones", sign_in, &command_client,
		"{'subject':'P-9','protocol':'scalp-density','course_session':1}",
		"{'person':[{'subject':'P-9'}],'courses':[],'scalp':[{'zone':'crown','dots':9,'area_mm2':900,"
		"'measured':1,'last_us':1772359200000000}]}",
		3, .done = true },
	{ "begin: nobody signed in", NULL, &command_begin, .refused = "NotSignedIn" },
	{ "begin: a bad pseudonym", sign_in, &command_begin, "{'subject':'Ada Example'}",
		.refused = "InvalidArgument" },
	{ "begin: no such protocol", sign_in, &command_begin, "{'subject':'P-9','protocol':'none'}",
		.refused = "Unknown" },
	{ "begin: session 0", sign_in, &command_begin,
		"{'subject':'P-9','protocol':'scalp-density','course_session':0}",
		.refused = "InvalidArgument" },
	{ "begin: asks who it is", sign_in, &command_begin,
		"{'subject':'P-9','protocol':'scalp-density','course_session':1}",
		.effect = AWAITS(LOOK_UP) },
	{ "begin: nobody on record", sign_in, &command_begin,
		"{'subject':'P-9','protocol':'scalp-density','course_session':1}", "{'person':[]}", 1,
		.refused = "NewPerson" },
	{ "begin: a new person who is none", sign_in, &command_begin,
		"{'subject':'P-9','protocol':'scalp-density','course_session':1,'new':true}",
		"{'person':[{'subject':'p-9'}]}", 1, .refused = "Exists" },
	{ "begin: asks for the sessions before", sign_in, &command_begin,
		"{'subject':'P-9','protocol':'scalp-density','course_session':1,'new':true}", "{'person':[]}",
		1, .effect = AWAITS(LOOK_UP) },
	{ "begin: another protocol is planned", sign_in, &command_begin,
		"{'subject':'P-9','protocol':'scalp-density','course_session':1,'new':true}",
		"{'person':[],'treated':[],'scalp':[],'last-dots':[],'courses':[{'protocol':'other','sessions':3,'done':0}]}",
		5, .refused = "InvalidArgument" },
	{ "begin: a course beside another", sign_in, &command_begin,
		"{'subject':'P-9','protocol':'scalp-density','course_session':1,'new':true}",
		"{'person':[],'treated':[],'scalp':[],'last-dots':[],'courses':[{'protocol':'other','sessions':3,'done':0},"
		"{'protocol':'scalp-density','sessions':3,'done':0}]}",
		5, .record = "session.begun" },
	{ "begin: beyond the plan", sign_in, &command_begin,
		"{'subject':'P-9','protocol':'scalp-density','course_session':3,'new':true}",
		"{'person':[],'treated':[],'scalp':[],'last-dots':[],'courses':[{'protocol':'scalp-density','sessions':2,'done':2}]}",
		5, .refused = "InvalidArgument" },
	{ "begin: beyond the protocol, without a plan", sign_in, &command_begin,
		"{'subject':'P-9','protocol':'scalp-density','course_session':4,'new':true}",
		"{'person':[],'treated':[],'scalp':[],'last-dots':[],'courses':[]}", 5,
		.refused = "InvalidArgument" },
	{ "begin: beyond the protocol, in a course that was extended", sign_in, &command_begin,
		"{'subject':'P-9','protocol':'scalp-density','course_session':4}",
		"{'person':[{'subject':'P-9'}],'treated':[],'scalp':[],'last-dots':[],'courses':[{'protocol':'scalp-density','sessions':4,'done':3}]}",
		5, .record = "session.begun" },
	{ "begin: a session of the course is left out", sign_in, &command_begin,
		"{'subject':'P-9','protocol':'scalp-density','course_session':2,'new':true}",
		"{'person':[],'treated':[],'scalp':[],'last-dots':[],'courses':[{'protocol':'scalp-density','sessions':3,'done':0}]}",
		5, .refused = "InvalidArgument" },
	{ "begin: on record", sign_in, &command_begin,
		"{'subject':'P-9','protocol':'scalp-density','course_session':1,'new':true}",
		"{'person':[],'treated':[],'courses':[],'scalp':[],'last-dots':[]}", 5,
		.record = "session.begun" },
	{ "begin: waits for the client's card", begin, &command_begin,
		"{'subject':'P-1','protocol':'scalp-density','course_session':1}", .stage = 4,
		.effect = AWAITS(REFRESH_FACTS) },
	{ "card: nobody signed in", NULL, &command_show_client, "{'subject':'P-1'}",
		.refused = "NotSignedIn" },
	{ "card: a bad pseudonym", sign_in, &command_show_client, "{'subject':'Ada Example'}",
		.refused = "InvalidArgument" },
	{ "card: asks who it is", sign_in, &command_show_client, "{'subject':'P-1'}",
		.effect = AWAITS(LOOK_UP) },
	{ "card: nobody on record", sign_in, &command_show_client, "{'subject':'P-1'}", "{'person':[]}", 1,
		.refused = "Unknown" },
	{ "card: the access comes first", sign_in, &command_show_client, "{'subject':'P-1'}",
		"{'person':[{'subject':'P-1'}]}", 1, .record = "audit.read" },
	{ "card: then what is on it", sign_in, &command_show_client, "{'subject':'P-1'}",
		"{'person':[{'subject':'P-1'}]}", 2, .effect = AWAITS(LOOK_UP) },
	{ "card: shown", sign_in, &command_show_client, "{'subject':'P-1'}",
		"{'person':[{'subject':'P-1'}],'client':[],'recipes':[],'screenings':[]}", 5, .done = true },
	{ "begin: one is open", begin, &command_begin,
		"{'subject':'P-9','protocol':'scalp-density','course_session':1}", .refused = "WrongState" },
	{ "begin: a fault is latched", latch, &command_begin,
		"{'subject':'P-9','protocol':'scalp-density','course_session':1}", .refused = "WrongState" },

	{ "consent: given", begin, &command_consent, "{'consent':'treatment','version':'1','given':true}",
		.record = "session.consent" },
	{ "consent: to what?", begin, &command_consent, "{'consent':'tattoo','version':'1','given':true}",
		.refused = "InvalidArgument" },
	{ "consent: withdrawn, the needle stops first", begin, &command_consent,
		"{'consent':'treatment','version':'1','given':false}", .effect = AWAITS(STOP) },
	{ "consent: withdrawn, also under a fault that came meanwhile", latch, &command_consent,
		"{'consent':'treatment','version':'1','given':false}", .stage = 1, .stopped = true,
		.record = "session.consent" },

	{ "consent: that the needles were sealed, on paper", begin, &command_consent,
		"{'consent':'needles-sealed','version':'1','given':true}", .record = "session.statement" },
	{ "consent: what happened cannot be withdrawn", begin, &command_consent,
		"{'consent':'aftercare','version':'1','given':false}", .refused = "InvalidArgument" },
	{ "signature: under the consent", begin, &command_signature,
		"{'consent':'treatment','version':'1','language':'en','sha256':'" TREATMENT_1_EN
		"','signature':'" NAME "'}",
		.record = "session.consent" },
	{ "signature: under a statement", begin, &command_signature,
		"{'consent':'aftercare','version':'1','language':'es','sha256':'" AFTERCARE_1_ES
		"','signature':'" NAME "'}",
		.record = "session.statement" },
	{ "signature: of a text that there is not", begin, &command_signature,
		"{'consent':'treatment','version':'99','language':'en','sha256':'" TREATMENT_1_EN
		"','signature':'" NAME "'}",
		.refused = "InvalidArgument" },
	{ "signature: in a language that there is not", begin, &command_signature,
		"{'consent':'treatment','version':'1','language':'la','signature':'" NAME "'}",
		.refused = "InvalidArgument" },
	{ "signature: of a text that was changed since it was shown", begin, &command_signature,
		"{'consent':'treatment','version':'1','language':'en','sha256':'" AFTERCARE_1_ES
		"','signature':'" NAME "'}",
		.refused = "InvalidArgument" },
	{ "signature: none", begin, &command_signature,
		"{'consent':'treatment','version':'1','language':'en','sha256':'" TREATMENT_1_EN
		"','signature':''}",
		.refused = "InvalidArgument" },
	{ "signature: a tap", begin, &command_signature,
		"{'consent':'treatment','version':'1','language':'en','sha256':'" TREATMENT_1_EN
		"','signature':'100,100'}",
		.refused = "InvalidArgument" },
	{ "signature: nobody is signed in", NULL, &command_signature,
		"{'consent':'treatment','version':'1','language':'en','sha256':'" TREATMENT_1_EN
		"','signature':'" NAME "'}",
		.refused = "NotSignedIn" },
	{ "signature: without a session", sign_in, &command_signature,
		"{'consent':'treatment','version':'1','language':'en','sha256':'" TREATMENT_1_EN
		"','signature':'" NAME "'}",
		.refused = "WrongState" },

	{ "zone: no such one", begin, &command_zone, "{'zone':'elbow','skin_type':'normal','area_mm2':100}",
		.refused = "InvalidArgument" },
	{ "zone: no such skin", begin, &command_zone, "{'zone':'crown','skin_type':'bald','area_mm2':100}",
		.refused = "InvalidArgument" },
	{ "zone: no area", begin, &command_zone, "{'zone':'crown','skin_type':'normal','area_mm2':0}",
		.refused = "InvalidArgument" },
	{ "zone: the needle stops first", begin, &command_zone,
		"{'zone':'crown','skin_type':'normal','area_mm2':100}", .effect = AWAITS(STOP) },
	{ "zone: strokes of the one before are left", begin, &command_zone,
		"{'zone':'crown','skin_type':'normal','area_mm2':100}", .stage = 1, .stopped = true,
		.error = -EAGAIN, .refused = "LedgerFailed" },
	{ "zone: a new area comes first", begin, &command_zone,
		"{'zone':'crown','skin_type':'normal','area_mm2':100}", .stage = 1, .stopped = true,
		.record = "zone.area" },
	{ "zone: on record", begin_again, &command_zone,
		"{'zone':'crown','skin_type':'normal','area_mm2':12000}", .stage = 1, .stopped = true,
		.record = "session.zone" },
	{ "zone: the area on record is taken", begin_again, &command_zone,
		"{'zone':'crown','skin_type':'normal','area_mm2':0}", .stage = 1, .stopped = true,
		.record = "session.zone" },
	{ "zone: another area than on record", begin_again, &command_zone,
		"{'zone':'crown','skin_type':'normal','area_mm2':11000}", .stage = 1, .stopped = true,
		.record = "zone.area" },
	{ "zone: the area of an earlier session is measured now", begin_again, &command_zone,
		"{'zone':'nape','skin_type':'normal','area_mm2':900}", .stage = 1, .stopped = true,
		.record = "zone.area" },
	{ "zone: the area of an earlier session is taken", begin_again, &command_zone,
		"{'zone':'nape','skin_type':'normal','area_mm2':0}", .stage = 1, .stopped = true,
		.record = "session.zone" },
	{ "zone: smaller than any scar", begin, &command_zone,
		"{'zone':'crown','skin_type':'normal','area_mm2':9}", .refused = "InvalidArgument" },
	{ "zone: larger than a scalp", begin, &command_zone,
		"{'zone':'crown','skin_type':'normal','area_mm2':60001}", .refused = "InvalidArgument" },
	{ "zone: as large as a scalp", begin, &command_zone,
		"{'zone':'crown','skin_type':'normal','area_mm2':60000}", .effect = AWAITS(STOP) },
	{ "zone: too much for one scalp", begin_again, &command_zone,
		"{'zone':'occipital','skin_type':'normal','area_mm2':48001}", .refused = "InvalidArgument" },

	{ "pause: without a session", sign_in, &command_pause, .refused = "WrongState" },
	{ "pause: the needle stops first", begin, &command_pause, .effect = AWAITS(STOP) },
	{ "pause: on record", begin, &command_pause, .stage = 1, .stopped = true, .record = "session.state" },
	{ "pause: a fault came meanwhile", latch, &command_pause, .stage = 1, .stopped = true,
		.refused = "WrongState" },
	{ "resume: on record", pause_session, &command_resume, .record = "session.state" },
	{ "resume: nothing to resume", begin, &command_resume, .refused = "WrongState" },
	{ "finish: the needle stops first", mount, &command_finish, .effect = AWAITS(STOP) },
	{ "finish: on record", mount, &command_finish, .stage = 1, .stopped = true,
		.record = "session.finished" },
	{ "abandon: without a reason", begin, &command_abandon, "{'reason':''}",
		.refused = "InvalidArgument" },
	{ "abandon: on record", begin, &command_abandon, "{'reason':'unwell'}", .stage = 1, .stopped = true,
		.record = "session.abandoned" },
	{ "sign: before its end", begin, &command_sign, "{'meaning':'done'}", .refused = "WrongState" },
	{ "sign: asks for the PIN", close_session, &command_sign, "{'meaning':'done'}",
		.effect = AWAITS(CHECK_PIN) },
	{ "sign: a wrong PIN", close_session, &command_sign, "{'meaning':'done'}", .stage = 1,
		.pin = PIN_WRONG, .refused = "SignInRefused" },
	{ "sign: on record", close_session, &command_sign, "{'meaning':'done'}", .stage = 1, .pin = PIN_RIGHT,
		.record = "session.signed" },

	{ "remove: nothing is mounted", begin, &command_remove, "{'reason':'dull'}",
		.refused = "WrongState" },
	{ "remove: the needle stops first", mount, &command_remove, "{'reason':'dull'}",
		.effect = AWAITS(STOP) },
	{ "remove: on record", mount, &command_remove, "{'reason':'dull'}", .stage = 1, .stopped = true,
		.record = "needle.removed" },
	{ "mount: one is mounted", mount, &command_mount, .refused = "WrongState" },
	{ "mount: reads the label", begin, &command_mount, .effect = AWAITS(READ_LABEL) },
	{ "mount: the claim is the ledger's to take", begin, &command_mount, .stage = 1,
		.record = "needle.claimed" },
	{ "mount: used before, which goes on record", begin, &command_mount, .stage = 2, .error = -EEXIST,
		.record = "needle.refused" },
	{ "mount: what is not held here is not asked for without a clinic", begin, &command_mount, .stage = 2,
		.error = -EREMOTE, .record = "needle.refused" },
	{ "mount: what is not held is asked for", begin_in_clinic, &command_mount, .stage = 2,
		.error = -EREMOTE, .effect = AWAITS(ASK_REGISTRY) },
	{ "mount: the registry gave it, so the claim is tried once more", begin_in_clinic, &command_mount,
		.stage = 3, .error = -EREMOTE, .asked_registry = 1, .registry = REGISTRY_DONE,
		.record = "needle.claimed" },
	{ "mount: signed out while the registry was asked", join_clinic, &command_mount, .stage = 3,
		.error = -EREMOTE, .asked_registry = 1, .registry = REGISTRY_DONE, .refused = "NotSignedIn" },
	{ "mount: only once", begin_in_clinic, &command_mount, .stage = 4, .error = -EREMOTE,
		.asked_registry = 1, .registry = REGISTRY_DONE, .record = "needle.refused" },
	{ "mount: another station has it", begin_in_clinic, &command_mount, .stage = 3, .error = -EREMOTE,
		.asked_registry = 1, .registry = REGISTRY_REFUSED, .record = "needle.refused" },
	{ "mount: nobody answers", begin_in_clinic, &command_mount, .stage = 3, .error = -EREMOTE,
		.asked_registry = 1, .registry = REGISTRY_AWAY, .record = "needle.refused" },
	{ "mount: the start is not confirmed, so nobody is asked", begin_in_clinic, &command_mount,
		.stage = 2, .error = -ENOLINK, .record = "needle.refused" },
	{ "mount: quarantined, so nobody is asked", begin_in_clinic, &command_mount, .stage = 2,
		.error = -EKEYREJECTED, .record = "needle.refused" },
	{ "hold: no clinic", sign_in, &command_hold_units, "{'codes':['(01)04012345678901(10)L1(21)A1']}",
		.refused = "WrongState" },
	{ "hold: nobody signed in", join_clinic, &command_hold_units, "{'codes':['x']}",
		.refused = "NotSignedIn" },
	{ "hold: no codes", sign_in_at_clinic, &command_hold_units, "{'codes':[]}",
		.refused = "InvalidArgument" },
	{ "hold: no serial", sign_in_at_clinic, &command_hold_units, "{'codes':['(01)04012345678901(10)L1']}",
		.refused = "NeedleRefused" },
	{ "hold: two lots", sign_in_at_clinic, &command_hold_units,
		"{'codes':['(01)04012345678901(10)L1(21)A1','(01)04012345678901(10)L2(21)A2']}",
		.refused = "InvalidArgument" },
	{ "hold: asks", sign_in_at_clinic, &command_hold_units,
		"{'codes':['(01)04012345678901(10)L1(21)A1']}", .effect = AWAITS(ASK_REGISTRY) },
	{ "hold: nobody answers", sign_in_at_clinic, &command_hold_units, "{'codes':['x']}", .stage = 1,
		.asked_registry = 1, .registry = REGISTRY_AWAY, .refused = "RegistryAway" },
	{ "hold: done when the leaf is on record", sign_in_at_clinic, &command_hold_units, "{'codes':['x']}",
		.stage = 1, .asked_registry = 1, .registry = REGISTRY_DONE, .effect = AWAITS(LOOK_UP) },
	{ "move: to a station that there is not", sign_in_at_clinic, &command_move_units,
		"{'to':'chair-9','codes':['(01)04012345678901(10)L1(21)A1']}",
		"{'clinic-stations':[{'name':'chair-2','station':'o/2'}],'clinic-released':[]}", 2,
		.refused = "Unknown" },
	{ "move: the release comes first", sign_in_at_clinic, &command_move_units,
		"{'to':'chair-2','codes':['(01)04012345678901(10)L1(21)A1']}",
		"{'clinic-stations':[{'name':'chair-2','station':'o/2'}],'clinic-released':[]}",
		.record = "clinic.released" },
	{ "move: what is released is only asked for again", sign_in_at_clinic, &command_move_units,
		"{'to':'chair-2','codes':['(01)04012345678901(10)L1(21)A1']}",
		"{'clinic-stations':[{'name':'chair-2','station':'o/2'}],"
		"'clinic-released':[{'unit':'(01)04012345678901(21)A1','to':'o/2'}]}",
		.effect = AWAITS(ASK_REGISTRY) },
	{ "move: what goes to another one is not", sign_in_at_clinic, &command_move_units,
		"{'to':'chair-2','codes':['(01)04012345678901(10)L1(21)A1']}",
		"{'clinic-stations':[{'name':'chair-2','station':'o/2'}],"
		"'clinic-released':[{'unit':'(01)04012345678901(21)A1','to':'o/3'}]}",
		.record = "clinic.released" },
	{ "mount: the disk failed", begin, &command_mount, .stage = 2, .error = -EIO,
		.refused = "LedgerFailed" },
	{ "pigment: expired", begin, &command_pigment,
		"{'brand':'B','colour':'C','lot':'L','expiry':'2026-03-01'}", .refused = "NoPigment" },
	{ "pigment: on its last day", begin, &command_pigment,
		"{'brand':'B','colour':'C','lot':'L','expiry':'2026-03-02'}", .record = "pigment.loaded" },

	{ "labels: nobody is signed in", NULL, &command_label_units, "{'fields':{'lot':'L1'}}",
		.refused = "NotSignedIn" },
	{ "labels: of which lot?", sign_in, &command_label_units, "{'fields':{'count':3}}",
		.refused = "InvalidArgument" },
	{ "labels: the serials are the ledger's to give", sign_in, &command_label_units,
		"{'fields':{'lot':'L1','run':'BBBBBB'}}", .refused = "InvalidArgument" },
	{ "labels: on record", sign_in, &command_label_units, "{'fields':{'lot':'L1','count':3}}",
		.record = "lot.labelled" },
	{ "labels: once more, without a reason", sign_in, &command_label_again,
		"{'fields':{'lot':'L1','first':1,'count':1}}", .refused = "InvalidArgument" },
	{ "labels: once more", sign_in, &command_label_again,
		"{'fields':{'lot':'L1','first':1,'count':1,'reason':'torn'}}", .record = "lot.relabelled" },
	{ "labels: of a pack", sign_in, &command_label_packs,
		"{'fields':{'sterilizer':'A','cycle':1,'items':'H1, H2'}}", .record = "pack.labelled" },

	{ "photograph: without consent", begin, &command_picture, "{'zone':'crown','phase':'before'}",
		.refused = "NoConsent" },
	{ "photograph: of what?", consent_to_photographs, &command_picture,
		"{'zone':'elbow','phase':'before'}", .refused = "InvalidArgument" },
	{ "photograph: asks the camera", consent_to_photographs, &command_picture,
		"{'zone':'crown','phase':'before'}", .effect = AWAITS(CAPTURE) },

	{ "arm: interlocks refuse", begin, &command_arm, .refused = "Refused" },
	{ "arm: stopped meanwhile", begin, &command_arm, .stage = 1, .refused = "WrongState" },
	{ "disarm: nothing to disarm", sign_in, &command_disarm, .refused = "WrongState" },
	{ "disarm: it stands still", begin, &command_disarm, .done = true },
	{ "acknowledge: no fault", begin, &command_acknowledge, "{'note':'n'}", .refused = "WrongState" },
	{ "acknowledge: asks for the PIN, which must not wait", latch, &command_acknowledge, "{'note':'n'}",
		.effect = AWAITS(CHECK_PIN_URGENT) },
	{ "acknowledge: then the board", latch, &command_acknowledge, "{'note':'n'}", .stage = 1,
		.pin = PIN_RIGHT, .effect = AWAITS(ACKNOWLEDGE) },
	{ "acknowledge: after many wrong PINs, too", latch, &command_acknowledge, "{'note':'n'}", .stage = 1,
		.pin = PIN_UNSEEN, .effect = AWAITS(ACKNOWLEDGE) },
	{ "acknowledge: the cause holds", latch, &command_acknowledge, "{'note':'n'}", .stage = 2,
		.pin = PIN_RIGHT, .error = -EBUSY, .refused = "WrongState" },
	{ "acknowledge: on record", latch, &command_acknowledge, "{'note':'n'}", .stage = 2, .pin = PIN_RIGHT,
		.record = "fault.acknowledged" },
	{ "acknowledge: another one came meanwhile", latch, &command_acknowledge, "{'note':'n'}", .stage = 3,
		.pin = PIN_RIGHT, .refused = "WrongState" },

	{ "seen: no such alarm", raise_break, &command_acknowledge_alarm, "{'alarm':'alert.disk-low'}",
		.refused = "Unknown" },
	{ "seen: not a cause at all", raise_break, &command_acknowledge_alarm, "{'alarm':''}",
		.refused = "Unknown" },
	{ "seen: on record", raise_break, &command_acknowledge_alarm,
		"{'alarm':'alert.break-due','since':1772445600000000}", .record = "alert.acknowledged" },
	{ "seen: an earlier one of the cause", raise_break, &command_acknowledge_alarm,
		"{'alarm':'alert.break-due','since':1772445599999999}", .refused = "WrongState" },
	{ "seen: no time", raise_break, &command_acknowledge_alarm, "{'alarm':'alert.break-due'}",
		.refused = "WrongState" },
	{ "seen: again", see_break, &command_acknowledge_alarm,
		"{'alarm':'alert.break-due','since':1772445600000000}", .done = true },
	{ "seen: a fault asks for more", latch, &command_acknowledge_alarm,
		"{'alarm':'fault.emergency-stop'}", .refused = "WrongState" },

	{ "sign in: asks for the PIN", NULL, &command_sign_in, "{'badge':'b1001'}",
		.effect = AWAITS(CHECK_PIN) },
	{ "sign in: a wrong PIN", NULL, &command_sign_in, "{'badge':'b1001'}", .stage = 1, .pin = PIN_WRONG,
		.refused = "SignInRefused" },
	{ "sign in: on record", NULL, &command_sign_in, "{'badge':'b1001'}", .stage = 1, .pin = PIN_RIGHT,
		.record = "operator.signed-in" },
	{ "sign in: the program has gone", NULL, &command_sign_in, "{'badge':'b1001'}", .left = true,
		.stage = 2, .pin = PIN_RIGHT, .refused = "SignInRefused" },
	{ "sign in: somebody is", sign_in, &command_sign_in, "{'badge':'b2'}", .refused = "WrongState" },
	{ "sign out: the needle stops first", sign_in, &command_sign_out, .effect = AWAITS(STOP) },
	{ "sign out: on record", sign_in, &command_sign_out, .stage = 1, .stopped = true,
		.record = "operator.signed-out" },
	{ "sign out: sent away meanwhile", NULL, &command_sign_out, .stage = 1, .stopped = true,
		.done = true },
	{ "enrol: a technician may not", sign_in, &command_enrol,
		"{'badge':'b2','name':'Bea','roles':'technician'}", .refused = "RoleMissing" },
	{ "enrol: no such role", sign_in, &command_enrol, "{'badge':'b2','name':'Bea','roles':'queen'}",
		.refused = "InvalidArgument" },
	{ "enrol the first: there is one", NULL, &command_enrol_first, "{'badge':'b2','name':'Bea'}",
		.refused = "WrongState" },
	{ "enrol the first: compares the code", wait_for_code, &command_enrol_first,
		"{'badge':'b2','name':'Bea'}", .effect = AWAITS(COMPARE_CODE) },
	{ "enrol the first: a bad badge costs no attempt", wait_for_code, &command_enrol_first,
		"{'badge':'b 2','name':'Bea'}", .refused = "InvalidArgument" },
	{ "enrol the first: a wrong code", wait_for_code, &command_enrol_first, "{'badge':'b2','name':'Bea'}",
		.stage = 1, .code = PIN_WRONG, .refused = "SignInRefused" },
	{ "enrol the first: hashes the PIN", wait_for_code, &command_enrol_first,
		"{'badge':'b2','name':'Bea'}", .stage = 1, .code = PIN_RIGHT, .effect = AWAITS(HASH_PIN) },

	{ "correction: looks for its record", sign_in, &command_form, CORRECTION, .effect = AWAITS(LOOK_UP) },
	{ "correction: of what a technician enters", sign_in, &command_form, CORRECTION,
		"{'records':[{'seq':7,'kind':'cycle.recorded'}]}", .effect = AWAITS(CHECK_PIN) },
	{ "correction: then it goes on record", sign_in, &command_form, CORRECTION,
		"{'records':[{'seq':7,'kind':'cycle.recorded'}]}", .pin = PIN_RIGHT,
		.record = "record.corrected" },
	{ "correction: of what only supervisors enter", sign_in, &command_form, CORRECTION,
		"{'records':[{'seq':7,'kind':'program.registered'}]}", .refused = "RoleMissing" },
	{ "correction: even with the PIN", sign_in, &command_form, CORRECTION,
		"{'records':[{'seq':7,'kind':'sterilizer.serviced'}]}", .pin = PIN_RIGHT,
		.refused = "RoleMissing" },
	{ "correction: of a certificate", sign_in, &command_form, CORRECTION,
		"{'records':[{'seq':7,'kind':'operator.certified'}]}", .refused = "RoleMissing" },
	{ "correction: by a supervisor", sign_in_supervisor, &command_form, CORRECTION,
		"{'records':[{'seq':7,'kind':'program.registered'}]}", .effect = AWAITS(CHECK_PIN) },
	{ "correction: of what the station records", sign_in, &command_form, CORRECTION,
		"{'records':[{'seq':7,'kind':'session.zone'}]}", .effect = AWAITS(CHECK_PIN) },
	{ "correction: the next record is another one", sign_in, &command_form, CORRECTION,
		"{'records':[{'seq':8,'kind':'program.registered'}]}", .effect = AWAITS(CHECK_PIN) },

	{ "audit: looks for the query", NULL, &command_audit, "{'query':'gossip'}",
		.effect = AWAITS(FIND_QUERY) },
	{ "audit: no such query", NULL, &command_audit, "{'query':'gossip'}", .stage = 1,
		.refused = "Unknown" },
	{ "audit: the access comes first", NULL, &command_audit,
		"{'query':'needles','arguments':{},'is_known':true}", .stage = 1, .record = "audit.read" },
	{ "audit: then the rows", NULL, &command_audit, "{'query':'needles','arguments':{},'is_known':true}",
		.stage = 2, .effect = AWAITS(STREAM) },
	{ "copy: of what kind?", NULL, &command_audit_copy, "{'copy':'theft','file':'f','records':1}",
		.refused = "InvalidArgument" },
	{ "erase: nothing is left", NULL, &command_erase, "{'after':0}", "{'images-to-erase':[]}", 1,
		.done = true },
	{ "erase: the files first", NULL, &command_erase, "{'after':0}",
		"{'images-to-erase':[{'file':'a.jpg'}]}", 1, .effect = AWAITS(DELETE_PICTURES) },
	{ "erase: what is gone goes on record", NULL, &command_erase, "{'after':0}",
		"{'images-to-erase':[{'file':'a.jpg','result':-13},{'file':'b.jpg','result':0}]}", 2,
		.record = "image.erased" },
	{ "erase: what could not be deleted does not", NULL, &command_erase, "{'after':0}",
		"{'images-to-erase':[{'file':'a.jpg','result':-13},{'file':'b.jpg','result':0}]}", 3,
		.done = true },
};

static void expect(const Row *row, const Decision *decision)
{
	if (row->refused && !row->record) {
		const char *name = decision->error ? strrchr(decision->error, '.') + 1 : "nothing";

		if (decision->kind != DECISION_REFUSED || strcmp(name, row->refused) != 0)
			fail_msg("%s: refused with %s (%s)", row->name, name, decision->text);
		assert_true(decision->text[0] != '\0');
	} else if (row->record) {
		if (decision->kind != DECISION_RECORD || strcmp(decision->record, row->record) != 0)
			fail_msg("%s: %s", row->name, decision->text);
	} else if (row->done) {
		if (decision->kind != DECISION_DONE)
			fail_msg("%s: %s", row->name, decision->text);
	} else if (decision->kind != DECISION_EFFECT || decision->effect != (EffectKind)(row->effect - 1)) {
		fail_msg("%s: %s", row->name, decision->text);
	}
}

static void test_decisions(void **state)
{
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		const Row *row = &rows[i];
		Decision decision = { 0 };
		Command command = {
			.id = 1,
			.pin = "4711",
			.new_pin = "4712",
			.stage = row->stage,
			.recorded = row->stage,
			.stopped = row->stopped,
			.pin_verdict = row->pin,
			.code_verdict = row->code,
			.caller_left = row->left,
			.who = { .badge = BADGE, .name = "Ada Example" },
			.answer = { .error = row->error, .text = "said the ledger" },
			.registry_asked = row->asked_registry,
			.registry = row->registry,
		};
		State before;
		World *world;

		assert_int_equal(set_up((void **)&world), 0);
		if (row->prepare)
			row->prepare(&world->state);
		before = world->state;
		command.asked = read_json(row->asked);
		command.form = form_of_kind(row_text(command.asked, "kind"));
		command.rows = read_json(row->rows);
		row->spec->decide(&world->state, &command, &decision);
		expect(row, &decision);
		assert_memory_equal(&before, &world->state, sizeof before); /* a decision changes nothing */
		json_decref(command.asked);
		json_decref(command.rows);
		json_decref(decision.arguments);
		json_decref(decision.body);
		json_decref(decision.first_body);
		json_decref(decision.personal);
		json_decref(decision.figures);
		tear_down((void **)&world);
	}
	(void)state;
}

/** The row of a certificate has what was first recorded, and beside it what that was corrected to. */
static void test_a_certificate_lasts_until_its_corrected_day(void **state)
{
	static const struct {
		const char *rows;
		bool lapsed;
	} certificates[] = {
		{ "[{'badge':'b1001','certificate':'first aid','expiry':'2026-03-01','corrected':null}]",
			true },
		{ "[{'badge':'b1001','certificate':'first aid','expiry':'2026-03-03','corrected':null}]",
			false },
		{ "[{'badge':'b1001','certificate':'first aid','expiry':'2027-03-01',"
		  "'corrected':{'expiry':'2026-03-01'}}]",
			true },
		{ "[{'badge':'b1001','certificate':'first aid','expiry':'2026-03-01',"
		  "'corrected':{'expiry':'2027-03-01'}}]",
			false },
		{ "[{'badge':'b1001','certificate':'first aid','expiry':'2026-03-01','corrected':{'issuer':'i'}}]",
			true },
	};
	State *now = &((World *)*state)->state;

	sign_in(now);
	now->host.now.utc_us = NOW_US;
	for (size_t i = 0; i < ELEMENTS(certificates); i++) {
		InterlockFacts facts = { 0 };

		json_decref(now->facts.rows[FACT_CERTIFICATIONS]);
		now->facts.rows[FACT_CERTIFICATIONS] = read_json(certificates[i].rows);
		certificate_facts(now, &facts);
		if ((facts.lapsed_certificate != NULL) != certificates[i].lapsed)
			fail_msg("%s", certificates[i].rows);
	}
}

/** What the needle does follows from the board's facts, in any order, and from nothing else. */
static void test_phases(void **state)
{
	World *world = *state;
	State *now = &world->state;

	mount(now);
	arming_apply(now, 3);
	assert_true(work_may_move(&now->work));
	armed_apply(now);
	assert_int_equal(now->work.phase, SESSION_READY);
	assert_true(line_apply(now, STIPPLE_LINE_PEDAL, true, 5 * USEC_PER_SEC));
	assert_int_equal(now->work.phase, SESSION_WORKING);
	assert_int_equal(work_time_us(&now->work, 9 * USEC_PER_SEC), 4 * USEC_PER_SEC);
	disarmed_apply(now, 9 * USEC_PER_SEC);
	assert_int_equal(now->work.phase, SESSION_PREPARING);
	assert_int_equal(now->work.worked_us, 4 * USEC_PER_SEC);
	assert_false(work_may_move(&now->work));
	/* the record of an arming that was stopped before it was committed arms nothing */
	record(now, "session.state", "{'session':7,'from':'preparing','to':'ready','event':'arm'}");
	assert_int_equal(now->work.phase, SESSION_PREPARING);
	assert_int_equal(now->session.step, SESSION_READY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),
		cmocka_unit_test_setup_teardown(
			test_a_certificate_lasts_until_its_corrected_day, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_phases, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, leave_clinic);
}
