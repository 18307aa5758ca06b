/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The commands that enter a record with `key=value` words, one row of the table for each. They do not check
 * the fields: the station does, and says which one is wrong.
 */

#include "commands.h"

#include <string.h>

int ctl_record(Ctl *ctl, const EnteredForm *form, json_t *fields, const char *pin, uint64_t *ret_number,
	sd_bus_error *error)
{
	sd_bus_message *message = NULL, *reply = NULL;
	int r;

	r = sd_bus_message_new_method_call(
		ctl->bus, &message, "org.stipple.Station1", form->path, form->interface, "Record");
	if (r >= 0)
		r = sd_bus_message_append(message, "s", form->kind);
	if (r >= 0)
		r = ctl_append_fields(message, fields);
	if (r >= 0)
		r = sd_bus_message_append(message, "s", pin);
	if (r >= 0)
		r = sd_bus_call(ctl->bus, message, 0, error, &reply);
	if (r >= 0)
		r = sd_bus_message_read(reply, "t", ret_number);
	sd_bus_message_unref(reply);
	sd_bus_message_unref(message);
	return r;
}

static int record(Ctl *ctl, const EnteredForm *form, json_t *fields, const char *pin, uint64_t *ret_number)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = ctl_record(ctl, form, fields, pin, ret_number, &error);
	int status = r < 0 ? ctl_call_failed(&error, r) : CTL_DONE;

	sd_bus_error_free(&error);
	return status;
}

static int run_form(Ctl *ctl, int n, char **arguments)
{
	char pin[64] = "";
	json_auto_t *fields = NULL;
	uint64_t number = 0;
	const EnteredForm *form = ctl->command->form;
	int status = CTL_DONE;

	fields = ctl_parse_words(n, arguments, "");
	if (!fields)
		return CTL_USAGE;
	if (form->is_signed)
		status = ctl_read_pin(ctl, pin, sizeof pin);
	if (status == CTL_DONE)
		status = record(ctl, form, fields, pin, &number);
	explicit_bzero(pin, sizeof pin);
	if (status != CTL_DONE)
		return status;
	ctl_done(ctl, json_pack("{s:I}", "record", (json_int_t)number), "%s is on record, number %llu\n",
		form->done, (unsigned long long)number);
	return CTL_DONE;
}

#define FORM(kind, interface, done)          \
	&(const EnteredForm)                 \
	{                                    \
		kind, interface, false, done \
	}
#define SIGNED_FORM(kind, interface, done)  \
	&(const EnteredForm)                \
	{                                   \
		kind, interface, true, done \
	}

