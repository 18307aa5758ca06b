/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Checks the saved messages of the topic `checkpoint`: each must prove that it continues the one before. It
 * trusts nothing but the public keys that it was given, and those that they vouch for.
 */

#include "proof.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tlog/proof.h"

#define CUT_SHORT                                           \
	"the log had %" PRIu64 " entries and then %" PRIu64 \
	": it was cut short, or an older copy took its place"

typedef struct Chain {
	const char *file;
	KnownKeys *known;
	Checkpoint last;
	char *note;     /* of the last checkpoint */
	json_t *seen;   /* the root hash of each checkpoint so far, by size */
	uint64_t first; /* size of the first checkpoint */
	unsigned n;     /* checkpoints so far, one a line, without repeated ones */
	unsigned line,
		behind; /* of the last; of one that was sent again, until it is caught up with; 0 none */
	uint64_t behind_size;
	unsigned epochs; /* how often the log continued under another origin after a backup was restored */
} Chain;

/** A cleanup function. */
static void chain_done(Chain *chain)
{
	json_decref(chain->seen);
	free(chain->note);
}

/** Writes the message's proof as text, so that one parser reads all proofs. The caller frees the result. */
static char *message_to_proof(const json_t *message)
{
	const json_t *previous = json_object_get(json_object_get(message, "previous"), "size"), *hash;
	char *text = NULL;
	size_t size, i;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return NULL;
	(void)fprintf(file, "old %" JSON_INTEGER_FORMAT "\n", json_integer_value(previous));
	json_array_foreach (json_object_get(message, "consistency"), i, hash)
		(void)fprintf(file, "%s\n", json_is_string(hash) ? json_string_value(hash) : "?");
	(void)fprintf(file, "\n%s", proof_note_of(message));
	if (fclose(file) != 0)
		free(TAKE_PTR(text));
	return text;
}

static int prove_link(const Chain *chain, const json_t *message, const Checkpoint *next, Error *why)
{
	const Checkpoint *last = &chain->last;
	_cleanup_(freep) char *text = message_to_proof(message);
	ConsistencyProof proof;
	int r;

	if (!text)
		return error_set(why, -ENOMEM, "out of memory");
	r = consistency_proof_parse(text, strlen(text), &proof, why);
	if (r < 0)
		return r;
	/* a broker delivers its retained message again, with a proof that starts from an older checkpoint */
	if (next->size == last->size) {
		proof.old_size = next->size;
		proof.path.n = 0;
	}
	r = consistency_proof_verify(&proof, last, chain->known->keys, chain->known->n, NULL, why);
	if (r < 0 && r != -EXDEV && next->size < last->size)
		return error_set(why, r, CUT_SHORT, last->size, next->size);
	if (r == -ERANGE)
		return error_set(why, r,
			"the proof starts at %" PRIu64 " entries, not at %" PRIu64
			": what came between was not saved; audit witness compares with the ledger",
			proof.old_size, last->size);
	return r;
}

/**
 * A station that was killed may send checkpoints again. That does not mean an older copy of the ledger, as
 * long as the next messages reach the size that was seen before.
 */
static bool is_repeated_checkpoint(Chain *chain, const Checkpoint *next)
{
	char size[24], root[MERKLE_HASH_TEXT_MAX];
	const char *before;

	snprintf(size, sizeof size, "%" PRIu64, next->size);
	merkle_write_hash(&next->root, root);
	before = json_string_value(json_object_get(chain->seen, size));
	if (!before)
		json_object_set_new(chain->seen, size, json_string(root));
	return before && next->size < chain->last.size && strcmp(before, root) == 0 &&
	       strcmp(next->origin, chain->last.origin) == 0;
}

/**
 * A restored backup continues under another origin, and the previous key vouches for its key. What was
 * recorded after the backup is lost, which is reported.
 */
