#include "src/base/lazylib.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

/* Never unloaded: opening again then costs a look into the linker's list only. */
static void *first_of(const char *const *files)
{
	void *so = NULL;

	for (; *files && !so; files++)
		so = dlopen(*files, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	return so;
}

int lazylib_open(const struct lazylib *l, void *calls, struct err *e)
{
	void *so = first_of(l->files);

	if (!so) {
		err_set(e, ENOENT, "%s needs the library %s, which is not installed", l->purpose,
			l->name);
		return err_hint(e, "Debian, Ubuntu: apt-get install %s; Fedora: dnf install %s",
			l->debian, l->fedora);
	}
	for (size_t i = 0; i < l->nsymbols; i++) {
		void *p = dlsym(so, l->symbols[i].name);

		if (!p) {
			dlclose(so);
			return err_set(e, ENOSYS, "the installed %s is too old: it has no %s",
				l->name, l->symbols[i].name);
		}
		memcpy((char *)calls + l->symbols[i].offset, &p, sizeof(p));
	}
	dlclose(so);
	return 0;
}
