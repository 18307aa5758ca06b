/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The registry's log in a file: each leaf behind its length, and beside it the newest signed checkpoint. It
 * must not count a leaf that no signature covers, and must not forget a signature that it has seen.
 */

#include "log-copy.h"

#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tlog/checkpoint.h"
#include "tlog/proof.h"
#include "util/file.h"
#include "util/log.h"

#define LEAVES     "registry.leaves"
#define CHECKPOINT "registry.checkpoint"

enum {
	/* nodes from this level up stay in memory: a proof reads, and hashes, at most two blocks of 16 leaves
	 */
	KEPT_LEVEL = 4,
	LEAF_MAX = 1 << 20,
	NOTE_MAX = 64 * 1024,
};

/** Complete nodes of one level. */
typedef struct Level {
	MerkleHash *nodes;
	size_t n, room;
} Level;

struct LogCopy {
	const char *folder;
	NoteVerifier key;
	LogCopyLeaf leaf;
	void *userdata;
	int fd;
	uint64_t *ends; /* where each leaf ends in the file */
	size_t room;
	MerkleTree tree; /* of all leaves, also those that do not count yet */
	MerkleTree sure; /* of those that count */
	Level levels[MERKLE_LEVELS];
	char *note; /* of `sure`; NULL none */
	/* what the leaves that arrive are compared with */
	char *wanted;
	Checkpoint wants;
	/* a checkpoint that was seen before the leaves were lost; size 0: none */
	Checkpoint anchor;
};

/* ---- the file ---- */

static uint64_t end_of(const LogCopy *copy, uint64_t leaves)
{
	return leaves == 0 ? 0 : copy->ends[leaves - 1];
}

static int make_room(LogCopy *copy)
{
	size_t room = copy->room ? 2 * copy->room : 1024;
	uint64_t *ends;

	if (copy->tree.size < copy->room)
		return 0;
	ends = reallocarray(copy->ends, room, sizeof *ends);
	if (!ends)
		return -ENOMEM;
	copy->ends = ends;
	copy->room = room;
	return 0;
}

static int keep_level(void *userdata, unsigned level, uint64_t index, const MerkleHash *hash)
{
	LogCopy *copy = userdata;
	Level *kept = &copy->levels[level];

	if (level < KEPT_LEVEL)
		return 0;
	if (kept->n == kept->room) {
		size_t room = kept->room ? 2 * kept->room : 64;
		MerkleHash *nodes = reallocarray(kept->nodes, room, sizeof *nodes);

		if (!nodes)
			return -ENOMEM;
		kept->nodes = nodes;
		kept->room = room;
	}
	kept->n = index;
	kept->nodes[kept->n++] = *hash;
	return 0;
}

/** Adds a leaf that ends at `end` in the file to the tree. */
static int grow_copy(LogCopy *copy, const void *leaf, size_t size, uint64_t end)
{
	MerkleHash hash;
	int r = make_room(copy);

	if (r < 0)
		return r;
	merkle_hash_leaf(leaf, size, &hash);
	copy->ends[copy->tree.size] = end;
	return merkle_append(&copy->tree, &hash, keep_level, copy);
}

static int write_leaf(LogCopy *copy, const void *leaf, size_t size)
{
	uint64_t at = end_of(copy, copy->tree.size);
	uint32_t length = htole32((uint32_t)size);
	_cleanup_(freep) uint8_t *frame = malloc(sizeof length + size);
	ssize_t written;

	if (!frame)
		return -ENOMEM;
	memcpy(frame, &length, sizeof length);
	memcpy(frame + sizeof length, leaf, size);
	written = pwrite(copy->fd, frame, sizeof length + size, (off_t)at);
	if (written < 0)
		return -errno;
	return (size_t)written == sizeof length + size ? 0 : -ENOSPC;
}

static int read_at(int fd, void *ret, size_t size, uint64_t at)
{
	ssize_t n = pread(fd, ret, size, (off_t)at);

	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EBADMSG;
}

