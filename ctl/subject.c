/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The command `subject show`: a client's card, the recipe of each zone, and what the client answered last. It
 * must not leave out anything that the station gives.
 */

#include "commands.h"

static void print_recipe(const json_t *recipe)
{
	static const char *const parts[] = { "pigment", "needle", "rate_hz", "depth_um", "dwell_ms",
		"remark" };
	const char *zone = json_string_value(json_object_get(recipe, "zone"));
	const char *time = json_string_value(json_object_get(recipe, "time"));

	printf("  %s, %s on %.10s", zone ? zone : "all zones",
		json_string_value(json_object_get(recipe, "source")), time ? time : "?");
	for (size_t i = 0; i < ELEMENTS(parts); i++) {
		const json_t *value = json_object_get(recipe, parts[i]);

		if (json_is_integer(value))
			printf("; %s %lld", parts[i], (long long)json_integer_value(value));
		else if (json_is_string(value))
			printf("; %s %s", parts[i], json_string_value(value));
	}
	puts("");
}

static void print_client(const Ctl *ctl, json_t *card)
{
	json_auto_t *recipes = json_incref(json_object_get(card, "recipes"));
	json_auto_t *answers = json_incref(json_object_get(card, "answers"));
	json_t *row;
	size_t i;

	json_object_del(card, "recipes");
	json_object_del(card, "answers");
	ctl_print_fields(ctl, card);
	if (json_array_size(recipes) > 0)
		puts("recipes");
	json_array_foreach (recipes, i, row)
		print_recipe(row);
	if (json_array_size(answers) > 0)
		puts("answers of the last session");
	json_array_foreach (answers, i, row)
		printf("  %s %s\n", json_string_value(json_object_get(row, "question")),
			json_is_true(json_object_get(row, "answer")) ? "yes" : "no");
}

static int command_show(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	json_auto_t *card = NULL;
	int status = ctl_call(ctl, CTL_SESSION, "ShowClient", &reply, "s", arguments[0]), r;

	if (status != CTL_DONE)
		return status;
	r = ctl_read_fields(reply, &card);
	if (r < 0)
		return ctl_fail("the station's answer could not be read: %s", strerror(-r));
	if (ctl->json)
		ctl_print_fields(ctl, card);
	else
		print_client(ctl, card);
	return CTL_DONE;
}

const Command subject_commands[] = {
	{ "subject show", "SUBJECT", 1, 1, command_show,
		"a client's card, what the client was treated with, and the last answers; the access is recorded" },
	{ 0 },
};
