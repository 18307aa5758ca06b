/* SPDX-License-Identifier: Apache-2.0 */

/** Turns names of the record into words for people. It must also show a name that it does not know. */

#include "words.h"

#include <glib/gi18n.h>
#include <string.h>

#include "util/cleanup.h"

/* Listed for the translators. A word that is missing here is shown in English, without dots and dashes. */
static const char *const known[] G_GNUC_UNUSED = {
	/* kinds of records */
	N_("Lot received"), N_("Operator certified"), N_("Sterilization cycle"), N_("Incident recorded"),
	N_("Lot status"), N_("Needle disposed"), N_("Needle damaged"), N_("Pigment received"),
	N_("Pigment status"), N_("Pigment blended"), N_("Handpiece registered"), N_("Handpiece mounted"),
	N_("Handpiece retired"), N_("Subject registered"), N_("Subject described"), N_("Subject changed"),
	N_("Recipe noted"), N_("Note written"), N_("Screening changed"), N_("Physician cleared"),
	/* questions about health, and their answers */
	N_("Question"), N_("Physician"), N_("Written"), N_("Keloids"), N_("Herpes simplex"),
	N_("Inflamed skin"), N_("Pigment allergy"), N_("Numbing cream allergy"), N_("Eczema"),
	N_("Psoriasis"), N_("Vitiligo"), N_("Minoxidil this week"), N_("Scar younger than a year"),
	N_("Pregnancy"), N_("Herpes at site"), N_("Diabetes"), N_("Latex allergy"), N_("Antibiotic allergy"),
	N_("Bleeding disorder"), N_("Heart valve disease"), N_("Medication"), N_("Bloodborne risk"),
	N_("Blood thinners"), N_("Isotretinoin"), N_("Recent sunburn"), N_("Recent transplant or laser"),
	N_("Alcohol 24h"), N_("Pacemaker"), N_("Epilepsy"), N_("Anaesthetic applied"), N_("Percent"),
	N_("Wait min"), N_("Applied"),
	/* a client's card */
	N_("Phototype"), N_("Born"), N_("Birth date"), N_("Id kind"), N_("Hair"), N_("Skin"), N_("Language"),
	N_("Indication"), N_("Second indication"), N_("Earlier work"), N_("Guardian form"), N_("Contact"),
	N_("Passport"), N_("Identity card"), N_("Driving licence"), N_("Residence permit"), N_("Other"),
	N_("Black"), N_("Dark brown"), N_("Brown"), N_("Light brown"), N_("Blond"), N_("Red"), N_("Grey"),
	N_("White"), N_("None"), N_("Very fair"), N_("Fair"), N_("Medium"), N_("Olive"), N_("Dark"),
	N_("Pattern"), N_("Areata"), N_("Totalis"), N_("Scar fut"), N_("Scar fue"), N_("Scar trauma"),
	N_("Scar neurosurgery"), N_("Plugs"), N_("Chemotherapy"), N_("Thinning"), N_("Pigment"), N_("Needle"),
	N_("Rate hz"), N_("Depth um"), N_("Dwell ms"), N_("Remark"),
	/* questions */
	N_("Certificates"), N_("Stock"), N_("Handpieces"), N_("Deliveries"), N_("Pigment lots"),
	N_("Pigment deliveries"), N_("Blends"), N_("Recall"), N_("Operators"), N_("Certifications"),
	N_("Lot"), N_("Lots"), N_("Unit"), N_("Needles"), N_("Sessions"), N_("Session"), N_("Subject"),
	N_("Zones"), N_("Images"), N_("Pigments"), N_("Faults"), N_("Sign ins"), N_("Records"),
	N_("Timeline"), N_("Strokes"), N_("Consents"), N_("Stints"), N_("First"), N_("Last"), N_("Handover"),
	/* fields */
	N_("Product"), N_("Maker"), N_("Expiry"), N_("Quantity"), N_("Certificate"), N_("Issuer"),
	N_("Number"), N_("Badge"), N_("Name"), N_("Roles"), N_("Used"), N_("Left"), N_("Serial"), N_("Chip"),
	N_("Operator"), N_("Protocol"), N_("Course session"), N_("Begun"), N_("Ended"), N_("Outcome"),
	N_("Dots"), N_("Zone"), N_("Phase"), N_("File"), N_("Focus"), N_("Exposure"), N_("Brand"),
	N_("Colour"), N_("Cause"), N_("Note"), N_("Overrides"), N_("Detail"), N_("Attempts"), N_("Interlock"),
	N_("Consent"), N_("Version"), N_("Given"), N_("Occurred"), N_("Treatment"), N_("Referral"),
	N_("Despite"), N_("Kind"), N_("Actor"), N_("Body"), N_("Text"), N_("Reason"), N_("Status"),
	N_("Container"), N_("Code"), N_("Handpiece"), N_("Model"), N_("Volume ml"), N_("Supplier"),
	N_("Purchase"), N_("Membrane"), N_("Membrane reference"), N_("Low stock"), N_("Purpose"), N_("Blend"),
	N_("Parts"), N_("State"), N_("Quarantined"), N_("Recalled"), N_("Released"),
	/* checks of the station */
	N_("Configuration"), N_("Protocols"), N_("Board"), N_("Self test"), N_("Safety"), N_("Ledger"),
	N_("Disk"), N_("Clock"), N_("Camera"), N_("Broker"), N_("Registry"), N_("Station"), N_("Lines"),
	N_("Permissions"), N_("Scanner"), N_("Sterilizer registered"), N_("Sterilizer serviced"),
	N_("Cycle recorded"), N_("Cycle released"), N_("Cycle rejected"), N_("Indicator tested"),
	N_("Indicator followed up"), N_("Sterilizer"), N_("Cycle"), N_("Series"), N_("Counter reset"),
	N_("Counter resets"), N_("New person"), N_("Load"), N_("Temperature"), N_("Result"), N_("Method"),
	N_("Indicator"),
	/* protocols that come with Stipple */
	N_("Scalp density, three sessions"), N_("Scar camouflage, two sessions"),
	N_("Thinning and long hair, three sessions"), N_("Touch-up, one session"),
	N_("Sample patch, one session"),
	/* how a session ended */
	N_("Signed"), N_("Open"), N_("Abandoned"), N_("Interrupted"), N_("Yes"), N_("No"), N_("Before"),
	N_("After")
};

