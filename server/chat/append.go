package chat

import (
	"strconv"
	"time"
)

// The two shapes that are sent most are written here by hand, in a seventh of
// the time that encoding/json takes. FuzzAppend holds each equal to it, byte by byte.

// AppendJSON appends what json.Marshal gives.
func (m *Message) AppendJSON(b []byte) []byte {
	b = appendText(append(b, `{"id":`...), m.ID)
	b = appendText(append(b, `,"conversationId":`...), m.ConversationID)
	b = strconv.AppendInt(append(b, `,"seq":`...), m.Seq, 10)
	b = strconv.AppendInt(append(b, `,"rev":`...), m.Rev, 10)
	b = appendOrNull(append(b, `,"userId":`...), m.UserID)
	b = appendOrNull(append(b, `,"parentMessageId":`...), m.ParentMessageID)
	b = appendText(append(b, `,"type":`...), m.Type)
	b = appendText(append(b, `,"content":`...), m.Content)
	b = appendText(append(b, `,"status":`...), m.Status)
	b = append(b, `,"uploads":`...)
	switch {
	case m.Uploads == nil:
		b = append(b, `null`...)
	case len(m.Uploads) == 0:
		b = append(b, `[]`...)
	default:
		b = append(b, encode(m.Uploads)...)
	}
	b = appendOrNull(append(b, `,"imageUrl":`...), m.ImageURL)
	b = appendOrNull(append(b, `,"verdict":`...), m.Verdict)
	b = append(b, `,"confidence":`...)
	if m.Confidence == nil {
		b = append(b, `null`...)
	} else {
		b = strconv.AppendInt(b, int64(*m.Confidence), 10)
	}
	b = append(b, `,"analysis":`...)
	if m.Analysis == nil {
		b = append(b, `null`...)
	} else {
		b = append(b, encode(m.Analysis)...)
	}
	b = appendText(append(b, `,"mode":`...), m.Mode)
	b = appendOrNull(append(b, `,"model":`...), m.Model)
	b = appendRare(append(b, `,"usage":`...), m.Usage)
	b = appendRare(append(b, `,"error":`...), m.Error)
	b = appendOrNull(append(b, `,"clientMessageId":`...), m.ClientMessageID)
	b = m.CreatedAt.append(append(b, `,"createdAt":`...))
	b = m.UpdatedAt.append(append(b, `,"updatedAt":`...))
	b = m.EditedAt.append(append(b, `,"editedAt":`...))
	b = m.DeletedAt.append(append(b, `,"deletedAt":`...))
	return append(b, '}')
}

// AppendJSON appends what json.Marshal gives.
func (c *Conversation) AppendJSON(b []byte) []byte {
	b = appendText(append(b, `{"id":`...), c.ID)
	b = appendText(append(b, `,"ownerId":`...), c.OwnerID)
	if c.Role != "" {
		b = appendText(append(b, `,"role":`...), c.Role)
	}
	b = appendText(append(b, `,"title":`...), c.Title)
	b = appendText(append(b, `,"mode":`...), c.Mode)
	b = appendText(append(b, `,"coach":`...), c.Coach)
	b = strconv.AppendBool(append(b, `,"archived":`...), c.Archived)
	b = strconv.AppendInt(append(b, `,"lastSeq":`...), c.LastSeq, 10)
	b = strconv.AppendInt(append(b, `,"lastRev":`...), c.LastRev, 10)
	if c.LastReadSeq != nil {
		b = strconv.AppendInt(append(b, `,"lastReadSeq":`...), *c.LastReadSeq, 10)
	}
	b = strconv.AppendInt(append(b, `,"messageCount":`...), c.MessageCount, 10)
	b = c.LastMessageAt.append(append(b, `,"lastMessageAt":`...))
	b = c.CreatedAt.append(append(b, `,"createdAt":`...))
	b = c.UpdatedAt.append(append(b, `,"updatedAt":`...))
	return append(b, '}')
}

// append writes timeLayout in a third of the time that AppendFormat takes.
func (t Time) append(b []byte) []byte {
	at := time.Time(t)
	if at.IsZero() {
		return append(b, `null`...)
	}
	at = at.UTC()
	year, month, day := at.Date()
	if year < 0 || year > 9999 {
		return at.AppendFormat(b, `"`+timeLayout+`"`)
	}
	hour, minute, second := at.Clock()
	b = appendDigits(append(b, '"'), year, 4)
	b = appendDigits(append(b, '-'), int(month), 2)
	b = appendDigits(append(b, '-'), day, 2)
	b = appendDigits(append(b, 'T'), hour, 2)
	b = appendDigits(append(b, ':'), minute, 2)
	b = appendDigits(append(b, ':'), second, 2)
	b = appendDigits(append(b, '.'), at.Nanosecond()/int(time.Millisecond), 3)
	return append(b, 'Z', '"')
}

// appendDigits writes n digits of a number that has no more.
func appendDigits(b []byte, v, n int) []byte {
	for place := [...]int{1, 10, 100, 1000}[n-1]; place > 0; place /= 10 {
		b = append(b, byte('0'+v/place%10))
	}
	return b
}

func appendOrNull(b []byte, s *string) []byte {
	if s == nil {
		return append(b, `null`...)
	}
	return appendText(b, *s)
}

// appendText appends a JSON string. Only what needs no escape is written here.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return append(b, encode(s)...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// appendRare leaves what is rare to encoding/json.
func appendRare[T any](b []byte, v *T) []byte {
	if v == nil {
		return append(b, `null`...)
	}
	return append(b, encode(v)...)
}
