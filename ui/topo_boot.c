/* Guests shaped like this machine, or like a part of it. */
#include <stdio.h>
#include <stdlib.h>

#include "ui/boot.h"
#include "ui/topo_view.h"
#include "ui/app.h"

/* A guest like the cursor's LLC or node, within what one guest can have. */
void topo_boot(struct topo_view *w)
{
	const struct topo *t = w->t;
	bool node = w->cursor.kind == TOPO_NODE;
	bool *in = xcalloc(t->nllcs + 1U, sizeof(*in));
	struct boot_shape shape;
	struct err e = ERR_INIT;
	char what[32];

	for (unsigned i = 0; i < t->nllcs; i++)
		in[i] = node ? t->llcs[i].node == t->nodes[w->cursor.index].id
			     : i == topo_view_llc_of(w);
	if (node)
		snprintf(what, sizeof(what), "node %u", t->nodes[w->cursor.index].id);
	else
		snprintf(what, sizeof(what), "LLC %u", topo_view_llc_of(w));
	shape.what = what;
	/* A node of memory only has no guest like it. */
	if (vm_topology_of(t, in, VM_VCPUS_MAX, &shape.topology, &e))
		app_message(
			pane_app(w->host), APP_WARN, "%s has no CPUs to boot a guest with", what);
	else
		app_boot(pane_app(w->host), &shape);
	free(in);
}

/* The whole machine, in the dialog, where it can be changed before it is booted. */
void topo_boot_machine(struct topo_view *w)
{
	struct boot_shape shape = {.what = "this machine"};
	struct err e = ERR_INIT;

	if (vm_topology_of(w->t, NULL, VM_VCPUS_MAX, &shape.topology, &e))
		app_message(pane_app(w->host), APP_WARN, "%s", e.msg);
	else
		app_boot(pane_app(w->host), &shape);
}

/* As `ktstr shell --topology` takes it. */
void topo_copy(struct topo_view *w)
{
	cleanup_str struct str text = STR_INIT;
	struct vm_topology t;
	struct err e = ERR_INIT;

	if (vm_topology_of(w->t, NULL, VM_VCPUS_MAX, &t, &e)) {
		app_message(pane_app(w->host), APP_WARN, "%s", e.msg);
		return;
	}
	vm_topology_spell(&t, &text);
	if (t.distances) {
		str_add(&text, " --distances ");
		vm_topology_spell_distances(&t, &text);
	}
	app_message(pane_app(w->host), APP_INFO, "copied %s%s", text.s,
		app_copy(pane_app(w->host), text.s, text.len));
}
