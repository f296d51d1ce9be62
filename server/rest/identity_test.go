package rest

import (
	"testing"
)

func TestAuthorizationHeader(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	for value, code := range map[string]string{
		"": "TOKEN_MISSING", "Bearer": "TOKEN_MISSING", "Bearer ": "TOKEN_MISSING", "Basic YTpi": "TOKEN_INVALID", ann.token: "TOKEN_INVALID",
		"Bearer " + ann.token: "", "bearer   " + ann.token: "", "BEARER " + ann.token: "",
	} {
		got := p.do(ask{method: "GET", path: "/api/auth/me", header: map[string]string{"Authorization": value}})
		if code == "" {
			got.want(200)
			continue
		}
		got.refused(401, code)
	}
	req := p.request(ask{method: "GET", path: "/api/auth/me", token: ann.token})
	req.Header.Add("Authorization", "Bearer "+ann.token)
	res, err := p.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 401 {
		t.Errorf("two Authorization headers: %d", res.StatusCode)
	}
}
