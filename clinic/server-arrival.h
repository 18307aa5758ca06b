/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A request while it arrives: who asks, its head, its body. Nothing outside server.c includes this. */

#include "server-work.h"

typedef struct Arrival Arrival;

/** Of a connection whose head is there. NULL when out of memory. */
Arrival *arrival_new(void *connection, const char *method, const char *path);
/** Ends the job too. Accepts NULL; returns NULL. */
Arrival *arrival_free(Arrival *arrival);
Job *arrival_job(Arrival *arrival);
/** Finds the route, and judges the head. An answer with a status is a refusal. */
Answer arrival_judge_head(Arrival *arrival, const Route *const *routes, bool people);
/** Takes a part of the body. What is wrong with it is kept for arrival_judge_body(). */
void arrival_take(Arrival *arrival, const char *data, size_t size);
/** The body is whole: an answer with a status is a refusal. */
Answer arrival_judge_body(Arrival *arrival);
