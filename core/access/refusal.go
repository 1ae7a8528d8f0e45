package access

// Why returns the reason of a refusal of action as AWS ends its messages ("Troubleshoot access denied error messages"
// in the IAM user guide).
func (d Decision) Why(action Action) string {
	of := map[Reason]string{
		ByPolicy: "resource-based policy", ByBoundary: "permissions boundary", BySession: "session policy",
	}[d.Reason]
	switch {
	case of == "" && d.Explicit:
		return "with an explicit deny in an identity-based policy"
	case of == "":
		return "because no identity-based policy allows the " + string(action) + " action"
	case d.Explicit:
		return "with an explicit deny in a " + of
	}
	return "because no " + of + " allows the " + string(action) + " action"
}

// Refusal returns what d, a refusal of q, is told to the requester, "" when it is not told why: only who acts in the
// account of the bucket learns which policies decide ("Troubleshoot access denied (403 Forbidden) errors" in the S3
// user guide). The account itself needs no policies.
func (q Query) Refusal(d Decision) string {
	if q.Principal.Identity == nil || !q.onAccount() && !q.Principal.owns(q.Bucket.Owner) {
		return ""
	}
	switch d.Reason {
	case ByPolicy, ByIdentity, ByBoundary, BySession, ByDefault:
	default:
		return ""
	}
	return "User: " + q.Principal.ARN + " is not authorized to perform: " + string(q.Action) +
		` on resource: "` + q.resource() + `" ` + d.Why(q.Action)
}