static bool begin_witnessed_epoch(Chain *chain, const json_t *message, unsigned line)
{
	const char *statement = json_string_value(json_object_get(message, "statement")), *key;
	char next[NOTE_KEY_MAX];
	KnownKeys *known = chain->known;
	NoteVerifier verifier;
	Checkpoint checkpoint;
	NoteOpened opened;
	size_t text;
	const char *note = proof_note_of(message);

	if (!statement || known->n == KNOWN_KEYS_MAX ||
		note_open(statement, strlen(statement), known->keys, known->n, &opened, NULL) < 0 ||
		!opened.signed_for_origin ||
		strcmp(known->keys[opened.signed_by].name, chain->last.origin) != 0)
		return false;
	key = strchr(statement, '\n');
	if (!key || strncmp(key, PROOF_NEXT_KEY, sizeof PROOF_NEXT_KEY - 1) != 0)
		return false;
	key += sizeof PROOF_NEXT_KEY - 1;
	snprintf(next, sizeof next, "%.*s", (int)strcspn(key, "\n"), key);
	if (note_verifier_parse(next, &verifier, NULL) < 0 || verifier.kind != NOTE_ED25519 ||
		note_read(note, strlen(note), &text, NULL) < 0 ||
		checkpoint_parse(note, text, &checkpoint, NULL) < 0 ||
		strcmp(checkpoint.origin, verifier.name) != 0 ||
		strcmp(checkpoint.origin, chain->last.origin) == 0 ||
		!checkpoint_same_log(checkpoint.origin, chain->last.origin) ||
		checkpoint_open(note, strlen(note), &verifier, 1, NULL, &checkpoint, NULL, NULL) < 0)
		return false;
	known->keys[known->n++] = verifier;
	chain->epochs++;
	fprintf(stderr,
		"line %u: a backup was restored: %s, which had %" PRIu64
		" entries, goes on as %s with %" PRIu64 "\n",
		line, chain->last.origin, chain->last.size, checkpoint.origin, checkpoint.size);
	return true;
}

/** Whether a checkpoint continues the one before. */
static int follow_message(Chain *chain, const json_t *message, bool epoch, Checkpoint *ret, Error *why)
{
	const char *note = proof_note_of(message);
	int r = checkpoint_open(
		note, strlen(note), chain->known->keys, chain->known->n, NULL, ret, NULL, why);

	if (r < 0)
		return r;
	if (is_repeated_checkpoint(chain, ret))
		return -EALREADY;
	return chain->n > 0 && !epoch ? prove_link(chain, message, ret, why) : 0;
}

static int take_message(void *userdata, unsigned line, const json_t *message)
{
	Chain *chain = userdata;
	bool epoch = chain->n > 0 && begin_witnessed_epoch(chain, message, line);
	char text[ERROR_TEXT_MAX + 128];
	Error why;
	Checkpoint next;
	int r;

	if (epoch)
		json_object_clear(chain->seen);
	r = follow_message(chain, message, epoch, &next, &why);
	if (r == -EALREADY) {
		chain->behind = line;
		chain->behind_size = next.size;
		return CTL_DONE;
	}
	if (r < 0 && chain->n == 0)
		return proof_refuse(chain->file, r, why.text);
	if (r < 0) {
		snprintf(text, sizeof text,
			"%u checkpoints chain, up to %" PRIu64
			" entries; line %u does not continue line %u: %s",
			chain->n, chain->last.size, line, chain->line, why.text);
		return proof_refuse(chain->file, r, text);
	}
	if (chain->n++ == 0)
		chain->first = next.size;
	chain->last = next;
	chain->line = line;
	chain->behind = 0;
	free(chain->note);
	chain->note = strdup(proof_note_of(message));
	return chain->note ? CTL_DONE : ctl_fail("out of memory");
}

int proof_check_messages(Ctl *ctl, KnownKeys *known, char *text)
{
	_cleanup_(chain_done) Chain chain = { .file = ctl->proof, .known = known, .seen = json_object() };
	int status = proof_each_message(ctl->proof, text, take_message, &chain);
	char what[160];

	if (status != CTL_DONE)
		return status;
	if (chain.behind)
		return ctl_fail("%s: %u checkpoints chain, up to %" PRIu64
				" entries; line %u does not continue line %u: " CUT_SHORT,
			ctl->proof, chain.n, chain.last.size, chain.behind, chain.line, chain.last.size,
			chain.behind_size);
	if (chain.epochs > 0)
		snprintf(what, sizeof what,
			"%u checkpoints chain within each epoch; %u restored backups ended one, and what each had not is lost",
			chain.n, chain.epochs);
	else
		snprintf(what, sizeof what,
			"%u checkpoints chain: nothing was changed or removed since it had %" PRIu64
			" entries",
			chain.n, chain.first);
	if (!chain.note)
		return ctl_fail("%s: there is no message in it", ctl->proof);
	return proof_tell_verified(ctl, known, chain.note, strlen(chain.note), what);
}
