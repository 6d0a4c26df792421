package main

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"unsafe"
)

const (
	soSndBufForce = 32
	soRcvBufForce = 33
	udpSegment    = 103
	ipPktInfo     = 8
	ipv6RecvInfo  = 49
	ipv6PktInfo   = 50

	cmsgHeadBytes = syscall.SizeofCmsghdr
	word          = int(unsafe.Sizeof(uintptr(0)))
)

// cmsgSpace is what a control message of n bytes takes.
func cmsgSpace(n int) int { return cmsgHeadBytes + (n+word-1)&^(word-1) }

// socketName is a path in the system's words: the peer's address, and a control message that names ours.
type socketName struct {
	address      [syscall.SizeofSockaddrInet6]byte
	addressBytes uint32
	// control has room for the size of a segment behind our address.
	control      [80]byte
	controlBytes int
}

type platformSocket struct {
	fd      int
	arrived *arrivals
	six     bool
	send    func(fd int, m *syscall.Msghdr) syscall.Errno
}

// prepare takes the socket over, out of the run-time's poller.
func (s *udpSocket) prepare(conn *net.UDPConn) error {
	fd, err := duplicate(conn)
	if err != nil {
		return err
	}
	if s.arrived, err = newArrivals(fd); err != nil {
		syscall.Close(fd)
		return err
	}
	s.fd, s.send = fd, sendmsg
	conn.Close() // its descriptor; the socket stays
	s.setOptions()
	return nil
}

func (s *udpSocket) setOptions() {
	domain, _ := syscall.GetsockoptInt(s.fd, syscall.SOL_SOCKET, 39 /* SO_DOMAIN */)
	s.six = domain == syscall.AF_INET6
	for option, plain := range map[int]int{soSndBufForce: syscall.SO_SNDBUF, soRcvBufForce: syscall.SO_RCVBUF} {
		if syscall.SetsockoptInt(s.fd, syscall.SOL_SOCKET, option, socketBufferBytes) != nil {
			_ = syscall.SetsockoptInt(s.fd, syscall.SOL_SOCKET, plain, socketBufferBytes)
		}
	}
	if s.six {
		_ = syscall.SetsockoptInt(s.fd, syscall.IPPROTO_IPV6, ipv6RecvInfo, 1)
	}
	_ = syscall.SetsockoptInt(s.fd, syscall.IPPROTO_IP, ipPktInfo, 1)
}

func (s *udpSocket) close() {
	s.arrived.close()
	syscall.Close(s.fd)
}

func (s *udpSocket) newPath(remote netip.AddrPort, local netip.Addr) *path {
	p := &path{remote: remote, local: local}
	n := &p.name
	if s.six {
		binary.NativeEndian.PutUint16(n.address[:], syscall.AF_INET6)
		binary.BigEndian.PutUint16(n.address[2:], remote.Port())
		address := remote.Addr().As16()
		copy(n.address[8:], address[:])
		n.addressBytes = syscall.SizeofSockaddrInet6
	} else if !remote.Addr().Is4() {
		return p // a machine without IPv6: what is sent there is lost
	} else {
		binary.NativeEndian.PutUint16(n.address[:], syscall.AF_INET)
		binary.BigEndian.PutUint16(n.address[2:], remote.Port())
		copy(n.address[4:], remote.Addr().AsSlice())
		n.addressBytes = syscall.SizeofSockaddrInet4
	}
	switch {
	case !local.IsValid() || local.IsUnspecified():
	case s.six:
		info := local.As16()
		n.put(syscall.IPPROTO_IPV6, ipv6PktInfo, append(info[:], 0, 0, 0, 0))
	default:
		info := local.As4()
		n.put(syscall.IPPROTO_IP, ipPktInfo, append([]byte{0, 0, 0, 0}, append(info[:], 0, 0, 0, 0)...))
	}
	return p
}

// put adds a control message.
func (n *socketName) put(level, kind int32, value []byte) {
	b := n.control[n.controlBytes:]
	if word == 8 {
		binary.NativeEndian.PutUint64(b, uint64(cmsgHeadBytes+len(value)))
	} else {
		binary.NativeEndian.PutUint32(b, uint32(cmsgHeadBytes+len(value)))
	}
	binary.NativeEndian.PutUint32(b[word:], uint32(level))
	binary.NativeEndian.PutUint32(b[word+4:], uint32(kind))
	copy(b[cmsgHeadBytes:], value)
	n.controlBytes += cmsgSpace(len(value))
}

