//go:build !linux

package main

import (
	"errors"
	"net/netip"
	"syscall"
)

// socketName is nothing: the standard library takes addresses as they are.
type socketName struct{}

type platformSocket struct{}

func (s *udpSocket) prepare() error {
	// Smaller ones than asked for still work.
	_ = s.conn.SetReadBuffer(socketBufferBytes)
	_ = s.conn.SetWriteBuffer(socketBufferBytes)
	return nil
}

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

func (s *udpSocket) receive(b []byte) (int, netip.AddrPort, netip.Addr, error) {
	n, from, err := s.conn.ReadFromUDPAddrPort(b)
	return n, unmapped(from), netip.Addr{}, err
}
