package s3api

import (
	"context"
	"fmt"

	"shoal/core/object"
)

// readDocument reads a document of b into a struct; found is false when it was never put.
func (h *Handler) readDocument(ctx context.Context, b *object.Bucket, d object.Document, root string, into any) (found bool, err error) {
	data, err := h.objects.Document(ctx, b, d)
	if err != nil || data == nil {
		return false, err
	}
	if err := decodeXML(data, root, into); err != nil {
		return false, fmt.Errorf("%s of bucket %s: %w", d, b.Name, err)
	}
	return true, nil
}

// putDocument replaces a document of c's bucket and answers status; nil data takes it away.
func (h *Handler) putDocument(c *call, d object.Document, data []byte, status int) (*response, error) {
	if len(data) > object.MaxDocument {
		return nil, errorOf(codeMaxMessageLengthExceeded, "", element{"MaxMessageLengthBytes", itoa(object.MaxDocument)})
	}
	if err := h.objects.PutDocument(c.ctx, c.bucket, d, data); err != nil {
		return nil, err
	}
	return &response{status: status}, nil
}
