package access

// The roles of accounts as policies. They bound the account and everybody in it, as a service control policy of AWS
// does; what is done to a bucket is then for its owner. An admin is Root in his own name, and an account like one of
// RoleUserPlus to those who act in his account.
const (
	everythingPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	noBucketsPolicy  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},` +
		`{"Effect":"Deny","Action":"s3:CreateBucket","Resource":"*"}]}`
)

// RolePolicy returns the policy that a role stands for, as JSON.
func RolePolicy(r Role) string {
	if r == RoleUser {
		return noBucketsPolicy
	}
	return everythingPolicy
}

// rolePolicies are the parsed policies of the roles. Never written.
var rolePolicies = parseRolePolicies()

func parseRolePolicies() map[Role]*Policy {
	table := make(map[Role]*Policy)
	for _, r := range Roles() {
		p, err := ParseIdentityPolicy([]byte(RolePolicy(r)))
		if err != nil {
			panic(err) // our own text
		}
		table[r] = p
	}
	return table
}
