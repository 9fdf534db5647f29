/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_RESULT_H
#define SYS_RESULT_H
/* For the files of sys/ alone: the libc's -1 and errno become one negative number. */
#include <errno.h>

static inline int sys_result(long r)
{
	return r < 0 ? -errno : (int)r;
}

#endif
