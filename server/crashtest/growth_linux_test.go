package crashtest

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
	_ "github.com/elite-trading-coach/coach/storage" // the driver, as the server has it
)

const (
	// fewConversations and fewMessages are what little is, manyConversations
	// what much is; COACH_BENCH_STORED says with how many messages.
	fewConversations, fewMessages = 10, 1_000
	manyConversations             = 10_000
	// longConversation is how many of them one conversation has.
	longConversation = 100_000
	// fillRounds is how often each conversation is written to, so that what
	// belongs together does not lie together, as it does not in life.
	fillRounds = 10
)

// BenchmarkServerGrowth is what one person's requests take on a database with
// 10 conversations and 1 000 messages, and then with 10 000 conversations and
// COACH_BENCH_STORED messages (1 000 000), all of that person. They are asked
// one after another; a time is the median of the times a client waits. What is
// filled in is not in the index of search.
func BenchmarkServerGrowth(b *testing.B) {
	stored, err := strconv.Atoi(cmp.Or(os.Getenv("COACH_BENCH_STORED"), "1000000"))
	if err != nil || stored < 2*longConversation {
		b.Fatalf("COACH_BENCH_STORED=%q is no number of at least %d", os.Getenv("COACH_BENCH_STORED"), 2*longConversation)
	}
	g := newLibrary(b)
	b.Run("little", g.measure)
	began := time.Now()
	g.fill(b, stored)
	b.Logf("%d messages were filled in within %s", stored, time.Since(began).Round(time.Second))
	b.Run("much", g.measure)
}

// library is a site whose database grows while no server runs.
type library struct {
	site          *site
	owner         string // the token
	ownerID       string
	conversations []string
}

func newLibrary(b *testing.B) *library {
	b.Helper()
	g := &library{site: newSite(b, "", "LOG_LEVEL=info")}
	s := g.site.start()
	defer g.stop(s)
	ann := register(b, s.base, "ann")
	var me struct{ ID string }
	ann.get("/api/auth/me", &me)
	g.owner, g.ownerID = ann.client.Token, me.ID
	for range fewConversations {
		g.conversations = append(g.conversations, ann.conversation("off"))
	}
	for i := range fewMessages {
		g.post(b, ann, i%fewConversations)
	}
	return g
}

func (g *library) post(b *testing.B, p *person, conversation int) {
	b.Helper()
	p.post("/api/messages", map[string]string{"conversationId": g.conversations[conversation], "content": growthText}, nil)
}

const growthText = "long 2 MES at 6000, stop 5994, because the pullback held at the opening range twice"

// stop lets a server end in its own time, with what it has to write.
func (g *library) stop(s *process) {
	s.signal(syscall.SIGTERM)
	s.wait(time.Minute)
}

// measure starts a server on what there is.
func (g *library) measure(b *testing.B) {
	s := g.site.start()
	defer g.stop(s)
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	ann := &person{b, &api.Client{BaseURL: s.base, Token: g.owner, HTTP: &http.Client{Transport: transport}, Timeout: patience}}
	all := runs{}
	random := rand.New(rand.NewPCG(uint64(len(g.conversations)), 2))
	// Opened for the first time by this server, the long one last.
	var opens []time.Duration
	for _, i := range random.Perm(len(g.conversations))[:min(200, len(g.conversations)-1)] {
		opens = append(opens, g.timed(ann, "/api/conversations/"+g.conversations[max(i, 1)]+"/messages?limit=50"))
	}
	all.add("µs-open", median(opens))
	all.add("µs-open-first", median([]time.Duration{g.timed(ann, "/api/conversations/"+g.conversations[0]+"/messages?limit=50")}))
	for i := range 200 { // what a server does once is not what is measured
		g.post(b, ann, i%len(g.conversations))
	}
	for range b.N {
		g.rounds(b, s, ann, random, all)
	}
	all.report(b)
}

// rounds asks for everything some hundred times.
func (g *library) rounds(b *testing.B, s *process, ann *person, random *rand.Rand, all runs) {
	b.Helper()
	const rounds = 500
	var last struct {
		Messages []row
	}
	ann.get("/api/conversations/"+g.conversations[0]+"/messages?limit=1", &last)
	newest := last.Messages[0].Seq
	var posts, lists, changed, back []time.Duration
	spent := s.cpu(b)
	for range rounds {
		began := time.Now()
		g.post(b, ann, random.IntN(len(g.conversations)))
		posts = append(posts, time.Since(began))
	}
	all.add("µs-CPU/post", float64((s.cpu(b)-spent).Microseconds())/rounds)
	for range rounds {
		lists = append(lists, g.timed(ann, "/api/conversations?limit=10"))
		back = append(back, g.timed(ann, fmt.Sprintf("/api/conversations/%s/messages?limit=50&before=%d", g.conversations[0], 52+random.Int64N(newest-50))))
		g.post(b, ann, 0) // so that neither the list nor the page is as it was
		changed = append(changed, g.timed(ann, "/api/conversations/"+g.conversations[0]+"/messages?limit=50"))
	}
	all.add("µs-post", median(posts))
	all.add("µs-list-changed", median(lists))
	all.add("µs-page-back", median(back))
	all.add("µs-page-changed", median(changed))
}

