"""Makes a torrent of one file with libtorrent and prints its infohashes as JSON.

usage: lt_infohash.py FILE NAME PIECE_LENGTH v1|hybrid|v2
"""

import json
import os
import sys
import tempfile

import libtorrent as lt

path, name, piece_length = sys.argv[1], sys.argv[2], int(sys.argv[3])
flags = {"v1": lt.create_torrent.v1_only, "hybrid": 0, "v2": lt.create_torrent.v2_only}[sys.argv[4]]

with tempfile.TemporaryDirectory() as directory:
    os.symlink(os.path.abspath(path), os.path.join(directory, name))
    files = lt.file_storage()
    files.add_file(name, os.path.getsize(path))
    torrent = lt.create_torrent(files, piece_length, flags)
    lt.set_piece_hashes(torrent, directory)
    info = lt.torrent_info(lt.bencode(torrent.generate()))
    print(json.dumps({"v1": str(info.info_hashes().v1), "v2": str(info.info_hashes().v2)}))
