/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FILE_H
#define CLI_FILE_H
/* Files of others that the command line changes. Each returns 0, or the exit status after a complaint. */
#include <limits.h>

#include "cli.h"

/* The path of a file below a directory that must be there, whether the file is or not. Where it is a symbolic link, that
 * of what it leads to. */
int cli_file_find(const struct cli_globals *globals, const char *root, const char *file,
	char ret_path[PATH_MAX]);

/* A text of at most 1 MiB, from malloc; NULL where there is no file. */
int cli_file_read(const struct cli_globals *globals, const char *path, char **ret_text);

/* Puts a new file with this text in the place of what is there, in one step: who reads sees the one or the other.
 * Mode and owner stay; without a file they are 0644 and the caller's, and directories that are missing are made. With
 * `backup` the file that was there gets that name; one that has it already stays, and is an error. */
int cli_file_replace(
	const struct cli_globals *globals, const char *path, const char *text, const char *backup);

#endif
