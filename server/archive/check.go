package archive

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/storage"
)

// problem is what is wrong with a line, in plain words.
type problem string

func (p problem) Error() string { return string(p) }

// checker looks at every line before any is stored. It keeps no lines, only
// where it is in a conversation.
type checker struct {
	inside bool  // of a conversation
	seq    int64 // of the last message in it
	last   int64 // its LastRev
}

// check is something that must hold, and what is said where it does not.
type check struct {
	holds     bool
	otherwise problem
}

// first is the first problem there is, nil when there is none.
func first(checks ...check) error {
	for _, c := range checks {
		if !c.holds {
			return c.otherwise
		}
	}
	return nil
}

func oneOf(what, value string, values ...string) check {
	return check{slices.Contains(values, value), problem(what + " must be one of " + strings.Join(values, ", ") + ".")}
}

// id wants a UUID, and "" where it may be missing.
func id(what, value string, optional ...string) check {
	return check{storage.ValidID(value) || slices.Contains(optional, value), problem(what + " is not an id.")}
}

// ids wants few ids, each once.
func ids(what string, values []string) check {
	for n, v := range values {
		if !storage.ValidID(v) || slices.Contains(values[:n], v) || n == maxShown {
			return check{otherwise: problem(what + " must be a few ids, each once.")}
		}
	}
	return check{holds: true}
}

// texts wants what both databases can hold.
func texts(values ...string) check {
	for _, v := range values {
		if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			return check{otherwise: "A text holds a NUL character or is not UTF-8."}
		}
	}
	return check{holds: true}
}

// list wants a JSON array.
func list(what string, raw json.RawMessage) check {
	var items []json.RawMessage
	return check{json.Unmarshal(raw, &items) == nil && items != nil, problem(what + " must be a list.")}
}

// times wants moments that the databases can hold, of this century or so.
func times(values ...time.Time) check {
	for _, t := range values {
		if t.Year() < 1970 || t.Year() > 2200 {
			return check{otherwise: "A time is missing or out of reach."}
		}
	}
	return check{holds: true}
}

func between(what string, n, least, most int64) check {
	return check{n >= least && n <= most, problem(what + " is out of range.")}
}

const most = int64(1) << 53

// maxShown bounds the images of one message: more than any server makes.
const maxShown = 20

func (c *checker) plan(line []byte) error {
	var p plan
	if err := json.Unmarshal(line, &p); err != nil {
		return err
	}
	return first(between("version", p.Version, 1, most), check{len(p.Body) > 0 && p.Body[0] == '{', "body must be an object."}, texts(string(p.Body)), times(p.CreatedAt))
}

func (c *checker) trade(line []byte) error {
	var t trade
	if err := json.Unmarshal(line, &t); err != nil {
		return err
	}
	return first(id("id", t.ID), oneOf("side", t.Side, "long", "short"), oneOf("decision", t.Decision, "taken", "skipped"),
		list("fills", t.Fills), list("targets", t.Targets), list("tags", t.Tags), check{t.Instrument != "" && t.Fees != "", "instrument or fees are missing."},
		decimals(t.Fees, t.Stop, t.PointValue, t.Net, t.Risk), id("messageId", t.MessageID, ""), id("verdictId", t.VerdictID, ""),
		texts(t.Instrument, t.Kind, t.Setup, t.Emotion, t.Note, t.Fingerprint, t.ImportedAs, string(t.Fills), string(t.Targets), string(t.Tags)),
		between("importedN", t.ImportedN, 0, most), times(t.OpenedAt, t.CreatedAt, t.UpdatedAt), optional(t.ClosedAt))
}

// decimals wants numbers as they are stored: digits, a point, a sign.
func decimals(values ...string) check {
	for _, v := range values {
		if strings.Trim(v, "0123456789.-") != "" || len(v) > 60 {
			return check{otherwise: "An amount is not a decimal."}
		}
	}
	return check{holds: true}
}

func optional(t *time.Time) check {
	if t == nil {
		return check{holds: true}
	}
	return times(*t)
}

func (c *checker) verdict(line []byte) error {
	var v verdict
	if err := json.Unmarshal(line, &v); err != nil {
		return err
	}
	return first(id("messageId", v.MessageID), id("questionId", v.QuestionID), oneOf("verdict", v.Verdict, "diamond", "fire", "skull"),
		between("planVersion", v.PlanVersion, 0, most), list("missed", v.Missed), texts(string(v.Missed)), percent(v.Confidence), times(v.SealedAt))
}

func percent(n *int) check {
	return check{n == nil || *n >= 0 && *n <= 100, "confidence must be from 0 to 100."}
}

func (c *checker) entry(line []byte) error {
	var e entry
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	switch {
	case e.Conversation != nil && e.Message == nil:
		c.inside, c.seq, c.last = true, 0, e.Conversation.LastRev
		return checkConversation(*e.Conversation)
	case e.Message == nil || e.Conversation != nil:
		return problem("a line is either a conversation or a message.")
	case !c.inside:
		return problem("a message comes before any conversation.")
	}
	c.seq++
	return cmp.Or(checkMessage(*e.Message), first(check{e.Message.Seq == c.seq, "the messages are not in the order of their seq."},
		between("rev", e.Message.Rev, 1, c.last)))
}

func checkConversation(v conversation) error {
	return first(id("id", v.ID), oneOf("mode", v.Mode, "analysis", "psychology", "training"), oneOf("coach", v.Coach, "always", "mention", "off"),
		between("lastRev", v.LastRev, 0, most), between("messageCount", v.Count, 0, most), texts(v.Title), times(v.CreatedAt, v.UpdatedAt))
}

func checkMessage(m message) error {
	return first(id("id", m.ID), id("parentId", m.ParentID, ""), ids("uploads", m.Uploads), oneOf("type", m.Type, "user", "ai", "system"),
		oneOf("status", m.Status, "sent", "completed", "failed", "stopped"), oneOf("verdict", m.Verdict, "", "diamond", "fire", "skull"),
		oneOf("mode", m.Mode, "analysis", "psychology", "training"), percent(m.Confidence), times(m.CreatedAt, m.UpdatedAt), optional(m.EditedAt), optional(m.DeletedAt),
		texts(m.Content, m.ImageURL, m.Model, m.ErrorCode, m.ErrorMessage, string(m.Analysis)),
		check{strings.HasPrefix(m.ImageURL, "https://") || m.ImageURL == "", "imageUrl is not one."})
}

func (c *checker) upload(line []byte) error {
	var u upload
	if err := json.Unmarshal(line, &u); err != nil {
		return err
	}
	return first(id("id", u.ID), id("messageId", u.MessageID, ""), texts(u.Name), times(u.CreatedAt),
		check{u.File == "" || imageName.MatchString(u.File), "file is not the name of an image."})
}
