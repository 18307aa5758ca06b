/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Knows which screen can put a refusal right, and translates the station's sentences into the panel's
 * language. A sentence without a translation must be shown as the station wrote it.
 */

#include "refusals.h"

#include <glib/gi18n.h>
#include <string.h>

#include "util/cleanup.h"

enum { PARTS_MAX = 4 };

ScreenId refusal_screen(const char *error)
{
	/* the last parts of the error names that each screen can put right */
	static const char *const table[SCREEN_MAX][16] = {
		[SCREEN_SIGN_IN] = { "NotSignedIn", "RoleMissing", "SignInRefused" },
		[SCREEN_PERSON] = { "NoSession", "TooSoon", "NewPerson", "NotRegistered", "TooYoung" },
		[SCREEN_CONSENT] = { "NoConsent", "NeedlesNotSealed", "Screening" },
		[SCREEN_CARTRIDGE] = { "NoNeedle", "NeedleRefused", "Ambiguous", "LotBarred", "NeedleWorn",
			"WrongNeedles", "NoHandpiece", "NoPigment" },
		[SCREEN_ZONE] = { "NoZone", "AnaestheticWaits" },
		[SCREEN_PHOTOGRAPHS] = { "NoBeforePhoto", "PictureRefused" },
		[SCREEN_WORK] = { "SessionWaits", "EmergencyStop", "PedalDown", "FaultLatched", "Refused" },
		[SCREEN_FINISH] = { "SessionTooLong" },
		[SCREEN_MORE] = { "CertificationLapsed", "SterilizationOverdue", "CameraFailed",
			"BoardNotReady", "BoardFailed", "LedgerUnhealthy", "LedgerFailed", "DiskFull",
			"ClockBehind", "ConfigurationRejected", "Inert" },
	};
	const char *name = strrchr(error, '.');

	for (ScreenId screen = 0; name && screen < SCREEN_MAX; screen++)
		if (g_strv_contains(table[screen], name + 1))
			return screen;
	return SCREEN_MAX;
}

