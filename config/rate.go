package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ByteRate is bytes a second; 0 is no limit. Its text is a number of bytes, or one with a unit: 512KiB/s, 10MiB,
// 1.5GB/s.
type ByteRate int64

// ByteSize is a number of bytes; its text may have a unit: 512KiB, 10GiB, 1.5TB.
type ByteSize int64

var byteUnits = []struct {
	suffix string
	bytes  float64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"TiB", 1 << 40},
	{"kB", 1e3},
	{"KB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"B", 1},
	{"", 1},
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *ByteRate) UnmarshalText(text []byte) error {
	bytes, ok := parseBytes(strings.TrimSuffix(string(text), "/s"))
	if !ok {
		return fmt.Errorf("%q is not a number of bytes a second, such as 10MiB/s", text)
	}
	*r = ByteRate(bytes)
	return nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *ByteSize) UnmarshalText(text []byte) error {
	bytes, ok := parseBytes(string(text))
	if !ok {
		return fmt.Errorf("%q is not a number of bytes, such as 10GiB", text)
	}
	*s = ByteSize(bytes)
	return nil
}

// parseBytes reads a number of bytes, from 0 to 2^53, with or without a unit.
func parseBytes(text string) (n int64, ok bool) {
	for _, u := range byteUnits {
		number, found := strings.CutSuffix(text, u.suffix)
		if !found {
			continue
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		bytes := f * u.bytes
		if err != nil || math.IsNaN(bytes) || bytes < 0 || bytes > 1<<53 {
			return 0, false
		}
		return int64(bytes), true
	}
	return 0, false
}
