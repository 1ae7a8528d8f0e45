"""Downloads one torrent with libtorrent and prints one JSON line per second and a last one when complete.

usage: lt_download.py SOURCE DIRECTORY LISTEN LIMIT ENCRYPTION DHT
SOURCE is a .torrent file or a magnet link, LISTEN an address and port, LIMIT bytes per second (0: none).
ENCRYPTION (MSE) is what peers must encrypt: "" for nothing, "opening" or "payload".
DHT is ADDRESS:PORT of a node to begin with, "" for no DHT.
"""

import json
import sys
import time

import libtorrent as lt

source, directory, listen, limit = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
level = {"": lt.enc_level.both, "opening": lt.enc_level.both, "payload": lt.enc_level.rc4}[sys.argv[5]]

policy = lt.enc_policy.forced if sys.argv[5] else lt.enc_policy.enabled
session = lt.session({
    "in_enc_policy": int(policy), "out_enc_policy": int(policy),
    "allowed_enc_level": int(level),
    "listen_interfaces": listen,
    "outgoing_interfaces": listen.rsplit(":", 1)[0],
    "enable_dht": bool(sys.argv[6]),
    "dht_bootstrap_nodes": sys.argv[6],
    "dht_announce_interval": 5,  # seconds: what the first search missed, the next one finds
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_ignore_dark_internet": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "alert_mask": lt.alert.category_t.error_notification | lt.alert.category_t.tracker_notification,
})
if source.startswith("magnet:"):
    params = lt.parse_magnet_uri(source)
else:
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(source)
params.save_path = directory
handle = session.add_torrent(params)
handle.set_download_limit(limit)  # the session's limit does not hold for peers on this machine


def report(status):
    hashes = handle.info_hashes()
    print(json.dumps({
        "payload": status.total_payload_download,
        "done": status.total_wanted_done,
        "peers": status.num_peers,
        "state": str(status.state),
        "error": status.errc.message() if status.errc.value() else "",
        "v1": str(hashes.v1),
        "v2": str(hashes.v2),
    }), flush=True)


shown = time.monotonic()
while True:
    status = handle.status()
    for alert in session.pop_alerts():
        print(alert.message(), file=sys.stderr, flush=True)
    if status.errc.value():
        report(status)
        sys.exit(1)
    if status.is_seeding or status.is_finished and status.has_metadata:
        break
    if time.monotonic() - shown >= 1:
        shown = time.monotonic()
        report(status)
    time.sleep(0.05)

# The last blocks may still be on their way to the disk: a removed torrent is closed.
handle.flush_cache()
deadline = time.monotonic() + 10
while time.monotonic() < deadline:
    if any(isinstance(a, lt.cache_flushed_alert) for a in session.pop_alerts()):
        break
    time.sleep(0.02)
report(handle.status())
