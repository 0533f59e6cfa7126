/* forward.c - see forward.h. */
#include "mail/forward.h"

struct forward *
forward_detect(const struct mail *mail)
{
	(void)mail;
	return NULL;
}

void
forward_free(struct forward *forward)
{
	if (!forward)
		return;
	g_free(forward->by);
	g_free(forward->name);
	g_free(forward->address);
	g_free(forward->subject);
	g_free(forward->text);
	g_free(forward->note);
	g_free(forward);
}
