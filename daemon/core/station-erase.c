/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Deletes photographs: those of a person whose data was erased, whose digests stay on record, and those that
 * no record names. It must not delete a photograph that is on record and not erased, nor touch the disk on
 * the main thread.
 */

#include "core/station-private.h"

#include <limits.h>
#include <string.h>

#include "util/log.h"

enum { IMAGES_ASKED_MAX = 500 }; /* names in one question to the ledger */

#define UNREADABLE "photographs to be deleted could not be looked up (%s): they stay until later"

/* ---- files ---- */

static const char *name_of(const json_t *picture)
{
	return json_string_value(json_object_get(picture, "file"));
}

/** `body` is the list of pictures; each gets the result of its deletion. */
static void delete_work(void *userdata)
{
	Operation *operation = userdata;
	const StationOptions *options = &operation->station->options;
	json_t *picture;
	size_t i;

	json_array_foreach (operation->body, i, picture) {
		const char *file = name_of(picture);
		int r = file && text_is_identifier(file, NAME_MAX)
				? options->erase_image(options->erase_userdata, file)
				: -EINVAL;

		json_object_set_new(picture, "result", json_integer(r));
	}
}

/** Takes the result out again. */
static bool was_deleted(json_t *picture)
{
	json_int_t r = json_integer_value(json_object_get(picture, "result"));

	(void)json_object_del(picture, "result");
	if (r < 0)
		log_error(
			"the photograph %s is to be gone and cannot be deleted (%s): delete it in images/ and "
			"restart stippled",
			name_of(picture), strerror((int)-r));
	return r >= 0;
}

/* ---- of somebody whose data was erased ---- */

static void look_up(Operation *operation);

/** False: there is no other one. */
static bool take_picture(Station *station, json_t **ret)
{
	json_t *picture = json_incref(json_array_get(station->erasure.pictures, 0));

	if (!picture)
		return false;
	(void)json_array_remove(station->erasure.pictures, 0);
	station->erasure.after = json_integer_value(json_object_get(picture, "image"));
	*ret = picture;
	return true;
}

static void record_next(Operation *operation);

static void recorded(Operation *operation, const LedgerAnswer *answer)
{
	record_next(operation);
}

/** One that cannot be deleted is passed over: it stays on record as to be erased. */
static void record_next(Operation *operation)
{
	json_t *picture;

	while (take_picture(operation->station, &picture)) {
		if (was_deleted(picture)) {
			operation_record(operation, "image.erased", picture, NULL, recorded);
			return;
		}
		json_decref(picture);
	}
	look_up(operation);
}

static void files_deleted(void *userdata)
{
	Operation *operation = userdata;
	Station *station = operation->station;

	json_decref(station->erasure.pictures);
	station->erasure.pictures = TAKE_PTR(operation->body);
	record_next(operation);
}

static void images_found(void *userdata, int error, json_t *rows)
{
	Operation *operation = userdata;

	if (error < 0) {
		operation_fail(operation, STATION_ERROR_LEDGER, UNREADABLE, strerror(-error));
		return;
	}
	if (json_array_size(rows) == 0) {
		operation_done(operation);
		return;
	}
	json_decref(operation->body);
	operation->body = json_incref(rows);
	operation_work(operation, delete_work, files_deleted);
}

/** The next hundred. */
static void look_up(Operation *operation)
{
	Station *station = operation->station;
	json_auto_t *arguments = json_pack("{s:I}", "after", station->erasure.after);
	int r = ledger_lookup(station->options.ledger, "images-to-erase", arguments, images_found, operation);

	if (r < 0)
		operation_fail(operation, STATION_ERROR_LEDGER, UNREADABLE, strerror(-r));
}

static void erasure_ended(void *userdata, const StationReply *reply)
{
	Station *station = userdata;

	station->erasure.running = false;
	if (!reply->error)
		return;
	log_error("the photographs of a person whose data was erased are not all gone: %s", reply->text);
	station->erasure.wanted = true;
	station->erasure.not_before_us = station_now_us(station) + STATION_ERASE_AGAIN_US;
}

void station_erase_tick(Station *station)
{
	StationErasure *erasure = &station->erasure;
	Operation *operation;

	if (!erasure->wanted || erasure->running || station->view.inert ||
		station_now_us(station) < erasure->not_before_us)
		return;
	operation = operation_new_internal(station);
	if (!operation)
		return;
	erasure->wanted = false;
	erasure->running = true;
	erasure->after = 0;
	operation->internal = false; /* its failure is told with what it means */
	operation->done = erasure_ended;
	operation->userdata = station;
	look_up(operation);
}

void station_erase_images(Station *station)
{
	station->erasure.wanted = station->options.erase_image != NULL;
	station_erase_tick(station);
}

/* ---- that no record names ---- */

static void discarded(void *userdata)
{
	Operation *operation = userdata;
	json_t *picture;
	size_t i;

	json_array_foreach (operation->body, i, picture)
		if (was_deleted(picture))
			log_notice("the photograph %s was deleted: no record names it", name_of(picture));
	operation_done(operation);
}

void station_discard_images(Station *station, json_t *pictures)
{
	Operation *operation =
		pictures && station->options.erase_image ? operation_new_internal(station) : NULL;

	if (!operation) {
		json_decref(pictures);
		return;
	}
	operation->body = pictures;
	operation_work(operation, delete_work, discarded);
}

static void unnamed_found(void *userdata, int error, json_t *rows)
{
	Operation *operation = userdata;

	if (error < 0) {
		operation_fail(operation, STATION_ERROR_LEDGER, UNREADABLE, strerror(-error));
		return;
	}
	if (json_array_size(rows) > 0)
		station_discard_images(operation->station, json_incref(rows));
	operation_done(operation);
}

/** `images`: objects as the query takes them. */
static void ask_for_unnamed(Station *station, const json_t *images)
{
	Operation *operation = operation_new_internal(station);
	_cleanup_(freep) char *files = json_dumps(images, JSON_COMPACT);
	json_auto_t *arguments = json_pack("{s:s*}", "files", files);
	int r;

	if (!operation)
		return;
	r = ledger_lookup(station->options.ledger, "images-unnamed", arguments, unnamed_found, operation);
	if (r < 0)
		operation_fail(operation, STATION_ERROR_LEDGER, UNREADABLE, strerror(-r));
}

void station_discard_unnamed(Station *station)
{
	Ledger *ledger = station->options.ledger;
	json_auto_t *asked = NULL, *images = NULL;
	const json_t *image;
	size_t i;

	/* until then the ledger lacks what the one before may have named */
	if (!station->images || !ledger_healthy(ledger) || ledger_owes_restoration(ledger))
		return;
	asked = json_array();
	images = TAKE_PTR(station->images);
	json_array_foreach (images, i, image) {
		const char *file = json_string_value(image);
		ImageName name;

		if (image_name_parse(file, &name))
			json_array_append_new(
				asked, json_pack("{s:s, s:I, s:I}", "file", file, "session",
					       (json_int_t)name.session, "utc_us", (json_int_t)name.utc_us));
		if (json_array_size(asked) == IMAGES_ASKED_MAX) {
			ask_for_unnamed(station, asked);
			json_array_clear(asked);
		}
	}
	if (json_array_size(asked) > 0)
		ask_for_unnamed(station, asked);
}
