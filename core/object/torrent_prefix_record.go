package object

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"shoal/storage/kv/tuple"
	"shoal/wire/torrent"
)

// id is that of the torrents of p: a hash of the bucket, the folder and each object's key and version. It is in the
// place of a version id in the rows of torrents, and no more likely to be one than two of those are the same.
func (p *prefixListing) id() (id VersionID) {
	h := sha256.New()
	h.Write(p.bucket.ID[:])
	text := func(s string) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	text(p.folder)
	for i := range p.files {
		text(p.files[i].key)
		h.Write(p.files[i].version[:])
	}
	copy(id[:], h.Sum(nil))
	return id
}

// prefixKey is the place of a prefix torrent among those of its bucket; parseTorrentKey is its inverse.
func prefixKey(bucket BucketID, id VersionID) []byte {
	return tuple.AppendID16(append(key(kindPrefix, len(bucket)+len(id)), bucket[:]...), id)
}

// listFieldFile is a file in the list of files, repeated, in their order.
const listFieldFile = 1

// Fields of a file.
const (
	fileFieldKey = iota + 1 // behind the folder
	fileFieldVersion
	fileFieldLength
	fileFieldRoot
	fileFieldPath // segments, joined by "/"; only when it is not the key
)

// encodeFiles is the list of files of a prefix torrent, whose keys have folder bytes in common.
func encodeFiles(folder int, files []File) []byte {
	b := newRecord(96 * len(files))
	for i := range files {
		f := &files[i]
		var m []byte
		m = appendText(m, fileFieldKey, f.key[folder:])
		m = appendID(m, fileFieldVersion, f.version)
		m = appendUint(m, fileFieldLength, uint64(f.Length))
		if f.Root != (torrent.Hash{}) {
			m = appendText(m, fileFieldRoot, f.Root[:])
		}
		if path := strings.Join(f.path, "/"); path != f.key[folder:] {
			m = appendText(m, fileFieldPath, path)
		}
		b = appendMessage(b, listFieldFile, m)
	}
	return b
}

func decodeFiles(folder string, record []byte) (files []File, err error) {
	err = readRecord(record, func(f field) error {
		if f.num != listFieldFile {
			return nil
		}
		if len(files) == torrent.MaxFiles {
			return fmt.Errorf("%w: over %d files", errRecord, torrent.MaxFiles)
		}
		file, err := decodeFile(folder, f.data)
		files = append(files, file)
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%w: no files", errRecord)
	}
	return files, err
}

func decodeFile(folder string, message []byte) (file File, err error) {
	path := ""
	err = readFields(message, func(f field) (err error) {
		switch f.num {
		case fileFieldKey:
			file.key = f.string()
		case fileFieldVersion:
			file.version, err = f.id()
		case fileFieldLength:
			if file.Length = f.int64(); file.Length < 0 {
				err = fmt.Errorf("%w: file of %d bytes", errRecord, file.Length)
			}
		case fileFieldRoot:
			err = f.fill(file.Root[:])
		case fileFieldPath:
			path = f.string()
		}
		return err
	})
	if path == "" {
		path = file.key
	}
	file.key, file.path = folder+file.key, strings.Split(path, "/")
	return file, err
}
