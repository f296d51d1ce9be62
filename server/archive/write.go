package archive

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/elite-trading-coach/coach/storage"
)

// page is how many rows are held at once on their way out.
const page = 200

// OpenImage opens the bytes of one of the account's uploads.
type OpenImage func(ctx context.Context, u storage.Upload) (io.ReadCloser, error)

// Write writes the archive of an account as it is read from the store: what is
// stored meanwhile may be in it or not. open is nil where images are not kept.
func Write(ctx context.Context, store *storage.Store, userID string, open OpenImage, w io.Writer) error {
	u, err := store.User(ctx, userID)
	if err != nil {
		return err
	}
	out := &writer{ctx: ctx, store: store, user: userID, open: open, zip: zip.NewWriter(w), counts: map[string]int{}}
	for _, part := range []struct {
		name string
		fill func(add func(any) error) error
	}{
		{profileName, func(add func(any) error) error { return add(profileOf(u)) }},
		{plansName, out.plans},
		{tradesName, out.trades},
		{verdictsName, out.verdicts},
		{conversationsName, out.conversations},
		{uploadsName, out.uploads},
	} {
		if err := out.part(part.name, part.fill); err != nil {
			return err
		}
	}
	if err := out.images(); err != nil {
		return err
	}
	last := manifest{Format: format, Version: version, ExportedAt: storage.Now(), Counts: out.counts}
	if err := out.part(manifestName, func(add func(any) error) error { return add(last) }); err != nil {
		return err
	}
	return out.zip.Close()
}

// writer is one archive on its way out.
type writer struct {
	ctx    context.Context
	store  *storage.Store
	user   string
	open   OpenImage
	zip    *zip.Writer
	counts map[string]int
}

// part writes a part line by line.
func (w *writer) part(name string, fill func(add func(any) error) error) error {
	f, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Now()})
	if err != nil {
		return fmt.Errorf("begin %s: %w", name, err)
	}
	lines := json.NewEncoder(f)
	lines.SetEscapeHTML(false)
	if name != manifestName {
		w.counts[name] = 0
	}
	return fill(func(v any) error {
		if name != manifestName {
			w.counts[name]++
		}
		if err := lines.Encode(v); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		return nil
	})
}

func profileOf(u storage.User) Profile {
	return Profile{Email: u.Email, Username: u.Username, DisplayName: u.DisplayName, Timezone: u.Timezone, CreatedAt: u.CreatedAt}
}

func (w *writer) plans(add func(any) error) error {
	list, err := w.store.PlansSince(w.ctx, w.user, time.Unix(0, 0))
	for _, p := range list {
		if err == nil {
			err = add(plan{p.Version, json.RawMessage(p.Body), p.CreatedAt})
		}
	}
	return err
}

func (w *writer) trades(add func(any) error) error {
	ask := storage.TradePage{UserID: w.user, Ascending: true, Limit: page}
	for {
		list, err := w.store.Trades(w.ctx, ask)
		if err != nil {
			return err
		}
		for _, t := range list {
			if err := add(tradeOf(t)); err != nil {
				return err
			}
			ask.AfterOpened, ask.AfterID = t.OpenedAt, t.ID
		}
		if len(list) < page {
			return nil
		}
	}
}

func tradeOf(t storage.Trade) trade {
	return trade{
		ID: t.ID, Instrument: t.Instrument, Kind: t.Kind, Side: t.Side, Decision: t.Decision, Fills: json.RawMessage(t.Fills), Fees: t.Fees, Stop: t.Stop,
		Targets: json.RawMessage(t.Targets), PointValue: t.PointValue, Net: t.Net, Risk: t.Risk, Tags: json.RawMessage(t.Tags), Setup: t.Setup,
		Emotion: t.Emotion, Note: t.Note, MessageID: t.MessageID, VerdictID: t.VerdictID, Fingerprint: t.Fingerprint, ImportedAs: t.ImportedAs,
		ImportedN: t.ImportedN, OpenedAt: t.OpenedAt, ClosedAt: maybe(t.ClosedAt), CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt,
	}
}

func (w *writer) verdicts(add func(any) error) error {
	var last storage.Verdict
	for {
		list, err := w.store.VerdictsAfter(w.ctx, w.user, last.SealedAt, last.MessageID, page)
		if err != nil {
			return err
		}
		for _, v := range list {
			if err := add(verdict{v.MessageID, v.QuestionID, v.PlanVersion, v.Verdict, v.Confidence, json.RawMessage(v.Missed), v.SealedAt}); err != nil {
				return err
			}
			last = v
		}
		if len(list) < page {
			return nil
		}
	}
}

