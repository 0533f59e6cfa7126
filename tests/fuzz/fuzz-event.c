/* fuzz-event.c - whatever a lead's strings hold, an event is valid JSON in valid UTF-8 below its
 * ceiling; and comparing two names is symmetric. */
#include "lead/event.h"

#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>

#include "base/limits.h"
#include "lead/identity.h"

static const gsize FIELDS[] = {
	G_STRUCT_OFFSET(struct lead, address),     G_STRUCT_OFFSET(struct lead, name),
	G_STRUCT_OFFSET(struct lead, title),       G_STRUCT_OFFSET(struct lead, company),
	G_STRUCT_OFFSET(struct lead, stage_cause), G_STRUCT_OFFSET(struct lead, owner),
	G_STRUCT_OFFSET(struct lead, source),      G_STRUCT_OFFSET(struct lead, scorecard),
};

/* The next NUL-ended piece of the input, or the rest of it. */
static char *
next_piece(const guint8 **data, size_t *size)
{
	size_t length = strnlen((const char *)*data, *size);
	char *piece = g_strndup((const char *)*data, length);

	*data += MIN(length + 1, *size);
	*size -= MIN(length + 1, *size);
	return piece;
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	g_autoptr(lead_owned) lead = lead_new();
	struct event_input input = { .type = "lead.updated", .lead = lead, .time = 1 };
	struct event *event;
	cJSON *tree;

	lead->id = g_strdup("ld_1");
	for (guint i = 0; i < G_N_ELEMENTS(FIELDS); i++)
		G_STRUCT_MEMBER(char *, lead, FIELDS[i]) = next_piece(&data, &size);
	while (size > 0)
		g_ptr_array_add(lead->urls, next_piece(&data, &size));
	event = event_new(&input);
	tree = cJSON_Parse(event->body);
	if (tree == NULL || strlen(event->body) >= LIMIT_EVENT ||
	    !g_utf8_validate(event->body, -1, NULL))
		abort();
	if (identity_compare_names(lead->name, lead->title) !=
	    identity_compare_names(lead->title, lead->name))
		abort();
	cJSON_Delete(tree);
	event_free(event);
	return 0;
}
