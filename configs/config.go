// Package configs knows every setting of coach: its name in the file, in the
// environment and on the command line, its default, what it means and whether
// it is a secret.
//
// One table, [Keys], says all of that, and everything else reads it: [Load],
// `coach config`, the example file, the flags and the README. Layers win in
// this order: defaults, the file of --config, .env (in development only), the
// environment, flags. Loading is strict: it refuses what it does not know,
// names the nearest known name, and reports every problem at once, each with
// the place it came from and what to do about it. Nothing here is global:
// files and environment are handed in, so that two configurations can live in
// one process, as they do in tests.
package configs

import (
	"net"
	"net/netip"
	"strconv"
	"time"
)

// Environment says what kind of place the server runs in.
type Environment string

// The environments. Whatever is not development counts as deployed: it listens
// on all addresses and must be given its secret.
const (
	Development Environment = "development"
	Staging     Environment = "staging"
	Production  Environment = "production"
)

// Config is a complete, checked configuration. Its zero value is of no use;
// take one from [Load].
type Config struct {
	Environment Environment
	// DataDir is the folder of everything coach keeps on this machine; made
	// with mode 0700 by who first writes there.
	DataDir  string
	Server   Server
	Database Database
	Auth     Auth
	Limits   Limits
	Realtime Realtime
	AI       AI
	Upload   Upload
	Cluster  Cluster
	Log      Log

	Housekeeping Housekeeping
	Backup       Backup
}

// Server is about the one port and what stands before it.
type Server struct {
	// Host is an address or a name to listen on; "" is all addresses.
	Host string
	Port int // 0 takes a free one
	// PublicURL is how the world reaches this server, without a final slash;
	// "" means: as the request says.
	PublicURL string
	// FrontendURL lists the origins whose pages may call, as browsers send
	// them: scheme://host[:port].
	FrontendURL []string
	// TrustedProxies are the addresses whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// DrainTimeout bounds a graceful stop.
	DrainTimeout time.Duration
	// AdminSocket is the path of the operators' Unix socket; "" when off.
	AdminSocket string
	Compression bool // of replies
	NoWeb       bool // leave out the page at / and the documentation at /docs
	TLS         TLS
}

// Addr is the address to listen on, as net.Listen takes it.
func (s Server) Addr() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// TLS is given by files or by ACME, never by both.
type TLS struct {
	CertFile, KeyFile string
	ACMEDomains       []string
	// ACMEEmail is whom the authority may write to; ACMEDirectory is its URL,
	// "" for Let's Encrypt; ACMECAFile holds the certificates that vouch for
	// an authority of one's own.
	ACMEEmail, ACMEDirectory, ACMECAFile string
	// RedirectPort listens without TLS and sends callers to https; 0: none.
	RedirectPort int
}

// On reports whether the server speaks TLS itself.
func (t TLS) On() bool { return t.CertFile != "" || len(t.ACMEDomains) > 0 }

// Database says where the records are.
type Database struct {
	// URL is sqlite://path or postgres://…, with sslmode settled; it may hold
	// a password, so it prints masked.
	URL SecretURL
	// SSL is what DATABASE_SSL said; URL already obeys it.
	SSL      string
	MaxConns int // 0: a number that suits the machine
	// SQLiteSynchronous is FULL or NORMAL.
	SQLiteSynchronous string
}

// Auth is about tokens and passwords.
type Auth struct {
	// JWTSecret signs tokens. It may be empty in development until
	// [Config.EnsureSecret] has run.
	JWTSecret Secret
	// JWTSecretPrevious still verifies, while a secret is being replaced.
	JWTSecretPrevious Secret
	JWTExpiresIn      time.Duration
	// SessionIdle ends a session that nobody uses for so long; 0: never.
	SessionIdle time.Duration
	Argon2      Argon2
}

// Argon2 is what one password hash costs; the names are RFC 9106's.
type Argon2 struct {
	MemoryKiB   int
	Iterations  int
	Parallelism int
}

// Limits are those that do not depend on a tier.
type Limits struct {
	// Enabled is false for benches only.
	Enabled bool
	// Window and MaxRequests are the anonymous limit, per address.
	Window      time.Duration
	MaxRequests int
}

// Realtime is the numbers of Engine.IO and Socket.IO.
type Realtime struct {
	PingInterval     time.Duration
	PingTimeout      time.Duration
	ConnectTimeout   time.Duration
	UpgradeTimeout   time.Duration
	MaxPayload       int // bytes of one packet from a client
	Transports       []string
	RecoveryWindow   time.Duration
	RecoveryMaxBytes int // per node
	// OutboxSoft and OutboxHard are bytes waiting for one socket: over the
	// first, deltas are dropped; over the second, the transport is closed.
	OutboxSoft, OutboxHard int
}

// AI is about who writes the answers.
type AI struct {
	OpenAIKey     Secret
	OpenAIModel   string
	OpenAIBaseURL string
	// Models is the order in which models are tried; see [AI.Chain].
	Models []string
	// Policies says of single models what their names do not tell.
	Policies []ModelPolicy
	// Prompts is a folder that takes the place of the prompts built in; "" is
	// none.
	Prompts string
	// FirstToken, Idle and Total bound one call of a model: until its first
	// token, between two, and in all.
	FirstToken, Idle, Total time.Duration
	Workers                 int // answers written at once by this node
	// Lease is how long an answer waits for a worker that is gone.
	Lease time.Duration
}

// Upload says where images live, and how many.
type Upload struct {
	// Dir is the folder of images on the local disk, and of those under way.
	Dir string
	// Share is how many bytes one person may have stored.
	Share int
	// MaxPixels is how large one picture may be.
	MaxPixels int
	// ModelEdge is the longest side of what a model is shown, in pixels.
	ModelEdge int
	// Loose is how long an image may stay that no message shows.
	Loose      time.Duration
	Cloudinary Cloudinary
}

// Cloudinary is an account there; a zero one means the local disk.
type Cloudinary struct {
	URL       SecretURL // cloudinary://key:secret@cloud; instead of the other three
	CloudName string
	APIKey    string
	APISecret Secret
}

// Cluster is about several nodes.
type Cluster struct {
	RedisURL SecretURL
	// Bus is auto, memory, redis or postgres.
	Bus string
}

// Log says how the server's log reads.
type Log struct {
	Level  string // debug, info, warn, error
	Format string // auto, json, text
}

// Backup says where backups are kept, and how often `serve` makes one.
type Backup struct {
	// Dir is the folder of backups; a disk of its own is the better place.
	Dir string
	// Every is the time between scheduled backups; 0: none are scheduled.
	Every time.Duration
	// Keep is how many scheduled backups are kept.
	Keep int
}

// Housekeeping says what is removed when, and how much room is left alone.
type Housekeeping struct {
	// Every is how often things are swept.
	Every time.Duration
	// Sessions and Audit are how long sessions that ended and entries of the
	// audit log are kept; 0: for ever.
	Sessions, Audit time.Duration
	// DiskReserveMiB is how much must stay free on the disk; 0: nothing.
	DiskReserveMiB int
}
