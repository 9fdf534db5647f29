/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target once over each file of the corpora, without a fuzzer: what was found once is
 * looked for in every test run. Arguments are files and directories.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In a block of exactly its size, so that a sanitizer sees a read past its end. */
static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	struct stat status;
	size_t size = 0;

	if (!file) {
		perror(path);
		return -1;
	}
	if (fstat(fileno(file), &status) == 0) {
		size = (size_t)status.st_size;
		data = malloc(size ? size : 1);
	}
	if (!data || fread(data, 1, size, file) != size) {
		perror(path);
		free(data);
		(void)fclose(file);
		return -1;
	}
	(void)fclose(file);
	(void)LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 1;
}

/* How many files were run, or -1. */
static int replay_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int count = 0;

	if (!directory) {
		return replay_file(path);
	}
	while (count >= 0 && (entry = readdir(directory)) != NULL) {
		char name[4096];

		if (entry->d_name[0] == '.') {
			continue;
		}
		(void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		count = replay_file(name) < 0 ? -1 : count + 1;
	}
	(void)closedir(directory);
	return count;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int count = replay_directory(argv[i]);

		if (count < 0) {
			return 1;
		}
		total += count;
	}
	printf("%d files replayed\n", total);
	/* An empty corpus tests nothing. */
	return total > 0 ? 0 : 1;
}
