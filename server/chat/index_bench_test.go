package chat_test

import (
	"fmt"
	"testing"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// BenchmarkWriteAndIndex is what one message costs with all that search adds:
// one of 64 people after the other sends, and at the end each looks for
// something, which first indexes what is not yet. Of the time, "index-ns/op" is
// the indexing.
func BenchmarkWriteAndIndex(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *storage.Store{"SQLite": storagetest.NewSQLite, "Postgres": storagetest.NewPostgres} {
		b.Run(name, func(b *testing.B) {
			s := open(b)
			svc := chat.New(chat.Options{Store: s, Bus: bus.NewMemory()})
			who, where := senders(b, s, svc, 64)
			b.ResetTimer()
			for n := range b.N {
				text := fmt.Sprintf("Long 2 MES at 6000.25, stop 5990.%d, target 6020: the plan says half a percent, and message %d keeps to it.", n%100, n)
				if _, err := svc.Send(b.Context(), who[n%64], chat.Draft{ConversationID: where[n%64], Content: text}); err != nil {
					b.Fatal(err)
				}
			}
			written := b.Elapsed()
			for n := range min(b.N, 64) {
				list, err := svc.Search(b.Context(), who[n], chat.SearchQuery{Text: "plan", Limit: 1})
				if err != nil || len(list.Items) != 1 {
					b.Fatal(list, err)
				}
			}
			b.ReportMetric(float64((b.Elapsed()-written).Nanoseconds())/float64(b.N), "index-ns/op")
		})
	}
}
