// Package notification tells targets outside of the events of buckets and the alarms of budgets: webhooks, NATS and Kafka,
// as the operator has configured them. Users name a target and cannot add one, so no user sends us anywhere.
//
// The events wait in core/object, written in the commit of the change that they tell of. A Deliverer reads each lane of
// a target in order, sends one event after another and removes those that the target has acknowledged. So an event is
// delivered at least once, and the events of a key in their order; after a failure the lane waits, longer each time, and
// tries the same event again. The alarms of budgets wait in core/account, and go the same way (RunAlarms).
package notification
