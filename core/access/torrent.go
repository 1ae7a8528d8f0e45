package access

// PublicTorrent reports whether the swarm of the object key is open: the anonymous principal may
// s3:GetObject it and the policy does not explicitly deny s3:GetObjectTorrent. version is the id of a version that is
// not current, for which that is s3:GetObjectVersion and s3:GetObjectVersionTorrent; "" is the current one.
//
// c holds what is known of the peer: its address and the time. What is not set there is unknown, and
// so closes: a check without an address treats an allow for an address range as not met, and a deny
// for one as met. A peer's connection is not TLS, so a policy that demands aws:SecureTransport
// closes the swarm; a peer has no headers, so one that demands a referer does too, and Requester Pays closes it.
func PublicTorrent(b Bucket, key string, o Object, version string, c Context) bool {
	return MayTorrent(Principal{}, b, key, o, version, c)
}

// MayTorrent is PublicTorrent for a principal: whether p may be in the private swarm of the object. Policies do not bind
// Root.
func MayTorrent(p Principal, b Bucket, key string, o Object, version string, c Context) bool {
	if b.RequesterPays || o.NoTorrent {
		return false
	}
	c = c.clone()
	for _, k := range []Key{KeySourceIP, KeyCurrentTime, KeyEpochTime} {
		if !c.has(k) {
			c.SetUnknown(k)
		}
	}
	if !c.has(KeySecureTransport) {
		c.Set(KeySecureTransport, "false")
	}
	read, torrent := GetObject, GetObjectTorrent
	if version != "" {
		c.Set(KeyVersionID, version)
		read, torrent = GetObjectVersion, GetObjectVersionTorrent
	}
	q := Query{Principal: p, Action: read, Bucket: b, Key: key, Object: &o, Context: c}
	if !Decide(q).Allowed {
		return false
	}
	q.Action = torrent
	return p.Kind == Root || !q.denied()
}

// denied reports whether a policy of the bucket or of the principal explicitly denies q.
func (q Query) denied() bool {
	if id := q.Principal.Identity; id != nil {
		if refusal, _ := id.refuses(q.Request()); refusal.Explicit {
			return true
		}
	}
	return q.policyOutcome().Effect == Deny
}