static int read_frame(int fd, uint64_t at, char **ret, size_t *ret_size)
{
	_cleanup_(freep) char *leaf = NULL;
	uint32_t length;
	int r = read_at(fd, &length, sizeof length, at);

	if (r < 0)
		return r;
	length = le32toh(length);
	if (length > LEAF_MAX)
		return -EBADMSG;
	leaf = malloc(length + 1UL);
	if (!leaf)
		return -ENOMEM;
	r = read_at(fd, leaf, length, at + sizeof length);
	if (r < 0)
		return r;
	leaf[length] = '\0';
	*ret = TAKE_PTR(leaf);
	*ret_size = length;
	return 0;
}

int log_copy_leaf(LogCopy *copy, uint64_t seq, char **ret, size_t *ret_size)
{
	return seq < copy->sure.size ? read_frame(copy->fd, end_of(copy, seq), ret, ret_size) : -ENOENT;
}

/* ---- proofs ---- */

static int read_copy_node(void *userdata, unsigned level, uint64_t index, MerkleHash *ret)
{
	const LogCopy *copy = userdata;

	if (index >= copy->levels[level].n)
		return -EUCLEAN;
	*ret = copy->levels[level].nodes[index];
	return 0;
}

static int read_copy_leaves(void *userdata, uint64_t first, size_t n, MerkleHash *ret)
{
	LogCopy *copy = userdata;

	for (size_t i = 0; i < n; i++) {
		_cleanup_(freep) char *leaf = NULL;
		size_t size;
		int r = log_copy_leaf(copy, first + i, &leaf, &size);

		if (r < 0)
			return r;
		merkle_hash_leaf(leaf, size, &ret[i]);
	}
	return 0;
}

static MerkleReader copy_reader(LogCopy *copy)
{
	return (MerkleReader){ KEPT_LEVEL, read_copy_node, read_copy_leaves, copy };
}

int log_copy_prove(LogCopy *copy, uint64_t seq, char **ret)
{
	MerkleReader reader = copy_reader(copy);
	InclusionProof proof = { .index = seq, .checkpoint = copy->note };
	int r = merkle_prove_inclusion(&reader, seq, copy->sure.size, &proof.path);

	if (r < 0)
		return r;
	proof.checkpoint_size = strlen(copy->note);
	return inclusion_proof_write(&proof, ret);
}

/* ---- what does not count yet ---- */

void log_copy_forget(LogCopy *copy)
{
	copy->tree = copy->sure;
	for (unsigned level = KEPT_LEVEL; level < MERKLE_LEVELS; level++)
		if (copy->levels[level].n > copy->sure.size >> level)
			copy->levels[level].n = copy->sure.size >> level;
	free(TAKE_PTR(copy->wanted));
}

/** Keeps a signed checkpoint that contradicts an earlier one, for whoever has to find out why. */
static void keep_evidence(const LogCopy *copy, const char *note, size_t size)
{
	if (file_write_atomic(copy->folder, "registry.contradiction", note, size) < 0)
		log_error("the registry's contradicting checkpoint cannot be kept in %s", copy->folder);
}

static int compare_older(LogCopy *copy, const Checkpoint *offered, Error *error)
{
	MerkleReader reader = copy_reader(copy);
	MerkleTree tree;
	MerkleHash root;
	int r = merkle_tree_read(&reader, offered->size, &tree);

	if (r < 0)
		return error_set(error, r, "the copy of the registry's log cannot be read: %s", strerror(-r));
	merkle_tree_root(&tree, &root);
	if (!merkle_hash_equal(&root, &offered->root))
		return error_set(error, -EUCLEAN,
			"the registry shows another log than before: its first %llu leaves were changed",
			(unsigned long long)offered->size);
	return 0;
}

