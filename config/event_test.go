package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestEventTargets(t *testing.T) {
	c := valid()
	c.EventTarget = []string{"hook=https://example.test/in?a=b", "log=kafka://k:9092/s3"}
	c.EventSecret = []Secret{"log=user:pass=word"}
	got, err := c.EventTargets()
	if err != nil || len(got) != 2 || got[0].URL.String() != "https://example.test/in?a=b" || got[0].Secret != "" ||
		got[1].Name != "log" || got[1].Secret.Reveal() != "user:pass=word" {
		t.Fatalf("targets %+v, %v", got, err)
	}
	if text := fmt.Sprintf("%v %+v", c, got); strings.Contains(text, "pass") {
		t.Errorf("the secret shows itself: %s", text)
	}
}

func TestEventFaults(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(*Config)
		want string
	}{
		{"no name", func(c *Config) { c.EventTarget = []string{"https://secret.test/"} }, "--event-target: must be"},
		{"twice", func(c *Config) { c.EventTarget = []string{"a=http://x/", "a=http://y/"} }, "--event-target a"},
		{"no such target", func(c *Config) { c.EventSecret = []Secret{"a=b"} }, "--event-secret"},
		{"no secret", func(c *Config) { c.EventTarget, c.EventSecret = []string{"a=http://x/"}, []Secret{"a="} }, "--event-secret"},
		{"many targets", func(c *Config) {
			for i := range 51 {
				c.EventTarget = append(c.EventTarget, fmt.Sprintf("%d=http://x/", i))
			}
		}, "--event-target: 51"},
		{"no queue", func(c *Config) { c.EventQueue = 0 }, "--event-queue 0"},
	} {
		c := valid()
		tt.set(&c)
		err := c.Validate()
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret.test") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
