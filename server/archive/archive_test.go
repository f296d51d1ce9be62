package archive

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/journal"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// desk is an account with something of everything.
type desk struct {
	t     *testing.T
	store *storage.Store
	chat  *chat.Service
	ann   auth.Actor
}

func newDesk(t *testing.T, s *storage.Store) *desk {
	t.Helper()
	b := bus.NewMemory()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	d := &desk{t: t, store: s, chat: chat.New(chat.Options{Store: s, Bus: b})}
	d.ann = d.person("ann")
	return d
}

func (d *desk) person(name string) auth.Actor {
	d.t.Helper()
	u := storage.User{
		ID: storage.NewID(), Email: name + "@example.org", Username: name, DisplayName: "Ä", Timezone: "Europe/Berlin", Role: "user", Tier: "free",
		CreatedAt: storage.Now(), LastActiveAt: storage.Now(), PasswordHash: "h",
	}
	d.do(d.store.Tx(d.t.Context(), func(tx *storage.Tx) error { return tx.InsertUser(d.t.Context(), u) }))
	return auth.Actor{UserID: u.ID, Username: name, Role: u.Role, Tier: u.Tier}
}

func (d *desk) do(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) say(a auth.Actor, room, text string) chat.Message {
	d.t.Helper()
	sent, err := d.chat.Send(d.t.Context(), a, chat.Draft{ConversationID: room, Content: text, ClientMessageID: storage.NewID()})
	d.do(err)
	return sent.Message
}

// fill gives ann a plan, conversations of every kind, a sealed verdict and trades.
func (d *desk) fill() {
	ctx := d.t.Context()
	records := journal.New(journal.Options{Store: d.store})
	d.do(d.store.Tx(ctx, func(tx *storage.Tx) error {
		return errors.Join(
			tx.InsertPlan(ctx, storage.PlanVersion{UserID: d.ann.UserID, Version: 1, Body: `{"a":1}`, CreatedAt: storage.Now()}),
			tx.InsertPlan(ctx, storage.PlanVersion{UserID: d.ann.UserID, Version: 2, Body: `{"a": "<2>"}`, CreatedAt: storage.Now()}))
	}))
	bob := d.person("bob")
	room, err := d.chat.Create(ctx, d.ann, chat.NewConversation{Title: "Größe", Mode: "training"})
	d.do(err)
	_, _, err = d.chat.Invite(ctx, d.ann, room.ID, "bob", chat.RoleMember)
	d.do(err)
	question := d.say(d.ann, room.ID, "long 2 MES <at> 6000 🔥")
	jobs, err := d.chat.Claim(ctx, "w", time.Minute, 1)
	d.do(err)
	sure := 80
	d.do(d.chat.Finish(ctx, jobs[0], chat.Outcome{
		Status: chat.StatusCompleted, Text: "sound & <b>", Verdict: "fire", Confidence: &sure, Analysis: json.RawMessage(`{"ideas": []}`), Model: "m",
		Usage: &chat.Usage{PromptTokens: 1, CompletionTokens: 2, CostMicros: 3}, PlanVersion: 2,
	}))
	for i := range 450 {
		d.say(d.ann, room.ID, fmt.Sprintf("message %d", i))
		jobs, err = d.chat.Claim(ctx, "w", time.Minute, 1)
		d.do(err)
		if i != 449 { // the last is still being written
			d.do(d.chat.Finish(ctx, jobs[0], chat.Outcome{Status: chat.StatusFailed, Error: &chat.MessageError{Code: "AI_UNAVAILABLE", Message: "away"}}))
		}
	}
	d.do(d.store.Tx(ctx, func(tx *storage.Tx) error { _, err := tx.ReleaseLeases(ctx); return err }))
	other, err := d.chat.Create(ctx, bob, chat.NewConversation{Coach: chat.CoachOff})
	d.do(err)
	_, _, err = d.chat.Invite(ctx, bob, other.ID, "ann", chat.RoleMember)
	d.do(err)
	d.say(bob, other.ID, "bob says")
	edited, gone := d.say(d.ann, other.ID, "first"), d.say(d.ann, other.ID, "to go")
	_, err = d.chat.Edit(ctx, d.ann, edited.ID, "second")
	d.do(err)
	_, err = d.chat.DeleteMessage(ctx, d.ann, gone.ID)
	d.do(err)
	empty, err := d.chat.Create(ctx, d.ann, chat.NewConversation{})
	d.do(err)
	_, err = d.chat.Archive(ctx, d.ann, empty.ID)
	d.do(err)
	_, err = records.AddTrade(ctx, d.ann, []byte(`{"instrument":"MES","side":"long","quantity":2,"entry":"6000.25","stop":"5990","openedAt":"2026-03-02T15:00:00Z",
		"exit":"6010","closedAt":"2026-03-02T16:00:00Z","tags":["a","b"],"note":"=x","messageId":"`+question.ID+`"}`))
	d.do(err)
	_, err = records.AddTrade(ctx, d.ann, []byte(`{"instrument":"EUR/USD","side":"short","decision":"skipped","openedAt":"2026-03-02T15:00:00Z"}`))
	d.do(err)
}

