/* cloudevents.c - see cloudevents.h. */
#include "hooks/out/cloudevents.h"
#include "base/clock.h"
#include "base/limits.h"
#include "lead/json.h"

#include <string.h>

char *
cloudevents_source(const char *hostname)
{
	g_autofree char *host = g_uri_escape_string(hostname ? hostname : "localhost", ":", FALSE);
	return g_strconcat("urn:leadmilter:", host, NULL);
}

char *
cloudevents_encode(const char *value)
{
	static const char digits[] = "0123456789ABCDEF";
	GString *out = g_string_sized_new(strlen(value) + 8);
	for (const char *p = value; *p; p++) {
		guchar byte = (guchar)*p;
		if (byte > ' ' && byte < 0x7f && byte != '"' && byte != '%') {
			g_string_append_c(out, *p);
			continue;
		}
		g_string_append_c(out, '%');
		g_string_append_c(out, digits[byte >> 4]);
		g_string_append_c(out, digits[byte & 15]);
	}
	return g_string_free(out, FALSE);
}

/* The attributes in the order of the specification, the required ones first. */
static void
each_attribute(const struct delivery *delivery, const char *source,
	       void (*take)(gpointer data, const char *name, const char *value), gpointer data)
{
	g_autofree char *time = clock_format(delivery->time);
	take(data, "specversion", "1.0");
	take(data, "id", delivery->event);
	take(data, "source", source);
	take(data, "type", delivery->type);
	take(data, "time", time);
	take(data, "subject", delivery->lead);
}

static void
take_field(gpointer data, const char *name, const char *value)
{
	g_autofree char *encoded = value ? cloudevents_encode(value) : NULL;
	if (encoded && *encoded) /* an attribute is there with a value or not at all */
		g_ptr_array_add(data, g_strdup_printf("ce-%s: %s", name, encoded));
}

static void
take_member(gpointer data, const char *name, const char *value)
{
	if (value && *value)
		json_string(data, name, value, LIMIT_EVENT_VALUE);
}

void
cloudevents_add_fields(GPtrArray *fields, const struct delivery *delivery, const char *source)
{
	each_attribute(delivery, source, take_field, fields);
}

void
cloudevents_append(GString *out, const struct delivery *delivery, const char *source)
{
	json_open(out, NULL, '{');
	each_attribute(delivery, source, take_member, out);
	json_string(out, "datacontenttype", "application/json", LIMIT_EVENT_VALUE);
	json_raw(out, "data", delivery->body, strlen(delivery->body));
	json_close(out, '}');
}
