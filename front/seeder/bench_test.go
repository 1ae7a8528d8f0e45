package seeder

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shoal/wire/peer"
	"shoal/wire/torrent"
)

// benchClient is set in the process that downloads in BenchmarkSeed: the arguments of runBenchClient.
const benchClient = "SHOAL_SEEDER_BENCH_CLIENT"

// clientProcesses are what this binary does instead of testing, by the variable that says so.
var clientProcesses = map[string]func(args string) error{benchClient: runBenchClient, idleClient: runIdleClient}

func TestMain(m *testing.M) {
	for name, run := range clientProcesses {
		if args := os.Getenv(name); args != "" {
			if err := run(args); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		}
	}
	os.Exit(m.Run())
}

// BenchmarkSeed downloads an object over loopback and reports what the seeder's process alone spends: the
// peers run in another one, and ask for a block for every block that comes.
func BenchmarkSeed(b *testing.B) {
	const size = 256 * mib
	w := newWorld(b, worldOptions{dir: b.TempDir()})
	to := w.put(b, "object", random(1, size))
	for _, conns := range []int{1, 4} {
		for _, outstanding := range []int{64, 512} {
			b.Run(fmt.Sprintf("conns=%d/outstanding=%d", conns, outstanding), func(b *testing.B) {
				b.SetBytes(size)
				before := cpuSeconds(b)
				_, sentBefore := w.meter.sums()
				var start, end runtime.MemStats
				runtime.ReadMemStats(&start)
				peers := exec.Command(os.Args[0])
				peers.Stderr = os.Stderr
				peers.Env = append(os.Environ(), fmt.Sprintf("%s=%s %v %d %d %d %d %d", benchClient, w.addr, to.InfoHash, size, to.PieceLength, conns, outstanding, b.N))
				if err := peers.Run(); err != nil {
					b.Fatal(err)
				}
				_, sent := w.meter.sums()
				b.ReportMetric((cpuSeconds(b)-before)/(float64(sent-sentBefore)/(1<<30)), "cpu-s/GiB")
				runtime.ReadMemStats(&end)
				b.ReportMetric(float64(end.Mallocs-start.Mallocs)/(float64(sent-sentBefore)/peer.BlockSize), "allocs/block")
				if want := int64(b.N) * size; sent-sentBefore < want*99/100 {
					b.Errorf("recorded %d bytes of %d", sent-sentBefore, want)
				}
			})
		}
	}
}

// cpuSeconds is what this process has used.
func cpuSeconds(b *testing.B) float64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// runBenchClient downloads a torrent of whole blocks by some connections, rounds times over together.
func runBenchClient(args string) error {
	var addr, hash string
	var size, pieceLength int64
	var conns, outstanding, rounds int
	if _, err := fmt.Sscan(args, &addr, &hash, &size, &pieceLength, &conns, &outstanding, &rounds); err != nil {
		return err
	}
	h, err := torrent.ParseInfoHash(hash)
	if err != nil {
		return err
	}
	errs := make([]error, conns)
	var all sync.WaitGroup
	for i := range conns {
		all.Go(func() {
			for round := 0; round < rounds && errs[i] == nil; round++ {
				errs[i] = swallow(elsewhere(), addr, h, size, pieceLength, size/int64(conns), outstanding)
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// swallow requests blocks until want bytes of them came, and looks at none.
func swallow(from net.Addr, addr string, h torrent.InfoHash, size, pieceLength, want int64, outstanding int) error {
	d := net.Dialer{LocalAddr: from}
	nc, err := d.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer nc.Close()
	opening := peer.AppendHandshake(nil, peer.Handshake{Reserved: peer.ReservedFast, InfoHash: h, PeerID: peer.PeerID([]byte("-XX0001-benchmarking"))})
	if _, err := nc.Write(opening); err != nil {
		return err
	}
	var answer [peer.HandshakeLen + 5 + 5]byte // have all, unchoke
	if _, err := io.ReadFull(nc, answer[:]); err != nil {
		return err
	}
	const frame = peer.PieceHeaderLen + peer.BlockSize
	blocks := want / peer.BlockSize
	buf := make([]byte, 512*kib)
	var asked, came int64
	for came < blocks*frame {
		var requests []byte
		for ; asked < blocks && asked-came/frame < int64(outstanding); asked++ {
			off := asked * peer.BlockSize % size
			requests = peer.AppendRequest(requests, peer.Block{Piece: uint32(off / pieceLength), Begin: uint32(off % pieceLength), Length: peer.BlockSize})
		}
		if len(requests) > 0 {
			if _, err := nc.Write(requests); err != nil {
				return err
			}
		}
		n, err := nc.Read(buf)
		if err != nil {
			return err
		}
		came += int64(n)
	}
	return nil
}
