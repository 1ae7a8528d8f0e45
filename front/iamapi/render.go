package iamapi

import (
	"bytes"
	"encoding/xml"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

const (
	serviceIAM = "iam"
	serviceSTS = "sts"
)

// versions are the versions of the two APIs. Never written.
var versions = map[string]string{serviceIAM: "2010-05-08", serviceSTS: "2011-06-15"}

func namespace(service string) string {
	return "https://" + service + ".amazonaws.com/doc/" + versions[service] + "/"
}

// faultNamespace is that of an answer to what is an action of neither API.
const faultNamespace = "http://webservices.amazon.com/AWSFault/2005-15-09"

// list is a list as these APIs write it; an empty one stands there, too.
type list[T any] struct {
	Member []T `xml:"member"`
}

// timestamp prints as these APIs do.
type timestamp time.Time

// MarshalText implements encoding.TextMarshaler.
func (t timestamp) MarshalText() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(nil, "2006-01-02T15:04:05Z"), nil
}

type metadataXML struct {
	RequestID string `xml:"RequestId"`
}

type errorXML struct {
	Type    string // Sender or Receiver
	Code    string
	Message string `xml:",omitempty"`
}

// failure is the answer to a request that was refused or failed.
type failure struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Error     errorXML
	RequestID string `xml:"RequestId"`
}

// render answers a request: the only place that writes and logs.
func (h *Handler) render(w http.ResponseWriter, c *call, result any, err error) {
	status, body := http.StatusOK, []byte(nil)
	if err == nil {
		body, err = answerXML(c, result)
	}
	if err != nil {
		e := translate(err)
		status, body = e.status(), failureXML(c, e)
	}
	_ = c.control.SetWriteDeadline(time.Now().Add(answerTimeout))
	head := w.Header()
	head.Set("Content-Type", "text/xml")
	head.Set("Content-Length", strconv.Itoa(len(body)))
	head.Set("X-Amzn-RequestId", c.requestID)
	head.Set("Cache-Control", "no-store") // secrets
	w.WriteHeader(status)
	_, _ = w.Write(body) // an error means that the client went away
	h.metrics.observe(c, status)
	h.log(c, status, err)
}

// answerXML is <NameResponse><NameResult>...</NameResult><ResponseMetadata>; without a result if there is none.
func answerXML(c *call, result any) ([]byte, error) {
	var b bytes.Buffer
	enc := xml.NewEncoder(&b)
	root := xml.StartElement{
		Name: xml.Name{Local: c.action.name + "Response"},
		Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace(c.action.service)}},
	}
	if err := enc.EncodeToken(root); err != nil {
		return nil, err
	}
	if result != nil {
		if err := enc.EncodeElement(result, element(c.action.name+"Result")); err != nil {
			return nil, err
		}
	}
	if err := enc.EncodeElement(metadataXML{c.requestID}, element("ResponseMetadata")); err != nil {
		return nil, err
	}
	if err := enc.EncodeToken(root.End()); err != nil {
		return nil, err
	}
	if err := enc.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func element(name string) xml.StartElement { return xml.StartElement{Name: xml.Name{Local: name}} }

// failureXML is the ErrorResponse of the query APIs.
func failureXML(c *call, e *apiError) []byte {
	service, kind := serviceIAM, "Sender"
	if c.action != nil {
		service = c.action.service
	}
	if e.status() >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	space := namespace(service)
	if e.code == codeInvalidAction {
		space = faultNamespace
	}
	body, err := xml.Marshal(failure{Namespace: space, Error: errorXML{kind, string(e.code), e.message}, RequestID: c.requestID})
	if err != nil {
		panic(err) // strings always marshal
	}
	return append([]byte(xml.Header), body...)
}

// log writes every request at debug, and our own faults as errors. No parameter is logged: some are secret.
func (h *Handler) log(c *call, status int, cause error) {
	level := slog.LevelDebug
	if status == http.StatusInternalServerError {
		level = slog.LevelError
	}
	if !h.o.Logger.Enabled(c.ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", c.requestID), slog.String("remote", c.http.RemoteAddr), slog.String("action", c.actionName()),
		slog.String("requester", c.who.Principal.ARN), slog.Int("status", status), slog.Duration("took", h.o.Now().Sub(c.started)),
	}
	if cause != nil {
		attrs = append(attrs, slog.String("cause", cause.Error()))
	}
	h.o.Logger.LogAttrs(c.ctx, level, "iam request", attrs...)
}

// actionName is the action in the log and in metrics; "none" when the request named none of ours.
func (c *call) actionName() string {
	if c.action == nil {
		return "none"
	}
	return c.action.name
}
