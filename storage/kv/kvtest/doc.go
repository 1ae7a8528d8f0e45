// Package kvtest is the contract of kv.Engine as tests. Every engine runs Run over itself; Faulty wraps an
// engine so that commits end with an unknown outcome, which is how Update's exactly-once is tested.
package kvtest
