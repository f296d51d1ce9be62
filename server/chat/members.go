package chat

import (
	"context"
	"slices"
	"strings"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// Member is what the people of a conversation see of each other.
type Member struct {
	UserID      string `json:"userId"`
	Username    string `json:"username"`
	DisplayName string `json:"displayName"`
	Role        string `json:"role"`
	JoinedAt    Time   `json:"joinedAt"`
}

func memberView(m storage.Member) Member {
	return Member{UserID: m.UserID, Username: m.Username, DisplayName: m.DisplayName, Role: m.Role, JoinedAt: Time(m.JoinedAt)}
}

// invited are the roles that an owner can give.
var invited = []string{RoleMember, RoleViewer}

// Members lists who is in a conversation that the actor is in.
func (s *Service) Members(ctx context.Context, a auth.Actor, id string) ([]Member, error) {
	if _, err := s.membership(ctx, a, id); err != nil {
		return nil, err
	}
	rows, err := s.store.Members(ctx, id)
	out := make([]Member, len(rows))
	for i, m := range rows {
		out[i] = memberView(m)
	}
	return out, err
}

// Invite adds somebody, by e-mail or username, as a member who writes or a
// viewer who reads; for one who is in already it changes the role. Only the
// owner may. added tells which of the two it was.
func (s *Service) Invite(ctx context.Context, a auth.Actor, id, identifier, role string) (m Member, added bool, err error) {
	if !slices.Contains(invited, role) {
		return m, false, fault.Invalid("role", "The role is member or viewer.")
	}
	if !storage.ValidID(id) {
		return m, false, noConversation()
	}
	var before storage.Member
	var after storage.Member
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		if _, err := owned(ctx, tx, a, id); err != nil {
			return err
		}
		guest, err := tx.UserByIdentifier(ctx, strings.TrimSpace(identifier))
		if fault.Is(err, fault.NotFound) || err == nil && !guest.DisabledAt.IsZero() {
			return fault.Invalid("identifier", "Nobody here has this e-mail or username.")
		}
		if err != nil {
			return err
		}
		before, err = tx.Member(ctx, id, guest.ID)
		switch {
		case fault.Is(err, fault.NotFound):
			before = storage.Member{}
			if err := s.roomFor(ctx, tx, a, id); err != nil {
				return err
			}
		case err != nil:
			return err
		case before.Role == RoleOwner:
			return fault.Invalid("identifier", "The owner is in the conversation already.")
		}
		if err := tx.PutMember(ctx, storage.Member{ConversationID: id, UserID: guest.ID, Role: role, JoinedAt: s.now()}); err != nil {
			return err
		}
		after, err = tx.Member(ctx, id, guest.ID)
		return err
	})
	if err != nil {
		return m, false, err
	}
	if before.Role != role {
		s.tellMembership(ctx, EventMemberAdded, id, after)
	}
	return memberView(after), before.UserID == "", nil
}

// Remove takes somebody out: the owner anybody else, everybody themselves. The
// owner stays; who no longer wants a conversation of their own deletes it.
func (s *Service) Remove(ctx context.Context, a auth.Actor, id, userID string) error {
	if !storage.ValidID(id) || !storage.ValidID(userID) {
		return noConversation()
	}
	var gone storage.Member
	err := s.store.Tx(ctx, func(tx *storage.Tx) error {
		m, err := tx.LockMembership(ctx, id, a.UserID)
		if err != nil {
			return conversationError(err)
		}
		if gone, err = tx.Member(ctx, id, userID); err != nil {
			if fault.Is(err, fault.NotFound) {
				return fault.New(fault.NotFound, "There is no such member.")
			}
			return err
		}
		switch {
		case gone.Role == RoleOwner:
			return fault.New(fault.Conflict, "The owner cannot leave; delete the conversation instead.")
		case userID != a.UserID && m.Role != RoleOwner:
			return fault.New(fault.Forbidden, "Only the owner may remove somebody else.")
		}
		return tx.DeleteMember(ctx, id, userID)
	})
	if err != nil {
		return err
	}
	s.tellMembership(ctx, EventMemberLeft, id, gone)
	return nil
}

// owned locks the conversation for what only its owner may do.
func owned(ctx context.Context, tx *storage.Tx, a auth.Actor, id string) (storage.Membership, error) {
	m, err := tx.LockMembership(ctx, id, a.UserID)
	if err != nil {
		return m, conversationError(err)
	}
	if m.Role != RoleOwner {
		return m, fault.New(fault.Forbidden, "Only the owner may do this.")
	}
	return m, nil
}

// roomFor refuses one member too many.
func (s *Service) roomFor(ctx context.Context, tx *storage.Tx, owner auth.Actor, id string) error {
	most := s.maxMembers(owner)
	if most < 0 || owner.Admin() {
		return nil
	}
	n, err := tx.CountMembers(ctx, id)
	if err != nil {
		return err
	}
	if n >= most {
		return fault.Newf(fault.Conflict, "A conversation of your tier holds %d people; remove somebody first.", most)
	}
	return nil
}

// tellMembership tells everybody in a conversation, and whoever came or went,
// of a coming, a going or a new role.
func (s *Service) tellMembership(ctx context.Context, event, id string, m storage.Member) {
	people, err := s.store.MemberIDs(ctx, id)
	if err != nil {
		s.log.Warn("members were not told who came or went", "conversation", id, "err", err)
	}
	if !slices.Contains(people, m.UserID) {
		people = append(people, m.UserID)
	}
	s.tellUsers(ctx, people, event, encode(map[string]any{"conversationId": id, "member": memberView(m)}))
	if event != EventMemberAdded {
		return
	}
	if c, err := s.store.Conversation(ctx, id); err == nil {
		s.tellUsers(ctx, []string{m.UserID}, EventConversation, encode(map[string]any{"conversation": broadcastView(c)}))
	}
}

// AccountDeleted tells those who shared a conversation with an account that was
// deleted: what it owned is gone, elsewhere it is no longer a member, and what
// it wrote there is empty.
func (s *Service) AccountDeleted(ctx context.Context, d storage.Departure) {
	for id, people := range d.Gone {
		s.tellUsers(ctx, people, EventGone, encode(map[string]string{"conversationId": id}))
	}
	for _, m := range d.Left {
		m.Username, m.DisplayName = "", "" // no longer anybody's
		s.tellMembership(ctx, EventMemberLeft, m.ConversationID, m)
		// The newest row makes each open room look for the ones before it.
		if row, err := s.store.NewestChange(ctx, m.ConversationID); err == nil {
			s.publish(ctx, rowEvent(row))
		}
	}
}
