/* null-milter.c - the least a libmilter filter can do: negotiate every reply away and accept. */
#include <libmilter/mfapi.h>
#include <stdio.h>

static sfsistat
on_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps, unsigned long unused2,
	     unsigned long unused3, unsigned long *ret_actions, unsigned long *ret_steps,
	     unsigned long *ret_unused2, unsigned long *ret_unused3)
{
	(void)context;
	(void)unused2;
	(void)unused3;
	*ret_actions = actions & SMFIF_ADDHDRS;
	*ret_steps = steps &
		     (SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT |
		      SMFIP_NR_DATA | SMFIP_NR_UNKN | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY);
	*ret_unused2 = *ret_unused3 = 0;
	return SMFIS_CONTINUE;
}

static sfsistat
on_text(SMFICTX *context, char *text)
{
	(void)context;
	(void)text;
	return SMFIS_CONTINUE;
}

static sfsistat
on_envelope(SMFICTX *context, char **arguments)
{
	(void)context;
	(void)arguments;
	return SMFIS_CONTINUE;
}

static sfsistat
on_header(SMFICTX *context, char *name, char *value)
{
	(void)context;
	(void)name;
	(void)value;
	return SMFIS_CONTINUE;
}

static sfsistat
on_body(SMFICTX *context, unsigned char *bytes, size_t length)
{
	(void)context;
	(void)bytes;
	(void)length;
	return SMFIS_CONTINUE;
}

static sfsistat
on_event(SMFICTX *context)
{
	(void)context;
	return SMFIS_CONTINUE;
}

int
main(int argc, char **argv)
{
	struct smfiDesc description = {
		.xxfi_name = "null",
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS,
		.xxfi_helo = on_text,
		.xxfi_envfrom = on_envelope,
		.xxfi_envrcpt = on_envelope,
		.xxfi_header = on_header,
		.xxfi_eoh = on_event,
		.xxfi_body = on_body,
		.xxfi_eom = on_event,
		.xxfi_data = on_event,
		.xxfi_negotiate = on_negotiate,
	};
	if (argc != 2 || smfi_register(description) == MI_FAILURE ||
	    smfi_setconn(argv[1]) == MI_FAILURE || smfi_opensocket(1) == MI_FAILURE) {
		fprintf(stderr, "usage: null-milter unix:/path\n");
		return 1;
	}
	return smfi_main();
}
