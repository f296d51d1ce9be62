package server_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// An account leaves a server on one database and goes on living on one that
// runs on the other.
func TestAnAccountMovesHouse(t *testing.T) {
	old := start(t, config(t, storagetest.SQLiteURL(t)))
	ann, _ := register(t, old, "ann")
	room := ann.quiet()
	ann.must(http.MethodPost, "/api/messages", object{"conversationId": room, "content": "my stop-loss is 5990.50"}).into(t, &struct{}{})
	ann.must(http.MethodPost, "/api/trades", object{
		"instrument": "MES", "side": "long", "quantity": 1, "entry": 6000, "openedAt": "2026-03-02T15:00:00Z",
	}).into(t, &struct{}{})
	chart := aPNG(t)
	shown := ann.upload(chart)
	var sent struct{ Message message }
	ann.must(http.MethodPost, "/api/messages", object{"conversationId": room, "content": "the chart", "uploadIds": []string{shown}}).into(t, &sent)
	ann.upload(aPNG(t)) // the same image again, which no message shows yet
	file := fetch(t, ann, "/api/auth/me/export")

	c := config(t, storagetest.PostgresURL(t))
	base := start(t, c)
	u, err := server.OpenDesk(t.Context(), c, server.MakeAbsent, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = u.Close() }()
	owner, loaded, err := u.Import(t.Context(), file, server.ArchiveImport{Password: "Other-Horse-10"})
	if err != nil || owner.Username != "ann" || loaded.Messages != 2 || loaded.Images != 2 || loaded.ImagesLeft != 0 || loaded.Trades != 1 {
		t.Fatalf("%+v, %+v, %v", owner, loaded, err)
	}
	again := &caller{t: t, base: base}
	var grant struct{ Token string }
	again.must(http.MethodPost, "/api/auth/login", object{"identifier": "ann@example.org", "password": "Other-Horse-10"}).into(t, &grant)
	again.token = grant.Token
	var found struct {
		Items []struct{ Message message }
	}
	again.must(http.MethodGet, "/api/messages/search?q=stop-loss+5990.50", nil).into(t, &found)
	if len(found.Items) != 1 || found.Items[0].Message.Content != "my stop-loss is 5990.50" {
		t.Errorf("found %+v", found)
	}
	var trades struct{ Items []json.RawMessage }
	again.must(http.MethodGet, "/api/trades", nil).into(t, &trades)
	if len(trades.Items) != 1 {
		t.Errorf("%d trades", len(trades.Items))
	}
	t.Run("Images", func(t *testing.T) {
		again.must(http.MethodGet, "/api/messages/search?q=chart", nil).into(t, &found)
		if len(found.Items) != 1 || len(found.Items[0].Message.Uploads) != 1 {
			t.Fatalf("found %+v", found)
		}
		before, after := bytesOf(t, fetch(t, ann, "/api/uploads/"+shown+"/file")), bytesOf(t, fetch(t, again, "/api/uploads/"+found.Items[0].Message.Uploads[0].ID+"/file"))
		if !bytes.Equal(before, after) {
			t.Errorf("an image of %d bytes came out as one of %d", len(before), len(after))
		}
		if before, after := imagesIn(t, file), imagesIn(t, fetch(t, again, "/api/auth/me/export")); !slices.Equal(before, after) || len(after) != 2 {
			t.Errorf("the archive held %v and holds %v after the move", before, after)
		}
	})
	if _, _, err := u.Import(t.Context(), file, server.ArchiveImport{Into: "ann"}); err == nil {
		t.Error("one account took one archive twice")
	}
}

func bytesOf(t *testing.T, f *os.File) []byte {
	t.Helper()
	all, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// imagesIn are the sums of the images in an archive, in its order.
func imagesIn(t *testing.T, f *os.File) (sums []string) {
	t.Helper()
	z, err := zip.OpenReader(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	for _, part := range z.File {
		if strings.HasPrefix(part.Name, "uploads/") {
			sums = append(sums, fmt.Sprintf("%s %d %08x", path.Ext(part.Name), part.UncompressedSize64, part.CRC32))
		}
	}
	return sums
}

// fetch saves what a route sends.
func fetch(t *testing.T, c *caller, path string) *os.File {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	file, err := os.Create(filepath.Join(t.TempDir(), "account.zip"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	if _, err := io.Copy(file, res.Body); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v", res.StatusCode, err)
	}
	return file
}
