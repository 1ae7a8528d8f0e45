// Package billing prices usage: price plan x usage report -> statement, in integer money.
//
// Flow: Parse reads a Plan (TOML, docs/billing.md) -> Plan.Statement takes the rows of the usage report of one account and
// month, in order of time, through the tiers of its rates, and makes a Charge of each -> lines, shares of buckets and the
// total are sums of charges -> WriteText, WriteCSV, WriteJSON, WriteHTML and WriteFOCUS print them.
//
// Rounding happens once: the exact cost of a line (a usage type within a tier) is rounded to the micro-unit, half up. A
// charge is the difference that it makes to its rounded line. So charges add up to lines and lines to the total to the
// micro-unit, and the total does not depend on how the usage was split up.
//
// Everything here is pure: no I/O but to the writers given, no clock. A Plan and a Statement are not changed once made and
// may be shared.
package billing
