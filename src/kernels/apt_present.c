#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/spawn.h"
#include "src/kernels/apt.h"

static const struct {
	const char *id; /* of ID or ID_LIKE in os-release(5) */
	const char *how;
} others[] = {
	{.id = "fedora",
		.how = "sudo dnf install kernel-core, then --kernel /lib/modules/VERSION/vmlinuz"},
	{.id = "rhel",
		.how = "sudo dnf install kernel-core, then --kernel /lib/modules/VERSION/vmlinuz"},
	{.id = "suse",
		.how = "sudo zypper install kernel-default-base, then --kernel "
		       "/usr/lib/modules/VERSION/vmlinuz"},
	{.id = "arch",
		.how = "sudo pacman -S linux, then --kernel /usr/lib/modules/VERSION/vmlinuz"},
	{.id = "alpine", .how = "doas apk add linux-virt, then --kernel /boot/vmlinuz-virt"},
	{.id = "debian", .how = "install apt, or give --kernel IMAGE"},
};

/* Whether a line `ID=...` or `ID_LIKE=...` has the word. */
static bool names_system(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		bool id = str_starts(line, "ID=") || str_starts(line, "ID_LIKE=");

		for (size_t i = 1; id && i + n <= len; i++)
			if (strncmp(line + i, word, n) == 0 &&
				!isalnum((unsigned char)line[i - 1]) &&
				!isalnum((unsigned char)line[i + n]))
				return true;
		line += len + (line[len] == '\n');
	}
	return false;
}

int apt_present(const char *prefix, struct err *e)
{
	cleanup_free char *get = spawn_find("apt-get"), *cache = spawn_find("apt-cache");
	cleanup_free char *path = xasprintf("%s/etc/os-release", prefix);
	cleanup_str struct str text = STR_INIT;
	const char *how = "install your distribution's kernel package and give --kernel IMAGE";

	if (get && cache)
		return 0;
	if (file_read(path, 65536, &text, NULL) == 0)
		for (size_t i = 0; i < ARRAY_LEN(others); i++)
			if (names_system(str_get(&text), others[i].id)) {
				how = others[i].how;
				break;
			}
	err_set(e, ENOENT,
		"the distribution's kernel can only be fetched with apt-get and apt-cache, and "
		"this "
		"machine has no %s",
		get ? "apt-cache" : "apt-get");
	return err_hint(e, "%s", how);
}
