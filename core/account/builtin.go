package account

import "time"

// builtinPrefix begins the ARNs of the policies that AWS keeps for everybody.
const builtinPrefix = "arn:aws:iam::aws:policy/"

// BuiltinPolicies returns the managed policies of AWS that are here, in the order of their names: those that are
// about S3 and IAM, with what they say of these services.
func BuiltinPolicies() []ManagedPolicy {
	return []ManagedPolicy{
		builtin("AdministratorAccess", "ANPASHOALADMINISTRATOR", "Provides full access.", `{"Effect":"Allow","Action":"*","Resource":"*"}`),
		builtin("AmazonS3FullAccess", "ANPASHOALS3FULLACCESS0", "Provides full access to all buckets.", `{"Effect":"Allow","Action":["s3:*"],"Resource":"*"}`),
		builtin("AmazonS3ReadOnlyAccess", "ANPASHOALS3READONLY000", "Provides read only access to all buckets.", `{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"*"}`),
		builtin("IAMFullAccess", "ANPASHOALIAMFULLACCESS", "Provides full access to IAM.", `{"Effect":"Allow","Action":["iam:*"],"Resource":"*"}`),
		builtin("IAMReadOnlyAccess", "ANPASHOALIAMREADONLY00", "Provides read only access to IAM.", `{"Effect":"Allow","Action":["iam:Get*","iam:List*"],"Resource":"*"}`),
	}
}

func builtin(name, id, description, statement string) ManagedPolicy {
	since := time.Date(2015, time.February, 6, 18, 40, 0, 0, time.UTC)
	document := `{"Version":"2012-10-17","Statement":[` + statement + `]}`
	return ManagedPolicy{
		Name: name, Path: "/", ID: id, Description: description, Created: since, Updated: since,
		LastVersion: 1, Default: 1, Versions: []PolicyVersion{{Number: 1, Document: document, Created: since}},
	}
}

// builtinPolicy returns the built-in policy of that ARN.
func builtinPolicy(arn string) (ManagedPolicy, bool) {
	for _, p := range BuiltinPolicies() {
		if p.ARN() == arn {
			return p, true
		}
	}
	return ManagedPolicy{}, false
}
