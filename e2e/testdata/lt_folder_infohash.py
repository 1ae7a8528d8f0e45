"""Makes a torrent of a folder with libtorrent and prints its infohashes as JSON.

usage: lt_folder_infohash.py FOLDER PIECE_LENGTH v1|hybrid|v2
"""

import json
import os
import sys

import libtorrent as lt

folder, piece_length = os.path.abspath(sys.argv[1]), int(sys.argv[2])
make = lt.create_torrent
flags = {"v1": make.v1_only, "hybrid": 0, "v2": make.v2_only}[sys.argv[3]]
if sys.argv[3] != "v2":
    flags |= make.canonical_files_no_tail_padding

files = lt.file_storage()
lt.add_files(files, folder)
torrent = make(files, piece_length, flags | make.no_attributes)
lt.set_piece_hashes(torrent, os.path.dirname(folder))
info = lt.torrent_info(lt.bencode(torrent.generate()))
print(json.dumps({"v1": str(info.info_hashes().v1), "v2": str(info.info_hashes().v2)}))
