package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/config"
	"shoal/core/accesslog"
	"shoal/core/account"
	"shoal/core/billing"
	"shoal/core/budget"
	"shoal/core/encryption"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/core/quota"
	"shoal/core/savings"
	"shoal/core/swarm"
	"shoal/front/admin"
	"shoal/front/dht"
	"shoal/front/iamapi"
	"shoal/front/notification"
	"shoal/front/s3api"
	"shoal/front/seeder"
	"shoal/front/soapapi"
	"shoal/front/tracker"
	"shoal/server/certificate"
	"shoal/wire/torrent"
)

// Server is one Shoal: its stores are open and its listeners accept; Run serves.
type Server struct {
	cfg       config.Config
	log       *slog.Logger
	now       func() time.Time
	stores    *stores
	accounts  *account.Store
	objects   *object.Store
	meter     *meter.Meter
	plan      *billing.Plan
	logs      *accesslog.Deliverer
	months    *meter.Months
	quotas    *quota.Keeper
	budgets   *budget.Keeper
	savings   *savings.Book
	swarms    *swarm.Registry
	hot       *swarm.DHT
	targets   []notification.Spec
	events    *notification.Deliverer
	s3        *s3api.Handler
	soap      *soapapi.Handler
	tracker   *tracker.Tracker
	seeder    *seeder.Seeder
	dht       *dht.Announcer
	admin     *admin.Handler
	iam       *iamapi.Handler
	listeners *listeners
	rootKey   account.AccessKey
	rootMade  bool
	s3Load    s3Load

	files *certificate.Files // one of the two, with TLS
	acme  *certificate.ACME

	torrentKind torrent.Kind // of ?torrent and of shared files
	seeding     swarm.Policy
	webIdentity *webIdentity
}

// Open opens the stores, makes the root key if there is none and binds every listener. The caller
// must call Run, or Close when it does not.
func Open(ctx context.Context, cfg config.Config, log *slog.Logger) (*Server, error) {
	return OpenAt(ctx, cfg, log, time.Now)
}

// OpenAt is Open with another clock. What is recorded goes by it (objects, signatures, usage, logs, the bill); timeouts
// and rates go by the real one.
func OpenAt(ctx context.Context, cfg config.Config, log *slog.Logger, now func() time.Time) (*Server, error) {
	s := &Server{cfg: cfg, log: log, now: now}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) open(ctx context.Context) (err error) {
	if err = s.parse(); err != nil {
		return err
	}
	if err = s.openPricePlan(); err != nil {
		return err
	}
	if err = s.openData(ctx); err != nil {
		return err
	}
	if s.listeners, err = listen(s.cfg); err != nil {
		return err
	}
	if err = s.openCertificates(); err != nil {
		return err
	}
	if err = s.openEvents(); err != nil {
		return err
	}
	if err = s.openMeter(ctx); err != nil {
		return err
	}
	s.build()
	return nil
}

// parse turns settings into what they name.
func (s *Server) parse() (err error) {
	if s.torrentKind, err = torrent.ParseKind(s.cfg.TorrentVersion); err != nil {
		return fmt.Errorf("--torrent-version: %w", err)
	}
	if s.seeding, err = swarm.ParsePolicy(s.cfg.Seeding); err != nil {
		return fmt.Errorf("--seeding: %w", err)
	}
	s.webIdentity, err = newWebIdentity(s.cfg)
	return err
}

// openData opens what is at rest: accounts, with the root key in them, and objects.
func (s *Server) openData(ctx context.Context) (err error) {
	if s.stores, err = openStores(vfs.Default, s.cfg.Data, s.log); err != nil {
		return err
	}
	s.accounts = account.New(s.stores.metadata, account.Options{Now: s.now, Logger: s.log})
	s.rootKey, s.rootMade, err = s.accounts.EnsureRoot(ctx, s.cfg.RootAccessKey, account.Secret(s.cfg.RootSecretKey.Reveal()))
	if err != nil {
		return err
	}
	keys, err := encryption.OpenKeyFile(keyFile(s.cfg))
	if err != nil {
		return err
	}
	s.objects, err = object.New(s.stores.metadata, s.stores.content, object.Options{
		Clock: s.now, Logger: s.log, Keys: keys, EventQueue: s.cfg.EventQueue, LifecycleDay: s.cfg.LifecycleDay,
	})
	return err
}

