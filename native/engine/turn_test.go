package main

import (
	"testing"
	"time"
)

// payloads says which frames were sent: their writers' bytes, one for each frame.
func whose(packets []sentPacket) (all []byte) {
	for _, p := range packets {
		if p.marker {
			all = append(all, p.payload[0])
		}
	}
	return all
}

func TestTurnsToAnotherTrackAtItsKeyFrameAndNumbersGoOn(t *testing.T) {
	large := newRig(t, true)
	small := large.another()
	s, to := large.viewer()
	large.write(written{key: true, packets: 3})
	large.settle()
	s.turnTo(small.track)
	for range 2 {
		large.advance(40 * time.Millisecond)
		small.write(written{})
		large.write(written{packets: 3})
		large.settle()
	}
	if len(to.packets) != 9 {
		t.Fatalf("%d packets before the small one's key frame", len(to.packets))
	}
	large.advance(40 * time.Millisecond)
	small.write(written{key: true})
	first := writtenFrames
	large.write(written{packets: 3})
	large.settle()
	large.advance(40 * time.Millisecond)
	small.write(written{})
	large.settle()
	if got := whose(to.packets[9:]); len(got) != 2 || got[0] != first {
		t.Errorf("sent %v, the key frame is %d", got, first)
	}
	inARow(t, to.packets)
	got := stamps(to.packets)
	for i := 1; i < len(got); i++ {
		if got[i]-got[i-1] != 3600 {
			t.Errorf("stamps %v", got)
		}
	}
	if len(large.track.readers) != 0 || len(small.track.readers) != 1 {
		t.Errorf("%d and %d readers", len(large.track.readers), len(small.track.readers))
	}
}

func TestSendsAFrameToItsEndBeforeItTurns(t *testing.T) {
	large := newRig(t, true)
	small := large.another()
	s, to := large.viewer()
	s.turnTo(small.track)
	to.room = 2
	large.write(written{key: true, packets: 5})
	large.queue.serve(large.out)
	small.write(written{key: true, packets: 2})
	to.room = 1 << 30
	large.settle()
	inARow(t, to.packets)
	if len(to.packets) != 7 || len(stamps(to.packets)) != 2 {
		t.Errorf("%d packets, %d frames", len(to.packets), len(stamps(to.packets)))
	}
}

func TestStaysWhereItIsWhenItIsTurnedBackBeforeTheKeyFrame(t *testing.T) {
	large := newRig(t, true)
	small := large.another()
	s, to := large.viewer()
	large.write(written{key: true})
	large.settle()
	s.turnTo(small.track)
	s.turnTo(large.track)
	small.write(written{key: true})
	large.write(written{})
	large.settle()
	if len(to.packets) != 2 || len(small.track.readers) != 0 {
		t.Errorf("%d packets, %d readers", len(to.packets), len(small.track.readers))
	}
}

func TestTakesAKeyFrameThatHasJustCome(t *testing.T) {
	large := newRig(t, true)
	small := large.another()
	s, to := large.viewer()
	large.write(written{key: true})
	small.write(written{key: true})
	large.settle()
	s.turnTo(small.track)
	large.settle()
	if len(to.packets) != 2 {
		t.Errorf("%d packets", len(to.packets))
	}
	late := large.another()
	late.write(written{key: true})
	large.advance(2 * time.Second)
	s.turnTo(late.track)
	large.settle()
	if len(to.packets) != 2 {
		t.Error("turned to an old key frame")
	}
}
