package tui

// window is the part of some lines that is on the screen, and the one of them
// that is selected.
type window struct {
	cursor int // the selected line
	top    int // the first line on the screen
	height int // lines on the screen, of the last time it was drawn
}

// move handles the keys that move, as in vi and k9s; false = none of those.
func (w *window) move(key string, length int) bool {
	switch key {
	case "up", "k":
		w.cursor--
	case "down", "j":
		w.cursor++
	case "pgup", "ctrl+b":
		w.cursor -= max(1, w.height-1)
	case "pgdown", "ctrl+f", " ":
		w.cursor += max(1, w.height-1)
	case "home", "g":
		w.cursor = 0
	case "end", "G":
		w.cursor = length - 1
	default:
		return false
	}
	w.cursor = clamp(w.cursor, length)
	return true
}

// show fits the window to a screen of height lines, so that the selected line
// is in sight, and returns the first line and the one after the last.
func (w *window) show(height, length int) (from, to int) {
	w.height = max(1, height)
	w.cursor = clamp(w.cursor, length)
	w.top = min(w.top, w.cursor)
	w.top = max(w.top, w.cursor-w.height+1)
	w.top = max(0, min(w.top, length-w.height))
	return w.top, min(length, w.top+w.height)
}

// clamp keeps a position within a length; 0 where there is nothing.
func clamp(at, length int) int { return max(0, min(at, length-1)) }
