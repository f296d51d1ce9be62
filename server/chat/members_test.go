package chat_test

import (
	"testing"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

func (d *desk) invite(id string, who auth.Actor, role string) {
	d.t.Helper()
	if _, _, err := d.Invite(d.t.Context(), d.owner, id, who.Username, role); err != nil {
		d.t.Fatal(err)
	}
}

func TestMembers(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		id := d.conversation("off")
		mentor, guest, stranger := d.person("mentor"), d.person("guest"), d.person("stranger")
		d.invite(id, mentor, chat.RoleMember)
		d.invite(id, guest, chat.RoleViewer)
		t.Run("AreListedWithTheirRoles", func(t *testing.T) {
			list, err := d.Members(t.Context(), guest, id)
			if err != nil || len(list) != 3 || list[0].Role != chat.RoleOwner || list[2].Username != "guest" || list[2].Role != chat.RoleViewer {
				t.Fatalf("%+v, %v", list, err)
			}
			_, err = d.Members(t.Context(), stranger, id)
			wantCode(t, err, fault.NotFound)
		})
		t.Run("AMemberWritesAViewerDoesNot", func(t *testing.T) {
			if _, err := d.Send(t.Context(), mentor, chat.Draft{ConversationID: id, Content: "hello"}); err != nil {
				t.Fatal(err)
			}
			_, err := d.Send(t.Context(), guest, chat.Draft{ConversationID: id, Content: "hello"})
			wantCode(t, err, fault.Forbidden)
		})
		t.Run("OnlyTheOwnerInvitesAndRemoves", func(t *testing.T) {
			_, _, err := d.Invite(t.Context(), mentor, id, "stranger", chat.RoleMember)
			wantCode(t, err, fault.Forbidden)
			wantCode(t, d.Remove(t.Context(), mentor, id, guest.UserID), fault.Forbidden)
			wantCode(t, d.Remove(t.Context(), stranger, id, guest.UserID), fault.NotFound)
			wantCode(t, d.Remove(t.Context(), d.owner, id, d.owner.UserID), fault.Conflict)
			wantCode(t, d.Remove(t.Context(), d.owner, id, stranger.UserID), fault.NotFound)
		})
		t.Run("WhatOnlyTheOwnerMayDo", func(t *testing.T) {
			title := "ours"
			for _, who := range []auth.Actor{mentor, guest} {
				_, updateErr := d.Update(t.Context(), who, id, chat.ConversationPatch{Title: &title})
				_, _, inviteErr := d.Invite(t.Context(), who, id, "stranger", chat.RoleMember)
				for _, err := range []error{updateErr, inviteErr, d.Delete(t.Context(), who, id)} {
					if f := fault.From(err); f == nil || f.Code != fault.Forbidden || f.Message != "Only the owner may do this." {
						t.Errorf("%s hears %v", who.Username, err)
					}
				}
			}
		})
		t.Run("UnsoundInvitations", func(t *testing.T) {
			for _, c := range []struct{ who, role string }{{"nobody", chat.RoleMember}, {"mentor", chat.RoleOwner}, {"owner", chat.RoleViewer}, {"", chat.RoleMember}} {
				_, _, err := d.Invite(t.Context(), d.owner, id, c.who, c.role)
				wantCode(t, err, fault.Validation)
			}
		})
		t.Run("AgainChangesTheRole", func(t *testing.T) {
			m, added, err := d.Invite(t.Context(), d.owner, id, "GUEST@example.org", chat.RoleMember)
			if err != nil || added || m.Role != chat.RoleMember {
				t.Fatalf("%+v, %v, %v", m, added, err)
			}
		})
		t.Run("AnybodyMayLeave", func(t *testing.T) {
			if err := d.Remove(t.Context(), mentor, id, mentor.UserID); err != nil {
				t.Fatal(err)
			}
			_, err := d.Conversation(t.Context(), mentor, id)
			wantCode(t, err, fault.NotFound)
		})
	})
}

func TestATierHoldsSoManyMembers(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		d := newDesk(t, s, chat.Options{MaxMembers: func(auth.Actor) int { return 2 }})
		id := d.conversation("off")
		a := d.person("ann")
		d.person("bob")
		d.invite(id, a, chat.RoleMember)
		_, _, err := d.Invite(t.Context(), d.owner, id, "bob", chat.RoleMember)
		wantCode(t, err, fault.Conflict)
		d.invite(id, a, chat.RoleViewer) // who is in counts once
	})
}
