/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads policies and counts cosignatures by them. It must not count a witness twice, or a cosignature that
 * does not verify.
 */

#include "tlog/policy.h"

#include <string.h>

#include "tlog/tlog-text.h"
#include "util/file.h"

enum {
	MEMBERS = 2 * POLICY_MEMBERS_MAX, /* witnesses, then groups */
	NOBODY = -1,
};

/** At least `threshold` of the members witnessed: each is a witness, or POLICY_MEMBERS_MAX plus a group. */
typedef struct Group {
	char *name;
	size_t threshold, n;
	uint8_t members[MEMBERS];
} Group;

struct Policy {
	PolicyParty logs[POLICY_MEMBERS_MAX], witnesses[POLICY_MEMBERS_MAX];
	Group groups[POLICY_MEMBERS_MAX];
	size_t n_logs, n_witnesses, n_groups;
	bool used[MEMBERS]; /* it is a member of a group already */
	bool has_quorum;
	int quorum; /* as a member; NOBODY: none is needed */
};

/* ---- words ---- */

static Slice next_policy_word(Slice *line)
{
	Slice word;

	while (line->size > 0 && (*line->text == ' ' || *line->text == '\t'))
		*line = (Slice){ line->text + 1, line->size - 1 };
	word = (Slice){ line->text, 0 };
	while (word.size < line->size && line->text[word.size] != ' ' && line->text[word.size] != '\t')
		word.size++;
	*line = (Slice){ line->text + word.size, line->size - word.size };
	return word;
}

static bool word_is(Slice word, const char *text)
{
	return word.size == strlen(text) && memcmp(word.text, text, word.size) == 0;
}

static bool is_allowed(Slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char byte = (unsigned char)text.text[i];

		if ((byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7f)
			return false;
	}
	return true;
}

/** A witness or a group by its name; NOBODY when none has it. */
static int find_policy_member(const Policy *policy, Slice name)
{
	for (size_t i = 0; i < policy->n_witnesses; i++)
		if (word_is(name, policy->witnesses[i].name))
			return (int)i;
	for (size_t i = 0; i < policy->n_groups; i++)
		if (word_is(name, policy->groups[i].name))
			return POLICY_MEMBERS_MAX + (int)i;
	return NOBODY;
}

/* ---- lines ---- */

static bool is_same_key(const NoteVerifier *a, const NoteVerifier *b)
{
	return note_key_size(a->kind) == note_key_size(b->kind) &&
	       memcmp(a->key, b->key, note_key_size(a->kind)) == 0;
}

static int read_key(Slice word, NoteVerifier *ret, Error *error)
{
	_cleanup_(freep) char *text = strndup(word.text, word.size);

	return text ? note_verifier_parse(text, ret, error) : error_set(error, -ENOMEM, "out of memory");
}

/** Adds a log or a witness; `line` is what follows its name. */
static int add_party(PolicyParty *list, size_t *n, Slice name, Slice line, bool is_log, Error *error)
{
	Slice key = next_policy_word(&line), url = next_policy_word(&line);
	PolicyParty *party = &list[*n];
	int r;

	if (*n == POLICY_MEMBERS_MAX)
		return error_set(error, -EINVAL, "more than %d logs or witnesses are not supported",
			POLICY_MEMBERS_MAX);
	if (next_policy_word(&line).size > 0)
		return error_set(error, -EINVAL, "nothing may follow the URL");
	r = read_key(key, &party->key, error);
	if (r < 0)
		return r;
	if (is_log != (party->key.kind == NOTE_ED25519))
		return error_set(error, -EINVAL, "the key is not one that a %s signs with",
			is_log ? "log" : "witness");
	for (size_t i = 0; i < *n; i++)
		if (is_same_key(&list[i].key, &party->key))
			return error_set(error, -EINVAL, "the key stands twice in the policy");
	party->name = is_log ? strdup(party->key.name) : strndup(name.text, name.size);
	party->url = strndup(url.text, url.size);
	*n += 1; /* also when short of memory, so that what was made is freed */
	return party->name && party->url ? 0 : error_set(error, -ENOMEM, "out of memory");
}

static int check_new_name(const Policy *policy, Slice name, Error *error)
{
	if (name.size == 0 || word_is(name, "none"))
		return error_set(error, -EINVAL, "a name other than \"none\" is expected");
	if (find_policy_member(policy, name) != NOBODY)
		return error_set(error, -EINVAL, "the name %.*s stands twice in the policy", (int)name.size,
			name.text);
	return 0;
}

