package tui

import (
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// tone is what a piece of text means; the theme says how that looks.
type tone int

const (
	toneText   tone = iota
	toneStrong      // what one reads first
	toneDim         // what one reads last
	toneFaint       // rules and frames
	toneAccent      // where one is
	toneCourse      // how something went
	toneGood
	toneWarn
	toneBad
	toneCount
)

// Palette says which colours a theme is made of.
type Palette string

// The palettes. Plain has none: what is selected has a mark beside it, so
// nothing is told by colour alone.
const (
	PaletteDark  Palette = "dark"
	PaletteLight Palette = "light"
	PalettePlain Palette = "plain"
)

// Look is how the screen is drawn.
type Look struct {
	Palette Palette
	// ASCII draws with the characters that every terminal and font has.
	ASCII bool
}

// theme turns tones into escape sequences. They are asked for once: a frame
// has thousands of cells.
type theme struct {
	glyphs
	inks     [toneCount]ink
	selected [toneCount]ink
	cursor   ink
}

// withoutColour uses what is left without colours (https://no-color.org bans
// only these): bold, faint, and black on white swapped.
func (t *theme) withoutColour() {
	bold, faint := ink{"\x1b[1m", "\x1b[22m"}, ink{"\x1b[2m", "\x1b[22m"}
	t.inks[toneStrong], t.inks[toneAccent], t.inks[toneBad] = bold, bold, bold
	t.inks[toneDim], t.inks[toneFaint] = faint, faint
	for as := range t.selected {
		t.selected[as] = ink{t.cursor.open, t.cursor.shut}
	}
}

// ink is what stands before and after a text.
type ink struct{ open, shut string }

func (i ink) paint(text string) string { return i.open + text + i.shut }

// paint colours text, which must hold no line break.
func (t *theme) paint(as tone, text string) string { return t.inks[as].paint(text) }

// newTheme asks the terminal behind w, by its environment, how many colours it
// has.
func newTheme(look Look, w io.Writer) *theme {
	return themeOn(look, lipgloss.NewRenderer(w))
}

func themeOn(look Look, renderer *lipgloss.Renderer) *theme {
	t := &theme{glyphs: unicodeGlyphs(), cursor: ink{"\x1b[7m", "\x1b[27m"}}
	if look.ASCII {
		t.glyphs = asciiGlyphs()
	}
	if look.Palette == PalettePlain || renderer.ColorProfile() == termenv.Ascii {
		t.withoutColour()
		return t
	}
	colours := darkColours()
	if look.Palette == PaletteLight {
		colours = lightColours()
	}
	ground := lipgloss.Color(colours.ground)
	for as, colour := range colours.tones {
		style := renderer.NewStyle().Bold(tone(as) == toneStrong)
		if colour != "" {
			style = style.Foreground(lipgloss.Color(colour))
		}
		t.inks[as] = inkOf(style)
		t.selected[as] = inkOf(style.Background(ground))
	}
	return t
}

// inkOf takes a style's sequences from a text that it has styled.
func inkOf(style lipgloss.Style) ink {
	open, shut, _ := strings.Cut(style.Render("x"), "x")
	return ink{open, shut}
}

// colours of a palette; "" is the terminal's own.
type colours struct {
	ground string // behind the selected row
	tones  [toneCount]string
}

// The colours are those of the web page, so that both look like one program.
func darkColours() colours {
	return colours{ground: "#1f3342", tones: [toneCount]string{
		toneDim: "#8a98a5", toneFaint: "#46535f", toneAccent: "#8cc4e6", toneCourse: "#5b8fae",
		toneGood: "#8fc9a0", toneWarn: "#e8c06a", toneBad: "#ff9b91",
	}}
}

func lightColours() colours {
	return colours{ground: "#dcebf5", tones: [toneCount]string{
		toneDim: "#55636f", toneFaint: "#b4bec7", toneAccent: "#1d4f6e", toneCourse: "#6f9cb8",
		toneGood: "#1d6b3a", toneWarn: "#8a5a00", toneBad: "#a3231c",
	}}
}

// glyphs are the characters that are drawn with.
type glyphs struct {
	rule, heavy, wall              string
	topLeft, topRight              string
	bottomLeft, bottomRight        string
	mark, dot, between, step, more string
	rising, falling, warning       string
	levels                         []string // of a sparkline, from nothing to full
}

func unicodeGlyphs() glyphs {
	return glyphs{
		rule: "─", heavy: "━", wall: "│",
		topLeft: "╭", topRight: "╮", bottomLeft: "╰", bottomRight: "╯",
		mark: "▌", dot: "●", between: "·", step: "›", more: "…",
		rising: "↑", falling: "↓", warning: "▲",
		levels: []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	}
}

func asciiGlyphs() glyphs {
	return glyphs{
		rule: "-", heavy: "=", wall: "|",
		topLeft: "+", topRight: "+", bottomLeft: "+", bottomRight: "+",
		mark: ">", dot: "*", between: "|", step: ">", more: "~",
		rising: "^", falling: "v", warning: "!",
		levels: []string{" ", ".", ":", "-", "=", "+", "*", "%", "#"},
	}
}
