/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Has photographs deleted in batches, when the ledger is well and some time has passed since a failure.
 * decide/erasure.c decides which may be deleted. It must not touch the disk on the main thread.
 */

#include "station/parts.h"

#include "util/log.h"

enum {
	IMAGES_ASKED_MAX = 500, /* names in one question to the ledger */
	ERASE_AGAIN_US = 60 * USEC_PER_SEC,
};

/** Logs the result for each photograph; returns the record of the last one. */
static json_int_t log_deleted(const json_t *pictures)
{
	json_int_t last = 0;
	json_t *picture;
	size_t i;

	json_array_foreach ((json_t *)pictures, i, picture) {
		json_int_t r = json_integer_value(json_object_get(picture, "result"));

		last = json_integer_value(json_object_get(picture, "image"));
		if (r < 0)
			log_error(
				"the photograph %s is to be gone and cannot be deleted (%s): delete it in images/ and "
				"restart stippled",
				row_text(picture, "file"), strerror((int)-r));
	}
	return last;
}

/* ---- of somebody whose data was erased ---- */

static void erase_batch(Station *station);

static void batch_erased(void *userdata, const StationReply *reply)
{
	Station *station = userdata;
	Eraser *eraser = &station->eraser;

	eraser->running = false;
	if (reply->error) {
		log_error("the photographs of a person whose data was erased are not all gone: %s",
			reply->text);
		eraser->wanted = true;
		eraser->not_before_us = station_now_us(station) + ERASE_AGAIN_US;
	} else if (json_array_size(reply->figures) > 0) {
		eraser->after = log_deleted(reply->figures);
		erase_batch(station);
	}
}

static void erase_batch(Station *station)
{
	station->eraser.running = true;
	station_ask(station, &(StationRequest){
				     .spec = &command_erase,
				     .asked = json_pack("{s:I}", "after", station->eraser.after),
				     .internal = true,
				     .done = batch_erased,
				     .userdata = station,
			     });
}

void erase_images(Station *station)
{
	station->eraser.wanted = station->options.erase_image != NULL;
	erase_tick(station);
}

/* ---- that no record names ---- */

static void unnamed_deleted(void *userdata, const StationReply *reply)
{
	json_t *picture;
	size_t i;

	if (reply->error)
		log_error("%s", reply->text);
	(void)log_deleted(reply->figures);
	json_array_foreach (reply->figures, i, picture)
		if (json_integer_value(json_object_get(picture, "result")) == 0)
			log_notice("the photograph %s was deleted: no record names it",
				row_text(picture, "file"));
}

void erase_unrecorded(Station *station, const char *file)
{
	if (station->options.erase_image)
		station_ask(station, &(StationRequest){
					     .spec = &command_discard,
					     .asked = json_pack("{s:[{s:s}]}", "pictures", "file", file),
					     .internal = true,
					     .done = unnamed_deleted,
					     .userdata = station,
				     });
}

/** `images`: objects in the form that the query takes. */
static void ask_for_unnamed(Station *station, const json_t *images)
{
	char *files = json_dumps(images, JSON_COMPACT);

	station_ask(station, &(StationRequest){
				     .spec = &command_discard_unnamed,
				     .asked = json_pack("{s:s*}", "files", files),
				     .internal = true,
				     .done = unnamed_deleted,
				     .userdata = station,
			     });
	free(files);
}

static void discard_unnamed(Station *station)
{
	json_auto_t *asked = json_array(), *images = TAKE_PTR(station->eraser.images);
	const json_t *image;
	size_t i;

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

void erase_tick(Station *station)
{
	Eraser *eraser = &station->eraser;
	Ledger *ledger = station->options.ledger;

	if (rules_inert(&station->state.rules))
		return;
	if (eraser->wanted && !eraser->running && station_now_us(station) >= eraser->not_before_us) {
		eraser->wanted = false;
		eraser->after = 0;
		erase_batch(station);
	}
	/* before that, the ledger may lack a record that names one of them */
	if (eraser->images && ledger_healthy(ledger) && !ledger_owes_restoration(ledger))
		discard_unnamed(station);
}
