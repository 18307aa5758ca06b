/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What any program of this kind costs: it links the daemon's libraries, opens each of them once, says that it
 * is ready, and idles. The measure for the daemon's own memory and start.
 */

#include <stdio.h>

#include <crypt.h>
#include <jansson.h>
#include <jpeglib.h>
#include <mosquitto.h>
#include <openssl/evp.h>
#include <sqlite3.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "bench.h"

static void open_database(const char *folder)
{
	char path[4096];
	sqlite3 *db;

	snprintf(path, sizeof path, "%s/idle.db", folder);
	if (sqlite3_open(path, &db) != SQLITE_OK ||
		sqlite3_exec(db,
			"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(a INTEGER PRIMARY KEY);"
			"INSERT INTO t VALUES(1);",
			NULL, NULL, NULL) != SQLITE_OK)
		bench_fail("%s: %s", path, sqlite3_errmsg(db));
}

int main(int argc, char **argv)
{
	sd_event *event;
	sd_bus *bus;
	json_t *array = json_array();
	EVP_MD *algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);

	if (argc != 3)
		bench_fail("Usage: %s FOLDER ADDRESS\n\nRun by script/bench.", argv[0]);
	if (!array || !algorithm || mosquitto_lib_init() != MOSQ_ERR_SUCCESS ||
		!mosquitto_new("idle", true, NULL) || crypt_checksalt("$y$") < 0 ||
		!jpeg_std_error(&(struct jpeg_error_mgr){ 0 }))
		bench_fail("a library cannot be used");
	open_database(argv[1]);
	bench_check(sd_event_default(&event), "the loop");
	bench_check(sd_bus_new(&bus), "the bus");
	bench_check(sd_bus_set_address(bus, argv[2]), argv[2]);
	bench_check(sd_bus_set_bus_client(bus, 1), argv[2]);
	bench_check(sd_bus_start(bus), argv[2]);
	bench_check(sd_bus_attach_event(bus, event, 0), "the bus");
	bench_check(sd_bus_request_name(bus, "org.stipple.Bench1", 0), "the name");
	sd_notify(0, "READY=1");
	return sd_event_loop(event);
}
