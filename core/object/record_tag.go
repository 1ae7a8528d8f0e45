package object

import (
	"google.golang.org/protobuf/encoding/protowire"

	"shoal/core/access"
)

// Fields of a tag message.
const (
	tagFieldKey = iota + 1
	tagFieldValue
)

// appendTags writes each tag as an element of field num.
func appendTags(b []byte, num protowire.Number, tags []access.Tag) []byte {
	for _, t := range tags {
		b = appendMessage(b, num, appendText(appendText([]byte(nil), tagFieldKey, t.Key), tagFieldValue, t.Value))
	}
	return b
}

func decodeTag(b []byte) (t access.Tag, err error) {
	err = readFields(b, func(f field) error {
		switch f.num {
		case tagFieldKey:
			t.Key = f.string()
		case tagFieldValue:
			t.Value = f.string()
		}
		return nil
	})
	return t, err
}