func (w *writer) conversations(add func(any) error) error {
	after := ""
	for {
		list, err := w.store.ConversationsByID(w.ctx, w.user, after, page)
		if err != nil {
			return err
		}
		for _, m := range list {
			if err := w.conversation(m, add); err != nil {
				return err
			}
			after = m.ID
		}
		if len(list) < page {
			return nil
		}
	}
}

func (w *writer) conversation(m storage.Membership, add func(any) error) error {
	people, err := w.store.Members(w.ctx, m.ID)
	if err != nil {
		return err
	}
	c := conversation{
		ID: m.ID, Role: m.Role, Title: m.Title, TitleGiven: m.TitleGiven, Mode: m.Mode, Coach: m.Coach, Archived: m.Archived, LastRev: m.LastRev,
		Count: m.MessageCount, Members: []member{}, CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt,
	}
	names := map[string]string{}
	for _, p := range people {
		names[p.UserID] = p.Username
		c.Members = append(c.Members, member{p.Username, p.Role})
	}
	if err := add(entry{Conversation: &c}); err != nil {
		return err
	}
	return w.messages(m.ID, names, add)
}

func (w *writer) messages(conversationID string, names map[string]string, add func(any) error) error {
	// Places are given by one, from 1: the first page is what lies before the
	// place after it.
	ask := storage.MessagePage{ConversationID: conversationID, Before: page + 1, Limit: page}
	for {
		list, err := w.store.Messages(w.ctx, ask)
		if err != nil {
			return err
		}
		for _, m := range list {
			line := w.message(m, names)
			if err := add(entry{Message: &line}); err != nil {
				return err
			}
		}
		if len(list) < page {
			return nil
		}
		ask.Before, ask.After = 0, list[len(list)-1].Seq
	}
}

// message is a row as it leaves; an answer that is still being written leaves
// as one that was stopped there.
func (w *writer) message(m storage.Message, names map[string]string) message {
	if m.Status == "pending" || m.Status == "streaming" {
		m.Status = "stopped"
	}
	return message{
		ID: m.ID, Seq: m.Seq, Rev: m.Rev, Own: m.UserID == w.user || m.AskedBy == w.user, Author: names[m.UserID], ParentID: m.ParentID, Type: m.Type,
		Content: m.Content, Status: m.Status, ImageURL: m.ImageURL, Uploads: w.shownBy(m), Verdict: m.Verdict, Confidence: m.Confidence, Analysis: m.Analysis, Mode: m.Mode,
		Model: m.Model, Usage: (*usage)(m.Usage), ErrorCode: m.ErrorCode, ErrorMessage: m.ErrorMessage,
		CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt, EditedAt: maybe(m.EditedAt), DeletedAt: maybe(m.DeletedAt),
	}
}

// shownBy is the account's own images in a message.
func (w *writer) shownBy(m storage.Message) (ids []string) {
	if m.UserID != w.user || len(m.Uploads) == 0 {
		return nil
	}
	var list []struct{ ID string }
	_ = json.Unmarshal(m.Uploads, &list) // the server's own writing
	for _, u := range list {
		ids = append(ids, u.ID)
	}
	return ids
}

func (w *writer) uploads(add func(any) error) error {
	return w.eachUpload(func(u storage.Upload) error {
		return add(upload{u.ID, u.Name, u.MessageID, u.File.Format, u.File.Bytes, w.fileOf(u), u.CreatedAt})
	})
}

// fileOf is the part that holds an upload's bytes.
func (w *writer) fileOf(u storage.Upload) string {
	if w.open == nil {
		return ""
	}
	return uploadsFolder + u.ID + "." + u.File.Format
}

func (w *writer) eachUpload(do func(storage.Upload) error) error {
	after := ""
	for {
		list, err := w.store.UploadsByID(w.ctx, w.user, after, page)
		if err != nil {
			return err
		}
		for _, u := range list {
			if err := do(u); err != nil {
				return err
			}
			after = u.ID
		}
		if len(list) < page {
			return nil
		}
	}
}

// images writes the bytes of each upload. One whose bytes cannot be had is
// left out: the rest of an account must not be lost to it.
func (w *writer) images() error {
	if w.open == nil {
		return nil
	}
	return w.eachUpload(func(u storage.Upload) error {
		in, err := w.open(w.ctx, u)
		if err != nil {
			return w.ctx.Err()
		}
		defer func() { _ = in.Close() }()
		f, err := w.zip.CreateHeader(&zip.FileHeader{Name: w.fileOf(u), Method: zip.Store, Modified: u.CreatedAt})
		if err == nil {
			_, err = io.Copy(f, in)
		}
		if err != nil {
			return fmt.Errorf("write an image: %w", err)
		}
		return nil
	})
}
