package billing

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"time"
)

//go:embed statement.html
var pageText string // read-only

// WriteHTML writes statements as one page that needs nothing else: no script, no other file. It prints one statement a
// sheet.
func WriteHTML(w io.Writer, statements []*Statement) error {
	page := template.Must(template.New("statement").Funcs(template.FuncMap{
		"bucket": bucketName,
		"date":   func(t time.Time) string { return t.Format(time.DateOnly) },
		"who":    (*Statement).who, "standing": (*Statement).standing,
		"describe": func(l Line) string { return l.Describe() },
		"units":    func(s *Statement, l Line) string { return l.Rate.units(s.Month, l.Quantity) },
		"price":    func(l Line) string { return l.Rate.priceText(l.Tier) },
	}).Parse(pageText)) // our own text: it parses
	if err := page.Execute(w, statements); err != nil {
		return fmt.Errorf("write statement: %w", err)
	}
	return nil
}
