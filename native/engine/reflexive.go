package main

import (
	"net/netip"
	"sync"
	"time"

	"doorward/engine/internal/stun"
	"doorward/engine/internal/wire"
)

const (
	// A NAT forgets a way that was not used for half a minute (RFC 4787: two minutes, but not all hold to it).
	reflexiveEvery = 20 * time.Second
	reflexiveRetry = 500 * time.Millisecond
	reflexiveTries = 4
)

// reflexive asks STUN servers, from the viewers' own port, which address we have outside (RFC 8445, 5.1.1.2).
type reflexive struct {
	mu      sync.Mutex
	begun   bool
	asked   map[stun.TransactionID]netip.AddrPort
	servers []netip.AddrPort
}

func (e *engine) onStunServers(c *wire.Cursor) error {
	count := int(c.U8())
	if count > wire.MaxStunServers {
		return wire.ErrMalformed
	}
	var servers []netip.AddrPort
	for range count {
		servers = append(servers, c.Address())
	}
	if c.Err() != nil || e.transport == nil {
		return wire.ErrMalformed
	}
	r := &e.reflexive
	r.mu.Lock()
	begins := !r.begun && count > 0
	r.servers, r.begun = servers, r.begun || begins
	r.mu.Unlock()
	if begins {
		go e.askForPublicAddress()
	}
	return nil
}

func (e *engine) askForPublicAddress() {
	for {
		for try := 0; try < reflexiveTries && e.askAll(try == 0); try++ {
			time.Sleep(reflexiveRetry)
		}
		time.Sleep(reflexiveEvery)
	}
}

// askAll asks each server, or when it is not the first time each that has not answered. It is false when all have.
func (e *engine) askAll(first bool) bool {
	r := &e.reflexive
	r.mu.Lock()
	defer r.mu.Unlock()
	ask := r.servers
	if !first {
		ask = nil
		for _, server := range r.asked {
			ask = append(ask, server)
		}
	}
	r.asked = map[stun.TransactionID]netip.AddrPort{}
	for _, server := range ask {
		var id stun.TransactionID
		e.random(id[:])
		r.asked[id] = server
		question := stun.Request{ID: id}.Bytes()
		_, _ = e.transport.sendRun(e.transport.newPath(server, netip.Addr{}), question, len(question))
	}
	return len(ask) > 0
}

// onAnswer is true for a server's answer that tells an address.
func (r *reflexive) onAnswer(m *stun.Message, from netip.AddrPort) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if server, ok := r.asked[m.ID]; !ok || server != from || m.Kind != stun.BindingSuccess || !m.Mapped.IsValid() {
		return false
	}
	delete(r.asked, m.ID)
	return true
}
