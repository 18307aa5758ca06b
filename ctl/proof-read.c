/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads evidence that somebody kept of a log (keys, proofs, notes, saved messages) and reports what it
 * proves. It must trust nothing but the public keys that it was given, and needs no ledger.
 */

#include "proof.h"

#include <errno.h>
#include <string.h>

#include "report/proof-code.h"
#include "tlog/checkpoint.h"
#include "util/clock.h"
#include "util/file.h"

int proof_read_keys(const Ctl *ctl, KnownKeys *ret)
{
	_cleanup_(freep) char *keys = ctl->key ? strdup(ctl->key) : NULL;
	char *rest = NULL;
	Error why;

	ret->n = 0;
	if (!keys)
		return ctl->key ? ctl_fail("out of memory") : proof_add_policy_keys(ctl, ret);
	for (char *key = strtok_r(keys, " \n", &rest); key; key = strtok_r(NULL, " \n", &rest)) {
		if (ret->n == KNOWN_KEYS_MAX)
			return ctl_usage("--key: more than %d keys", KNOWN_KEYS_MAX);
		if (note_verifier_parse(key, &ret->keys[ret->n++], &why) < 0)
			return ctl_usage("--key: %s", why.text);
	}
	return ret->n > 0 ? proof_add_policy_keys(ctl, ret) : ctl_usage("--key: there is none in it");
}

int proof_read_text(const char *file, char **ret, size_t *ret_size)
{
	_cleanup_(freep) char *text = NULL;
	size_t size = 0;
	int r = file_read(file, PROOF_FILE_MAX, &text, &size);

	if (r < 0)
		return ctl_fail("%s: %s", file, r == -ESPIPE ? "it is no ordinary file" : strerror(-r));
	if (memchr(text, '\0', size))
		return ctl_fail("%s: it has NUL bytes; it is no text", file);
	*ret = TAKE_PTR(text);
	*ret_size = size;
	return CTL_DONE;
}

const char *proof_note_of(const json_t *message)
{
	const char *note = json_string_value(json_object_get(message, "checkpoint"));

	return note ? note : json_string_value(json_object_get(message, "note"));
}

int proof_each_message(const char *file, char *text, ProofEach each, void *userdata)
{
	unsigned number = 0;
	int status = CTL_DONE;

	for (char *line = text, *next; line && *line && status == CTL_DONE; line = next) {
		json_auto_t *message = NULL;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		number++;
		message = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		if (!proof_note_of(message))
			return ctl_fail("%s: line %u is no message with a checkpoint", file, number);
		status = each(userdata, number, message);
	}
	return status;
}

int proof_read_proof(const char *file, char **ret, size_t *ret_size)
{
	_cleanup_(freep) char *text = NULL, *proof = NULL;
	int r, status = proof_read_text(file, &text, ret_size);

	if (status != CTL_DONE || !text || !proof_code_is(text)) {
		*ret = TAKE_PTR(text);
		return status;
	}
	r = proof_code_read(text, &proof);
	if (r < 0)
		return ctl_fail(
			"%s: the code was not read whole (%s): scan it again, larger", file, strerror(-r));
	*ret_size = strlen(proof);
	*ret = TAKE_PTR(proof);
	return CTL_DONE;
}

static int keep_last(void *userdata, unsigned line, const json_t *message)
{
	char **last = userdata;

	free(*last);
	*last = strdup(proof_note_of(message));
	return *last ? CTL_DONE : ctl_fail("out of memory");
}

int proof_read_checkpoint(const char *file, char **ret, size_t *ret_size)
{
	_cleanup_(freep) char *text = NULL, *last = NULL;
	int status = proof_read_text(file, &text, ret_size);

	if (status != CTL_DONE || !text || text[0] != '{') {
		*ret = TAKE_PTR(text);
		return status;
	}
	status = proof_each_message(file, text, keep_last, &last);
	if (status != CTL_DONE)
		return status;
	if (last) {
		*ret_size = strlen(last);
		*ret = TAKE_PTR(last);
	}
	return CTL_DONE;
}

int proof_refuse(const char *file, int r, const char *why)
{
	return ctl_fail("%s: %s%s", file, why,
		r == -ENOKEY ? "; after a change of the key give all that you trust: --key \"KEY KEY\"" : "");
}

/**
 * Lists the witnesses whose cosignatures were checked, each with the time at which it says that it saw the
 * log.
 */
static json_t *witnesses_of(const KnownKeys *known, const NoteOpened *opened)
{
	json_auto_t *witnesses = json_array();

	for (size_t i = 0; witnesses && i < opened->n_cosigned; i++) {
		const NoteCosigned *one = &opened->cosigned[i];
		char utc[CLOCK_UTC_TEXT_MAX] = "";
		json_t *witness;

		/* a time too large to be written cannot be real */
		if (one->utc_s > 0 && one->utc_s < 253402300800)
			clock_format_utc(one->utc_s * USEC_PER_SEC, utc);
		witness = json_pack(
			"{s:s, s:s*}", "witness", known->keys[one->key].name, "seen", utc[0] ? utc : NULL);
		if (json_array_append_new(witnesses, witness) < 0)
			return NULL;
	}
	return TAKE_PTR(witnesses);
}

int proof_tell_verified(
	const Ctl *ctl, const KnownKeys *known, const char *note, size_t size, const char *what)
{
	json_auto_t *fields = NULL, *witnesses = NULL;
	Error why;
	Checkpoint checkpoint;
	const json_t *witness;
	NoteOpened opened;
	size_t i;
	int r = checkpoint_open(note, size, known->keys, known->n, NULL, &checkpoint, &opened, &why);

	if (r < 0)
		return proof_refuse(ctl->proof, r, why.text);
	if (!proof_satisfies_policy(ctl, known, note, size))
		return CTL_FAILED;
	fields = json_pack("{s:s, s:s, s:I, s:s}", "proved", what, "log", checkpoint.origin, "size",
		(json_int_t)checkpoint.size, "signed", known->keys[opened.signed_by].name);
	witnesses = witnesses_of(known, &opened);
	if (!fields || !witnesses)
		return ctl_fail("out of memory");
	if (ctl->json && json_array_size(witnesses) > 0)
		json_object_set(fields, "cosigned", witnesses);
	ctl_print_fields(ctl, fields);
	if (ctl->json)
		return CTL_DONE;
	json_array_foreach (witnesses, i, witness) {
		const char *seen = json_string_value(json_object_get(witness, "seen"));

		printf("%-16s %s%s%s\n", "cosigned", json_string_value(json_object_get(witness, "witness")),
			seen ? ", which saw it at " : "", seen ? seen : "");
	}
	return CTL_DONE;
}
