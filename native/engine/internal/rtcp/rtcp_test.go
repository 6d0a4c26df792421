package rtcp

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
)

// notes writes down what it hears.
type notes []string

func (n *notes) OnReport(r Report) {
	*n = append(*n, fmt.Sprintf("report %d lost %d last %d delay %d", r.SSRC, r.TotalLost, r.LastReport, r.DelaySinceLastReport))
}
func (n *notes) OnNack(ssrc uint32, sequence uint16) {
	*n = append(*n, fmt.Sprintf("nack %d %d", ssrc, sequence))
}
func (n *notes) OnKeyFrameRequest(ssrc uint32) { *n = append(*n, fmt.Sprintf("key %d", ssrc)) }

func TestReads(t *testing.T) {
	for name, one := range map[string]struct {
		packet string
		want   []string
	}{
		"receiver report": {
			"81c90007" + "00000001" + "00000007" + "00ffffff" + "00001234" + "00000003" + "00000005" + "00000006",
			[]string{"report 7 lost -1 last 5 delay 6"},
		},
		"more blocks announced than there are": {"83c90001" + "00000001", nil},
		"nack over the roll-over":              {"81cd0003" + "00000001" + "00000007" + "ffff0005", []string{"nack 7 65535", "nack 7 0", "nack 7 2"}},
		"picture loss":                         {"81ce0002" + "00000001" + "00000007", []string{"key 7"}},
		"full intra request":                   {"84ce0004" + "00000001" + "00000000" + "00000009" + "01000000", []string{"key 9"}},
		"what we do not speak, then loss":      {"8fce0002" + "00000001" + "00000007" + "81ce0002" + "00000001" + "00000008", []string{"key 8"}},
	} {
		b, err := hex.DecodeString(one.packet)
		if err != nil {
			t.Fatal(err)
		}
		var heard notes
		if err := Read(b, &heard); err != nil || !slices.Equal(heard, one.want) {
			t.Errorf("%s: %v %v", name, heard, err)
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, text := range []string{"", "80c9", "40c90001" + "00000001", "81c90009" + "00000001", "81cd0001" + "00000001", "84ce0002" + "0000000100000002"} {
		b, _ := hex.DecodeString(text)
		if err := Read(b, &notes{}); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestWritesAReportThatReadersTake(t *testing.T) {
	for length := range 300 {
		report := SenderReport{SSRC: 7, NTP: 1 << 40, Timestamp: 3, Packets: 4, Bytes: 5, CName: string(bytes.Repeat([]byte("x"), length))}
		b := report.Append(nil)
		if len(b)%4 != 0 {
			t.Fatalf("%d bytes", len(b))
		}
		if err := Read(b, &notes{}); err != nil {
			t.Fatalf("name of %d bytes: %v", length, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(SenderReport{CName: "cam"}.Append(nil))
	f.Add([]byte("\x81\xcd\x00\x03\x00\x00\x00\x01\x00\x00\x00\x07\xff\xff\x00\x05"))
	f.Add([]byte("\x84\xce\x00\x04\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x09\x01\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var heard notes
		_ = Read(b, &heard)
		if len(heard) > maxPackets*maxNackEntries*17 {
			t.Fatalf("%d things out of %d bytes", len(heard), len(b))
		}
	})
}
