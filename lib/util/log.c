/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Log lines for the journal, or for standard error. A line may block, so that the control thread must not
 * write any. It keeps nothing.
 */

#include "util/log.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include <systemd/sd-journal.h>

enum { LINE_MAX_BYTES = 2048 };

static atomic_int log_level = LOG_INFO;

void log_set_level(int level)
{
	atomic_store(&log_level, level);
}

/** True when standard error is the journal's own stream, as systemd sets it up for a service. */
static bool stderr_is_journal(void)
{
	static atomic_int known = -1;
	int value = atomic_load(&known);

	if (value < 0) {
		value = getenv("JOURNAL_STREAM") != NULL;
		atomic_store(&known, value);
	}
	return value;
}

static void log_to_journal(int level, const char *message_id, const char *message)
{
	if (message_id)
		(void)sd_journal_send(
			"MESSAGE=%s", message, "PRIORITY=%d", level, "MESSAGE_ID=%s", message_id, NULL);
	else
		(void)sd_journal_send("MESSAGE=%s", message, "PRIORITY=%d", level, NULL);
}

void log_line_va(int level, const char *message_id, const char *format, va_list arguments)
{
	static const char *const names[] = { "emergency", "alert", "critical", "error", "warning", "notice",
		"info", "debug" };
	char message[LINE_MAX_BYTES];

	if (level > atomic_load(&log_level))
		return;
	vsnprintf(message, sizeof message, format, arguments);
	if (stderr_is_journal())
		log_to_journal(level, message_id, message);
	else
		fprintf(stderr, "%s: %s\n", names[level & 7], message);
}

void log_line(int level, const char *message_id, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line_va(level, message_id, format, arguments);
	va_end(arguments);
}
