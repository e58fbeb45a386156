#include "src/kernels/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"

struct place place_host(struct place_storage *storage)
{
	struct utsname u;

	snprintf(storage->release, sizeof(storage->release), "%s", uname(&u) ? "" : u.release);
	return (struct place){
		.prefix = "",
		.cwd = "",
		.release = storage->release,
		.program = "/proc/self/exe",
		.kernel = getenv("KTSTR_KERNEL"),
		.fetch = getenv("KTSTR_FETCH"),
		.cache_dir = getenv("KTSTR_CACHE_DIR"),
		.xdg_cache = getenv("XDG_CACHE_HOME"),
		.home = getenv("HOME"),
		.mirror = getenv("KTSTR_KERNEL_MIRROR"),
		.releases_url = getenv("KTSTR_RELEASES_URL"),
		.stable_tree = getenv("KTSTR_STABLE_TREE"),
		.keyring = getenv("KTSTR_KEYRING"),
		.store_timeout = getenv("KTSTR_CACHE_STORE_LOCK_TIMEOUT"),
	};
}

char *place_path(const struct place *p, const char *path)
{
	return xasprintf("%s%s", p->prefix, path);
}

char *place_relative(const struct place *p, const char *path)
{
	if (path[0] == '/' || !p->cwd[0])
		return xstrdup(path);
	return file_join(p->cwd, path);
}

static char *from_home(const char *home, struct err *e)
{
	if (!home)
		err_set(e, EINVAL, "HOME is unset; cannot resolve cache directory");
	else if (!*home)
		err_set(e, EINVAL,
			"HOME is set to the empty string; cannot resolve cache directory");
	else if (strcmp(home, "/") == 0)
		err_set(e, EINVAL, "HOME is `/`; cannot resolve cache directory");
	else if (home[0] != '/')
		err_set(e, EINVAL,
			"HOME is `%s`, which is not an absolute path; cannot resolve cache "
			"directory",
			home);
	else
		return file_join(home, ".cache/ktstr/kernels");
	err_hint(e, "KTSTR_CACHE_DIR=DIR says where the kernel cache is");
	return NULL;
}

char *place_cache_root(const struct place *p, struct err *e)
{
	if (p->cache_dir && *p->cache_dir) {
		if (utf8_valid(p->cache_dir, strlen(p->cache_dir)))
			return place_relative(p, p->cache_dir);
		err_set(e, EINVAL, "KTSTR_CACHE_DIR is not valid UTF-8");
		return NULL;
	}
	if (p->xdg_cache && *p->xdg_cache) {
		cleanup_free char *full = file_join(p->xdg_cache, "ktstr/kernels");

		return place_relative(p, full);
	}
	return from_home(p->home, e);
}
