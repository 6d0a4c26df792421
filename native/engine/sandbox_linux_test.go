package main

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The sandbox is for ever, so a process of its own tries it.
func TestLocksItselfOutOfFilesAndPrograms(t *testing.T) {
	if os.Getenv("IN_SANDBOX") != "" {
		tryEverything()
		return
	}
	command := exec.Command(os.Args[0], "-test.run=^TestLocksItselfOutOfFilesAndPrograms$")
	command.Env = []string{"IN_SANDBOX=1"}
	said, err := command.CombinedOutput()
	if strings.Contains(string(said), "no landlock here") {
		t.Skip("this kernel has no Landlock")
	}
	if err != nil || !strings.Contains(string(said), "all refused") {
		t.Errorf("%v\n%s", err, said)
	}
}

func tryEverything() {
	if enterSandbox() != "landlock" {
		os.Stdout.WriteString("no landlock here\n")
		return
	}
	refused := func(what string, err error) {
		if !errors.Is(err, fs.ErrPermission) {
			os.Stdout.WriteString(what + " was not refused\n")
			os.Exit(3)
		}
	}
	done := make(chan bool)
	for range 8 { // in threads that began before and after
		go func() {
			_, err := os.ReadFile("/etc/passwd")
			refused("reading", err)
			refused("writing", os.WriteFile(os.TempDir()+"/doorward-engine-test", nil, 0o600))
			_, err = os.ReadDir("/")
			refused("listing", err)
			done <- true
		}()
	}
	for range 8 {
		<-done
	}
	refused("a program", exec.Command("/bin/true").Run())
	conn, err := net.ListenUDP("udp", nil)
	if err != nil {
		os.Stdout.WriteString("no UDP either\n")
		os.Exit(3)
	}
	conn.Close()
	six, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
	if err == nil {
		six.Close()
		if s, err := openTransport(0); err != nil || !s.(*udpSocket).six {
			os.Stdout.WriteString("no IPv6, though this machine has it\n")
			os.Exit(3)
		}
	}
	os.Stdout.WriteString("all refused\n")
}