/** Abbreviations, which cannot be made by capitalising the first letter. */
static const char *spelled(const char *words_found)
{
	static const struct {
		const char *found, *text;
	} table[] = { { "Gtin", "GTIN" }, { "Utc", N_("Time (UTC)") }, { "Seq", N_("Record") },
		{ "Mean depth um", N_("Mean depth, µm") }, { "Worked s", N_("Worked, s") },
		{ "Area mm2", "mm²" }, { "Sha256", "SHA-256" } };

	for (size_t i = 0; i < ELEMENTS(table); i++)
		if (strcmp(table[i].found, words_found) == 0)
			return table[i].text;
	return words_found;
}

/** A language is called as it calls itself, for who reads no other. NULL: this is no language. */
static const char *language_named(const char *name)
{
	static const struct {
		const char *code, *itself;
	} table[] = { { "en", "English" }, { "es", "Español" }, { "de", "Deutsch" } };

	for (size_t i = 0; i < ELEMENTS(table); i++)
		if (strcmp(table[i].code, name) == 0)
			return table[i].itself;
	return NULL;
}

char *words_of(const char *name)
{
	g_autofree char *words = g_strdelimit(g_strdup(name), "._-", ' ');
	const char *translated, *language = language_named(name);

	if (!words[0] || language)
		return g_strdup(language ? language : "");
	words[0] = g_ascii_toupper(words[0]);
	translated = _(spelled(words));
	return g_strdup(translated);
}
