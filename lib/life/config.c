/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "host/host.h"
#include "life/found.h"
#include "life/process.h"
#include "sys/file.h"
#include "wire/step.h"

enum {
	LIFE_MEMORY_MAX = 512 * 1024 * 1024, /* a config of JSON_TEXT_MAX_BYTES, and its plan */
	LIFE_PATH_MAX = 4096,
};

int life_absolute_path(
	struct arena *arena, const char *path, const char **ret_path, struct berth_error *err)
{
	char cwd[LIFE_PATH_MAX];
	int r;

	if (path[0] == '/') {
		*ret_path = arena_copy(arena, path, strlen(path));
	} else {
		r = sys_getcwd(cwd, sizeof(cwd));
		if (r == 0 && cwd[0] != '/') {
			r = -ENOENT;
		}
		if (r < 0) {
			return error_system(err, r, "find the working directory");
		}
		*ret_path = str_is_equal(path, ".") ? arena_copy(arena, cwd, strlen(cwd))
						    : arena_printf(arena, "%s/%s", cwd, path);
	}
	return *ret_path ? 0 : error_system(err, ENOMEM, "memory for a path");
}

static int open_regular(const char *path, size_t *ret_size, struct berth_error *err)
{
	/* O_NONBLOCK: the open of a FIFO must not wait for a writer. */
	autofd int fd = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r = fd < 0 ? fd : sys_fstat(fd, &st);

	if (r < 0) {
		return error_system(err, r, "open %s", path);
	}
	if (!S_ISREG(st.st_mode)) {
		return error_set(err, BERTH_ERROR_CONFIG, "%s is not a regular file", path);
	}
	if (st.st_size > JSON_TEXT_MAX_BYTES) {
		return error_set(err, BERTH_ERROR_CONFIG, "%s is larger than %d MiB", path,
			JSON_TEXT_MAX_BYTES / (1024 * 1024));
	}
	*ret_size = (size_t)st.st_size;
	return take_fd(&fd);
}

static int read_text(struct life_config *config, const char *path, struct berth_error *err)
{
	size_t size = 0;
	autofd int fd = open_regular(path, &size, err);
	char *text;
	size_t length = 0;

	if (fd < 0) {
		return fd;
	}
	text = arena_alloc(&config->arena, size + 1, 1);
	if (!text) {
		return error_system(err, ENOMEM, "memory for %s", path);
	}
	while (length < size) {
		ssize_t r = sys_read(fd, text + length, size - length);

		if (r < 0) {
			return error_system(err, (int)r, "read %s", path);
		}
		if (r == 0) {
			break;
		}
		length += (size_t)r;
	}
	config->text = text;
	config->length = length;
	return 0;
}

/* The tree alone. */
static int parse_text(struct life_config *config, const char *path, struct berth_error *err)
{
	const char *reason = "";
	size_t offset = 0;
	int r = json_parse(
		&config->arena, config->text, config->length, &config->tree, &offset, &reason);

	if (r == -ENOMEM) {
		return error_system(err, r, "memory for %s", path);
	}
	if (r < 0) {
		r = error_set(err, BERTH_ERROR_CONFIG, "%s is not JSON: %s", path, reason);
		if (err) {
			json_position(config->text, offset, &err->line, &err->column);
		}
	}
	return r;
}

static int decode_text(struct life_config *config, const char *path, struct berth_error *err)
{
	int r = parse_text(config, path, err);

	return r < 0 ? r : spec_decode(config->tree, &config->arena, &config->spec, err);
}

static int config_read(struct life_config *config, const char *bundle, struct berth_error *err)
{
	const char *path = config->file;
	int r = life_absolute_path(&config->arena, bundle, &config->bundle, err);

	if (r < 0) {
		return r;
	}
	if (!path) {
		path = arena_printf(&config->arena, "%s/config.json", config->bundle);
	}
	if (!path) {
		return error_system(err, ENOMEM, "memory for a path");
	}
	r = read_text(config, path, err);
	return r < 0 ? r : decode_text(config, path, err);
}

int life_config_load(
	struct life_config *config, const struct life_found *found, struct berth_error *err)
{
	int r;

	memset(config, 0, sizeof(*config));
	arena_init(&config->arena, LIFE_MEMORY_MAX);
	config->bundle = found->record.bundle;
	r = store_read_config(&found->entry, &config->arena, &config->text, &config->length, err);
	return r < 0 ? r : decode_text(config, "the container's config.json", err);
}

int life_config_open_process(struct life_config *config, const char *path, struct berth_error *err)
{
	int r;

	memset(config, 0, sizeof(*config));
	arena_init(&config->arena, LIFE_MEMORY_MAX);
	r = read_text(config, path, err);
	if (r == 0) {
		r = parse_text(config, path, err);
	}
	if (r == 0) {
		r = spec_decode_process(
			config->tree, &config->arena, &config->spec.process, &config->tree, err);
	}
	if (r < 0) {
		life_config_locate(config, err);
	}
	return r;
}

int life_config_open_mounts(
	struct life_config *config, const char *text, size_t length, struct berth_error *err)
{
	int r;

	memset(config, 0, sizeof(*config));
	arena_init(&config->arena, LIFE_MEMORY_MAX);
	config->text = text;
	config->length = length;
	r = parse_text(config, "the list of mounts", err);
	if (r == 0) {
		r = spec_decode_mounts(
			config->tree, &config->arena, &config->spec.mounts, &config->tree, err);
	}
	if (r < 0) {
		life_config_locate(config, err);
	}
	return r;
}

int life_config_read_update(struct life_config *config, const char *text, size_t length,
	struct spec_update *ret_update, struct berth_error *err)
{
	int r;

	memset(config, 0, sizeof(*config));
	arena_init(&config->arena, LIFE_MEMORY_MAX);
	config->text = text;
	config->length = length;
	r = parse_text(config, "the text of the resources", err);
	if (r == 0) {
		r = spec_decode_update(config->tree, &config->arena, ret_update, err);
	}
	if (r < 0) {
		life_config_locate(config, err);
	}
	return r;
}

int life_config_open(
	struct life_config *config, const char *bundle, const char *file, struct berth_error *err)
{
	int r;

	memset(config, 0, sizeof(*config));
	config->file = file;
	arena_init(&config->arena, LIFE_MEMORY_MAX);
	r = wire_step_enter(WIRE_STEP_config, err);
	if (r == 0) {
		r = config_read(config, bundle, err);
	}
	if (r < 0) {
		life_config_locate(config, err);
	}
	return r;
}

void life_config_finish(struct life_config *config)
{
	arena_finish(&config->arena);
}

void life_config_locate(const struct life_config *config, struct berth_error *err)
{
	if (err && config->tree && err->pointer[0] && err->line == 0) {
		const struct json_value *value = json_find(config->tree, err->pointer);

		json_position(config->text, value->offset, &err->line, &err->column);
		if (config->file) {
			error_prefix(err, "%s: ", config->file);
		}
	}
}

int life_config_plan(struct life_config *config, const struct plan_request *request,
	struct plan *ret_plan, struct berth_error *err)
{
	struct facts facts;
	int r = wire_step_enter(WIRE_STEP_plan, err);

	if (r == 0) {
		r = host_probe(
			plan_facts_wanted(&config->spec, request), &config->arena, &facts, err);
	}
	if (r == 0) {
		r = plan_make(&config->spec, request, &facts, &config->arena, ret_plan, err);
	}
	if (r < 0) {
		life_config_locate(config, err);
	}
	return r;
}
