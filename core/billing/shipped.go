package billing

import (
	"embed"
	"slices"
	"strings"

	"shoal/core/fault"
)

// DefaultPlan names the plan that is taken when none is named.
const DefaultPlan = "aws-s3-2026"

//go:embed plans/*.toml
var shippedFiles embed.FS // read-only

// ShippedPlans returns the names of the plans that come with this package, in order.
func ShippedPlans() []string {
	entries, _ := shippedFiles.ReadDir("plans") // it is in the binary
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".toml")
	}
	slices.Sort(names)
	return names
}

// ShippedPlan returns the text of a plan that comes with this package; no such plan is NoSuchEntity.
func ShippedPlan(name string) ([]byte, error) {
	if !slices.Contains(ShippedPlans(), name) {
		return nil, fault.New("read price plan", name, fault.NoSuchEntity, nil)
	}
	return shippedFiles.ReadFile("plans/" + name + ".toml")
}

// Default returns the plan of that name.
func Default() *Plan {
	text, err := ShippedPlan(DefaultPlan)
	if err != nil {
		panic(err) // it is in the binary, and parsed by a test
	}
	p, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return p
}
