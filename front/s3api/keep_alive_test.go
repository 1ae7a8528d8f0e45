package s3api

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestKeepAlive: an answer that takes long begins with white space, and says in its document what came of it.
func TestKeepAlive(t *testing.T) {
	tests := []struct {
		name   string
		took   time.Duration
		err    error
		status int
		want   string // of the body, up to the ids of an error
	}{
		{"at once", 0, nil, 201, xmlProlog + `<Done xmlns="` + s3Namespace + `"></Done>`},
		{"at once, an error", 0, errorOf(codeInvalidPart, "no"), 400, xmlProlog + "<Error><Code>InvalidPart</Code><Message>no</Message>"},
		{"a tick", keepAliveEvery + time.Second, nil, 200, xmlProlog + `<Done xmlns="` + s3Namespace + `"></Done>`},
		{"three ticks", 3*keepAliveEvery + time.Second, nil, 200, xmlProlog + `  <Done xmlns="` + s3Namespace + `"></Done>`},
		{"two ticks, an error", 2*keepAliveEvery + time.Second, errors.New("broken"), 200, xmlProlog + " <Error><Code>InternalError</Code>"},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			usage := &eventLog{}
			h := &Handler{meter: usage, metrics: newMetrics(), table: newTable(operations())}
			h.o = Options{Logger: slog.New(slog.DiscardHandler)}.withDefaults()
			w := httptest.NewRecorder()
			c := h.newCall(w, httptest.NewRequest("POST", "/pond/k?uploadId=x", nil))
			c.operation, c.principal.CanonicalID = &h.table.rows[0], "me"
			answer, err := keepAlive(h, c, func() (*response, error) {
				time.Sleep(tt.took)
				x := newXML("Done")
				answer := x.response()
				answer.status = http.StatusCreated
				answer.header.Set("X-Amz-Version-Id", "v")
				return answer, tt.err
			})
			h.render(w, c, answer, err)
			if w.Code != tt.status || !strings.HasPrefix(w.Body.String(), tt.want) {
				t.Errorf("%s: status %d, body %q, want %d and %q", tt.name, w.Code, w.Body, tt.status, tt.want)
			}
			if early := tt.took > keepAliveEvery; early != (w.Header().Get("Content-Length") == "") || w.Header().Get("X-Amz-Request-Id") == "" {
				t.Errorf("%s: header %v", tt.name, w.Header())
			}
			if tt.err == nil && usage.events[0].BytesOut != int64(w.Body.Len()) {
				t.Errorf("%s: metered %+v, body of %d bytes", tt.name, usage.events[0], w.Body.Len())
			}
		})
	}
}

// TestKeepAliveOverTheWire: the client has the status and white space while the work is still to do.
func TestKeepAliveOverTheWire(t *testing.T) {
	heard := make(chan struct{})
	h := &Handler{meter: &eventLog{}, metrics: newMetrics(), o: Options{}.withDefaults()}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := h.newCall(w, r)
		c.early = newEarlyAnswer(c)
		if err := h.sendEarly(c); err != nil {
			t.Errorf("begin the answer: %v", err)
		}
		<-heard
		x := newXML("Done")
		h.render(w, c, x.response(), nil)
	}))
	defer server.Close()
	answer, err := http.Post(server.URL+"/pond/k?uploadId=x", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	first := make([]byte, len(xmlProlog))
	if _, err := io.ReadFull(answer.Body, first); err != nil || string(first) != xmlProlog {
		t.Fatalf("first bytes %q: %v", first, err)
	}
	close(heard)
	rest, err := io.ReadAll(answer.Body)
	if want := `<Done xmlns="` + s3Namespace + `"></Done>`; err != nil || string(rest) != want {
		t.Errorf("rest %q: %v, want %q", rest, err, want)
	}
}
