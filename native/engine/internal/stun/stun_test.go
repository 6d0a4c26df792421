package stun

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const sampleKey = "VOkJxbRl1RmTxUk/WvJxBt"

// RFC 5769, 2.1.
const sampleRequest = `
000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74
002400046e0001ff80290008932ff9b151263b36000600096576746a3a683676592020200008
00149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf`

// RFC 5769, 2.2 and 2.3.
var sampleAnswers = map[string]string{
	"192.0.2.1:32853": `0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220
002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96`,
	"[2001:db8:1234:5678:11:2233:4455:6677]:32853": `010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220
002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c`,
}

func TestReadsTheStandardsRequest(t *testing.T) {
	m, err := Read(unhex(t, sampleRequest))
	if err != nil {
		t.Fatal(err)
	}
	if m.Kind != BindingRequest || string(m.Username) != "evtj:h6vY" || m.Priority != 0x6e0001ff || m.Role != Controlled {
		t.Errorf("%+v", m)
	}
	if !m.CheckIntegrity(sampleKey) || m.CheckIntegrity("another") {
		t.Error("integrity")
	}
}

func TestReadsTheStandardsAnswers(t *testing.T) {
	for want, text := range sampleAnswers {
		m, err := Read(unhex(t, text))
		if err != nil || m.Mapped.String() != want || !m.CheckIntegrity(sampleKey) {
			t.Errorf("%s: %v %v", want, m.Mapped, err)
		}
	}
}

func TestWhatItWritesItReads(t *testing.T) {
	id := TransactionID{1, 2, 3}
	request := Request{id, "a:b", "key", 77, Controlling, 99, true}
	m, err := Read(request.Bytes())
	if err != nil || m.ID != id || !m.CheckIntegrity("key") || !m.UseCandidate || m.Role != Controlling || m.TieBreaker != 99 || m.Priority != 77 {
		t.Errorf("%+v %v", m, err)
	}
	for _, address := range []string{"10.1.2.3:4567", "[2001:db8::7]:1"} {
		m, err := Read(Success(id, netip.MustParseAddrPort(address), "key"))
		if err != nil || m.Mapped.String() != address || !m.CheckIntegrity("key") {
			t.Errorf("%s: %v %v", address, m.Mapped, err)
		}
	}
	if m, err := Read(Conflict(id, "key")); err != nil || m.ErrorCode != RoleConflict || !m.CheckIntegrity("key") {
		t.Errorf("%+v %v", m, err)
	}
}

func TestRefusesWhatWasChangedOnTheWay(t *testing.T) {
	whole := unhex(t, sampleRequest)
	const fingerprintBytes = 8 // behind the integrity, and for telling apart only
	for i := range len(whole) - fingerprintBytes {
		b := append([]byte{}, whole...)
		b[i] ^= 0x40
		if m, err := Read(b); err == nil && m.CheckIntegrity(sampleKey) {
			t.Errorf("byte %d changed and taken", i)
		}
		if _, err := Read(whole[:i]); err == nil {
			t.Errorf("%d bytes were taken", i)
		}
	}
}

func TestPassesOverWhatStandsBehindTheIntegrity(t *testing.T) {
	b := Request{ID: TransactionID{1}, Username: "a:b", Key: "key"}.Bytes()
	b = attribute(b[:len(b)-8], attrUseCandidate, nil)
	m, err := Read(finish(b, ""))
	if err != nil || m.UseCandidate {
		t.Errorf("%+v %v", m, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(unhex(f, sampleRequest))
	for _, text := range sampleAnswers {
		f.Add(unhex(f, text))
	}
	f.Add(Conflict(TransactionID{}, "key"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		if m, err := Read(b); err == nil {
			m.CheckIntegrity("key")
		}
	})
}
