package server

import (
	"net"
	"runtime"
	"testing"
)

// TestTrackerSocketsShareAPort: one for each CPU where the kernel spreads packets over them, all on the number of the
// HTTP tracker.
func TestTrackerSocketsShareAPort(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", ":0"} {
		l := &listeners{}
		err := l.listenTracker(addr, 0)
		for try := 0; err != nil && try < udpRetries; try++ { // another process has the UDP port
			err = l.listenTracker(addr, 0)
		}
		if err != nil {
			t.Fatalf("%s: %v", addr, err)
		}
		if got, want := len(l.trackerUDP), runtime.GOMAXPROCS(0); runtime.GOOS == "linux" && got != want {
			t.Errorf("%s: %d sockets, want %d", addr, got, want)
		}
		want := l.tracker.Addr().(*net.TCPAddr).Port
		for _, conn := range l.trackerUDP {
			if got := conn.LocalAddr().(*net.UDPAddr).Port; got != want {
				t.Errorf("%s: UDP port %d, want that of HTTP, %d", addr, got, want)
			}
		}
		if err := l.tracker.Close(); err != nil {
			t.Error(err)
		}
		if err := closeUDP(l.trackerUDP); err != nil {
			t.Error(err)
		}
	}
}
