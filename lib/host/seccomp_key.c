/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that decides which program host_seccomp_compile() makes, as bytes: two keys are equal only where the programs
 * are. So the bytes are the whole of what was asked, with lengths before texts, and no hash of it.
 *
 * Which code compiles is a part of it: libseccomp's version says less than there is to know, as distributions mend
 * without a new one, and it is linked in. So is the kernel's release, as libseccomp refuses actions that the running
 * kernel does not have.
 */
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <seccomp.h>
#include <string.h>

#include "base/str.h"
#include "host/host.h"
#include "sys/process.h"

enum {
	HEAD_BYTES_MAX = 512,
	RULE_BYTES = 3 * sizeof(uint32_t), /* beside its name and its conditions */
	ARG_BYTES = 2 * sizeof(uint32_t) + 2 * sizeof(uint64_t),
};

static void put_u32(struct strbuf *key, uint32_t value)
{
	strbuf_add_bytes(key, (const char *)&value, sizeof(value));
}

static void put_u64(struct strbuf *key, uint64_t value)
{
	strbuf_add_bytes(key, (const char *)&value, sizeof(value));
}

static void put_bytes(struct strbuf *key, const void *bytes, size_t length)
{
	put_u32(key, (uint32_t)length);
	strbuf_add_bytes(key, bytes, length);
}

static size_t aligned(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* The identity that the linker has given to this code, in a segment of notes. */
static bool put_build_id(struct strbuf *key, const char *notes, size_t size)
{
	while (size >= sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) note;
		size_t name, whole;

		memcpy(&note, notes, sizeof(note));
		name = sizeof(note) + aligned(note.n_namesz);
		whole = name + aligned(note.n_descsz);
		if (whole > size) {
			return false;
		}
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof("GNU") &&
			memcmp(notes + sizeof(note), "GNU", sizeof("GNU")) == 0) {
			put_bytes(key, notes + name, note.n_descsz);
			return note.n_descsz > 0;
		}
		notes += whole;
		size -= whole;
	}
	return false;
}

/* Whether this code has an identity. It is in the program, or the library, that this file is in: there the linker's
 * symbol is the first byte. */
static bool put_code(struct strbuf *key)
{
	extern const char __ehdr_start[] __attribute__((visibility("hidden")));
	const ElfW(Ehdr) *head = (const void *)__ehdr_start;
	const ElfW(Phdr) *segments = (const void *)(__ehdr_start + head->e_phoff);
	uintptr_t first = 0; /* address at which the beginning was to be */

	for (size_t i = 0; i < head->e_phnum; i++) {
		if (segments[i].p_type == PT_LOAD && segments[i].p_offset == 0) {
			first = segments[i].p_vaddr;
		}
	}
	for (size_t i = 0; i < head->e_phnum; i++) {
		if (segments[i].p_type == PT_NOTE &&
			put_build_id(key, __ehdr_start + (segments[i].p_vaddr - first),
				segments[i].p_filesz)) {
			return true;
		}
	}
	return false;
}

/* What is the same for every filter, on this machine. */
static int put_head(struct strbuf *key)
{
	const struct scmp_version *version = seccomp_version();
	char release[128];
	int r = version && put_code(key) ? sys_kernel_release(release, sizeof(release)) : -ENOTSUP;

	if (r == 0) {
		put_u32(key, version->major);
		put_u32(key, version->minor);
		put_u32(key, version->micro);
		put_u32(key, seccomp_arch_native());
		put_bytes(key, release, strlen(release));
	}
	return r;
}

static void put_rule(struct strbuf *key, const struct host_seccomp_rule *rule)
{
	put_bytes(key, rule->name, strlen(rule->name));
	put_u32(key, rule->action);
	put_u32(key, (uint32_t)rule->arg_count);
	for (size_t i = 0; i < rule->arg_count; i++) {
		put_u32(key, rule->args[i].index);
		put_u32(key, rule->args[i].op);
		put_u64(key, rule->args[i].value);
		put_u64(key, rule->args[i].value_two);
	}
}

static size_t bytes_max(const struct host_seccomp *seccomp)
{
	size_t most = HEAD_BYTES_MAX;

	for (size_t i = 0; i < seccomp->architecture_count; i++) {
		most += sizeof(uint32_t) + strlen(seccomp->architectures[i]);
	}
	for (size_t i = 0; i < seccomp->rule_count; i++) {
		most += RULE_BYTES + strlen(seccomp->rules[i].name) +
			seccomp->rules[i].arg_count * ARG_BYTES;
	}
	return most;
}

int host_seccomp_key(
	const struct host_seccomp *seccomp, struct arena *arena, struct wire_bytes *ret_key)
{
	size_t size = bytes_max(seccomp);
	char *data = arena_alloc(arena, size, 1);
	struct strbuf key;
	int r;

	if (!data) {
		return -ENOMEM;
	}
	strbuf_init(&key, data, size);
	r = put_head(&key);
	put_u32(&key, seccomp->default_action);
	put_u32(&key, seccomp->is_unknown_refused);
	put_u32(&key, (uint32_t)seccomp->architecture_count);
	for (size_t i = 0; i < seccomp->architecture_count; i++) {
		put_bytes(&key, seccomp->architectures[i], strlen(seccomp->architectures[i]));
	}
	for (size_t i = 0; i < seccomp->rule_count; i++) {
		put_rule(&key, &seccomp->rules[i]);
	}
	if (r < 0 || key.is_cut) {
		return r < 0 ? r : -EMSGSIZE;
	}
	*ret_key = (struct wire_bytes){key.data, key.length};
	return 0;
}
