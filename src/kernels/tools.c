#include "src/kernels/tools.h"

#include <stdlib.h>

#include "src/base/file.h"
#include "src/base/spawn.h"

/* A program in PATH, or a header that kbuild's own programs include. */
static const struct {
	const char *program, *header, *debian, *fedora;
} tools[] = {
	{.program = "make", .debian = "make", .fedora = "make"},
	{.program = "gcc", .debian = "gcc", .fedora = "gcc"},
	{.program = "flex", .debian = "flex", .fedora = "flex"},
	{.program = "bison", .debian = "bison", .fedora = "bison"},
	{.program = "bc", .debian = "bc", .fedora = "bc"},
	{.program = "perl", .debian = "perl", .fedora = "perl"},
	{.program = "xz", .debian = "xz-utils", .fedora = "xz"},
	{.program = "pahole", .debian = "dwarves", .fedora = "dwarves"},
	{.header = "gelf.h", .debian = "libelf-dev", .fedora = "elfutils-libelf-devel"},
};

static bool there(size_t i)
{
	cleanup_free char *path = tools[i].program ? spawn_find(tools[i].program)
						   : xasprintf("/usr/include/%s", tools[i].header);

	return path && file_exists(path);
}

static bool is_debian(void)
{
	cleanup_free char *apt = spawn_find("apt-get"), *dnf = spawn_find("dnf");

	return apt || !dnf;
}

const char *tools_installer(void)
{
	return is_debian() ? "apt-get install" : "dnf install";
}

bool tools_missing(struct str *names, struct str *packages)
{
	bool debian = is_debian(), any = false;

	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		if (there(i))
			continue;
		str_printf(names, "%s%s", any ? ", " : "",
			tools[i].program ? tools[i].program : tools[i].header);
		str_printf(packages, " %s", debian ? tools[i].debian : tools[i].fedora);
		any = true;
	}
	return any;
}
