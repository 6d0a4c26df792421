package main

import (
	"testing"

	"doorward/engine/internal/wire"
)

func frameMessage(count uint16, payloads ...string) []byte {
	m := wire.NewMessage(wire.ToFrame).U32(7).U64(99).U8(wire.FrameKey).U16(count)
	for i, one := range payloads {
		m = m.U16(uint16(len(one))).U8(byte(i & 1)).U32(uint32(i))
	}
	for _, one := range payloads {
		m = m.Rest([]byte(one))
	}
	return m[5:]
}

func TestReadsAFrame(t *testing.T) {
	id, f, err := readFrame(wire.NewCursor(frameMessage(2, "first", "second")))
	if err != nil || id != 7 || !f.key || f.replay || f.timestampUs != 99 {
		t.Fatal(id, f, err)
	}
	if string(f.payload(0)) != "first" || string(f.payload(1)) != "second" || !f.payloads[1].marker || f.payloads[1].offset != 1 {
		t.Errorf("%+v", f)
	}
}

func TestRefusesAFrameThatIsShorterThanItSays(t *testing.T) {
	whole := frameMessage(2, "first", "second")
	for cut := range whole {
		if _, _, err := readFrame(wire.NewCursor(whole[:cut])); err == nil {
			t.Errorf("%d bytes of %d were taken", cut, len(whole))
		}
	}
	for _, count := range []uint16{3, 65_535} {
		if _, _, err := readFrame(wire.NewCursor(frameMessage(count, "first", "second"))); err == nil {
			t.Errorf("%d payloads", count)
		}
	}
}

func TestKeepsTheLastGroupWithinItsBounds(t *testing.T) {
	r := newRig(t, true)
	for n := range 30 {
		r.write(written{key: n%10 == 0})
	}
	if g := r.track.group.Load(); g == nil || g.index != 20 {
		t.Errorf("%+v", g)
	}
	r.write(written{timestampUs: r.clock.nowUs() + maxGroupUs + 1})
	if r.track.group.Load() != nil {
		t.Error("a group without end is kept")
	}
}

func FuzzFrame(f *testing.F) {
	f.Add(frameMessage(2, "first", "second"))
	f.Add(frameMessage(0))
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, frame, err := readFrame(wire.NewCursor(b))
		if err != nil {
			return
		}
		for i := range frame.payloads {
			_ = frame.payload(i)
		}
	})
}

// FuzzMessages gives the engine everything that a hub could say.
func FuzzMessages(f *testing.F) {
	fields := func(m wire.Message) []byte { return m[5:] }
	f.Add(byte(wire.ToTrack), fields(wire.NewMessage(0).U32(1).U8(0).U32(5)))
	f.Add(byte(wire.ToView), fields(wire.NewMessage(0).U32(1).U8(1).Text("ufrag").Text("pwd").Text("u").Text("p").U8(32).
		Text("sum").U8(111).U8(1).U32(1).U8(96).U32(90_000).U32(5).Text("cam")))
	f.Add(byte(wire.ToCandidate), fields(wire.NewMessage(0).U32(1).U32(5).Rest([]byte{4, 1, 2, 3, 4, 5, 6})))
	f.Fuzz(func(t *testing.T, code byte, b []byte) {
		if code == wire.ToBind || code == wire.ToStunServers {
			return
		}
		clock := &manualClock{us: 5}
		e := newEngine(clock, newQueue(clock, 1), newHubLink(), sharedCertificate(t), newCollector())
		e.transport = &fakeTransport{t: t}
		_ = e.receive(wire.ToTrack, []byte{1, 0, 0, 0, 0, 0, 0, 0, 0})
		_ = e.receive(code, b)
	})
}
