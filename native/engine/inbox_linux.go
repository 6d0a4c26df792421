package main

import (
	"encoding/binary"
	"net/netip"
	"runtime"
	"syscall"
	"unsafe"
)

// inboxBurst is how many datagrams are taken before others get the processor.
const inboxBurst = 64

// linuxInbox receives by system calls of which Go's scheduler is not told: they never wait, and being told costs more than
// they do. (It wakes the scheduler's monitor, which then looks every 20 µs whether the call has come back.)
type linuxInbox struct {
	socket  *udpSocket
	take    func(datagram)
	buffer  [datagramBytes]byte
	control [128]byte
	name    [syscall.SizeofSockaddrInet6]byte
	iov     syscall.Iovec
	m       syscall.Msghdr
}

func (s *udpSocket) newInbox(take func(datagram)) inbox { return &linuxInbox{socket: s, take: take} }

func (i *linuxInbox) run() {
	i.socket.arrived.each(func() {
		for !i.drain() {
			runtime.Gosched()
		}
	})
}

func (i *linuxInbox) poll() bool {
	i.drain()
	return true
}

// drain is true when nothing is left.
func (i *linuxInbox) drain() bool {
	for range inboxBurst {
		n, err := i.receive()
		switch {
		case err == syscall.EAGAIN || err == syscall.EBADF:
			return true
		case err == 0 && n > 0:
			from, ok := addressOf(i.name[:i.m.Namelen])
			if ok {
				i.take(datagram{i.buffer[:n], from, localOf(i.control[:i.m.Controllen])})
			}
		}
	}
	return false
}

func (i *linuxInbox) receive() (int, syscall.Errno) {
	i.iov.Base = &i.buffer[0]
	i.iov.SetLen(len(i.buffer))
	i.m = syscall.Msghdr{Name: &i.name[0], Namelen: uint32(len(i.name)), Iov: &i.iov, Iovlen: 1, Control: &i.control[0]}
	i.m.SetControllen(len(i.control))
	n, _, err := syscall.RawSyscall(syscall.SYS_RECVMSG, uintptr(i.socket.fd), uintptr(unsafe.Pointer(&i.m)), syscall.MSG_DONTWAIT)
	return int(n), err
}

// addressOf reads a peer's address as the system gives it.
func addressOf(name []byte) (netip.AddrPort, bool) {
	if len(name) < 8 {
		return netip.AddrPort{}, false
	}
	port := binary.BigEndian.Uint16(name[2:])
	switch family := binary.NativeEndian.Uint16(name); {
	case family == syscall.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(name[4:8])), port), true
	case family == syscall.AF_INET6 && len(name) >= 24:
		return unmapped(netip.AddrPortFrom(netip.AddrFrom16([16]byte(name[8:24])), port)), true
	}
	return netip.AddrPort{}, false
}
