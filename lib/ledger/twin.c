/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The twin of a unit: a key that all spellings of its serial share. One printed code comes in many spellings
 * (Caps Lock, a typing error), and each would count as a new unit. Twins are stored, so this algorithm must
 * not change.
 */

#include "ledger/accept.h"

#include <ctype.h>
#include <string.h>

const char *twin_serial(const char *unit)
{
	const char *name = unit, *own = strncmp(unit, "(10)", 4) == 0 ? strchr(unit, '#') : NULL;

	/* (10)LOT#SERIAL of a label; a figure is the number that a cartridge without one gets, and no serial
	 */
	if (own)
		return isdigit((unsigned char)own[1]) ? NULL : own + 1;
	if (strncmp(unit, "(01)", 4) == 0 && strlen(unit) >= 18)
		name = unit + 18;
	else if (strncmp(unit, "hibc:", 5) == 0)
		name = unit + strcspn(unit, "(");
	return name > unit && strncmp(name, "(21)", 4) == 0 ? name + 4 : NULL;
}

/** Keeps only capitals and digits, and drops zeros at the start of a number. `ret` has room for `serial`. */
static void fold_serial(const char *serial, char *ret)
{
	char *number = NULL; /* start of the digits at the current end */

	for (; *serial; serial++) {
		if (!isascii((unsigned char)*serial) || !isalnum((unsigned char)*serial))
			continue;
		if (!isdigit((unsigned char)*serial))
			number = NULL;
		else if (!number)
			number = ret;
		else if (ret == number + 1 && *number == '0')
			ret = number;
		*ret++ = (char)toupper((unsigned char)*serial);
	}
	*ret = '\0';
}

int twin_make(const char *unit, char **ret)
{
	const char *serial = twin_serial(unit);
	char *twin = serial ? strdup(unit) : NULL;

	if (serial && !twin)
		return -ENOMEM;
	if (twin)
		fold_serial(serial, twin + (serial - unit));
	*ret = twin;
	return 0;
}

int twin_fill(sqlite3 *db)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL, *update = NULL;
	int r = sqlite3_prepare_v2(db, "SELECT unit FROM unit", -1, &rows, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_prepare_v2(db, "UPDATE unit SET twin = ? WHERE unit = ?", -1, &update, NULL);
	while (r == SQLITE_OK && (r = sqlite3_step(rows)) == SQLITE_ROW) {
		_cleanup_(freep) char *twin = NULL;
		const char *unit = column_string(rows, 0);

		if (twin_make(unit, &twin) < 0)
			return SQLITE_NOMEM;
		sqlite3_bind_text(update, 1, twin, -1, SQLITE_STATIC);
		sqlite3_bind_text(update, 2, unit, -1, SQLITE_STATIC);
		r = statement_step(update);
		sqlite3_reset(update);
	}
	return r == SQLITE_DONE ? SQLITE_OK : r;
}
