/*
 * The least that is a scheduler: one queue for all, first come, first served. It counts what it
 * queues, so that whoever loaded it can tell that the kernel asks it. Built against the types of
 * the kernel that it is for (vmlinux.h).
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char _license[] SEC("license") = "GPL";

/* 6.12 has the first name, later kernels the second. */
void scx_bpf_dispatch(struct task_struct *p, u64 queue, u64 slice, u64 flags) __ksym __weak;
void scx_bpf_dsq_insert(struct task_struct *p, u64 queue, u64 slice, u64 flags) __ksym __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} queued SEC(".maps");

SEC("struct_ops/first_enqueue")
int BPF_PROG(first_enqueue, struct task_struct *p, u64 flags)
{
	u32 key = 0;
	u64 *count = bpf_map_lookup_elem(&queued, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
	if (scx_bpf_dsq_insert)
		scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, flags);
	else
		scx_bpf_dispatch(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, flags);
	return 0;
}

SEC(".struct_ops")
struct sched_ext_ops first = {
	.enqueue = (void *)first_enqueue,
	.name = "first",
};
