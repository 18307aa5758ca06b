/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Where requests go. Each area has a table of routes in its own file and declares it here; main.c lists the
 * tables. A handler runs on one of SERVER_THREADS threads and may block on the database; what waits longer
 * than that answers later (answer.h).
 */

#include <stdbool.h>

#include "answer.h"

struct Clinic;

/** Who may ask. All but the last come to the stations' listener, the last to the page's. */
typedef enum RouteFor {
	ROUTE_STATION, /* whoever has a certificate of the clinic's authority; its name is request->name */
	ROUTE_AUDITOR, /* whoever's certificate says that it is an auditor's (OU=auditor), and nobody else */
	ROUTE_ANYBODY, /* also without a certificate; request->name is then "" */
	ROUTE_PEOPLE,  /* a browser; the handler asks for its own sign-in */
} RouteFor;

enum {
	REQUEST_NAME_MAX = 64,
	REQUEST_SERIAL_MAX = 41, /* hexadecimal of at most 20 bytes */
	REQUEST_ADDRESS_MAX = 46,
	REQUEST_ANYBODY_MAX = 64 * 1024, /* bytes that whoever has no certificate may send */
};

/** A request that arrived whole. All texts are valid until it is answered. */
typedef struct Request {
	const char *method, *path; /* the path is without its arguments */
	const char *rest;          /* of the path, where the route ends in '*' */
	char name[REQUEST_NAME_MAX], serial[REQUEST_SERIAL_MAX]; /* of the certificate */
	char address[REQUEST_ADDRESS_MAX];                       /* where it comes from */
	bool auditor;     /* the certificate is an auditor's: it is no station, whatever its name is */
	const char *body; /* never NULL */
	size_t size;
	bool woken;               /* the wait that the handler began is over */
	void *kept;               /* the handler's own, from its first run to the next; see `free` */
	void (*free)(void *kept); /* NULL: none. Called once, when the request was answered or given up */
	void *connection;         /* the server's */
} Request;

/** A header's value, or NULL. Names are compared without case. */
const char *request_header(const Request *request, const char *name);
/** The value of NAME=VALUE after the path's '?', decoded; NULL when it is not there. */
const char *request_argument(const Request *request, const char *name);
/** An argument that is a number of at most `max`; `usual` when it is not there. False for anything else. */
bool request_number(const Request *request, const char *name, unsigned long long usual,
	unsigned long long max, unsigned long long *ret);
/**
 * The header Stipple-Registry-Seen: the newest size of the registry's log that the station verified; 0 when
 * it is not there. False when it is no number.
 */
bool request_seen(const Request *request, unsigned long long *ret);
const char *request_cookie(const Request *request, const char *name);
/** Ends the wait that the request's handler began with an AnswerLater. Any thread; once for each wait. */
void request_wake(Request *request);

typedef struct Route {
	const char *method; /* NULL ends a table */
	const char *path;   /* "/stations", or "/audit" followed by a slash and '*': all below that */
	RouteFor who;
	const char *type; /* the media type that the body must have; NULL: any */
	Answer (*handler)(const struct Clinic *clinic, Request *request);
} Route;

extern const Route audit_routes[], enrolment_routes[], mirror_routes[], page_routes[], registry_routes[];

/** The route of a path in the tables `areas`, NULL at the end; NULL none. *ret_other: one with another method
 * has that path. */
const Route *route_find(const Route *const *areas, bool people, const char *method, const char *path,
	const char **ret_rest, bool *ret_other);
