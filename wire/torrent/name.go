package torrent

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fallbackName is the name of an object whose key has no usable last segment.
const fallbackName = "object"

// maxNameBytes is what common file systems hold in one name; a key may have 1024 bytes.
const maxNameBytes = 255

// maxExtensionBytes of a long name survive its shortening, with their dot.
const maxExtensionBytes = 16

// NameFromKey returns the name under which clients store the object: the last segment of its key
// that is not empty. Control characters, backslashes (a separator for some clients) and invalid
// UTF-8 become "_", a name over 255 bytes loses its middle, and what is left of ".", ".." or nothing
// is "object". The name is part of the infohash.
func NameFromKey(key string) string {
	key = strings.TrimRight(key, "/")
	name := cleanName(key[strings.LastIndexByte(key, '/')+1:])
	if !validName(name) {
		return fallbackName
	}
	return name
}

// cleanName makes one segment of a key what a file system takes, except that it may still be "", "." or "..".
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '\\' || unicode.IsControl(r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	return shorten(name)
}

// shorten cuts a name to maxNameBytes at a character, keeping a short extension.
func shorten(name string) string {
	if len(name) <= maxNameBytes {
		return name
	}
	ext := name[max(strings.LastIndexByte(name, '.'), 0):]
	if len(ext) > maxExtensionBytes {
		ext = ""
	}
	cut := maxNameBytes - len(ext)
	for !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut] + ext
}

// validName reports whether a client can store a file under name without leaving its folder.
func validName(name string) bool {
	return name != "" && name != "." && name != ".." && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, func(r rune) bool {
			return r == '/' || r == '\\' || unicode.IsControl(r)
		})
}
