#include "src/kernels/modtree.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/base/str.h"

/* kernel/drivers/net/ethernet/VENDOR/FAMILY/ is the usual depth. */
enum { DEPTH_MAX = 12 };

static bool is_module(const char *name)
{
	static const char *const suffixes[] = {".ko", ".ko.xz", ".ko.zst", ".ko.gz"};

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		if (str_ends(name, suffixes[i]))
			return true;
	return false;
}

static bool search(const char *dir, unsigned depth)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	bool found = false;

	while (d && !found && (entry = readdir(d))) {
		cleanup_free char *path = NULL;

		if (is_module(entry->d_name))
			found = true;
		/* links are not followed: `build` and `source` lead to whole kernel trees */
		if (found || entry->d_name[0] == '.' || depth == 0 || entry->d_type == DT_LNK)
			continue;
		if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
			continue;
		path = file_join(dir, entry->d_name);
		found = search(path, depth - 1);
	}
	if (d)
		closedir(d);
	return found;
}

bool modtree_holds_modules(const char *dir)
{
	cleanup_free char *builtin = file_join(dir, "modules.builtin");

	return file_exists(builtin) || search(dir, DEPTH_MAX);
}

/* Takes the heap path; gives it back when it is a module tree. */
static char *if_tree(char *dir)
{
	if (modtree_holds_modules(dir))
		return dir;
	free(dir);
	return NULL;
}

static char *below(const char *folder, const char *release)
{
	static const char *const trees[] = {"lib/modules", "usr/lib/modules"};

	for (size_t i = 0; i < ARRAY_LEN(trees); i++) {
		char *tree = if_tree(xasprintf(
			"%s%s%s/%s", folder, str_ends(folder, "/") ? "" : "/", trees[i], release));

		if (tree)
			return tree;
	}
	return NULL;
}

/* X of X/boot/vmlinuz-V, with its slash; NULL for another shape. *v points into image. */
static char *installed_root(const char *image, const char **v)
{
	static const char shape[] = "boot/vmlinuz-";
	const char *base = file_base(image), *start = base - strlen("boot/");

	if (start < image || !str_starts(start, shape) || !start[strlen(shape)])
		return NULL;
	if (start > image && start[-1] != '/')
		return NULL;
	*v = start + strlen(shape);
	return start == image ? xstrdup("./") : xstrndup(image, (size_t)(start - image));
}

static char *of_installed(const char *image, const char *release)
{
	const char *v = NULL;
	cleanup_free char *root = installed_root(image, &v);
	char *tree;

	if (!root)
		return NULL;
	tree = below(root, v);
	return tree || !release ? tree : below(root, release);
}

/* A kernel that was built where it lies, X/arch/x86/boot/bzImage: X itself, as its modules are
 * wherever their sources are. */
static char *of_build(const char *image)
{
	static const char inside[] = "/arch/x86/boot/bzImage";
	cleanup_free char *listed = NULL;
	char *tree;

	if (!str_ends(image, inside) || strlen(image) == strlen(inside))
		return NULL;
	tree = xstrndup(image, strlen(image) - strlen(inside));
	listed = file_join(tree, "modules.builtin");
	if (file_exists(listed))
		return tree;
	free(tree);
	return NULL;
}

char *modtree_find(const struct place *p, const char *image, const char *release)
{
	size_t n = (size_t)(file_base(image) - image);
	cleanup_free char *dir = n ? xstrndup(image, n) : xstrdup("./");
	cleanup_free char *beside = xasprintf("%skernel", dir);
	cleanup_free char *host = place_path(p, "/");
	char *tree = release ? below(dir, release) : NULL;

	if (!tree)
		tree = of_installed(image, release);
	if (!tree)
		tree = of_build(image);
	if (!tree && file_is_dir(beside) && str_starts(file_base(image), "vmlinuz"))
		tree = if_tree(xstrndup(dir, strlen(dir) > 1 ? strlen(dir) - 1 : 1));
	return tree || !release ? tree : below(host, release);
}

/* Whether a folder is one of trees (/lib/modules itself) rather than a tree. */
static bool holds_trees(const char *dir)
{
	cleanup_free char *own = file_join(dir, "kernel");
	DIR *d = file_is_dir(own) ? NULL : opendir(dir);
	struct dirent *entry;
	bool found = false;

	while (d && !found && (entry = readdir(d))) {
		cleanup_free char *kernel = xasprintf("%s/%s/kernel", dir, entry->d_name);

		found = entry->d_name[0] != '.' && file_is_dir(kernel);
	}
	if (d)
		closedir(d);
	return found;
}

static char *named_tree(const char *path, const char *release)
{
	char *tree = release ? below(path, release) : NULL;

	if (!tree && release)
		tree = if_tree(file_join(path, release));
	if (tree || holds_trees(path))
		return tree;
	return if_tree(xstrdup(path));
}

char *modtree_named(const struct place *p, const char *dir, const char *release, struct err *e)
{
	cleanup_free char *path = place_relative(p, dir);
	char *tree = named_tree(path, release);

	if (tree)
		return tree;
	if (!file_exists(path))
		err_set(e, ENOENT, "module folder '%s' does not exist", dir);
	else if (holds_trees(path))
		err_set(e, EINVAL, "'%s' holds module trees, but none of kernel %s", dir,
			release ? release : "(its release is unknown)");
	else
		err_set(e, EINVAL, "'%s' holds no kernel modules", dir);
	err_hint(e, "--modules names the folder that holds kernel/, as in /lib/modules/VERSION");
	return NULL;
}
