/*
 * inspect.h - one message's facts (and score) as the JSON document of `leadctl inspect --json`.
 *
 * The keys are a public contract: conf/schemas/inspect.schema.json.  Any thread.
 */
#ifndef LEADMILTER_INSPECT_H
#define LEADMILTER_INSPECT_H

#include "lead/score.h"
#include "mail/facts.h"

/**
 * @param file  how the message is called in the document
 * @param score NULL without scorecards
 * @return one line of JSON without a line end; caller frees
 */
char *inspect_to_json(const struct facts *facts, const char *file, const struct score *score);

#endif
