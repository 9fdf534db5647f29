// SPDX-License-Identifier: Apache-2.0

// A shell in namespaces of your choice: Go's standard library and berth-init.
//
//	go run shell.go [-join PATH]... [-new pid,net,uts,ipc,mnt,user,cgroup,time] [PROGRAM ARG...]
//
// A Go program has many threads and cannot join a user or mount namespace itself (setns(2)); it writes
// one message and reads one line instead. BERTH_INIT names berth-init; without that variable it is found by PATH.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

const (
	initMsg        = 62000
	cloneFlagsAttr = 27281
	nsPathsAttr    = 27283
	uidmapAttr     = 27284
	gidmapAttr     = 27285
)

var kinds = map[string]uint32{
	"mnt": 0x00020000, "cgroup": 0x02000000, "uts": 0x04000000, "ipc": 0x08000000,
	"user": 0x10000000, "pid": 0x20000000, "net": 0x40000000, "time": 0x00000080,
}

type paths []string

func (p *paths) String() string     { return strings.Join(*p, ",") }
func (p *paths) Set(s string) error { *p = append(*p, s); return nil }

// The byte order is that of the machine; encoding/binary of this Go has no name for it.
var native = binary.LittleEndian

func int32Attr(b *bytes.Buffer, kind uint16, value uint32) {
	binary.Write(b, native, []uint16{8, kind})
	binary.Write(b, native, value)
}

func bytesAttr(b *bytes.Buffer, kind uint16, value string) {
	binary.Write(b, native, []uint16{uint16(4 + len(value) + 1), kind})
	b.WriteString(value)
	b.WriteByte(0)
	for b.Len()%4 != 0 {
		b.WriteByte(0)
	}
}

func message(flags uint32, join paths) []byte {
	var body bytes.Buffer
	int32Attr(&body, cloneFlagsAttr, flags)
	if len(join) > 0 {
		bytesAttr(&body, nsPathsAttr, join.String())
	}
	if flags&kinds["user"] != 0 {
		bytesAttr(&body, uidmapAttr, fmt.Sprintf("0 %d 1\n", os.Geteuid()))
		bytesAttr(&body, gidmapAttr, fmt.Sprintf("0 %d 1\n", os.Getegid()))
	}
	var whole bytes.Buffer
	binary.Write(&whole, native, uint32(16+body.Len()))
	binary.Write(&whole, native, []uint16{initMsg, 1})
	binary.Write(&whole, native, []uint32{0, 0})
	whole.Write(body.Bytes())
	return whole.Bytes()
}

func run(flags uint32, join paths, program []string) (int, error) {
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 1, err
	}
	ours, theirs := os.NewFile(uintptr(ends[0]), "ours"), os.NewFile(uintptr(ends[1]), "theirs")

	name := os.Getenv("BERTH_INIT")
	if name == "" {
		name = "berth-init"
	}
	cmd := exec.Command(name, append([]string{"--"}, program...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{theirs} // becomes descriptor 3
	cmd.Env = append(os.Environ(), "_LIBCONTAINER_INITPIPE=3")
	if err := cmd.Start(); err != nil {
		return 1, fmt.Errorf("%s cannot be started: %w: BERTH_INIT names it, or it is found by PATH", name, err)
	}
	theirs.Close()
	if _, err := ours.Write(message(flags, join)); err != nil {
		return 1, err
	}
	line, _ := bufio.NewReader(ours).ReadBytes('\n')
	cmd.Wait()
	if len(line) == 0 {
		return 1, nil // berth-init has said why on stderr
	}
	var answer struct{ Pid int }
	if err := json.Unmarshal(line, &answer); err != nil {
		return 1, err
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(answer.Pid, &status, 0, nil); err != nil {
		return 1, err
	}
	return status.ExitStatus(), nil
}

func main() {
	var join paths
	create := flag.String("new", "", "namespaces to create, comma-separated")
	flag.Var(&join, "join", "path of a namespace to join")
	flag.Parse()
	program := flag.Args()
	if len(program) == 0 {
		program = []string{"sh"}
	}
	var flags uint32
	for _, kind := range strings.FieldsFunc(*create, func(r rune) bool { return r == ',' }) {
		if kinds[kind] == 0 {
			fmt.Fprintln(os.Stderr, "shell: -new: unknown namespace", kind)
			os.Exit(1)
		}
		flags |= kinds[kind]
	}
	status, err := run(flags, join, program)
	if err != nil {
		fmt.Fprintln(os.Stderr, "shell:", err)
	}
	os.Exit(status)
}
