/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Takes requests off the network. It must not take a station's request from anybody whose certificate the
 * clinic's authority did not sign, and must not keep more of a body than SERVER_BODY_MAX.
 */

#include "server-arrival.h"

#include <netinet/in.h>
#include <string.h>

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>
#include <zlib.h>

#include "server.h"
#include "tlog/merkle.h"
#include "util/digest.h"

struct Arrival {
	Job job;
	bool packed, too_long, broken;
	z_stream unpack;
	char *method, *path, *body;
	size_t size, capacity;
};

/* ---- who asks ---- */

/** Whether the authority wrote into a certificate that it is an auditor's. */
static bool is_auditor(gnutls_x509_crt_t certificate)
{
	char unit[REQUEST_NAME_MAX];
	size_t size = sizeof unit;

	for (unsigned i = 0; gnutls_x509_crt_get_dn_by_oid(certificate,
				     GNUTLS_OID_X520_ORGANIZATIONAL_UNIT_NAME, i, 0, unit, &size) >= 0;
		i++, size = sizeof unit)
		if (strcmp(unit, "auditor") == 0)
			return true;
	return false;
}

/** Name and serial number of a certificate, and whether it is an auditor's. */
static bool server_read_certificate(const gnutls_datum_t *der, Request *request)
{
	unsigned char serial[(REQUEST_SERIAL_MAX - 1) / 2];
	size_t size = REQUEST_NAME_MAX, n = sizeof serial;
	gnutls_x509_crt_t certificate;
	bool found;

	if (gnutls_x509_crt_init(&certificate) < 0)
		return false;
	found = gnutls_x509_crt_import(certificate, der, GNUTLS_X509_FMT_DER) >= 0 &&
		gnutls_x509_crt_get_dn_by_oid(
			certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, request->name, &size) >= 0 &&
		gnutls_x509_crt_get_serial(certificate, serial, &n) >= 0;
	if (found)
		hex_encode(serial, n, request->serial);
	request->auditor = found && is_auditor(certificate);
	gnutls_x509_crt_deinit(certificate);
	return found;
}

/** Who the client is, when the clinic's authority signed its certificate, and did so for a client. */
static bool read_client(struct MHD_Connection *connection, Request *request)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	gnutls_typed_vdata_st purpose = { GNUTLS_DT_KEY_PURPOSE_OID,
		(unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT, 0 };
	const gnutls_datum_t *chain;
	unsigned status, n;

	if (!info || gnutls_certificate_verify_peers(info->tls_session, &purpose, 1, &status) < 0 ||
		status != 0)
		return false;
	chain = gnutls_certificate_get_peers(info->tls_session, &n);
	return chain && n > 0 && server_read_certificate(&chain[0], request);
}

static void read_address_of(struct MHD_Connection *connection, char ret[REQUEST_ADDRESS_MAX])
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;

	ret[0] = '\0';
	if (address && address->sa_family == AF_INET)
		inet_ntop(
			AF_INET, &((const struct sockaddr_in *)address)->sin_addr, ret, REQUEST_ADDRESS_MAX);
	if (address && address->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, ret,
			REQUEST_ADDRESS_MAX);
}

/* ---- what a handler reads ---- */

const char *request_header(const Request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *request_argument(const Request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *request_cookie(const Request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, name);
}

/** Digits only, at most `max`. */
static bool read_number(const char *text, unsigned long long max, unsigned long long *ret)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *ret <= max;
}

bool request_number(const Request *request, const char *name, unsigned long long usual,
	unsigned long long max, unsigned long long *ret)
{
	const char *text = request_argument(request, name);

	*ret = usual;
	return !text || read_number(text, max, ret);
}

bool request_seen(const Request *request, unsigned long long *ret)
{
	const char *text = request_header(request, "Stipple-Registry-Seen");

	*ret = 0;
	return !text || read_number(text, MERKLE_SIZE_MAX, ret);
}

/* ---- bodies ---- */

static bool grow(Arrival *arrival, size_t more)
{
	size_t capacity = arrival->capacity ? arrival->capacity : 4096;
	size_t limit = arrival->job.route->who == ROUTE_STATION ? SERVER_BODY_MAX : REQUEST_ANYBODY_MAX;
	char *body;

	if (more > limit - arrival->size) {
		arrival->too_long = true;
		return false;
	}
	while (capacity < arrival->size + more)
		capacity *= 2;
	if (capacity == arrival->capacity)
		return true;
	body = realloc(arrival->body, capacity);
	arrival->broken = !body;
	if (!body)
		return false;
	arrival->body = body;
	arrival->capacity = capacity;
	return true;
}

