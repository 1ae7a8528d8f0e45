package access

import "time"

// logService is the principal by which policies name who delivers access logs.
const logService = "logging.s3.amazonaws.com"

// MayDeliverLog reports whether a log of the bucket source, which has the owner of target, may be put into target as key
// at the time now. Either the policy allows s3:PutObject to logging.s3.amazonaws.com, or the ACL, where ACLs count, gives
// WRITE and READ_ACP to the group LogDelivery (S3 user guide, "Enabling Amazon S3 server access logging"). An explicit
// deny of the policy stands before both.
func MayDeliverLog(target Bucket, key, source string, now time.Time) bool {
	q := Query{Principal: Principal{Kind: Service, Service: logService}, Action: PutObject, Bucket: target, Key: key}
	q.Context.Set("aws:SourceArn", arnPrefix+source)
	q.Context.Set("aws:SourceAccount", target.Owner.AccountID())
	q.Context.Set(KeySecureTransport, "true") // the log does not leave the server
	q.Context.SetTime(now)
	switch q.policyOutcome().Effect {
	case Deny:
		return false
	case Allow:
		return true
	}
	return target.Ownership != BucketOwnerEnforced && target.ACL.delivers()
}

// delivers reports whether a gives the group LogDelivery what it needs.
func (a ACL) delivers() bool {
	given := map[Permission]bool{}
	for _, g := range a.Grants {
		if g.Grantee.Group == LogDelivery {
			given[g.Permission] = true
		}
	}
	return given[FullControl] || given[Write] && given[ReadACP]
}
