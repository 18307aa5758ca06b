/* SPDX-License-Identifier: Apache-2.0 */

/** Passes leaves on to the ledger. What is done with a leaf never depends on when, or how often, it came. */

#include "registry/leaf-desk.h"

#include <string.h>

void leaf_desk_begin(LeafDesk *desk)
{
	desk->taken = desk->next;
}

bool leaf_desk_has_room(const LeafDesk *desk)
{
	return desk->n_kept < LEAF_DESK_MAX;
}

/** All leaves before the first that the ledger still has are done with. */
static void move_next(LeafDesk *desk)
{
	uint64_t next = desk->taken;

	for (size_t i = 0; i < LEAF_DESK_MAX; i++)
		if (desk->kept[i].desk && desk->kept[i].seq < next)
			next = desk->kept[i].seq;
	if (next > desk->next)
		desk->next = next;
}

/** It contradicts what is on record here: that stays on record. */
static void refuse_leaf(LeafDesk *desk, uint64_t seq, const char *of, const char *from, const char *why)
{
	json_t *body = json_pack("{s:I, s:s, s:s}", "number", (json_int_t)seq, "kind", of, "text", why);

	if (body && from[0])
		json_object_set_new(body, "from", json_string(from));
	station_leaf_refused(desk->station, body);
}

static void leaf_recorded(void *userdata, const LedgerAnswer *answer)
{
	KeptLeaf *kept = userdata;
	LeafDesk *desk = kept->desk;
	bool refused = answer->error < 0 && ledger_is_refusal(answer->error);
	bool failed = answer->error < 0 && !refused;

	/* what is on record already is no contradiction */
	if (refused && !(answer->error == -EEXIST && answer->seq > 0))
		refuse_leaf(desk, kept->seq, kept->of, kept->from, answer->text);
	/* the ledger fails all that follow, too: they come again */
	if (failed && kept->seq < desk->taken)
		desk->taken = kept->seq;
	kept->desk = NULL;
	desk->n_kept--;
	move_next(desk);
	desk->answered(desk->userdata, failed);
}

static KeptLeaf *find_room(LeafDesk *desk)
{
	KeptLeaf *room = desk->kept;

	while (room->desk)
		room++;
	return room;
}

static int record_leaf(LeafDesk *desk, uint64_t seq, const LeafRecord *record)
{
	const LedgerRecord entry = { .kind = record->kind, .actor = record->actor, .body = record->body };
	KeptLeaf *kept = find_room(desk);
	int r;

	*kept = (KeptLeaf){ .desk = desk, .seq = seq };
	memcpy(kept->of, record->of, sizeof kept->of);
	memcpy(kept->from, record->from, sizeof kept->from);
	desk->n_kept++;
	r = station_take_record(desk->station, &entry, leaf_recorded, kept);
	if (r >= 0)
		return 0;
	kept->desk = NULL;
	desk->n_kept--;
	return -EAGAIN;
}

int leaf_desk_take(
	LeafDesk *desk, uint64_t seq, const RegistryBytes *leaf, const RegistryBytes *proof, Error *error)
{
	_cleanup_(leaf_record_clear) LeafRecord record = { 0 };
	json_auto_t *opened = NULL;
	int r;

	if (seq < desk->taken)
		return 0;
	if (!leaf_desk_has_room(desk))
		return -EAGAIN;
	r = leaf_open(&desk->key, seq, leaf, proof, &opened, error);
	if (r < 0)
		return r == -EBADMSG ? r : -EAGAIN;
	r = leaf_to_record(opened, desk->origin, seq, leaf, proof, &record, error);
	if (r == -EINVAL)
		refuse_leaf(desk, seq, record.of, record.from, error->text);
	else if (r >= 0 && record.kind)
		r = record_leaf(desk, seq, &record);
	if (r < 0 && r != -EINVAL)
		return -EAGAIN;
	desk->taken = seq + 1;
	move_next(desk);
	return 0;
}