// keyFile is where the keys of encryption at rest are.
func keyFile(cfg config.Config) string {
	if cfg.KMSKeyFile != "" {
		return cfg.KMSKeyFile
	}
	return filepath.Join(cfg.Data, "encryption-keys")
}

// openMeter makes the meter, what delivers the records that it keeps, what holds its counts against quotas and budgets, and
// the book of what torrents spared.
func (s *Server) openMeter(ctx context.Context) (err error) {
	s.meter = meter.New(s.stores.metadata, meter.Options{
		Now: s.now, Logger: s.log, Storage: storedBytes{s.objects}, Logged: func(bytes int64) { s.logs.Noted(bytes) },
	})
	s.logs = accesslog.New(s.stores.metadata, logBuckets{s.objects, s.now}, accesslog.Options{
		Now: s.now, Logger: s.log, Every: s.cfg.LogDeliveryInterval, Region: s.cfg.Region, Settled: s.meter.Settled,
	})
	s.months = meter.NewMonths(s.meter, s.meter, s.now)
	s.budgets = budget.New(ctx, s.accounts, s.months, budget.Options{Plan: s.plan, Now: s.now, Logger: s.log})
	s.savings = savings.New(s.stores.metadata, savings.Options{Logger: s.log})
	s.quotas, err = quota.New(ctx, counts{s.accounts, s.objects}, s.months, quota.Options{Now: s.now, Logger: s.log})
	return err
}

// build makes the parts that hold no resource of their own.
func (s *Server) build() {
	s.swarms = swarm.New(s.objects, swarm.Options{
		Logger: s.log, Guests: guests{s.accounts}, Policy: s.seeding, MaxMembers: s.cfg.MaxPeersPerSwarm, MaxMembersPerIP: s.cfg.MaxPeersPerIP,
		MayServe: s.mayServe, ServeChanged: s.budgets.Changed(), Count: s.countClaims,
	})
	s.buildDHT()
	a := s.listeners.addresses()
	s.s3 = s3api.New(s.objects, s.accounts, s.months, s3api.Options{
		Region: s.cfg.Region, Domains: s.cfg.Domain, WebsiteDomains: s.cfg.WebsiteDomain, MaxRequests: s.cfg.MaxRequests,
		Ownership: s.cfg.DefaultObjectOwnership, TorrentKind: s.torrentKind,
		Announce: s.announceURLs, PrivateAnnounce: s.privateURLs, Peers: s.seederAddrs,
		PlainKeys: s3api.PlainKeys(s.cfg.SSECOverHTTP),
		WebSeed:   s3api.WebSeed(s.cfg.WebSeed), Replicated: s.swarms.Replicated, TorrentGiven: s.torrentGiven,
		Quota: s.quotas, Budgets: s.budgets, EventTarget: s.eventTarget, Now: s.now, Logger: s.log,
	})
	s.soap = soapapi.New(s.objects, s.accounts, s.months, soapapi.Options{
		Region: s.cfg.Region, Ownership: s.cfg.DefaultObjectOwnership, OverHTTP: s.cfg.SOAPHTTP,
		Quota: s.quotas, Budgets: s.budgets, Now: s.now, Logger: s.log,
	})
	s.iam = iamapi.New(s.accounts, iamapi.Options{Region: s.cfg.Region, WebIdentity: s.webIdentity, Now: s.now, Logger: s.log})
	s.tracker = tracker.New(s.swarms, tracker.Options{
		PeerPort: a.peerPort(), PublicHost: s.cfg.PublicHost, Rate: s.cfg.TrackerRate, Logger: s.log,
	})
	s.seeder = seeder.New(s.swarms, s.objects, s.months, s.seederOptions())
	s.admin = admin.New(s.accounts, s.meter, s.objects, admin.Options{
		Status: s.status, Swarms: s.liveSwarms, DeliverLogs: s.deliverLogs, Savings: s.savings.Lines, Plan: s.plan,
		Region: s.cfg.Region, EventTarget: s.hasTarget, Now: s.now, Logger: s.log,
	})
}

