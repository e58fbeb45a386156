#include "tests/lib/mini_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "tests/lib/kernel_fixture.h"

/* olddefconfig: the last word about each symbol, without those that are absent. */
static const char rules[] =
	"MAKEFLAGS += --no-print-directory\n"
	"check = @if [ -e fail-$@ ]; then echo \"$@: it fails\" >&2; exit 1; fi\n"
	".PHONY: all defconfig tinyconfig olddefconfig mrproper compile_commands.json\n"
	"all:\n"
	"\t$(check)\n"
	"\t@test -e .config\n"
	"\t@echo '  CC      kernel/sched/core.o'\n"
	"\t@while [ -e slow ]; do sleep 0.02; done\n"
	"\t@echo '  CC      kernel/sched/ext.o'\n"
	"\t@echo '  LD      vmlinux'\n"
	"\t@mkdir -p arch/x86/boot; cp image.src arch/x86/boot/bzImage; cp vmlinux.src vmlinux\n"
	"\t@echo kernel/drivers/char/virtio_console.ko > modules.builtin; cp modules.src "
	"modules.order 2>/dev/null || : > modules.order\n"
	"\t@echo $(MAKEFLAGS) $(KCFLAGS) >> calls\n"
	"modules_install:\n"
	"\t$(check)\n"
	"\t@d=$(INSTALL_MOD_PATH)/lib/modules/$(VERSION).$(PATCHLEVEL).$(SUBLEVEL); mkdir -p "
	"$$d/kernel; ln -s $$PWD "
	"$$d/build; "
	"while read -r m; do mkdir -p $$d/kernel/$$(dirname $$m); echo stripped > $$d/kernel/$$m; "
	"done < modules.order; "
	"cp modules.builtin $$d; echo $@ $(INSTALL_MOD_STRIP) $(DEPMOD) >> calls\n"
	"defconfig tinyconfig:\n"
	"\t$(check)\n"
	"\t@echo \"# made by $@\" > .config; echo CONFIG_FROM_$@=y >> .config; echo $@ >> calls\n"
	"olddefconfig:\n"
	"\t$(check)\n"
	"\t@echo '  HOSTCC  scripts/kconfig/conf.o'\n"
	"\t@while [ -e slow-config ]; do sleep 0.02; done\n"
	"\t@touch absent; awk 'FNR == 1 { file++ } file == 1 && FILENAME == \"absent\" { "
	"gone[$$1]; "
	"next } "
	"match($$0, /CONFIG_[A-Za-z0-9_]+/) { s = substr($$0, RSTART, RLENGTH); if (s in gone) "
	"next; "
	"if (!(s in n)) { n[s] = ++k; name[k] = s } v[s] = $$0 } "
	"END { for (i = 1; i <= k; i++) print v[name[i]] }' absent .config > .config.new\n"
	"\t@mv .config.new .config; echo $@ >> calls\n"
	"mrproper:\n"
	"\t$(check)\n"
	"\t@rm -rf .config vmlinux arch; echo $@ >> calls\n"
	"compile_commands.json:\n"
	"\t$(check)\n"
	"\t@echo '[]' > $@; echo $@ >> calls\n";

static void write_file(const char *dir, const char *name, const struct str *bytes)
{
	cleanup_free char *path = file_join(dir, name);

	fixture_write(path, bytes->s, bytes->len);
}

void mini_tree(const char *dir, const char *version)
{
	unsigned major = 6, minor = 0, patch = 0;
	cleanup_str struct str makefile = STR_INIT, image = STR_INIT, vmlinux = STR_INIT;

	sscanf(version, "%u.%u.%u", &major, &minor, &patch);
	str_printf(&makefile,
		"# SPDX-License-Identifier: MIT\nVERSION = %u\nPATCHLEVEL = %u\nSUBLEVEL = %u\n"
		"EXTRAVERSION =\nNAME = Miniature\n\n%s",
		major, minor, patch, rules);
	fixture_bzimage(&image, version, 64);
	fixture_vmlinux(&vmlinux, version);
	write_file(dir, "Makefile", &makefile);
	fixture_text(dir, "Kconfig", "config FROM_defconfig\n\tbool\n");
	write_file(dir, "image.src", &image);
	write_file(dir, "vmlinux.src", &vmlinux);
}
