/*
 * Agreement with hwloc over captured machines that are kept outside of the repository: which CPUs
 * share each last-level cache (level 2 or deeper), each core and each node. Skipped without
 * lstopo-no-graphics or without the archives, which KTSTR_TOPO_CORPORA or ../shared may hold.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes/topo/topo.h"
#include "src/base/file.h"
#include "src/base/spawn.h"

/* In this capture cpu2's map contradicts its list; lstopo follows the map, the majority does not.
 */
static const char contradictory[] = "40intel64-4n10c+pci-conflicts";

/* Reads attribute NAME="..." of the tag at p into buf. */
static bool attribute(const char *p, const char *name, char *buf, size_t size)
{
	const char *end = strchr(p, '>');
	cleanup_free char *key = xasprintf(" %s=\"", name);
	const char *v = strstr(p, key);
	size_t n;

	if (!v || !end || v > end)
		return false;
	v += strlen(key);
	n = strcspn(v, "\"");
	if (n >= size)
		return false;
	memcpy(buf, v, n);
	buf[n] = '\0';
	return true;
}

/* "0x000000ff,,0x1": a group of zeros is left empty, which the kernel's maps never do. */
static bool parse_set(const char *text, struct cpuset *out)
{
	cleanup_str struct str map = STR_INIT;

	for (const char *p = text; *p; p += *p == ',') {
		size_t n = strcspn(p, ",");

		str_add(&map, map.len ? "," : "");
		if (n > 2)
			str_append(&map, p + 2, n - 2);
		else
			str_addc(&map, '0');
		p += n;
	}
	return cpuset_parse_map(out, str_get(&map), NULL) == 0;
}

static unsigned complaints(const char *what, const struct cpuset *hwloc, const struct cpuset *ours)
{
	cleanup_str struct str a = STR_INIT, b = STR_INIT;

	if (ours && cpuset_equal(hwloc, ours))
		return 0;
	cpuset_format(hwloc, &a);
	if (ours)
		cpuset_format(ours, &b);
	printf("# %s: lstopo says %s, ktstr %s\n", what, str_get(&a),
		ours ? str_get(&b) : "nothing");
	return 1;
}

/* Objects nest: the deepest cache around a CPU is the one with the greatest level that holds it. */
static unsigned check_llcs(const struct topo *t, const char *xml, const struct cpuset *cpus)
{
	unsigned bad = 0;

	cpuset_foreach (cpu, cpus) {
		cleanup_cpuset struct cpuset want = CPUSET_INIT, set = CPUSET_INIT;
		const struct topo_cpu *c = topo_cpu(t, (unsigned)cpu);
		unsigned level = 1;

		for (const char *p = strstr(xml, "<object "); p; p = strstr(p + 1, "<object ")) {
			char type[32], text[1024];
			unsigned here;

			if (!attribute(p, "type", type, sizeof(type)) ||
				sscanf(type, "L%uCache", &here) != 1 || strchr(type, 'i') ||
				!attribute(p, "cpuset", text, sizeof(text)) ||
				!parse_set(text, &set) || !cpuset_has(&set, (unsigned)cpu) ||
				here <= level)
				continue;
			level = here;
			cpuset_copy(&want, &set);
		}
		if (level > 1)
			bad += complaints("LLC", &want, c ? &t->llcs[c->llc].cpus : NULL);
	}
	return bad;
}

static const struct cpuset *ours_for(
	const struct topo *t, const char *type, unsigned id, const struct cpuset *set, bool *known)
{
	const struct topo_cpu *c = topo_cpu(t, (unsigned)cpuset_next(set, 0));
	const struct topo_node *n = topo_node(t, id);

	*known = true;
	if (strcmp(type, "Core") == 0)
		return c ? &t->cores[c->core].cpus : NULL;
	/* hwloc places memory-only nodes beside CPUs that are near; the kernel gives them none. */
	*known = !n || !cpuset_empty(&n->cpus);
	return n ? &n->cpus : NULL;
}

