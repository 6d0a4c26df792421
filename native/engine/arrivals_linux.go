package main

import (
	"net"
	"os"
	"syscall"
	"time"
)

// arrivals tells when datagrams have come to a socket.
//
// It is a poll of our own below the run-time's. That one always asks for room to send as well, of which the system tells
// after each packet that has left: a wake-up of this process every 20 to 50 µs while it sends to many viewers.
type arrivals struct {
	file *os.File
	raw  syscall.RawConn
}

func newArrivals(socket int) (*arrivals, error) {
	poll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	_ = syscall.SetNonblock(poll, true) // so that the run-time's poller takes it
	a := &arrivals{file: os.NewFile(uintptr(poll), "arrivals")}
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(socket)}
	if err = syscall.EpollCtl(poll, syscall.EPOLL_CTL_ADD, socket, &event); err == nil {
		a.raw, err = a.file.SyscallConn()
	}
	if err == nil {
		err = a.file.SetReadDeadline(time.Time{}) // fails where the run-time's poller did not take it
	}
	if err != nil {
		a.close()
		return nil, os.NewSyscallError("epoll_ctl", err)
	}
	return a, nil
}

// each calls take now and whenever something has come, until it is closed.
func (a *arrivals) each(take func()) {
	_ = a.raw.Read(func(uintptr) bool {
		take()
		return false
	})
}

func (a *arrivals) close() { a.file.Close() }

// duplicate gives a second descriptor of a socket, which the run-time's poller does not know.
func duplicate(conn *net.UDPConn) (int, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var second uintptr
	var failed syscall.Errno
	err = raw.Control(func(fd uintptr) {
		second, _, failed = syscall.RawSyscall(syscall.SYS_FCNTL, fd, syscall.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil && failed != 0 {
		err = os.NewSyscallError("fcntl", failed)
	}
	return int(second), err
}
