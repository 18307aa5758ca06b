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

/** Keys, ranges and defaults: configs/stippled.conf. All strings are the configuration's and never NULL (""
 * when unset). */
typedef struct Config {
	/* [station] */
	char *clinic, *station; /* identifiers; defaults "clinic", "station" */
	char *profile;          /* compliance profile; default "us-ca" */
	/* [paths] */
	char *state_folder;    /* default /var/lib/stipple: ledger.db, images/ */
	char *run_folder;      /* default /run/stipple: the socket between stippled and stipple-telemetryd */
	char *plugin_folder;   /* default <libdir>/stipple/plugins */
	char *protocol_folder; /* default <sysconfdir>/stipple/protocols */
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
	char *scanner_fnc1;   /* what it sends for FNC1 besides 0x1D: one character, or "" */
	/* [session] */
	uint32_t disk_min_mb;       /* default 500 */
	bool before_photo_required; /* default true */
	uint32_t reseat_max_s;      /* same chip put back within: default 60 */
	bool handpiece_required;    /* which handpiece is used must be on record; default false */
	/* [needle] */
	uint32_t life_strokes, life_min; /* of a cartridge; 0: no limit */
	uint32_t life_warn_percent;      /* of its life, at which to warn; default 80 */
	/* [sign-in] */
	uint32_t pin_attempts, pin_delay_s; /* attempts before a growing delay; its first length */
	/* [ledger] */
	char *log_origin; /* of a new ledger's log; "": stipple/<clinic>/<station> */
	uint32_t checkpoint_records, checkpoint_minutes; /* a checkpoint at the latest after */
	uint32_t commit_limit_ms; /* for which a commit or a stroke may wait before the needle is stopped */
	uint32_t strokes_waiting; /* how many may */
	uint32_t verify_hours;    /* between full verifications in the background; 0: on request only */
	/* [bus] */
	char *bus; /* "system" (default), "session", or an address */
	/* [mqtt] */
	bool mqtt_enabled;  /* default true */
	char *mqtt_host;    /* host name, address, or an absolute path of a Unix socket */
	uint32_t mqtt_port; /* never 0 once read: 8883 with TLS, 1883 without */
	char *mqtt_user, *mqtt_password_file;
	bool mqtt_tls;
	char *mqtt_ca_file, *mqtt_cert_file, *mqtt_key_file;
	uint32_t mqtt_in_flight;     /* 1 to 100, default 20 */
	uint32_t telemetry_ms;       /* live stream period, default 500 */
	uint32_t telemetry_expiry_s; /* default 5 */
	/* [plugin.NAME] */
	ConfigPlugin *plugins;
	size_t n_plugins;
} Config;

/**
 * Reads `path` and the files *.conf of the folder `conf.d` beside it; the last file to set a key wins, and
 * an error in any of them is an error. On failure returns -EINVAL (or the errno of reading) and
 * writes the first error: file:line, key, what is allowed. Blocks on the disk.
 */
int config_load(const char *path, Config **ret, Error *error) _must_check_;

/** The same from text in memory that stands for one file `name`; for checks before anything is saved. */
int config_parse(const char *text, size_t size, const char *name, Config **ret, Error *error) _must_check_;

/** The defaults, as an empty file would give; for a daemon whose configuration was rejected. */
int config_defaults(Config **ret) _must_check_;
Config *config_free(Config *config);
DEFINE_CLEANUP(Config *, config_free, config_freep);

/** Writes every key with its value in force, in the form of the file. */
void config_write(const Config *config, FILE *file);

/** The ledger's file, in the state folder; the caller's. NULL: out of memory. */
char *config_ledger(const Config *config);
/** Settings of one plugin; n = 0 when there is no such section. Owned by the configuration. */
const StippleSetting *config_plugin(const Config *config, const char *plugin, size_t *ret_n);
