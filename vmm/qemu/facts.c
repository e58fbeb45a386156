#include "vmm/qemu/facts.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/spawn.h"

#define PROGRAM "qemu-system-x86_64"

bool qemu_links(const char *path, const char *soname)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	bool found;
	void *map;

	if (fd < 0 || fstat(fd, &st) || st.st_size <= 0)
		return false;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return false;
	/* the names of libraries stand near the front, so this seldom reads much */
	found = memmem(map, (size_t)st.st_size, soname, strlen(soname)) != NULL;
	munmap(map, (size_t)st.st_size);
	return found;
}

char *qemu_firmware(const char *program, const char *file)
{
	cleanup_free char *real = realpath(program, NULL), *path = NULL;
	char *slash = real ? strrchr(real, '/') : NULL;

	if (!slash)
		return NULL;
	*slash = '\0';
	path = xasprintf("%s/../share/qemu/%s", real, file);
	return access(path, R_OK) ? NULL : realpath(path, NULL);
}

/* An AMD whose CPUID describes its own topology (leaf 0x8000001e); QEMU hides it unless asked. */
static bool host_has_topoext(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(0x80000001, &a, &b, &c, &d) && c & 1U << 22;
}

/* Family 17h (8 + extended 0fh), models 00h to 1fh. */
static bool host_is_zen1(void)
{
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d))
		return false;
	return (a >> 8 & 0xf) + (a >> 20 & 0xff) == 0x17 && (a >> 16 & 0xf) <= 1;
}

char *qemu_program(struct err *e)
{
	char *program = spawn_find(PROGRAM);

	if (!program) {
		err_set(e, ENOENT, "guests need QEMU: " PROGRAM " is not installed");
		err_hint(e, "Debian, Ubuntu: apt-get install qemu-system-x86; Fedora: dnf "
			    "install qemu-system-x86-core");
	}
	return program;
}

int qemu_facts_find(struct qemu_facts *f, struct err *e)
{
	char *program = qemu_program(e);

	*f = (struct qemu_facts){0};
	if (!program)
		return -ENOENT;
	f->program = program;
	f->bios = qemu_firmware(program, "qboot.rom");
	f->sandbox = qemu_links(program, "libseccomp.so");
	f->topoext = host_has_topoext();
	f->zen1 = f->topoext && host_is_zen1();
	f->cpu = getenv("KTSTR_QEMU_CPU");
	if (f->cpu && !*f->cpu)
		f->cpu = NULL;
	return 0;
}

void qemu_facts_release(struct qemu_facts *f)
{
	free((char *)f->program);
	free((char *)f->bios);
	*f = (struct qemu_facts){0};
}
