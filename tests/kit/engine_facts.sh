# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Runs in a container: prints what the process is and sees, for engine_facts.py. Its arguments are paths.
echo "uid $(id -u)"
echo "gid $(id -g)"
echo "groups $(id -G)"
echo "umask $(umask)"
echo "cwd $(pwd)"
echo "hostname $(hostname)"
echo "terminal $(tty)"
echo "oom $(cat /proc/self/oom_score_adj)"
env | sed 's/^/env /'
sed 's/^/status /; s/:[[:space:]]*/ /' /proc/self/status
sed 's/^/limit /' /proc/self/limits
sed 's/^/mount /' /proc/self/mountinfo
sed 's/^/uid_map /' /proc/self/uid_map
sed 's/^/gid_map /' /proc/self/gid_map
for name in /proc/self/ns/*; do
	echo "namespace ${name##*/} $(readlink "$name")"
done
for name; do
	[ ! -e "$name" ] || echo "exists $name"
	[ ! -d "$name" ] || echo "directory $name"
	[ ! -e "$name" ] || [ -d "$name" ] || echo "content $name $(head -c 100 "$name" | head -n 1 | tr '\t' ' ')"
	[ ! -c "$name" ] || echo "device $name $(stat -c '%t %T %a' "$name")"
done 2>/dev/null
for name in zero full random urandom; do
	head -c 1 "/dev/$name" >/dev/null 2>&1 && echo "reads $name"
done
head -c 1 /other-device >/dev/null 2>&1 && echo "reads other-device"
echo end
