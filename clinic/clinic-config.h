/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The configuration of the clinic's server: /etc/stipple-clinic/clinicd.conf and the files of conf.d beside
 * it. */

#include "util/error.h"

typedef struct ClinicConfig {
	char *address, *certificate, *key, *client_ca; /* files are in PEM */
	unsigned port;
	char *page_address;                /* of the page for people */
	unsigned page_port;                /* 0: no page */
	char *page_folder;                 /* of its files */
	char *page_certificate, *page_key; /* "": the server's */
	char *connection;                  /* to the database, as libpq takes it */
	char *patroni;           /* addresses of the REST interfaces, with blanks between; "" none */
	char *mirror_key;        /* the file of the key that cosigns what is mirrored */
	char *mirror_ml_dsa_key; /* the same with ML-DSA-44; "" none */
	char *witness_key;       /* the file of the key that cosigns as a witness; "" none */
	char *registry_key;      /* the file of the key that signs the registry's log */
	char *host;              /* by which stations reach the server; "" not said */
	char *authority_certificate, *authority_key; /* files; "" certificates are made elsewhere */
	char *backup_folder; /* of backups; the oldest but backup_keep are deleted there */
	unsigned backup_keep;
	char *recovery;        /* the file of the code that the keys of backups are encrypted with; "" none */
	unsigned station_days; /* of a station's certificate, 2 to 825 */
} ClinicConfig;

/** -EINVAL, or the errno of reading, with file, line and reason in `error`. Blocks on the disk. */
int clinic_config_load(const char *path, ClinicConfig *ret, Error *error) _must_check_;
void clinic_config_clear(ClinicConfig *config);
