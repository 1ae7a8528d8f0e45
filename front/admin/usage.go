package admin

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"shoal/core/meter"
)

// usage answers the report in the format asked for.
func (h *Handler) usage(w http.ResponseWriter, r *http.Request) {
	write, contentType, err := reportFormat(r.FormValue("format"))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	rows, err := h.report(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", contentType)
	_ = write(w, rows) // an error means that the client went away
}

func (h *Handler) report(r *http.Request) ([]meter.Row, error) {
	from, err := time.Parse(time.RFC3339, r.FormValue("from"))
	if err != nil {
		return nil, invalid("from", err)
	}
	to, err := time.Parse(time.RFC3339, r.FormValue("to"))
	if err != nil {
		return nil, invalid("to", err)
	}
	granularity, err := meter.ParseGranularity(r.FormValue("granularity"))
	if err != nil {
		return nil, invalid("granularity", err)
	}
	account, err := h.billedAccount(r, actionUsage)
	if err != nil {
		return nil, err
	}
	return h.meter.Report(r.Context(), meter.Query{
		From: from, To: to, Granularity: granularity, Account: string(account), Bucket: r.FormValue("bucket"),
	})
}

// reportFormat returns how a format is written, and its media type.
func reportFormat(name string) (write func(io.Writer, []meter.Row) error, contentType string, err error) {
	switch name {
	case "csv":
		return meter.WriteCSV, "text/csv; charset=utf-8", nil
	case "xml":
		return meter.WriteXML, "application/xml", nil
	case "json":
		return meter.WriteJSON, "application/json", nil
	}
	return nil, "", invalid("format", errors.New(strconv.Quote(name)+" is not csv, xml or json"))
}
