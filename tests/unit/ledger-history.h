/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A history in which everything happens at least twice, for tests of what is asked of a ledger. */

#include "ledger-fixture.h"
#include "quoted-json.h"

enum { STEP_S = 3600 };

static const struct {
	const char *kind, *body;
} history[] = {
	{ "operator.enrolled", "{'badge':'b1','roles':['technician','administrator']}" },
	{ "operator.enrolled", "{'badge':'b2','roles':['technician']}" },
	{ "operator.roles", "{'badge':'b2','roles':['auditor']}" },
	{ "operator.certified", "{'badge':'b2','certificate':'c1','issuer':'i','expiry':'2026-12-31'}" },
	{ "operator.certified", "{'badge':'b1','certificate':'c1','issuer':'i','expiry':'2027-12-31'}" },
	{ "operator.signed-in", "{'badge':'b1'}" },
	{ "operator.signed-out", "{'badge':'b1'}" },
	{ "subject.registered", "{'subject':'P-1','phototype':'II'}" },
	{ "subject.registered", "{'subject':'P-2','phototype':'III'}" },
	{ "subject.changed", "{'subject':'P-1','why':'a new address'}" },
	{ "course.planned", "{'subject':'P-1','protocol':'x','sessions':2,'interval_days':7}" },
	{ "course.planned", "{'subject':'P-2','protocol':'x','sessions':3,'interval_days':7}" },
	{ "course.planned", "{'subject':'P-1','protocol':'x','sessions':3,'interval_days':7}" },
	{ "lot.received",
		"{'lot':'L1','gtin':'1','product':'p','maker':'m','expiry':'2027-06-30','quantity':9}" },
	{ "lot.received",
		"{'lot':'L2','gtin':'1','product':'p','maker':'m','expiry':'2027-01-31','quantity':9}" },
	{ "lot.received",
		"{'lot':'L3','gtin':'2','product':'p','maker':'m','expiry':'2027-01-31','quantity':9,"
		"'configuration':'1RL'}" },
	{ "lot.certificate", "{'lot':'L1','file':'a.pdf','sha256':'0','bytes':1}" },
	{ "lot.certificate", "{'lot':'L2','file':'b.pdf','sha256':'1','bytes':1}" },
	{ "lot.status", "{'lot':'L2','status':'quarantined','reason':'a notice'}" },
	{ "pigment.received",
		"{'brand':'B','colour':'black','lot':'L1','expiry':'2027-05-31','quantity':2}" },
	{ "pigment.received",
		"{'brand':'B','colour':'brown','lot':'L1','expiry':'2027-05-31','quantity':2}" },
	{ "pigment.received",
		"{'brand':'A','colour':'black','lot':'PG1','expiry':'2027-07-31','quantity':2}" },
	{ "pigment.status", "{'lot':'PG1','status':'recalled','reason':'a notice'}" },
	{ "pigment.blended", "{'blend':'M1','colour':'umber','parts':['B/black/L1:1','B/brown/L1:2']}" },
	{ "pigment.blended", "{'blend':'M2','colour':'umber','parts':['B/black/L1:1','B/brown/L1:1']}" },
	{ "sterilizer.registered",
		"{'sterilizer':'S1','maker':'m','model':'o','serial':'1','installed':'2026-01-01','class':'B'}" },
	{ "sterilizer.registered",
		"{'sterilizer':'S2','maker':'m','model':'o','serial':'2','installed':'2026-01-01'}" },
	{ "handpiece.registered", "{'handpiece':'hp1','model':'o'}" },
	{ "handpiece.registered", "{'handpiece':'hp2','model':'o'}" },
	{ "handpiece.registered", "{'handpiece':'hp3','model':'o'}" },
	{ "handpiece.retired", "{'handpiece':'hp3','reason':'worn'}" },
	{ "cycle.recorded",
		"{'sterilizer':'S1','cycle':1,'program':'B','started':'2026-03-01T08:00:00Z','temperature_c':134,"
		"'exposure_s':240,'contents':['hp1','hp2'],'mechanical':'pass'}" },
	{ "cycle.recorded",
		"{'sterilizer':'S1','cycle':2,'program':'B','started':'2026-03-02T08:00:00Z','temperature_c':134,"
		"'exposure_s':240}" },
	{ "cycle.released",
		"{'sterilizer':'S1','cycle':1,'signed':'released','profile':'x','proofs':'','sterile_days':90}" },
	{ "cycle.rejected", "{'sterilizer':'S1','cycle':2,'reason':'wet'}" },
	{ "session.begun", "{'session':1,'subject':'P-1','protocol':'x','course_session':1}" },
	{ "session.consent", "{'session':1,'consent':'treatment','version':'1','given':true}" },
	{ "session.consent", "{'session':1,'consent':'photographs','version':'1','given':false}" },
	{ "handpiece.mounted", "{'session':1,'handpiece':'hp1'}" },
	{ "needle.claimed", "{'session':1,'unit':'u1','gtin':'1','lot':'L1','code':'u1'}" },
	{ "pigment.loaded",
		"{'session':1,'brand':'blend','colour':'umber','lot':'M1','expiry':'2027-05-31'}" },
	{ "strokes",
		"{'session':1,'zone':'crown','unit':'u1','strokes':7,'dots':2,'encoding':'e','sha256':'0'}" },
	{ "strokes",
		"{'session':1,'zone':'nape','unit':'u1','strokes':7,'dots':2,'encoding':'e','sha256':'0'}" },
	{ "zone.statistics", "{'session':1,'zone':'crown','dots':2,'strokes':7}" },
	{ "zone.statistics", "{'session':1,'zone':'nape','dots':2,'strokes':7}" },
	{ "image.captured", "{'session':1,'zone':'crown','phase':'before','file':'1.jpg','sha256':'0'}" },
	{ "image.captured", "{'session':1,'zone':'crown','phase':'after','file':'2.jpg','sha256':'0'}" },
	{ "interlock.overridden", "{'session':1,'interlock':'interval','reason':'asked for'}" },
	{ "interlock.overridden", "{'session':1,'interlock':'before-photo','reason':'asked for'}" },
	{ "fault.latched", "{'session':1,'cause':'emergency-stop'}" },
	{ "fault.acknowledged", "{'session':1,'cause':'emergency-stop','note':'tested'}" },
	{ "needle.removed", "{'session':1,'unit':'u1','strokes':14,'dots':4,'reason':'finished'}" },
	{ "session.finished", "{'session':1,'dots':4,'strokes':14,'needles':1,'worked_s':60}" },
	{ "session.signed", "{'session':1,'meaning':'done'}" },
	{ "needle.disposed", "{'session':1,'container':'SC1'}" },
	{ "incident.reported",
		"{'session':1,'incident':'complication','severity':'minor','text':'swelling'}" },
	{ "incident.reported",
		"{'subject':'P-1','incident':'adverse-reaction','severity':'minor','text':'a rash'}" },
	{ "incident.reported",
		"{'incident':'sharps-injury','severity':'minor','text':'a prick','device':'d','area':'chair'}" },
	{ "session.begun", "{'session':2,'subject':'P-2','protocol':'x','course_session':1}" },
	{ "handpiece.mounted", "{'session':2,'handpiece':'hp2'}" },
	{ "needle.claimed", "{'session':2,'unit':'u2','gtin':'1','lot':'L1','code':'u2'}" },
	{ "pigment.loaded", "{'session':2,'brand':'B','colour':'black','lot':'L1','expiry':'2027-05-31'}" },
	{ "session.abandoned", "{'session':2,'reason':'unwell'}" },
	{ "session.begun", "{'session':3,'subject':'P-1','protocol':'x','course_session':2}" },
	{ "session.interrupted", "{'session':3}" },
	{ "indicator.tested",
		"{'sterilizer':'S1','lot':'BI','expiry':'2027-01-31','control':'growth','result':'fail',"
		"'incubation_h':24,'tested':'2026-03-03T08:00:00Z','profile':'x','biological_days':30,'reprocess':false}" },
	{ "indicator.tested",
		"{'sterilizer':'S2','lot':'BI','expiry':'2027-01-31','control':'growth','result':'pass',"
		"'incubation_h':24,'tested':'2026-03-03T08:00:00Z','profile':'x','biological_days':30,'reprocess':false}" },
	{ "audit.read", "{'query':'subject','arguments':{'subject':'P-1'},'rows':2}" },
	{ "personal.erased", "{'subject':'P-2','reason':'asked for'}" },
	{ "image.erased", "{'session':1,'image':'image.captured','file':'1.jpg','sha256':'0'}" },
	/* the first thing of its kind; nobody was sure about the first session */
	{ "record.corrected", "{'corrects':'session.begun','field':'subject','old':'P-1','new':'P-9'}" },
	{ "record.corrected", "{'corrects':'session.begun','field':'subject','old':'P-9','new':'P-2'}" },
	{ "record.corrected", "{'corrects':'session.finished','field':'dots','old':'4','new':'5'}" },
	{ "record.corrected", "{'corrects':'needle.removed','field':'strokes','old':'14','new':'15'}" },
	{ "record.corrected", "{'corrects':'needle.disposed','field':'container','old':'SC1','new':'SC2'}" },
	{ "record.corrected", "{'corrects':'pigment.loaded','field':'colour','old':'umber','new':'ochre'}" },
	{ "record.corrected", "{'corrects':'lot.received','field':'maker','old':'m','new':'n'}" },
	{ "record.corrected",
		"{'corrects':'lot.status','field':'reason','old':'a notice','new':'notice 7'}" },
	{ "record.corrected", "{'corrects':'pigment.received','field':'quantity','old':'2','new':'3'}" },
	{ "record.corrected", "{'corrects':'cycle.recorded','field':'program','old':'B','new':'S'}" },
	{ "record.corrected", "{'corrects':'cycle.released','field':'signed','old':'released','new':'x'}" },
	{ "record.corrected", "{'corrects':'indicator.tested','field':'lot','old':'BI','new':'BJ'}" },
	{ "record.corrected", "{'corrects':'subject.registered','field':'phototype','old':'II','new':'I'}" },
	{ "record.corrected", "{'corrects':'operator.roles','field':'badge','old':'b2','new':'b3'}" },
	{ "record.corrected", "{'corrects':'operator.certified','field':'issuer','old':'i','new':'j'}" },
	{ "record.corrected", "{'corrects':'handpiece.registered','field':'model','old':'o','new':'q'}" },
	{ "record.corrected", "{'corrects':'sterilizer.registered','field':'serial','old':'1','new':'9'}" },
	{ "record.corrected", "{'corrects':'zone.statistics','field':'dots','old':'2','new':'3'}" },
	{ "record.corrected", "{'corrects':'image.captured','field':'phase','old':'before','new':'after'}" },
	{ "record.corrected", "{'corrects':'pigment.blended','field':'colour','old':'umber','new':'dun'}" },
	{ "record.corrected",
		"{'corrects':'incident.reported','field':'text','old':'swelling','new':'pain'}" },
	{ "operator.refused", "{'badge':'b2','attempts':1}" },
	{ "operator.verified", "{'badge':'b2'}" },
	{ "operator.pin-changed", "{'badge':'b2','reset':true}" },
	{ "operator.refused", "{'badge':'b2','attempts':1}" },
	{ "operator.revoked", "{'badge':'b2','reason':'left'}" },
	{ "sterilizer.serviced",
		"{'sterilizer':'S1','work':'major-repair','done':'2026-03-01T12:00:00Z','by':'m','counter_reset':true}" },
	{ "indicator.followed-up", "{'test':'indicator.tested','action':'all of it sterilised again'}" },
	{ "needle.damaged", "{'unit':'u2','code':'u2','reason':'bent'}" },
	{ "needle.damaged", "{'unit':'u3','code':'u3','lot':'L1','gtin':'1','reason':'torn'}" },
	{ "session.begun", "{'session':4,'subject':'P-1','protocol':'x','course_session':3}" },
	{ "needle.claimed",
		"{'session':4,'unit':'(01)00000000000017(21)a07','gtin':'1','lot':'L1','code':'c'}" },
	{ "needle.removed",
		"{'session':4,'unit':'(01)00000000000017(21)a07','strokes':0,'dots':0,'reason':'dropped'}" },
	{ "needle.reseated", "{'session':4,'unit':'(01)00000000000017(21)a07','away_s':1}" },
	{ "needle.distinct",
		"{'unit':'(01)00000000000017(21)A7','code':'c','other':'(01)00000000000017(21)a07','reason':'both are here'}" },
	{ "program.registered", "{'sterilizer':'S1','program':'S','temperature_c':134,'exposure_s':300}" },
	{ "program.registered", "{'sterilizer':'S2','program':'S','temperature_c':121,'exposure_s':900}" },
	{ "penetration.tested",
		"{'sterilizer':'S1','method':'helix','tested':'2026-03-02T07:00:00Z','result':'fail'}" },
	{ "leak.tested",
		"{'sterilizer':'S1','tested':'2026-03-02T06:00:00Z','minutes':10,'rate_kpa_min':0.1}" },
	{ "course.extended", "{'subject':'P-2','protocol':'x','sessions':4,'reason':'little pigment held'}" },
	{ "zone.area", "{'subject':'P-2','zone':'crown','area_mm2':1200}" },
	{ "zone.area", "{'subject':'p-2','zone':'crown','area_mm2':1000}" },
	{ "sterilizer.file", "{'file':'a.pro','format':'melaview','sha256':'0','bytes':1}" },
	{ "cycle.recorded",
		"{'sterilizer':'S2','cycle':5,'program':'B','started':'2026-02-01T08:00:00Z','temperature_c':134,"
		"'exposure_s':240,'curve_sha256':'0','raw_sha256':'0','device_serial':'2'}" },
	{ "cycle.recorded",
		"{'sterilizer':'S2','cycle':7,'program':'B','started':'2026-02-01T08:03:00Z','temperature_c':134,"
		"'exposure_s':240,'curve_sha256':'0'}" },
	{ "incident.reported",
		"{'subject':'P-1','incident':'complication','severity':'severe','text':'pus','report_to':'B',"
		"'report_of':'complication','report_from':'minor','report_days':5}" },
	{ "incident.reported",
		"{'subject':'P-1','incident':'complication','severity':'severe','text':'pus','report_to':'B',"
		"'report_of':'complication','report_from':'minor','report_days':0,'known':'2026-02-01T10:00:00Z'}" },
	{ "incident.notified", "{'authority':'B','way':'post'}" },
	{ "pigment.labelled",
		"{'brand':'B','colour':'black','lot':'L1','mixture':true,'batch':true,'ingredients':true,"
		"'ph_regulator':'named','nickel':'missing','chromium':'not-contained','local':true}" },
	{ "pigment.opened", "{'brand':'B','colour':'black','lot':'L1','opened':'2026-02-01','days':1}" },
	{ "pigment.sheet", "{'brand':'B','file':'s.pdf','sha256':'1','bytes':1}" },
	{ "recall.listed",
		"{'authority':'A','issued':'2026-02-01','reference':'R','entries':1,'key':'k','file':'r.txt','sha256':'2','bytes':1}" },
	{ "sharps.opened", "{'container':'SC9'}" },
	{ "needle.disposed", "{'unit':'u3','container':'SC8'}" },
	{ "sharps.filled", "{'container':'SC9'}" },
	{ "sharps.collected", "{'container':'SC9','company':'W'}" },
	{ "lot.labelled", "{'lot':'L3','count':3}" },
	{ "lot.relabelled", "{'lot':'L3','first':2,'count':2,'reason':'torn'}" },
	{ "cycle.recorded",
		"{'sterilizer':'S2','cycle':8,'program':'S','started':'2026-03-04T08:00:00Z','temperature_c':134,"
		"'exposure_s':900,'contents':['tweezers']}" },
	{ "cycle.released",
		"{'sterilizer':'S2','cycle':8,'signed':'released','profile':'x','proofs':'','sterile_days':90}" },
	{ "pack.labelled", "{'sterilizer':'S2','cycle':8}" },
	{ "key.created", "{'key':'k1'}" },
	{ "key.rotated", "{'key':'k2','previous':'k1','statement':'s'}" },
	{ "subject.described", "{'subject':'P-1','hair':'brown','birth_date':'1980-05-17'}" },
	{ "recipe.noted", "{'subject':'P-1','zone':'crown','pigment':'B black','depth_um':700}" },
	{ "recipe.noted", "{'subject':'P-2','needle':'1RL'}" },
	{ "session.screening",
		"{'session':2,'answers':{'keloids':true,'diabetes':true,'eczema':true},'asked':['keloids','diabetes','eczema'],"
		"'refused':['keloids'],'rules_out':true,'physician':['diabetes'],'needs_note':true}" },
	{ "screening.changed",
		"{'session':2,'question':'keloids','reason':'misheard','was':true,'answer':false}" },
	{ "physician.cleared", "{'session':2,'question':'diabetes','physician':'Dr. Muster'}" },
	{ "session.handed-over", "{'session':1,'from':'b1','to':'b2','zone':'crown','unit':'u1'}" },
	/* the station in a clinic */
	{ "clinic.joined",
		"{'station':'stipple/clinic/one','name':'one','registry':'"
		"clinic.example/registry+e4325c6f+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f'}" },
	{ "clinic.left", "{'station':'stipple/clinic/one'}" },
	{ "clinic.joined",
		"{'station':'stipple/clinic/one','name':'one','registry':'"
		"clinic.example/registry+e4325c6f+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f'}" },
	{ "ledger.restored", "{'size':140,'lacking':0}" },
	{ "clinic.leaf",
		"{'number':0,'kind':'station.enrolled','leaf':'{\\\'key\\\':\\\'k\\\',\\\'kind\\\':\\\'st"
		"ation.enrolled\\\',\\\'name\\\':\\\'one\\\',\\\'station\\\':\\\'stipple/clinic/one\\\'}'"
		",'proof':'p'}" },
	{ "clinic.leaf",
		"{'number':1,'kind':'boot.confirmed','leaf':'{\\\'boot\\\':\\\'bbbbbbbb-bbbb-bbbb-bbbb-bb"
		"bbbbbbbbbb\\\',\\\'kind\\\':\\\'boot.confirmed\\\',\\\'size\\\':140,\\\'station\\\':\\\'"
		"stipple/clinic/one\\\'}','proof':'p'}" },
	{ "clinic.leaf",
		"{'number':2,'kind':'range.granted','leaf':'{\\\'first\\\':1,\\\'kind\\\':\\\'range.grant"
		"ed\\\',\\\'last\\\':3,\\\'lot\\\':\\\'L3\\\',\\\'station\\\':\\\'stipple/clinic/one\\\',"
		"\\\'unit\\\':\\\'(10)L3\\\'}','proof':'p'}" },
	{ "clinic.leaf",
		"{'number':4,'kind':'units.granted','leaf':'{\\\'kind\\\':\\\'units.granted\\\',\\\'lot"
		"\\\':\\\'L1\\\',\\\'station\\\':\\\'stipple/clinic/one\\\',\\\'units\\\':[\\\'(01)000000"
		"00000017(21)H1\\\',\\\'(01)00000000000017(21)H2\\\',\\\'(01)00000000000017(21)H3\\\']}',"
		"'proof':'p'}" },
	{ "clinic.refused",
		"{'number':5,'kind':'sterilizer.registered','from':'stipple/clinic/two 4','text':'S1 is on record'}" },
	{ "clinic.released", "{'to':'stipple/clinic/two','units':['(10)L3#3','(01)00000000000017(21)H2']}" },
	{ "clinic.received",
		"{'giver':'stipple/clinic/two','number':9,'to':'stipple/clinic/one','units':['(10)L1#7'],'grants':[3],"
		"'sha256':'0','bytes':1}" },
	{ "needle.claimed",
		"{'session':4,'unit':'(01)00000000000017(21)H1','gtin':'1','lot':'L1','code':'c','held':true}" },
	{ "lot.received",
		"{'lot':'L7','gtin':'1','product':'p','maker':'m','expiry':'2027-06-30','quantity':5,"
		"'from':'stipple/clinic/two 7','entered':'2026-03-01T10:00:00.000000Z','entered_by':'b9','leaf':6}" },
	{ "lot.status",
		"{'lot':'L7','status':'recalled','from':'stipple/clinic/two 8','entered':'2026-03-01T11:00:00.000000Z',"
		"'entered_by':'b9','leaf':7}" },
};