int log_copy_offer(
	LogCopy *copy, const char *note, size_t size, LogCopyOffer *ret, uint64_t *ret_size, Error *error)
{
	Checkpoint offered;
	int r = checkpoint_open(note, size, &copy->key, 1, copy->key.name, &offered, NULL, error);

	if (r < 0)
		return error_set(
			error, -EBADMSG, "what the server shows is not signed by this clinic's registry");
	*ret_size = offered.size;
	if (offered.size <= copy->sure.size) {
		log_copy_forget(copy);
		r = compare_older(copy, &offered, error);
		if (r == -EUCLEAN)
			keep_evidence(copy, note, size);
		if (r >= 0)
			*ret = offered.size < copy->sure.size ? LOG_COPY_OLDER : LOG_COPY_SAME;
		return r;
	}
	*ret = LOG_COPY_WANTS;
	/* leaves that are on their way complete the checkpoint that they were begun for */
	if (copy->wanted && copy->wants.size <= offered.size && copy->tree.size > copy->sure.size)
		return 0;
	log_copy_forget(copy);
	copy->wanted = strndup(note, size);
	copy->wants = offered;
	copy->wants.extensions = NULL;
	return copy->wanted ? 0 : error_set(error, -ENOMEM, "no memory for a checkpoint");
}

/* ---- what counts ---- */

static void tell_new_leaves(LogCopy *copy, uint64_t from)
{
	for (uint64_t seq = from; seq < copy->sure.size; seq++) {
		_cleanup_(freep) char *leaf = NULL;
		size_t size;

		if (log_copy_leaf(copy, seq, &leaf, &size) < 0) {
			log_error("leaf %llu of the registry's log cannot be read again",
				(unsigned long long)seq);
			return;
		}
		copy->leaf(copy->userdata, seq, leaf, size);
	}
}

static int log_copy_check_root(const MerkleTree *tree, const Checkpoint *checkpoint, Error *error)
{
	MerkleHash root;

	merkle_tree_root(tree, &root);
	return merkle_hash_equal(&root, &checkpoint->root)
		       ? 0
		       : error_set(error, -EUCLEAN,
				 "the registry's %llu leaves are not those that its checkpoint is about",
				 (unsigned long long)tree->size);
}

/** All leaves of the wanted checkpoint are here. */
static int settle(LogCopy *copy, Error *error)
{
	uint64_t from = copy->sure.size;
	int r = log_copy_check_root(&copy->tree, &copy->wants, error);

	if (r < 0) {
		keep_evidence(copy, copy->wanted, strlen(copy->wanted));
		return r;
	}
	if (fdatasync(copy->fd) < 0)
		return error_set(
			error, -errno, "%s/" LEAVES " cannot be written: %s", copy->folder, strerror(errno));
	/* a larger checkpoint that was seen is not forgotten for this one */
	r = copy->anchor.size > copy->wants.size
		    ? 0
		    : file_write_atomic(copy->folder, CHECKPOINT, copy->wanted, strlen(copy->wanted));
	if (r < 0)
		return error_set(
			error, r, "%s/" CHECKPOINT " cannot be written: %s", copy->folder, strerror(-r));
	copy->sure = copy->tree;
	free(copy->note);
	copy->note = TAKE_PTR(copy->wanted);
	if (copy->anchor.size <= copy->sure.size)
		copy->anchor.size = 0;
	tell_new_leaves(copy, from);
	return 0;
}

static int append_wanted(LogCopy *copy, const void *leaf, size_t size, Error *error)
{
	int r = size <= LEAF_MAX ? write_leaf(copy, leaf, size) : -EBADMSG;

	r = r < 0 ? r : grow_copy(copy, leaf, size, end_of(copy, copy->tree.size) + sizeof(uint32_t) + size);
	if (r < 0)
		return error_set(error, r, "a leaf cannot be kept in %s: %s", copy->folder, strerror(-r));
	if (copy->anchor.size == copy->tree.size) {
		r = log_copy_check_root(&copy->tree, &copy->anchor, error);
		if (r < 0)
			return r;
	}
	return copy->tree.size == copy->wants.size ? settle(copy, error) : 0;
}

int log_copy_append(LogCopy *copy, const void *leaf, size_t size, Error *error)
{
	int r;

	if (!copy->wanted)
		return -EALREADY;
	r = append_wanted(copy, leaf, size, error);
	if (r < 0)
		log_copy_forget(copy);
	return r;
}

/* ---- life ---- */

