package upload_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/upload"
	"github.com/elite-trading-coach/coach/server/upload/uploadtest"
)

func TestDisk(t *testing.T) {
	uploadtest.Run(t, func(t *testing.T) upload.Store {
		d, err := upload.NewDisk(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return d
	})
}

func newCloud(t *testing.T, cloud *uploadtest.Cloud) *upload.Cloudinary {
	t.Helper()
	s, err := upload.NewCloudinary(upload.CloudinaryOptions{
		Cloud: uploadtest.CloudName, Key: uploadtest.CloudKey, Secret: uploadtest.CloudSecret, Dir: t.TempDir(), Client: cloud.Client(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCloudinary(t *testing.T) {
	uploadtest.Run(t, func(t *testing.T) upload.Store { return newCloud(t, uploadtest.NewCloud(t)) })
}

func somePicture(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "picture")
	if err := os.WriteFile(path, []byte("picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCloudinaryHasAFolderForEachPersonAndGivesNothingUnsigned(t *testing.T) {
	cloud := uploadtest.NewCloud(t)
	s := newCloud(t, cloud)
	k := uploadtest.Key(upload.Original, upload.PNG)
	if err := s.Put(t.Context(), k, somePicture(t)); err != nil {
		t.Fatal(err)
	}
	names := cloud.Names()
	if len(names) != 1 || names[0] != "coach/"+k.Owner+"/"+k.File+"-original" {
		t.Errorf("stored as %v", names)
	}
	for _, signature := range []string{"", "s--AAAAAAAA--/"} {
		res, err := cloud.Client().Get("https://res.cloudinary.com/" + uploadtest.CloudName + "/image/authenticated/" + signature + "v1/" + names[0] + ".png")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode == http.StatusOK {
			t.Errorf("the picture is given for the signature %q", signature)
		}
	}
}

func TestCloudinaryThatFailsIsToldOf(t *testing.T) {
	cloud := uploadtest.NewCloud(t)
	s := newCloud(t, cloud)
	k := uploadtest.Key(upload.Original, upload.PNG)
	cloud.Break(true)
	_, openErr := s.Open(t.Context(), k)
	var listErr error
	for _, err := range s.List(t.Context()) {
		listErr = err
	}
	for what, err := range map[string]error{
		"put": s.Put(t.Context(), k, somePicture(t)), "open": openErr, "delete": s.Delete(t.Context(), k), "list": listErr, "check": s.Check(t.Context()),
	} {
		if err == nil || errors.Is(err, upload.ErrNoObject) {
			t.Errorf("%s of a cloud that fails answers %v", what, err)
		}
		if err != nil && strings.Contains(err.Error(), uploadtest.CloudSecret) {
			t.Errorf("%s tells the secret: %v", what, err)
		}
	}
}

func TestAWrongSecretOpensNothing(t *testing.T) {
	s, err := upload.NewCloudinary(upload.CloudinaryOptions{
		URL: "cloudinary://" + uploadtest.CloudKey + ":wrong-secret@" + uploadtest.CloudName, Dir: t.TempDir(), Client: uploadtest.NewCloud(t).Client(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), uploadtest.Key(upload.Original, upload.PNG), somePicture(t)); err == nil {
		t.Error("an upload with a wrong signature was taken")
	}
	if err := s.Check(t.Context()); err == nil {
		t.Error("a wrong secret is said to work")
	}
}

func TestADiskWithoutRoomLeavesNothing(t *testing.T) {
	root := t.TempDir()
	d, err := upload.NewDisk(root)
	if err != nil {
		t.Fatal(err)
	}
	k := uploadtest.Key(upload.Original, upload.PNG)
	// A file where the person's folder should be stands for a disk that refuses.
	if err := os.WriteFile(filepath.Join(root, k.Owner), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Put(t.Context(), k, somePicture(t)); err == nil {
		t.Error("something was put")
	}
	if left, _ := filepath.Glob(filepath.Join(root, "*", "*")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
