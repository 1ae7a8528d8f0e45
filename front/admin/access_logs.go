package admin

import (
	"context"
	"errors"
	"net/http"

	"shoal/core/fault"
)

// LogDelivery is what a delivery of access logs did.
type LogDelivery struct {
	Objects        int64 `json:"objects"` // log objects put
	Records        int64 `json:"records"`
	Bytes          int64 `json:"bytes"`
	DroppedRecords int64 `json:"dropped_records"` // that waited too long for their target bucket
	PendingBytes   int64 `json:"pending_bytes"`   // that wait for their target bucket
}

func (h *Handler) deliverLogs(r *http.Request) (any, error) {
	if h.o.DeliverLogs == nil {
		return nil, fault.New("deliver access logs", "", fault.InvalidRequest, errors.New("only a running server delivers them: it has the keys of encryption and the region"))
	}
	d, err := h.o.DeliverLogs(r.Context())
	if err != nil {
		return nil, err
	}
	return LogDelivery{
		Objects: d.Objects, Records: d.Records, Bytes: d.Bytes, DroppedRecords: d.Dropped, PendingBytes: d.PendingBytes,
	}, nil
}

// DeliverLogs has the access logs delivered that are not delivered yet.
func (c *Client) DeliverLogs(ctx context.Context) (LogDelivery, error) {
	var d LogDelivery
	return d, c.json(ctx, http.MethodPost, "/v1/access-logs/delivery", nil, &d)
}