// countClaims counts what peers say that they got by the clock of what is recorded: swarms go by the real one.
func (s *Server) countClaims(t *object.Torrent, _ time.Time, c savings.Counts) {
	s.savings.Count(t, s.now(), c)
}

// seederOptions are those of the configuration, within what the process may open.
func (s *Server) seederOptions() seeder.Options {
	conns := peerConns(s.cfg.MaxPeers, descriptors())
	if conns < s.cfg.MaxPeers {
		s.log.Info("fewer peer connections than asked for: the process may not open more files",
			"asked", s.cfg.MaxPeers, "connections", conns, "descriptors", descriptors())
	}
	return seeder.Options{
		MaxConns: conns, MaxConnsPerIP: s.cfg.MaxPeersPerIP, ListenPort: s.listeners.addresses().peerPort(),
		Rates: seeder.Rates{
			Peer: int64(s.cfg.PeerRate), Swarm: int64(s.cfg.SwarmRate),
			Bucket: int64(s.cfg.BucketRate), Server: int64(s.cfg.UploadRate),
		},
		Encryption: seeder.Encryption(s.cfg.PeerEncryption), Count: s.savings.Count, Busy: s.s3Load.busy, Now: s.now, Logger: s.log,
	}
}

// Run serves until ctx is done, then stops everything in reverse order within a bound and closes the
// stores. It returns nil after a clean stop.
func (s *Server) Run(ctx context.Context) error {
	return errors.Join(runParts(ctx, s.parts()), s.Close())
}

// parts is the order of start; the stop is its reverse.
func (s *Server) parts() []part {
	return []part{
		{"meter", s.meter.Run},
		{"savings", s.savings.Run},
		{"accounts", s.accounts.Run},
		{"quotas", s.quotas.Run},
		{"budgets", s.budgets.Run},
		{"objects", s.objects.Run},
		{"events", s.events.Run},
		{"alarms", s.runAlarms},
		{"access logs", s.logs.Run},
		{"scrubber", s.runScrubber},
		{"swarms", s.swarms.Run},
		{"seeder", s.runSeeder},
		{"certificates", s.runCertificates},
		{"redirect to TLS", s.runRedirect},
		{"tracker", s.runTracker},
		{"dht", s.runDHT},
		{"s3", s.runS3},
		{"admin socket", s.runAdmin},
	}
}

// Close releases listeners and stores. Run calls it; a second call does nothing.
func (s *Server) Close() error {
	var errs []error
	if s.listeners != nil {
		errs = append(errs, s.listeners.close())
	}
	if s.acme != nil {
		s.acme.Close()
	}
	if s.objects != nil {
		s.objects.Close()
	}
	if s.events != nil {
		s.events.Close()
		s.events = nil
	}
	if s.stores != nil {
		errs = append(errs, s.stores.close())
		s.stores = nil
	}
	return errors.Join(errs...)
}

// NewRootKey returns the root key when this Open has made it.
func (s *Server) NewRootKey() (accessKey, secretKey string, made bool) {
	if !s.rootMade {
		return "", "", false
	}
	return s.rootKey.ID, s.rootKey.Secret.Reveal(), true
}

// Region returns the region that signatures name.
func (s *Server) Region() string { return s.cfg.Region }

// socketPath is where the control API of the server on this data directory listens.
func socketPath(data string) string { return filepath.Join(data, "admin.sock") }

func (s *Server) status() admin.Status {
	st := s.swarms.Stats()
	return admin.Status{Swarms: st.Swarms, Peers: st.Peers, Connections: st.Members, SentBytes: st.SentBytes}
}
