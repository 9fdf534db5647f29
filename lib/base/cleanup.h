/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H
/* Owning locals give back what they own at the end of their scope: `autofd int fd = -1;`. */
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_fd(int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
	}
}

static inline void cleanup_ptr(void *ptr)
{
	free(*(void **)ptr);
}

#define autofd  __attribute__((cleanup(cleanup_fd)))
#define autoptr __attribute__((cleanup(cleanup_ptr)))

/* Hands a descriptor over: the variable is -1 afterwards. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Hands a pointer over: the variable is NULL afterwards. */
#define take_ptr(p)                                                                                \
	__extension__({                                                                            \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})

/* Closes the descriptor now, if there is one, and forgets it. */
static inline void close_fd(int *fd)
{
	int taken = take_fd(fd);

	cleanup_fd(&taken);
}

#endif
