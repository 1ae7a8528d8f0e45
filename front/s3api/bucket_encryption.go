package s3api

import (
	"net/http"
	"slices"

	"shoal/core/encryption"
	"shoal/core/object"
)

// encryptionConfiguration is the body of PutBucketEncryption.
type encryptionConfiguration struct {
	Rules []struct {
		Default *struct {
			Algorithm string `xml:"SSEAlgorithm"`
			KMSKeyID  string `xml:"KMSMasterKeyID"`
		} `xml:"ApplyServerSideEncryptionByDefault"`
		BucketKey bool `xml:"BucketKeyEnabled"`
		Blocked   *struct {
			Types []string `xml:"EncryptionType"`
		} `xml:"BlockedEncryptionTypes"`
	} `xml:"Rule"`
}

// Values of BlockedEncryptionTypes.
const (
	blockCustomerKeys = "SSE-C"
	blockNone         = "NONE"
)

func blocksCustomerKeys(b *object.Bucket) bool {
	return b.Config.Encryption != nil && slices.Contains(b.Config.Encryption.BlockedTypes, blockCustomerKeys)
}

// getBucketEncryption answers GET ?encryption. A bucket on which it was never set encrypts nothing by itself, and says so.
func (h *Handler) getBucketEncryption(c *call) (*response, error) {
	d := c.bucket.Config.Encryption
	if d == nil {
		return nil, errorOf(codeNoSuchEncryption, "", element{"BucketName", c.bucket.Name})
	}
	x := newXML("ServerSideEncryptionConfiguration")
	x.open("Rule")
	if d.Mode != encryption.None {
		x.open("ApplyServerSideEncryptionByDefault")
		if d.Mode == encryption.KMS {
			x.text("SSEAlgorithm", sseKMS)
			if d.KMSKeyID != "" {
				x.text("KMSMasterKeyID", d.KMSKeyID)
			}
		} else {
			x.text("SSEAlgorithm", sseS3)
		}
		x.close("ApplyServerSideEncryptionByDefault")
	}
	x.bool("BucketKeyEnabled", d.BucketKey)
	if len(d.BlockedTypes) > 0 {
		x.open("BlockedEncryptionTypes")
		for _, kind := range d.BlockedTypes {
			x.text("EncryptionType", kind)
		}
		x.close("BlockedEncryptionTypes")
	}
	x.close("Rule")
	return x.response(), nil
}

// putBucketEncryption sets how objects that are put from now on are encrypted.
func (h *Handler) putBucketEncryption(c *call) (*response, error) {
	var doc encryptionConfiguration
	if err := c.readXML(maxConfigXML, "ServerSideEncryptionConfiguration", &doc); err != nil {
		return nil, err
	}
	d, err := doc.encryption()
	if err != nil {
		return nil, err
	}
	return h.setBucketEncryption(c, d, http.StatusOK)
}

// deleteBucketEncryption answers DELETE ?encryption.
func (h *Handler) deleteBucketEncryption(c *call) (*response, error) {
	return h.setBucketEncryption(c, nil, http.StatusNoContent)
}

func (h *Handler) setBucketEncryption(c *call, d *object.BucketEncryption, status int) (*response, error) {
	err := h.objects.UpdateBucket(c.ctx, c.bucket.Name, func(cfg *object.BucketConfig) error {
		cfg.Encryption = d
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &response{status: status}, nil
}

// encryption is what the document asks for: one rule, which says something.
func (doc *encryptionConfiguration) encryption() (*object.BucketEncryption, error) {
	if len(doc.Rules) != 1 || doc.Rules[0].Default == nil && doc.Rules[0].Blocked == nil {
		return nil, errorOf(codeMalformedXML, "")
	}
	rule := doc.Rules[0]
	d := &object.BucketEncryption{BucketKey: rule.BucketKey}
	if rule.Blocked != nil {
		d.BlockedTypes = rule.Blocked.Types
		for _, kind := range d.BlockedTypes {
			if kind != blockCustomerKeys && kind != blockNone || len(d.BlockedTypes) > 1 {
				return nil, errorOf(codeMalformedXML, "")
			}
		}
	}
	if rule.Default == nil {
		return d, nil
	}
	d.KMSKeyID = rule.Default.KMSKeyID
	switch rule.Default.Algorithm {
	case sseS3:
		d.Mode = encryption.S3
	case sseKMS:
		d.Mode = encryption.KMS
	case sseDouble:
		return nil, errorOf(codeNotImplemented, "Dual-layer encryption (aws:kms:dsse) is not implemented.")
	default:
		return nil, errorOf(codeMalformedXML, "")
	}
	if len(d.KMSKeyID) > maxKMSKeyID || d.KMSKeyID != "" && d.Mode != encryption.KMS {
		return nil, invalidArgument("a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse", "KMSMasterKeyID", "")
	}
	return d, nil
}
