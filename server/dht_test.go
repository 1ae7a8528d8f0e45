package server

import (
	"net"
	"testing"

	"shoal/config"
)

func TestDHTSockets(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  config.Config
		want []bool // IPv4, of each socket
	}{
		{"off", config.Config{DHTAddr: ":0"}, nil},
		{"IPv4", config.Config{DHT: true, DHTAddr: "0.0.0.0:0"}, []bool{true}},
		{"an address", config.Config{DHT: true, DHTAddr: "127.0.0.1:0"}, []bool{true}},
		{"any", config.Config{DHT: true, DHTAddr: ":0"}, []bool{true, false}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &listeners{}
			if err := l.listenDHT(tt.cfg); err != nil {
				t.Fatal(err)
			}
			defer closeUDP(l.dht)
			if tt.name == "any" && len(l.dht) == 1 {
				t.Skip("this machine has no IPv6")
			}
			if len(l.dht) != len(tt.want) {
				t.Fatalf("%d sockets, want %d", len(l.dht), len(tt.want))
			}
			for i, c := range l.dht {
				if a := c.LocalAddr().(*net.UDPAddr).AddrPort(); a.Addr().Is4() != tt.want[i] {
					t.Errorf("socket %d is bound to %v, want IPv4 %v", i, a, tt.want[i])
				}
			}
			if len(l.dht) == 0 {
				return
			}
			again := tt.cfg
			again.DHTAddr = l.dht[0].LocalAddr().String()
			if err := new(listeners).listenDHT(again); err == nil {
				t.Errorf("%s was bound twice", again.DHTAddr)
			}
		})
	}
}
