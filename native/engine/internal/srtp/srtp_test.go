package srtp

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"testing"
)

var profiles = []Profile{AES128CMSHA80, AEADAES128GCM, AEADAES256GCM}

// connected gives one side's sender and the other side's receiver.
func connected(t testing.TB, p Profile) (*Sender, *Receiver) {
	t.Helper()
	material := make([]byte, p.MaterialBytes())
	for i := range material {
		material[i] = byte(i * 7)
	}
	out, _, err := Material{p, material, false}.Sessions()
	if err != nil {
		t.Fatal(err)
	}
	_, in, err := Material{p, material, true}.Sessions()
	if err != nil {
		t.Fatal(err)
	}
	return out, in
}

func rtpHeader(index uint64, ssrc uint32) []byte {
	h := make([]byte, HeaderBytes, 2000)
	h[0], h[1] = 0x80, 96
	binary.BigEndian.PutUint16(h[2:], uint16(index))
	binary.BigEndian.PutUint32(h[8:], ssrc)
	return h
}

// RFC 3711, appendix B.3: key derivation.
func TestDerivesKeysAsTheStandardShows(t *testing.T) {
	master, _ := hex.DecodeString("E1F97A0D3E018BE0D64FA32C06DE4139")
	salt, _ := hex.DecodeString("0EC675AD498AFEEBB6960B3AABE6")
	for label, want := range map[byte]string{
		labelRTPKey:  "c61e7a93744f39ee10734afe3ff7a087",
		labelRTPSalt: "30cbbc08863d8c85d49db34a9ae1",
		labelRTPAuth: "cebe321f6ff7716b6fd4ab49af256a156d38baa4",
	} {
		if got := hex.EncodeToString(derive(master, salt, label, len(want)/2)); got != want {
			t.Errorf("label %d: %s, want %s", label, got, want)
		}
	}
}

