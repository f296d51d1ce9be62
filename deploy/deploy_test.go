// Package deploy_test holds the files that people deploy coach with against the program: the names they set, the paths
// they ask, how long they wait for a stop. There is no code here.
package deploy_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/elite-trading-coach/coach/configs"
)

// assignment is NAME=value at the start of a line of a template, commented out or not.
var assignment = regexp.MustCompile(`(?m)^#?([A-Z][A-Z0-9_]+)=(.*)$`)

func read(t *testing.T, path ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// settings is every name that coach reads from the environment.
func settings() []string {
	var names []string
	for _, k := range configs.Keys() {
		names = append(names, k.Env)
		if k.Alias != "" {
			names = append(names, k.Alias)
		}
		if k.Secret {
			names = append(names, k.FileEnv())
		}
	}
	return names
}

// documents reads the documents of a YAML file.
func documents(t *testing.T, path ...string) []map[string]any {
	t.Helper()
	var out []map[string]any
	for d := yaml.NewDecoder(strings.NewReader(read(t, path...))); ; {
		var one map[string]any
		err := d.Decode(&one)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", filepath.Join(path...), err)
		}
		out = append(out, one)
	}
}

// in is what lies at a path of a document; list members are found by number.
func in(t *testing.T, doc any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch at := step.(type) {
		case string:
			m, ok := doc.(map[string]any)
			if !ok || m[at] == nil {
				t.Fatalf("there is no %v (at %q)", path, at)
			}
			doc = m[at]
		case int:
			l, ok := doc.([]any)
			if !ok || len(l) <= at {
				t.Fatalf("there is no %v (at %d)", path, at)
			}
			doc = l[at]
		}
	}
	return doc
}

// served fails unless coach's description has the path.
func served(t *testing.T, path string) {
	t.Helper()
	if !strings.Contains(read(t, "..", "docs", "openapi.yaml"), "\n  "+path+":\n") {
		t.Errorf("%s is asked, and docs/openapi.yaml does not have it", path)
	}
}

func TestEnvTemplatesNameWhatCoachReads(t *testing.T) {
	files, err := filepath.Glob("env/*.env")
	if err != nil || len(files) != 3 {
		t.Fatalf("templates: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			found := assignment.FindAllStringSubmatch(read(t, file), -1)
			if len(found) < 5 {
				t.Fatalf("only %d settings", len(found))
			}
			environ := []string{"JWT_SECRET=Ahv3ohGh7eeVahl9aiNg5aiFoo6ooXoh2", "COACH_DATA_DIR=" + t.TempDir()}
			for _, m := range found {
				if name := m[1]; !slices.Contains(settings(), name) {
					t.Errorf("%s is none of coach's; did you mean %s?", name, configs.Nearest(name, settings()))
				}
				if m[0][0] != '#' && m[2] != "" {
					environ = append(environ, m[1]+"="+m[2])
				}
			}
			cfg, _, err := configs.Load(configs.LoadOptions{Environ: environ, Dir: t.TempDir()})
			if err != nil {
				t.Errorf("filled in, it does not load: %v", err)
			}
			if want := strings.TrimSuffix(filepath.Base(file), ".env"); string(cfg.Environment) != want {
				t.Errorf("it is for %s, and makes %s", want, cfg.Environment)
			}
		})
	}
}

// TestUnfilledTemplatesAreRefused holds that a deployed server never starts with a template's blanks.
func TestUnfilledTemplatesAreRefused(t *testing.T) {
	for _, name := range []string{"staging", "production"} {
		_, _, err := configs.Load(configs.LoadOptions{Environ: []string{"COACH_ENV=" + name, "JWT_SECRET="}, Dir: t.TempDir()})
		if err == nil || !strings.Contains(err.Error(), "JWT_SECRET") {
			t.Errorf("%s: %v; want a word about JWT_SECRET", name, err)
		}
	}
}

