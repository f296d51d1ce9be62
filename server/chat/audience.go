package chat

import (
	"context"

	"github.com/elite-trading-coach/coach/server/bus"
)

// Audience is who may hear a conversation; nobody, where it is gone.
type Audience struct {
	conversation string
	members      map[string]struct{}
}

// Audience reads who may hear a conversation, for a deliverer that may not
// have been told of a removal. Like [Service.Missed] it asks for nobody's
// permission.
func (s *Service) Audience(ctx context.Context, conversationID string) (Audience, error) {
	ids, err := s.store.MemberIDs(ctx, conversationID)
	a := Audience{conversationID, make(map[string]struct{}, len(ids))}
	for _, id := range ids {
		a.members[id] = struct{}{}
	}
	return a, err
}

// Has reports whether a user may hear it.
func (a Audience) Has(userID string) bool {
	_, has := a.members[userID]
	return has
}

// Farewell is the event of their topic that somebody missed who may no longer
// hear it. What they were in the conversation is gone with the membership.
func (a Audience) Farewell(userID, username string) bus.Event {
	if len(a.members) == 0 {
		return bus.Event{Topic: UserTopic(userID), Name: EventGone, Data: encode(map[string]string{"conversationId": a.conversation})}
	}
	return bus.Event{Topic: UserTopic(userID), Name: EventMemberLeft, Data: encode(map[string]any{
		"conversationId": a.conversation, "member": map[string]string{"userId": userID, "username": username},
	})}
}
