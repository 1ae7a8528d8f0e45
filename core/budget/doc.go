// Package budget holds accounts and their buckets to what they may send, or cost, in a calendar month (UTC): alarms at
// percentages of the limit, and an action once it is used up.
//
// A Keeper asks meter.Months, which counts the scopes that have a budget and no others, some times a second; Decide, pure,
// says which alarms are due and which action is in force. Alarms are kept, by core/account, in the commit that notes that
// they were raised: each is raised once a month, and front/notification tells a target until it was acknowledged. The fronts
// ask InForce, a look-up in a map that is replaced and never changed: no request waits, and none of a scope without a budget
// is counted twice. All methods of a Keeper are safe for concurrent use.
package budget
