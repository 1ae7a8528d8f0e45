// Package encryption is server-side encryption: the form of encrypted bytes at rest, and the keys.
//
// Each object (each multipart upload) has a random Key of its own. Each body of it, a blob or the bytes of a
// small object, is sealed under a key that is derived from that and from the body's name, in chunks of the size
// of a torrent's block (Stream): a range, or a block for a peer, is opened without the rest, nothing that was not
// authenticated is given out, and a chunk that was changed, moved, cut off or taken from another body does not open.
//
// The object's key is kept wrapped, in an Envelope beside the object: by a key of the operator (Keys, of which
// KeyFile is one) or by the customer's, which is not kept. What it is bound to, bucket and key, is authenticated.
//
// The format is docs/format/encryption.md. Everything here is safe for concurrent use, but for the readers of
// one body.
package encryption