/* Cores and nodes, and gathers the CPUs. */
static unsigned check_objects(const struct topo *t, const char *xml, struct cpuset *cpus)
{
	unsigned bad = 0;

	for (const char *p = strstr(xml, "<object "); p; p = strstr(p + 1, "<object ")) {
		cleanup_cpuset struct cpuset set = CPUSET_INIT;
		char type[32], id[16] = "", text[1024];
		const struct cpuset *ours;
		bool known;

		if (!attribute(p, "type", type, sizeof(type)))
			continue;
		if (strcmp(type, "PU") != 0 && strcmp(type, "Core") != 0 &&
			strcmp(type, "NUMANode") != 0)
			continue;
		if (!attribute(p, "cpuset", text, sizeof(text)) || !parse_set(text, &set) ||
			!attribute(p, "os_index", id, sizeof(id)))
			continue;
		if (strcmp(type, "PU") == 0) {
			cpuset_or(cpus, &set);
			continue;
		}
		ours = ours_for(t, type, (unsigned)strtoul(id, NULL, 10), &set, &known);
		if (known)
			bad += complaints(type, &set, ours);
	}
	return bad;
}

static int run(const char *const *argv, struct str *out, struct err *e)
{
	const struct spawn s = {.argv = argv};

	return spawn_capture(&s, 64 << 20, out, NULL, e);
}

static bool agrees(const char *dir)
{
	const char *const argv[] = {
		"lstopo-no-graphics", "-p", "--no-io", "--disallowed", "--of", "xml", NULL};
	cleanup_cpuset struct cpuset cpus = CPUSET_INIT;
	cleanup_str struct str xml = STR_INIT;
	struct err e = ERR_INIT;
	struct sysroot *r = sysroot_open(dir, &e);
	struct topo *t = r ? topo_collect(r, &e) : NULL;
	unsigned bad = 1;

	setenv("HWLOC_FSROOT", dir, 1);
	if (t && run(argv, &xml, &e) == 0) {
		bad = check_objects(t, str_get(&xml), &cpus);
		bad += check_llcs(t, str_get(&xml), &cpus);
		bad += complaints("CPUs", &cpus, &t->online);
	} else {
		printf("# %s\n", e.msg);
	}
	topo_free(t);
	sysroot_close(r);
	return bad == 0;
}

/* Unpacks one archive into a temporary directory and judges the one folder in it. */
static bool check_archive(const char *path, const char *tmp)
{
	const char *const argv[] = {"tar", "-C", tmp, "--exclude=*/memory[0-9]*",
		"--exclude=*/devices/pci*", "-xjf", path, NULL};
	cleanup_str struct str out = STR_INIT;
	cleanup_free char *dir = NULL;
	struct err e = ERR_INIT;
	struct dirent *d;
	DIR *list;

	if (run(argv, &out, &e)) {
		printf("# tar cannot unpack %s\n", path);
		return false;
	}
	list = opendir(tmp);
	while ((d = readdir(list)))
		if (d->d_name[0] != '.')
			dir = file_join(tmp, d->d_name);
	closedir(list);
	return dir && agrees(dir);
}

static void check_one(const char *corpora, const char *file, unsigned number)
{
	cleanup_free char *path = file_join(corpora, file);
	cleanup_free char *name = xstrndup(file, strlen(file) - strlen(".tar.bz2"));
	cleanup_free char *tmp =
		xasprintf("%s/ktstr-lstopo-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");

	if (strcmp(name, contradictory) == 0) {
		printf("ok %u - %s # SKIP its map contradicts its list\n", number, name);
		return;
	}
	if (!mkdtemp(tmp))
		abort();
	printf("%s %u - agrees with lstopo on %s\n", check_archive(path, tmp) ? "ok" : "not ok",
		number, name);
	file_remove_tree(tmp, NULL);
}

int main(void)
{
	const char *corpora = getenv("KTSTR_TOPO_CORPORA");
	cleanup_free char *lstopo = spawn_find("lstopo-no-graphics");
	struct dirent **files;
	unsigned number = 0;
	int n;

	corpora = corpora ? corpora : "../shared/corpora/topo";
	setenv("HWLOC_COMPONENTS", "linux,stop", 1);
	n = lstopo ? scandir(corpora, &files, NULL, alphasort) : 0;
	for (int i = 0; i < n; i++) {
		if (str_ends(files[i]->d_name, ".tar.bz2"))
			check_one(corpora, files[i]->d_name, ++number);
		free(files[i]);
	}
	if (n > 0)
		free(files);
	if (!number)
		printf("ok 1 - agreement with lstopo # SKIP %s\n",
			lstopo ? "no captured machines here"
			       : "lstopo-no-graphics is not installed");
	return 0;
}
