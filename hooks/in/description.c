/* description.c - see description.h.  The path is that of the top directory, where make runs. */
#include "hooks/in/description.h"

__asm__(".section .rodata\n"
	".global description_text\n"
	".type description_text, @object\n"
	"description_text:\n"
	".incbin \"conf/api/openapi.json\"\n"
	".byte 0\n"
	".size description_text, . - description_text\n"
	".previous\n");
