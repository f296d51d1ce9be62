package chat

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/elite-trading-coach/coach/storage"
)

// seal stores the verdict of a finished answer in the transaction that
// finishes it, so that there is no verdict without a seal, and none that was
// sealed after somebody could know the outcome.
func seal(ctx context.Context, tx *storage.Tx, row storage.Message, planVersion int64) error {
	if row.Verdict == "" || row.Status != StatusCompleted || row.AskedBy == "" {
		return nil
	}
	return tx.SealVerdict(ctx, storage.Verdict{
		MessageID: row.ID, QuestionID: row.ParentID, UserID: row.AskedBy, PlanVersion: planVersion,
		Verdict: row.Verdict, Confidence: row.Confidence, Missed: missed(row.Analysis), SealedAt: row.UpdatedAt,
	})
}

// missed lists the rules that an analysis found missed, as JSON; each once.
func missed(analysis json.RawMessage) string {
	var doc struct {
		Ideas []struct {
			Checks []struct {
				Rule   string
				Passed *bool
			}
		}
	}
	rules := []string{}
	if len(analysis) > 0 && json.Unmarshal(analysis, &doc) == nil {
		for _, idea := range doc.Ideas {
			for _, c := range idea.Checks {
				if c.Passed != nil && !*c.Passed && !slices.Contains(rules, c.Rule) {
					rules = append(rules, c.Rule)
				}
			}
		}
	}
	raw, err := json.Marshal(rules)
	if err != nil {
		return "[]" // a list of texts always encodes
	}
	return string(raw)
}
