package access

// unpaid reports whether Requester Pays refuses q: to everybody but the bucket's owner who does not say that they pay,
// or cannot, and every torrent, as nobody could be asked to pay for its pieces (S3 user guide, "Using Requester Pays
// buckets"). Root need not say it.
func (q Query) unpaid() bool {
	if !q.Bucket.RequesterPays {
		return false
	}
	if q.Action == GetObjectTorrent || q.Action == GetObjectVersionTorrent {
		return true
	}
	return !q.ownerAsks() && (q.Principal.Kind == Anonymous || !q.Pays)
}

func (q Query) ownerAsks() bool { return q.Principal.Kind == Root || q.Principal.owns(q.Bucket.Owner) }

// Charged reports whether the requester pays for q, which was allowed, and is told so.
func (q Query) Charged() bool { return q.Bucket.RequesterPays && q.Pays && !q.ownerAsks() }
