"""A libtorrent peer that stays: lt_peer.py TORRENT DIRECTORY ADDRESS:PORT leech|seed|superseed [UP]

Prints "ready" when it is set up, begins when it reads a line, prints "complete" when it has everything. The settings
are libtorrent's defaults but for discovery outside the tracker and the swarm. UP bounds what it uploads, in bytes a second.
"""
import sys
import time

import libtorrent as lt

torrent, directory, listen, role = sys.argv[1:5]
session = lt.session({
    "listen_interfaces": listen, "outgoing_interfaces": listen.rsplit(":", 1)[0],
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "alert_mask": lt.alert.category_t.error_notification | lt.alert.category_t.status_notification,
})
params = lt.add_torrent_params()
params.ti = lt.torrent_info(torrent)
params.save_path = directory
params.flags &= ~lt.torrent_flags.auto_managed & ~lt.torrent_flags.paused
if role == "superseed":
    params.flags |= lt.torrent_flags.super_seeding
print("ready", flush=True)
sys.stdin.readline()
handle = session.add_torrent(params)
if len(sys.argv) > 5:
    handle.set_upload_limit(int(sys.argv[5]))  # the session's limit does not hold for peers on this machine
complete = False
while True:
    session.wait_for_alert(200)
    session.pop_alerts()
    if not complete and handle.status().is_seeding:
        complete = True
        print("complete", flush=True)
    time.sleep(0.02)
