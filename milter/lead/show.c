/* show.c - see show.h. */
#include "lead/show.h"
#include "base/clock.h"

#include <math.h>

void
show_add_text(cJSON *object, const char *key, const char *text)
{
	cJSON_AddItemToObject(object, key, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

void
show_add_time(cJSON *object, const char *key, gint64 time)
{
	g_autofree char *text = time ? clock_format(time) : NULL;
	show_add_text(object, key, text);
}

void
show_add_points(cJSON *object, const char *key, double points)
{
	cJSON_AddNumberToObject(object, key, round(points * 100) / 100);
}
