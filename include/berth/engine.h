/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BERTH_ENGINE_H
#define BERTH_ENGINE_H
/*
 * Container engines, and how each is told of a runtime: its configuration with berth in it. Texts alone:
 * whoever calls reads and writes the files.
 */
#include <stdbool.h>

#include <berth/error.h>
#include <berth/visibility.h>

#ifdef __cplusplus
extern "C" {
#endif

enum berth_engine {
	BERTH_ENGINE_PODMAN, /**< reads containers.conf; the result is a drop-in, containers.conf.d/berth.conf */
	BERTH_ENGINE_DOCKER,     /**< daemon.json */
	BERTH_ENGINE_CONTAINERD, /**< config.toml of version 2 and later, for the CRI plugin */
	BERTH_ENGINE_COUNT
};

/**
 * The engine's configuration with the runtime "berth" in it. Every byte of the text that is there stays,
 * but for the values that are to change; of podman's containers.conf only the lists of runtimes count. A text
 * that has berth in it already comes back as it is.
 * @param program absolute path by which the engine calls berth: printable ASCII without quotes and backslashes
 * @param is_default whether it is the runtime of containers that ask for none, too; false leaves that alone
 * @param text the configuration; NULL: there is none yet
 * @param ret_text the new text, to be freed with free(3)
 * @param err BERTH_ERROR_CONFIG with line and column, and for JSON the pointer: a text that the engine would not
 *            read, or in which berth has no place that can be found with certainty; BERTH_ERROR_USAGE: an argument
 */
BERTH_PUBLIC int berth_engine_config(enum berth_engine engine, const char *program, bool is_default,
	const char *text, char **ret_text, struct berth_error *err);

#ifdef __cplusplus
}
#endif
#endif
