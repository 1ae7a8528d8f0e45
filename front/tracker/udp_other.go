//go:build !linux

package tracker

import (
	"context"
	"net"

	"shoal/wire/tracker"
)

// serveSocket answers the packets of conn one after the other.
func (t *Tracker) serveSocket(ctx context.Context, conn *net.UDPConn) error {
	// One byte more: where no flag tells of a packet that was cut off, it is too long for any request.
	var packet [tracker.MaxUDPPacket + 1]byte
	var control [controlSize]byte
	var x exchange
	for faults := 0; ; {
		n, nControl, _, from, err := conn.ReadMsgUDPAddrPort(packet[:], control[:])
		if err != nil {
			if faults, err = t.afterFault(ctx, faults, err); err != nil || ctx.Err() != nil {
				return err
			}
			continue
		}
		faults = 0
		if n > tracker.MaxUDPPacket {
			continue
		}
		answer := t.answerUDP(ctx, &x, packet[:n], unmap(from), destination(control[:nControl]), t.o.Now())
		if len(answer) > 0 {
			// An answer that cannot be sent is one that got lost: the peer asks again.
			_, _, _ = conn.WriteMsgUDPAddrPort(answer, replyControl(control[:nControl]), from)
		}
	}
}
