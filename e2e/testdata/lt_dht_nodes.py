"""A DHT of libtorrent nodes on this machine: lt_dht_nodes.py COUNT ADDRESS...

Node n listens on 127.0.9.n, and on the further addresses with the same port. Prints "nodes ADDRESS:PORT,..." once they know each other, then a line
"announce INFOHASH ADDRESS:PORT" for every announce that a node has taken. Nothing of it leaves the machine.
"""
import collections
import socket
import sys
import time

import libtorrent as lt

settings = {
    "enable_dht": True, "dht_bootstrap_nodes": "",
    "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    # Many nodes of one network, and each may ask as often as it likes.
    "dht_restrict_routing_ips": False, "dht_restrict_search_ips": False, "dht_ignore_dark_internet": False,
    "dht_block_ratelimit": 1000,
    "alert_mask": lt.alert.category_t.dht_notification | lt.alert.category_t.stats_notification,
}
count, further = int(sys.argv[1]), sys.argv[2:]


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def node(n):
    port = free_port()
    listen = ",".join(f"[{a}]:{port}" if ":" in a else f"{a}:{port}" for a in [f"127.0.9.{n}", *further])
    return lt.session({**settings, "listen_interfaces": listen})


sessions = [node(n) for n in range(1, count + 1)]
nodes = [(f"127.0.9.{n}", s.listen_port()) for n, s in enumerate(sessions, 1)]
for s in sessions:
    for host, port in nodes:
        if port != s.listen_port():
            for address in [host, *further]:
                s.add_dht_node((address, port))

# How many others each knows: a session reports on each of its addresses in turn.
addresses = 1 + len(further)
known = [collections.deque([0] * addresses, addresses) for _ in sessions]
ready = False
while True:
    for i, s in enumerate(sessions):
        if not ready:
            s.post_dht_stats()
        for alert in s.pop_alerts():
            if isinstance(alert, lt.dht_announce_alert):
                print(f"announce {alert.info_hash} {alert.ip}:{alert.port}", flush=True)
            elif isinstance(alert, lt.dht_stats_alert):
                known[i].append(sum(bucket["num_nodes"] for bucket in alert.routing_table))
    if not ready and min(map(min, known)) >= len(sessions) // 2:
        ready = True
        print("nodes " + ",".join(f"{host}:{port}" for host, port in nodes), flush=True)
    time.sleep(0.05)
