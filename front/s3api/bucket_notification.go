package s3api

import (
	"strings"

	"shoal/core/object"
)

// getBucketNotification answers GET ?notification.
func (h *Handler) getBucketNotification(c *call) (*response, error) {
	x := newXML("NotificationConfiguration")
	for _, to := range []destination{topicDestination, queueDestination, functionDestination} {
		for i := range c.bucket.Config.Notification {
			r := &c.bucket.Config.Notification[i]
			if service, _ := arnService(r.ARN); service == to.service {
				writeNotificationRule(x, to, r)
			}
		}
	}
	return x.response(), nil
}

func writeNotificationRule(x *xmlWriter, to destination, r *object.NotificationRule) {
	x.open(to.configuration)
	x.text("Id", r.ID)
	x.text(to.element, r.ARN)
	for _, name := range r.Names {
		x.text("Event", name)
	}
	if r.Filters != 0 {
		x.open("Filter")
		x.open("S3Key")
		filter := func(bit uint8, name, value string) {
			if r.Filters&bit != 0 {
				x.open("FilterRule")
				x.text("Name", name)
				x.text("Value", value)
				x.close("FilterRule")
			}
		}
		filter(object.FilterPrefix, "Prefix", r.Prefix)
		filter(object.FilterSuffix, "Suffix", r.Suffix)
		x.close("S3Key")
		x.close("Filter")
	}
	x.close(to.configuration)
}

// putBucketNotification replaces the rules of a bucket; an empty document takes them away.
func (h *Handler) putBucketNotification(c *call) (*response, error) {
	var cfg notificationConfiguration
	if err := c.readXML(maxConfigXML, "NotificationConfiguration", &cfg); err != nil {
		return nil, err
	}
	if cfg.EventBridge != nil {
		return nil, errorOf(codeNotImplemented, "There is no EventBridge here: name a target of the server in a TopicConfiguration, QueueConfiguration or CloudFunctionConfiguration.")
	}
	rules, err := cfg.rules(h.o.EventTarget)
	if err != nil {
		return nil, err
	}
	test := !strings.EqualFold(c.http.Header.Get("x-amz-skip-destination-validation"), "true")
	if err := h.objects.PutNotification(c.ctx, c.bucket, rules, test, c.askedBy()); err != nil {
		return nil, err
	}
	return &response{}, nil
}

// eventBy is what an event of c's bucket says of c; nothing where there are no events.
func (c *call) eventBy() object.Requester {
	if len(c.bucket.Config.Notification) == 0 {
		return object.Requester{}
	}
	return c.askedBy()
}

func (c *call) askedBy() object.Requester {
	return object.Requester{
		PrincipalID: object.PrincipalID(c.principal), SourceIP: remoteAddr(c.http.RemoteAddr).String(),
		RequestID: c.requestID, HostID: c.hostID,
	}
}
