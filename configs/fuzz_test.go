package configs

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// FuzzLoad holds the loader to three promises for any file and environment: it
// does not panic, it refuses with problems and nothing else, and neither the
// refusal nor the configuration shows a secret. What it accepts can be written
// down and read again as the same.
func FuzzLoad(f *testing.F) {
	f.Add(Example(), "PORT=1", "LOG_LEVEL=debug\n")
	f.Add("server: {port: 80}\nauth: {jwtSecret: 123}", "COACH_ENV=production\nDATABASE_URL=postgres://u:p@h/d", "")
	f.Add("a: &a [*a]", "DATABASE_URL=sqlite://x\nJWT_EXPIRES_IN=1d1h", "export A='b")
	f.Add("server:\n  frontendUrl: ['*']\n", "TRUSTED_PROXIES=::1%lo,10.0.0.0/8", "A=${B}\nB=\"\\n$A\"")
	f.Fuzz(func(t *testing.T, file, environ, dotEnv string) {
		const canary = "qX7canaryqX7canaryqX7canaryqX7canary"
		pairs := append(strings.Split(environ, "\n"), "JWT_SECRET="+canary, "REDIS_URL=redis://u:"+canary+"@h")
		cfg, sources, err := Load(LoadOptions{
			ConfigFile: "coach.yaml", Environ: pairs, readFile: files{"coach.yaml": file, ".env": dotEnv}.read,
		})
		var problems Problems
		if err != nil && (!errors.As(err, &problems) || len(problems) == 0) {
			t.Fatalf("refused with %T %v, want problems", err, err)
		}
		if text := fmt.Sprintf("%v %+v %v", err, cfg, sources); strings.Contains(text, canary) {
			t.Fatalf("a secret is to be read in:\n%s", text)
		}
		if err != nil {
			return
		}
		for _, k := range Keys() {
			if k.Secret {
				continue
			}
			var again Config
			if err := k.read(&again, k.Value(cfg)); err != nil {
				t.Errorf("%s accepted %q but refuses it when it reads it again: %v", k.Path, k.Value(cfg), err)
			}
		}
	})
}
