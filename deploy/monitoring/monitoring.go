// Package monitoring holds what looks at a server from outside: the panels of
// a Grafana dashboard and the alert rules of Prometheus. They are files, for
// those who deploy from a clone, and in the program, for those who have only
// that; a test of package server holds every metric and label that they name
// to a server that runs.
package monitoring

import _ "embed"

//go:embed dashboard.json
var dashboard string

//go:embed alerts.yaml
var alerts string

// Dashboard is a Grafana dashboard, as JSON.
func Dashboard() string { return dashboard }

// Alerts is a file of alert rules for Prometheus, as YAML.
func Alerts() string { return alerts }