const Command form_commands[] = {
	{ "operator certify", "badge=B certificate=NAME issuer=I expiry=DATE [number=N]", 4, 5, run_form,
		"put a certificate of an operator on record; a lapsed one bars treating",
		.form = FORM("operator.certified", CTL_STATION, "the certificate") },
	{ "needle status", "lot=L status=quarantined|recalled|released reason=R [gtin=G]", 3, 4, run_form,
		"set a lot of cartridges aside, or release it again",
		.form = FORM("lot.status", CTL_INVENTORY, "the lot's status") },
	{ "needle dispose", "container=C unit=U|code=C|session=N", 2, 2, run_form,
		"put a cartridge, or all of a session, into a container of sharps",
		.form = FORM("needle.disposed", CTL_INVENTORY, "the disposal") },
	{ "needle damage", "reason=R code=C|unit=U [container=C]", 2, 3, run_form,
		"put a cartridge down as damaged: it can never be mounted",
		.form = FORM("needle.damaged", CTL_INVENTORY, "the damage") },
	{ "needle distinct", "other=UNIT reason=R code=C|unit=U", 3, 3, run_form,
		"sign that a cartridge is another one than that on record which it resembles; asks for the PIN",
		.form = SIGNED_FORM("needle.distinct", CTL_INVENTORY, "that they are two") },
	{ "pigment receive",
		"brand=B colour=C lot=L expiry=DATE quantity=N [volume_ml=V] [supplier=S] [purpose=P]", 5, 8,
		run_form, "put a lot of pigment on record, or a further delivery of it",
		.form = FORM("pigment.received", CTL_INVENTORY, "the lot") },
	{ "pigment status", "lot=L status=quarantined|recalled|released reason=R [brand=B] [colour=C]", 3, 5,
		run_form, "set a lot of pigment aside, or release it again",
		.form = FORM("pigment.status", CTL_INVENTORY, "the lot's status") },
	{ "pigment blend", "blend=NAME colour=C parts=LOT:PARTS,LOT:PARTS", 3, 3, run_form,
		"put a blend on record; it is loaded as brand \"blend\" with its name as lot",
		.form = FORM("pigment.blended", CTL_INVENTORY, "the blend") },
	{ "handpiece register", "handpiece=NAME model=M", 2, 2, run_form,
		"put a reusable handpiece on record",
		.form = FORM("handpiece.registered", CTL_INVENTORY, "the handpiece") },
	{ "handpiece mount", "handpiece=NAME", 1, 1, run_form,
		"say which sterile handpiece this session uses",
		.form = FORM("handpiece.mounted", CTL_SESSION, "the handpiece") },
	{ "handpiece retire", "handpiece=NAME reason=R", 2, 2, run_form, "take a handpiece out of service",
		.form = FORM("handpiece.retired", CTL_INVENTORY, "the end of the handpiece") },
	{ "sterilizer register", "sterilizer=S maker=M model=M serial=N installed=DATE", 5, 5, run_form,
		"put a steriliser on record",
		.form = FORM("sterilizer.registered", CTL_INVENTORY, "the steriliser") },
	{ "sterilizer service",
		"sterilizer=S work=maintenance|calibration|repair|major-repair|relocation|retired|returned done=TIME"
		" by=WHO [note=N] [counter_reset=yes]",
		4, 6, run_form, "put work on a steriliser on record",
		.form = FORM("sterilizer.serviced", CTL_INVENTORY, "the service") },
	{ "sterilizer cycle",
		"sterilizer=S cycle=N program=P started=TIME temperature_c=T exposure_s=S [pressure_kpa=P] [dry_s=S]"
		" [load=L] [contents=ITEM,ITEM...] [mechanical=pass|fail] [integrator=pass|fail] [chemical=pass|fail]"
		" [operator=WHO]",
		6, 14, run_form, "put a cycle on record",
		.form = FORM("cycle.recorded", CTL_INVENTORY, "the cycle") },
	{ "sterilizer release",
		"sterilizer=S cycle=N [integrator=pass] [chemical=pass] [mechanical=pass] [contents=ITEM,ITEM...]"
		" [series=N]",
		2, 7, run_form, "release a load as sterile; asks for the PIN",
		.form = SIGNED_FORM("cycle.released", CTL_INVENTORY, "the release") },
	{ "sterilizer reject", "sterilizer=S cycle=N reason=R [series=N]", 3, 4, run_form,
		"reject a load: what was in it is not sterile",
		.form = FORM("cycle.rejected", CTL_INVENTORY, "the rejection") },
	{ "sterilizer indicator",
		"sterilizer=S lot=L expiry=DATE control=growth|no-growth result=pass|fail|invalid incubation_h=H"
		" cycle=N|tested=TIME [incubation_c=T] [laboratory=L] [series=N]",
		7, 10, run_form, "put a biological test on record",
		.form = FORM("indicator.tested", CTL_INVENTORY, "the test") },
	{ "sterilizer follow-up", "test=N action=A [items=ITEM,ITEM...] [notified=WHO]", 2, 4, run_form,
		"say what was done after a biological test failed",
		.form = FORM("indicator.followed-up", CTL_INVENTORY, "the follow-up") },
	{ "subject register", "subject=S [phototype=I..VI] [born=YEAR] [name=N] [contact=C]", 1, 5, run_form,
		"put a pseudonym on record; name and contact are kept apart and can be erased",
		.form = FORM("subject.registered", CTL_SESSION, "the subject") },
	{ "subject change", "subject=S why=W [name=N] [contact=C]", 2, 4, run_form,
		"give a subject another name and contact: both, what is left out is no longer known",
		.form = FORM("subject.changed", CTL_SESSION, "the change") },
	{ "subject plan", "subject=S protocol=P sessions=N interval_days=D [new_person=yes]", 4, 5, run_form,
		"plan a course: how many sessions, and at least how many days between them",
		.form = FORM("course.planned", CTL_SESSION, "the course") },
	{ "incident report",
		"incident=adverse-reaction|sharps-injury|complication severity=minor|moderate|severe text=T [subject=S] "
		"[session=N] [occurred=TIME] [treatment=T] [referral=R] [device=D] [area=A] [person=P] [new_person=yes]",
		3, 12, run_form, "report what went wrong; person is kept apart and can be erased",
		.form = FORM("incident.reported", CTL_SESSION, "the incident") },
	{ "session override", "interlock=I reason=R", 2, 2, run_form,
		"set a refusal aside for this session; signed by a supervisor",
		.form = SIGNED_FORM("interlock.overridden", CTL_SESSION, "the override") },
	{ "record correct", "corrects=N field=F old=V new=V why=W [new_person=yes]", 5, 6, run_form,
		"say what a field of record N should have been; signed",
		.form = SIGNED_FORM("record.corrected", CTL_SESSION, "the correction") },
	{ "person erase", "reason=R [subject=S] [badge=B] [record=N] [despite=WHY]", 1, 5, run_form,
		"erase one person's data for good, photographs too; signed by an administrator; despite is why before "
		"its term",
		.form = SIGNED_FORM("personal.erased", CTL_STATION, "the erasure") },
	{ "clock correct", "reason=R", 1, 1, run_form,
		"say that the clock is right and the newest record's time is not; signed by an administrator",
		.form = SIGNED_FORM("clock.corrected", CTL_STATION, "the correction of the clock") },
	{ "operator roles", "badge=B roles=R,R", 2, 2, run_form,
		"give an operator other roles; signed by an administrator",
		.form = SIGNED_FORM("operator.roles", CTL_STATION, "the operator with other roles") },
	{ "station rename", "clinic=C station=S", 2, 2, run_form,
		"give the station other names, before its configuration does; signed by an administrator",
		.form = SIGNED_FORM("station.renamed", CTL_STATION, "the new names") },
	{ "operator revoke", "badge=B reason=R", 2, 2, run_form,
		"make a badge invalid for good; signed by an administrator",
		.form = SIGNED_FORM("operator.revoked", CTL_STATION, "the revocation") },
	{ 0 },
};
