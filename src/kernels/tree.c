#include "src/kernels/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "src/base/file.h"
#include "src/base/mem.h"

char *tree_image(const char *dir)
{
	static const char *const places[] = {"arch/x86/boot/bzImage", "bzImage", "vmlinux"};

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		char *path = file_join(dir, places[i]);
		struct stat st;

		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			return path;
		free(path);
	}
	return NULL;
}

int tree_without_image(const char *dir, const char *name, struct err *e)
{
	cleanup_free char *makefile = file_join(dir, "Makefile"),
			  *kconfig = file_join(dir, "Kconfig");

	if (!file_exists(makefile) || !file_exists(kconfig))
		return err_set(e, ENOENT,
			"no kernel image found in %s (not a kernel source tree — missing Makefile "
			"or "
			"Kconfig)",
			name);
	err_set(e, ENOENT, "no kernel image found in %s: the tree is not built", name);
	return err_hint(e, "build it: make -C %s -j$(nproc) bzImage", name);
}
