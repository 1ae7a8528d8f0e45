"""Seeds one file with libtorrent: lt_seed.py TORRENT DIRECTORY PORT. Prints "seeding" when the file is checked.

Choking, hashing threads and discovery are set so that nothing but seeding is measured; the rest is its default.
"""
import sys
import time

import libtorrent as lt

torrent, directory, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
session = lt.session({
    "listen_interfaces": f"127.0.0.1:{port}",
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "unchoke_slots_limit": -1, "allow_multiple_connections_per_ip": True,
    "max_allowed_in_request_queue": 2000, "send_buffer_watermark": 4 << 20, "alert_mask": 0,
})
params = lt.add_torrent_params()
params.ti = lt.torrent_info(torrent)
params.trackers, params.save_path = [], directory
params.flags &= ~lt.torrent_flags.auto_managed & ~lt.torrent_flags.paused
handle = session.add_torrent(params)
handle.replace_trackers([])
while not handle.status().is_seeding:
    time.sleep(0.1)
print("seeding", flush=True)
while True:
    time.sleep(60)
