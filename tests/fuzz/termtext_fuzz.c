/*
 * The guest's terminal output and console log: what is remembered of them does not depend on how
 * the bytes were cut, undoing leaves nothing to undo, and quotes are short and clean.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/termtrack.h"
#include "vmm/conlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void track(const char *s, size_t n, size_t cut)
{
	cleanup_str struct str whole = STR_INIT, parts = STR_INIT, rest = STR_INIT;
	struct termtrack a = {0}, b = {0};

	termtrack_feed(&a, s, n);
	termtrack_feed(&b, s, cut);
	termtrack_feed(&b, s + cut, n - cut);
	termtrack_undo(&a, &whole);
	termtrack_undo(&b, &parts);
	if (strcmp(whole.s, parts.s) != 0)
		abort();
	termtrack_feed(&a, whole.s, whole.len);
	termtrack_undo(&a, &rest);
	if (a.on || strcmp(rest.s, "\017\033(B\033[0m") != 0)
		abort();
}

static void quotes(const struct strv *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		for (const char *p = lines->v[i]; *p; p++)
			if ((unsigned char)*p < ' ' || *p == 0x7f)
				abort();
}

static void console(const char *s, size_t n, size_t cut)
{
	cleanup_strv struct strv whole = STRV_INIT, parts = STRV_INIT;
	struct conlog a = {0}, b = {0};

	conlog_feed(&a, s, n);
	conlog_feed(&b, s, cut);
	conlog_feed(&b, s + cut, n - cut);
	conlog_last(&a, 1000, &whole);
	conlog_last(&b, 1000, &parts);
	if (whole.n != parts.n || whole.n > CONLOG_LINES + 1)
		abort();
	for (size_t i = 0; i < whole.n; i++)
		if (strcmp(whole.v[i], parts.v[i]) != 0)
			abort();
	quotes(&whole);
	conlog_release(&a);
	conlog_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cut = size ? data[0] % size : 0;

	track((const char *)data, size, cut);
	console((const char *)data, size, cut);
	return 0;
}
