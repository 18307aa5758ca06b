/* SPDX-License-Identifier: Apache-2.0 */

/** gzip by zlib. It must not make anything longer. */

#include "pack-body.h"

#include <stdint.h>

#include <zlib.h>

enum { PACK_LEAST = 1024 /* bytes; a head of its own costs more than it saves below */ };

bool pack_body(const void *body, size_t size, void **ret, size_t *ret_size)
{
	z_stream pack = { 0 };
	_cleanup_(freep) uint8_t *packed = NULL;
	int r;

	if (size < PACK_LEAST || size > UINT32_MAX ||
		deflateInit2(&pack, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8,
			Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	packed = malloc(size);
	pack.next_in = (unsigned char *)body;
	pack.avail_in = (unsigned)size;
	pack.next_out = packed;
	pack.avail_out = (unsigned)size;
	r = packed ? deflate(&pack, Z_FINISH) : Z_MEM_ERROR;
	deflateEnd(&pack);
	if (r != Z_STREAM_END)
		return false;
	*ret_size = size - pack.avail_out;
	*ret = TAKE_PTR(packed);
	return true;
}
