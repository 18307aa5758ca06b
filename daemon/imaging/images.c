/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The files of photographs: finding them at the start, and opening one to hand it out. It must not follow a
 * link, wait on a file that is not a regular file, or delete a file whose name the station did not make. It
 * blocks on the disk.
 */

#include "imaging/images.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/image-name.h"
#include "util/digest-file.h"
#include "util/file.h"
#include "util/log.h"

static void delete_unfinished(const char *folder, const char *file)
{
	int r = file_erase(folder, file);

	if (r < 0)
		log_warning("%s/%s, a photograph cut short, cannot be deleted (%s): delete it", folder, file,
			strerror(-r));
	else
		log_notice("%s/%s was deleted: a photograph cut short", folder, file);
}

int images_find(const char *folder, json_t **ret)
{
	_cleanup_(closedirp) DIR *dir = opendir(folder);
	json_auto_t *found = json_array();
	ImageName name;

	if (!dir && errno != ENOENT)
		return -errno;
	for (struct dirent *entry; dir && (errno = 0, entry = readdir(dir));) {
		char whole[NAME_MAX + 1];

		if (image_name_parse(entry->d_name, &name)) {
			if (json_array_append_new(found, json_string(entry->d_name)) < 0)
				return -ENOMEM;
		} else if (file_is_unfinished(entry->d_name, whole) && image_name_parse(whole, &name)) {
			delete_unfinished(folder, entry->d_name);
		}
	}
	if (dir && errno != 0)
		return -errno;
	if (!found)
		return -ENOMEM;
	*ret = json_incref(found);
	return 0;
}

int images_open(const char *path, char ret_sha256[DIGEST_HEX_MAX])
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	r = digest_file(fd, ret_sha256);
	if (r < 0)
		return r;
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : TAKE_FD(fd);
}
