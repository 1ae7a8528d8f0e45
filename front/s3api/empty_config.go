package s3api

// emptyForm is what AWS answers about a bucket on which a sub-resource was never set: a document, or an error.
type emptyForm struct {
	root  string  // of the document
	holds element // its one child, if any
	code  code    // of the error, when there is no root
	one   bool    // configurations have ids: with ?id= there is no such configuration
}

// emptyForms are by sub-resource. Never written.
var emptyForms = map[string]emptyForm{
	"versioning":          {root: "VersioningConfiguration"},
	"logging":             {root: "BucketLoggingStatus"},
	"notification":        {root: "NotificationConfiguration"},
	"accelerate":          {root: "AccelerateConfiguration"},
	"lifecycle":           {code: codeNoSuchLifecycle},
	"encryption":          {code: codeNoSuchEncryption},
	"replication":         {code: codeNoSuchReplication},
	"object-lock":         {code: codeNoSuchObjectLock},
	"analytics":           {root: "ListBucketAnalyticsConfigurationResult", holds: element{"IsTruncated", "false"}, one: true},
	"inventory":           {root: "ListInventoryConfigurationsResult", holds: element{"IsTruncated", "false"}, one: true},
	"metrics":             {root: "ListMetricsConfigurationsResult", holds: element{"IsTruncated", "false"}, one: true},
	"intelligent-tiering": {root: "ListBucketIntelligentTieringConfigurationsOutput", holds: element{"IsTruncated", "false"}, one: true},
}

// emptyConfig answers the GET of a bucket sub-resource that cannot be set yet.
func (h *Handler) emptyConfig(c *call) (*response, error) {
	form := emptyForms[c.operation.query[0]]
	if form.one && c.query.has("id") {
		form = emptyForm{code: codeNoSuchConfiguration}
	}
	if form.root == "" {
		return nil, errorOf(form.code, "", element{"BucketName", c.bucket.Name})
	}
	x := newXML(form.root)
	if form.holds.name != "" {
		x.text(form.holds.name, form.holds.value)
	}
	return x.response(), nil
}
