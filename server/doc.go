// Package server builds every part of Shoal from one config.Config, runs them and stops them in reverse.
//
// Order of start: stores, meter, object workers, delivery of access logs, swarms, then the fronts that let the outside in. Stop
// runs the other way under one deadline: no new requests, requests in flight, peers, workers, a last
// flush of the meter, the stores. After a kill -9 the next Open needs no repair step.
//
// cmd/shoal and the end-to-end tests use the same Open and Run.
package server
