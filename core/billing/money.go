package billing

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

const (
	microDigits = 6  // of Money behind the point
	picoDigits  = 12 // of Price behind the point

	picoPerMicro = 1_000_000
	picoPerUnit  = 1_000_000_000_000

	maxPriceUnits = 1_000_000 // of currency; with it, price x quantity stays within 128 bits
)

// Money is an amount in micro-units (10^-6) of the currency of its plan. It is never a float.
type Money int64

// String returns m as a decimal with all its six places, such as 61.050000.
func (m Money) String() string {
	digits := fmt.Sprintf("%0*d", microDigits+1, m.magnitude())
	point := len(digits) - microDigits
	sign := ""
	if m < 0 {
		sign = "-"
	}
	return sign + digits[:point] + "." + digits[point:]
}

func (m Money) magnitude() uint64 {
	if m < 0 {
		return -uint64(m)
	}
	return uint64(m)
}

// Price is what one pricing unit costs, in pico-units (10^-12) of the currency: it may be finer than any amount.
type Price int64

var errNotPrice = fmt.Errorf("is not a decimal from 0 to %d with at most %d places, written as a string", maxPriceUnits, picoDigits)

// ParsePrice reads a decimal such as 0.0004: digits, and a point with up to twelve digits behind it.
func ParsePrice(s string) (Price, error) {
	whole, places, point := strings.Cut(s, ".")
	if whole == "" || len(whole) > len("1000000") || point && places == "" || len(places) > picoDigits || !isDigits(whole+places) {
		return 0, errNotPrice
	}
	n, err := strconv.ParseInt(whole+places+strings.Repeat("0", picoDigits-len(places)), 10, 64)
	if err != nil || n > maxPriceUnits*picoPerUnit {
		return 0, errNotPrice
	}
	return Price(n), nil
}

func isDigits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// String returns the shortest decimal of p, such as 0.0004.
func (p Price) String() string {
	return decimal(int64(p)/picoPerUnit, int64(p)%picoPerUnit, picoDigits)
}

// decimal returns whole + places/10^digits without zeros at the end.
func decimal(whole, places int64, digits int) string {
	s := strconv.FormatInt(whole, 10)
	if places == 0 {
		return s
	}
	return s + "." + strings.TrimRight(fmt.Sprintf("%0*d", digits, places), "0")
}

var errTooMuch = errors.New("amount out of range")

// addMoney returns a+b, neither negative.
func addMoney(a, b Money) (Money, error) {
	if a > math.MaxInt64-b {
		return 0, errTooMuch
	}
	return a + b, nil
}
