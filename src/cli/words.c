#include "src/cli/words.h"

#include "probes/topo/topo.h"
#include "src/kernels/cache.h"
#include "src/kernels/kernels.h"

static void add_cache(const char *root, struct strv *words)
{
	struct kcache c = {0};

	if (kcache_scan(root, false, &c, NULL) == 0) {
		for (size_t i = 0; i < c.entries.n; i++) {
			const struct kcache_entry *k = &c.entries.v[i];

			if (!k->corrupt)
				strv_pushf(words, "%s\tLinux %s, %s", k->key,
					k->meta.version ? k->meta.version : "of unknown version",
					metadata_source_name(k->meta.source));
		}
	}
	kcache_release(&c);
}

void words_kernels(struct strv *words)
{
	cleanup_free char *root = kernel_cache_root(NULL);

	strv_push(words, "distro\tthe distribution's own kernel");
	if (root)
		add_cache(root, words);
}

void words_topologies(struct strv *words)
{
	struct sysroot *host = sysroot_open(NULL, NULL);
	struct topo *t = host ? topo_collect(host, NULL) : NULL;
	cleanup_str struct str shape = STR_INIT;

	sysroot_close(host);
	if (t)
		topo_shell_shape(t, &shape);
	topo_free(t);
	if (shape.len)
		strv_pushf(words, "%s\tas this machine is", shape.s);
	strv_push(words, "host\tthe shape of this machine");
	strv_push(words, "1,1,1,1\tone CPU");
}
