package auth

import (
	"strings"
	"time"
	_ "time/tzdata" // a machine without zone files must not refuse real zones
	"unicode"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// Lengths are in characters (code points) unless they say bytes.
const (
	maxEmail       = 254
	maxEmailLocal  = 64
	minUsername    = 3
	maxUsername    = 50
	minPassword    = 8
	maxPassword    = 128
	maxDisplayName = 100
	maxTimezone    = 64
	maxAddress     = 64
	maxUserAgent   = 256
)

// problems gathers everything that is wrong with a request, so that a person
// mends a form once and not field by field.
type problems []fault.Detail

func (p *problems) add(field, message string) {
	if message != "" {
		*p = append(*p, fault.Detail{Field: field, Message: message})
	}
}

func (p problems) err() error {
	switch len(p) {
	case 0:
		return nil
	case 1:
		return fault.Invalid(p[0].Field, p[0].Message)
	}
	return &fault.Error{Code: fault.Validation, Message: "Some fields need mending.", Details: p}
}

// checkEmail returns what is wrong with an address, or "". It accepts what
// mail servers do in practice, letters of all scripts included, and not the
// quoted and commented forms of RFC 5322.
func checkEmail(email string) string {
	local, domain, found := cutLast(email, '@')
	switch {
	case email == "":
		return "An e-mail address is required."
	case !plainText(email):
		return "The e-mail address has characters that cannot be."
	case utf8.RuneCountInString(email) > maxEmail || len(email) > 4*maxEmail:
		return "The e-mail address is longer than 254 characters."
	case !found || !validLocal(local) || !validDomain(domain):
		return "This is not an e-mail address."
	}
	return ""
}

func validLocal(local string) bool {
	if local == "" || utf8.RuneCountInString(local) > maxEmailLocal || dotted(local) {
		return false
	}
	return !strings.ContainsFunc(local, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(`"(),:;<>@[\]`, r)
	})
}

func validDomain(domain string) bool {
	if !strings.Contains(domain, ".") || dotted(domain) {
		return false
	}
	for label := range strings.SplitSeq(domain, ".") {
		if len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	return !strings.ContainsFunc(domain, func(r rune) bool {
		return r != '.' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
}

// dotted reports a dot where none may be: at an end, or beside another.
func dotted(s string) bool {
	return strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") || strings.Contains(s, "..")
}

func checkUsername(name string) string {
	other := strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	switch {
	case name == "":
		return "A username is required."
	case other:
		return "A username has only letters from A to Z, digits and underscores."
	case len(name) < minUsername || len(name) > maxUsername:
		return "A username has 3 to 50 characters."
	}
	return ""
}

// checkPassword returns what is wrong with a new password of somebody, or "".
func checkPassword(password, email, username string) string {
	n := utf8.RuneCountInString(password)
	switch {
	case password == "":
		return "A password is required."
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return "The password has characters that cannot be."
	case n < minPassword || n > maxPassword:
		return "A password has 8 to 128 characters."
	case kinds(password) < 3:
		return "A password needs at least three of: lower case, upper case, digits, other characters."
	case strings.EqualFold(password, email) || strings.EqualFold(password, username):
		return "The password must not be the e-mail address or the username."
	}
	return ""
}

func kinds(password string) int {
	var lower, upper, digit, other int
	for _, r := range password {
		switch {
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			other = 1
		}
	}
	return lower + upper + digit + other
}

func checkDisplayName(name string) string {
	switch {
	case !plainText(name):
		return "The name has characters that cannot be."
	case utf8.RuneCountInString(name) > maxDisplayName:
		return "A name has at most 100 characters."
	}
	return ""
}

func checkTimezone(zone string) string {
	const unknown = "The time zone must be an IANA name, such as Europe/Berlin."
	if zone == "" || zone == "Local" || len(zone) > maxTimezone || !plainText(zone) {
		return unknown
	}
	if _, err := time.LoadLocation(zone); err != nil {
		return unknown
	}
	return ""
}

// plainText is sound UTF-8 without control characters.
func plainText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// clean makes a text from a stranger's header fit to store.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) {
			return -1
		}
		return r
	}, s[:min(len(s), 4*limit)])
	runes := []rune(s)
	return string(runes[:min(len(runes), limit)])
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func checkRole(role string) string {
	if role != storage.RoleUser && role != storage.RoleAdmin {
		return "The role must be user or admin."
	}
	return ""
}

func checkTier(tier string) string {
	if tier != TierFree && tier != TierPremium && tier != TierEnterprise {
		return "The tier must be free, premium or enterprise."
	}
	return ""
}
