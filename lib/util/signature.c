/* SPDX-License-Identifier: Apache-2.0 */

/** Reads a drawn signature. It must not say whose it is: no comparison of handwriting is made. */

#include "util/signature.h"

#include <string.h>

/** Digits up to `limit`; NULL: there is no such number. Otherwise the text after it. */
static const char *read_coordinate(const char *text, unsigned limit, uint16_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	unsigned value = 0;

	if (digits == 0 || digits > 4)
		return NULL;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (unsigned)(text[i] - '0');
	if (value > limit)
		return NULL;
	*ret = (uint16_t)value;
	return text + digits;
}

/** NULL: there is no point. Otherwise the text after it. */
static const char *read_point(const char *text, SignaturePoint *ret)
{
	text = read_coordinate(text, SIGNATURE_WIDTH, &ret->x);
	if (!text || *text != ',')
		return NULL;
	text = read_coordinate(text + 1, SIGNATURE_HEIGHT, &ret->y);
	return text && (*text == ' ' || *text == ';' || *text == '\0') ? text : NULL;
}

static unsigned extent(const SignaturePoint *points, int n)
{
	unsigned left = SIGNATURE_WIDTH, right = 0, top = SIGNATURE_HEIGHT, bottom = 0;

	for (int i = 0; i < n; i++) {
		left = points[i].x < left ? points[i].x : left;
		right = points[i].x > right ? points[i].x : right;
		top = points[i].y < top ? points[i].y : top;
		bottom = points[i].y > bottom ? points[i].y : bottom;
	}
	return right - left > bottom - top ? right - left : bottom - top;
}

int signature_read(const char *text, SignaturePoint ret[SIGNATURE_POINTS_MAX], Error *error)
{
	bool begins = true;
	int n = 0;

	while (*text) {
		if (n == SIGNATURE_POINTS_MAX)
			return error_set(error, -EINVAL,
				"the signature has more than %d points: clear it and sign again",
				SIGNATURE_POINTS_MAX);
		ret[n].begins = begins;
		text = read_point(text, &ret[n]);
		if (!text)
			return error_set(error, -EINVAL,
				"point %d of the signature cannot be read: points are \"x,y\" with x up to %d "
				"and y up to %d",
				n + 1, SIGNATURE_WIDTH, SIGNATURE_HEIGHT);
		n++;
		begins = *text == ';';
		if (!*text)
			break;
		text++;
		if (!*text)
			return error_set(error, -EINVAL, "a point is missing at the end of the signature");
	}
	if (n < SIGNATURE_POINTS_MIN || extent(ret, n) < SIGNATURE_EXTENT_MIN)
		return error_set(error, -EINVAL,
			"the signature is too small: the client signs with the whole name, across the pad");
	return n;
}
