package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"doorward/engine/internal/stun"
)

// peers are two agents with a network between them that `carries` decides about.
type peers struct {
	clock    *manualClock
	one, two *agent
	carries  func(from, to netip.AddrPort) bool
	sent     int
}

var addressOne, addressTwo = netip.MustParseAddrPort("10.0.0.1:1"), netip.MustParseAddrPort("10.0.0.2:2")

func newPeers(t *testing.T) *peers {
	p := &peers{clock: &manualClock{us: 1_000_000}, carries: func(_, _ netip.AddrPort) bool { return true }}
	random := rand.New(rand.NewPCG(1, 2))
	depth := 0
	make := func(ufrag, remote string, own netip.AddrPort, other **agent) *agent {
		a := &agent{ufrag: ufrag, pwd: ufrag + "-password", remoteUfrag: remote, remotePwd: remote + "-password", clock: p.clock}
		a.newPath = func(to netip.AddrPort, local netip.Addr) *path { return &path{remote: to, local: local} }
		a.random = func(b []byte) {
			for i := range b {
				b[i] = byte(random.Uint32())
			}
		}
		a.send = func(to *path, b []byte) {
			if p.sent++; depth > 50 {
				t.Fatal("they talk without end")
			}
			if !p.carries(own, to.remote) {
				return
			}
			depth++
			defer func() { depth-- }()
			deliver(t, *other, b, own, to.remote.Addr())
		}
		return a
	}
	p.one = make("aaaa", "bbbb", addressOne, &p.two)
	p.two = make("bbbb", "aaaa", addressTwo, &p.one)
	p.one.controlling, p.one.tieBreaker, p.two.tieBreaker = true, 1, 2
	return p
}

func deliver(t *testing.T, a *agent, b []byte, from netip.AddrPort, local netip.Addr) {
	t.Helper()
	m, err := stun.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	if m.Kind == stun.BindingRequest {
		a.onRequest(&m, from, local)
	} else {
		a.onAnswer(&m, from)
	}
}

func (p *peers) checkFor(d time.Duration, agents ...*agent) {
	for end := p.clock.us + d.Microseconds(); p.clock.us < end; p.clock.us += checkEvery.Microseconds() {
		for _, a := range agents {
			a.checkNext()
		}
	}
}

func way(a *agent) string {
	if a.selected == nil {
		return "none"
	}
	return a.selected.path.remote.String()
}

func TestTwoAgentsFindEachOther(t *testing.T) {
	p := newPeers(t)
	p.one.addCandidate(addressTwo, 5)
	p.checkFor(time.Second, p.one, p.two)
	if way(p.one) != addressTwo.String() || way(p.two) != addressOne.String() || !p.two.selected.nominated {
		t.Errorf("%s and %s", way(p.one), way(p.two))
	}
}

// A hub behind a NAT gets nothing before it has sent something to the viewer itself.
func TestOurChecksOpenANat(t *testing.T) {
	p := newPeers(t)
	opened := false
	p.carries = func(from, _ netip.AddrPort) bool {
		opened = opened || from == addressTwo
		return opened
	}
	p.one.addCandidate(addressTwo, 5)
	p.checkFor(time.Second, p.one)
	if way(p.one) != "none" {
		t.Fatal("the NAT is no NAT")
	}
	p.two.addCandidate(addressOne, 5)
	p.checkFor(3*time.Second, p.one, p.two)
	if way(p.one) != addressTwo.String() || way(p.two) != addressOne.String() {
		t.Errorf("%s and %s", way(p.one), way(p.two))
	}
}

func TestBothWithOneRoleSettleIt(t *testing.T) {
	for _, both := range []bool{true, false} {
		p := newPeers(t)
		p.one.controlling, p.two.controlling = both, both
		p.one.addCandidate(addressTwo, 5)
		p.two.addCandidate(addressOne, 5)
		p.checkFor(3*time.Second, p.one, p.two)
		if p.one.controlling == p.two.controlling || way(p.one) == "none" || way(p.two) == "none" {
			t.Errorf("both %v: %v %v, %s and %s", both, p.one.controlling, p.two.controlling, way(p.one), way(p.two))
		}
	}
}

func TestConsentIsAskedForAndRunsOut(t *testing.T) {
	p := newPeers(t)
	p.one.addCandidate(addressTwo, 5)
	p.checkFor(time.Second, p.one, p.two)
	for range 20 {
		p.clock.us += consentEvery.Microseconds()
		if !p.two.askConsent() {
			t.Fatal("consent ran out although it was given")
		}
	}
	p.carries = func(from, _ netip.AddrPort) bool { return from == addressTwo }
	asked := 0
	for p.two.askConsent() {
		p.clock.us += consentEvery.Microseconds()
		asked++
	}
	if asked < 5 || asked > 8 {
		t.Errorf("ran out after %d questions", asked)
	}
}

func TestGoesToTheWayThatTheViewerWants(t *testing.T) {
	p := newPeers(t)
	other := netip.MustParseAddrPort("10.0.0.9:9")
	p.one.addCandidate(addressTwo, 5)
	p.checkFor(time.Second, p.one, p.two)
	request := func(from netip.AddrPort, priority uint32, wanted bool) {
		b := stun.Request{Username: "bbbb:aaaa", Key: "bbbb-password", Priority: priority, Role: stun.Controlling, UseCandidate: wanted}
		deliver(t, p.two, b.Bytes(), from, netip.Addr{})
		p.two.find(from).valid = true
		p.two.choose()
	}
	request(other, ownPriority+5, false)
	if way(p.two) != addressOne.String() {
		t.Errorf("went to %s, which nobody wants", way(p.two))
	}
	request(other, ownPriority+5, true)
	if way(p.two) != other.String() {
		t.Errorf("stayed at %s", way(p.two))
	}
	p.clock.us += staleUs + 1
	request(addressOne, 5, true)
	if way(p.two) != addressOne.String() {
		t.Errorf("stays at %s, where nothing is heard", way(p.two))
	}
}

func TestStrangersAndCrowdsAreNotAnswered(t *testing.T) {
	p := newPeers(t)
	before := p.sent
	for _, b := range []stun.Request{
		{Username: "bbbb:aaaa", Key: "guess", Role: stun.Controlling},
		{Username: "bbbb:zzzz", Key: "bbbb-password", Role: stun.Controlling},
	} {
		deliver(t, p.two, b.Bytes(), addressOne, netip.Addr{})
	}
	if p.sent != before {
		t.Error("a stranger was answered")
	}
	for n := range 500 {
		p.two.addCandidate(netip.MustParseAddrPort(fmt.Sprintf("10.0.1.%d:%d", n%250+1, n+1)), 1)
	}
	for _, odd := range []string{"224.0.0.1:5", "0.0.0.0:5", "10.0.0.1:0"} {
		p.two.addCandidate(netip.MustParseAddrPort(odd), 1)
	}
	if len(p.two.pairs) > 32 {
		t.Errorf("%d pairs", len(p.two.pairs))
	}
}
