package config

import (
	"log/slog"
	"time"
)

// Config is everything `shoal serve` can be told. The struct tags are read by the command line parser:
// a field's flag, file key and SHOAL_ variable have the same name, its words joined by '-' or '_'.
type Config struct {
	Data string `default:"./data" type:"path" help:"Directory of all state; created if missing."`

	S3Addr      string `name:"s3-addr" default:":9000" help:"HOST:PORT of S3 (REST and SOAP), IAM, health and metrics."`
	TrackerAddr string `default:":6969" help:"HOST:PORT of the HTTP tracker, and of the UDP tracker on the same number."`
	PeerAddr    string `default:":6881" help:"HOST:PORT on which BitTorrent peers are accepted."`
	UTP         bool   `name:"utp" default:"true" negatable:"" help:"Accept peers over uTP too (BEP 29), on the UDP port of the same number."`

	AnnounceWS    bool     `name:"announce-ws" help:"Name the WebSocket tracker, for WebTorrent peers, in .torrent files and magnet links too."`
	PublicHost    string   `help:"Host name or address in announce URLs and magnet links (default: the host the request was sent to)."`
	Domain        []string `help:"Domain under which buckets are addressed as virtual hosts (BUCKET.DOMAIN); may be repeated."`
	WebsiteDomain []string `help:"Domain under which buckets are websites (BUCKET.DOMAIN); may be repeated."`
	Region        string   `default:"us-east-1" help:"Region that signatures name."`

	TLSCert     string   `name:"tls-cert" type:"path" placeholder:"FILE" help:"Certificate and its chain (PEM) with which the S3 address speaks TLS; read again when the file changes."`
	TLSKey      string   `name:"tls-key" type:"path" placeholder:"FILE" help:"Private key (PEM) of --tls-cert."`
	ACMEDomain  []string `name:"acme-domain" help:"Name to get a certificate for by ACME, with which the S3 address speaks TLS; may be repeated; *.NAME needs --acme-dns-hook."`
	ACMEEmail   string   `name:"acme-email" help:"Address at which the ACME CA reaches the operator."`
	ACMECA      string   `name:"acme-ca" default:"https://acme-v02.api.letsencrypt.org/directory" help:"URL of the ACME CA's directory; to use a CA is to agree to its terms."`
	ACMECARoot  string   `name:"acme-ca-root" type:"path" placeholder:"FILE" help:"Root certificates (PEM) of a private ACME CA (default: those of the system)."`
	ACMEDNSHook string   `name:"acme-dns-hook" type:"path" placeholder:"FILE" help:"Program that proves names to the CA by DNS-01, run as FILE present FQDN VALUE, and with cleanup in the end."`
	HTTPAddr    string   `name:"http-addr" help:"HOST:PORT that redirects plain HTTP to the S3 address with TLS, and proves names to the CA by HTTP-01 (default: none)."`
	TrackerTLS  bool     `name:"tracker-tls" help:"Speak TLS on the HTTP and WebSocket tracker too, and name it https and wss in torrents."`

	SOAPHTTP bool `name:"soap-http" help:"Serve the SOAP API without TLS too: its signatures cover neither content nor key."`

	KMSKeyFile   string `name:"kms-key-file" type:"path" placeholder:"FILE" help:"File with the keys of SSE-S3 and SSE-KMS; made if missing (default: encryption-keys in --data)."`
	SSECOverHTTP string `name:"sse-c-over-http" default:"loopback" enum:"loopback,never,always" help:"Where keys of customers (SSE-C) may come from without TLS: loopback, never or always."`

	DefaultObjectOwnership string        `default:"BucketOwnerPreferred" enum:"BucketOwnerPreferred,ObjectWriter,BucketOwnerEnforced" help:"Object ownership of new buckets; ACLs work unless BucketOwnerEnforced."`
	TorrentVersion         string        `default:"1" enum:"1,hybrid,2" help:"Version of the torrents that ?torrent answers by default: 1 is read by every client."`
	WebSeed                string        `name:"webseed" default:"off" enum:"off,on,governed" help:"List the object's URL as a web seed in its .torrent: off, on, or governed (refused while the peers have a whole copy)."`
	Seeding                string        `default:"egress" enum:"egress,balanced,speed" help:"What the seeder spares: egress (about one copy leaves it for a crowd), balanced (up to a quarter of what a crowd moves) or speed (plain seeding)."`
	LifecycleDay           time.Duration `default:"24h" help:"Length of one lifecycle day; tests use seconds."`

	PeerEncryption string `default:"accept" enum:"accept,require,off" help:"Encrypted peer connections: accept (payload in the clear if the peer agrees), require (RC4 alone) or off."`

	DHT          bool     `name:"dht" help:"Announce hot public torrents to the DHT (BEP 5), as a read-only node (BEP 43)."`
	DHTAddr      string   `name:"dht-addr" default:":0" help:"HOST:PORT of the DHT's UDP sockets, one for IPv4 and one for IPv6; nobody needs to reach them."`
	DHTBootstrap []string `name:"dht-bootstrap" default:"router.bittorrent.com:6881,dht.transmissionbt.com:6881,dht.libtorrent.org:25401" help:"HOST:PORT of DHT nodes to begin with; several are parted by commas."`
	DHTLookups   int      `name:"dht-lookups" default:"60" help:"DHT lookups begun in a minute, one for each infohash and address family; later ones wait."`
	DHTTorrents  int      `name:"dht-torrents" default:"1000" help:"Torrents announced to the DHT at the same time, those with most peers."`

	MaxRequests       int      `default:"1024" help:"S3 requests served at the same time; further ones are answered 503 SlowDown."`
	MaxPeers          int      `default:"20000" help:"BitTorrent peer connections held at the same time."`
	MaxPeersPerSwarm  int      `default:"500" help:"Peer connections of one torrent held at the same time."`
	MaxPeersPerIP     int      `name:"max-peers-per-ip" default:"64" help:"Peer connections from one address held at the same time."`
	PeerRate          ByteRate `default:"0" help:"Most payload sent to one BitTorrent peer, such as 10MiB/s; 0 is no limit."`
	SwarmRate         ByteRate `default:"0" help:"Most payload sent of one torrent, such as 10MiB/s; 0 is no limit."`
	BucketRate        ByteRate `default:"0" help:"Most payload sent of one bucket's torrents, such as 10MiB/s; 0 is no limit."`
	UploadRate        ByteRate `default:"0" help:"Most payload sent to all BitTorrent peers, such as 10MiB/s; 0 is no limit."`
	TrackerConnsPerIP int      `name:"tracker-conns-per-ip" default:"1024" help:"HTTP and WebSocket connections to the tracker from one address (IPv6 /64) held at the same time; 0 is no limit."`
	TrackerRate       int      `default:"500" help:"Tracker requests per second that are answered to one network (IPv4 /24, IPv6 /56); 0 is no limit."`
	ScrubBytesPerSec  int64    `default:"8388608" help:"Bytes per second at which stored blobs are re-read and verified; 0 turns it off."`
	MetricsFromAnyone bool     `help:"Serve /_shoal/metrics to every address, not only to loopback."`

	RootAccessKey string `help:"Access key of the root user (default: made on first start, stored, printed once)."`
	RootSecretKey Secret `help:"Secret key of the root user."`

	OIDCIssuer   string   `name:"oidc-issuer" help:"URL of the OpenID Connect provider whose tokens AssumeRoleWithWebIdentity takes."`
	OIDCClientID []string `name:"oidc-client-id" help:"Audience that such a token may have; may be repeated."`
	OIDCJWKS     string   `name:"oidc-jwks" type:"path" help:"File with the provider's JSON Web Key Set (default: fetched from the issuer)."`

	EventTarget []string `placeholder:"NAME=URL" help:"Target that buckets may send their events to, as arn:shoal:sqs::NAME:KIND; http and https URLs are webhooks, nats and kafka (with +tls) brokers; may be repeated."`
	EventSecret []Secret `placeholder:"NAME=SECRET" help:"Secret of a target: the bearer token of a webhook, USER:PASSWORD of a broker, or a token of NATS; may be repeated."`
	EventQueue  int      `default:"100000" help:"Events that may wait for one target; further ones are dropped and counted, while requests go on."`

	PricePlan string `default:"aws-s3-2026" placeholder:"FILE|NAME" help:"Price plan of statements: the name of one that comes with Shoal (shoal bill plans), or a TOML file."`

	LogDeliveryInterval time.Duration `default:"5m" help:"Time between two deliveries of access logs; what gathers fast is delivered sooner."`

	LogLevel  slog.Level `default:"INFO" help:"Least severe level logged: DEBUG, INFO, WARN or ERROR."`
	LogFormat string     `default:"text" enum:"text,json" help:"Form of log lines: text or json."`
}

// TLS reports whether the S3 address speaks TLS.
func (c *Config) TLS() bool { return c.TLSCert != "" || len(c.ACMEDomain) > 0 }

// Secret is a string that does not show itself in logs or formatted output.
type Secret string

// String returns a placeholder.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[secret]"
}

// GoString returns a placeholder.
func (s Secret) GoString() string { return s.String() }

// LogValue returns a placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns a placeholder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }
