/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Log lines for the journal, or for standard error. Writing may block, so the control thread must not log. It
 * keeps nothing.
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

/** Allocates nothing, so that even a line about exhausted memory is written. */
static void log_to_journal(int level, const char *message_id, const char *message)
{
	char text[LINE_MAX_BYTES + 16], priority[16], id[64];
	struct iovec fields[3];

	snprintf(text, sizeof text, "MESSAGE=%s", message);
	snprintf(priority, sizeof priority, "PRIORITY=%d", level);
	snprintf(id, sizeof id, "MESSAGE_ID=%s", message_id ? message_id : "");
	fields[0] = (struct iovec){ text, strlen(text) };
	fields[1] = (struct iovec){ priority, strlen(priority) };
	fields[2] = (struct iovec){ id, strlen(id) };
	(void)sd_journal_sendv(fields, message_id ? 3 : 2);
}

void log_line(int level, const char *message_id, const char *format, ...)
{
	static const char *const names[] = { "emergency", "alert", "critical", "error", "warning", "notice",
		"info", "debug" };
	char message[LINE_MAX_BYTES];
	va_list arguments;

	if (level > atomic_load(&log_level))
		return;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	/* systemd sets it when it connects standard error to the journal */
	if (getenv("JOURNAL_STREAM"))
		log_to_journal(level, message_id, message);
	else
		fprintf(stderr, "%s: %s\n", names[level & 7], message);
}
