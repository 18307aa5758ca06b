/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Any bytes as what the clinic's server says to a station: as leaves of the registry's log, one a line, and
 * as the answer to a request. Each answer becomes one sentence, and who holds a cartridge does not depend on
 * a leaf that nobody understands.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "holders.h"
#include "request-answer.h"
#include "util/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as_leaves(const char *text, size_t size)
{
	_cleanup_(holders_freep) Holders *holders = NULL;
	const char *end = text + size;
	uint64_t seq = 0;

	if (holders_new(&holders) < 0)
		abort();
	for (const char *line = text; line < end; seq++) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		stop = stop ? stop : end;
		holders_take(holders, seq, line, (size_t)(stop - line));
		line = stop + 1;
	}
	for (uint64_t next = 0; (next = holders_next(holders, next, "stipple/c/one")) != UINT64_MAX; next++)
		if (next >= seq)
			abort();
	(void)holders_boot_confirmed(holders, "stipple/c/one", "01234567-89ab-cdef-0123-456789abcdef");
	if (holders_who(holders, "(10)L2#7") && !*holders_who(holders, "(10)L2#7"))
		abort();
	if (holders_flaw(holders) && !text_is_printable(holders_flaw(holders), 400))
		abort();
}

static void read_as_answer(const char *text, size_t size, const char *what, unsigned status)
{
	const HttpsAnswer answer = {
		.status = status, .type = "application/json", .body = text, .size = size
	};
	char sentence[512];
	uint64_t next;

	memset(sentence, 'x', sizeof sentence);
	if (request_answer_read(what, &answer, &next, sentence, sizeof sentence) && status != 200)
		abort();
	if (!memchr(sentence, '\0', sizeof sentence) || !*sentence)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	read_as_leaves(text, size);
	read_as_answer(text, size, "hold", 200);
	read_as_answer(text, size, "claim", 409);
	return 0;
}
