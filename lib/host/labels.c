/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts about security modules, from the same files of the kernel's that a label is written to: neither
 * sysfs nor securityfs need be mounted, as in a container in which berth runs.
 */
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "sys/file.h"

enum { LABELS_TEXT_SIZE = 4096 };

/* As much of a file of /proc as fits, with a NUL; "" where there is none or it cannot be read. */
static void read_text(const char *path, char *text, size_t size)
{
	autofd int fd = sys_open(path, O_RDONLY);
	size_t length = 0;
	ssize_t r = fd < 0 ? -1 : 1;

	while (r > 0 && length + 1 < size) {
		r = sys_read(fd, text + length, size - 1 - length);
		length += r > 0 ? (size_t)r : 0;
	}
	text[r < 0 ? 0 : length] = '\0';
}

/* The file is there where AppArmor is compiled in; where it is disabled, to read it is an error. */
static bool has_apparmor(void)
{
	char label[LABELS_TEXT_SIZE];

	read_text("/proc/self/attr/apparmor/current", label, sizeof(label));
	return label[0] != '\0';
}

/* Its file system is known where it is enabled. As long as it has no policy, every process is "kernel" and
 * every label is taken for that. */
static bool has_selinux(void)
{
	char text[LABELS_TEXT_SIZE];

	read_text("/proc/filesystems", text, sizeof(text));
	if (!strstr(text, "\tselinuxfs\n")) {
		return false;
	}
	read_text("/proc/self/attr/current", text, sizeof(text));
	return strchr(text, ':') != NULL;
}

void host_probe_labels(uint32_t wanted, struct facts *facts)
{
	facts->has_apparmor = (wanted & FACTS_APPARMOR) && has_apparmor();
	facts->has_selinux = (wanted & FACTS_SELINUX) && has_selinux();
}
