package swarm

import (
	"fmt"
	"runtime"
	"testing"
)

// maxBytesPerPeer is the target of the tracker: heap for each IPv4 peer in swarms of ten or more.
const maxBytesPerPeer = 64

// heapPerPeer returns the heap bytes that tables of n peers take, for each peer.
func heapPerPeer(n int) float64 {
	tables := make([]table[packed4], max(1, 20000/n))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range tables {
		for p := range n {
			tables[i].put(record[packed4]{at: packed4{byte(p >> 16), byte(p >> 8), byte(p), 1, 26, 225}, expires: 1})
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(tables)
	return float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)) / float64(len(tables)*n)
}

func TestHeapPerPeer(t *testing.T) {
	for _, n := range []int{10, 11, 16, 17, 33, 100, 129, 1000, 4097, 20000} {
		if got := heapPerPeer(n); got > maxBytesPerPeer {
			t.Errorf("swarms of %d: %.1f bytes a peer, want at most %d", n, got, maxBytesPerPeer)
		}
	}
}

func BenchmarkHeapPerPeer(b *testing.B) {
	for _, n := range []int{1, 10, 1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var bytes float64
			for b.Loop() {
				bytes = heapPerPeer(n)
			}
			b.ReportMetric(bytes, "B/peer")
			b.ReportMetric(0, "ns/op")
		})
	}
}
