/* SPDX-License-Identifier: Apache-2.0 */

/** Reads the configuration of a cartridge's needles. It must not guess: a code that it does not know is
 * refused. */

#include "util/needle-configuration.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "util/cleanup.h"

/* the codes that the usual makers print */
static const struct {
	unsigned code, diameter_um;
} diameters[] = { { 6, 200 }, { 8, 250 }, { 10, 300 } };

static size_t read_digits(const char *text, unsigned *ret)
{
	size_t n = 0;

	for (*ret = 0; n < 4 && isdigit((unsigned char)text[n]); n++)
		*ret = *ret * 10 + (unsigned)(text[n] - '0');
	return n;
}

/** Letters, and perhaps one digit after them. */
static size_t read_shape(const char *text, char ret[NEEDLE_SHAPE_MAX])
{
	size_t n = 0;

	while (n < NEEDLE_SHAPE_MAX - 2 && isalpha((unsigned char)text[n])) {
		ret[n] = (char)toupper((unsigned char)text[n]);
		n++;
	}
	if (n > 0 && isdigit((unsigned char)text[n])) {
		ret[n] = text[n];
		n++;
	}
	ret[n] = '\0';
	return n;
}

static unsigned diameter_of_code(unsigned code)
{
	for (size_t i = 0; i < ELEMENTS(diameters); i++)
		if (diameters[i].code == code)
			return diameters[i].diameter_um;
	return 0;
}

/** " 0.25" or " 0.25 mm", or nothing: 0. -EINVAL for anything else. */
static int read_diameter(const char *text, unsigned *ret_um)
{
	unsigned hundredths = 0;

	*ret_um = 0;
	if (!*text)
		return 0;
	if (strncmp(text, " 0.", 3) != 0 || read_digits(text + 3, &hundredths) != 2 ||
		(text[5] && strcmp(text + 5, " mm") != 0 && strcmp(text + 5, "mm") != 0))
		return -EINVAL;
	*ret_um = hundredths * 10;
	return hundredths ? 0 : -EINVAL;
}

int needle_configuration_parse(const char *text, NeedleConfiguration *ret, Error *error)
{
	NeedleConfiguration read = { 0 };
	unsigned number = 0;
	size_t digits = read_digits(text, &number), shape = read_shape(text + digits, read.shape);
	bool is_code = digits == 4;

	read.count = is_code ? number % 100 : number;
	if (shape == 0 || digits == 0 || digits == 3 ||
		read_diameter(text + digits + shape, &read.diameter_um) < 0 || (is_code && read.diameter_um))
		return error_set(error, -EINVAL,
			"\"%.32s\" is no configuration of needles: write it such as 1RL, 3RL 0.25 or 0803RL",
			text);
	if (is_code) {
		read.diameter_um = diameter_of_code(number / 100);
		if (!read.diameter_um)
			return error_set(error, -EINVAL,
				"\"%.32s\" has the code %02u for the diameter, and 06, 08 and 10 are known: write it such as 3RL 0.25",
				text, number / 100);
	}
	if (read.count < 1 || read.count > NEEDLE_COUNT_MAX)
		return error_set(error, -EINVAL,
			"\"%.32s\" has %u needles, and 1 to %d are possible: check it", text, read.count,
			NEEDLE_COUNT_MAX);
	if (read.diameter_um &&
		(read.diameter_um < NEEDLE_DIAMETER_MIN_UM || read.diameter_um > NEEDLE_DIAMETER_MAX_UM))
		return error_set(error, -EINVAL,
			"\"%.32s\" has needles of 0.%02u mm, and scalps take 0.18 to 0.30 mm: check it", text,
			read.diameter_um / 10);
	*ret = read;
	return 0;
}
