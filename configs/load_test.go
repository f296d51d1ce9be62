package configs

import (
	"errors"
	"io/fs"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"
)

// files is a file system for Load.
type files map[string]string

func (f files) read(path string) ([]byte, error) {
	text, ok := f[filepath.ToSlash(path)]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

func noFiles(path string) ([]byte, error) { return files{}.read(path) }

const goodSecret = "Zm9ydHktdHdvLWJ5dGVzLW9mLXJhbmRvbS1zdHVmZi0x"

// load loads and wants success.
func load(t *testing.T, o LoadOptions) (Config, Sources) {
	t.Helper()
	if o.readFile == nil {
		o.readFile = noFiles
	}
	cfg, sources, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	return cfg, sources
}

// refused loads and wants exactly these problems.
func refused(t *testing.T, o LoadOptions, want ...string) {
	t.Helper()
	if o.readFile == nil {
		o.readFile = noFiles
	}
	_, _, err := Load(o)
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("Load: %v, want problems", err)
	}
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func flags(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	AddFlags(fs, "host", "port", "data-dir", "database-url", "no-web", "log-level", "log-format")
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return fs
}

func TestDefaults(t *testing.T) {
	cfg, sources := load(t, LoadOptions{})
	want := Config{
		Environment: Development,
		DataDir:     "./coach_data",
		Server: Server{
			Host: "127.0.0.1", Port: 3001, FrontendURL: []string{"http://localhost:3000"}, DrainTimeout: 10 * time.Second,
			AdminSocket: filepath.Join("coach_data", "admin", "admin.sock"), Compression: true,
		},
		Database: Database{URL: "sqlite://coach_data/coach.db", SSL: "auto", SQLiteSynchronous: "FULL"},
		Auth:     Auth{JWTExpiresIn: 7 * 24 * time.Hour, SessionIdle: 30 * 24 * time.Hour, Argon2: Argon2{MemoryKiB: 65536, Iterations: 3, Parallelism: 4}},
		Limits:   Limits{Enabled: true, Window: 15 * time.Minute, MaxRequests: 100},
		Realtime: Realtime{
			PingInterval: 25 * time.Second, PingTimeout: 20 * time.Second, ConnectTimeout: 45 * time.Second, UpgradeTimeout: 10 * time.Second,
			MaxPayload: 1_000_000, Transports: []string{"polling", "websocket"}, RecoveryWindow: 2 * time.Minute,
			RecoveryMaxBytes: 64 << 20, OutboxSoft: 256 << 10, OutboxHard: 4 << 20,
		},
		AI: AI{FirstToken: 30 * time.Second, Idle: 20 * time.Second, Total: 2 * time.Minute, Workers: 64, Lease: 15 * time.Second},
		Upload: Upload{
			Dir: filepath.Join("coach_data", "uploads"), Share: 1 << 30, MaxPixels: 40_000_000, ModelEdge: 2048, Loose: 24 * time.Hour,
		},
		Cluster: Cluster{Bus: "auto"},
		Log:     Log{Level: "info", Format: "auto"},
		Housekeeping: Housekeeping{
			Every: 5 * time.Minute, Sessions: 7 * 24 * time.Hour, Audit: 365 * 24 * time.Hour, DiskReserveMiB: 100,
		},
		Backup: Backup{Dir: filepath.Join("coach_data", "backups"), Keep: 7},
	}
	if diff := cmp.Diff(want, cfg); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	if got := sources["server.host"].String(); got != "default: 127.0.0.1 in development, all addresses otherwise" {
		t.Errorf("the host's source reads %q", got)
	}
}

// A shell gives an empty text for a variable that is not set.
func TestAnEmptyFlagIsNone(t *testing.T) {
	cfg, sources := load(t, LoadOptions{Flags: flags(t, "--data-dir", "")})
	if cfg.DataDir != "./coach_data" || sources["dataDir"].Kind != FromDefault {
		t.Errorf("data folder %q from %s", cfg.DataDir, sources["dataDir"])
	}
}

func TestLaterLayersWin(t *testing.T) {
	disk := files{
		"coach.yaml": "server:\n  port: 1\n  drainTimeout: 1s\nlog:\n  level: debug\nauth:\n  jwtExpiresIn: 1d\nai:\n  workers: 2\n",
		".env":       "LOG_LEVEL=warn\nPORT=2\nJWT_EXPIRES_IN=2d\n",
	}
	cfg, sources := load(t, LoadOptions{
		ConfigFile: "coach.yaml",
		readFile:   disk.read,
		Environ:    []string{"PORT=3", "JWT_EXPIRES_IN=3d"},
		Flags:      flags(t, "--port", "4"),
	})
	got := map[string]string{}
	for _, k := range Keys() {
		if sources[k.Path].Kind != FromDefault {
			got[k.Path] = k.Value(cfg) + " from " + sources[k.Path].String()
		}
	}
	want := map[string]string{
		"ai.workers":          "2 from coach.yaml:9",
		"server.drainTimeout": "1s from coach.yaml:3",
		"log.level":           "warn from .env:1 LOG_LEVEL",
		"auth.jwtExpiresIn":   "3d from JWT_EXPIRES_IN in the environment",
		"server.port":         "4 from --port",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func TestAllProblemsAtOnceEachWithItsPlace(t *testing.T) {
	refused(t, LoadOptions{
		ConfigFile: "coach.yaml",
		readFile: files{
			"coach.yaml": "server:\n  prot: 3001\n  compression: maybe\nlimit:\n  enabled: off\nport: 3001\nJWT_SECRET: x\nauth: 3\n",
			".env":       "# a comment\nexport LOG_LEVEL=\"loud\"\n",
		}.read,
		Environ: []string{"COACH_DATADIR=/x", "COACH_PORT=1", "COACH_TEST_REQUIRE=node", "WS_PING_INTERVAL=25s", "UNRELATED=1"},
		Flags:   flags(t, "--port", "seventy"),
	},
		`coach.yaml:2: "server.prot" is no setting; did you mean server.port?`,
		`coach.yaml:4: "limit" is no setting; `+"`coach config default` shows them all",
		`coach.yaml:6: "port" is no setting; did you mean server.port?`,
		`coach.yaml:7: "JWT_SECRET" is no setting; did you mean auth.jwtSecret?`,
		`coach.yaml:8: auth is a group: put `+"`name: value`"+` lines below it`,
		`COACH_DATADIR in the environment: is no setting; did you mean COACH_DATA_DIR?`,
		`COACH_PORT in the environment: is no setting; did you mean PORT?`,
		`--port: must be a whole number, 0 to 65535, not "seventy"`,
		`coach.yaml:3: server.compression must be on or off, not "maybe"`,
		`WS_PING_INTERVAL in the environment: must be a whole number of milliseconds, 100 to 3600000, without a unit, not "25s"`,
		`.env:2 LOG_LEVEL: must be one of debug, info, warn, error, not "loud"`,
	)
}

func TestEnvironmentNames(t *testing.T) {
	t.Run("NODE_ENV counts", func(t *testing.T) {
		cfg, _ := load(t, LoadOptions{Environ: []string{"NODE_ENV=production", "JWT_SECRET=" + goodSecret}})
		if cfg.Environment != Production || cfg.Server.Host != "" || cfg.Server.Addr() != ":3001" {
			t.Errorf("environment %s, address %s; want production on all addresses", cfg.Environment, cfg.Server.Addr())
		}
	})
	t.Run("COACH_ENV wins", func(t *testing.T) {
		cfg, _ := load(t, LoadOptions{Environ: []string{"NODE_ENV=production", "COACH_ENV=staging", "JWT_SECRET=" + goodSecret}})
		if cfg.Environment != Staging {
			t.Errorf("environment %s, want staging", cfg.Environment)
		}
	})
	t.Run("empty is not set", func(t *testing.T) {
		cfg, _ := load(t, LoadOptions{Environ: []string{"PORT=", "JWT_SECRET=", "JWT_SECRET_FILE="}})
		if cfg.Server.Port != 3001 {
			t.Errorf("port %d, want the default", cfg.Server.Port)
		}
	})
	t.Run("Kubernetes names are explained", func(t *testing.T) {
		refused(t, LoadOptions{Environ: []string{"KUBERNETES_SERVICE_HOST=10.0.0.1", "COACH_SERVICE_PORT=80"}},
			"COACH_SERVICE_PORT in the environment: is no setting: Kubernetes made it for a Service named coach; set enableServiceLinks: false in the pod's spec")
	})
}

func TestDotEnvIsForDevelopment(t *testing.T) {
	t.Run("not read elsewhere", func(t *testing.T) {
		cfg, _ := load(t, LoadOptions{
			Environ:  []string{"COACH_ENV=staging", "JWT_SECRET=" + goodSecret},
			readFile: files{".env": "PORT=9\nCOACH_NONSENSE=1\n"}.read,
		})
		if cfg.Server.Port != 3001 {
			t.Errorf("port %d came from .env", cfg.Server.Port)
		}
	})
	t.Run("cannot turn itself into production", func(t *testing.T) {
		o := LoadOptions{readFile: files{".env": "NODE_ENV=production\nJWT_SECRET=" + goodSecret}.read}
		refused(t, o, ".env:1 NODE_ENV: must be development here, since .env is read in development only; set it in the environment itself")
	})
	t.Run("malformed", func(t *testing.T) {
		refused(t, LoadOptions{readFile: files{".env": "A='x\n"}.read},
			".env: cannot be read: write NAME=value, one a line, and quote values with spaces")
	})
	t.Run("malformed among others", func(t *testing.T) {
		refused(t, LoadOptions{readFile: files{".env": "PORT=abc\nbad line\nLOG_LEVEL=x\n"}.read},
			".env:2: cannot be read: write NAME=value, one a line, and quote values with spaces",
			`.env:1 PORT: must be a whole number, 0 to 65535, not "abc"`,
			`.env:3 LOG_LEVEL: must be one of debug, info, warn, error, not "x"`)
	})
}

func TestConfigFile(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"not YAML":      {"a: [", "coach.yaml: is not YAML: line 1: did not find expected node content"},
		"a list":        {"- a\n", "coach.yaml: must hold settings as `group:` with `name: value` below it; `coach config default` shows how"},
		"two documents": {"log: {level: info}\n---\nlog: {level: warn}\n", "coach.yaml: holds more than one document; keep the first"},
		"twice":         {"log:\n  level: info\n  level: warn\n", "coach.yaml:3: log.level stands here and on line 2; keep one of them"},
		"nested":        {"server:\n  port: {a: 1}\n", "coach.yaml:2: server.port takes a value, not names below it"},
		"alias":         {"log:\n  level: &x info\n  format: *x\n", "coach.yaml:3: log.format is an alias; write the value itself"},
		"nested list":   {"server:\n  frontendUrl: [[a]]\n", "coach.yaml:2: server.frontendUrl takes plain values in its list"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, LoadOptions{ConfigFile: "coach.yaml", readFile: files{"coach.yaml": c.text}.read}, c.want)
		})
	}
	t.Run("missing", func(t *testing.T) {
		refused(t, LoadOptions{ConfigFile: "gone.yaml"}, "--config gone.yaml: cannot be read: file does not exist")
	})
	t.Run("says nothing", func(t *testing.T) {
		load(t, LoadOptions{ConfigFile: "coach.yaml", readFile: files{"coach.yaml": "# nothing\nserver:\n  # port: 1\n"}.read})
	})
	t.Run("a secret that looks like a number keeps its text", func(t *testing.T) {
		cfg, _ := load(t, LoadOptions{ConfigFile: "c", readFile: files{"c": "auth:\n  jwtSecret: 01234567890123456789012345678901234567890\n"}.read})
		if got := cfg.Auth.JWTSecret.Reveal(); got != "01234567890123456789012345678901234567890" {
			t.Errorf("secret became %q", got)
		}
	})
	t.Run("lists", func(t *testing.T) {
		cfg, _ := load(t, LoadOptions{ConfigFile: "c", readFile: files{
			"c": "server:\n  frontendUrl: [https://a.example:443/, 'http://B.example:8080']\n  trustedProxies: 10.1.2.3/8, ::1\n",
		}.read})
		if diff := cmp.Diff([]string{"https://a.example", "http://b.example:8080"}, cfg.Server.FrontendURL); diff != "" {
			t.Errorf("origins (-want +got):\n%s", diff)
		}
		want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
		if diff := cmp.Diff(want, cfg.Server.TrustedProxies, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
			t.Errorf("proxies (-want +got):\n%s", diff)
		}
	})
}

