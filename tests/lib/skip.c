#include "tests/lib/skip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/base/str.h"

void skip_because(const char *fmt, ...)
{
	va_list ap;
	cleanup_str struct str reason = STR_INIT;

	va_start(ap, fmt);
	str_vprintf(&reason, fmt, ap);
	va_end(ap);
	print_message("# skipped: %s\n", str_get(&reason));
	str_release(&reason);
	skip();
	abort(); /* skip() has left by longjmp */
}
