package main

import (
	"net/netip"
	"time"

	"doorward/engine/internal/stun"
	"doorward/engine/internal/wire"
)

const (
	// While connecting, one check leaves each viewer's agent in this time (RFC 8445's Ta).
	checkEvery = 50 * time.Millisecond
	// A check that was not answered is sent again after this time, doubled each time up to the last.
	firstRetry = 150 * time.Millisecond
	lastRetry  = 2 * time.Second
	// Consent is asked for at 0.8 to 1.2 times this and is over after that (RFC 7675, 5.1).
	consentEvery     = 5 * time.Second
	consentExpiresUs = 30_000_000
	// A way on which nothing came for so long gives way to another.
	staleUs = 10_000_000
	// Our own candidate's priority in what we send: a peer-reflexive one (RFC 8445, 5.1.2.1).
	ownPriority       = 110<<24 | 65535<<8 | 255
	outstandingChecks = 32
)

// pair is one way to the viewer: one of its addresses, as far as we are concerned.
type pair struct {
	path     *path
	priority uint32
	// valid: the viewer has answered a check of ours from there.
	valid bool
	// nominated: the controlling side wants this one.
	nominated bool
	sentAtUs  int64
	retry     time.Duration
	heardUs   int64
	consentUs int64
}

// outstanding is a check of ours that may still be answered.
type outstanding struct {
	id   stun.TransactionID
	pair *pair
}

// agent is the ICE agent of one viewer (RFC 8445): it answers checks, checks the viewer's candidates itself, which opens
// NATs on the way, chooses a way, and asks for consent on it as long as it is used. It belongs to the viewer's lock and
// sends through `send`.
type agent struct {
	ufrag, pwd, remoteUfrag, remotePwd string

	clock       clock
	newPath     func(remote netip.AddrPort, local netip.Addr) *path
	send        func(p *path, datagram []byte)
	random      func([]byte)
	controlling bool
	tieBreaker  uint64
	pairs       []*pair
	checks      [outstandingChecks]outstanding
	nextCheck   int
	selected    *pair
}

// addCandidate adds where the viewer may be. Too many, and addresses that cannot be a viewer's, are passed over.
func (a *agent) addCandidate(remote netip.AddrPort, priority uint32) {
	address := remote.Addr()
	if remote.Port() == 0 || address.IsUnspecified() || address.IsMulticast() || !address.IsValid() {
		return
	}
	if p := a.find(remote); p != nil {
		p.priority = max(p.priority, priority)
		return
	}
	a.add(remote, netip.Addr{}, priority)
}

func (a *agent) find(remote netip.AddrPort) *pair {
	for _, p := range a.pairs {
		if p.path.remote == remote {
			return p
		}
	}
	return nil
}

func (a *agent) add(remote netip.AddrPort, local netip.Addr, priority uint32) *pair {
	if len(a.pairs) >= wire.MaxCandidatesPerViewer {
		return nil
	}
	p := &pair{path: a.newPath(remote, local), priority: priority, sentAtUs: never, heardUs: never, consentUs: never}
	a.pairs = append(a.pairs, p)
	return p
}

// onRequest answers a check. It is false when the message is not from our viewer.
func (a *agent) onRequest(m *stun.Message, from netip.AddrPort, local netip.Addr) bool {
	if string(m.Username) != a.ufrag+":"+a.remoteUfrag || !m.CheckIntegrity(a.pwd) {
		return false
	}
	p := a.find(from)
	if p == nil {
		if p = a.add(from, local, m.Priority); p == nil {
			return false
		}
	}
	if p.path.local != local {
		p.path = a.newPath(from, local)
	}
	if !a.settleRoles(m) {
		a.send(p.path, stun.Conflict(m.ID, a.pwd))
		return true
	}
	p.heardUs = a.clock.nowUs()
	a.send(p.path, stun.Success(m.ID, from, a.pwd))
	if m.UseCandidate && !a.controlling {
		p.nominated = true
	}
	if !p.valid && a.clock.nowUs()-p.sentAtUs >= checkEvery.Microseconds() {
		p.retry = 0
		a.check(p) // a triggered check
	}
	a.choose()
	return true
}

