/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The ledger of a station FOLDER CLINIC/STATION, written by the product's own lib/ledger, for tests of what
 * reads it. Each line on the standard input is a number of records to append, or the number of a lot that is
 * received; the answer is a line "RECORDS SEALED". It must do nothing that the daemon's ledger would not.
 */

#include <poll.h>
#include <string.h>

#include "ledger/ledger.h"

typedef struct Writer {
	Ledger *ledger;
	unsigned long waiting;
	uint64_t newest;
} Writer;

static void on_appended(void *userdata, const LedgerAnswer *answer)
{
	Writer *writer = userdata;

	if (answer->error < 0)
		fprintf(stderr, "ledger-writer: %s\n", answer->text);
	else if (answer->seq > writer->newest)
		writer->newest = answer->seq;
	writer->waiting--;
}

static void settle(Writer *writer, unsigned long most)
{
	struct pollfd ready = { .fd = ledger_fd(writer->ledger), .events = POLLIN };

	while (writer->waiting > most) {
		(void)poll(&ready, 1, 1000);
		ledger_dispatch(writer->ledger);
	}
}

/** Takes `body`. */
static int append_one(Writer *writer, const char *kind, json_t *made)
{
	json_auto_t *body = made;
	LedgerRecord record = { .kind = kind, .actor = "station", .body = body };
	int r;

	while ((r = ledger_append(writer->ledger, &record, on_appended, writer)) == -EAGAIN)
		settle(writer, 100);
	if (r == 0)
		writer->waiting++;
	return r;
}

static int append_line(Writer *writer, char *line)
{
	unsigned long n = strtoul(line, NULL, 10);
	int r = 0;

	line[strcspn(line, "\n")] = '\0';
	if (n == 0)
		return append_one(writer, "lot.received",
			json_pack("{s:s, s:s, s:s, s:s, s:i}", "lot", line, "product", "p", "maker", "m",
				"expiry", "2036-12-31", "quantity", 50));
	for (unsigned long i = 0; i < n && r == 0; i++)
		r = append_one(writer, "alert.raised",
			json_pack("{s:s, s:s}", "alert", "test", "text", i % 3 ? "a" : "another text"));
	return r;
}

int main(int argc, char **argv)
{
	_cleanup_(freep) char *path = NULL, *keys = NULL, *line = NULL;
	LedgerOptions options = {
		.clock = &clock_system, .checkpoint_records = 1, .checkpoint_s = 1, .commit_limit_ms = 10000
	};
	Writer writer = { 0 };
	LedgerInfo info;
	Error error;
	size_t room = 0;
	char key[NOTE_KEY_MAX];

	if (argc != 3 || asprintf(&path, "%s/ledger.db", argv[1]) < 0 ||
		asprintf(&keys, "%s/keys", argv[1]) < 0)
		return 2;
	options.path = path;
	options.station = argv[2];
	options.keys = keys;
	if (ledger_open(&options, &writer.ledger, &info, &error) < 0) {
		fprintf(stderr, "ledger-writer: %s\n", error.text);
		return 1;
	}
	ledger_key(writer.ledger, key);
	printf("%s\n", key);
	(void)fflush(stdout);
	while (getline(&line, &room, stdin) > 0) {
		if (append_line(&writer, line) < 0)
			return 1;
		settle(&writer, 0);
		printf("%llu %llu\n", (unsigned long long)writer.newest,
			(unsigned long long)ledger_checkpoint_size(writer.ledger));
		(void)fflush(stdout);
	}
	ledger_free(writer.ledger);
	return 0;
}
