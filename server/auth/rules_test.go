package auth

import (
	"strings"
	"testing"
)

func TestEmailRules(t *testing.T) {
	long := strings.Repeat("a", 60) + "@" + strings.Repeat(strings.Repeat("b", 59)+".", 3)
	for _, email := range []string{
		"a@b.co", "first.last+tag@sub.example.com", "O'Neil@example.com", "jürgen@müller.de", "用户@例子.公司", "x_y-z@1.2.example",
		long + strings.Repeat("c", 254-len(long)),
	} {
		if message := checkEmail(email); message != "" {
			t.Errorf("%q: %s", email, message)
		}
	}
	for _, email := range []string{
		"", "a", "@b.co", "a@", "a@b", "a@.co", "a@b..co", "a@b.co.", ".a@b.co", "a.@b.co", "a..b@c.co", "a b@c.co", "a@b c.co", "a@@b.co",
		"a@b@c.co", "Ann <a@b.co>", "a@b.co\n", "a@b.co\x00", "a\xff@b.co", "a@-b.co", "a@b-.co", "a@b_c.co", "a,b@c.co", `"a"@b.co`,
		strings.Repeat("a", 65) + "@b.co", long + strings.Repeat("c", 255-len(long)),
	} {
		if checkEmail(email) == "" {
			t.Errorf("%q was taken", email)
		}
	}
}

func TestUsernameRules(t *testing.T) {
	for _, name := range []string{"abc", "A_1", "___", strings.Repeat("x", 50)} {
		if message := checkUsername(name); message != "" {
			t.Errorf("%q: %s", name, message)
		}
	}
	for _, name := range []string{"", "ab", strings.Repeat("x", 51), "a b", "a-b", "a.b", "jürgen", "abс" /* Cyrillic */, "abc\n", "abc\x00", "a\u212a" /* Kelvin */, "user@x"} {
		if checkUsername(name) == "" {
			t.Errorf("%q was taken", name)
		}
	}
}

func TestPasswordRules(t *testing.T) {
	for _, password := range []string{
		"abcDEF12", "abc-DEF-", "abc 123 ", "ABC_1234", "пароль-Д", "密码很abcDE", strings.Repeat("aB3", 42) + "aB",
		strings.Repeat("ä", 126) + "A1", // 128 characters, 254 bytes
	} {
		if message := checkPassword(password, "ann@example.com", "ann"); message != "" {
			t.Errorf("%q: %s", password, message)
		}
	}
	for _, password := range []string{
		"", "aB3-", "abcdefgh", "ABCDEFGH", "12345678", "abcdefg1", "ABCDEFG1", "abcDEFGH", strings.Repeat("aB3", 43),
		"abcDEF1\x00", "abcDEF1\xff", "ANN.b-1@Example.com", "Ann_B_1234",
	} {
		if checkPassword(password, "ann.B-1@example.com", "ann_b_1234") == "" {
			t.Errorf("%q was taken", password)
		}
	}
}

func TestProfileRules(t *testing.T) {
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"} {
		if message := checkTimezone(zone); message != "" {
			t.Errorf("%q: %s", zone, message)
		}
	}
	for _, zone := range []string{"", "Local", "Berlin", "../../etc/passwd", "/etc/localtime", "UTC\x00", strings.Repeat("a", 65), "Europe\\Berlin"} {
		if checkTimezone(zone) == "" {
			t.Errorf("%q was taken", zone)
		}
	}
	for _, name := range []string{"", "Jürgen von der Heide", "山田太郎", strings.Repeat("ä", 100)} {
		if message := checkDisplayName(name); message != "" {
			t.Errorf("%q: %s", name, message)
		}
	}
	for _, name := range []string{strings.Repeat("ä", 101), "a\x00", "a\nb", "\xff"} {
		if checkDisplayName(name) == "" {
			t.Errorf("%q was taken", name)
		}
	}
}

func TestCleanMakesHeadersFitToStore(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"Mozilla/5.0 (X11)":       "Mozilla/5.0 (X11)",
		"a\x00b\r\nc\x1b[31m\xff": "abc[31m",
		strings.Repeat("ä", 500):  strings.Repeat("ä", 256),
		strings.Repeat("x", 5000): strings.Repeat("x", 256),
	} {
		if got := clean(in, 256); got != want {
			t.Errorf("%.20q: %q", in, got)
		}
	}
}

func TestNetworks(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8::1": "2001:db8::/64", "2001:db8:0:0:ffff::1": "2001:db8::/64",
		"2001:db8:0:1::1": "2001:db8:0:1::/64", "fe80::1%eth0": "fe80::/64", "": "", "pipe": "pipe",
	} {
		if got := network(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}
