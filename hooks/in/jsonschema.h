/*
 * jsonschema.h - a JSON value checked against a JSON Schema (draft 2020-12), with a JSON Pointer
 * (RFC 6901) to everything that is wrong.
 *
 * What our own documents use is understood: type, enum, const, required, properties,
 * additionalProperties (false, or a schema), items, minItems, maxItems, minLength, maxLength (in
 * characters), minimum, maximum, anyOf, $ref into the same document, and the formats date-time and
 * email.  A schema that asks for anything else that would constrain a value is refused when it is
 * loaded: a check that silently checks less is worse than none.  No C library of Debian 12 does
 * this.  Schemas are immutable; any thread.  A value is walked no deeper than its schema goes.
 */
#ifndef LEADMILTER_JSONSCHEMA_H
#define LEADMILTER_JSONSCHEMA_H

#include <cJSON.h>
#include <glib.h>

struct jsonschema;

/**
 * Prepare the schema that stands at a place in a document.
 * @param document must outlive the schema
 * @param pointer  JSON Pointer of the schema in it, "" for the whole
 * @return NULL with ERROR_CONFIG that names the place.  Caller frees.
 */
struct jsonschema *jsonschema_new(const cJSON *document, const char *pointer, GError **error);
void jsonschema_free(struct jsonschema *schema);

struct jsonschema_finding {
	char *pointer; /* to the wrong value, "" for the whole */
	char *message; /* "is missing", "expected a string" … */
};
void jsonschema_finding_free(struct jsonschema_finding *finding);

#define JSONSCHEMA_FINDINGS 20 /* reported of one value */

/** @return struct jsonschema_finding *, empty when all is well; caller unrefs */
GPtrArray *jsonschema_check(const struct jsonschema *schema, const cJSON *value);

/** The value a pointer names, or NULL. */
const cJSON *jsonschema_resolve(const cJSON *document, const char *pointer);

#endif
