/* SPDX-License-Identifier: Apache-2.0 */

/** Makes an auditor's files. It keeps nothing of them: the key is in the folder alone. */

#include "auditor.h"

#include <string.h>

#include "owned-file.h"
#include "util/text.h"

enum { AUDITOR_DAYS = 365 };

static int write_auditor_file(
	const char *folder, const char *name, const char *text, const Owner *owner, Error *error)
{
	_cleanup_(freep) char *path = NULL;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return error_set(error, -ENOMEM, "no memory");
	return owned_file_make(path, text, strlen(text), owner, 0600, error);
}

/** The keys of the registry and of the mirror's cosignatures, a line each. The caller frees it. */
static char *write_pinned_keys(const Program *program)
{
	const NoteSigner *cosigners[] = { program->mirror, program->mirror_ml_dsa };
	NoteVerifier verifier;
	char key[NOTE_KEY_MAX], *text = NULL;
	size_t size;
	FILE *lines = open_memstream(&text, &size);

	if (!lines)
		return NULL;
	note_verifier_write(note_signer_verifier(program->registry), key);
	(void)fprintf(lines, "%s\n", key);
	for (size_t i = 0; i < ELEMENTS(cosigners); i++) {
		if (!cosigners[i])
			continue;
		note_signer_cosigner(cosigners[i], &verifier);
		note_verifier_write(&verifier, key);
		(void)fprintf(lines, "%s\n", key);
	}
	if (fclose(lines) != 0)
		free(TAKE_PTR(text));
	return text;
}

static int write_auditor_folder(const Program *program, const CertificatePair *pair, const char *folder,
	const char *keys, Error *error)
{
	const struct {
		const char *name, *text;
	} files[] = {
		{ "ca.pem", authority_certificate(program->authority) },
		{ "auditor.pem", pair->certificate },
		{ "auditor.key", pair->key },
		{ "keys", keys },
	};
	Owner owner;
	int r = owner_find(NULL, &owner, error);

	r = r < 0 ? r : owned_folder_make(folder, &owner, 0700, error);
	for (size_t i = 0; i < ELEMENTS(files) && r >= 0; i++)
		r = write_auditor_file(folder, files[i].name, files[i].text, &owner, error);
	return r;
}

int auditor_run(Program *program, char **words, Error *error)
{
	_cleanup_(certificate_pair_clear) CertificatePair pair = { 0 };
	_cleanup_(freep) char *keys = write_pinned_keys(program);
	int r;

	if (!program->authority)
		return error_set(error, -ENOENT,
			"this server has no authority for certificates: set [authority], or run stipple-clinicd setup on a new server");
	if (!text_is_identifier(words[0], 63))
		return error_set(error, -EINVAL,
			"an auditor's name is of letters, digits, '-', '_' and '.', at most 63: \"%.80s\" is not",
			words[0]);
	if (!keys)
		return error_set(error, -ENOMEM, "no memory");
	r = authority_issue_auditor(program->authority, words[0], AUDITOR_DAYS, &pair, error);
	r = r < 0 ? r : write_auditor_folder(program, &pair, words[1], keys, error);
	if (r >= 0)
		printf("%s has the files of %s, for %d days: hand the folder over, as ~/.config/stipple/clinic, and delete it here\n",
			words[1], words[0], AUDITOR_DAYS);
	return r;
}
