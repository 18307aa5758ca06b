/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The requests that wait for the registry, and the thread that answers them. */

#include "registry-ask.h"

int registry_queue_start(const Registry *registry, RegistryQueue **ret) _must_check_;
/** Answers what waits, then ends. Accepts NULL; returns NULL. */
RegistryQueue *registry_queue_stop(RegistryQueue *queue);
/** The ask is answered later: its request is woken then. Any thread. */
void registry_queue_push(RegistryQueue *queue, Ask *ask);
/** Answers them now, in this thread, as the queue does. The error of the database, if any. */
int registry_answer_all(const Registry *registry, Ask **asks, size_t n);