/* The station's sentences, listed for the translators; those of the interlocks come first. */
static const char *const sentences[] = {
	N_("nobody is signed in: sign in with badge and PIN"),
	N_("the board has not passed its self-test since the station stopped: run it, then go on"),
	N_("cartridge %s was mounted when the station stopped, and no chip says that it is still the one in the handpiece: remove it, go on, and mount a new one"),
	N_("the operator's certificate \"%s\" has lapsed: record the renewed one"),
	N_("the operator has no certificate \"%s\" on record, which the profile asks for (\"%s\" is another): record it"),
	N_("the operator has no certificate \"%s\" on record, which the profile asks for: record it"),
	N_("no session is open: begin one for the person in the chair"),
	N_("the station stopped in this session after %s, and strokes of up to %s s are not on record: check the cartridge, then resume the session"),
	N_("the station stopped in this session after %s: check the cartridge, then resume the session"),
	N_("client %s is not registered, which the profile asks for: register the client"),
	N_("the card of client %s lacks the name, which the profile asks for: enter it"),
	N_("the card of client %s lacks the contact, which the profile asks for: enter it"),
	N_("the card of client %s lacks the date of birth, which the profile asks for: enter it"),
	N_("the card of client %s lacks the kind of the document of identity that was seen, which the profile asks for: enter it"),
	N_("the date of birth is not on record, and the profile asks for at least %s years: enter it on the client's card"),
	N_("the client is %s years old, and the profile lets nobody under %s be treated: abandon the session"),
	N_("the client is %s years old, and under %s the profile asks for the guardian's notarised form: enter its day on the client's card"),
	N_("the consent to the treatment is missing or withdrawn: record the person's consent"),
	N_("the client has not signed that the needles were sealed and opened in the client's presence, which the profile asks for: show them, and let the client sign"),
	N_("the signature is too small: the client signs with the whole name, across the pad"),
	N_("the screening answers rule the treatment out (%s): abandon the session, or let a supervisor change a wrong answer"),
	N_("the screening answers need a physician's note (%s): enter the note, or abandon the session"),
	N_("the screening is not complete: answer every question of protocol and profile"),
	N_("the screening is not complete: the question \"%s\" was not answered"),
	N_("\"%s\" was answered with yes in this session: if it is no, let a supervisor change the answer, with the reason"),
	N_("\"%s\" was answered with yes in session %s on %s: if it is no today, let a supervisor change the answer first, with the reason"),
	N_("no zone is chosen: choose the zone to be treated"),
	N_("no cartridge is mounted: scan the code of a new one and mount it"),
	N_("the cartridge is not yet recorded as used: wait for the record, or mount it again"),
	N_("lot %s of the mounted cartridge is %s: remove it and mount one of another lot"),
	N_("the mounted cartridge has needles %s, and in the zone %s the protocol allows %s: remove it and mount one of these, or treat another zone"),
	N_("the cartridge has done %s of at most %s strokes: remove it and mount a new one"),
	N_("the cartridge has worked %s of at most %s minutes: remove it and mount a new one"),
	N_("handpiece %s is blocked (%s): mount another sterile one"),
	N_("it is not on record which handpiece is used: enter the sterile one that is mounted"),
	N_("no steam penetration test passed before handpiece %s was sterilised in \"%s\" on %s: mount another sterile one"),
	N_("the vacuum leak test of steriliser \"%s\" was due on %s: run it and record its result, or mount a handpiece from another"),
	N_("the vacuum leak test of steriliser \"%s\" failed on %s: have it repaired, test it again and record the result, or mount a handpiece from another"),
	N_("the biological test of steriliser \"%s\" was due on %s: run it and record its result, or mount a handpiece from another"),
	N_("no pigment is loaded: scan or type its lot"),
	N_("the lot of the pigment is %s: load another one"),
	N_("the pigment expired on %s: load one that has not"),
	N_("the bottle of pigment lot %s was opened on %s and may be used until %s: open another one and record it"),
	N_("the label of pigment lot %s lacks what REACH asks for (see `audit pigment-lots`): load another pigment, and check again a label that was supplied since"),
	N_("the label of pigment lot %s was not checked, which the profile asks for: check it first"),
	N_("pigment lot %s of this blend might be used until %s: load another blend"),
	N_("the anaesthetic in the zone %s needs %s more minutes: wait, or treat another zone"),
	N_("there is no zone \"%s\": choose of those of the protocol, such as crown, separated by commas"),
	N_("the needle is armed in this zone: disarm it, then record the anaesthetic"),
	N_("the anaesthetic is stronger than what is sold freely: make sure that it was prescribed"),
	N_("the anaesthetic was applied at %s, which is in the future (now it is %s): enter when it was"),
	N_("the anaesthetic was applied at %s, more than %s hours ago (now it is %s): enter the newest application"),
	N_("the zone to be treated has no photograph from before the treatment: take one"),
	N_("the zone %s has no photograph from before the treatment: take one"),
	N_("the sample patch of this client must be waited for: treat from %s on"),
	N_("the last dots in this zone (%s) were made on %s and the skin needs %s days to heal: treat it from %s on, or another "
	   "zone"),
	N_("the session has lasted %s of at most %s minutes: finish it and go on another day"),
	N_("the needle-driver board is not connected: check its cable and supply, then run stipplectl doctor"),
	N_("the needle-driver board failed its self-test (%s): have it repaired"),
	N_("the needle-driver board has not passed its self-test: run the self-test"),
	N_("the emergency stop is pressed: release it and acknowledge the fault"),
	N_("the pedal is held down: take the foot off it before arming"),
	N_("a fault is latched: remove its cause and acknowledge it"),
	N_("the ledger cannot record: free disk space; it goes on by itself once it can"),
	N_("the disk of the ledger does not answer: check it; the station goes on by itself once it does"),
	N_("the file of the ledger was deleted or replaced: stop the station, then bring the file or a backup back"),
	N_("the disk has %s MB free and %s MB are needed: move old photographs away"),
	N_("the clock says %s, which cannot be: set the clock"),
	N_("the clock says %s, before the newest record of %s: set the clock"),
	N_("the configuration was rejected (%s): mend it and reload stippled"),
	/* signing in */
	N_("nobody is signed in: sign in with badge and PIN first"),
	N_("%s is not enrolled as %s: sign in with another badge"),
	N_("badge %s and this PIN do not belong together: try again"),
	N_("a badge of letters and digits and a PIN of %s to %s digits are needed"),
	N_("too many wrong PINs for badge %s: wait %s seconds, then try again"),
	N_("another PIN is being checked: try again in a moment"),
	N_("badge %s was revoked on %s (%s): ask an administrator"),
	N_("%s is signed in: sign out first"),
	N_("this is not the PIN of %s: nothing was signed, try again"),
	/* steps of a session */
	N_("no session is open: begin one first"),
	N_("not possible while the session is %s"),
	N_("cannot %s now: the station is %s"),
	N_("the subject must be a pseudonym of 1 to 64 letters, digits, '-', '_' or '.'"),
	N_("subject \"%s\" is not on record: check how it is written, or look for it with the query %s"),
	N_("protocol %s has sessions 1 to %s, not %s"),
	N_("the course of %s is planned with protocol %s, not %s: begin that, or plan anew"),
	N_("the course of %s is planned with %s sessions: plan more before session %s"),
	N_("session %s of the course of %s has not taken place: begin that one"),
	N_("the interlock %s can be set aside by nobody: do what it asks for"),
	N_("the interlock %s refuses nothing now: there is nothing to set aside"),
	N_("the area must be 1 to 100000 mm2, not %s"),
	N_("another step of the session is being recorded: try again when it is done"),
	N_("the ledger takes no more records now (%s): try again"),
	N_("nothing was recorded: %s"),
	N_("the disk does not answer: what was asked for may still be recorded once it does; look before you try again"),
	/* cartridges and pigments */
	N_("cartridge %s is still mounted: remove it first, then mount the next"),
	N_("cartridge %s was used on %s in session %s: open a new one"),
	N_("cartridge %s expired on %s: open one of another lot"),
	N_("all %s cartridges of lot %s have been used: open one of another lot"),
	N_("lot %s has no proof of a barrier membrane on record: open one of another lot"),
	N_("lot %s has no sterilisation certificate on record: open one of another lot"),
	N_("lot %s is %s (%s): set its cartridges aside and open one of another lot"),
	N_("\"%s\" is no configuration of needles: write it such as 1RL, 3RL 0.25 or 0803RL"),
	N_("\"%s\" has the code %s for the diameter, and 06, 08 and 10 are known: write it such as 3RL 0.25"),
	N_("\"%s\" has %s needles, and 1 to 49 are possible: check it"),
	N_("\"%s\" has needles of %s mm, and scalps take 0.18 to 0.30 mm: check it"),
	N_("lot %s is not on record: receive it first, or check its number"),
	N_("lot \"%s\" is not on record: check how it is written, or look for it with the query %s"),
	N_("lot %s was recalled: a supervisor or administrator must release it"),
	N_("cartridge %s was put down as damaged on %s (%s): open a new one"),
	N_("cartridge %s was never mounted: enter it as damaged, or check its code"),
	N_("cartridge %s is still mounted: remove it first"),
	N_("session %s has no cartridge to dispose of: check its number, or remove the mounted one first"),
	N_("handpiece %s has been in no released sterilisation cycle: sterilise it first"),
	N_("handpiece %s is blocked (%s): take another one"),
	N_("handpiece %s was sterile until %s: sterilise it again"),
	N_("handpiece %s was used since it was sterilised: sterilise it again"),
	N_("handpiece %s is not registered: register it first"),
	N_("handpiece %s was retired: take another one"),
	N_("pigment lot %s is %s (%s): set its bottles aside and open another one"),
	N_("pigment lot %s is not on record: receive it first, or check its number"),
	N_("pigment lot %s expires on %s by its record, not on %s: check the bottle"),
	N_("the code of cartridge %s names no lot: open one whose code does"),
	N_("lot %s of cartridge %s is not on record: receive it first"),
	N_("lot %s is that of several products: scan the whole code"),
	N_("lot %s is on record with %s \"%s\", not \"%s\": check the label, and enter what is on record if it means the "
	   "same"),
	N_("pigment lot %s is on record with %s \"%s\", not \"%s\": check the label, and enter what is on record if it "
	   "means the same"),
	N_("lot %s is %s (%s): set this delivery aside, and receive it once the lot is released"),
	N_("pigment lot %s is %s (%s): set this delivery aside, and receive it once the lot is released"),
	N_("the code cannot be read: %s"),
	N_("the expiry \"%s\" is no date: write YYYY-MM-DD"),
	N_("the expiry of lot %s is no date: write YYYY-MM-DD"),
	N_("%s must be %s to %s, not %s: check the figure"),
	N_("pigment %s %s, lot %s, expired on %s: open another bottle"),
	/* photographs */
	N_("the client has not consented to photographs: record the consent first"),
	N_("the camera is busy with another picture: try again"),
	N_("there is no camera: connect one and set [camera] plugin, then run `stipplectl doctor`"),
	N_("no camera is connected: check its cable"),
	N_("the picture of zone %s is dark: brightness %s, at least %s is needed; add light and capture again"),
	N_("the picture of zone %s is too bright: brightness %s, at most %s is allowed; dim the light and capture "
	   "again"),
	N_("the picture of zone %s is blurred: focus %s, at least %s is needed; hold the camera still and capture "
	   "again"),
	N_("there is no memory for a preview: close other programs"),
	/* the board and its faults */
	N_("the needle-driver board does not answer (%s): check its cable, then run `stipplectl doctor`"),
	N_("the cause still holds (%s): release the emergency stop, cool or change what is named, then "
	   "acknowledge again"),
	N_("a fault is latched (%s): acknowledge it first"),
	N_("no fault is latched"),
	N_("the needle is armed: disarm it before the self-test"),
	N_("emergency stop pressed: release it, then acknowledge"),
	N_("the board stopped by itself: %s (%s); put it right, then acknowledge"),
	N_("the board did not answer in time: check its cable, then acknowledge"),
	N_("%s bad frames in a row from the board: check cable and shielding, then acknowledge"),
	N_("a stroke went %s um deep, past the limit: check the cartridge, then acknowledge"),
	N_("a stroke met %s mN, past the limit: check needle and angle, then acknowledge"),
	N_("the board is gone (%s): reconnect it, then acknowledge"),
	N_("the cartridge was changed while armed: remove it, mount the next, acknowledge"),
	N_("the station could not keep up with the board: acknowledge, report if it recurs"),
	N_("the record could not be kept: %s; then acknowledge"),
	/* reminders */
	N_("%s minutes since the last break: pause and rest"),
	N_("the session is longer than %s minutes: finish it"),
	N_("the station is away: wait until it is back"),
	/* the station's state */
	N_("accepted"),
	N_("put it right, then `systemctl restart stippled`"),
	N_("%s loaded from %s"),
	N_("serial %s, firmware %s"),
	N_("no answer from the board yet"),
	N_("check cable, power and [board] plugin in stippled.conf"),
	N_("not done"),
	N_("failed"),
	N_("passed"),
	N_("run `stipplectl self-test`; a failed part needs service"),
	N_("emergency stop released, pedal released"),
	N_("emergency stop released, pedal pressed"),
	N_("emergency stop pressed, pedal released"),
	N_("emergency stop pressed, pedal pressed"),
	N_("release them; if they are, check the wiring"),
	N_("writable"),
	N_("cannot be written"),
	N_("free disk space on %s"),
	N_("%s MB free, at least %s needed"),
	N_("%s, before the newest record of %s"),
	N_("%s, not synchronised"),
	N_("%s, synchronised"),
	N_("set the clock: `timedatectl set-time`, or connect to a time server"),
	N_("connect to a time server: `timedatectl set-ntp true`"),
	N_("none configured"),
	N_("no lot is low"),
	N_("not configured"),
	N_("check its cable and [camera] plugin in stippled.conf"),
	N_("check its cable and [plugin.%s] in stippled.conf"),
	N_("%s codes were lost: scan more slowly"),
	N_("check [mqtt] in stippled.conf and the broker's log; nothing is lost meanwhile, messages that wait: %s"),
	N_("%s is not writable"),
	N_("%s is writable by everybody"),
	N_("%s is the station's own"),
	N_("no panel sounds the alarms: start stipple-panel on the display at the chair"),
	N_("no panel sounds the alarms; lamps show them all the same"),
	N_("start stipple-panel on the display at the chair"),
	N_("the clinic's broker cannot be reached; nothing is lost, and `stipplectl doctor` says why"),
	N_("the clinic's registry has not confirmed this start of the station yet: try again in a moment; `stipplectl doctor` says what keeps it"),
	N_("the clinic's registry has not confirmed this start of the station: connect it to the clinic's network, wait until `stipplectl doctor` says that the registry is connected, then try again"),
	N_("this station does not hold cartridge %s, and the clinic's registry cannot be asked now: open one that it holds (`stipplectl stock held`), or try again when the registry can be reached"),
	N_("cartridge %s is not held by this station: ask the clinic's registry for it, or open another one"),
	N_("this station holds no cartridge of lot %s: ask the clinic's registry for some, or open one of another lot"),
	N_("the clinic's registry has quarantined this station: have it enrolled anew"),
	N_("the clinic's registry has quarantined this station and no cartridge can be claimed: ask the administrator to enrol the station anew"),
	N_("the clinic's registry contradicts what it signed before: `stipplectl doctor` says what was seen; tell the administrator"),
	N_("what came from the clinic's registry is not signed by it, so it is not taken: have the administrator compare [registry] key in stippled.conf with `stipple-clinicd keys`"),
	N_("record %s of another station is not accepted here: %s"),
	N_("the clinic's registry cannot be reached: what this station holds can still be used, and `stipplectl doctor` says why"),
	N_("this station is quarantined: no cartridge can be claimed"),
	N_("ask the administrator to enrol it anew"),
	N_("stipple-registryd, which asks the clinic's registry, does not run"),
	N_("what this station holds can still be used; `systemctl status stipple-registryd` says how it is"),
	N_("no word of the clinic's server yet"),
	N_("this start is not confirmed yet, so no cartridge can be claimed: connect it to the clinic's network"),
	N_("the panel cannot sound the alarms: %s"),
	N_("the panel sounds the alarms; the last, %s, %s ms after its cause"),
	N_("the panel sounds the alarms; hear them with `stipplectl doctor --sound`"),
	N_("check loudspeaker and sound of the panel's user, then `stipplectl doctor --sound`"),
	N_("the sound server does not answer"),
};

