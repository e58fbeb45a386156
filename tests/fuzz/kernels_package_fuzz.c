/* Our own part of reading packages: where an ar archive's members lie, control stanzas, and where a
 * file goes inside a cache entry. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/kernels/deb.h"
#include "src/kernels/deb822.h"
#include "src/kernels/package.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(int ok)
{
	if (!ok)
		abort();
}

static void archive(const uint8_t *data, size_t size)
{
	cleanup_close int fd = file_memfd("deb");
	struct err e = ERR_INIT;
	struct deb deb;

	if (fd < 0 || file_write_fd(fd, data, size))
		return;
	if (deb_open(fd, "x", &deb, &e)) {
		need(e.msg[0]);
		return;
	}
	need(deb.control.offset <= size && deb.control.size <= size - deb.control.offset);
	need(deb.data.offset <= size && deb.data.size <= size - deb.data.offset);
}

static void stanzas(const char *text)
{
	struct deb822 p;

	while (deb822_next(&text, &p)) {
		cleanup_strv struct strv names = STRV_INIT;

		need(*p.package);
		deb822_depends(p.depends, &names);
		for (size_t i = 0; i < names.n; i++)
			need(*names.v[i] && !strpbrk(names.v[i], " ,|("));
		deb822_release(&p);
	}
}

static void place(const char *path)
{
	cleanup_str struct str inside = STR_INIT;
	char release[IMAGE_RELEASE_MAX];
	enum package_place where = package_place(path, &inside, release);

	if (where == PACKAGE_SKIP || where == PACKAGE_UNSAFE)
		return;
	need(inside.len && inside.s[0] != '/' && !strstr(inside.s, "/../") &&
		!str_ends(inside.s, "/.."));
	need(*release && !strchr(release, '/'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = xstrndup((const char *)data, size);

	archive(data, size);
	stanzas(text);
	place(text);
	return 0;
}
