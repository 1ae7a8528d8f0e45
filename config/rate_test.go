package config

import "testing"

func TestByteRate(t *testing.T) {
	for text, want := range map[string]ByteRate{
		"0": 0, "1": 1, "1048576": 1 << 20, "10MiB/s": 10 << 20, "10MiB": 10 << 20, "1.5GB/s": 1_500_000_000,
		"512 KiB/s": 512 << 10, "3B/s": 3, "2kB/s": 2000, "1GiB/s": 1 << 30,
	} {
		var got ByteRate
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "-1", "10 MiB/h", "MiB", "1e99GB", "NaN", "Inf", "10Mbit/s"} {
		var got ByteRate
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
}
