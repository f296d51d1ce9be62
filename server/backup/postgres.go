package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
)

// pgTool runs pg_dump, pg_restore or another program of Postgres. Where to
// connect travels in the environment, where no other user of the machine can
// read it.
func pgTool(ctx context.Context, dbURL, program string, args ...string) error {
	path, err := exec.LookPath(program)
	if err != nil {
		return fmt.Errorf("%s is not on this machine, and Postgres cannot be backed up without it: install the client programs of your Postgres (Debian: postgresql-client)", program)
	}
	env, err := pgEnviron(dbURL)
	if err != nil {
		return err
	}
	var said bytes.Buffer
	run := exec.CommandContext(ctx, path, args...)
	run.Env, run.Stderr, run.Stdout = append(os.Environ(), env...), &said, &said
	if err := run.Run(); err != nil {
		return fmt.Errorf("%s failed: %w: %s", program, err, firstLines(said.String()))
	}
	return nil
}

// firstLines is what a program said, short enough for one error.
func firstLines(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 400 {
		return text[:400] + "…"
	}
	return text
}

// pgEnviron says with libpq's names what a URL says.
func pgEnviron(dbURL string) ([]string, error) {
	u, err := url.Parse(dbURL)
	if err != nil {
		return nil, errors.New("the database URL cannot be read")
	}
	password, _ := u.User.Password()
	values := map[string]string{
		"PGHOST": u.Hostname(), "PGPORT": u.Port(), "PGUSER": u.User.Username(), "PGPASSWORD": password, "PGDATABASE": strings.TrimPrefix(u.Path, "/"),
	}
	names := map[string]string{
		"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE", "sslmode": "PGSSLMODE",
		"sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "options": "PGOPTIONS",
	}
	for key, value := range u.Query() {
		if key == "search_path" {
			values["PGOPTIONS"] = strings.TrimSpace(values["PGOPTIONS"] + " -c search_path=" + value[0])
			continue
		}
		if name, ok := names[key]; ok {
			values[name] = value[0]
		}
	}
	var env []string
	for name, value := range values {
		if value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env, nil
}
