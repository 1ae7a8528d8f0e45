package seeder

// widestWindow is what a connection gets whose bound is lifted: the kernel sizes its buffer no more. In bytes.
const widestWindow = 4 << 20

// setWindow bounds what may be on its way to the peer, in bytes; 0 is no bound. A change by less than a quarter is
// not worth a call. What cannot be set is left.
func (c *conn) setWindow(bytes int64) {
	w := &c.writing
	if bytes == 0 && w.window != 0 {
		bytes = widestWindow
	}
	buffered, ok := c.nc.(interface{ SetWriteBuffer(bytes int) error }) // TCP
	if !ok || bytes == 0 || 4*bytes >= 3*w.window && 4*bytes <= 5*w.window {
		return
	}
	if err := buffered.SetWriteBuffer(int(bytes)); err == nil {
		w.window = bytes
	}
}
