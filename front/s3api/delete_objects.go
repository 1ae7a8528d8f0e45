package s3api

import (
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"shoal/core/access"
	"shoal/core/object"
)

// deleteWorkers is how many keys of one DeleteObjects are deleted at the same time: enough that they share
// the engine's group commits, few enough that one request does not fill it.
const deleteWorkers = 16

// deleteRequest is the body of DeleteObjects.
type deleteRequest struct {
	Quiet   bool             `xml:"Quiet"`
	Objects []deleteIdentity `xml:"Object"`
}

type deleteIdentity struct {
	Key       string `xml:"Key"`
	VersionID string `xml:"VersionId"`
	// Each deletes only what has it.
	ETag             string `xml:"ETag"`
	LastModifiedTime string `xml:"LastModifiedTime"`
	Size             string `xml:"Size"`
}

// deleteOutcome is what became of one key.
type deleteOutcome struct {
	result object.DeleteResult
	err    error
}

// deleteObjects answers POST ?delete. Each key is authorised and deleted on its own.
func (h *Handler) deleteObjects(c *call) (*response, error) {
	if !c.hasDigest() {
		return nil, errMissingDigest()
	}
	var doc deleteRequest
	if err := c.readXML(maxDeleteXML, "Delete", &doc); err != nil {
		return nil, err
	}
	nameless := func(o deleteIdentity) bool { return o.Key == "" }
	if n := len(doc.Objects); n == 0 || n > maxDeleteKeys || slices.ContainsFunc(doc.Objects, nameless) {
		return nil, errorOf(codeMalformedXML, "")
	}
	outcomes := h.deleteAll(c, doc.Objects)
	if c.bucket.Config.Logging != nil {
		for i, o := range doc.Objects {
			c.deleted = append(c.deleted, loggedKey{o.Key, o.VersionID, outcomes[i].err})
		}
	}
	return doc.answer(outcomes), nil
}

// answer is what is said of the outcomes. A fault of ours is told as InternalError, and its cause is left to
// the log: the first one, as the others are of its kind.
func (doc *deleteRequest) answer(outcomes []deleteOutcome) *response {
	x := newXML("DeleteResult")
	var fault error
	for i, o := range doc.Objects {
		switch out := outcomes[i]; {
		case out.err != nil:
			o.writeError(x, out.err)
			if fault == nil && isOurs(translate(out.err).status()) {
				fault = out.err
			}
		case !doc.Quiet:
			o.writeDeleted(x, out.result)
		}
	}
	answer := x.response()
	answer.fault = fault
	return answer
}

// deleteAll deletes the objects with at most deleteWorkers at a time and waits for all.
func (h *Handler) deleteAll(c *call, objects []deleteIdentity) []deleteOutcome {
	outcomes := make([]deleteOutcome, len(objects))
	work := make(chan int)
	var workers sync.WaitGroup
	for range min(deleteWorkers, len(objects)) {
		workers.Go(func() {
			for i := range work {
				outcomes[i] = h.deleteGuarded(c, objects[i])
			}
		})
	}
	for i := range objects {
		work <- i
	}
	close(work)
	workers.Wait()
	return outcomes
}

// deleteGuarded is deleteOne with a panic, a broken invariant of ours, made an internal error: on a goroutine of
// its own it would end the process.
func (h *Handler) deleteGuarded(c *call, o deleteIdentity) (out deleteOutcome) {
	defer func() {
		if p := recover(); p != nil {
			out.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	out.result, out.err = h.deleteOne(c, o)
	return out
}

// deleteOne reads c only: several run at the same time.
func (h *Handler) deleteOne(c *call, o deleteIdentity) (object.DeleteResult, error) {
	if len(o.Key) > maxKeyBytes {
		return object.DeleteResult{}, errorOf(codeKeyTooLong, "")
	}
	action := access.DeleteObject
	if o.VersionID != "" {
		action = access.DeleteObjectVersion
		c = h.onVersion(c, o.VersionID)
	}
	if err := h.decide(c, action, o.Key, nil); err != nil {
		return object.DeleteResult{}, err
	}
	var ref object.VersionRef
	if o.VersionID != "" {
		var err error
		if ref, err = parseVersionID("VersionId", o.VersionID); err != nil {
			return object.DeleteResult{}, err
		}
	}
	condition, err := o.condition()
	if err != nil {
		return object.DeleteResult{}, err
	}
	over := h.bypass(c, o.Key)
	done, err := h.objects.Delete(c.ctx, object.DeleteRequest{
		Bucket: c.bucket, Key: o.Key, Ref: ref, Owner: c.bucket.OwnerOfNew(c.requester),
		Condition: condition, By: c.eventBy(), Bypass: ref.Set && over.allowed(),
	})
	return done, over.explain(err)
}

func (o *deleteIdentity) condition() (w object.WriteCondition, err error) {
	if w.IfMatch, err = wantedETag("ETag", o.ETag); err != nil {
		return w, err
	}
	if err := wantedTime(&w, "LastModifiedTime", o.LastModifiedTime); err != nil {
		return w, err
	}
	return w, wantedSize(&w, "Size", o.Size)
}

// onVersion is c for a decision about one version: policies may ask for its id. c itself is shared.
func (h *Handler) onVersion(c *call, id string) *call {
	own := *c
	own.access = access.Context{}
	h.describeRequest(&own)
	own.access.Set(access.KeyVersionID, id)
	return &own
}

func (o *deleteIdentity) writeDeleted(x *xmlWriter, r object.DeleteResult) {
	x.open("Deleted")
	x.text("Key", o.Key)
	x.textIf("VersionId", o.VersionID)
	if r.DeleteMarker {
		x.bool("DeleteMarker", true)
		x.text("DeleteMarkerVersionId", r.ClientID())
	}
	x.close("Deleted")
}

func (o *deleteIdentity) writeError(x *xmlWriter, err error) {
	code, message := codeOf(err)
	x.open("Error")
	x.text("Key", o.Key)
	x.textIf("VersionId", o.VersionID)
	x.text("Code", string(code))
	x.text("Message", message)
	x.close("Error")
}