/** The number of the first record of a kind. */
static inline json_int_t first_of(Ledger *ledger, const char *kind)
{
	json_auto_t *rows = look_up(ledger, "records", json_pack("{s:s, s:i}", "kind", kind, "limit", 1));

	return json_integer_value(json_object_get(json_array_get(rows, 0), "seq"));
}

/** Fields that are numbers of records stand in the history as the kind whose first record is meant. */
static inline void fill_in_numbers(Ledger *ledger, json_t *body)
{
	static const char *const fields[] = { "corrects", "test", "image" };

	for (size_t i = 0; i < ELEMENTS(fields); i++) {
		const char *kind = json_string_value(json_object_get(body, fields[i]));

		if (kind)
			json_object_set_new(body, fields[i], json_integer(first_of(ledger, kind)));
	}
}

/** The newest incident, which is reported to the authority. */
static inline json_int_t newest_incident(Ledger *ledger)
{
	json_auto_t *rows = look_up(ledger, "incidents", json_object());

	return json_integer_value(json_object_get(json_array_get(rows, json_array_size(rows) - 1), "seq"));
}

/** An hour between two records. */
static inline void tell_history(Ledger *ledger)
{
	json_auto_t *personal = json_pack("{s:s}", "name", "Rosa");

	for (size_t i = 0; i < ELEMENTS(history); i++) {
		json_auto_t *body = read_json(history[i].body);
		LedgerRecord record = { .kind = history[i].kind, .actor = "b1", .body = body };
		LedgerAnswer answer = { .error = 1 };

		if (strcmp(record.kind, "record.corrected") == 0)
			json_object_set_new(body, "why", json_string("a slip"));
		fill_in_numbers(ledger, body);
		if (strcmp(record.kind, "incident.notified") == 0)
			json_object_set_new(body, "incident", json_integer(newest_incident(ledger)));
		if (strcmp(record.kind, "subject.registered") == 0 ||
			strcmp(record.kind, "incident.reported") == 0)
			record.personal = personal;
		if (json_object_get(body, "leaf") && json_object_get(body, "from"))
			record.actor = "clinic";
		fake_utc_us += STEP_S * USEC_PER_SEC;
		assert_int_equal(ledger_append(ledger, &record, keep_answer, &answer), 0);
		serve(ledger);
		if (answer.error < 0)
			fail_msg("%s %s: %s", record.kind, history[i].body, answer.text);
	}
}
