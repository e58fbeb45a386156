/* Any bytes as a module's .modinfo, and as an element of a library search path. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <elf.h>

#include "vmm/payload/modules.h"
#include "vmm/payload/search.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct strv *names, const char *parts)
{
	for (size_t i = 0; i < names->n; i++)
		if (!*names->v[i] || strpbrk(names->v[i], parts))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct obj_kind kind = {.class = ELFCLASS64, .machine = EM_X86_64};
	cleanup_free char *copy = xmalloc(size), *element = xstrndup((const char *)data, size);
	cleanup_strv struct strv dirs = STRV_INIT;
	struct module_needs needs;

	memcpy(copy, data, size);
	module_needs_parse(copy, size, &needs);
	check(&needs.depends, ",");
	check(&needs.before, " \t");
	check(&needs.after, " \t");
	module_needs_release(&needs);
	search_expand(element, "/origin", kind, &dirs);
	if (!dirs.n || dirs.n > 3)
		abort();
	return 0;
}
