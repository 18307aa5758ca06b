/* SPDX-License-Identifier: Apache-2.0 */

/** The conditions that a person may have to know of. It must not log the same condition twice. */

#include "troubles.h"

#include <stdarg.h>

#include "plain-text.h"
#include "util/log.h"

static unsigned place_of(uint32_t bit)
{
	return (unsigned)__builtin_ctz(bit);
}

void troubles_begin(Troubles *troubles, uint32_t bit, const char *advice, const char *format, ...)
{
	Trouble *trouble = &troubles->of[place_of(bit)];
	bool known = troubles->bits & bit;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(trouble->text, sizeof trouble->text, format, arguments);
	va_end(arguments);
	plain_text(trouble->text);
	snprintf(trouble->advice, sizeof trouble->advice, "%s", advice);
	troubles->bits |= bit;
	if (!known)
		log_line(bit == TROUBLE_AWAY ? LOG_WARNING : LOG_ERR,
			bit == TROUBLE_AWAY ? NULL : LOG_ID_REGISTRY_TROUBLE, "%s; %s", trouble->text,
			trouble->advice);
}

void troubles_end(Troubles *troubles, uint32_t bit)
{
	if (troubles->bits & bit)
		log_notice("no longer: %s", troubles->of[place_of(bit)].text);
	troubles->bits &= ~bit;
}

const Trouble *troubles_worst(const Troubles *troubles)
{
	/* the first are the worst (lib/frame/registry-frame.h) */
	return troubles->bits ? &troubles->of[place_of(troubles->bits)] : NULL;
}
