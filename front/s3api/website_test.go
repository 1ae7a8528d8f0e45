package s3api

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strings"
	"testing"

	"shoal/core/meter"
)

// TestWebsiteMetered: a page of a website is metered under its own operation, a page that a stranger may not read not
// at all.
func TestWebsiteMetered(t *testing.T) {
	s := newTestServer(t, Options{WebsiteDomains: []string{scriptWebsite}})
	s.must(t, owner, "PUT", "/site", "")
	s.must(t, owner, "PUT", "/site/index", "home", "x-amz-acl: public-read")
	s.must(t, owner, "PUT", "/site?website", "<WebsiteConfiguration><IndexDocument><Suffix>index</Suffix></IndexDocument></WebsiteConfiguration>")
	for _, path := range []string{"/", "/secret"} {
		r, err := http.NewRequest("GET", s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "site." + scriptWebsite
		answer, err := s.web.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	s.usage.mu.Lock()
	defer s.usage.mu.Unlock()
	events := slices.DeleteFunc(slices.Clone(s.usage.events), func(e meter.Event) bool { return e.Operation != meter.WebsiteGetObject })
	if len(events) != 2 || events[0].Requests != 1 || events[0].Tier != meter.Tier2 || events[0].BytesOut != 4 || events[1].Requests != 0 {
		t.Errorf("got %+v", events)
	}
}

// FuzzBucketRules decodes CORS rules and websites: what is taken answers without a panic, and a Location is one line.
func FuzzBucketRules(f *testing.F) {
	f.Add([]byte(`<C><CORSRule><AllowedOrigin>https://*.a</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedHeader>x-*</AllowedHeader></CORSRule></C>`), "a/b", 0)
	f.Add([]byte(`<C><IndexDocument><Suffix>i</Suffix></IndexDocument><RoutingRules><RoutingRule><Condition><KeyPrefixEquals>a</KeyPrefixEquals></Condition><Redirect><HostName>h</HostName><ReplaceKeyPrefixWith>&#10;</ReplaceKeyPrefixWith></Redirect></RoutingRule></RoutingRules></C>`), "a\n", 0)
	f.Fuzz(func(t *testing.T, data []byte, key string, status int) {
		var cors corsConfiguration
		if xml.Unmarshal(data, &cors) == nil && cors.check() == nil {
			for _, values := range cors.answer(corsQuestion{origin: "https://x.a", method: "GET", headers: []string{"x-y"}}) {
				if strings.ContainsAny(values[0], "\r\n") {
					t.Errorf("header %q", values[0])
				}
			}
		}
		var site websiteConfiguration
		if xml.Unmarshal(data, &site) != nil || site.check() != nil || site.All != nil {
			return
		}
		site.indexed(key)
		if to := site.route(siteForFuzz(), key, status); to != nil && strings.ContainsAny(to.header.Get("Location"), "\r\n ") {
			t.Errorf("location %q", to.header.Get("Location"))
		}
	})
}

func siteForFuzz() site { return site{protocol: "http", host: "site.example"} }
