/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Hands out a photograph, and only as it was recorded. It must not hand out a file because of its name: it
 * gives the open file whose bytes were compared with the digest on record.
 */

#include "core/station-private.h"

#include <string.h>

#include "util/log.h"

static void open_work(void *userdata)
{
	Operation *operation = userdata;
	const StationOptions *options = &operation->station->options;

	operation->picture_fd = options->open_image
					? options->open_image(options->open_userdata, operation->reply.detail,
						  operation->picture_sha256)
					: -ENODEV;
}

static void opened(void *userdata)
{
	Operation *operation = userdata;
	int error = operation->picture_fd < 0 ? operation->picture_fd : 0;
	_cleanup_(closep) int fd = error < 0 ? -1 : operation->picture_fd;
	const char *file = operation->reply.detail;
	const char *recorded = json_string_value(json_object_get(operation->reply.figures, "sha256"));

	if (error < 0) {
		operation_fail(operation, error == -ENOENT ? STATION_ERROR_UNKNOWN : STATION_ERROR_PICTURE,
			"the photograph %s cannot be opened (%s): see what the record says of it", file,
			strerror(-error));
		return;
	}
	if (!recorded || strcmp(recorded, operation->picture_sha256) != 0) {
		log_line(LOG_ERR, LOG_ID_LEDGER_DAMAGED,
			"the photograph %s is not the one that was recorded: it was replaced or changed",
			file);
		operation_fail(operation, STATION_ERROR_PICTURE,
			"the photograph %s is not the one that was recorded: it was replaced or changed; keep it as evidence"
			" and bring back a backup of it",
			file);
		return;
	}
	operation->reply.picture = fd;
	operation_done(operation);
}

static void found(void *userdata, int error, json_t *rows)
{
	Operation *operation = userdata;
	json_t *row = json_array_get(rows, 0);

	if (error < 0) {
		operation_fail(
			operation, STATION_ERROR_LEDGER, "the record cannot be read: %s", strerror(-error));
		return;
	}
	if (!row) {
		operation_fail(operation, STATION_ERROR_UNKNOWN,
			"no record names the photograph %s: `stipplectl audit images` lists them",
			operation->reply.detail);
		return;
	}
	json_decref(operation->reply.figures);
	operation->reply.figures = json_incref(row);
	operation_work(operation, open_work, opened);
}

void operation_open_picture(Operation *operation, const char *file)
{
	json_auto_t *arguments = json_pack("{s:s}", "file", file);
	int r;

	snprintf(operation->reply.detail, sizeof operation->reply.detail, "%s", file);
	r = ledger_lookup(operation->station->options.ledger, "picture", arguments, found, operation);
	if (r < 0)
		operation_fail(
			operation, STATION_ERROR_LEDGER, "the record cannot be read: %s", strerror(-r));
}

void station_open_picture(Station *station, const char *file, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, false, done, userdata);

	if (operation)
		operation_open_picture(operation, file);
}