// putSegment says how long each datagram of a run is (UDP_SEGMENT).
func (n *socketName) putSegment(bytes uint16) {
	var value [2]byte
	binary.NativeEndian.PutUint16(value[:], bytes)
	n.put(syscall.IPPROTO_UDP, udpSegment, value[:])
}

// sendRun hands a whole run to the system in one call (UDP_SEGMENT), or packet by packet where it does not take that: a
// network card without checksums (EIO), a path with smaller packets (EINVAL, EMSGSIZE), an old kernel.
func (s *udpSocket) sendRun(p *path, run []byte, segment int) (int, error) {
	if len(run) > segment && !p.plain {
		switch err := s.sendOnce(p, run, segment); err {
		case syscall.EINVAL, syscall.EIO, syscall.EMSGSIZE, syscall.ENOPROTOOPT, syscall.EOPNOTSUPP:
			p.plain = true
		default:
			return sentOf(len(run), err)
		}
	}
	for at := 0; at < len(run); at += segment {
		err := s.sendOnce(p, run[at:min(at+segment, len(run))], 0)
		if _, full := sentOf(0, err); full != nil {
			return at, full
		}
	}
	return len(run), nil
}

func sentOf(bytes int, err syscall.Errno) (int, error) {
	if err == syscall.EAGAIN || err == syscall.ENOBUFS {
		return 0, errFull
	}
	return bytes, nil
}

// sendScratch is what one call needs: the system wants it to stay where it is.
type sendScratch struct {
	name socketName
	iov  syscall.Iovec
	m    syscall.Msghdr
}

var sendScratches = sync.Pool{New: func() any { return &sendScratch{} }}

// sendOnce is one call. A segment of 0 sends one datagram.
func (s *udpSocket) sendOnce(p *path, b []byte, segment int) syscall.Errno {
	if p.name.addressBytes == 0 {
		return syscall.EAFNOSUPPORT
	}
	one := sendScratches.Get().(*sendScratch)
	defer sendScratches.Put(one)
	one.name = p.name // a copy, for several may send on one path
	if segment > 0 {
		one.name.putSegment(uint16(segment))
	}
	one.iov.Base = unsafe.SliceData(b)
	one.iov.SetLen(len(b))
	one.m = syscall.Msghdr{Name: &one.name.address[0], Namelen: one.name.addressBytes, Iov: &one.iov, Iovlen: 1}
	if one.name.controlBytes > 0 {
		one.m.Control = &one.name.control[0]
		one.m.SetControllen(one.name.controlBytes)
	}
	for {
		if err := s.send(s.fd, &one.m); err != syscall.EINTR {
			one.iov.Base = nil
			return err
		}
	}
}

func sendmsg(fd int, m *syscall.Msghdr) syscall.Errno {
	_, _, err := syscall.RawSyscall(syscall.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(m)), syscall.MSG_DONTWAIT)
	return err
}

// localOf finds our own address among control messages.
func localOf(b []byte) netip.Addr {
	for len(b) >= cmsgHeadBytes {
		var length int
		if word == 8 {
			length = int(binary.NativeEndian.Uint64(b))
		} else {
			length = int(binary.NativeEndian.Uint32(b))
		}
		if length < cmsgHeadBytes || length > len(b) {
			break
		}
		level, kind := binary.NativeEndian.Uint32(b[word:]), binary.NativeEndian.Uint32(b[word+4:])
		value := b[cmsgHeadBytes:length]
		switch {
		case level == syscall.IPPROTO_IPV6 && kind == ipv6PktInfo && len(value) >= 16:
			return netip.AddrFrom16([16]byte(value[:16])).Unmap()
		case level == syscall.IPPROTO_IP && kind == ipPktInfo && len(value) >= 12:
			return netip.AddrFrom4([4]byte(value[4:8])) // the address to answer from (ipi_spec_dst)
		}
		b = b[min(cmsgSpace(length-cmsgHeadBytes), len(b)):]
	}
	return netip.Addr{}
}
