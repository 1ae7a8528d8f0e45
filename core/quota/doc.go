// Package quota holds buckets and accounts to what they may hold (bytes, objects) and send (bytes a calendar month).
//
// What is held is counted by core/object, what is sent by meter.Months. Of what is held a Keeper keeps an upper bound in memory,
// for those alone that have a quota: it reads the count, adds what is admitted from then on, and reads again when that would
// refuse. Requests of buckets without a quota, of accounts without one, take no lock here. All methods of a Keeper are safe
// for concurrent use.
package quota