int sentence_match(const char *pattern, const char *sentence, char **ret_parts, int max)
{
	const char *hole = strstr(pattern, "%s");
	size_t head = hole ? (size_t)(hole - pattern) : strlen(pattern);

	if (strncmp(pattern, sentence, head) != 0)
		return -1;
	if (!hole)
		return sentence[head] ? -1 : 0;
	if (max == 0)
		return -1;
	/*
	 * try the shortest part first; take it when the rest of the pattern matches the rest of the sentence
	 */
	for (const char *end = sentence + head;; end++) {
		int rest = sentence_match(hole + 2, end, ret_parts + 1, max - 1);

		if (rest >= 0) {
			ret_parts[0] = g_strndup(sentence + head, (size_t)(end - sentence) - head);
			return rest + 1;
		}
		if (!*end)
			return -1;
	}
}

char *sentence_fill(const char *pattern, char *const *parts, int n)
{
	GString *text = g_string_new(NULL);
	int next = 0;

	for (const char *p = pattern; *p; p++) {
		int which = -1;

		if (p[0] == '%' && p[1] == 's') {
			which = next++;
			p += 1;
		} else if (p[0] == '%' && g_ascii_isdigit(p[1]) && p[2] == '$' && p[3] == 's') {
			which = p[1] - '1';
			p += 3;
		}
		if (which < 0)
			g_string_append_c(text, *p);
		else if (which < n)
			g_string_append(text, parts[which]);
	}
	return g_string_free(text, FALSE);
}

static char *translate_one(const char *sentence)
{
	char *parts[PARTS_MAX] = { NULL };

	for (size_t i = 0; i < ELEMENTS(sentences); i++) {
		int n = sentence_match(sentences[i], sentence, parts, PARTS_MAX);
		char *text;

		if (n < 0)
			continue;
		text = sentence_fill(_(sentences[i]), parts, n);
		for (int part = 0; part < n; part++)
			g_free(parts[part]);
		return text;
	}
	/* gettext("") returns the catalogue's header, not a sentence */
	return g_strdup(*sentence ? _(sentence) : "");
}

char *sentence_translate(const char *sentence)
{
	g_autofree char *text = translate_one(sentence), *first = NULL;
	const char *rest = text[0] ? g_utf8_next_char(text) : text;

	/* the station's sentences begin in lower case, like log lines */
	first = g_utf8_strup(text, rest - text);
	return g_strconcat(first, rest, NULL);
}
