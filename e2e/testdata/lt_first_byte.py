"""Asks for torrents that nobody asked for before and prints how long libtorrent takes to their first payload byte.

usage: lt_first_byte.py OBJECT_URL...
Each object is timed from the request for its ?torrent on; the seeder's address is that of the magnet link.
"""

import sys
import tempfile
import time
import urllib.parse
import urllib.request

import libtorrent as lt

session = lt.session({
    "listen_interfaces": "127.0.0.1:0", "enable_dht": False, "enable_lsd": False, "enable_upnp": False,
    "enable_natpmp": False, "enable_outgoing_utp": False, "tick_interval": 10,
    "alert_mask": lt.alert.category_t.progress_notification | lt.alert.category_t.status_notification,
})
took = []
with tempfile.TemporaryDirectory() as directory:
    for url in sys.argv[1:]:
        begin = time.monotonic()
        with urllib.request.urlopen(url + "?torrent") as answer:
            torrent, magnet = answer.read(), answer.headers["x-shoal-magnet"]
        answered = time.monotonic()
        params = lt.add_torrent_params()
        params.ti = lt.torrent_info(lt.bdecode(torrent))
        params.save_path = directory
        params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)  # at once, not at the queue's next look
        host, port = urllib.parse.parse_qs(magnet.split("?", 1)[1])["x.pe"][0].rsplit(":", 1)
        handle = session.add_torrent(params)
        handle.connect_peer((host, int(port)))
        done = False
        while not done and time.monotonic() - begin < 3:
            session.wait_for_alert(100)
            done = any(isinstance(a, (lt.piece_finished_alert, lt.torrent_finished_alert)) and a.handle == handle
                       for a in session.pop_alerts())
        took.append((time.monotonic() - begin) * 1e3)
        print(f"answer {1e3 * (answered - begin):.1f} ms, first piece {took[-1]:.1f} ms{'' if done else ' (never)'}")
        session.remove_torrent(handle)
took.sort()
print(f"first piece: median {took[len(took) // 2]:.1f} ms, slowest {took[-1]:.1f} ms")
