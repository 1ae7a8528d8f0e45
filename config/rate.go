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

var rateUnits = []struct {
	suffix string
	bytes  float64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"kB", 1e3},
	{"KB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"B", 1},
	{"", 1},
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *ByteRate) UnmarshalText(text []byte) error {
	number := strings.TrimSuffix(string(text), "/s")
	for _, u := range rateUnits {
		n, found := strings.CutSuffix(number, u.suffix)
		if !found {
			continue
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(n), 64)
		bytes := f * u.bytes
		if err != nil || math.IsNaN(bytes) || bytes < 0 || bytes > 1<<53 {
			break
		}
		*r = ByteRate(bytes)
		return nil
	}
	return fmt.Errorf("%q is not a number of bytes a second, such as 10MiB/s", text)
}
