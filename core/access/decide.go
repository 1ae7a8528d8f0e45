package access

// Bucket holds the facts about a bucket that a decision needs.
type Bucket struct {
	Name      string
	Owner     CanonicalID
	ACL       ACL
	Policy    *Policy // nil when there is none
	Block     PublicAccessBlock
	Ownership Ownership // empty is as ObjectWriter
	// RequesterPays: others than the owner must say that they pay, which nobody without an account can.
	RequesterPays bool
}

// Object holds the facts about the object, or about the multipart upload, whose Owner is then the
// initiator and whose ACL is empty.
type Object struct {
	Owner CanonicalID
	ACL   ACL
	Tags  []Tag // s3:ExistingObjectTag/KEY
	// SignedOnly: its content is under a KMS key, which nobody without an account may use. NoTorrent: peers cannot have
	// its content, as they send no keys.
	SignedOnly, NoTorrent bool
}

// Tag is one tag of an object or a bucket.
type Tag struct{ Key, Value string }

// Query asks whether Principal may do Action. For actions on the account (ListAllMyBuckets,
// CreateBucket) Bucket is the zero value but for the Name of one to be made; for those on a bucket Key is empty and Object nil; an
// object that is not there has a Key and a nil Object.
type Query struct {
	Principal Principal
	Action    Action
	Bucket    Bucket
	Key       string
	Object    *Object
	Context   Context
	Pays      bool // the request says x-amz-request-payer: requester
}

// Reason says which rule decided, for logs and the metrics of refusals.
type Reason string

const (
	ByRoot       Reason = "root"
	ByRole       Reason = "role"
	ByOwner      Reason = "owner"
	ByPolicy     Reason = "bucket policy"
	ByACL        Reason = "acl"
	ByIdentity   Reason = "identity policy"
	ByBoundary   Reason = "permissions boundary"
	BySession    Reason = "session policy"
	ByRestricted Reason = "restrict public buckets"
	ByPayer      Reason = "requester does not pay"
	ByKey        Reason = "under a KMS key"
	ByAccount    Reason = "of another account" // the policy allows what only the owner's account can be allowed
	ByDefault    Reason = "nothing allows it"
)

// Decision is the answer. The zero Decision is a refusal.
type Decision struct {
	Allowed  bool
	Explicit bool // a statement denies it
	Reason   Reason
	Sid      string // of the statement when a policy decided
}

// Decide answers q in the order of AWS: whether the request is paid for; root; whether the object's KMS key can be used;
// an explicit deny of the policy; the owner; an allow of the policy; the ACLs; else no. A principal that is not the account itself: see decideIdentity.
func Decide(q Query) Decision {
	p := q.Principal
	if q.unpaid() {
		return Decision{Reason: ByPayer}
	}
	if p.Kind == Root {
		return Decision{Allowed: true, Reason: ByRoot}
	}
	if p.Kind == Anonymous && q.Object != nil && q.Object.SignedOnly && q.Action.readsContent() {
		return Decision{Reason: ByKey}
	}
	if !q.onAccount() && (q.Action.Scope() == ScopeUnknown || q.Bucket.Owner == "") {
		return Decision{Reason: ByDefault}
	}
	if p.Identity != nil {
		return decideIdentity(q)
	}
	if q.onAccount() {
		return decideRole(q)
	}
	if p.owns(q.Bucket.Owner) && managesPolicy(q.Action) {
		// An owner cannot lock itself out: it can always take its policy back (PutBucketPolicy).
		return Decision{Allowed: true, Reason: ByOwner}
	}
	said := q.policyOutcome()
	if said.Effect == Deny {
		return Decision{Explicit: true, Reason: ByPolicy, Sid: said.Sid}
	}
	return q.granted(said)
}

// onAccount reports whether the action is done to the account, so that no bucket can grant it.
func (q Query) onAccount() bool { return q.Action.Scope() == ScopeService || q.Action == CreateBucket }

