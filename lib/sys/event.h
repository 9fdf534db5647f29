/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_EVENT_H
#define SYS_EVENT_H
/* What is waited for by a descriptor: counters, timers, and many of them at once. */
#include <stdint.h>

#include "base/attr.h"

/* eventfd(2), EFD_NONBLOCK: a read takes the counter. */
int sys_eventfd(void) must_use;

/* timerfd_create(2) on CLOCK_MONOTONIC, TFD_NONBLOCK; and when it expires: after a time, and then after each
 * interval (0: no more). A read takes how often it has. A first time of zero disarms it. */
int sys_timerfd(void) must_use;
int sys_timer_set(int fd, uint64_t first_ns, uint64_t interval_ns) must_use;

/* Takes the 64-bit counter of either: -EAGAIN where it is zero. */
int sys_counter_take(int fd, uint64_t *ret_count) must_use;

/* epoll_create1(2), and EPOLL_CTL_ADD with EPOLL* and EPOLL_CTL_DEL. One that is closed without the
 * latter may go on to be reported, where a fork has it too. */
int sys_epoll(void) must_use;
int sys_epoll_add(int epoll_fd, int fd, uint32_t events) must_use;
int sys_epoll_remove(int epoll_fd, int fd) must_use;

#endif