func (d *desk) export(userID string) []byte {
	d.t.Helper()
	var b bytes.Buffer
	d.do(Write(d.t.Context(), d.store, userID, nil, &b))
	return b.Bytes()
}

func read(t *testing.T, file []byte) *Archive {
	t.Helper()
	a, err := Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// normalised is an archive in which an id is the number of its first
// appearance, and nobody but the account is called by name.
func normalised(t *testing.T, file []byte) map[string][]any {
	t.Helper()
	a, ids, out := read(t, file), map[string]string{}, map[string][]any{}
	for _, name := range []string{plansName, conversationsName, verdictsName, tradesName} {
		_, err := a.lines(name, func(line []byte) error {
			text := uuids.ReplaceAllStringFunc(string(line), func(id string) string {
				if ids[id] == "" {
					ids[id] = fmt.Sprint("id ", len(ids))
				}
				return ids[id]
			})
			var v map[string]any
			err := json.Unmarshal([]byte(text), &v)
			for _, of := range []string{"conversation", "message"} {
				if part, ok := v[of].(map[string]any); ok {
					delete(part, "role")
					delete(part, "members")
					delete(part, "author")
				}
			}
			out[name] = append(out[name], v)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestExportImportExportIsTheSame(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		d := newDesk(t, s)
		d.fill()
		before := d.export(d.ann.UserID)
		eve := d.person("eve")
		loaded, err := read(t, before).Load(t.Context(), s, eve.UserID, Album{})
		if err != nil {
			t.Fatal(err)
		}
		if want := (Loaded{Plans: 2, Trades: 2, Verdicts: 1, Conversations: 3, Messages: 905}); loaded != want {
			t.Errorf("loaded %+v, want %+v", loaded, want)
		}
		if diff := cmp.Diff(normalised(t, before), normalised(t, d.export(eve.UserID))); diff != "" {
			t.Errorf("(-before +after):\n%.3000s", diff)
		}
		list, err := d.chat.Conversations(t.Context(), eve, chat.ConversationQuery{Limit: 10})
		if err != nil || len(list.Items) != 2 || list.Items[0].Role != chat.RoleOwner {
			t.Errorf("eve sees %+v, %v", list.Items, err)
		}
		t.Run("Twice", func(t *testing.T) {
			if _, err := read(t, before).Load(t.Context(), s, eve.UserID, Album{}); !fault.Is(err, fault.Conflict) {
				t.Errorf("the same archive again: %v", err)
			}
		})
		t.Run("NobodyElsesAccount", func(t *testing.T) {
			again := d.export(d.ann.UserID)
			if diff := cmp.Diff(normalised(t, before), normalised(t, again)); diff != "" {
				t.Errorf("the first account changed:\n%.2000s", diff)
			}
		})
		t.Run("NoSecrets", func(t *testing.T) {
			for _, f := range read(t, before).parts {
				in, err := f.Open()
				d.do(err)
				text, err := io.ReadAll(in)
				d.do(err)
				if strings.Contains(strings.ToLower(string(text)), "password") || strings.Contains(string(text), "bob@example.org") {
					t.Errorf("%s holds what it must not", f.Name)
				}
			}
		})
	})
}

// shelf is an album in memory, which refuses what says "bad".
type shelf map[string]string // what is stored of each image, by message

func (s shelf) album() Album {
	return Album{
		Keep: func(_ context.Context, u storage.Upload, bytes io.Reader) (storage.Upload, error) {
			text, err := io.ReadAll(bytes)
			if err == nil && string(text) == "bad" {
				err = fault.New(fault.UnsupportedMediaType, "no image")
			}
			s[u.MessageID] += string(text)
			return u, err
		},
		Shown: func(list []storage.Upload) []byte {
			ids := []map[string]string{}
			for _, u := range list {
				ids = append(ids, map[string]string{"id": u.ID})
			}
			text, _ := json.Marshal(ids)
			return text
		},
	}
}

// An image in a message, one that no message shows yet, one whose bytes are
// gone, one that is refused, and one of a message that is not in the archive.
func TestImagesComeBackWhereTheyWere(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		d := newDesk(t, s)
		room, err := d.chat.Create(t.Context(), d.ann, chat.NewConversation{Coach: chat.CoachOff})
		d.do(err)
		texts := map[string]string{}
		send := func(room string, says ...string) {
			var ids []string
			for _, text := range says {
				id := d.image(text)
				texts[id] = text
				ids = append(ids, id)
			}
			if room != "" {
				_, err = d.chat.Send(t.Context(), d.ann, chat.Draft{ConversationID: room, UploadIDs: ids})
				d.do(err)
			}
		}
		send(room.ID, "one", "two")
		send("", "loose")
		send(room.ID, "gone")
		send(room.ID, "bad", "three")
		bob := d.person("bob")
		other, err := d.chat.Create(t.Context(), bob, chat.NewConversation{Coach: chat.CoachOff})
		d.do(err)
		_, _, err = d.chat.Invite(t.Context(), bob, other.ID, "ann", chat.RoleMember)
		d.do(err)
		send(other.ID, "left behind")
		d.do(d.chat.Remove(t.Context(), d.ann, other.ID, d.ann.UserID))

		open := func(_ context.Context, u storage.Upload) (io.ReadCloser, error) {
			if texts[u.ID] == "gone" {
				return nil, errors.New("the bytes are gone")
			}
			return io.NopCloser(strings.NewReader(texts[u.ID])), nil
		}
		var b bytes.Buffer
		d.do(Write(t.Context(), s, d.ann.UserID, open, &b))
		eve, got := d.person("eve"), shelf{}
		album, before, waitsSince := got.album(), storage.Now(), time.Time{}
		keep := album.Keep
		album.Keep = func(ctx context.Context, u storage.Upload, bytes io.Reader) (storage.Upload, error) {
			if u.MessageID == "" {
				waitsSince = u.CreatedAt
			} else if !u.CreatedAt.Before(before) {
				t.Errorf("an image of a message is of %s", u.CreatedAt)
			}
			return keep(ctx, u, bytes)
		}
		loaded, err := read(t, b.Bytes()).Load(t.Context(), s, eve.UserID, album)
		if err != nil || loaded.Images != 4 || loaded.ImagesLeft != 3 {
			t.Errorf("%+v, %v", loaded, err)
		}
		list, err := d.chat.Conversations(t.Context(), eve, chat.ConversationQuery{Limit: 10})
		d.do(err)
		rows, err := s.Messages(t.Context(), storage.MessagePage{ConversationID: list.Items[0].ID, Limit: 10})
		d.do(err)
		var kept []string
		for _, m := range rows {
			kept = append(kept, fmt.Sprint(got[m.ID], " ", strings.Count(string(m.Uploads), "id")))
		}
		if diff := cmp.Diff([]string{"onetwo 2", " 0", "badthree 1"}, kept); diff != "" || got[""] != "loose" {
			t.Errorf("loose: %q; by message (-want +got):\n%s", got[""], diff)
		}
		if waitsSince.Before(before) {
			t.Errorf("the loose one waits for a message since %s, before it came", waitsSince)
		}
		t.Run("NoAlbum", func(t *testing.T) {
			loaded, err := read(t, b.Bytes()).Load(t.Context(), s, d.person("eli").UserID, Album{})
			if err != nil || loaded.Images != 0 || loaded.ImagesLeft != 7 {
				t.Errorf("%+v, %v", loaded, err)
			}
		})
	})
}

// image stores the row of an upload of ann's.
func (d *desk) image(sum string) (id string) {
	d.t.Helper()
	at := storage.Now()
	f := storage.File{
		ID: storage.NewID(), UserID: d.ann.UserID, SHA256: sum, Format: "png", ThumbFormat: "jpeg", Width: 1, Height: 1, Bytes: 3, Held: 3, CreatedAt: at, UsedAt: at,
	}
	u := storage.Upload{ID: storage.NewID(), UserID: d.ann.UserID, Name: "a.png", CreatedAt: at, File: f}
	d.do(d.store.Tx(d.t.Context(), func(tx *storage.Tx) error {
		return errors.Join(tx.ReserveFile(d.t.Context(), f, 100), tx.FileStored(d.t.Context(), f.ID, at), tx.InsertUpload(d.t.Context(), u))
	}))
	return u.ID
}

// parts makes a zip; a part is its name and its text.
func parts(t *testing.T, list ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(list); i += 2 {
		f, err := z.Create(list[i])
		if err == nil {
			_, err = io.WriteString(f, list[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	anID    = "01890000-0000-7000-8000-000000000001"
	aTime   = `"2026-01-02T03:04:05Z"`
	profile = `{"email":"a@example.org","username":"ann"}` + "\n"
)

// sound is a small archive, with one part changed.
func sound(t *testing.T, changed ...string) []byte {
	t.Helper()
	list := map[string]string{profileName: profile, plansName: "", tradesName: "", verdictsName: "", conversationsName: "", uploadsName: ""}
	for i := 0; i < len(changed); i += 2 {
		list[changed[i]] = changed[i+1]
	}
	counts := map[string]int{}
	var all []string
	for name, text := range list {
		counts[name] = strings.Count(text, "\n")
		all = append(all, name, text)
	}
	if list[manifestName] == "" {
		m, err := json.Marshal(manifest{Format: format, Version: version, Counts: counts})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, manifestName, string(m))
	}
	return parts(t, all...)
}

func aConversation(id string) string {
	return `{"conversation":{"id":"` + id + `","mode":"analysis","coach":"off","lastRev":5,"createdAt":` + aTime + `,"updatedAt":` + aTime + `}}` + "\n"
}

func aMessage(seq int, status string) string {
	return fmt.Sprintf(`{"message":{"id":"%s","seq":%d,"rev":1,"type":"user","status":"%s","mode":"analysis","createdAt":%s,"updatedAt":%s}}`+"\n", anID, seq, status, aTime, aTime)
}

func TestHostileArchivesAreRefused(t *testing.T) {
	if _, err := Open(bytes.NewReader(sound(t)), int64(len(sound(t)))); err != nil {
		t.Fatalf("a sound one is refused: %v", err)
	}
	whole := sound(t, conversationsName, aConversation(anID)+aMessage(1, "sent"))
	read(t, whole)
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"Empty":          {nil, "not a whole archive"},
		"NoArchive":      {[]byte("hello"), "not a whole archive"},
		"CutOff":         {whole[:len(whole)-30], "not a whole archive"},
		"Traversal":      {sound(t, "../../etc/passwd", "x"), "which an archive of an account does not"},
		"Absolute":       {sound(t, "/etc/passwd", "x"), "which an archive of an account does not"},
		"TraversalImage": {sound(t, "uploads/../"+anID+".png", "x"), "which an archive of an account does not"},
		"Twice":          {parts(t, profileName, profile, profileName, profile), "twice"},
		"NoManifest":     {parts(t, profileName, profile), "no manifest.json"},
		"OtherFormat":    {sound(t, manifestName, `{"format":"zip","version":1}`), "not an archive of an account"},
		"OtherVersion":   {sound(t, manifestName, `{"format":"coach.account","version":2}`), "version 2"},
		"Counts":         {sound(t, manifestName, `{"format":"coach.account","version":1,"counts":{"plans.jsonl":7}}`), "counts"},
		"Bomb":           {sound(t, plansName, strings.Repeat(`{"version":1,"body":{},"createdAt":`+aTime+`}`+strings.Repeat(" ", 1<<20)+"\n", 40)), "unpacks to far more"},
		"LongLine":       {sound(t, plansName, strings.Repeat(" ", maxLine+1)+"\n"), "cannot be read"},
		"NoJSON":         {sound(t, plansName, "{\n"), "Line 1 of plans.jsonl"},
		"WrongType":      {sound(t, plansName, `{"version":"x"}`+"\n"), "Line 1 of plans.jsonl"},
		"NoID":           {sound(t, conversationsName, aConversation("../x")), "not an id"},
		"OpenAnswer":     {sound(t, conversationsName, aConversation(anID)+aMessage(1, "pending")), "status"},
		"Order":          {sound(t, conversationsName, aConversation(anID)+aMessage(2, "sent")), "order"},
		"NoConversation": {sound(t, conversationsName, aMessage(1, "sent")), "before any conversation"},
		"BodyIsAList":    {sound(t, plansName, `{"version":1,"body":{},"createdAt":`+aTime+`}`+"\n"+`{"version":2,"body":[],"createdAt":`+aTime+`}`+"\n"), "Line 2"},
		"NoImageName":    {sound(t, uploadsName, `{"id":"`+anID+`","file":"profile.json","createdAt":`+aTime+`}`+"\n"), "name of an image"},
		"ShownTwice":     {sound(t, conversationsName, aConversation(anID)+strings.Replace(aMessage(1, "sent"), `"seq"`, `"uploads":["`+anID+`","`+anID+`"],"seq"`, 1)), "each once"},
		"NoTrade":        {sound(t, tradesName, `{"id":"`+anID+`","side":"up"}`+"\n"), "side"},
		"Amount":         {sound(t, tradesName, `{"id":"`+anID+`","side":"long","decision":"taken","instrument":"x","fees":"1e999999999","fills":[],"targets":[],"tags":[]}`+"\n"), "decimal"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(bytes.NewReader(c.file), int64(len(c.file)))
			f := fault.From(err)
			if err == nil || f.Code != fault.Validation || !strings.Contains(f.Message, c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}

// A damaged byte is found by the checksum of its part.
func TestADamagedArchiveIsRefused(t *testing.T) {
	whole := sound(t, conversationsName, aConversation(anID)+aMessage(1, "sent"))
	at := bytes.Index(whole, []byte(conversationsName)) + len(conversationsName) + 10
	whole[at] ^= 0xff
	if _, err := Open(bytes.NewReader(whole), int64(len(whole))); !fault.Is(err, fault.Validation) {
		t.Errorf("%v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("PK"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := Open(bytes.NewReader(file), int64(len(file))); err != nil && !fault.Is(err, fault.Validation) {
			t.Fatal(err)
		}
	})
}
