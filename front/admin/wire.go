package admin

import "time"

// NewUser is what CreateUser takes. Only Name is required; what is empty is made.
type NewUser struct {
	Name        string `json:"name"`
	AccessKey   string `json:"access_key,omitempty"`
	SecretKey   string `json:"secret_key,omitempty"`
	CanonicalID string `json:"canonical_id,omitempty"`
	DisplayName string `json:"display_name,omitempty"`
	Email       string `json:"email,omitempty"`
	Role        string `json:"role,omitempty"` // user, userplus (default) or admin
}

// User is a user as listed.
type User struct {
	Name        string    `json:"name"`
	CanonicalID string    `json:"canonical_id"`
	DisplayName string    `json:"display_name"`
	Email       string    `json:"email,omitempty"`
	Role        string    `json:"role"`
	Created     time.Time `json:"created"`
	AccessKeys  []string  `json:"access_keys"`
}

// MadeUser is a new user with its key. The secret is shown here and nowhere else.
type MadeUser struct {
	User
	AccessKey string `json:"access_key"`
	SecretKey string `json:"secret_key"`
}

// UsageQuery asks for a usage report. To is exclusive.
type UsageQuery struct {
	From, To    time.Time
	Granularity string // hour, day or month
	Format      string // csv, xml or json

	Account    string   // name, number or canonical id; "" = all for root, the caller's own for others
	Bucket     string   // "" = all
	Operations []string // of both, none = all
	UsageTypes []string

	SplitTorrent bool // a row for each protocol, with a column for it
}

// FsckReport is what fsck found. Nothing is repaired.
type FsckReport struct {
	Findings  []Finding `json:"findings"`
	Truncated bool      `json:"truncated"` // there was more than is listed
	Rows      int64     `json:"rows"`
	Blobs     int64     `json:"blobs"`
	BlobBytes int64     `json:"blob_bytes"` // at rest
}

// Finding is one disagreement between metadata and content.
type Finding struct {
	Kind     string `json:"kind"`
	Resource string `json:"resource"`
	Detail   string `json:"detail"`
}

// Status is the live state of the server.
type Status struct {
	Swarms      int   `json:"swarms"`
	Peers       int   `json:"peers"`       // announced
	Connections int   `json:"connections"` // of the seeder
	SentBytes   int64 `json:"sent_bytes"`  // torrent payload since the start
}

// failure is the body of an error.
type failure struct {
	Error string `json:"error"`
	Kind  string `json:"kind"`
}
