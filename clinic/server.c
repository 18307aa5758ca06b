/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The server's face to the network. It must not answer anybody whose certificate the clinic's authority did
 * not sign, and must not keep more of a request than SERVER_BODY_MAX.
 */

#include "server.h"

#include <netinet/in.h>
#include <string.h>

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>
#include <zlib.h>

#include "util/file.h"
#include "util/log.h"

enum { PEM_MAX = 256 * 1024 };

struct Server {
	const Clinic *clinic;
	struct MHD_Daemon *daemon;
	char *certificate, *key, *client_ca;
};

/* ---- who asks ---- */

/** The common name of the client's certificate, when the clinic's authority signed it. */
static bool read_client(struct MHD_Connection *connection, char ret[STATION_NAME_MAX])
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	size_t size = STATION_NAME_MAX;
	const gnutls_datum_t *chain;
	gnutls_x509_crt_t certificate;
	unsigned status, n;
	bool found = false;

	if (!info || gnutls_certificate_verify_peers2(info->tls_session, &status) < 0 || status != 0)
		return false;
	chain = gnutls_certificate_get_peers(info->tls_session, &n);
	if (!chain || n == 0 || gnutls_x509_crt_init(&certificate) < 0)
		return false;
	if (gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) >= 0)
		found = gnutls_x509_crt_get_dn_by_oid(
				certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, ret, &size) >= 0;
	gnutls_x509_crt_deinit(certificate);
	return found;
}

/* ---- requests ---- */

static const struct {
	const char *path, *type;
	Answer (*mirror)(const Mirror *mirror, const char *name, const char *body, size_t size);
	Answer (*registry)(const Registry *registry, const char *name, const char *body, size_t size);
} routes[] = {
	{ "/add-checkpoint", NULL, .mirror = mirror_add_checkpoint },
	{ "/add-entries", "application/octet-stream", .mirror = mirror_add_entries },
	{ "/registry/hold", "application/json", .registry = registry_hold },
	{ "/registry/claim", "application/json", .registry = registry_claim },
	{ "/registry/move", "application/json", .registry = registry_move },
	{ "/registry/boot", "application/json", .registry = registry_boot },
};

/** A request while it arrives. */
typedef struct Request {
	size_t route;
	bool packed, too_long, broken;
	z_stream unpack;
	char *body;
	size_t size, capacity;
	char name[STATION_NAME_MAX];
} Request;

static bool grow(Request *request, size_t more)
{
	size_t capacity = request->capacity ? request->capacity : 4096;
	char *body;

	if (more > SERVER_BODY_MAX - request->size) {
		request->too_long = true;
		return false;
	}
	while (capacity < request->size + more)
		capacity *= 2;
	if (capacity == request->capacity)
		return true;
	body = realloc(request->body, capacity);
	request->broken = !body;
	if (!body)
		return false;
	request->body = body;
	request->capacity = capacity;
	return true;
}

static void take_plain(Request *request, const char *data, size_t size)
{
	if (!grow(request, size))
		return;
	memcpy(request->body + request->size, data, size);
	request->size += size;
}

static void take_packed(Request *request, const char *data, size_t size)
{
	char part[16384];
	int r;

	request->unpack.next_in = (unsigned char *)data;
	request->unpack.avail_in = (unsigned)size;
	do {
		request->unpack.next_out = (unsigned char *)part;
		request->unpack.avail_out = sizeof part;
		r = inflate(&request->unpack, Z_NO_FLUSH);
		if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
			request->broken = true;
		else
			take_plain(request, part, sizeof part - request->unpack.avail_out);
	} while (r == Z_OK && request->unpack.avail_out == 0 && !request->too_long && !request->broken);
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, Answer answer)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(answer.size, answer.body, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result = MHD_NO;

	if (!response) {
		answer_clear(&answer);
		return MHD_NO;
	}
	if (answer.type &&
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.type) == MHD_YES &&
		MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_ENCODING, "gzip") == MHD_YES)
		result = MHD_queue_response(connection, answer.status, response);
	MHD_destroy_response(response);
	return result;
}

