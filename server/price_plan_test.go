package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shoal/core/billing"
)

func TestReadPricePlan(t *testing.T) {
	shipped, err := billing.ShippedPlan("aws-s3-2007-06")
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	own := write("own.toml", strings.Replace(string(shipped), "aws-s3-2007-06", "own", 1))
	broken := write("broken.toml", strings.Replace(string(shipped), `price = "0.15"`, `price = 0.15`, 1))
	large := write("large.toml", strings.Repeat("#", billing.MaxPlanSize+1))
	for _, tt := range []struct{ name, plan, wantErr string }{
		{"aws-s3-2026", "aws-s3-2026", ""},
		{"", billing.DefaultPlan, ""},
		{own, "own", ""},
		{broken, "", `rate 1, price`},
		{large, "", "size"},
		{t.TempDir(), "", "--price-plan"},
		{"no-such-plan", "", "neither a plan that comes with Shoal nor a file"},
	} {
		p, err := readPricePlan(tt.name)
		if tt.wantErr == "" && (err != nil || p.Name != tt.plan) || tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
			t.Errorf("%s: %v, %v, want %q, an error with %q", tt.name, p, err, tt.plan, tt.wantErr)
		}
	}
}
