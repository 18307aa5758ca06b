/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The commands `label units`, `label reprint` and `label pack`: the station says what goes on the labels, and
 * has it on record; here they are drawn and printed. Whatever can fail before that is tried before, because
 * serials that are on record are given for good.
 */

#include "commands.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "label/label-draw.h"
#include "label/label-print.h"
#include "part-file.h"
#include "util/clock.h"

/** Where the labels go: to a file, or to a printer. */
typedef struct Target {
	LabelFormat format;
	LabelSize size;
	char *printer; /* NULL: to ctl->output */
} Target;

static void target_clear(Target *target)
{
	free(target->printer);
}

static int read_size(Ctl *ctl, LabelSize *ret)
{
	_cleanup_(freep) char *configured = NULL;
	int status = CTL_DONE;

	if (!ctl->size)
		status = ctl_get_string(ctl, CTL_INVENTORY, "LabelSize", &configured);
	if (status != CTL_DONE || label_size_read(ctl->size ? ctl->size : configured, ret))
		return status;
	return ctl_usage(
		"\"%s\" is no size of a label: write width and height in millimetres, %dx%d to %dx%d, such as "
		"62x29",
		ctl->size ? ctl->size : configured, LABEL_WIDTH_MIN, LABEL_HEIGHT_MIN, LABEL_WIDTH_MAX,
		LABEL_HEIGHT_MAX);
}

/** The ending of the file's name chooses the format. */
static int read_file_format(const Ctl *ctl, LabelFormat *ret)
{
	const char *dot = strrchr(ctl->output, '.');
	LabelFormat format = dot ? label_format_from_string(dot + 1) : LABEL_FORMAT_INVALID;

	if ((int)format < 0)
		return ctl_usage("labels go to a file ending in .pdf, .svg or .png: write -o FILE");
	*ret = format;
	return CTL_DONE;
}

static int find_printer(Ctl *ctl, char **ret)
{
	_cleanup_(freep) char *printer = NULL;
	Error error;
	int status = CTL_DONE;

	if (ctl->printer)
		printer = strdup(ctl->printer);
	else
		status = ctl_get_string(ctl, CTL_INVENTORY, "LabelPrinter", &printer);
	if (status != CTL_DONE)
		return status;
	if (!printer || !printer[0])
		return ctl_fail(
			"no printer is named: set printer under [label] in stippled.conf, give --printer NAME, "
			"or write a file with -o FILE");
	if (!label_printer_name_ok(printer))
		return ctl_fail(
			"\"%s\" is no name of a printer: `lpstat -p` lists those that there are", printer);
	if (label_printer_check(printer, &error) < 0)
		return ctl_fail("%s; nothing was recorded", error.text);
	*ret = TAKE_PTR(printer);
	return CTL_DONE;
}

static int read_target(Ctl *ctl, Target *ret)
{
	int status;

	if (ctl->output && ctl->printer)
		return ctl_usage("--printer and -o exclude each other: give one of them");
	status = ctl->output ? read_file_format(ctl, &ret->format) : CTL_DONE;
	if (status != CTL_DONE)
		return status;
	status = read_size(ctl, &ret->size);
	if (status != CTL_DONE || ctl->output)
		return status;
	ret->format = LABEL_FORMAT_PDF;
	return find_printer(ctl, &ret->printer);
}

/* ---- what the station says ---- */

static int ask_for_labels(Ctl *ctl, const char *method, json_t *fields, json_t **ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL, *reply = NULL;
	json_auto_t *answer = NULL;
	int status, r = ctl_message_new(ctl, CTL_INVENTORY, method, &message, NULL);

	r = r < 0 ? r : ctl_append_fields(message, fields);
	status = ctl_send(ctl, message, r, &reply);
	if (status != CTL_DONE)
		return status;
	if (ctl_read_fields(reply, &answer) < 0 || json_array_size(json_object_get(answer, "labels")) == 0)
		return ctl_fail("the station's answer cannot be read: is it of the same version?");
	*ret = json_incref(json_object_get(answer, "labels"));
	return CTL_DONE;
}

/** Makes the labels of the rows, and adds the code to each row. */
static int make_labels(json_t *rows, Label *labels)
{
	NeedleCodeOptions options = { .today_utc_us = (int64_t)time(NULL) * USEC_PER_SEC };
	Error error;
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		int r = json_object_get(row, "item") ? label_of_pack(row, &labels[i], &error)
						     : label_of_unit(row, &options, &labels[i], &error);

		if (r < 0)
			return ctl_fail("%s", error.text);
		if (json_object_set_new(row, "code", json_string(labels[i].code.text)) < 0)
			return ctl_fail("out of memory");
	}
	return CTL_DONE;
}

/* ---- on paper ---- */

static int print_sheet(const LabelSheet *sheet, const char *printer, const char *title,
	char ret_job[PRINT_JOB_NAME_MAX], Error *error)
{
	_cleanup_(closep) int document = memfd_create("labels", MFD_CLOEXEC);
	const PrintJob job = { printer, title, sheet->size.width_mm, sheet->size.height_mm, document };
	int r;

	if (document < 0)
		return error_set(error, -EIO, "no memory for the labels");
	r = label_sheet_write(sheet, document, error);
	if (r < 0)
		return r;
	return label_print(&job, ret_job, error);
}