// granted answers q when nothing denies it; said is what the bucket's policy says.
func (q Query) granted(said Outcome) Decision {
	bucketOwner := q.Principal.owns(q.Bucket.Owner)
	if bucketOwner && !q.foreignObject() {
		return Decision{Allowed: true, Reason: ByOwner}
	}
	if !bucketOwner && q.Bucket.Block.RestrictPublicBuckets && q.Bucket.Policy.IsPublic() {
		return Decision{Reason: ByRestricted}
	}
	// A bucket policy cannot give away the objects of other accounts; their ACLs can.
	if said.Effect == Allow && !q.foreignObject() {
		// S3 API reference, PutBucketPolicy: the identity must belong to the bucket owner's account.
		if managesPolicy(q.Action) && !bucketOwner && !q.Principal.direct {
			return Decision{Reason: ByAccount, Sid: said.Sid}
		}
		return Decision{Allowed: true, Reason: ByPolicy, Sid: said.Sid}
	}
	if q.allowedByInitiator() {
		return Decision{Allowed: true, Reason: ByOwner}
	}
	if q.allowedByACL() {
		return Decision{Allowed: true, Reason: ByACL}
	}
	return Decision{Reason: ByDefault}
}

// decideRole answers for actions on the account, which no bucket can grant.
func decideRole(q Query) Decision {
	role := rolePolicies[q.Principal.Role]
	if q.Principal.Kind != User || Evaluate([]*Policy{role}, q.Request()).Effect != Allow {
		return Decision{Reason: ByDefault}
	}
	return Decision{Allowed: true, Reason: ByRole}
}

// managesPolicy reports whether a is done to the policy of a bucket.
func managesPolicy(a Action) bool {
	return a == GetBucketPolicy || a == PutBucketPolicy || a == DeleteBucketPolicy
}

func (q Query) policyOutcome() Outcome {
	if q.Bucket.Policy == nil {
		return Outcome{Statement: -1}
	}
	return q.Bucket.Policy.evaluate(q.Request().target())
}

// foreignObject reports whether the action needs the leave of an object owner who is not the bucket's:
// reading the object or its ACL, and changing its ACL or tags. Overwriting and deleting are the
// bucket's. What an anonymous principal wrote is the bucket owner's.
func (q Query) foreignObject() bool {
	if q.Object == nil || q.Bucket.Ownership == BucketOwnerEnforced {
		return false
	}
	switch q.Object.Owner {
	case "", AnonymousID, q.Bucket.Owner:
		return false
	}
	switch q.Action {
	case PutObject, DeleteObject, DeleteObjectVersion, AbortMultipartUpload, ListMultipartUploadParts,
		PutObjectRetention, PutObjectLegalHold, BypassGovernanceRetention, GetObjectRetention,
		GetObjectLegalHold:
		return false
	}
	return q.Action.Scope() == ScopeObject
}

// allowedByInitiator: who began a multipart upload may list its parts and abort it.
func (q Query) allowedByInitiator() bool {
	if q.Action != AbortMultipartUpload && q.Action != ListMultipartUploadParts {
		return false
	}
	return q.Object != nil && q.Principal.owns(q.Object.Owner)
}

func (q Query) allowedByACL() bool {
	if q.Bucket.Ownership == BucketOwnerEnforced {
		return false
	}
	ignore := q.Bucket.Block.IgnorePublicAcls
	if want, ok := bucketPermission(q.Action); ok {
		return q.Bucket.ACL.grants(q.Principal, want, ignore)
	}
	if want, ok := objectPermission(q.Action); ok && q.Object != nil {
		return q.Object.ACL.grants(q.Principal, want, ignore)
	}
	return false
}

// MayKnowAbsence reports whether the asker of q, an operation on an object or version that is not
// there, may be told so: it may list the bucket. Then the answer is NoSuchKey or NoSuchVersion (404),
// otherwise AccessDenied (403), so that nobody can probe for names.
func MayKnowAbsence(q Query) bool {
	q.Action, q.Key, q.Object = ListBucket, "", nil
	return Decide(q).Allowed
}
