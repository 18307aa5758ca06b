/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Shared by the parts of a verification: reporting to the caller, its wish to end early, and reading rows. It
 * only reports.
 */

#include "ledger/verify-private.h"

#include <ctype.h>
#include <stdarg.h>

/** Writes one line, whatever text comes from the file or SQLite. */
static void write_sentence(char text[VERIFY_TEXT_MAX], const char *format, va_list arguments)
{
	vsnprintf(text, VERIFY_TEXT_MAX, format, arguments);
	text_repair(text);
	for (char *c = text; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = ' ';
}

void verify_finding(Verifier *verifier, const char *format, ...)
{
	char text[VERIFY_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	write_sentence(text, format, arguments);
	va_end(arguments);
	pthread_mutex_lock(&verifier->lock);
	if (verifier->found->findings++ < VERIFY_FINDINGS_MAX)
		verifier->options->finding(verifier->options->userdata, text);
	pthread_mutex_unlock(&verifier->lock);
}

void verify_remark(Verifier *verifier, const char *format, ...)
{
	char text[VERIFY_TEXT_MAX];
	va_list arguments;

	if (!verifier->options->remark)
		return;
	va_start(arguments, format);
	write_sentence(text, format, arguments);
	va_end(arguments);
	verifier->options->remark(verifier->options->userdata, text);
}

bool verify_left(const Verifier *verifier)
{
	return verifier->options->leave && atomic_load(verifier->options->leave);
}

int verify_each_row(
	Verifier *verifier, const char *sql, int (*each)(void *userdata, sqlite3_stmt *row), void *userdata)
{
	_cleanup_(statement_donep) sqlite3_stmt *rows = NULL;
	int result, r = statement_get(&verifier->statements, sql, &rows);

	if (r != SQLITE_OK)
		return ledger_errno(r);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		if (verify_left(verifier))
			return -ECANCELED;
		r = each(userdata, rows);
		if (r < 0)
			return r;
	}
	return ledger_errno(result);
}
