/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/event.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include "sys/file.h"
#include "sys/result.h"

enum { NS_PER_S = 1000000000 };

int sys_eventfd(void)
{
	return sys_result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

int sys_timerfd(void)
{
	return sys_result(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
}

static struct timespec to_timespec(uint64_t time_ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(time_ns / NS_PER_S),
		.tv_nsec = (long)(time_ns % NS_PER_S),
	};
}

int sys_timer_set(int fd, uint64_t first_ns, uint64_t interval_ns)
{
	const struct itimerspec timer = {
		.it_interval = to_timespec(interval_ns),
		.it_value = to_timespec(first_ns),
	};

	return sys_result(timerfd_settime(fd, 0, &timer, NULL));
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
