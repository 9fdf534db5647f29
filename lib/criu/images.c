/* SPDX-License-Identifier: Apache-2.0 */
/* What berth itself reads of CRIU's images: one field of inventory.img, a magic number, a length and a message. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "criu/message.h"
#include "sys/abi.h"
#include "sys/file.h"

enum { INVENTORY_MAGIC = 0x58313116, INVENTORY_MAX = 4096 };

int criu_images_module(int images_fd, uint32_t *ret_module)
{
	autofd int fd =
		sys_openat2(images_fd, "inventory.img", O_RDONLY | O_NONBLOCK, 0, RESOLVE_BENEATH);
	uint8_t bytes[INVENTORY_MAX];
	uint32_t head[2] = {0};
	ssize_t length = fd < 0 ? fd : sys_read(fd, bytes, sizeof(bytes));

	if (length < 0) {
		return (int)length;
	}
	if ((size_t)length < sizeof(head)) {
		return -EPROTO;
	}
	memcpy(head, bytes, sizeof(head));
	if (head[0] != INVENTORY_MAGIC || head[1] > (size_t)length - sizeof(head)) {
		return -EPROTO;
	}
	return criu_decode_inventory(bytes + sizeof(head), head[1], ret_module);
}