// settleRoles is false when the viewer must change its role (RFC 8445, 7.3.1.1).
func (a *agent) settleRoles(m *stun.Message) bool {
	if a.controlling == (m.Role == stun.Controlling) && m.Role != stun.NoRole {
		if a.controlling == (a.tieBreaker >= m.TieBreaker) {
			return false
		}
		a.controlling = !a.controlling
	}
	return true
}

// onAnswer takes the answer to one of our checks.
func (a *agent) onAnswer(m *stun.Message, from netip.AddrPort) {
	p := a.take(m.ID)
	if p == nil || p.path.remote != from || !m.CheckIntegrity(a.remotePwd) {
		return
	}
	if m.Kind == stun.BindingError {
		if m.ErrorCode == stun.RoleConflict {
			a.controlling = !a.controlling
			p.sentAtUs, p.retry = never, 0
		}
		return
	}
	p.heardUs, p.consentUs = a.clock.nowUs(), a.clock.nowUs()
	p.valid = true
	if a.controlling {
		p.nominated = true
	}
	a.choose()
}

func (a *agent) take(id stun.TransactionID) *pair {
	for i := range a.checks {
		if one := a.checks[i]; one.pair != nil && one.id == id {
			a.checks[i] = outstanding{}
			return one.pair
		}
	}
	return nil
}

// check asks the viewer for an answer from there.
func (a *agent) check(p *pair) {
	var id stun.TransactionID
	a.random(id[:])
	a.checks[a.nextCheck] = outstanding{id, p}
	a.nextCheck = (a.nextCheck + 1) % outstandingChecks
	p.sentAtUs = a.clock.nowUs()
	p.retry = min(lastRetry, max(firstRetry, 2*p.retry))
	role := stun.Controlled
	if a.controlling {
		role = stun.Controlling
	}
	a.send(p.path, stun.Request{
		ID:           id,
		Username:     a.remoteUfrag + ":" + a.ufrag,
		Key:          a.remotePwd,
		Priority:     ownPriority,
		Role:         role,
		TieBreaker:   a.tieBreaker,
		UseCandidate: a.controlling,
	}.Bytes())
}

// checkNext sends the check that has waited longest, of those that are not valid yet.
func (a *agent) checkNext() {
	var next *pair
	nowUs := a.clock.nowUs()
	for _, p := range a.pairs {
		if p.valid || nowUs-p.sentAtUs < p.retry.Microseconds() {
			continue
		}
		if next == nil || p.sentAtUs < next.sentAtUs || p.sentAtUs == next.sentAtUs && p.priority > next.priority {
			next = p
		}
	}
	if next != nil {
		a.check(next)
	}
}

// askConsent asks on the way in use whether the viewer still wants to get something. It is false when that has not been
// so for too long.
func (a *agent) askConsent() bool {
	a.choose()
	if a.selected == nil {
		return false
	}
	if a.clock.nowUs()-a.selected.consentUs > consentExpiresUs {
		return false
	}
	a.check(a.selected)
	return true
}

// choose takes the best way: one that the controlling side wants, where something was heard lately, of highest priority.
func (a *agent) choose() {
	for _, p := range a.pairs {
		if p.valid && (a.selected == nil || a.better(p, a.selected)) {
			a.selected = p
		}
	}
}

func (a *agent) better(p, than *pair) bool {
	nowUs := a.clock.nowUs()
	fresh := func(p *pair) bool { return nowUs-p.heardUs < staleUs }
	switch {
	case fresh(p) != fresh(than):
		return fresh(p)
	case p.nominated != than.nominated:
		return p.nominated
	}
	return p.priority > than.priority
}

// way is where handshakes go: the chosen way, or the one that was last heard of; nil before any.
func (a *agent) way() *path {
	if a.selected != nil {
		return a.selected.path
	}
	var best *pair
	for _, p := range a.pairs {
		if p.heardUs != never && (best == nil || p.heardUs > best.heardUs) {
			best = p
		}
	}
	if best == nil {
		return nil
	}
	return best.path
}
