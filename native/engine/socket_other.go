//go:build !linux

package main

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
)

// socketName is nothing: the standard library takes addresses as they are.
type socketName struct{}

type platformSocket struct{ conn *net.UDPConn }

// prepare takes the socket over.
func (s *udpSocket) prepare(conn *net.UDPConn) error {
	s.conn = conn
	// Smaller ones than asked for still work.
	_ = s.conn.SetReadBuffer(socketBufferBytes)
	_ = s.conn.SetWriteBuffer(socketBufferBytes)
	return nil
}

func (s *udpSocket) close() { s.conn.Close() }

func (s *udpSocket) newPath(remote netip.AddrPort, local netip.Addr) *path {
	return &path{remote: remote, local: local}
}

func (s *udpSocket) sendRun(p *path, run []byte, segment int) (int, error) {
	for at := 0; at < len(run); at += segment {
		_, err := s.conn.WriteToUDPAddrPort(run[at:min(at+segment, len(run))], p.remote)
		if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOBUFS) {
			return at, errFull
		}
	}
	return len(run), nil
}

func (s *udpSocket) newInbox(take func(datagram)) inbox { return &plainInbox{s.conn, take} }

type plainInbox struct {
	conn *net.UDPConn
	take func(datagram)
}

func (i *plainInbox) run() {
	buffer := make([]byte, datagramBytes)
	for {
		n, from, err := i.conn.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		// Other errors are a peer's: Windows, for one, tells here that somebody's port is closed.
		if err == nil && n > 0 {
			i.take(datagram{bytes: buffer[:n], from: unmapped(from)})
		}
	}
}

func (i *plainInbox) poll() bool { return false }
