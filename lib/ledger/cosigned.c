/* SPDX-License-Identifier: Apache-2.0 */

/** The file of the cosigned checkpoint. It must not touch the ledger itself. */

#include "ledger/cosigned.h"

#include <string.h>

#include "ledger/beside.h"
#include "util/file.h"

int cosigned_read(const char *path, char **ret, Checkpoint *ret_checkpoint)
{
	_cleanup_(freep) char *note = NULL;
	size_t size, text_size;
	int r = beside_read(path, COSIGNED_SUFFIX, NOTE_SIZE_MAX, &note, &size);

	if (r < 0)
		return r;
	if (strlen(note) != size || note_read(note, size, &text_size, NULL) < 0 ||
		checkpoint_parse(note, text_size, ret_checkpoint, NULL) < 0)
		return -EINVAL;
	ret_checkpoint->extensions = NULL; /* within the note, which the caller may keep elsewhere */
	*ret = TAKE_PTR(note);
	return 0;
}

int cosigned_write(const char *path, const char *note)
{
	return file_write_beside(path, COSIGNED_SUFFIX, note, strlen(note));
}
