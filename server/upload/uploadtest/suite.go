// Package uploadtest holds every [upload.Store] to one meaning, and has a
// stand-in for Cloudinary that speaks its HTTP API as far as coach uses it.
package uploadtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/upload"
	"github.com/elite-trading-coach/coach/storage"
)

// bench is a store under test.
type bench struct {
	upload.Store
	t *testing.T
}

// Run runs the suite; open makes an empty store for one test.
func Run(t *testing.T, open func(t *testing.T) upload.Store) {
	tests := map[string]func(b *bench){
		"WhatIsPutIsThere":      whatIsPutIsThere,
		"PuttingAgainReplaces":  puttingAgainReplaces,
		"WhatIsNotThere":        whatIsNotThere,
		"PartsCanBeRead":        partsCanBeRead,
		"ListKnowsAll":          listKnowsAll,
		"ListEndsWhenTold":      listEndsWhenTold,
		"ManyAtOnce":            manyAtOnce,
		"ASourceThatIsNotThere": aSourceThatIsNotThere,
		"CheckSaysThatItWorks":  checkSaysThatItWorks,
		"PeopleAreApart":        peopleAreApart,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(&bench{open(t), t}) })
	}
}

// Key is one that nobody has.
func Key(size upload.Size, format string) upload.Key {
	return upload.Key{Owner: storage.NewID(), File: storage.NewID(), Size: size, Format: format}
}

func (b *bench) put(k upload.Key, data string) {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), "picture")
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		b.t.Fatal(err)
	}
	if err := b.Put(b.t.Context(), k, path); err != nil {
		b.t.Fatalf("put: %v", err)
	}
}

func (b *bench) read(k upload.Key) string {
	b.t.Helper()
	o, err := b.Open(b.t.Context(), k)
	if err != nil {
		b.t.Fatalf("open: %v", err)
	}
	defer func() {
		if err := o.Close(); err != nil {
			b.t.Errorf("close: %v", err)
		}
	}()
	data, err := io.ReadAll(o)
	if err != nil || int64(len(data)) != o.Bytes {
		b.t.Fatalf("%d bytes of %d, %v", len(data), o.Bytes, err)
	}
	return string(data)
}

func (b *bench) missing(k upload.Key) {
	b.t.Helper()
	o, err := b.Open(b.t.Context(), k)
	if err == nil {
		_ = o.Close()
	}
	if !errors.Is(err, upload.ErrNoObject) {
		b.t.Errorf("open of what is not there: %v", err)
	}
}

func (b *bench) list() []upload.Key {
	b.t.Helper()
	var keys []upload.Key
	for o, err := range b.List(b.t.Context()) {
		if err != nil {
			b.t.Fatalf("list: %v", err)
		}
		if age := time.Since(o.At); age > time.Minute || age < -time.Minute {
			b.t.Errorf("%v was stored at %s", o.Key, o.At)
		}
		keys = append(keys, o.Key)
	}
	return keys
}

func whatIsPutIsThere(b *bench) {
	for _, format := range []string{upload.PNG, upload.JPEG, upload.WebP, upload.GIF} {
		for _, size := range []upload.Size{upload.Original, upload.Thumb, upload.ForModel} {
			k := Key(size, format)
			b.put(k, "bytes of "+string(size)+" "+format)
			if got := b.read(k); got != "bytes of "+string(size)+" "+format {
				b.t.Errorf("%v holds %q", k, got)
			}
		}
	}
}

func puttingAgainReplaces(b *bench) {
	k := Key(upload.Original, upload.PNG)
	b.put(k, "first")
	b.put(k, "second, longer")
	if got := b.read(k); got != "second, longer" {
		b.t.Errorf("holds %q", got)
	}
	if keys := b.list(); len(keys) != 1 {
		b.t.Errorf("listed: %v", keys)
	}
}

func whatIsNotThere(b *bench) {
	k := Key(upload.Original, upload.PNG)
	b.missing(k)
	if err := b.Delete(b.t.Context(), k); err != nil {
		b.t.Errorf("delete of what is not there: %v", err)
	}
	b.put(k, "x")
	for range 2 {
		if err := b.Delete(b.t.Context(), k); err != nil {
			b.t.Errorf("delete: %v", err)
		}
		b.missing(k)
	}
	if keys := b.list(); len(keys) != 0 {
		b.t.Errorf("listed: %v", keys)
	}
}

func partsCanBeRead(b *bench) {
	k := Key(upload.Original, upload.PNG)
	b.put(k, "0123456789")
	o, err := b.Open(b.t.Context(), k)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = o.Close() }()
	if _, err := o.Seek(4, io.SeekStart); err != nil {
		b.t.Fatal(err)
	}
	part := make([]byte, 3)
	if _, err := io.ReadFull(o, part); err != nil || !bytes.Equal(part, []byte("456")) {
		b.t.Errorf("read %q, %v", part, err)
	}
}

func listKnowsAll(b *bench) {
	var want []string
	for range 7 {
		k := Key(upload.Thumb, upload.JPEG)
		b.put(k, "a jpeg")
		want = append(want, k.Owner+k.File+string(k.Size)+k.Format)
	}
	var got []string
	for _, k := range b.list() {
		got = append(got, k.Owner+k.File+string(k.Size)+k.Format)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		b.t.Errorf("listed %v, want %v", got, want)
	}
}

func listEndsWhenTold(b *bench) {
	b.put(Key(upload.Thumb, upload.PNG), "x")
	b.put(Key(upload.Thumb, upload.PNG), "x")
	n := 0
	for range b.List(b.t.Context()) {
		n++
		break
	}
	ctx, cancel := context.WithCancel(b.t.Context())
	cancel()
	var last error
	for _, err := range b.List(ctx) {
		last = err
	}
	if n != 1 || last == nil {
		b.t.Errorf("%d of a list that was broken off, and %v where its context had ended", n, last)
	}
}

func manyAtOnce(b *bench) {
	k := Key(upload.Original, upload.PNG)
	path := filepath.Join(b.t.TempDir(), "picture")
	if err := os.WriteFile(path, bytes.Repeat([]byte("whole"), 10_000), 0o600); err != nil {
		b.t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := b.Put(b.t.Context(), k, path); err != nil {
				b.t.Errorf("put: %v", err)
			}
			o, err := b.Open(b.t.Context(), k)
			if err != nil {
				b.t.Errorf("open: %v", err)
				return
			}
			defer func() { _ = o.Close() }()
			if data, err := io.ReadAll(o); err != nil || len(data) != 50_000 {
				b.t.Errorf("%d bytes, %v: half a picture was seen", len(data), err)
			}
		})
	}
	wg.Wait()
}

func aSourceThatIsNotThere(b *bench) {
	k := Key(upload.Original, upload.PNG)
	if err := b.Put(b.t.Context(), k, filepath.Join(b.t.TempDir(), "nothing")); err == nil {
		b.t.Error("nothing was put")
	}
	b.missing(k)
}

func checkSaysThatItWorks(b *bench) {
	if err := b.Check(b.t.Context()); err != nil {
		b.t.Errorf("check: %v", err)
	}
	if b.Name() == "" {
		b.t.Error("it has no name")
	}
}

func peopleAreApart(b *bench) {
	k := Key(upload.Original, upload.PNG)
	b.put(k, "mine")
	other := k
	other.Owner = storage.NewID()
	b.missing(other)
}
