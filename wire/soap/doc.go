// Package soap is SOAP 1.1 messages and what they are packed in: as plain XML, in DIME (draft-nielsen-dime-02), in MIME
// multipart/related (SOAP Messages with Attachments) and as XOP (MTOM).
//
// A Reader tells the packaging of a message by its media type and gives its parts one after the other: the envelope, which
// Parse reads whole, and attachments, which stream. A Frame packs an answer with one attachment whose size is known.
//
// Invariants: what is read is bounded by the constants of limits.go, but for the content of attachments, of which nothing
// is kept. A message has neither a document type nor entities of its own nor processing instructions.
package soap