static int take_log(Policy *policy, Slice line, Error *error)
{
	return add_party(policy->logs, &policy->n_logs, (Slice){ 0 }, line, true, error);
}

static int take_witness(Policy *policy, Slice line, Error *error)
{
	Slice name = next_policy_word(&line);
	int r = check_new_name(policy, name, error);

	return r < 0 ? r : add_party(policy->witnesses, &policy->n_witnesses, name, line, false, error);
}

/** Each name may be a member once, so that a witness counts in one way only. */
static int take_members(Policy *policy, Group *group, Slice line, Error *error)
{
	for (Slice name = next_policy_word(&line); name.size > 0; name = next_policy_word(&line)) {
		int member = find_policy_member(policy, name);

		if (member == NOBODY || policy->used[member])
			return error_set(error, -EINVAL, "%.*s %s", (int)name.size, name.text,
				member == NOBODY ? "is not defined above" : "is a member already");
		policy->used[member] = true;
		group->members[group->n++] = (uint8_t)member;
	}
	return group->n > 0 ? 0 : error_set(error, -EINVAL, "a group needs a member");
}

static int read_threshold(Group *group, Slice word, Error *error)
{
	uint64_t number = 0;

	if (word_is(word, "all"))
		number = group->n;
	else if (word_is(word, "any"))
		number = 1;
	else if (!text_parse_number(word, &number) || number < 1 || number > group->n)
		return error_set(error, -EINVAL,
			"\"all\", \"any\", or a number from 1 to that of the members is expected");
	group->threshold = (size_t)number;
	return 0;
}

static int take_policy_group(Policy *policy, Slice line, Error *error)
{
	Group *group = &policy->groups[policy->n_groups];
	Slice name = next_policy_word(&line), threshold = next_policy_word(&line);
	int r;

	if (policy->n_groups == POLICY_MEMBERS_MAX)
		return error_set(error, -EINVAL, "more than %d groups are not supported", POLICY_MEMBERS_MAX);
	r = check_new_name(policy, name, error);
	r = r < 0 ? r : take_members(policy, group, line, error);
	r = r < 0 ? r : read_threshold(group, threshold, error);
	if (r < 0)
		return r;
	group->name = strndup(name.text, name.size);
	policy->n_groups++;
	return group->name ? 0 : error_set(error, -ENOMEM, "out of memory");
}

static int take_policy_quorum(Policy *policy, Slice line, Error *error)
{
	Slice name = next_policy_word(&line);

	if (policy->has_quorum || next_policy_word(&line).size > 0)
		return error_set(error, -EINVAL, "one line with one quorum is expected");
	policy->quorum = find_policy_member(policy, name);
	policy->has_quorum = true;
	if (policy->quorum == NOBODY && !word_is(name, "none"))
		return error_set(error, -EINVAL, "%.*s is not defined above", (int)name.size, name.text);
	return 0;
}

static int take_policy_line(Policy *policy, Slice line, Error *error)
{
	static const struct {
		const char *word;
		int (*take)(Policy *policy, Slice line, Error *error);
	} lines[] = {
		{ "log", take_log },
		{ "witness", take_witness },
		{ "group", take_policy_group },
		{ "quorum", take_policy_quorum },
	};
	Slice word = next_policy_word(&line);

	if (word.size == 0 || *word.text == '#')
		return 0;
	for (size_t i = 0; i < ELEMENTS(lines); i++)
		if (word_is(word, lines[i].word))
			return lines[i].take(policy, line, error);
	return error_set(error, -EINVAL, "a line begins with log, witness, group, quorum or #");
}

/* ---- the policy ---- */

static int read_lines(Policy *policy, Slice text, Error *error)
{
	unsigned n = 0;
	Error why;
	Slice line;
	int r;

	while (text.size > 0) {
		if (!text_next_line(&text, &line, &n))
			return error_set(error, -EINVAL, "line %u of the policy has no end", n);
		r = take_policy_line(policy, line, &why);
		if (r < 0)
			return error_set(error, r, "line %u of the policy: %s", n, why.text);
	}
	return policy->has_quorum
		       ? 0
		       : error_set(error, -EINVAL,
				 "the policy lacks its quorum: add the line \"quorum NAME\", or \"quorum none\"");
}

