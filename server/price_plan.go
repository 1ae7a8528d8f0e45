package server

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"

	"shoal/core/billing"
)

// readPricePlan returns the plan that --price-plan names: one that comes with Shoal, the default one for "", or a file.
func readPricePlan(name string) (*billing.Plan, error) {
	name = cmp.Or(name, billing.DefaultPlan)
	text, err := pricePlanText(name)
	if err != nil {
		return nil, fmt.Errorf("--price-plan: %w", err)
	}
	plan, err := billing.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("--price-plan %s: %w", name, err)
	}
	return plan, nil
}

func pricePlanText(name string) ([]byte, error) {
	if slices.Contains(billing.ShippedPlans(), name) {
		return billing.ShippedPlan(name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("neither a plan that comes with Shoal nor a file: %w", err)
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, billing.MaxPlanSize+1)) // Parse refuses one byte too much
}

// openPricePlan reads the plan of the configuration. What it has no rate for is no reason not to start, but to say so.
func (s *Server) openPricePlan() (err error) {
	if s.plan, err = readPricePlan(s.cfg.PricePlan); err != nil {
		return err
	}
	for _, t := range s.plan.Unpriced() {
		s.log.Warn("the price plan has no rate for a usage type: a month that has some will have no statement",
			slog.String("plan", s.plan.Name), slog.String("usage_type", t.String()))
	}
	return nil
}