/** `again`: the command that prints these labels once more. */
static int put_on_paper(
	const Ctl *ctl, const Target *target, json_t *rows, const char *title, const char *again)
{
	size_t n = json_array_size(rows);
	_cleanup_(freep) Label *labels = calloc(n, sizeof *labels);
	const LabelSheet sheet = { labels, n, target->size, target->format };
	char job[PRINT_JOB_NAME_MAX] = "";
	Error error;
	int r, status = labels ? make_labels(rows, labels) : ctl_fail("out of memory");

	if (status != CTL_DONE)
		return status;
	r = target->printer ? print_sheet(&sheet, target->printer, title, job, &error)
			    : part_file_write(ctl->output, label_sheet_write, &sheet, &error);
	if (r < 0)
		return ctl_fail("%s%s%s; they are on record: when that is settled, print them with `%s`",
			target->printer ? "" : ctl->output,
			target->printer ? "" : " cannot be written: ", error.text, again);
	ctl_done(ctl,
		target->printer
			? json_pack("{s:s, s:s, s:O}", "printer", target->printer, "job", job, "labels", rows)
			: json_pack("{s:s, s:O}", "file", ctl->output, "labels", rows),
		"%zu %s %s %s%s%s\n", n, n == 1 ? "label" : "labels", target->printer ? "at printer" : "in",
		target->printer ? target->printer : ctl->output, job[0] ? ", job " : "", job);
	return CTL_DONE;
}

/* ---- the commands ---- */

/** The words after the first `n_names`, which get those keys. NULL after printing what is wrong. */
static json_t *read_label_words(
	int n, char **words, const char *const *names, size_t n_names, const char *numbers)
{
	json_t *fields = ctl_parse_words(n - (int)n_names, words + n_names, numbers);

	for (size_t i = 0; fields && i < n_names; i++) {
		uint64_t figure;

		if (json_object_get(fields, names[i])) {
			ctl_usage("%s is given twice: \"%s\" is one already", names[i], words[i]);
			json_decref(fields);
			return NULL;
		}
		if (text_list_has(numbers, names[i]) && ctl_parse_number(words[i], 0, INT64_MAX, &figure))
			json_object_set_new(fields, names[i], json_integer((json_int_t)figure));
		else
			json_object_set_new(fields, names[i], json_string(words[i]));
	}
	return fields;
}

static const char *const lot_names[] = { "lot" };

static int label_cartridges(Ctl *ctl, const char *method, json_t *fields)
{
	_cleanup_(target_clear) Target target = { 0 };
	json_auto_t *rows = NULL;
	char title[96], again[256];
	const json_t *first, *gtin = json_object_get(fields, "gtin");
	int status = read_target(ctl, &target);

	if (status != CTL_DONE)
		return status;
	status = ask_for_labels(ctl, method, fields, &rows);
	if (status != CTL_DONE)
		return status;
	first = json_array_get(rows, 0);
	snprintf(
		title, sizeof title, "labels of lot %.40s", json_string_value(json_object_get(first, "lot")));
	snprintf(again, sizeof again, "stipplectl label reprint %.40s first=%lld count=%zu reason=...%s%.40s",
		json_string_value(json_object_get(first, "lot")),
		(long long)json_integer_value(json_object_get(first, "number")), json_array_size(rows),
		gtin ? " gtin=" : "", gtin ? json_string_value(gtin) : "");
	return put_on_paper(ctl, &target, rows, title, again);
}

static int command_label_units(Ctl *ctl, int n, char **words)
{
	json_auto_t *fields = read_label_words(n, words, lot_names, ELEMENTS(lot_names), "count");

	return fields ? label_cartridges(ctl, "LabelUnits", fields) : CTL_USAGE;
}

static int command_label_reprint(Ctl *ctl, int n, char **words)
{
	json_auto_t *fields = read_label_words(n, words, lot_names, ELEMENTS(lot_names), "first count");

	if (!fields)
		return CTL_USAGE;
	if (!json_object_get(fields, "count"))
		json_object_set_new(fields, "count", json_integer(1));
	return label_cartridges(ctl, "LabelAgain", fields);
}

static int command_label_pack(Ctl *ctl, int n, char **words)
{
	static const char *const names[] = { "sterilizer", "cycle" };
	_cleanup_(target_clear) Target target = { 0 };
	json_auto_t *fields = read_label_words(n, words, names, ELEMENTS(names), "cycle series"),
		    *rows = NULL;
	char title[96], again[256];
	int status;

	if (!fields)
		return CTL_USAGE;
	status = read_target(ctl, &target);
	if (status != CTL_DONE)
		return status;
	status = ask_for_labels(ctl, "LabelPacks", fields, &rows);
	if (status != CTL_DONE)
		return status;
	snprintf(title, sizeof title, "labels of cycle %.40s", words[1]);
	snprintf(again, sizeof again, "stipplectl label pack %.60s %.40s reason=...", words[0], words[1]);
	return put_on_paper(ctl, &target, rows, title, again);
}

const Command label_commands[] = {
	{ "label units", "LOT [gtin=G] [count=N] [-o FILE.pdf|.svg|.png]", 1, 3, command_label_units,
		"give serials to cartridges of a lot that have none, and print their labels" },
	{ "label reprint", "LOT first=N reason=WHY [count=N] [gtin=G] [-o FILE.pdf|.svg|.png]", 3, 5,
		command_label_reprint, "print labels of a lot once more, from number N on" },
	{ "label pack", "STERILIZER CYCLE [items=NAMES] [series=N] [reason=WHY] [-o FILE.pdf|.svg|.png]", 2,
		5, command_label_pack, "print the labels of a released load, one for each pack" },
	{ 0 },
};