int policy_parse(const char *text, size_t size, Policy **ret, Error *error)
{
	_cleanup_(policy_freep) Policy *policy = NULL;
	int r;

	if (size > POLICY_SIZE_MAX || !is_allowed((Slice){ text, size }))
		return error_set(error, -EINVAL,
			"a policy is a text of at most %d bytes without control characters", POLICY_SIZE_MAX);
	policy = calloc(1, sizeof *policy);
	if (!policy)
		return error_set(error, -ENOMEM, "out of memory");
	policy->quorum = NOBODY;
	r = read_lines(policy, (Slice){ text, size }, error);
	if (r == 0)
		*ret = TAKE_PTR(policy);
	return r;
}

int policy_load(const char *path, Policy **ret, Error *error)
{
	_cleanup_(freep) char *text = NULL;
	size_t size;
	Error why;
	int r = file_read(path, POLICY_SIZE_MAX, &text, &size);

	if (r < 0)
		return error_set(error, r, "the policy %s cannot be read: %s", path, strerror(-r));
	r = policy_parse(text, size, ret, &why);
	return r < 0 ? error_set(error, r, "%s: %s", path, why.text) : 0;
}

Policy *policy_free(Policy *policy)
{
	if (!policy)
		return NULL;
	for (size_t i = 0; i < POLICY_MEMBERS_MAX; i++) {
		free(policy->logs[i].name);
		free(policy->logs[i].url);
		free(policy->witnesses[i].name);
		free(policy->witnesses[i].url);
		free(policy->groups[i].name);
	}
	free(policy);
	return NULL;
}

const PolicyParty *policy_logs(const Policy *policy, size_t *ret_n)
{
	*ret_n = policy->n_logs;
	return policy->logs;
}

const PolicyParty *policy_witnesses(const Policy *policy, size_t *ret_n)
{
	*ret_n = policy->n_witnesses;
	return policy->witnesses;
}

/* ---- judging ---- */

/** Groups name only what stands above them, so that one pass in their order is enough. */
static bool is_quorum_met(const Policy *policy, const PolicyVerdict *verdict)
{
	bool witnessed[MEMBERS] = { 0 };

	for (size_t i = 0; i < policy->n_witnesses; i++)
		witnessed[i] = verdict->utc_s[i] != 0;
	for (size_t i = 0; i < policy->n_groups; i++) {
		const Group *group = &policy->groups[i];
		size_t n = 0;

		for (size_t m = 0; m < group->n; m++)
			n += witnessed[group->members[m]];
		witnessed[POLICY_MEMBERS_MAX + i] = n >= group->threshold;
	}
	return policy->quorum == NOBODY || witnessed[policy->quorum];
}

/** The keys of logs, then those of the witnesses. Witnesses among `known` are left out: the policy has its
 * own. */
static NoteVerifier *gather_keys(
	const Policy *policy, const NoteVerifier *known, size_t n_known, size_t *ret_first, size_t *ret_n)
{
	NoteVerifier *keys = calloc(policy->n_logs + n_known + policy->n_witnesses + 1, sizeof *keys);
	size_t n = 0;

	if (!keys)
		return NULL;
	for (size_t i = 0; i < policy->n_logs; i++)
		keys[n++] = policy->logs[i].key;
	for (size_t i = 0; i < n_known; i++)
		if (known[i].kind == NOTE_ED25519)
			keys[n++] = known[i];
	*ret_first = n;
	for (size_t i = 0; i < policy->n_witnesses; i++)
		keys[n++] = policy->witnesses[i].key;
	*ret_n = n;
	return keys;
}

int policy_judge(const Policy *policy, const char *note, size_t size, const NoteVerifier *known,
	size_t n_known, Checkpoint *ret_checkpoint, PolicyVerdict *ret, Error *error)
{
	size_t first, n;
	_cleanup_(freep) NoteVerifier *keys = gather_keys(policy, known, n_known, &first, &n);
	PolicyVerdict verdict = { 0 };
	Checkpoint checkpoint;
	NoteOpened opened;
	int r;

	if (!keys)
		return error_set(error, -ENOMEM, "out of memory");
	r = checkpoint_open(note, size, keys, n, NULL, &checkpoint, &opened, error);
	if (r < 0)
		return r;
	for (size_t i = 0; i < opened.n_cosigned; i++) {
		size_t witness = opened.cosigned[i].key - first;

		if (verdict.utc_s[witness] != 0)
			continue;
		verdict.utc_s[witness] = opened.cosigned[i].utc_s ? opened.cosigned[i].utc_s : 1;
		verdict.n_cosigned++;
	}
	verdict.met = is_quorum_met(policy, &verdict);
	*ret_checkpoint = checkpoint;
	*ret = verdict;
	return 0;
}