/** Reads the kept checkpoint. -ENOENT: there is none that counts. */
static int load_note(LogCopy *copy, Checkpoint *ret)
{
	_cleanup_(freep) char *path = NULL, *note = NULL;
	size_t size;
	int r;

	if (asprintf(&path, "%s/" CHECKPOINT, copy->folder) < 0)
		return -ENOMEM;
	r = file_read(path, NOTE_MAX, &note, &size);
	if (r < 0)
		return r;
	if (checkpoint_open(note, size, &copy->key, 1, copy->key.name, ret, NULL, NULL) < 0) {
		log_warning("%s is not of this clinic's registry: its log is fetched anew", path);
		return -ENOENT;
	}
	ret->extensions = NULL;
	copy->note = TAKE_PTR(note);
	return 0;
}

static int load_leaves(LogCopy *copy, const Checkpoint *checkpoint)
{
	while (copy->tree.size < checkpoint->size) {
		_cleanup_(freep) char *leaf = NULL;
		uint64_t at = end_of(copy, copy->tree.size);
		size_t size;
		int r = read_frame(copy->fd, at, &leaf, &size);

		r = r < 0 ? r : grow_copy(copy, leaf, size, at + sizeof(uint32_t) + size);
		if (r < 0)
			return r;
	}
	return log_copy_check_root(&copy->tree, checkpoint, NULL);
}

/** The file of leaves, new or as it was. */
static int open_leaves(LogCopy *copy, bool aside, Error *error)
{
	_cleanup_(freep) char *path = NULL, *damaged = NULL;

	if (asprintf(&path, "%s/" LEAVES, copy->folder) < 0 || asprintf(&damaged, "%s.damaged", path) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	closep(&copy->fd);
	if (aside)
		(void)rename(path, damaged);
	copy->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	return copy->fd < 0 ? error_set(error, -errno, "%s cannot be opened: %s", path, strerror(errno)) : 0;
}

static int load_copy(LogCopy *copy, Error *error)
{
	Checkpoint checkpoint = { 0 };
	int r = load_note(copy, &checkpoint);

	if (r < 0 && r != -ENOENT)
		return error_set(
			error, r, "%s/" CHECKPOINT " cannot be read: %s", copy->folder, strerror(-r));
	r = r < 0 ? 0 : load_leaves(copy, &checkpoint);
	if (r == -ENOMEM)
		return error_set(error, r, "no memory for the registry's log");
	if (r < 0) {
		log_warning(
			"the copy of the registry's log in %s is damaged: it is fetched anew", copy->folder);
		copy->anchor = checkpoint;
		copy->tree = (MerkleTree){ 0 };
		log_copy_forget(copy);
		free(TAKE_PTR(copy->note));
		return open_leaves(copy, true, error);
	}
	copy->sure = copy->tree;
	tell_new_leaves(copy, 0);
	return 0;
}

int log_copy_open(const char *folder, const NoteVerifier *key, LogCopyLeaf leaf, void *userdata,
	LogCopy **ret, Error *error)
{
	_cleanup_(log_copy_freep) LogCopy *copy = calloc(1, sizeof *copy);
	int r;

	if (!copy)
		return error_set(error, -ENOMEM, "out of memory");
	*copy = (LogCopy){ .folder = folder, .key = *key, .leaf = leaf, .userdata = userdata, .fd = -1 };
	r = open_leaves(copy, false, error);
	r = r < 0 ? r : load_copy(copy, error);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(copy);
	return 0;
}

LogCopy *log_copy_free(LogCopy *copy)
{
	if (!copy)
		return NULL;
	for (unsigned level = 0; level < MERKLE_LEVELS; level++)
		free(copy->levels[level].nodes);
	closep(&copy->fd);
	free(copy->ends);
	free(copy->note);
	free(copy->wanted);
	free(copy);
	return NULL;
}

uint64_t log_copy_size(const LogCopy *copy)
{
	return copy->sure.size;
}

uint64_t log_copy_next(const LogCopy *copy)
{
	return copy->tree.size;
}

const char *log_copy_checkpoint(const LogCopy *copy)
{
	return copy->note ? copy->note : "";
}
