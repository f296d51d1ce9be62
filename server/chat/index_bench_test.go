package chat_test

import (
	"fmt"
	"testing"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// BenchmarkIndex is what the index costs for one message: b.N messages are
// stored first, and indexed by the first search.
func BenchmarkIndex(b *testing.B) {
	s := storagetest.NewSQLite(b)
	events := bus.NewMemory()
	svc := chat.New(chat.Options{Store: s, Bus: events})
	who, where := senders(b, s, svc, 1)
	for n := range b.N {
		text := fmt.Sprintf("Long 2 MES at 6000.25, stop 5990.%d, target 6020: the plan says half a percent, and message %d keeps to it.", n%100, n)
		if _, err := svc.Send(b.Context(), who[0], chat.Draft{ConversationID: where[0], Content: text}); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	list, err := svc.Search(b.Context(), who[0], chat.SearchQuery{Text: "plan", Limit: 1})
	if err != nil || len(list.Items) != 1 {
		b.Fatal(list, err)
	}
}
