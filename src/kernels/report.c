#include "src/kernels/report.h"

#include <stdarg.h>

#include "src/base/mem.h"

void report_note(const struct kernel_report *r, const char *fmt, ...)
{
	cleanup_free char *text = NULL;
	va_list ap;

	if (!r || !r->note)
		return;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	r->note(r->user, text);
}

bool report_progress(const struct kernel_report *r, const char *what, uint64_t done, uint64_t total)
{
	return r && r->progress && r->progress(r->user, what, done, total);
}