// RFC 7714, 16.1.1: AES-128-GCM.
func TestSealsAsTheStandardShows(t *testing.T) {
	key, _ := hex.DecodeString("000102030405060708090a0b0c0d0e0f")
	k, err := newKeys(AEADAES128GCM, key, make([]byte, 12), 0)
	if err != nil {
		t.Fatal(err)
	}
	// The standard's example gives session keys, so they are put in place of derived ones.
	s := &Sender{profile: AEADAES128GCM, rtp: k}
	s.rtp.aead = mustGCM(key)
	copy(s.rtp.salt[:], "Quid pro quo")
	header, _ := hex.DecodeString("8040f17b8041f8d35501a0b2")
	plain, _ := hex.DecodeString("47616c6c696120657374206f6d6e697320646976697361" + "20696e207061727465732074726573")
	want := "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce"
	got := hex.EncodeToString(s.SealRTP(append(make([]byte, 0, 200), header...), plain, 0xf17b))
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestWhatIsSealedOpens(t *testing.T) {
	for _, p := range profiles {
		out, in := connected(t, p)
		counter := NewCounter(0x7ff0)
		for n := range 70_000 {
			index, _ := counter.Take()
			payload := []byte{byte(n), byte(n >> 8), 3, 4, 5}
			sealed := out.SealRTP(rtpHeader(index, 9), payload, index)
			if len(sealed) != HeaderBytes+len(payload)+p.Overhead() {
				t.Fatalf("profile %d: %d bytes", p, len(sealed))
			}
			plain, err := in.OpenRTP(sealed)
			if err != nil || !bytes.Equal(plain[HeaderBytes:], payload) {
				t.Fatalf("profile %d, packet %d over the roll-over: %v", p, n, err)
			}
		}
	}
}

func TestReportsOpenOnce(t *testing.T) {
	for _, p := range profiles {
		out, in := connected(t, p)
		report := []byte{0x80, 200, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4}
		first, _ := out.SealRTCP(report)
		second, _ := out.SealRTCP(report)
		if bytes.Equal(first, second) {
			t.Fatal("two reports under one index")
		}
		again := bytes.Clone(first)
		if plain, err := in.OpenRTCP(first); err != nil || !bytes.Equal(plain, report) {
			t.Fatalf("profile %d: %v", p, err)
		}
		if _, err := in.OpenRTCP(again); !errors.Is(err, ErrReplayed) {
			t.Fatalf("profile %d: replayed: %v", p, err)
		}
		second[len(second)-1] ^= 1
		if _, err := in.OpenRTCP(second); err == nil {
			t.Fatalf("profile %d: tampered with and taken", p)
		}
	}
}

func TestTakesWhatComesOutOfOrderOnceEach(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, p := range profiles {
		out, in := connected(t, p)
		for base := uint64(65_500); base < 65_900; base += 40 {
			indexes := make([]uint64, 40)
			for i := range indexes {
				indexes[i] = base + uint64(i)
			}
			random.Shuffle(40, func(i, j int) { indexes[i], indexes[j] = indexes[j], indexes[i] })
			for _, index := range indexes {
				sealed := out.SealRTP(rtpHeader(index, 9), []byte("sound"), index)
				again := bytes.Clone(sealed)
				if _, err := in.OpenRTP(sealed); err != nil && base > 65_500 {
					t.Fatalf("packet %d: %v", index, err)
				}
				if _, err := in.OpenRTP(again); err == nil {
					t.Fatalf("packet %d was taken twice", index)
				}
			}
		}
	}
}

func TestRefusesWhatIsTooOldOrNotTheirs(t *testing.T) {
	out, in := connected(t, AEADAES128GCM)
	seal := func(index uint64) []byte { return out.SealRTP(rtpHeader(index, 9), []byte("sound"), index) }
	old := seal(1000)
	if _, err := in.OpenRTP(seal(1200)); err != nil {
		t.Fatal(err)
	}
	if _, err := in.OpenRTP(old); !errors.Is(err, ErrReplayed) {
		t.Errorf("200 packets late: %v", err)
	}
	foreign := seal(1201)
	foreign[20] ^= 1
	if _, err := in.OpenRTP(foreign); !errors.Is(err, ErrAuthentication) {
		t.Errorf("tampered with: %v", err)
	}
	if _, err := in.OpenRTP(seal(1201)); err != nil {
		t.Errorf("the true packet after a false one: %v", err)
	}
	for ssrc := range uint32(100) {
		_, _ = in.OpenRTP(out.SealRTP(rtpHeader(5, ssrc+100), []byte("x"), 5))
	}
	if len(in.sources) > maxSources {
		t.Errorf("%d sources are remembered", len(in.sources))
	}
}

func TestTheCounterEndsInsteadOfGoingBack(t *testing.T) {
	c := NewCounter(0xffff)
	if c.Next() > 0x7fff {
		t.Errorf("begins at %d", c.Next())
	}
	c.next = MaxIndex
	if index, err := c.Take(); err != nil || index != MaxIndex {
		t.Fatal(index, err)
	}
	if _, err := c.Take(); !errors.Is(err, ErrWornOut) {
		t.Errorf("went on: %v", err)
	}
	s, _ := connected(t, AEADAES128GCM)
	s.rtcpIndex = maxRTCPIndex
	if _, err := s.SealRTCP(make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SealRTCP(make([]byte, 8)); !errors.Is(err, ErrWornOut) {
		t.Errorf("reports went on: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	out, _ := connected(f, AEADAES128GCM)
	f.Add(out.SealRTP(rtpHeader(1, 2), []byte("sound"), 1))
	report, _ := out.SealRTCP([]byte{0x80, 201, 0, 1, 0, 0, 0, 9})
	f.Add(report)
	f.Add([]byte{0x9f, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xbe, 0xde, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range profiles {
			_, in := connected(t, p)
			if plain, err := in.OpenRTP(bytes.Clone(b)); err == nil && len(plain) > len(b) {
				t.Fatal("grew")
			}
			_, _ = in.OpenRTCP(bytes.Clone(b))
			if len(in.sources) > 1 {
				t.Fatal("remembers what was not authentic")
			}
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	out, _ := connected(b, AEADAES128GCM)
	payload := make([]byte, 1200)
	buffer := rtpHeader(0, 9)
	b.SetBytes(1200)
	for n := range b.N {
		out.SealRTP(buffer[:HeaderBytes], payload, uint64(n))
	}
}
