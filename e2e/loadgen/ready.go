package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	readyPrefix = "shoal ready "
	readyWithin = 2 * time.Minute // far over any bound that is claimed, so that a slow start is a figure too
)

type readyCommand struct {
	Kill   bool          `help:"End each run with SIGKILL, so that the next start follows a crash; default SIGTERM."`
	Runs   int           `default:"5" help:"Starts."`
	Idle   time.Duration `default:"2s" help:"Time from the ready line to the reading of the memory."`
	Server []string      `arg:"" passthrough:"" help:"Command that runs the server."`
}

// Run starts the server, waits for its ready line, looks at its memory and ends it, Runs times.
func (c *readyCommand) Run(ctx context.Context) error {
	var millis, mebibytes []float64
	for range c.Runs {
		took, resident, err := c.start(ctx)
		if err != nil {
			return err
		}
		millis = append(millis, float64(took.Microseconds())/1e3)
		mebibytes = append(mebibytes, float64(resident)/(1<<20))
	}
	title := "start after SIGTERM"
	if c.Kill {
		title = "start after SIGKILL"
	}
	fmt.Printf("%-28s  ready-ms=%s  rss-MiB=%s\n", title, spread(millis), spread(mebibytes))
	return nil
}

// start runs the server once: from exec to the ready line, and the memory Idle later.
func (c *readyCommand) start(ctx context.Context) (took time.Duration, resident int64, err error) {
	args := c.Server
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	watchdog := time.AfterFunc(readyWithin, func() { cmd.Process.Kill() }) // it may have ended
	defer watchdog.Stop()
	took, err = awaitReady(out, begin)
	if err == nil {
		time.Sleep(c.Idle)
		resident, err = residentBytes(cmd.Process.Pid)
	}
	end := syscall.SIGTERM
	if c.Kill {
		end = syscall.SIGKILL
	}
	err = errors.Join(err, cmd.Process.Signal(end))
	var exit *exec.ExitError
	if ended := cmd.Wait(); !errors.As(ended, &exit) || !c.Kill {
		err = errors.Join(err, ended)
	}
	return took, resident, err
}

func awaitReady(out io.Reader, begin time.Time) (time.Duration, error) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), readyPrefix) {
			return time.Since(begin), nil
		}
	}
	return 0, errors.Join(errors.New("the server ended without a ready line"), lines.Err())
}
