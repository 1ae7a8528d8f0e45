package s3api

import (
	"encoding/xml"
	"net/http"
)

// emptyForm is what AWS answers about a bucket on which a sub-resource was never set: a document, or an error.
type emptyForm struct {
	root  string  // of the document
	holds element // its one child, if any
	code  code    // of the error, when there is no root
	one   bool    // configurations have ids: with ?id= there is no such configuration
}

// emptyForms are by sub-resource. Never written.
var emptyForms = map[string]emptyForm{
	"accelerate":            {root: "AccelerateConfiguration"},
	"replication":           {code: codeNoSuchReplication},
	"analytics":             {root: "ListBucketAnalyticsConfigurationResult", holds: element{"IsTruncated", "false"}, one: true},
	"inventory":             {root: "ListInventoryConfigurationsResult", holds: element{"IsTruncated", "false"}, one: true},
	"metrics":               {root: "ListMetricsConfigurationsResult", holds: element{"IsTruncated", "false"}, one: true},
	"abac":                  {root: "AbacStatus", holds: element{"Status", "Disabled"}},
	"metadataTable":         {code: codeNoSuchMetadata},
	"metadataConfiguration": {code: codeNoSuchMetadata},
	"intelligent-tiering":   {root: "ListBucketIntelligentTieringConfigurationsOutput", holds: element{"IsTruncated", "false"}, one: true},
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

// turnOff answers the PUT of a configuration that cannot be set yet: what turns it off, as tools do when they clean up,
// changes nothing; everything else is not implemented.
func (h *Handler) turnOff(c *call) (*response, error) {
	var doc struct {
		Parts []struct {
			XMLName xml.Name
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	form := emptyForms[c.operation.query[0]]
	if err := c.readXML(maxConfigXML, form.root, &doc); err != nil {
		return nil, err
	}
	for _, part := range doc.Parts {
		if part.XMLName.Local != "Status" || part.Text != "Suspended" {
			return nil, errorOf(codeNotImplemented, "This operation is not implemented.")
		}
	}
	return &response{}, nil
}

// clearNothing answers the DELETE of a configuration that cannot be set yet: taking away none is a success, but for
// one that is named by its id.
func (h *Handler) clearNothing(c *call) (*response, error) {
	if emptyForms[c.operation.query[0]].one {
		return nil, errorOf(codeNoSuchConfiguration, "", element{"BucketName", c.bucket.Name})
	}
	return &response{status: http.StatusNoContent}, nil
}
