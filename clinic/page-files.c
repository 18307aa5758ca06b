/* SPDX-License-Identifier: Apache-2.0 */

/** Serves the page's files from memory. It must not open anything that a request names. */

#include "page-files.h"

#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "util/digest.h"
#include "util/file.h"

#define CONFIG "config.json"
#define PAGE_POLICY                                                                                        \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws: " \
	"wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for "    \
	"'script'; trusted-types 'none'"

enum { FILES_MAX = 300, FILES_BYTES_MAX = 16 << 20, DEPTH_MAX = 4 };

typedef struct PageFile {
	char *path; /* from the folder */
	char *data;
	size_t size;
	const char *type;
	char tag[DIGEST_HEX_MAX + 2];
} PageFile;

struct PageFiles {
	size_t n, bytes;
	PageFile files[FILES_MAX];
};

static const char *type_of(const char *name)
{
	static const struct {
		const char *ending, *type;
	} types[] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".json", "application/json" },
		{ ".svg", "image/svg+xml" },
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < ELEMENTS(types); i++)
		if (strcmp(dot, types[i].ending) == 0)
			return types[i].type;
	return "text/plain; charset=utf-8";
}

/** The page's configuration says where its server is, which only the server knows. */
static int complete_config(PageFile *file, Error *error)
{
	json_auto_t *config = json_loadb(file->data, file->size, 0, NULL);
	char *text = NULL;

	if (json_is_object(config) && json_object_set_new(config, "server", json_string("page/")) == 0)
		text = json_dumps(config, JSON_INDENT(2));
	if (!text)
		return error_set(error, -EINVAL, "%s is no object of JSON", file->path);
	free(file->data);
	file->data = text;
	file->size = strlen(text);
	return 0;
}

static int keep_file(PageFiles *files, const char *full, const char *path, Error *error)
{
	char hex[DIGEST_HEX_MAX];
	PageFile *file = &files->files[files->n];
	int r;

	if (files->n == FILES_MAX)
		return error_set(error, -EINVAL, "the page's folder has more than %d files", FILES_MAX);
	r = file_read(full, FILES_BYTES_MAX - files->bytes, &file->data, &file->size);
	if (r < 0)
		return error_set(error, r, "%s cannot be read: %s", full, strerror(-r));
	file->path = strdup(path);
	files->n++; /* from here on it is freed with the others */
	if (!file->path)
		return error_set(error, -ENOMEM, "no memory");
	r = strcmp(path, CONFIG) == 0 ? complete_config(file, error) : 0;
	digest_hex(file->data, file->size, hex);
	snprintf(file->tag, sizeof file->tag, "\"%s\"", hex);
	file->type = type_of(path);
	files->bytes += file->size;
	return r;
}

/** What stands at `path` ("" or "NAME/...") of the folder, and below. */
static int read_below(PageFiles *files, const char *folder, const char *path, int depth, Error *error)
{
	_cleanup_(freep) char *here = NULL;
	_cleanup_(closedirp) DIR *dir = NULL;
	int r = 0;

	if (asprintf(&here, "%s/%s", folder, path) < 0)
		return error_set(error, -ENOMEM, "no memory");
	dir = opendir(here);
	if (!dir)
		return error_set(
			error, -errno, "the page's folder %s cannot be read: %s", here, strerror(errno));
	for (struct dirent *entry; r >= 0 && (entry = readdir(dir));) {
		_cleanup_(freep) char *name = NULL, *full = NULL;
		struct stat status;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&name, "%s%s", path, entry->d_name) < 0 ||
			asprintf(&full, "%s/%s", folder, name) < 0)
			return error_set(error, -ENOMEM, "no memory");
		if (lstat(full, &status) < 0 || (S_ISLNK(status.st_mode) && strcmp(name, CONFIG) != 0))
			continue;
		if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX) {
			_cleanup_(freep) char *below = NULL;

			r = asprintf(&below, "%s/", name) < 0 ? error_set(error, -ENOMEM, "no memory") : 0;
			r = r < 0 ? r : read_below(files, folder, below, depth + 1, error);
		} else if (!S_ISDIR(status.st_mode)) {
			r = keep_file(files, full, name, error);
		}
	}
	return r;
}

static const PageFile *find_file(const PageFiles *files, const char *path)
{
	for (size_t i = 0; i < files->n; i++)
		if (strcmp(files->files[i].path, path) == 0)
			return &files->files[i];
	return NULL;
}

int page_files_read(const char *folder, PageFiles **ret, Error *error)
{
	PageFiles *files = calloc(1, sizeof *files);
	int r = files ? read_below(files, folder, "", 0, error) : error_set(error, -ENOMEM, "no memory");

	if (r >= 0 && (!find_file(files, "index.html") || !find_file(files, CONFIG)))
		r = error_set(error, -EINVAL,
			"[page] folder: %s has no index.html or no " CONFIG
			": is the package stipple-dashboard installed?",
			folder);
	if (r < 0)
		page_files_free(files);
	else
		*ret = files;
	return r;
}

PageFiles *page_files_free(PageFiles *files)
{
	if (!files)
		return NULL;
	for (size_t i = 0; i < files->n; i++) {
		free(files->files[i].path);
		free(files->files[i].data);
	}
	free(files);
	return NULL;
}

Answer page_files_answer(const PageFiles *files, const char *path, const char *known)
{
	const PageFile *file = find_file(files, path[0] ? path : "index.html");
	bool same = file && known && strcmp(known, file->tag) == 0;
	char *body = NULL;
	Answer answer;

	if (!file)
		return answer_problem(404, "Unknown path", "nothing is at this path");
	body = malloc(file->size + 1);
	if (body)
		memcpy(body, file->data, same ? 0 : file->size);
	answer = answer_bytes(same ? 304 : 200, file->type, body, same ? 0 : file->size);
	answer_add_header(&answer, "Content-Security-Policy", PAGE_POLICY);
	answer_add_header(&answer, "X-Content-Type-Options", "nosniff");
	answer_add_header(&answer, "Cache-Control", "no-cache");
	answer_add_header(&answer, "ETag", file->tag);
	return answer;
}