func (g *library) timed(p *person, path string) time.Duration {
	began := time.Now()
	p.get(path, nil)
	return time.Since(began)
}

// median is in microseconds.
func median(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2].Microseconds())
}

// fill writes into the database what would take a server hours, by statements
// of its own: what there is afterwards is what a server would have stored.
func (g *library) fill(b *testing.B, stored int) {
	b.Helper()
	path := filepath.Join(g.site.env["COACH_DATA_DIR"], "coach.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(0)&_pragma=cache_size(-500000)")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	ctx := b.Context()
	now := time.Now().UnixMicro()
	for i := len(g.conversations); i < manyConversations; i++ {
		g.conversations = append(g.conversations, fmt.Sprintf("019a0000-0000-7000-8000-%012x", i))
	}
	each := (stored - longConversation) / (manyConversations - 1)
	bulk(b, db, func(tx *sql.Tx) error { return g.addConversations(ctx, tx, now) })
	for round := range fillRounds {
		for from := 0; from < manyConversations; from += 500 {
			bulk(b, db, func(tx *sql.Tx) error {
				for c, id := range g.conversations[from : from+500] {
					want := each
					if from+c == 0 {
						want = longConversation
					}
					if err := g.addMessages(ctx, tx, id, want*(round+1)/fillRounds, now); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	var count int
	err = db.QueryRowContext(ctx, `SELECT count(*) FROM messages`).Scan(&count)
	if err != nil || count < stored*99/100 {
		b.Fatalf("%d messages are stored, want %d: %v", count, stored, err)
	}
}

func bulk(b *testing.B, db *sql.DB, do func(tx *sql.Tx) error) {
	b.Helper()
	tx, err := db.BeginTx(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback()
		b.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}

func (g *library) addConversations(ctx context.Context, tx *sql.Tx, now int64) error {
	for i, id := range g.conversations[fewConversations:] {
		at := now - int64(i)*1_000_000
		if _, err := tx.ExecContext(ctx, `INSERT INTO conversations (id, owner_id, title, title_key, mode, coach, created_at, updated_at, activity_at)
			VALUES (?, ?, ?, ?, 'analysis', 'off', ?, ?, ?)`, id, g.ownerID, fmt.Sprintf("Idea %d", i), fmt.Sprintf("idea %d", i), at, at, at); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO members (conversation_id, user_id, role, joined_at) VALUES (?, ?, 'owner', ?)`,
			id, g.ownerID, at); err != nil {
			return err
		}
	}
	return nil
}

// addMessages adds to a conversation until it has so many.
func (g *library) addMessages(ctx context.Context, tx *sql.Tx, conversation string, want int, now int64) error {
	var seq, rev int64
	err := tx.QueryRowContext(ctx, `SELECT last_seq, last_rev FROM conversations WHERE id = ?`, conversation).Scan(&seq, &rev)
	if err != nil || seq >= int64(want) {
		return err
	}
	// An id is a UUIDv7 in form, and no two are the same.
	if _, err := tx.ExecContext(ctx, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3)
		INSERT INTO messages (id, conversation_id, seq, rev, user_id, type, content, status, mode, client_message_id, created_at, updated_at)
		SELECT printf('019a%04x-%04x-7%03x-8%s-%s', ?1 / 65536 + i / 65536, (?1 + i) % 65536, i % 4096, substr(lower(hex(randomblob(2))), 1, 3), lower(hex(randomblob(6)))),
			?4, ?1 + i, ?2 + i, ?5, 'user', ?6, 'sent', 'analysis', lower(hex(randomblob(16))), ?7, ?7 FROM n`,
		seq, rev, int64(want)-seq, conversation, g.ownerID, growthText, now); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE conversations SET last_rev = last_rev + (?2 - last_seq), indexed_rev = last_rev + (?2 - last_seq),
		message_count = message_count + (?2 - last_seq), last_seq = ?2, last_message_at = ?3 WHERE id = ?1`, conversation, want, now)
	return err
}
