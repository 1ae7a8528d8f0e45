package config

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

const (
	maxEventTargets = 50         // as many as one bucket may name
	maxEventQueue   = 10_000_000 // about 5 GB of rows
)

// EventTarget is one --event-target with its --event-secret.
type EventTarget struct {
	Name   string
	URL    *url.URL
	Secret Secret // "" for none
}

// EventTargets reads --event-target and --event-secret. Whether the server knows such targets is for it to say.
func (c *Config) EventTargets() ([]EventTarget, error) {
	var targets []EventTarget
	index := map[string]int{}
	for _, text := range c.EventTarget {
		name, place, ok := strings.Cut(text, "=")
		u, err := url.Parse(place)
		if !ok {
			return nil, errors.New("--event-target: must be NAME=URL") // a URL may be a secret
		}
		if _, twice := index[name]; err != nil || twice {
			return nil, fmt.Errorf("--event-target %s: must be a URL, each name once", name)
		}
		index[name] = len(targets)
		targets = append(targets, EventTarget{Name: name, URL: u})
	}
	for _, text := range c.EventSecret {
		name, secret, ok := strings.Cut(text.Reveal(), "=")
		i, known := index[name]
		if !ok || secret == "" || !known || targets[i].Secret != "" {
			return nil, errors.New("--event-secret: must be NAME=SECRET, with the name of an --event-target, each name once")
		}
		targets[i].Secret = Secret(secret)
	}
	return targets, nil
}

func (c *Config) eventFaults() (faults []error) {
	if _, err := c.EventTargets(); err != nil {
		faults = append(faults, err)
	}
	if len(c.EventTarget) > maxEventTargets {
		faults = append(faults, fmt.Errorf("--event-target: %d of them, at most %d", len(c.EventTarget), maxEventTargets))
	}
	if c.EventQueue < 1 || c.EventQueue > maxEventQueue {
		faults = append(faults, fmt.Errorf("--event-queue %d: must be from 1 to %d", c.EventQueue, maxEventQueue))
	}
	return faults
}
