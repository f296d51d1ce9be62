package trading

import (
	"time"
)

// clockMinutes reads "09:30" as minutes since midnight; ok is false when it is
// not a time of day. "24:00" is midnight at the end.
func clockMinutes(text string) (minutes int, ok bool) {
	if len(text) != 5 || text[2] != ':' {
		return 0, false
	}
	for _, i := range []int{0, 1, 3, 4} {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
	}
	h, m := int(text[0]-'0')*10+int(text[1]-'0'), int(text[3]-'0')*10+int(text[4]-'0')
	if h > 24 || m > 59 || (h == 24 && m > 0) {
		return 0, false
	}
	return h*60 + m, true
}

// Contains says whether a time of day lies in the window: From included, To
// not. A window whose To is before its From crosses midnight.
func (w Window) Contains(t time.Time) bool {
	from, ok := clockMinutes(w.From)
	to, ok2 := clockMinutes(w.To)
	if !ok || !ok2 {
		return false
	}
	now := t.Hour()*60 + t.Minute()
	if from <= to {
		return from <= now && now < to
	}
	return now >= from || now < to
}

// inAny is the first window that holds t, or nil.
func inAny(windows []Window, t time.Time) *Window {
	for i := range windows {
		if windows[i].Contains(t) {
			return &windows[i]
		}
	}
	return nil
}

// MarketOpen says whether the instrument trades at t, by the regular week of
// its venue (holidays are not known here); zone is America/New_York. A kind
// without known hours counts as open.
func MarketOpen(i Instrument, t time.Time, zone *time.Location) bool {
	et := t.In(zone)
	minute, day := et.Hour()*60+et.Minute(), et.Weekday()
	switch i.Kind {
	case KindStock:
		return day != time.Saturday && day != time.Sunday && minute >= 9*60+30 && minute < 16*60
	case KindFX:
		return openWeek(day, minute, 17*60)
	case KindFuture:
		return openWeek(day, minute, 18*60) && (minute < 17*60 || minute >= 18*60)
	}
	return true
}

// openWeek is Sunday from opens to Friday 17:00.
func openWeek(day time.Weekday, minute, opens int) bool {
	switch day {
	case time.Saturday:
		return false
	case time.Sunday:
		return minute >= opens
	case time.Friday:
		return minute < 17*60
	}
	return true
}
