/* SPDX-License-Identifier: Apache-2.0 */

/** Photographs of somebody whose data was erased: their files are deleted, their digests stay on record. */

#include "core/station-private.h"

#include <limits.h>
#include <string.h>

#include "util/log.h"

/** `body` is the list of pictures; each gets the result of its deletion. */
static void erase_work(void *userdata)
{
	Operation *operation = userdata;
	const StationOptions *options = &operation->station->options;
	json_t *picture;
	size_t i;

	json_array_foreach (operation->body, i, picture) {
		const char *file = json_string_value(json_object_get(picture, "file"));
		int r = file && text_is_identifier(file, NAME_MAX)
				? options->erase_image(options->erase_userdata, file)
				: -EINVAL;

		json_object_set_new(picture, "result", json_integer(r));
	}
}

static void record_erased(Station *station, json_t *picture)
{
	json_int_t r = json_integer_value(json_object_get(picture, "result"));

	if (r < 0) {
		log_error(
			"the photograph %s of a person whose data was erased cannot be deleted (%s): delete it in "
			"images/ and restart stippled",
			json_string_value(json_object_get(picture, "file")), strerror((int)-r));
		return;
	}
	(void)json_object_del(picture, "result");
	station_record(station, "image.erased", json_incref(picture));
}

static void erase_done(void *userdata)
{
	Operation *operation = userdata;
	json_t *picture;
	bool progress = false;
	size_t i;

	json_array_foreach (operation->body, i, picture) {
		progress = progress || json_integer_value(json_object_get(picture, "result")) >= 0;
		record_erased(operation->station, picture);
	}
	/* the next hundred */
	if (progress)
		station_erase_images(operation->station);
	operation_done(operation);
}

static void images_found(void *userdata, int error, json_t *rows)
{
	Operation *operation = userdata;

	if (error < 0 || json_array_size(rows) == 0) {
		operation_done(operation);
		return;
	}
	operation->body = json_incref(rows);
	operation_work(operation, erase_work, erase_done);
}

void station_erase_images(Station *station)
{
	Operation *operation = station->options.erase_image ? operation_new_internal(station) : NULL;
	int r;

	if (!operation)
		return;
	r = ledger_lookup(station->options.ledger, "images-to-erase", NULL, images_found, operation);
	if (r < 0)
		operation_fail(operation, STATION_ERROR_LEDGER,
			"photographs to be erased could not be looked up: %s", strerror(-r));
}
