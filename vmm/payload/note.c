#include "vmm/payload/note.h"

#include <stdarg.h>

#include "src/base/mem.h"

void payload_say(const struct payload_note *n, const char *fmt, ...)
{
	cleanup_free char *text = NULL;
	va_list ap;

	if (!n || !n->note)
		return;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	n->note(n->user, text);
}
