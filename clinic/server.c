/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The server's face to the network: it listens, has requests answered, and sends the answers. It must not
 * block a thread that carries bytes.
 */

#include "server.h"

#include <netinet/in.h>
#include <string.h>

#include <arpa/inet.h>
#include <microhttpd.h>

#include "server-arrival.h"
#include "util/file.h"
#include "util/log.h"

enum { PEM_MAX = 256 * 1024 };

/** A port: of the stations, or of the page. */
typedef struct Listener {
	Server *server;
	bool people;
	char *certificate, *key;   /* in PEM */
	struct MHD_Daemon *daemon; /* NULL: it does not listen */
} Listener;

struct Server {
	const Clinic *clinic;
	Work *work;
	Listener stations, page;
	char *client_ca;
};

/* ---- answers ---- */

/** Gives what is made of a stream; when there is nothing, the connection waits for the next part. */
static ssize_t send_part(void *userdata, uint64_t position, char *data, size_t size)
{
	Job *job = userdata;
	size_t left = job->part_size - job->part_sent;

	if (job->part_failed)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (job->part_last)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (left == 0)
		return work_fill(job->work, job) ? 0 : MHD_CONTENT_READER_END_WITH_ERROR;
	if (size > left)
		size = left;
	memcpy(data, job->part + job->part_sent, size);
	job->part_sent += size;
	return (ssize_t)size;
}

static bool add_headers(const Server *server, struct MHD_Response *response, const Answer *answer)
{
	char timeline[16];
	bool done = true;

	snprintf(timeline, sizeof timeline, "%u",
		answer->timeline ? answer->timeline : database_timeline(server->clinic->database));
	done = answer->type &&
	       MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type) == MHD_YES &&
	       MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_ENCODING, "gzip") == MHD_YES &&
	       MHD_add_response_header(response, "Stipple-Timeline", timeline) == MHD_YES;
	for (size_t i = 0; i < ANSWER_HEADERS_MAX && answer->headers[i].name && done; i++)
		done = MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value) ==
		       MHD_YES;
	return done;
}

/** Sends the job's answer. */
static enum MHD_Result send_answer(const Server *server, Job *job)
{
	Answer *answer = &job->answer;
	struct MHD_Response *response = NULL;
	enum MHD_Result result = MHD_NO;

	if (answer->stream.read) {
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 32768, send_part, job, NULL);
	} else {
		response = MHD_create_response_from_buffer(answer->size, answer->body,
			answer->body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
		if (response)
			answer->body = NULL;
	}
	if (!response)
		return MHD_NO;
	if (add_headers(server, response, answer))
		result = MHD_queue_response(job->request.connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result send_refusal(const Server *server, Job *job, Answer refusal)
{
	job->answer = refusal;
	return send_answer(server, job);
}

/* ---- requests ---- */

static enum MHD_Result begin_answer(const Server *server, Arrival *arrival)
{
	Job *job = arrival_job(arrival);
	Answer refusal = arrival_judge_body(arrival);

	if (refusal.status)
		return send_refusal(server, job, refusal);
	if (job->request.name[0])
		page_note_station(server->clinic->page, job->request.name);
	if (work_begin(server->work, job))
		return MHD_YES;
	return send_refusal(server, job,
		answer_problem(503, "Server ends", "the server is ending: ask again in a moment"));
}

static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *data, size_t *size, void **state)
{
	const Listener *listener = userdata;
	Arrival *arrival = *state;
	Answer refusal;

	if (!arrival) {
		*state = arrival = arrival_new(connection, method, path);
		if (!arrival)
			return MHD_NO;
		refusal = arrival_judge_head(arrival, listener->server->clinic->routes, listener->people);
		return refusal.status ? send_refusal(listener->server, arrival_job(arrival), refusal)
				      : MHD_YES;
	}
	if (*size > 0) {
		arrival_take(arrival, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (arrival_job(arrival)->state == JOB_ANSWERED)
		return send_answer(listener->server, arrival_job(arrival));
	return begin_answer(listener->server, arrival);
}

static void on_completed(
	void *userdata, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	if (*state)
		work_end(arrival_job(*state));
	*state = arrival_free(*state);
}

/* ---- the server ---- */

static int read_pem(const char *path, char **ret, Error *error)
{
	size_t size;
	int r = file_read(path, PEM_MAX, ret, &size);

	return r < 0 ? error_set(error, r, "%s cannot be read: %s", path, strerror(-r)) : 0;
}

static int read_address(
	const char *section, const char *text, unsigned port, struct sockaddr_storage *ret, Error *error)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *four = (struct sockaddr_in *)ret;

	memset(ret, 0, sizeof *ret);
	if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		return 0;
	}
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		return 0;
	}
	return error_set(error, -EINVAL, "[%s] address: \"%s\" is no address", section, text);
}

