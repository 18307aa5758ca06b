/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The configuration: stippled.conf, then the files of conf.d in name order, then the protocols. INI, read
 * with inih. Unknown or duplicate keys and values out of range are errors with file, line and allowed range.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "stipple/plugin.h"
#include "util/error.h"

/** One section [plugin.NAME]. */
typedef struct ConfigPlugin {
	char *plugin;
	StippleSetting *settings;
	size_t n;
} ConfigPlugin;

/**
 * Keys, ranges and defaults: configs/stippled.conf. The configuration owns all strings; none is NULL ("" when
 * unset).
 */
typedef struct Config {
	/* [station] */
	char *clinic, *station;                                /* identifiers; defaults "clinic", "station" */
	char *clinic_name, *clinic_address, *clinic_telephone; /* at the head of reports; "": left out */
	char *clinic_logo; /* path of a PNG or JPEG for reports; "": none */
	char *profile;     /* compliance profile; default "us-ca" */
	/* [paths] */
	char *state_folder;    /* default /var/lib/stipple: ledger.db, images/ */
	char *run_folder;      /* default /run/stipple: the socket between stippled and stipple-telemetryd */
	char *plugin_folder;   /* default <libdir>/stipple/plugins */
	char *protocol_folder; /* default <sysconfdir>/stipple/protocols */
	char *consent_folder;  /* texts that clients sign; default <sysconfdir>/stipple/consents */
	char *profile_folder;  /* default <sysconfdir>/stipple/profiles */
	/* [board] */
	char *board_plugin; /* default board-spi */
	uint32_t heartbeat_ms, link_timeout_ms, bad_frames_max;
	bool realtime; /* default true */
	/* [camera] */
	char *camera_plugin; /* default camera-libcamera; "none": no camera */
	uint32_t camera_timeout_ms, jpeg_quality;
	double focus_min;
	uint32_t exposure_min, exposure_max;
	/* [scanner] */
	char *scanner_plugin; /* default "none" */
	char *scanner_fnc1;   /* what the scanner sends for FNC1 besides 0x1D: one character, or "" */
	/* [label] */
	char *label_printer;                      /* of CUPS; default "": none */
	uint32_t label_width_mm, label_height_mm; /* of a label; defaults 62 and 29 */
	/* [session] */
	uint32_t disk_min_mb;       /* default 500 */
	bool before_photo_required; /* default true */
	uint32_t reseat_max_s;      /* the same chip may be put back within this time; default 60 */
	bool handpiece_required;    /* the handpiece in use must be on record; default false */
	/* [needle] */
	uint32_t life_strokes, life_min; /* of a cartridge; 0: no limit */
	uint32_t life_warn_percent;      /* percentage of the cartridge's life at which to warn; default 80 */
	/* [sign-in] */
	uint32_t pin_attempts, pin_delay_s; /* attempts before a growing delay; length of the first delay */
	/* [ledger] */
	char *log_origin; /* name of a new ledger's log; "": stipple/<clinic>/<station> */
	uint32_t checkpoint_records, checkpoint_minutes; /* limits between two checkpoints */
	uint32_t commit_limit_ms; /* a commit or a stroke may wait this long before the needle is stopped */
	uint32_t strokes_waiting; /* how many strokes may wait */
	uint32_t verify_hours;    /* hours between full verifications in the background; 0: only on request */
	/* [bus] */
	char *bus; /* "system" (default), "session", or an address */
	/* [mqtt] */
	bool mqtt_enabled;  /* default true */
	char *mqtt_host;    /* host name, address, or absolute path of a Unix socket */
	uint32_t mqtt_port; /* never 0 once read: 8883 with TLS, 1883 without */
	char *mqtt_user, *mqtt_password_file;
	bool mqtt_tls;
	char *mqtt_ca_file, *mqtt_cert_file, *mqtt_key_file;
	uint32_t mqtt_in_flight;     /* 1 to 100, default 20 */
	uint32_t telemetry_ms;       /* live stream period, default 500 */
	uint32_t telemetry_expiry_s; /* default 5 */
	/* [registry] */
	char *registry_server; /* of the clinic, https://HOST[:PORT]; default "": none */
	char *registry_key,
		*registry_mirror_key; /* public keys as text (lib/tlog/note.h); set with a server */
	char *registry_ca_file, *registry_certificate, *registry_key_file; /* PEM */
	uint32_t registry_escrow_days; /* how many days' cartridges are held in advance; default 2 */
	char *registry_witnesses;      /* policy file; default "": none */
	/* [plugin.NAME] */
	ConfigPlugin *plugins;
	size_t n_plugins;
} Config;

/**
 * Reads `path` and then the *.conf files of the folder `conf.d` beside it. The last file to set a key wins;
 * an error in any file is an error. On failure returns -EINVAL (or the errno of reading) and writes the first
 * error: file:line, key, what is allowed. Blocks on the disk.
 */
int config_load(const char *path, Config **ret, Error *error) _must_check_;

/**
 * Does the same with text in memory in place of one file called `name`; for checks before anything is saved.
 */
int config_parse(const char *text, size_t size, const char *name, Config **ret, Error *error) _must_check_;

/** The defaults, as from an empty file; for a daemon whose configuration was rejected. */
int config_defaults(Config **ret) _must_check_;
Config *config_free(Config *config);
DEFINE_CLEANUP(Config *, config_free, config_freep);

/** Writes every key with its current value, in the syntax of the file. */
void config_write(const Config *config, FILE *file);

/** Path of the ledger's file in the state folder; owned by the caller. NULL when out of memory. */
char *config_ledger(const Config *config);
/** Settings of one plugin; n = 0 when it has no section. Owned by the configuration. */
const StippleSetting *config_plugin(const Config *config, const char *plugin, size_t *ret_n);
