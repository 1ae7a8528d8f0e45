package s3api

import (
	"crypto/rand"
	"slices"
	"strings"

	"shoal/core/object"
)

// notificationConfiguration is the body of PutBucketNotificationConfiguration.
type notificationConfiguration struct {
	Topics      []notificationRule `xml:"TopicConfiguration"`
	Queues      []notificationRule `xml:"QueueConfiguration"`
	Functions   []notificationRule `xml:"CloudFunctionConfiguration"`
	EventBridge *struct{}          `xml:"EventBridgeConfiguration"`
}

type notificationRule struct {
	ID       string   `xml:"Id"`
	Topic    *string  `xml:"Topic"`
	Queue    *string  `xml:"Queue"`
	Function *string  `xml:"CloudFunction"`
	Events   []string `xml:"Event"`
	Filter   *struct {
		Key struct {
			Rules []struct {
				Name  string `xml:"Name"`
				Value string `xml:"Value"`
			} `xml:"FilterRule"`
		} `xml:"S3Key"`
	} `xml:"Filter"`
}

// destination is a kind of target in a configuration.
type destination struct {
	configuration string // the element of a rule
	element       string // of the ARN in it
	service       string // in the ARN
	missing       string // what AWS says when there is none of that ARN
}

// The kinds of target. Each target of the server can be named as any of them. Never written.
var (
	topicDestination    = destination{"TopicConfiguration", "Topic", "sns", "The destination topic does not exist"}
	queueDestination    = destination{"QueueConfiguration", "Queue", "sqs", "The destination queue does not exist"}
	functionDestination = destination{"CloudFunctionConfiguration", "CloudFunction", "lambda", "The destination Lambda does not exist"}
)

// unsentEvents are what AWS has, too, and what does not happen here: tools may ask for them. Never written.
var unsentEvents = []string{
	"s3:ReducedRedundancyLostObject",
	"s3:ObjectRestore:*", "s3:ObjectRestore:Post", "s3:ObjectRestore:Completed", "s3:ObjectRestore:Delete",
	"s3:Replication:*", "s3:Replication:OperationFailedReplication", "s3:Replication:OperationNotTracked",
	"s3:Replication:OperationMissedThreshold", "s3:Replication:OperationReplicatedAfterThreshold",
	"s3:LifecycleTransition", "s3:IntelligentTiering",
}

// rules reads the configuration; targetOf returns the name of the target that an ARN stands for, "" for none.
func (cfg *notificationConfiguration) rules(targetOf func(arn string) string) (rules []object.NotificationRule, err error) {
	for _, group := range []struct {
		to   destination
		list []notificationRule
	}{{topicDestination, cfg.Topics}, {queueDestination, cfg.Queues}, {functionDestination, cfg.Functions}} {
		for i := range group.list {
			r, err := group.list[i].read(group.to, targetOf)
			if err != nil {
				return nil, err
			}
			rules = append(rules, r)
		}
	}
	if len(rules) > object.MaxNotificationRules {
		return nil, invalidArgument("The number of notification configurations exceeds the limit of 100.", "NotificationConfiguration", itoa(int64(len(rules))))
	}
	return rules, checkNotificationRules(rules)
}

// checkNotificationRules refuses what rules may not be beside each other.
func checkNotificationRules(rules []object.NotificationRule) error {
	for i := range rules {
		for j := range i {
			a, b := &rules[j], &rules[i]
			switch {
			case a.ID == b.ID:
				return invalidArgument("Same ID used for multiple configurations. IDs must be unique", "Id", a.ID)
			case !a.Overlaps(b):
			case a.Filters == 0 && b.Filters == 0:
				return invalidArgument("Configurations overlap. Configurations on the same bucket cannot share a common event type.",
					"Event", strings.Join(slices.Concat(a.Names, b.Names), ", "))
			default:
				return errorOf(codeInvalidArgument, "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.")
			}
		}
	}
	return nil
}

func (r *notificationRule) read(to destination, targetOf func(arn string) string) (out object.NotificationRule, err error) {
	arn := r.arn(to)
	if arn == nil || len(r.Events) == 0 {
		return out, errorOf(codeMalformedXML, "")
	}
	if len(r.ID) > maxNotificationID {
		return out, invalidArgument("The configuration Id cannot be longer than 255 characters.", "Id", r.ID)
	}
	out = object.NotificationRule{ID: r.ID, ARN: *arn, Names: r.Events}
	if out.ID == "" {
		out.ID = rand.Text()
	}
	if out.Events, err = eventTypes(r.Events); err != nil {
		return out, err
	}
	if err := r.filter(&out); err != nil {
		return out, err
	}
	service, ok := arnService(*arn)
	if !ok || service != to.service {
		return out, invalidArgument("The ARN is not well formed", to.element, *arn)
	}
	if out.Target = targetOf(*arn); out.Target == "" {
		return out, invalidArgument("Unable to validate the following destination configurations", *arn, to.missing)
	}
	return out, nil
}

// maxNotificationID is the longest id of a rule, in bytes.
const maxNotificationID = 255

// arn is the element of to, and of no other kind.
func (r *notificationRule) arn(to destination) *string {
	given := map[string]*string{topicDestination.element: r.Topic, queueDestination.element: r.Queue, functionDestination.element: r.Function}
	for element, arn := range given {
		if element != to.element && arn != nil {
			return nil
		}
	}
	return given[to.element]
}

// arnService returns the service in an ARN: arn:partition:service:region:account:resource.
func arnService(arn string) (service string, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || parts[5] == "" {
		return "", false
	}
	return parts[2], true
}

// eventTypes reads the names of event types.
func eventTypes(names []string) (set object.EventType, err error) {
	for _, name := range names {
		short, ok := strings.CutPrefix(name, "s3:")
		t, known := object.ParseEventType(short)
		if !ok || !known && !slices.Contains(unsentEvents, name) {
			return 0, invalidArgument("The event is not supported for notifications", "Event", name)
		}
		if set&t != 0 {
			return 0, invalidArgument("Configurations overlap. Configurations on the same bucket cannot share a common event type.", "Event", strings.Join(names, ", "))
		}
		set |= t
	}
	return set, nil
}

// filter reads the rules of a filter: a prefix and a suffix, each once at most.
func (r *notificationRule) filter(out *object.NotificationRule) error {
	if r.Filter == nil {
		return nil
	}
	for _, f := range r.Filter.Key.Rules {
		value, bit := &out.Prefix, uint8(object.FilterPrefix)
		switch strings.ToLower(f.Name) {
		case "prefix":
		case "suffix":
			value, bit = &out.Suffix, object.FilterSuffix
		default:
			return invalidArgument("filter rule name must be either prefix or suffix", "FilterRule.Name", f.Name)
		}
		switch {
		case out.Filters&bit != 0:
			return invalidArgument("Cannot specify more than one "+strings.ToLower(f.Name)+" rule in a filter.", "FilterRule.Name", f.Name)
		case len(f.Value) > object.MaxNotificationText:
			return invalidArgument("Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation", "FilterRule.Value", f.Value)
		}
		*value, out.Filters = f.Value, out.Filters|bit
	}
	return nil
}
