/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Says what stands on a label, from what the station put on record. It must not add anything that is not on
 * record, and knows nothing of paper.
 */

#include "label/label.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "code/pack-code.h"
#include "util/clock.h"
#include "util/text.h"

static const char *row_word(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "";
}

static long long row_figure(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

/** An empty line is left out. */
static void add_label_line(Label *label, bool strong, bool whole, const char *format, ...) _printf_(4, 5);

static void add_label_line(Label *label, bool strong, bool whole, const char *format, ...)
{
	LabelLine *line = &label->lines[label->n_lines];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line->text, sizeof line->text, format, arguments);
	va_end(arguments);
	text_repair(line->text);
	line->strong = strong;
	line->whole = whole;
	label->n_lines += line->text[0] != '\0';
}

/** Stands on each label that was printed before, so that nobody takes two labels for two things. */
static const char *reprint_mark(const json_t *row)
{
	return row_figure(row, "reprints") > 0 ? "   REPRINT" : "";
}

/** Often one of the two repeats the other. */
static void add_product(Label *label, const char *product, const char *configuration)
{
	if (strstr(product, configuration))
		add_label_line(label, true, false, "%s", product);
	else if (strstr(configuration, product))
		add_label_line(label, true, false, "%s", configuration);
	else
		add_label_line(label, true, false, "%s %s", product, configuration);
}

int label_of_unit(const json_t *row, const NeedleCodeOptions *options, Label *ret, Error *error)
{
	const NeedleLabel cartridge = { row_word(row, "gtin"), row_word(row, "lot"), row_word(row, "serial"),
		row_word(row, "expiry") };
	Label label = { 0 };
	int r = needle_label_write(&cartridge, options, &label.code, error);

	if (r < 0)
		return r;
	add_product(&label, row_word(row, "product"), row_word(row, "configuration"));
	add_label_line(&label, false, false, "%s", row_word(row, "maker"));
	add_label_line(&label, true, true, "Use by %s", cartridge.expiry);
	add_label_line(&label, false, true, "LOT %s   No. %lld%s", cartridge.lot, row_figure(row, "number"),
		reprint_mark(row));
	add_label_line(&label, false, true, "SN %s", cartridge.serial);
	if (label.code.is_gs1)
		add_label_line(&label, false, true, "GTIN %s", cartridge.product);
	*ret = label;
	return 0;
}

/** YYYY-MM-DD HH:MM here, of a time in UTC; "" when it is none. */
static void write_local(const char *utc, char ret[32])
{
	int64_t utc_us;
	struct tm here;
	time_t seconds;

	ret[0] = '\0';
	if (clock_parse_utc(utc, &utc_us) < 0)
		return;
	seconds = utc_us / USEC_PER_SEC;
	if (localtime_r(&seconds, &here))
		strftime(ret, 32, "%Y-%m-%d %H:%M", &here);
}

int label_of_pack(const json_t *row, Label *ret, Error *error)
{
	const PackCode pack = { row_word(row, "item"), row_word(row, "sterilizer"), row_figure(row, "cycle"),
		row_figure(row, "series") };
	const char *initials = row_word(row, "initials");
	Label label = { 0 };
	char started[32];
	int r = pack_code_write(&pack, label.code.text, error);

	if (r < 0)
		return r;
	memcpy(label.code.symbol, label.code.text, sizeof label.code.symbol);
	write_local(row_word(row, "started"), started);
	add_label_line(&label, true, false, "%s", pack.item);
	add_label_line(&label, true, true, "Use by %s", row_word(row, "use_by"));
	add_label_line(&label, false, true, "Sterilised %s%s", started, reprint_mark(row));
	if (pack.series > 1)
		add_label_line(&label, false, true, "%s, cycle %lld of series %lld", pack.sterilizer,
			pack.cycle, pack.series);
	else
		add_label_line(&label, false, true, "%s, cycle %lld", pack.sterilizer, pack.cycle);
	add_label_line(&label, false, false, "Program %s", row_word(row, "program"));
	if (initials[0])
		add_label_line(&label, false, true, "Packed by %s", initials);
	*ret = label;
	return 0;
}