static Answer refuse_head(
	struct MHD_Connection *connection, const char *path, const char *method, Request *request)
{
	const char *type =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
	const char *encoding =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_ENCODING);

	for (request->route = 0; request->route < ELEMENTS(routes); request->route++)
		if (strcmp(routes[request->route].path, path) == 0)
			break;
	if (!read_client(connection, request->name))
		return answer_problem(401, "Unknown client",
			"the certificate is not one that this clinic's authority signed: enrol the station");
	if (request->route == ELEMENTS(routes))
		return answer_problem(404, "Unknown path", "nothing is at this path");
	if (strcmp(method, "POST") != 0)
		return answer_problem(405, "Wrong method", "this path takes POST");
	if (routes[request->route].type && (!type || strcmp(type, routes[request->route].type) != 0))
		return answer_problem(415, "Wrong type", "the body must be %s", routes[request->route].type);
	request->packed = encoding && strcmp(encoding, "gzip") == 0;
	if (encoding && !request->packed)
		return answer_problem(415, "Wrong encoding", "the body may be packed with gzip only");
	if (request->packed && inflateInit2(&request->unpack, 16 + MAX_WBITS) != Z_OK)
		return answer_text(500, "", NULL);
	return (Answer){ 0 };
}

static Answer answer_request(const Server *server, const Request *request)
{
	if (request->too_long)
		return answer_problem(413, "Too long",
			"a request has at most %d bytes: send fewer packages at once", SERVER_BODY_MAX);
	if (request->broken)
		return answer_problem(400, "Bad request", "the packed body cannot be unpacked");
	if (routes[request->route].mirror)
		return routes[request->route].mirror(&server->clinic->mirror, request->name,
			request->body ? request->body : "", request->size);
	return routes[request->route].registry(
		&server->clinic->registry, request->name, request->body ? request->body : "", request->size);
}

static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *data, size_t *size, void **state)
{
	const Server *server = userdata;
	Request *request = *state;

	if (!request) {
		Answer refusal;

		*state = request = calloc(1, sizeof *request);
		if (!request)
			return MHD_NO;
		refusal = refuse_head(connection, path, method, request);
		return refusal.status ? send_answer(connection, refusal) : MHD_YES;
	}
	if (*size > 0) {
		if (!request->too_long && !request->broken)
			(request->packed ? take_packed : take_plain)(request, data, *size);
		*size = 0;
		return MHD_YES;
	}
	return send_answer(connection, answer_request(server, request));
}

static void on_completed(
	void *userdata, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	Request *request = *state;

	if (!request)
		return;
	if (request->packed)
		inflateEnd(&request->unpack);
	free(request->body);
	free(request);
	*state = NULL;
}

/* ---- the server ---- */

static int read_pem(const char *path, char **ret, Error *error)
{
	size_t size;
	int r = file_read(path, PEM_MAX, ret, &size);

	return r < 0 ? error_set(error, r, "%s cannot be read: %s", path, strerror(-r)) : 0;
}

static int read_address(const ClinicConfig *config, struct sockaddr_storage *ret, Error *error)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *four = (struct sockaddr_in *)ret;

	memset(ret, 0, sizeof *ret);
	if (inet_pton(AF_INET6, config->address, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)config->port);
		return 0;
	}
	if (inet_pton(AF_INET, config->address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)config->port);
		return 0;
	}
	return error_set(error, -EINVAL, "[server] address: \"%s\" is no address", config->address);
}

static int listen_on(Server *server, const ClinicConfig *config, Error *error)
{
	struct sockaddr_storage address;
	int r = read_address(config, &address, error);
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_TLS |
			 (address.ss_family == AF_INET6 ? MHD_USE_DUAL_STACK : 0);

	if (r < 0)
		return r;
	server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, server,             /**/
		MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_HTTPS_MEM_CERT, server->certificate, /**/
		MHD_OPTION_HTTPS_MEM_KEY, server->key, MHD_OPTION_HTTPS_MEM_TRUST, server->client_ca,
		MHD_OPTION_HTTPS_PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2",
		MHD_OPTION_THREAD_POOL_SIZE, (unsigned)SERVER_THREADS, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)SERVER_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SERVER_IDLE_S,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	if (!server->daemon)
		return error_set(error, -EADDRINUSE,
			"cannot listen on %s port %u: is it in use, and do certificate and key belong together?",
			config->address, config->port);
	return 0;
}

int server_start(const ClinicConfig *config, const Clinic *clinic, Server **ret, Error *error)
{
	Server *server = calloc(1, sizeof *server);
	int r;

	if (!server)
		return error_set(error, -ENOMEM, "no memory");
	server->clinic = clinic;
	r = read_pem(config->certificate, &server->certificate, error);
	r = r < 0 ? r : read_pem(config->key, &server->key, error);
	r = r < 0 ? r : read_pem(config->client_ca, &server->client_ca, error);
	r = r < 0 ? r : listen_on(server, config, error);
	if (r < 0)
		server_stop(server);
	else
		*ret = server;
	return r;
}

unsigned server_port(const Server *server)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);

	return info ? info->port : 0;
}

Server *server_stop(Server *server)
{
	if (!server)
		return NULL;
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	free(server->certificate);
	free(server->key);
	free(server->client_ca);
	free(server);
	return NULL;
}