static int listen_on(Listener *listener, const char *section, const char *text, unsigned port, Error *error)
{
	Server *server = listener->server;
	struct sockaddr_storage address;
	int r = read_address(section, text, port, &address, error);
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_TLS |
			 MHD_ALLOW_SUSPEND_RESUME | (address.ss_family == AF_INET6 ? MHD_USE_DUAL_STACK : 0);
	struct MHD_OptionItem options[] = {
		{ listener->people ? MHD_OPTION_END : MHD_OPTION_HTTPS_MEM_TRUST, 0, server->client_ca },
		{ MHD_OPTION_END, 0, NULL },
	};

	if (r < 0)
		return r;
	listener->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, listener,           /**/
		MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_HTTPS_MEM_CERT, listener->certificate, /**/
		MHD_OPTION_HTTPS_MEM_KEY, listener->key, MHD_OPTION_ARRAY, options,               /**/
		MHD_OPTION_HTTPS_PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2",
		MHD_OPTION_THREAD_POOL_SIZE, (unsigned)SERVER_NET_THREADS, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)SERVER_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SERVER_IDLE_S,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	if (!listener->daemon)
		return error_set(error, -EADDRINUSE,
			"cannot listen on %s port %u: is it in use, and do certificate and key belong together?",
			text, port);
	return 0;
}

static int tls_read_certificate(Listener *listener, const char *certificate, const char *key, Error *error)
{
	int r = read_pem(certificate, &listener->certificate, error);

	return r < 0 ? r : read_pem(key, &listener->key, error);
}

/** Browsers know other authorities than the clinic's own: the page may have a certificate of one of those. */
static int read_page_certificate(Listener *listener, const ClinicConfig *config, Error *error)
{
	bool own = config->page_certificate[0] != '\0';

	if (own != (config->page_key[0] != '\0'))
		return error_set(error, -EINVAL, "[page] certificate and key: set both, or neither");
	return tls_read_certificate(listener, own ? config->page_certificate : config->certificate,
		own ? config->page_key : config->key, error);
}

static void clear_certificate(Listener *listener)
{
	free(listener->certificate);
	free(listener->key);
}

static int listen_for_all(Server *server, const ClinicConfig *config, Error *error)
{
	int r = listen_on(&server->stations, "server", config->address, config->port, error);

	if (r >= 0 && config->page_port > 0)
		r = listen_on(&server->page, "page", config->page_address, config->page_port, error);
	return r;
}

int server_start(const ClinicConfig *config, const Clinic *clinic, Server **ret, Error *error)
{
	Server *server = calloc(1, sizeof *server);
	int r;

	if (!server)
		return error_set(error, -ENOMEM, "no memory");
	server->clinic = clinic;
	server->stations = (Listener){ .server = server };
	server->page = (Listener){ .server = server, .people = true };
	r = tls_read_certificate(&server->stations, config->certificate, config->key, error);
	r = r < 0 ? r : read_page_certificate(&server->page, config, error);
	r = r < 0 ? r : read_pem(config->client_ca, &server->client_ca, error);
	if (r >= 0 && work_start(clinic, SERVER_THREADS, &server->work) < 0)
		r = error_set(error, -EAGAIN, "the system gives no further thread: is its limit reached?");
	r = r < 0 ? r : listen_for_all(server, config, error);
	if (r < 0)
		server_stop(server);
	else
		*ret = server;
	return r;
}

unsigned server_port(const Server *server)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->stations.daemon, MHD_DAEMON_INFO_BIND_PORT);

	return info ? info->port : 0;
}

Server *server_stop(Server *server)
{
	if (!server)
		return NULL;
	if (server->work)
		work_drain(server->work);
	if (server->stations.daemon)
		MHD_stop_daemon(server->stations.daemon);
	if (server->page.daemon)
		MHD_stop_daemon(server->page.daemon);
	work_free(server->work);
	clear_certificate(&server->stations);
	clear_certificate(&server->page);
	free(server->client_ca);
	free(server);
	return NULL;
}
