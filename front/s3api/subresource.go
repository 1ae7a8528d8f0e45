package s3api

import (
	"net/http"

	"shoal/core/access"
	"shoal/core/meter"
)

// subresource is what a query key names of a bucket or an object, with the operations that S3 has on it.
type subresource struct {
	scope         scope
	query         string
	log           string // the last part of the server access log's operation
	get, put, del verb   // a zero one is not in S3
}

// verb is one operation on a sub-resource.
type verb struct {
	name   string // as in the S3 API reference
	action access.Action
	serve  handler
	usage  meter.Operation
	state  support
	note   string

	describe func(*Handler, *call) error // see operation
	signed   string                      // see operation
}

// signing returns v for those only who sign, as why says.
func (v verb) signing(why string) verb {
	v.signed = why
	return v
}

// describing returns v with a look at the body before policies are asked.
func (v verb) describing(describe func(*Handler, *call) error) verb {
	v.describe = describe
	return v
}

func built(name string, a access.Action, serve handler, u meter.Operation) verb {
	return verb{name: name, action: a, serve: serve, usage: u, state: yes}
}

// empty is a GET of a configuration that cannot be set yet.
func empty(name string, a access.Action, u meter.Operation) verb {
	return verb{name: name, action: a, serve: (*Handler).emptyConfig, usage: u, state: partial, note: "answers the empty form"}
}

// off is a PUT of a configuration that cannot be set yet.
func off(name string, a access.Action, u meter.Operation) verb {
	return verb{name: name, action: a, serve: (*Handler).turnOff, usage: u, state: partial, note: "takes what turns it off; else 501"}
}

// cleared is a DELETE of a configuration that cannot be set yet.
func cleared(name string, a access.Action, u meter.Operation) verb {
	return verb{name: name, action: a, serve: (*Handler).clearNothing, usage: u, state: partial, note: "there is none to delete"}
}

// withNote is a verb that is there but for what note says.
func withNote(note string, v verb) verb {
	v.state, v.note = partial, note
	return v
}

func unbuilt(name string, a access.Action, u meter.Operation) verb {
	return verb{name: name, action: a, usage: u, state: no}
}

// operationsOf returns the rows of the operations table that list stands for.
func operationsOf(list []subresource) []operation {
	var rows []operation
	for _, s := range list {
		for _, m := range []struct {
			verb   verb
			method string
			tier   meter.Tier
		}{
			{s.get, http.MethodGet, meter.Tier2},
			{s.put, http.MethodPut, meter.Tier1},
			{s.del, http.MethodDelete, meter.TierNone},
		} {
			if m.verb.name == "" {
				continue
			}
			rows = append(rows, operation{
				name: m.verb.name, method: m.method, scope: s.scope, query: []string{s.query},
				action: m.verb.action, signed: m.verb.signed, describe: m.verb.describe, serve: m.verb.serve, usage: m.verb.usage, tier: m.tier,
				logAs: "REST." + m.method + "." + s.log, state: m.verb.state, note: m.verb.note,
			})
		}
	}
	return rows
}
