#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a process of a container can see of its confinement, with nothing in it that differs from one container to the next. HOST
# has the host's namespaces, as readlink(1) prints them, ID the container's id.

echo mounts
cut -d ' ' -f 5- /proc/self/mountinfo

echo process
grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Seccomp_filters|SigBlk|SigIgn|SigCgt):' /proc/self/status
cut -d ' ' -f 6 /proc/self/stat | sed 's/^[1-9].*/a session of its own/'
grep -E '^Max (open files|processes)' /proc/self/limits
cat /proc/self/oom_score_adj
ls /proc/self/fd | grep -v -x 3
hostname
cat /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_forward /proc/self/cgroup
sed 's/ *$//' /proc/self/timens_offsets
for name in /proc/self/ns/*; do
	case " $HOST " in
	*" $(readlink "$name") "*) echo "${name##*/} is the host's" ;;
	esac
done

echo keyrings
! grep -q "keyring   _ses.${ID}[.]" /proc/keys || echo its own

echo devices
rm -f /tmp/kmsg
mknod /tmp/kmsg c 1 11 2>&1
head -c 0 /tmp/kmsg 2>&1
head -c 1 /dev/zero | wc -c

echo files
ls -ln /mapped
touch /bound/x /proc/sys/kernel/x /sys/x 2>&1
ls /etc
