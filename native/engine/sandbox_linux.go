//go:build amd64 || arm64

package main

import (
	"net"
	"syscall"
	"unsafe"
)

const (
	sysLandlockCreateRuleset = 444
	sysLandlockRestrictSelf  = 446
	landlockVersionQuestion  = 1
	prSetNoNewPrivs          = 38
	prSetDumpable            = 4
)

// landlockFiles are all rights over files that a version of Landlock knows (Linux 5.13, 5.19, 6.2, 6.10).
func landlockFiles(version uintptr) uint64 {
	switch {
	case version >= 5:
		return 1<<16 - 1
	case version >= 3:
		return 1<<15 - 1
	case version >= 2:
		return 1<<14 - 1
	}
	return 1<<13 - 1
}

// landlockTCP is binding and connecting TCP sockets (Linux 6.7).
const landlockTCP = 3

// enterSandbox takes from this process for ever what it never needs: files, TCP, other processes' signals and abstract
// sockets, more rights, and the writing of its memory into a core file. It says what it could take.
func enterSandbox() string {
	// The standard library asks once, by binding TCP sockets, whether this machine has IPv6: refused, it would never use it.
	if conn, err := net.ListenUDP("udp", nil); err == nil {
		conn.Close()
	}
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetDumpable, 0, 0)
	if !everyThread(syscall.SYS_PRCTL, prSetNoNewPrivs, 1) {
		return ""
	}
	version, _, err := syscall.RawSyscall(sysLandlockCreateRuleset, 0, 0, landlockVersionQuestion)
	if err != 0 || version < 1 {
		return "no-new-privileges"
	}
	var ruleset struct{ files, net, scoped uint64 }
	ruleset.files = landlockFiles(version)
	bytes := unsafe.Sizeof(ruleset.files)
	if version >= 4 {
		ruleset.net, bytes = landlockTCP, 2*bytes
	}
	if version >= 6 {
		ruleset.scoped, bytes = 3, unsafe.Sizeof(ruleset)
	}
	fd, _, err := syscall.RawSyscall(sysLandlockCreateRuleset, uintptr(unsafe.Pointer(&ruleset)), bytes, 0)
	if err != 0 {
		return "no-new-privileges"
	}
	defer syscall.Close(int(fd))
	// A ruleset without a rule: nothing is allowed of what it handles.
	if !everyThread(sysLandlockRestrictSelf, fd, 0) {
		return "no-new-privileges"
	}
	return "landlock"
}

// everyThread makes a system call in each thread of the process, for these calls hold only for the one that makes them.
func everyThread(call, first, second uintptr) bool {
	_, _, err := syscall.AllThreadsSyscall(call, first, second, 0)
	return err == 0
}
