package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// echoPeers are the peers in each answer, as many as clients ask for.
const echoPeers = 50

type echoCommand struct {
	Addr string `default:"127.0.0.1:0" help:"HOST:PORT to answer on, IPv4."`
}

// Run answers every packet by one of the length that a tracker's answer has, and nothing else.
func (c *echoCommand) Run(ctx context.Context) error {
	at, err := netip.ParseAddrPort(c.Addr)
	if err != nil {
		return err
	}
	fd, err := listenIPv4(at, answerWait)
	if err != nil {
		return err
	}
	local, err := unix.Getsockname(fd)
	if err != nil {
		return err
	}
	fmt.Printf("echo ready udp=%v:%d\n", at.Addr(), local.(*unix.SockaddrInet4).Port)
	for d := newDatagrams(fd); ; {
		n, err := d.receive()
		if errors.Is(err, unix.EAGAIN) && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return err
		}
		for i := range n {
			packet := d.list[i].data[:]
			length := 16
			if binary.BigEndian.Uint32(packet[8:]) == 1 {
				length = 20 + 6*echoPeers
			}
			copy(packet, packet[8:16])
			d.list[i].control.Ifindex = 0
			d.prepare(i, length)
		}
		if err := d.send(n); err != nil {
			return err
		}
	}
}
