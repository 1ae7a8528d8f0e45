package utp

import (
	"container/heap"
	"time"
)

// ready has c's stream sent for soon.
func (l *Listener) ready(c *Conn) {
	l.mu.Lock()
	if !c.queued {
		c.queued = true
		l.queue = append(l.queue, c)
	}
	l.mu.Unlock()
	signal(l.wake)
}

// send sends for the streams that are ready or whose time has come, until l is closed and all of them are gone.
func (l *Listener) send() {
	var b burst
	var batch []*Conn
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		batch = l.take(batch)
		for i, c := range batch {
			l.serve(c, &b)
			batch[i] = nil
		}
		for now := l.now(); len(l.timers) > 0 && l.timers[0].due <= now; {
			l.serve(l.timers[0], &b)
		}
		if l.over() {
			return
		}
		if len(l.timers) > 0 {
			timer.Reset(l.timers[0].due - l.now())
		}
		select {
		case <-l.wake:
		case <-timer.C:
		}
	}
}

// take returns the streams that are ready, in the memory of batch.
func (l *Listener) take(batch []*Conn) []*Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	batch, l.queue = l.queue, batch[:0]
	for _, c := range batch {
		c.queued = false
	}
	return batch
}

// serve sends one burst for c. What is left waits until the others had theirs.
func (l *Listener) serve(c *Conn, b *burst) {
	b.reset()
	more := c.send(b)
	if b.count > 0 {
		l.socket.send(b, c.remote, c.control)
	}
	if c.settle() {
		l.forget(c)
		return
	}
	if c.place < 0 {
		heap.Push(&l.timers, c)
	} else {
		heap.Fix(&l.timers, c.place)
	}
	if more {
		l.ready(c)
	}
}

// forget removes a stream that is dead.
func (l *Listener) forget(c *Conn) {
	if c.place >= 0 {
		heap.Remove(&l.timers, c.place)
	}
	key := streamKey{c.remote, c.s.recvID}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns[key] == c {
		delete(l.conns, key)
	}
}

// over reports whether l is closed and no stream is left.
func (l *Listener) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed && len(l.conns) == 0
}

// timers is a heap of streams by when something is due.
type timers []*Conn

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].due < t[j].due }

func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].place, t[j].place = i, j
}

// Push implements heap.Interface.
func (t *timers) Push(x any) {
	c := x.(*Conn)
	c.place = len(*t)
	*t = append(*t, c)
}

// Pop implements heap.Interface.
func (t *timers) Pop() any {
	old := *t
	c := old[len(old)-1]
	old[len(old)-1] = nil
	*t = old[:len(old)-1]
	c.place = -1
	return c
}