static void server_take_plain(Arrival *arrival, const char *data, size_t size)
{
	if (!grow(arrival, size))
		return;
	memcpy(arrival->body + arrival->size, data, size);
	arrival->size += size;
}

static void take_packed(Arrival *arrival, const char *data, size_t size)
{
	char part[16384];
	int r;

	arrival->unpack.next_in = (unsigned char *)data;
	arrival->unpack.avail_in = (unsigned)size;
	do {
		arrival->unpack.next_out = (unsigned char *)part;
		arrival->unpack.avail_out = sizeof part;
		r = inflate(&arrival->unpack, Z_NO_FLUSH);
		if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
			arrival->broken = true;
		else
			server_take_plain(arrival, part, sizeof part - arrival->unpack.avail_out);
	} while (r == Z_OK && arrival->unpack.avail_out == 0 && !arrival->too_long && !arrival->broken);
}

void arrival_take(Arrival *arrival, const char *data, size_t size)
{
	if (!arrival->too_long && !arrival->broken)
		(arrival->packed ? take_packed : server_take_plain)(arrival, data, size);
}

/* ---- judging ---- */

static Answer judge_encoding(Arrival *arrival)
{
	const char *encoding = request_header(&arrival->job.request, MHD_HTTP_HEADER_CONTENT_ENCODING);

	arrival->packed = encoding && strcmp(encoding, "gzip") == 0;
	if (encoding && !arrival->packed)
		return answer_problem(415, "Wrong encoding", "the body may be packed with gzip only");
	if (arrival->packed && inflateInit2(&arrival->unpack, 16 + MAX_WBITS) != Z_OK) {
		arrival->packed = false;
		return answer_text(500, "", NULL);
	}
	return (Answer){ 0 };
}

Answer arrival_judge_head(Arrival *arrival, const Route *const *routes, bool people)
{
	Job *job = &arrival->job;
	Request *request = &job->request;
	const char *type = request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
	bool other, known = !people && read_client(request->connection, request);

	read_address_of(request->connection, request->address);
	if (!known)
		request->name[0] = request->serial[0] = '\0';
	job->route = route_find(routes, people, request->method, request->path, &request->rest, &other);
	if (!people && !known && (!job->route || job->route->who != ROUTE_ANYBODY))
		return answer_problem(401, "Unknown client",
			"the certificate is not one that this clinic's authority signed: enrol the station");
	if (!job->route && other)
		return answer_problem(405, "Wrong method", "this path does not take %.16s", request->method);
	if (!job->route)
		return answer_problem(404, "Unknown path", "nothing is at this path");
	if (job->route->who == ROUTE_AUDITOR && !request->auditor)
		return answer_problem(403, "Not an auditor",
			"only an auditor's certificate may read the records: ask the clinic's administrator for one");
	if (job->route->who == ROUTE_STATION && request->auditor)
		return answer_problem(
			403, "An auditor", "an auditor's certificate only reads: use a station's own");
	if (job->route->type && (!type || strcmp(type, job->route->type) != 0))
		return answer_problem(415, "Wrong type", "the body must be %s", job->route->type);
	return judge_encoding(arrival);
}

Answer arrival_judge_body(Arrival *arrival)
{
	arrival->job.request.body = arrival->body ? arrival->body : "";
	arrival->job.request.size = arrival->size;
	if (arrival->too_long)
		return answer_problem(413, "Too long",
			"a request has at most %d bytes: send fewer packages at once",
			arrival->job.route->who == ROUTE_STATION ? SERVER_BODY_MAX : REQUEST_ANYBODY_MAX);
	if (arrival->broken)
		return answer_problem(400, "Bad request", "the packed body cannot be unpacked");
	return (Answer){ 0 };
}

/* ---- its life ---- */

Arrival *arrival_new(void *connection, const char *method, const char *path)
{
	Arrival *arrival = calloc(1, sizeof *arrival);

	if (!arrival)
		return NULL;
	arrival->method = strdup(method);
	arrival->path = strdup(path);
	if (!arrival->method || !arrival->path)
		return arrival_free(arrival);
	arrival->job.request = (Request){
		.method = arrival->method,
		.path = arrival->path,
		.rest = "",
		.body = "",
		.connection = connection,
	};
	return arrival;
}

Arrival *arrival_free(Arrival *arrival)
{
	if (!arrival)
		return NULL;
	if (arrival->job.request.free)
		arrival->job.request.free(arrival->job.request.kept);
	answer_clear(&arrival->job.answer);
	free(arrival->job.part);
	if (arrival->packed)
		inflateEnd(&arrival->unpack);
	free(arrival->method);
	free(arrival->path);
	free(arrival->body);
	free(arrival);
	return NULL;
}

Job *arrival_job(Arrival *arrival)
{
	return &arrival->job;
}
