/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Structured log lines. Under systemd they go to the journal with their fields, elsewhere to standard
 * error as "<level> message". Any thread may log; the control thread must not (it reports facts instead).
 */

#include <stdarg.h>
#include <syslog.h>

#include "util/cleanup.h"

/**
 * Journal catalog message ids, one for each event that a person may have to act on (systemd/stipple.catalog).
 */
#define LOG_ID_EMERGENCY_STOP   "5b0c6a2b1f3e4b0f9a6d1c1d2e3f4a01"
#define LOG_ID_FAULT_LATCHED    "5b0c6a2b1f3e4b0f9a6d1c1d2e3f4a02"
#define LOG_ID_CONFIG_REJECTED  "5b0c6a2b1f3e4b0f9a6d1c1d2e3f4a03"
#define LOG_ID_LEDGER_UNHEALTHY "5b0c6a2b1f3e4b0f9a6d1c1d2e3f4a04"
#define LOG_ID_PLUGIN_REJECTED  "5b0c6a2b1f3e4b0f9a6d1c1d2e3f4a05"
#define LOG_ID_BROKER_LOST      "5b0c6a2b1f3e4b0f9a6d1c1d2e3f4a06"
#define LOG_ID_CLOCK_BACKWARDS  "5b0c6a2b1f3e4b0f9a6d1c1d2e3f4a07"
#define LOG_ID_NEEDLE_REFUSED   "5b0c6a2b1f3e4b0f9a6d1c1d2e3f4a08"
#define LOG_ID_LEDGER_DAMAGED   "5b0c6a2b1f3e4b0f9a6d1c1d2e3f4a09"
#define LOG_ID_ENROLMENT        "5b0c6a2b1f3e4b0f9a6d1c1d2e3f4a0a"
#define LOG_ID_THREAD_SILENT    "5b0c6a2b1f3e4b0f9a6d1c1d2e3f4a10"
#define LOG_ID_NOT_REALTIME     "5b0c6a2b1f3e4b0f9a6d1c1d2e3f4a11"
#define LOG_ID_REGISTRY_TROUBLE "5b0c6a2b1f3e4b0f9a6d1c1d2e3f4a12"

/** Lines above `level` (LOG_ERR .. LOG_DEBUG) are dropped. Default LOG_INFO. */
void log_set_level(int level);

/** Logs one line. `message_id` is a LOG_ID_ or NULL. */
void log_line(int level, const char *message_id, const char *format, ...) _printf_(3, 4);

#define log_error(...)   log_line(LOG_ERR, NULL, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, NULL, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_NOTICE, NULL, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO, NULL, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_DEBUG, NULL, __VA_ARGS__)
