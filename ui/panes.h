/* The panes there are. */
#pragma once

#include "ui/pane.h"

extern const struct pane_ops pane_topo;	  /* arg: NULL */
extern const struct pane_ops pane_locks;  /* arg: NULL */
extern const struct pane_ops pane_ctprof; /* arg: NULL */
extern const struct pane_ops pane_vm;	  /* arg: const struct vm_config *, used during open() only;
					     starts in input mode when it gets the focus */
extern const struct pane_ops dialog_explain; /* arg: const struct locks_file *, used during open()
						only */
extern const struct pane_ops dialog_run;     /* arg: the guest's pane (ui/vm_command.h) */
extern const struct pane_ops dialog_boot;    /* arg: const struct boot_shape *, NULL = defaults */
