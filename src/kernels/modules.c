#include "src/kernels/modules.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/kernels/image.h"
#include "src/kernels/make.h"

enum { LIST_BYTES_MAX = 16 << 20 };

static bool has_files(const char *tree)
{
	cleanup_free char *order = file_join(tree, "modules.order");
	struct stat st;

	return !stat(order, &st) && st.st_size > 0;
}

static int copy_list(const char *tree, const char *folder, const char *name, struct err *e)
{
	cleanup_free char *from = file_join(tree, name), *to = file_join(folder, name);
	cleanup_str struct str text = STR_INIT;
	int rc;

	if (!file_exists(from))
		return 0;
	rc = file_read(from, LIST_BYTES_MAX, &text, e);
	rc = rc ? rc : file_mkdirs(folder, 0755, e);
	return rc ? rc : file_replace(to, str_get(&text), text.len, 0644, e);
}

/* Where the lists say what belongs to what, depmod is not needed: whoever reads them does its work.
 */
static int install(const char *tree, const char *folder, const char *entry,
	const struct kernel_report *report, struct err *e)
{
	static const char *const links[] = {"build", "source"};
	cleanup_free char *path = xasprintf("INSTALL_MOD_PATH=%s", entry);
	const char *const args[] = {
		"modules_install", path, "INSTALL_MOD_STRIP=1", "DEPMOD=true", NULL};
	const struct make_run m = {
		.tree = tree, .args = args, .what = "storing the modules", .report = report};
	int rc = make_run(&m, NULL, e);

	/* they lead to a tree that goes away */
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		cleanup_free char *link = file_join(folder, links[i]);

		unlink(link);
	}
	return rc;
}

int modules_put(const char *tree, const char *image, const char *entry,
	const struct kernel_report *report, struct err *e)
{
	static const char *const lists[] = {"modules.builtin", "modules.builtin.modinfo"};
	cleanup_free char *folder = NULL;
	struct image_info info;
	int rc = image_probe(image, &info, e);

	if (rc || !info.release[0])
		return rc;
	folder = xasprintf("%s/lib/modules/%s", entry, info.release);
	if (has_files(tree))
		return install(tree, folder, entry, report, e);
	for (size_t i = 0; i < ARRAY_LEN(lists) && !rc; i++)
		rc = copy_list(tree, folder, lists[i], e);
	return rc;
}
