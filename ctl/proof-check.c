/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The command `audit verify --proof`: it checks what somebody kept of a log, ours or another. That is a proof
 * that an entry is in the log or that the log only grew, a checkpoint, a key's statement about the next key,
 * or the saved messages of the topic `checkpoint`. It must trust nothing but the public keys that it was
 * given, and needs no ledger.
 */

#include "proof.h"

#include <inttypes.h>
#include <string.h>

#include "report/proof-code.h"
#include "tlog/proof.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/text.h"

#define CUT_SHORT                                           \
	"the log had %" PRIu64 " entries and then %" PRIu64 \
	": it was cut short, or an older copy took its place"
#define NEXT_KEY              "\nthe next key of this log\n"
#define BEGINS(text, literal) (strncmp(text, literal, sizeof(literal) - 1) == 0)

/* ---- what is read ---- */

int proof_read_keys(const Ctl *ctl, KnownKeys *ret)
{
	_cleanup_(freep) char *keys = ctl->key ? strdup(ctl->key) : NULL;
	char *rest = NULL;
	Error why;

	ret->n = 0;
	if (!keys)
		return ctl->key ? ctl_fail("out of memory") : CTL_DONE;
	for (char *key = strtok_r(keys, " \n", &rest); key; key = strtok_r(NULL, " \n", &rest)) {
		if (ret->n == KNOWN_KEYS_MAX)
			return ctl_usage("--key: more than %d keys", KNOWN_KEYS_MAX);
		if (note_verifier_parse(key, &ret->keys[ret->n++], &why) < 0)
			return ctl_usage("--key: %s", why.text);
	}
	return ret->n > 0 ? CTL_DONE : ctl_usage("--key: there is none in it");
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

/* ---- one proof ---- */

/** What the key does not vouch for after a rotation needs the other one too. */
static int refuse_file(const char *file, int r, const char *why)
{
	return ctl_fail("%s: %s%s", file, why,
		r == -ENOKEY ? "; after a change of the key give all that you trust: --key \"KEY KEY\"" : "");
}

/** Witnesses whose cosignatures were checked, each with the time at which it says that it saw the log. */
static json_t *witnesses_of(const KnownKeys *known, const NoteOpened *opened)
{
	json_auto_t *witnesses = json_array();

	for (size_t i = 0; witnesses && i < opened->n_cosigned; i++) {
		const NoteCosigned *one = &opened->cosigned[i];
		char utc[CLOCK_UTC_TEXT_MAX] = "";
		json_t *witness;

		/* later than can be written is no time that anybody saw anything */
		if (one->utc_s > 0 && one->utc_s < 253402300800)
			clock_format_utc(one->utc_s * USEC_PER_SEC, utc);
		witness = json_pack(
			"{s:s, s:s*}", "witness", known->keys[one->key].name, "seen", utc[0] ? utc : NULL);
		if (json_array_append_new(witnesses, witness) < 0)
			return NULL;
	}
	return TAKE_PTR(witnesses);
}

/** Says what was proved by this checkpoint, and who signed it. */
static int tell_verified(
	const Ctl *ctl, const KnownKeys *known, const char *note, size_t size, const char *what)
{
	json_auto_t *fields = NULL, *witnesses = NULL;
	Error why;
	Checkpoint checkpoint;
	const json_t *witness;
	NoteOpened opened;
	size_t i;
	int r = checkpoint_open_cosigned(note, size, known->keys, known->n, NULL, &checkpoint, &opened, &why);

	if (r < 0)
		return refuse_file(ctl->proof, r, why.text);
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

static int check_leaf(
	Ctl *ctl, const KnownKeys *known, const InclusionProof *proof, const char *leaf, size_t size)
{
	char what[64];
	Error why;
	int r = inclusion_proof_verify(proof, leaf, size, known->keys, known->n, NULL, NULL, &why);

	if (r < 0)
		return refuse_file(ctl->proof, r, why.text);
	snprintf(what, sizeof what, "entry %" PRIu64 " is in the log", proof->index + 1);
	return tell_verified(ctl, known, proof->checkpoint, proof->checkpoint_size, what);
}

static int check_inclusion(Ctl *ctl, const KnownKeys *known, const char *text, size_t size)
{
	_cleanup_(inclusion_proof_done) InclusionProof proof = { 0 };
	_cleanup_(freep) char *leaf = NULL;
	Error why;
	_cleanup_(freep) char *shown = NULL;
	size_t leaf_size = 0;
	int status, r = inclusion_proof_parse(text, size, &proof, &why);

	if (r < 0)
		return refuse_file(ctl->proof, r, why.text);
	if (ctl->leaf) {
		r = file_read(ctl->leaf, PROOF_FILE_MAX, &leaf, &leaf_size);
		return r < 0 ? ctl_fail("%s: %s", ctl->leaf, strerror(-r))
			     : check_leaf(ctl, known, &proof, leaf, leaf_size);
	}
	if (!proof.extra)
		return ctl_usage("the proof does not hold what it proves: give its bytes with --leaf FILE");
	status = check_leaf(ctl, known, &proof, (const char *)proof.extra, proof.extra_size);
	shown = strndup((const char *)proof.extra, proof.extra_size);
	if (status == CTL_DONE && !ctl->json && shown && strlen(shown) == proof.extra_size &&
		text_is_printable(shown, proof.extra_size))
		puts(shown);
	return status;
}

/** A statement about the next key, which is no checkpoint; its third line is that key. */
static int check_next_key(Ctl *ctl, const KnownKeys *known, const char *text, size_t size)
{
	const char *origin_end = strchr(text, '\n'), *key = origin_end + sizeof NEXT_KEY - 1;
	_cleanup_(freep) char *origin = strndup(text, (size_t)(origin_end - text));
	_cleanup_(freep) char *next = strndup(key, strcspn(key, "\n"));
	json_auto_t *fields = NULL;
	Error why;
	NoteVerifier parsed;
	NoteOpened opened;
	int r = origin && next ? note_open_cosigned(text, size, known->keys, known->n, &opened, &why)
			       : -ENOMEM;

	if (r == -ENOMEM)
		return ctl_fail("out of memory");
	if (r < 0)
		return refuse_file(ctl->proof, r, why.text);
	if (!opened.signed_for_origin)
		return ctl_fail(
			"%s: it is of the log %s, but signed by %s: no key of that log that was given has "
			"signed it",
			ctl->proof, origin, known->keys[opened.signed_by].name);
	if (note_verifier_parse(next, &parsed, &why) < 0)
		return ctl_fail("%s: its third line is no key: %s", ctl->proof, why.text);
	if (parsed.kind != NOTE_ED25519)
		return ctl_fail("%s: its third line is a witness's key, which signs for no log", ctl->proof);
	fields = json_pack(
		"{s:s, s:s, s:s}", "proved", "this key signed for the next", "log", origin, "key", next);
	ctl_print_fields(ctl, fields);
	return CTL_DONE;
}

static int check_saved_note(Ctl *ctl, const KnownKeys *known, const char *text, size_t size)
{
	const char *line = strchr(text, '\n');

	if (line && BEGINS(line, NEXT_KEY))
		return check_next_key(ctl, known, text, size);
	return tell_verified(ctl, known, text, size, "the checkpoint is signed by this key");
}

/* ---- that a log only grew ---- */

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
	if (status == CTL_DONE && last) {
		*ret_size = strlen(last);
		*ret = TAKE_PTR(last);
	}
	return status;
}

static int check_growth(Ctl *ctl, const KnownKeys *known, const char *since, const char *text, size_t size)
{
	_cleanup_(freep) char *note = NULL;
	char what[96];
	Error why;
	Checkpoint old;
	ConsistencyProof proof;
	size_t note_size;
	int status, r = consistency_proof_parse(text, size, &proof, &why);

	if (r < 0)
		return refuse_file(ctl->proof, r, why.text);
	if (!since)
		return ctl_usage("a proof of growth needs the checkpoint that it starts from: since=FILE");
	status = proof_read_checkpoint(since, &note, &note_size);
	if (status != CTL_DONE)
		return status;
	r = checkpoint_open(note, note_size, known->keys, known->n, NULL, &old, &why);
	if (r < 0)
		return refuse_file(since, r, why.text);
	r = consistency_proof_verify(&proof, &old, known->keys, known->n, NULL, &why);
	if (r < 0)
		return refuse_file(ctl->proof, r, why.text);
	snprintf(what, sizeof what, "nothing was changed or removed since it had %" PRIu64 " entries",
		old.size);
	return tell_verified(ctl, known, proof.checkpoint, proof.checkpoint_size, what);
}

/* ---- saved messages: each proves that it continues the one before ---- */

typedef struct Chain {
	const char *file;
	KnownKeys *known;
	Checkpoint last;
	char *note;     /* the last one's */
	json_t *seen;   /* the root of each so far, by its size */
	uint64_t first; /* size that it begins with */
	unsigned n;     /* checkpoints so far, a line each but for those sent again */
	unsigned line,
		behind; /* of the last; of one that was sent again, until it is caught up with; 0 none */
	uint64_t behind_size;
	unsigned epochs; /* restored backups that the log went on from under another origin */
} Chain;

/** A cleanup function. */
static void chain_done(Chain *chain)
{
	json_decref(chain->seen);
	free(chain->note);
}

/** The same proof as text, so that there is one reader of proofs. The result is the caller's. */
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
	/* a broker hands out again what it retains, with the proof from an older one */
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
 * A station that was killed may send again what it had sent. That is no older copy of the ledger as long as
 * what follows takes up where it was.
 */
static bool is_repeated_checkpoint(Chain *chain, const Checkpoint *next)
{
	char size[24], root[PROOF_HASH_MAX];
	const char *before;

	snprintf(size, sizeof size, "%" PRIu64, next->size);
	proof_write_hash(&next->root, root);
	before = json_string_value(json_object_get(chain->seen, size));
	if (!before)
		json_object_set_new(chain->seen, size, json_string(root));
	return before && next->size < chain->last.size && strcmp(before, root) == 0 &&
	       strcmp(next->origin, chain->last.origin) == 0;
}

/**
 * A restored backup goes on under another origin: its key is vouched for by the one before. What was beyond
 * the backup is lost, which is said.
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
		note_open_cosigned(statement, strlen(statement), known->keys, known->n, &opened, NULL) < 0 ||
		!opened.signed_for_origin ||
		strcmp(known->keys[opened.signed_by].name, chain->last.origin) != 0)
		return false;
	key = strchr(statement, '\n');
	if (!key || !BEGINS(key, NEXT_KEY))
		return false;
	key += sizeof NEXT_KEY - 1;
	snprintf(next, sizeof next, "%.*s", (int)strcspn(key, "\n"), key);
	if (note_verifier_parse(next, &verifier, NULL) < 0 || verifier.kind != NOTE_ED25519 ||
		note_read(note, strlen(note), &text, NULL) < 0 ||
		checkpoint_parse(note, text, &checkpoint, NULL) < 0 ||
		strcmp(checkpoint.origin, verifier.name) != 0 ||
		strcmp(checkpoint.origin, chain->last.origin) == 0 ||
		!checkpoint_same_log(checkpoint.origin, chain->last.origin) ||
		checkpoint_open(note, strlen(note), &verifier, 1, NULL, &checkpoint, NULL) < 0)
		return false;
	known->keys[known->n++] = verifier;
	chain->epochs++;
	fprintf(stderr,
		"line %u: a backup was restored: %s, which had %" PRIu64
		" entries, goes on as %s with %" PRIu64 "\n",
		line, chain->last.origin, chain->last.size, checkpoint.origin, checkpoint.size);
	return true;
}

static int take_message(void *userdata, unsigned line, const json_t *message)
{
	Chain *chain = userdata;
	bool epoch = chain->n > 0 && begin_witnessed_epoch(chain, message, line);
	const char *note = proof_note_of(message);
	char text[ERROR_TEXT_MAX + 128];
	Error why;
	Checkpoint next;
	int r = checkpoint_open(note, strlen(note), chain->known->keys, chain->known->n, NULL, &next, &why);

	if (epoch)
		json_object_clear(chain->seen);
	if (r == 0 && is_repeated_checkpoint(chain, &next)) {
		chain->behind = line;
		chain->behind_size = next.size;
		return CTL_DONE;
	}
	if (r == 0 && chain->n > 0 && !epoch)
		r = prove_link(chain, message, &next, &why);
	if (r < 0 && chain->n > 0)
		snprintf(text, sizeof text,
			"%u checkpoints chain, up to %" PRIu64
			" entries; line %u does not continue line %u: %s",
			chain->n, chain->last.size, line, chain->line, why.text);
	if (r < 0)
		return refuse_file(chain->file, r, chain->n > 0 ? text : why.text);
	if (chain->n++ == 0)
		chain->first = next.size;
	chain->last = next;
	chain->line = line;
	chain->behind = 0;
	free(chain->note);
	chain->note = strdup(note);
	return chain->note ? CTL_DONE : ctl_fail("out of memory");
}

static int check_chain(Ctl *ctl, KnownKeys *known, char *text)
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
	return tell_verified(ctl, known, chain.note, strlen(chain.note), what);
}

int proof_check(Ctl *ctl, const char *since)
{
	_cleanup_(freep) char *text = NULL;
	KnownKeys known;
	size_t size = 0;
	int status = proof_read_keys(ctl, &known);

	if (status == CTL_DONE && known.n == 0)
		return ctl_usage("--proof needs --key, the log's public key from somebody you trust");
	if (status == CTL_DONE)
		status = proof_read_proof(ctl->proof, &text, &size);
	if (status != CTL_DONE || !text)
		return status;
	if (BEGINS(text, "old "))
		return check_growth(ctl, &known, since, text, size);
	if (since)
		return ctl_usage("since= goes with a proof of growth, as audit prove since= writes it");
	if (BEGINS(text, PROOF_BEGINNING))
		return check_inclusion(ctl, &known, text, size);
	return text[0] == '{' ? check_chain(ctl, &known, text) : check_saved_note(ctl, &known, text, size);
}
