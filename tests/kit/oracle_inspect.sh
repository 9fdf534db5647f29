#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a process sees of its container, in sections: for tests/kit/oracle.py. It runs inside, in busybox.
# shellcheck disable=SC2046,SC2086,SC2126 # lists of words; a grep that counts fails where there is nothing
section() { echo "== $1"; }
link() { echo "${1##*/} $(readlink "$1")"; }

section cwd
pwd
section args
tr '\0' '\n' </proc/$$/cmdline
section environment
tr '\0' '\n' </proc/$$/environ
section ids
id
section status
grep -E '^(Umask|Uid|Gid|Groups|Threads|Sig(Blk|Ign)|Cap|NoNewPrivs|Seccomp|Speculation|Cpus_allowed_list|Mems_allowed_list)' /proc/$$/status
section session
pid=$$
set -- $(cut -d' ' -f 4-8 /proc/$pid/stat)
[ $pid != "$2" ] || echo group leader
[ $pid != "$3" ] || echo session leader
echo "terminal $4"
section limits
tr -s ' ' </proc/$$/limits
section oom
cat /proc/$$/oom_score_adj /proc/$$/coredump_filter
section cgroup
cat /proc/$$/cgroup
section descriptors
# Into a file: the shell has pipes of its own open meanwhile. 10 is the script.
ls /proc/$$/fd >/dev/shm/fds
for n in $(cat /dev/shm/fds); do [ "$n" = 10 ] || link /proc/$$/fd/"$n"; done
rm /dev/shm/fds
section stdio
for n in 0 1 2; do stat -Lc '%u:%g %F' /proc/$$/fd/$n | sed 's/empty //'; done
section names
hostname
cat /proc/sys/kernel/domainname
section namespaces
for n in /proc/$$/ns/*; do link "$n"; done
section idmaps
tr -s ' ' </proc/$$/uid_map
tr -s ' ' </proc/$$/gid_map
cat /proc/$$/setgroups
section mounts
cat /proc/$$/mountinfo
section root
for n in /* /dev/* /dev/pts/ptmx /proc/. /sys/.; do stat -c '%A %u:%g %t:%T %N' "$n"; done
section masked
for n in $MASKED; do
	echo "$n $(stat -c '%A %t:%T' "$n"), $(head -c 100 "$n" | wc -c) bytes, $(ls -A "$n" | grep -vFx "$n" | wc -l) entries"
done
section sysctl
for n in $SYSCTLS; do echo "$n $(cat "/proc/sys/$n")"; done
section writable
for n in / /proc/sys /proc/irq /sys /sys/fs/cgroup /dev /dev/shm /tmp /data /scratch /vol /vol/sub /top /top/sub; do
	touch "$n/.probe" && echo "$n" && rm "$n/.probe"
done
section devices
for n in $DEVICES; do
	if (exec 3<>"$n"); then echo "$n opens"; else echo "$n does not"; fi
done
section seccomp
mkdir /dev/shm/filtered 2>&1
rm -r /dev/shm/filtered
section network
tr -d ' ' </proc/net/dev | grep : | cut -d: -f1
cat /sys/class/net/lo/flags
section end