func TestRailway(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("testdata/railway.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(read(t, "..", "railway.json")))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Error(err)
	}
	t.Run("the schema can fail", func(t *testing.T) {
		text := strings.Replace(read(t, "..", "railway.json"), `"drainingSeconds": 30`, `"drainingSeconds": "30"`, 1)
		bad, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(bad) == nil {
			t.Error("seconds as a string are let through, and Railway refuses them")
		}
	})
	var file struct {
		Deploy struct {
			HealthcheckPath string
			DrainingSeconds int
		}
	}
	if err := json.Unmarshal([]byte(read(t, "..", "railway.json")), &file); err != nil {
		t.Fatal(err)
	}
	served(t, file.Deploy.HealthcheckPath)
	outlasts(t, "railway.json", seconds(file.Deploy.DrainingSeconds))
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// outlasts fails unless a stop may take as long as the production template lets coach drain.
func outlasts(t *testing.T, who string, patience time.Duration) {
	t.Helper()
	m := regexp.MustCompile(`(?m)^DRAIN_TIMEOUT=(.+)$`).FindStringSubmatch(read(t, "env", "production.env"))
	if m == nil {
		t.Fatal("production.env does not say DRAIN_TIMEOUT")
	}
	drain, err := time.ParseDuration(m[1])
	if err != nil {
		t.Fatal(err)
	}
	if patience < drain+5*time.Second {
		t.Errorf("%s kills after %s, and coach may drain for %s", who, patience, drain)
	}
}

func TestCompose(t *testing.T) {
	doc := documents(t, "compose", "compose.yaml")[0]
	coach := in(t, doc, "services", "coach")
	for name := range in(t, coach, "environment").(map[string]any) {
		if !slices.Contains(settings(), name) {
			t.Errorf("%s is none of coach's settings", name)
		}
	}
	// All of .env reaches coach, which refuses a COACH_ name that it does not know.
	for _, m := range regexp.MustCompile(`\$\{(COACH_[A-Z_]+)`).FindAllStringSubmatch(read(t, "compose", "compose.yaml"), -1) {
		if !slices.Contains(settings(), m[1]) {
			t.Errorf("${%s} is none of coach's settings", m[1])
		}
	}
	grace, err := time.ParseDuration(in(t, coach, "stop_grace_period").(string))
	if err != nil {
		t.Fatal(err)
	}
	outlasts(t, "compose.yaml", grace)
	if after := in(t, coach, "depends_on", "migrate", "condition"); after != "service_completed_successfully" {
		t.Errorf("coach starts when migrate is %v", after)
	}
}

func TestSystemd(t *testing.T) {
	unit := read(t, "systemd", "coach.service")
	m := regexp.MustCompile(`(?m)^TimeoutStopSec=(\d+)$`).FindStringSubmatch(unit)
	if m == nil {
		t.Fatal("no TimeoutStopSec in seconds")
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	outlasts(t, "coach.service", seconds(n))
	for _, m := range regexp.MustCompile(`(?m)^Environment=([A-Z_]+)=`).FindAllStringSubmatch(unit, -1) {
		if !slices.Contains(settings(), m[1]) {
			t.Errorf("%s is none of coach's settings", m[1])
		}
	}
}

func TestKubernetes(t *testing.T) {
	byKind := map[string]map[string]any{}
	for _, doc := range documents(t, "kubernetes", "coach.yaml") {
		byKind[in(t, doc, "kind").(string)] = doc
	}
	values := in(t, byKind["ConfigMap"], "data").(map[string]any)
	environ := []string{"JWT_SECRET=Ahv3ohGh7eeVahl9aiNg5aiFoo6ooXoh2"}
	for name, value := range values {
		if !slices.Contains(settings(), name) {
			t.Errorf("%s is none of coach's settings", name)
		}
		environ = append(environ, name+"="+value.(string))
	}
	if _, _, err := configs.Load(configs.LoadOptions{Environ: environ, Dir: t.TempDir()}); err != nil {
		t.Errorf("the ConfigMap does not load: %v", err)
	}
	pod := in(t, byKind["Deployment"], "spec", "template", "spec")
	outlasts(t, "coach.yaml", seconds(in(t, pod, "terminationGracePeriodSeconds").(int)))
	for _, probe := range []string{"startupProbe", "livenessProbe", "readinessProbe"} {
		served(t, in(t, pod, "containers", 0, probe, "httpGet", "path").(string))
	}
}

func TestImages(t *testing.T) {
	_, built, ok := strings.Cut(read(t, "..", "Dockerfile"), "\nENV ")
	_, released, ok2 := strings.Cut(read(t, "release.Dockerfile"), "\nENV ")
	if !ok || !ok2 || built != released {
		t.Errorf("the image of a release is not the one of ../Dockerfile, from ENV on:\n%s\n%s", released, built)
	}
	for _, line := range []string{"FROM scratch\n", "\nUSER 65532:65532\n", `HEALTHCHECK`, `CMD ["coach", "health", "--live"]`} {
		if !strings.Contains(read(t, "..", "Dockerfile"), line) {
			t.Errorf("Dockerfile lacks %q", line)
		}
	}
}

// The image that a release publishes is the one that Kubernetes is told to take, made of binaries that are built, by a
// workflow that may push it.
func TestReleasedImage(t *testing.T) {
	release := documents(t, "..", ".goreleaser.yaml")[0]
	build, image := in(t, release, "builds", 0), in(t, release, "dockers_v2", 0)
	for _, platform := range in(t, image, "platforms").([]any) {
		system, processor, _ := strings.Cut(platform.(string), "/")
		if !slices.Contains(in(t, build, "goos").([]any), any(system)) || !slices.Contains(in(t, build, "goarch").([]any), any(processor)) {
			t.Errorf("an image for %v has no binary", platform)
		}
	}
	if ids := in(t, image, "ids").([]any); len(ids) != 1 || ids[0] != in(t, build, "id") {
		t.Errorf("the image is of %v", ids)
	}
	read(t, "..", filepath.FromSlash(in(t, image, "dockerfile").(string)))
	name := in(t, image, "images", 0).(string)
	if !strings.Contains(read(t, "kubernetes", "coach.yaml"), "image: "+name+":") {
		t.Errorf("Kubernetes takes another image than %s", name)
	}
	job := in(t, documents(t, "..", ".github", "workflows", "release.yml")[0], "jobs", "release")
	if in(t, job, "permissions", "packages") != "write" || in(t, job, "permissions", "contents") != "write" {
		t.Error("the workflow may not push the image, or not publish the release")
	}
	signsIn := false
	for _, step := range in(t, job, "steps").([]any) {
		if uses, _ := step.(map[string]any)["uses"].(string); strings.HasPrefix(uses, "docker/login-action@") {
			registry := in(t, step, "with", "registry").(string)
			signsIn = strings.HasPrefix(name, registry+"/")
		}
	}
	if !signsIn {
		t.Errorf("the workflow does not sign in where %s goes", name)
	}
	if !strings.Contains(read(t, "..", "Makefile"), "release --snapshot --clean --skip=docker") {
		t.Error("make snapshot needs Docker")
	}
}
