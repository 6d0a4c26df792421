package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// watched gives what each poll of this process asks of a socket (epoll's events), as the system tells.
func watched(t *testing.T, socket int) (asked []uint64) {
	t.Helper()
	var of syscall.Stat_t
	if err := syscall.Fstat(socket, &of); err != nil {
		t.Fatal(err)
	}
	polls, _ := filepath.Glob("/proc/self/fdinfo/*")
	for _, poll := range polls {
		file, err := os.Open(poll)
		if err != nil {
			continue // closed meanwhile
		}
		for lines := bufio.NewScanner(file); lines.Scan(); {
			_, events, found := strings.Cut(lines.Text(), "events:")
			if !found || !strings.Contains(lines.Text(), fmt.Sprintf(" ino:%x ", of.Ino)) {
				continue
			}
			one, err := strconv.ParseUint(strings.Fields(events)[0], 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			asked = append(asked, one)
		}
		file.Close()
	}
	return asked
}

// Asked about room to send, the system would wake us for each packet that has left.
func TestIsToldOfArrivalsAlone(t *testing.T) {
	s := opened(t)
	asked := watched(t, s.fd)
	if len(asked) != 1 || asked[0]&syscall.EPOLLIN == 0 || asked[0]&syscall.EPOLLOUT != 0 {
		t.Errorf("asked for %x", asked)
	}
}
