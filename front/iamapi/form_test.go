package iamapi

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"shoal/core/access"
)

func TestParseForm(t *testing.T) {
	tests := []struct {
		text string
		want form // nil: refused
	}{
		{"", form{}},
		{"Action=GetUser&Version=2010-05-08", form{"Action": "GetUser", "Version": "2010-05-08"}},
		{"A=%7B%22a%22%3A1%7D&B=a+b", form{"A": `{"a":1}`, "B": "a b"}},
		{"A=1&A=2", nil}, // which one would be authorised, and which obeyed?
		{"A=1&%41=2", nil},
		{"A=%zz", nil},
		{"A=%ff", nil},
		{"A=1;B=2", nil},
		{strings.Repeat("a=1&", maxParameters), nil},
		{"A=" + strings.Repeat("x", maxForm), nil},
	}
	for _, tt := range tests {
		got, err := parseForm(tt.text)
		if (err != nil) != (tt.want == nil) || err == nil && !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%.40q: got %v, %v, want %v", tt.text, got, err, tt.want)
		}
	}
}

func TestFormLists(t *testing.T) {
	f := form{"Tags.member.1.Key": "a", "Tags.member.1.Value": "1", "Tags.member.2.Key": "b", "Tags.member.4.Key": "d", "Keys.member.1": "x"}
	if got, err := (&call{form: f, action: &action{}}).tags(); err != nil || !reflect.DeepEqual(got, []access.Tag{{Key: "a", Value: "1"}, {Key: "b"}}) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := f.list("Keys", ""); err != nil || !reflect.DeepEqual(got, []string{"x"}) {
		t.Errorf("got %v, %v", got, err)
	}
	many := form{}
	for n := range maxMembers + 1 {
		many[fmt.Sprintf("Keys.member.%d", n+1)] = "x"
	}
	if _, err := many.list("Keys", ""); err == nil {
		t.Errorf("%d members are taken", len(many))
	}
}

func FuzzParseForm(f *testing.F) {
	f.Add("Action=CreateUser&UserName=bob&Tags.member.1.Key=a&Tags.member.1.Value=b")
	f.Add("A=1&A=2")
	f.Add("A=%41&%41=")
	known := actions()
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseForm(text)
		if err != nil {
			return
		}
		values := url.Values{}
		for name, v := range got {
			values.Set(name, v)
		}
		if again, err := parseForm(values.Encode()); len(values.Encode()) <= maxForm && (err != nil || !reflect.DeepEqual(got, again)) {
			t.Fatalf("%q: got %v, then %v, %v", text, got, again, err)
		}
		_, _ = (&call{form: got, action: &action{}}).tags()
		for _, a := range known {
			_ = got.check(a.takes)
		}
	})
}
