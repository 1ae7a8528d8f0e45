// Package tuple encodes keys: tuples of fields in bytes whose order is the order of the tuples,
// compared field by field.
//
// A key is built by appending (AppendString, AppendUint64, ...) to a slice that starts with the
// table's prefix byte, and read back by a Decoder in the same order. Strings compare as bytes, which
// is S3's order (UTF-8 binary). The encoding is canonical and is drawn in docs/format/kv.md.
//
// Pure functions; nothing here is shared.
package tuple
