package iamapi

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestCheck: the messages are those of IAM, each worded as AWS answers it.
func TestCheck(t *testing.T) {
	takes := []parameter{
		{"UserName", required, existingUserNameType},
		{"AccessKeyId", optional, accessKeyIDType},
		{"Status", optional, statusType},
		{"MaxItems", optional, maxItemsType},
		{"NewPath", optional, pathType},
		{"Tags", optional, tagListType},
		{"TagKeys", optional, tagKeyListType},
	}
	const broken, least, most = "1 validation error detected: Value at '", " failed to satisfy constraint: Member must have length greater than or equal to ", " failed to satisfy constraint: Member must have length less than or equal to "
	const keyWords = "tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, " +
		"Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+, Member must not be null]"
	tests := []struct {
		f    form
		code code
		want string
	}{
		{form{"UserName": "bob", "MaxItems": "1000", "NewPath": "/a/b/", "Tags.member.1.Key": "é a", "Tags.member.1.Value": ""}, "", ""},
		{form{"UserName": "bob", "NewPath": "/", "Tags": "", "TagKeys.member.1": "a"}, "", ""},
		{form{}, codeValidation, broken + "userName' failed to satisfy constraint: Member must not be null"},
		{form{"UserName": ""}, codeValidation, "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"},
		{form{"UserName": strings.Repeat("ü", 128)}, codeValidation, "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"},
		{form{"UserName": strings.Repeat("u", 129)}, codeValidation, broken + "userName'" + most + "128"},
		{form{"AccessKeyId": "short", "Status": "On"}, codeValidation, "3 validation errors detected: Value at 'userName' failed to satisfy constraint: Member must not be null; " +
			"Value at 'accessKeyId'" + least + "16; Value 'On' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]"},
		{form{"UserName": "bob", "AccessKeyId": "not-only-characters"}, codeValidation, "The specified value for accessKeyId is invalid. It must contain only alphanumeric characters."},
		{form{"UserName": "bob", "MaxItems": "0"}, codeValidation, broken + "maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{form{"UserName": "bob", "MaxItems": "1001"}, codeValidation, broken + "maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000"},
		{form{"MaxItems": "many"}, codeMalformedInput, ""},
		{form{"UserName": "bob", "NewPath": "/a"}, codeValidation, "The specified value for newPath is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."},
		{form{"UserName": "bob", "Tags.member.1.Value": "v"}, codeValidation, broken + "tags.1.member.key' failed to satisfy constraint: Member must not be null"},
		{form{"UserName": "bob", "Tags.member.1.Key": "k"}, codeValidation, broken + "tags.1.member.value' failed to satisfy constraint: Member must not be null"},
		{form{"UserName": "bob", "Tags.member.1.Key": "k", "Tags.member.1.Value": "*"}, codeValidation, broken + "tags.1.member.value' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*"},
		{form{"UserName": "bob", "TagKeys.member.1": "a", "TagKeys.member.2": ""}, codeValidation, broken + keyWords},
	}
	for _, tt := range tests {
		got := &apiError{}
		if err := tt.f.check(takes); err != nil && !errors.As(err, &got) {
			t.Errorf("%v: got %v", tt.f, err)
		}
		if got.code != tt.code || got.message != tt.want {
			t.Errorf("%.100v: got %q %q, want %q %q", tt.f, got.code, got.message, tt.code, tt.want)
		}
	}
	many := form{"UserName": "bob"}
	for n := range tagListType.most + 1 {
		many[member("Tags", n+1)+".Key"], many[member("TagKeys", n+1)] = fmt.Sprint(n), "k"
	}
	err := many.check(takes)
	if want := "2 validation errors detected: Value at 'tags'" + most + "50; Value at 'tagKeys'" + most + "50"; !strings.HasSuffix(fmt.Sprint(err), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := (form{}).check([]parameter{{"AccessKeyId", mandatory, accessKeyIDType}}); fmt.Sprint(err) != "MissingParameter: The request must contain the parameter AccessKeyId." {
		t.Errorf("got %v", err)
	}
}
