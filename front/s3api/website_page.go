package s3api

import (
	"fmt"
	"net/http"
)

// page renders an error as a website does: for people.
func (e *apiError) page(c *call) *response {
	answer := &response{status: e.status(), header: http.Header{}}
	for name, values := range e.header {
		answer.header[name] = values
	}
	if answer.status == http.StatusNotModified {
		return answer
	}
	e.nameIn(answer.header)
	answer.header.Set("Content-Type", "text/html; charset=utf-8")
	title := fmt.Sprintf("%d %s", answer.status, http.StatusText(answer.status))
	b := fmt.Appendf(nil, "<html>\n<head><title>%s</title></head>\n<body>\n<h1>%[1]s</h1>\n", title)
	b = e.appendList(b, element{"RequestId", c.requestID}, element{"HostId", c.hostID})
	if e.pageFailed != nil {
		b = append(b, "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n"...)
		b = e.pageFailed.appendList(b)
	}
	answer.raw = append(b, "<hr/>\n</body>\n</html>\n"...)
	return answer
}

// appendList appends what e says as an HTML list.
func (e *apiError) appendList(b []byte, more ...element) []byte {
	list := append([]element{{"Code", string(e.code)}, {"Message", e.message}}, e.extra...)
	b = append(b, "<ul>\n"...)
	for _, el := range append(list, more...) {
		b = append(b, "<li>"+el.name+": "...)
		b = append(appendEscaped(b, el.value), "</li>\n"...)
	}
	return append(b, "</ul>\n"...)
}

// nameIn puts the error into headers, where a page of the website's own says nothing of it.
func (e *apiError) nameIn(head http.Header) {
	head.Set("X-Amz-Error-Code", string(e.code))
	head.Set("X-Amz-Error-Message", headerText(e.message))
	for _, el := range e.extra {
		head.Set("X-Amz-Error-Detail-"+el.name, headerText(el.value))
	}
}
