package server

import (
	"testing"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/disk"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/limit"
)

// An operator lifts a limit by the name that its refusals have; one without a
// name would stand for all of them.
func TestARefusedUploadNamesItsLimit(t *testing.T) {
	tiers := limit.NewTiers()
	s := &Server{
		Options: Options{Config: configs.Config{Limits: configs.Limits{Enabled: true}}},
		disk:    disk.New(disk.Options{}), limiter: limit.NewMemory(), tiers: tiers,
	}
	ann := auth.Actor{UserID: "ann", Tier: "free"}
	rule := tiers.Of(ann.Tier).Uploads()
	if err := s.allowUpload(t.Context(), ann, rule.Limit); err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]int{"counting": 1, "asking": 0} {
		f := fault.From(s.allowUpload(t.Context(), ann, n))
		if f == nil || f.Code != fault.RateLimited || f.Rule != rule.Name || f.Limit != rule.Limit || f.Tier != ann.Tier || f.Window != rule.Window {
			t.Errorf("%s: %+v, want one of %q", name, f, rule.Name)
		}
	}
}

// Fault 33: an address is only prefix-checked, and any account's images go in.
func TestWhichImageURLsAreTaken(t *testing.T) {
	const id = "0198c0de-0000-7000-8000-000000000000"
	tests := map[string]struct {
		public, raw, id string
		ok              bool
	}{
		"our own":                     {"https://coach.example", "https://coach.example/api/uploads/" + id + "/file?size=original", id, true},
		"our own, without a name":     {"https://coach.example", "/api/uploads/" + id + "/file", id, true},
		"our own, by any name":        {"", "http://192.0.2.1:3001/api/uploads/" + id + "/file", id, true},
		"another server's":            {"https://coach.example", "https://evil.example/api/uploads/" + id + "/file", "", false},
		"our own, with a password":    {"https://coach.example", "https://x:y@coach.example/api/uploads/" + id + "/file", "", false},
		"not an upload":               {"", "http://localhost/api/uploads/../admin/file", "", false},
		"the configured cloud":        {"", "https://res.cloudinary.com/ours/image/upload/v1/chart.png", "", true},
		"another cloud":               {"", "https://res.cloudinary.com/theirs/image/upload/v1/chart.png", "", false},
		"a cloud that begins alike":   {"", "https://res.cloudinary.com/ours-too/image/upload/v1/chart.png", "", false},
		"a way out of the cloud":      {"", "https://res.cloudinary.com/ours/image/../../theirs/image/upload/a.png", "", false},
		"a hidden way out":            {"", "https://res.cloudinary.com/ours/image/%2e%2e/%2e%2e/theirs/a.png", "", false},
		"a host that begins alike":    {"", "https://res.cloudinary.com.evil.example/ours/image/a.png", "", false},
		"a host before an at":         {"", "https://res.cloudinary.com@evil.example/ours/image/a.png", "", false},
		"another port":                {"", "https://res.cloudinary.com:8443/ours/image/a.png", "", false},
		"not encrypted":               {"", "http://res.cloudinary.com/ours/image/a.png", "", false},
		"what Cloudinary would fetch": {"", "https://res.cloudinary.com/ours/image/fetch/https://169.254.169.254/", "", false},
		"what an overlay would":       {"", "https://res.cloudinary.com/ours/image/upload/l_fetch:aHR0cHM6Ly9ldmlsLmV4YW1wbGUv/chart.png", "", false},
		"a film":                      {"", "https://res.cloudinary.com/ours/video/upload/a.mp4", "", false},
		"a file":                      {"", "file:///api/uploads/" + id + "/file", "", false},
		"inside the page":             {"", "data:image/png;base64,AAAA", "", false},
		"the metadata service":        {"", "http://169.254.169.254/latest/meta-data/", "", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := &Server{Options: Options{Config: configs.Config{
				Server: configs.Server{PublicURL: test.public}, Upload: configs.Upload{Cloudinary: configs.Cloudinary{CloudName: "ours"}},
			}}}
			if id, ok := s.readImageURL(test.raw); ok != test.ok || id != test.id {
				t.Errorf("%s is %q, %v; want %q, %v", test.raw, id, ok, test.id, test.ok)
			}
		})
	}
	if _, ok := (&Server{}).readImageURL("https://res.cloudinary.com//image/a.png"); ok {
		t.Error("with no cloud configured, one without a name is taken")
	}
}
