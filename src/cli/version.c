/* The only file that knows the version: the Makefile defines KTSTR_VERSION, KTSTR_COMMIT, KTSTR_DAY
 * and KTSTR_DATE for it alone. */
#include "src/cli/version.h"

#include <gnu/libc-version.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "src/base/file.h"

#ifndef KTSTR_VERSION
#define KTSTR_VERSION "unknown"
#endif
#ifndef KTSTR_COMMIT
#define KTSTR_COMMIT "unknown"
#endif
#ifndef KTSTR_DAY
#define KTSTR_DAY "1970-01-01"
#endif
#ifndef KTSTR_DATE
#define KTSTR_DATE "January 1, 1970"
#endif

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

const char *version_number(void)
{
	return KTSTR_VERSION;
}

const char *version_commit(void)
{
	return KTSTR_COMMIT;
}

const char *version_date(void)
{
	return KTSTR_DATE;
}

/*
 * Libraries are asked of the dynamic loader rather than of themselves: what is listed is what is
 * mapped, and no library's header is needed here. The file behind the name carries the version
 * (libvterm.so.0 -> libvterm.so.0.0.3).
 */
static int add_library(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct strv *names = arg;
	char real[PATH_MAX];
	const char *name = file_base(info->dlpi_name);

	(void)size;
	if (!str_starts(name, "lib") || str_starts(name, "libc.so"))
		return 0;
	if (realpath(info->dlpi_name, real))
		strv_push(names, file_base(real));
	else
		strv_push(names, name);
	return 0;
}

static void add_verbose(struct str *out)
{
	struct utsname un;
	cleanup_strv struct strv libs = STRV_INIT;

	str_printf(out, "compiler  %s\n", COMPILER);
	str_printf(out, "libc      glibc %s\n", gnu_get_libc_version());
	if (uname(&un) == 0)
		str_printf(out, "kernel    %s %s %s\n", un.sysname, un.release, un.machine);
	dl_iterate_phdr(add_library, &libs);
	strv_sort(&libs);
	for (size_t i = 0; i < libs.n; i++)
		str_printf(out, "%-10s%s\n", i ? "" : "libraries", libs.v[i]);
}

void version_text(bool verbose, struct str *out)
{
	str_printf(
		out, "ktstr %s (commit %s, %s)\n", version_number(), version_commit(), KTSTR_DAY);
	if (verbose)
		add_verbose(out);
}
