package chat_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// BenchmarkSend is what one stored message costs while many people send at
// once and everything that runs beside requests runs.
func BenchmarkSend(b *testing.B) {
	s := storagetest.NewSQLite(b)
	events := bus.NewMemory()
	svc := chat.New(chat.Options{Store: s, Bus: events})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- events.Run(ctx) }()
	go func() { ended <- svc.Run(ctx) }()
	b.Cleanup(func() { cancel(); <-ended; <-ended })
	who, where := senders(b, s, svc, 64)
	next := make(chan int, len(who))
	for i := range who {
		next <- i
	}
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		i := <-next
		defer func() { next <- i }()
		for n := 0; pb.Next(); n++ {
			text := fmt.Sprintf("Long 2 MES at 6000.25, stop 5990.%d, target 6020: the plan says half a percent, and message %d keeps to it.", n%100, n)
			if _, err := svc.Send(ctx, who[i], chat.Draft{ConversationID: where[i], Content: text}); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func senders(b *testing.B, s *storage.Store, svc *chat.Service, n int) (who []auth.Actor, where []string) {
	b.Helper()
	for i := range n {
		u := storage.User{
			ID: storage.NewID(), Email: fmt.Sprintf("s%d@example.org", i), Username: fmt.Sprintf("s%d", i), Role: "user", Tier: "free",
			CreatedAt: storage.Now(), LastActiveAt: storage.Now(),
		}
		if err := s.Tx(b.Context(), func(tx *storage.Tx) error { return tx.InsertUser(b.Context(), u) }); err != nil {
			b.Fatal(err)
		}
		a := auth.Actor{UserID: u.ID, Username: u.Username, Role: u.Role, Tier: u.Tier}
		c, err := svc.Create(b.Context(), a, chat.NewConversation{Coach: chat.CoachOff})
		if err != nil {
			b.Fatal(err)
		}
		who, where = append(who, a), append(where, c.ID)
	}
	return who, where
}
