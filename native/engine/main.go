// The engine sends a hub's pictures and sound to WebRTC viewers and hands their sound up. The hub starts it, speaks to it
// over its standard input and output (WIRE.md), and restarts it when it dies. It reads no file and keeps nothing.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"doorward/engine/internal/wire"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	// Ctrl+C and a terminal that closes reach every process of a program; they are the hub's to handle.
	signal.Ignore(os.Interrupt, syscall.SIGHUP)
	collector := newCollector()
	// One core serves everybody until it does not keep up; then the queue asks for the others.
	cores := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(1)
	certificate, sum, err := newCertificate()
	if err != nil {
		return err
	}
	in, out := standardPipes()
	sandbox := enterSandbox()
	clock, hub := newSystemClock(), newHubLink()
	queue := newQueue(clock, cores)
	e := newEngine(clock, queue, hub, certificate, collector)
	go hub.run(out)
	go queue.run()
	hub.post(wire.NewMessage(wire.FromReady).U8(wire.Version).Text(sum).Text(sandbox).Bytes())
	messages := wire.NewReader(in)
	for {
		code, body, err := messages.Next()
		if err != nil {
			return ignoreEnd(err)
		}
		if err := e.receive(code, body); err != nil {
			return err
		}
	}
}

// newCertificate makes the certificate of this run; its fingerprint is all that anybody checks.
func newCertificate() (tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		NotBefore:    now.Add(-24 * time.Hour),
		NotAfter:     now.Add(365 * 24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	sum := sha256.Sum256(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(sum[:]), err
}

// ignoreEnd: when the hub is gone, so are we.
func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
