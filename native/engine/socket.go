package main

import (
	"errors"
	"net"
	"net/netip"
)

// errFull says that the system takes no more for the moment.
var errFull = errors.New("the socket is full")

const (
	socketBufferBytes = 4 << 20
	// maxRunPackets and maxRunBytes bound what is handed to the system in one call (UDP_MAX_SEGMENTS, IP's length).
	maxRunPackets = 64
	maxRunBytes   = 64_000
	datagramBytes = 2048
)

// path is where a viewer's packets go. It does not change once made.
type path struct {
	remote netip.AddrPort
	// local is our address that the viewer spoke to; invalid when unknown.
	local netip.Addr
	// plain is set when runs of packets cannot be sent in one call this way.
	plain bool
	name  socketName
}

// transport is the one UDP port of all viewers.
type transport interface {
	// sendRun sends datagrams that lie one behind the other, each of segment bytes but the last, and says how many bytes
	// left. Only errFull means that more may leave later; what is lost otherwise is as lost as on the way.
	sendRun(p *path, run []byte, segment int) (int, error)
	// newPath makes a path.
	newPath(remote netip.AddrPort, local netip.Addr) *path
	// newInbox makes what one goroutine receives with.
	newInbox(take func(datagram)) inbox
	port() uint16
}

// datagram is what came in. Its bytes are the inbox's.
type datagram struct {
	bytes []byte
	from  netip.AddrPort
	// local is our address that it was sent to; invalid when unknown.
	local netip.Addr
}

// inbox receives datagrams and hands each to its owner.
type inbox interface {
	// run receives until the socket is closed.
	run()
	// poll receives what is there already. It is false where only run can.
	poll() bool
}

// openTransport opens the port, for IPv6 and IPv4 where the machine has both.
func openTransport(port uint16) (transport, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{Port: int(port)})
	if err != nil {
		return nil, err
	}
	s := &udpSocket{bound: conn.LocalAddr().(*net.UDPAddr)}
	if err := s.prepare(conn); err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

type udpSocket struct {
	bound *net.UDPAddr
	platformSocket
}

func (s *udpSocket) port() uint16 { return uint16(s.bound.Port) }

func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
