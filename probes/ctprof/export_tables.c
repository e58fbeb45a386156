/* What is no metric, as JSON: memory of processes, cgroups, pressure, sched_ext. */
#include "probes/ctprof/cgfold.h"
#include "probes/ctprof/export_parts.h"
#include "probes/ctprof/shape.h"
#include "probes/ctprof/smaps.h"

static void json_shape(
	struct json_out *j, const char *key, const struct shape *shape, const void *base)
{
	json_key(j, key);
	if (base)
		ctp_write_shape(j, shape, base);
	else
		json_null(j);
}

static const char *const sides[CTP_SIDES] = {"baseline", "candidate"};

static void json_cgroups(struct json_out *j, struct ctp_groups *g)
{
	struct ctp_cgroup_pairs p = ctp_pair_cgroups(g);

	json_key(j, "cgroup_stats");
	json_array(j);
	for (size_t i = 0; i < p.n; i++) {
		json_object(j);
		json_key_str(j, "cgroup", p.v[i].path);
		for (int side = 0; side < CTP_SIDES; side++)
			if (g->snap[side])
				json_shape(j, sides[side], &ctp_shape_cgroup, p.v[i].side[side]);
		json_object_end(j);
	}
	json_array_end(j);
}

static void json_smaps_map(struct json_out *j, const char *key, const struct ctp_map *m)
{
	json_key(j, key);
	json_object(j);
	for (uint32_t i = 0; i < m->n; i++)
		json_key_u64(j, m->pairs[i].key, m->pairs[i].v);
	json_object_end(j);
}

static void json_smaps(struct json_out *j, struct ctp_groups *g, const struct ctp_diff *d)
{
	struct ctp_smaps_list l = ctp_smaps(g, d);

	if (d)
		ctp_smaps_rank_change(&l);
	else
		ctp_smaps_rank_size(&l);
	json_key(j, "smaps_rollup_kib");
	json_array(j);
	for (size_t i = 0; i < l.n; i++) {
		json_object(j);
		if (*l.v[i].cgroup)
			json_key_str(j, "cgroup", l.v[i].cgroup);
		json_key_str(j, "process", l.v[i].process);
		for (int side = 0; side < CTP_SIDES; side++)
			if (g->snap[side])
				json_smaps_map(j, sides[side], &l.v[i].side[side]);
		json_object_end(j);
	}
	json_array_end(j);
}

static void json_of_sides(struct json_out *j, const char *key, const struct ctp_groups *g,
	const struct shape *shape, bool psi)
{
	json_key(j, key);
	json_object(j);
	for (int side = 0; side < CTP_SIDES; side++)
		if (g->snap[side])
			json_shape(j, sides[side], shape,
				psi ? (const void *)&g->snap[side]->psi
				    : (const void *)g->snap[side]->sched_ext);
	json_object_end(j);
}

void ctp_json_secondary(struct json_out *j, struct ctp_groups *g, const struct ctp_diff *d,
	const struct ctp_view *v)
{
	if (ctp_view_has(v, CTP_SEC_SMAPS))
		json_smaps(j, g, d);
	if (g->naming.axis == CTP_BY_CGROUP &&
		(ctp_view_has(v, CTP_SEC_CGROUP_STATS) || ctp_view_has(v, CTP_SEC_CGROUP_LIMITS) ||
			ctp_view_has(v, CTP_SEC_MEMORY_STAT) ||
			ctp_view_has(v, CTP_SEC_MEMORY_EVENTS) ||
			ctp_view_has(v, CTP_SEC_PRESSURE) || ctp_view_has(v, CTP_SEC_CGROUP_MORE)))
		json_cgroups(j, g);
	if (ctp_view_has(v, CTP_SEC_HOST_PRESSURE))
		json_of_sides(j, "host_pressure", g, &ctp_shape_psi, true);
	if (ctp_view_has(v, CTP_SEC_SCHED_EXT))
		json_of_sides(j, "sched_ext", g, &ctp_shape_sched_ext, false);
}
