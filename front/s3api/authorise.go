package s3api

import (
	"shoal/core/access"
	"shoal/core/object"
)

// authorise decides whether the requester may do the operation, and what it may know of what is not there.
func (h *Handler) authorise(c *call) error {
	action := c.operation.action
	if c.operation.open || c.operation.perKey() {
		return nil
	}
	if c.operation.signed != "" && c.anonymous() {
		return errorOf(codeAccessDenied, c.operation.signed)
	}
	if c.query.has("versionId") && c.target.scope == objectScope {
		action = versionAction(action)
	}
	q := c.question(action, c.target.key)
	switch {
	case c.upload != nil:
		q.Object = &access.Object{Owner: c.upload.Owner.ID}
	case c.version != nil:
		q.Object = objectFacts(c.version)
	}
	if c.version != nil && c.version.DeleteMarker && !c.query.has("versionId") {
		c.absent = c.markerError() // the object is not there: a delete marker hides it
	}
	if c.absent != nil {
		return c.tellAbsence(q)
	}
	if c.version != nil && isTorrentAction(action) {
		return c.torrentAllowed(q)
	}
	d := access.Decide(q)
	c.byACL = d.Allowed && d.Reason == access.ByACL
	if d.Reason == access.ByAccount {
		return c.methodNotAllowed()
	}
	return refusal(q, d)
}

// allowed returns the refusal of q, nil when it is allowed.
func allowed(q access.Query) error { return refusal(q, access.Decide(q)) }

// refusal returns what is said of d, nil when it allows q.
func refusal(q access.Query, d access.Decision) error {
	if d.Allowed {
		return nil
	}
	return errorOf(codeAccessDenied, q.Refusal(d))
}

// tellAbsence returns what is said of a version or an upload that is not there. Who may write or abort an
// upload knows its id; everyone else must be allowed to list.
func (c *call) tellAbsence(q access.Query) error {
	if access.MayKnowAbsence(q) || !c.readsObject() && access.Decide(q).Allowed {
		return c.absent
	}
	return refusedAbsence(q)
}

// refusedAbsence is the refusal of q, an operation on what is not there, to who may not list: it says whether q itself
// was allowed, as it would for what is there.
func refusedAbsence(q access.Query) error {
	if err := allowed(q); err != nil {
		return err
	}
	q.Action, q.Key = access.ListBucket, ""
	return errorOf(codeAccessDenied, q.Refusal(access.Decide(q)))
}

// decide is one more decision about c's bucket: may the requester do action to key? v is nil when the object
// is not there or does not matter. The error is AccessDenied.
func (h *Handler) decide(c *call, action access.Action, key string, v *object.Version) error {
	q := c.question(action, key)
	if v != nil {
		q.Object = objectFacts(v)
	}
	return allowed(q)
}

func (c *call) question(action access.Action, key string) access.Query {
	q := access.Query{Principal: c.principal, Action: action, Key: key, Context: c.access, Pays: c.pays()}
	q.Bucket.Name = c.target.bucket // of one to be made, too
	if c.bucket != nil {
		q.Bucket = c.bucket.Access()
	}
	return q
}

func objectFacts(v *object.Version) *access.Object {
	o := v.Access()
	return &o
}

// torrentAllowed: a torrent is one more way to read, so that who may read the object may have its torrent, unless a
// policy denies just that. Nobody else may: it tells of the content.
func (c *call) torrentAllowed(q access.Query) error {
	if d := access.Decide(q); d.Explicit || d.Reason == access.ByPayer {
		return refusal(q, d)
	}
	read := q
	read.Action = access.GetObject
	if q.Action == access.GetObjectVersionTorrent {
		read.Action = access.GetObjectVersion
	}
	d := access.Decide(read)
	c.byACL = d.Allowed && d.Reason == access.ByACL
	return refusal(read, d)
}

func isTorrentAction(a access.Action) bool {
	return a == access.GetObjectTorrent || a == access.GetObjectVersionTorrent
}

// versionAction is the action on a version that the client names.
func versionAction(a access.Action) access.Action {
	if v, ok := versionActions[a]; ok {
		return v
	}
	return a
}

// versionActions are the actions that have one of their own for versions. Never written.
var versionActions = map[access.Action]access.Action{
	access.GetObject:           access.GetObjectVersion,
	access.GetObjectTorrent:    access.GetObjectVersionTorrent,
	access.GetObjectAttributes: access.GetObjectVersionAttributes,
	access.GetObjectACL:        access.GetObjectVersionACL,
	access.PutObjectACL:        access.PutObjectVersionACL,
	access.GetObjectTagging:    access.GetObjectVersionTagging,
	access.PutObjectTagging:    access.PutObjectVersionTagging,
	access.DeleteObjectTagging: access.DeleteObjectVersionTagging,
	access.DeleteObject:        access.DeleteObjectVersion,
}
