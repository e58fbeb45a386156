/*
 * An interrupt line: an eventfd that the monitor gives to KVM (KVM_IRQFD), so that any thread may
 * raise it. Each raise is one edge; several before KVM looks are one.
 */
#pragma once

#include "src/base/err.h"

struct irq_line {
	int fd; /* owned */
};

int irq_line_init(struct irq_line *l, struct err *e);
void irq_line_release(struct irq_line *l);
void irq_raise(const struct irq_line *l);
