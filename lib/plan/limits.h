/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_LIMITS_H
#define PLAN_LIMITS_H
/*
 * For those files of plan/ alone that make writes of linux.resources: for a cgroup that is new, or for an update
 * of one that is in use. Pointers are those of config.json; the error of an update, which has an object like
 * "resources" alone, has them without "/linux/resources".
 */
#include "plan/work.h"

struct limits {
	struct plan_work *work;
	struct host_cgroup *cgroup;
	struct host_cgroup_write *writes;
	struct host_cgroup_dir *dirs;
	struct berth_error *err;
	int status; /* the first failure; later calls do nothing */
};

static inline bool plan_limits_is_v2(const struct limits *limits)
{
	return limits->cgroup->layout == HOST_CGROUP_V2;
}

/* Adds a write of `value`; NULL: no memory for it. The file's name begins with its controller. */
void plan_limits_put(struct limits *limits, const char *pointer, const char *file,
	const char *value, uint32_t flags);

/* The error of a field. `text` is what it says; NULL where the words are enough. */
void plan_limits_refuse(
	struct limits *limits, const char *pointer, const char *words, const char *text);
void plan_limits_refuse_v2(struct limits *limits, const char *pointer);

/* Values as texts. A negative number is no limit. */
const char *plan_limits_number(const struct limits *limits, int64_t value);
const char *plan_limits_unsigned(const struct limits *limits, uint64_t value);

/* What a file of the cgroup holds now, and the number it begins with: PLAN_UNLIMITED, or PLAN_UNKNOWN where nobody
 * has looked (the cgroup is new) or there is no such file. */
enum { PLAN_UNLIMITED = -1, PLAN_UNKNOWN = -2 };
const char *plan_limits_text_now(const struct limits *limits, const char *file);
int64_t plan_limits_now(const struct limits *limits, const char *file);

/* The parts of linux.resources. Each puts its writes in the order in which the kernel takes them. */
void plan_limits_memory(struct limits *limits, const struct spec_memory *memory);
void plan_limits_cpu(struct limits *limits, const struct spec_cpu *cpu);
void plan_limits_block(struct limits *limits, const struct spec_block_io *block);
void plan_limits_hugepages(struct limits *limits, const struct spec_hugepage_limits *hugepages);

void plan_limits_network(struct limits *limits, const struct spec_network *network);
void plan_limits_rdma(struct limits *limits, const struct spec_rdma_limits *rdma);

/* The most writes that a part makes where that depends on the config. */
size_t plan_limits_block_max(const struct spec_block_io *block);

#endif
