/* SPDX-License-Identifier: Apache-2.0 */

/** A request's end, and what its answer means. It sends none. */

#include "ledger/ledger-private.h"

Request *request_free(Request *request)
{
	if (!request)
		return NULL;
	free(request->actor);
	free(request->body);
	free(request->personal);
	free(request->attachment);
	json_decref(request->fields);
	json_decref(request->arguments);
	json_decref(request->rows);
	free(request);
	return NULL;
}

bool ledger_is_refusal(int error)
{
	return error == -EEXIST || error == -ENOENT || error == -EINVAL || error == -ESTALE ||
	       error == -EKEYREVOKED || error == -EPERM || error == -ENOTUNIQ || error == -EBADMSG;
}
