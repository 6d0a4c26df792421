package main

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"
)

func opened(t *testing.T) *udpSocket {
	t.Helper()
	s, err := openTransport(0)
	if err != nil {
		t.Fatal(err)
	}
	socket := s.(*udpSocket)
	t.Cleanup(socket.close)
	return socket
}

// listener is a viewer's socket.
func listener(t *testing.T, address string) (*net.UDPConn, netip.AddrPort) {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(address)))
	if err != nil {
		t.Skipf("this machine has no %s: %v", address, err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, unmapped(conn.LocalAddr().(*net.UDPAddr).AddrPort())
}

func receive(t *testing.T, conn *net.UDPConn) (string, netip.AddrPort) {
	t.Helper()
	b := make([]byte, 2000)
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, from, err := conn.ReadFromUDPAddrPort(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n]), unmapped(from)
}

// arrived is the next datagram at our own socket.
func arrived(t *testing.T, s *udpSocket) datagram {
	t.Helper()
	got := make(chan datagram, 8)
	in := s.newInbox(func(d datagram) {
		d.bytes = slices.Clone(d.bytes)
		got <- d
	})
	go in.run()
	select {
	case d := <-got:
		return d
	case <-time.After(5 * time.Second):
		t.Fatal("nothing came")
		return datagram{}
	}
}

const threePackets = "aaaabbbbcc"

func TestSendsARunAsItsPacketsAndFromTheAddressSpokenTo(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "127.0.0.7:0", "[::1]:0"} {
		s := opened(t)
		conn, remote := listener(t, address)
		to := netip.AddrPortFrom(remote.Addr(), s.port())
		if _, err := conn.WriteToUDPAddrPort([]byte("hello"), to); err != nil {
			t.Fatal(err)
		}
		hello := arrived(t, s)
		if string(hello.bytes) != "hello" || hello.from != remote || hello.local != remote.Addr() {
			t.Fatal(hello)
		}
		p := s.newPath(hello.from, hello.local)
		if sent, err := s.sendRun(p, []byte(threePackets), 4); sent != len(threePackets) || err != nil || p.plain {
			t.Fatal(sent, err, p.plain)
		}
		for _, want := range []string{"aaaa", "bbbb", "cc"} {
			if got, from := receive(t, conn); got != want || from != to {
				t.Errorf("%s: %q from %v", address, got, from)
			}
		}
	}
}

// What systems say where runs do not work: a card without checksums, a smaller path, an old kernel.
func TestSendsPacketByPacketWhereRunsAreRefused(t *testing.T) {
	for _, refusal := range []syscall.Errno{syscall.EINVAL, syscall.EIO, syscall.EMSGSIZE, syscall.ENOPROTOOPT} {
		s := opened(t)
		conn, remote := listener(t, "127.0.0.1:0")
		runs := 0
		s.send = func(fd int, m *syscall.Msghdr) syscall.Errno {
			if m.Controllen > 0 {
				runs++
				return refusal
			}
			return sendmsg(fd, m)
		}
		p := s.newPath(remote, netip.Addr{})
		for range 2 {
			if sent, err := s.sendRun(p, []byte(threePackets), 4); sent != len(threePackets) || err != nil {
				t.Fatal(sent, err)
			}
			for _, want := range []string{"aaaa", "bbbb", "cc"} {
				if got, _ := receive(t, conn); got != want {
					t.Errorf("%v: %q", refusal, got)
				}
			}
		}
		if runs != 1 {
			t.Errorf("%v: asked %d times", refusal, runs)
		}
	}
}

func TestSaysHowMuchAFullSocketTook(t *testing.T) {
	s := opened(t)
	_, remote := listener(t, "127.0.0.1:0")
	p := s.newPath(remote, netip.Addr{})
	for _, full := range []syscall.Errno{syscall.EAGAIN, syscall.ENOBUFS} {
		s.send = func(int, *syscall.Msghdr) syscall.Errno { return full }
		if sent, err := s.sendRun(p, []byte(threePackets), 4); sent != 0 || err != errFull {
			t.Errorf("%v: %d %v", full, sent, err)
		}
	}
	p.plain = true
	left := 2
	s.send = func(int, *syscall.Msghdr) syscall.Errno {
		if left == 0 {
			return syscall.EAGAIN
		}
		left--
		return 0
	}
	if sent, err := s.sendRun(p, []byte(threePackets), 4); sent != 8 || err != errFull {
		t.Errorf("%d %v", sent, err)
	}
}

func TestAPeerThatCannotBeReachedStopsNobody(t *testing.T) {
	s := opened(t)
	p := s.newPath(netip.MustParseAddrPort("127.0.0.1:9"), netip.Addr{})
	s.send = func(int, *syscall.Msghdr) syscall.Errno { return syscall.ENETUNREACH }
	if sent, err := s.sendRun(p, []byte(threePackets), 4); sent != len(threePackets) || err != nil {
		t.Errorf("%d %v", sent, err)
	}
}

func TestSendsNothingToIPv6WhereTheMachineHasNone(t *testing.T) {
	s := opened(t)
	s.six = false
	s.send = func(int, *syscall.Msghdr) syscall.Errno {
		t.Error("it was sent somewhere")
		return 0
	}
	p := s.newPath(netip.MustParseAddrPort("[fd00::2]:9"), netip.Addr{})
	if sent, err := s.sendRun(p, []byte(threePackets), 4); sent != len(threePackets) || err != nil {
		t.Errorf("%d %v", sent, err)
	}
}

func TestReadsControlMessagesWithinTheirBounds(t *testing.T) {
	b := make([]byte, 24)
	for _, length := range []uint64{0, 5, 16, 17, 24, 25, 1 << 40, 1<<64 - 1} {
		binary.NativeEndian.PutUint64(b, length)
		if got := localOf(b); got.IsValid() {
			t.Errorf("length %d: %v", length, got)
		}
	}
}
