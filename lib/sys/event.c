/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/event.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include "base/cleanup.h"
#include "sys/file.h"
#include "sys/result.h"

enum { NS_PER_S = 1000000000 };

int sys_eventfd(void)
{
	return sys_result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

int sys_timerfd(uint64_t interval_ns)
{
	struct timespec interval = {
		.tv_sec = (time_t)(interval_ns / NS_PER_S),
		.tv_nsec = (long)(interval_ns % NS_PER_S),
	};
	struct itimerspec timer = {.it_interval = interval, .it_value = interval};
	autofd int fd = -1;

	if (interval_ns == 0) {
		return -EINVAL; /* timerfd_settime(2) would disarm it */
	}
	fd = sys_result(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
	if (fd < 0) {
		return fd;
	}
	if (timerfd_settime(fd, 0, &timer, NULL) < 0) {
		return -errno;
	}
	return take_fd(&fd);
}

int sys_counter_take(int fd, uint64_t *ret_count)
{
	ssize_t r = sys_read(fd, ret_count, sizeof(*ret_count));

	return r < 0 ? (int)r : r == (ssize_t)sizeof(*ret_count) ? 0 : -EIO;
}

int sys_epoll(void)
{
	return sys_result(epoll_create1(EPOLL_CLOEXEC));
}

int sys_epoll_add(int epoll_fd, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	return sys_result(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event));
}

int sys_epoll_remove(int epoll_fd, int fd)
{
	return sys_result(epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL));
}
