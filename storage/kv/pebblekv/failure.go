package pebblekv

import "fmt"

// pebbleLogger passes Pebble's log on. Infof is chatter of flushes and compactions.
type pebbleLogger struct{ e *Engine }

func (l pebbleLogger) Infof(format string, args ...any) {
	l.e.log.Debug("pebble", "event", fmt.Sprintf(format, args...))
}

func (l pebbleLogger) Errorf(format string, args ...any) {
	l.e.log.Error("pebble", "error", fmt.Sprintf(format, args...))
}

// Fatalf never returns: Pebble has lost track of its own state.
func (l pebbleLogger) Fatalf(format string, args ...any) {
	l.e.fail(fmt.Errorf("pebble: "+format, args...))
	select {}
}

// fail marks the engine as failed and ends the process, by default. It returns the first error.
func (e *Engine) fail(err error) error {
	if e.failed.CompareAndSwap(nil, &err) {
		e.log.Error("kv store failed; check the disk, then start again: nothing acknowledged is lost", "error", err)
		e.fatal(err)
	}
	return *e.failed.Load()
}

// usable returns the error that ended the engine, if one did.
func (e *Engine) usable() error {
	if err := e.failed.Load(); err != nil {
		return fmt.Errorf("pebblekv: engine has failed: %w", *err)
	}
	return nil
}
