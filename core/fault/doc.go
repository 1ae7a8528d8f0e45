// Package fault is the error of the core: what was done to what, and a Kind from a closed list.
//
// Core packages return *Error; each front has one table from Kind to its wire form (an S3 code, a
// failure reason, a close reason) and a test that walks Kinds. Anything else is Internal: its text
// goes to the log, a generic one to the client.
package fault
