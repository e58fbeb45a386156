#include "probes/ctprof/dwarftsd.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "src/base/lazylib.h"
#include "src/base/str.h"

#define CALLS(X)                                                                                   \
	X(dwarf_attr)                                                                              \
	X(dwarf_begin)                                                                             \
	X(dwarf_child)                                                                             \
	X(dwarf_diename)                                                                           \
	X(dwarf_end)                                                                               \
	X(dwarf_formudata)                                                                         \
	X(dwarf_nextcu)                                                                            \
	X(dwarf_offdie)                                                                            \
	X(dwarf_siblingof)                                                                         \
	X(dwarf_tag)

LAZYLIB_CALLS(CALLS);
LAZYLIB_FILES("dw", "libdw.so.1");

static const struct lazylib library = {
	.files = files,
	.name = "libdw",
	.purpose = "finding jemalloc's counters by debug information",
	.debian = "libdw1",
	.fedora = "elfutils-libs",
	.symbols = symbols,
	.nsymbols = ARRAY_LEN(symbols),
};

/* Programs with more are not searched to their end: a capture must not take minutes. */
enum { UNITS_MAX = 20000, DIES_MAX = 4 << 20 };

struct search {
	struct calls c;
	Dwarf *d;
	unsigned dies;
	bool has_allocated, has_deallocated;
	uint64_t allocated, deallocated;
};

/* jemalloc gives its members names that nobody should use by mistake. */
#define MANGLED "cant_access_tsd_items_directly_use_a_getter_or_setter_"

static bool member_offset(struct search *s, Dwarf_Die *die, uint64_t *out)
{
	Dwarf_Attribute attr;
	Dwarf_Word word;

	if (!s->c.dwarf_attr(die, DW_AT_data_member_location, &attr) ||
		s->c.dwarf_formudata(&attr, &word))
		return false;
	*out = word;
	return true;
}

static void take_members(struct search *s, Dwarf_Die *parent)
{
	Dwarf_Die die;

	if (s->c.dwarf_child(parent, &die))
		return;
	do {
		const char *name = s->c.dwarf_diename(&die);

		if (++s->dies > DIES_MAX)
			return;
		if (!name || s->c.dwarf_tag(&die) != DW_TAG_member)
			continue;
		if (strcmp(name, MANGLED "thread_allocated") == 0)
			s->has_allocated |= member_offset(s, &die, &s->allocated);
		else if (strcmp(name, MANGLED "thread_deallocated") == 0)
			s->has_deallocated |= member_offset(s, &die, &s->deallocated);
	} while (s->c.dwarf_siblingof(&die, &die) == 0);
}

static bool found(const struct search *s)
{
	return s->has_allocated && s->has_deallocated && s->allocated < s->deallocated;
}

/* The allocator is written in C: units of other languages are not looked into. */
static bool is_c(struct search *s, Dwarf_Die *unit)
{
	Dwarf_Attribute attr;
	Dwarf_Word language;

	if (!s->c.dwarf_attr(unit, DW_AT_language, &attr) || s->c.dwarf_formudata(&attr, &language))
		return true;
	return language == DW_LANG_C || language == DW_LANG_C89 || language == DW_LANG_C99 ||
	       language == DW_LANG_C11;
}

static void search_unit(struct search *s, Dwarf_Die *unit)
{
	Dwarf_Die die;

	if (!is_c(s, unit) || s->c.dwarf_child(unit, &die))
		return;
	do {
		const char *name;

		if (++s->dies > DIES_MAX)
			return;
		if (s->c.dwarf_tag(&die) != DW_TAG_structure_type)
			continue;
		name = s->c.dwarf_diename(&die);
		if (name && strcmp(name, "tsd_s") == 0)
			take_members(s, &die);
	} while (!found(s) && s->c.dwarf_siblingof(&die, &die) == 0);
}

static void search_all(struct search *s)
{
	Dwarf_Off at = 0, next;
	size_t head;

	for (unsigned n = 0; n < UNITS_MAX && s->dies < DIES_MAX && !found(s); n++, at = next) {
		Dwarf_Die unit;

		if (s->c.dwarf_nextcu(s->d, at, &next, &head, NULL, NULL, NULL))
			return;
		if (s->c.dwarf_offdie(s->d, at + head, &unit))
			search_unit(s, &unit);
	}
}

int dwarf_tsd(int fd, uint64_t *allocated, uint64_t *deallocated)
{
	struct search s = {0};
	int rc = lazylib_open(&library, &s.c, NULL);

	if (rc < 0)
		return -ENOSYS;
	s.d = s.c.dwarf_begin(fd, DWARF_C_READ);
	if (!s.d)
		return -ENOENT;
	search_all(&s);
	s.c.dwarf_end(s.d);
	if (!found(&s))
		return -ENOENT;
	*allocated = s.allocated;
	*deallocated = s.deallocated;
	return 0;
}