func TestSecretsFromFiles(t *testing.T) {
	disk := files{"/run/jwt": goodSecret + "\n", "/run/empty": "\n"}
	t.Run("OK", func(t *testing.T) {
		cfg, sources := load(t, LoadOptions{readFile: disk.read, Environ: []string{"JWT_SECRET_FILE=/run/jwt"}})
		if cfg.Auth.JWTSecret != goodSecret {
			t.Error("the secret is not the file's without its line end")
		}
		if got := sources["auth.jwtSecret"].String(); got != "JWT_SECRET_FILE in the environment (/run/jwt)" {
			t.Errorf("source reads %q", got)
		}
	})
	t.Run("every secret may", func(t *testing.T) {
		for _, k := range Keys() {
			if (k.FileEnv() != "") != k.Secret {
				t.Errorf("%s: secret %v, file name %q", k.Path, k.Secret, k.FileEnv())
			}
		}
	})
	t.Run("both", func(t *testing.T) {
		refused(t, LoadOptions{readFile: disk.read, Environ: []string{"JWT_SECRET_FILE=/run/jwt", "JWT_SECRET=" + goodSecret}},
			"JWT_SECRET in the environment: is set together with JWT_SECRET_FILE; keep one of them")
	})
	t.Run("missing", func(t *testing.T) {
		refused(t, LoadOptions{readFile: disk.read, Environ: []string{"COACH_ENV=production", "JWT_SECRET_FILE=/run/gone"}},
			`JWT_SECRET_FILE in the environment: names "/run/gone", which cannot be read: file does not exist`)
	})
	t.Run("empty", func(t *testing.T) {
		refused(t, LoadOptions{readFile: disk.read, Environ: []string{"JWT_SECRET_FILE=/run/empty"}},
			`JWT_SECRET_FILE in the environment: names "/run/empty", which is empty; write the secret into it`)
	})
}
