package fileblob_test

import (
	"bytes"
	"fmt"
	"testing"

	"shoal/storage/blob"
	"shoal/storage/blob/fileblob"
)

func BenchmarkPut(b *testing.B) {
	for _, size := range []int{16 << 10, 1 << 20, 64 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			s := mustOpen(b, b.TempDir(), fileblob.Options{})
			data := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				id := blob.NewID()
				if _, err := s.Put(b.Context(), id, bytes.NewReader(data)); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := s.Delete(b.Context(), id); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
