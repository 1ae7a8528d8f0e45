package admin

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"shoal/core/fault"
	"shoal/core/meter"
)

const (
	maxReports    = 4                // made at the same time: each may take memory for a million rows
	reportWaiting = 10 * time.Second // for one of them to end
)

// usage answers the report in the format asked for, while it is read: an error in its middle cuts the answer off.
func (h *Handler) usage(w http.ResponseWriter, r *http.Request) {
	write, contentType, err := reportFormat(r.FormValue("format"))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	query, err := h.usageQuery(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	out := &bodyWriter{ResponseWriter: w, contentType: contentType}
	view := meter.View{Protocol: query.BySource, RegionCode: meter.RegionCode(h.o.Region)}
	err = write(out, h.meter.Rows(r.Context(), query), view)
	switch {
	case err == nil:
	case !out.begun:
		h.fail(w, r, err)
	default:
		if fault.KindOf(err) != fault.Canceled && r.Context().Err() == nil {
			h.o.Logger.ErrorContext(r.Context(), "usage report broke off", "error", err)
		}
		panic(http.ErrAbortHandler) // net/http: so that the client sees that the rest is missing
	}
}

// report has serve make one of at most maxReports reports at a time.
func (h *Handler) report(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h.awaitReport(r.Context()); err != nil {
			h.fail(w, r, err)
			return
		}
		defer func() { <-h.reports }()
		serve(w, r)
	}
}

// awaitReport waits until one more report may be made. SlowDown, Canceled.
func (h *Handler) awaitReport(ctx context.Context) error {
	timer := time.NewTimer(reportWaiting)
	defer timer.Stop()
	select {
	case h.reports <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fault.New("report usage", "", fault.Canceled, ctx.Err())
	case <-timer.C:
		return fault.New("report usage", "", fault.SlowDown, errors.New("others are being made"))
	}
}

// bodyWriter sets the media type when the body begins.
type bodyWriter struct {
	http.ResponseWriter
	contentType string
	begun       bool
}

// Write implements io.Writer.
func (b *bodyWriter) Write(p []byte) (int, error) {
	if !b.begun {
		b.begun = true
		b.Header().Set("Content-Type", b.contentType)
	}
	return b.ResponseWriter.Write(p)
}

// usageQuery reads what report is asked for.
func (h *Handler) usageQuery(r *http.Request) (q meter.Query, err error) {
	v := r.URL.Query()
	if q.From, err = time.Parse(time.RFC3339, v.Get("from")); err != nil {
		return q, invalid("from", err)
	}
	if q.To, err = time.Parse(time.RFC3339, v.Get("to")); err != nil {
		return q, invalid("to", err)
	}
	if q.Granularity, err = meter.ParseGranularity(v.Get("granularity")); err != nil {
		return q, invalid("granularity", err)
	}
	if split := v.Get("split-torrent"); split != "" {
		if q.BySource, err = strconv.ParseBool(split); err != nil {
			return q, invalid("split-torrent", err)
		}
	}
	if err := h.usageFilters(v, &q); err != nil {
		return q, err
	}
	account, err := h.billedAccount(r, actionUsage)
	q.Account, q.Bucket = string(account), v.Get("bucket")
	return q, err
}

// usageFilters reads the operations and usage types that a report is to hold, the latter with or without the region's code.
func (h *Handler) usageFilters(v url.Values, q *meter.Query) error {
	operations, types := v["operation"], v["usage-type"]
	if len(operations) > len(meter.Operations()) || len(types) > len(meter.UsageTypes()) {
		return invalid("operation, usage-type", errors.New("there are not so many"))
	}
	for _, name := range operations {
		o, ok := meter.ParseOperation(name)
		if !ok {
			return invalid("operation", errors.New(strconv.Quote(name)+" is no operation of the usage report"))
		}
		q.Operations = append(q.Operations, o)
	}
	for _, name := range types {
		t, ok := meter.ParseUsageType(strings.TrimPrefix(name, meter.RegionCode(h.o.Region)+"-"))
		if !ok {
			return invalid("usage-type", errors.New(strconv.Quote(name)+" is no usage type of the usage report"))
		}
		q.UsageTypes = append(q.UsageTypes, t)
	}
	return nil
}

// reportFormat returns how a format is written, and its media type.
func reportFormat(name string) (write func(io.Writer, iter.Seq2[meter.Row, error], meter.View) error, contentType string, err error) {
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
