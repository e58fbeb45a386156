#include "src/base/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int result(const struct err *e)
{
	return e && e->code ? -e->code : -EIO;
}

int(err_set)(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	code = abs(code);
	if (!e)
		return code ? -code : -EIO;
	e->code = code ? code : EIO;
	e->hint[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	return -e->code;
}

int(err_sys)(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	code = abs(code);
	if (!e)
		return code ? -code : -EIO;
	e->code = code ? code : EIO;
	e->hint[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", strerror(e->code));
	return -e->code;
}

int(err_prefix)(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->msg)];
	va_list ap;
	size_t n;

	if (!e)
		return -EIO;
	memcpy(old, e->msg, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", old);
	return result(e);
}

int(err_hint)(struct err *e, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	if (!e)
		return -EIO;
	n = strlen(e->hint);
	if (n && n + 1 < sizeof(e->hint))
		e->hint[n++] = '\n';
	va_start(ap, fmt);
	vsnprintf(e->hint + n, sizeof(e->hint) - n, fmt, ap);
	va_end(ap);
	return result(e);
}

void err_clear(struct err *e)
{
	if (!e)
		return;
	e->code = 0;
	e->msg[0] = '\0';
	e->hint[0] = '\0';
}
