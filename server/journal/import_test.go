package journal_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"pgregory.net/rapid"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/journal"
)

const file = `Instrument,SIDE,quantity,entry,exit,openedAt,closedAt,fees,stop,broker,note
MES,long,2,6000,6006.25,2026-03-10 09:30,2026-03-10 09:45:30,1.24,5994,x,"one
""two"""
MES,buy,2,6000,6006.25,2026-03-10 09:30,2026-03-10 09:45:30,1.24,5994,x,the same again
NQ,sell,1,20000,,2026-03-10T10:00:00-04:00,,,,,"=HYPERLINK(""x"")"
`

func (p *place) load(a auth.Actor, text string, how journal.Import) journal.ImportReport {
	p.t.Helper()
	r, err := p.Import(context.Background(), a.UserID, strings.NewReader(text), how)
	if err != nil {
		p.t.Fatalf("import: %v", err)
	}
	return r
}

func (p *place) dump(a auth.Actor) string {
	p.t.Helper()
	var b bytes.Buffer
	if err := p.Export(context.Background(), a, "", "", &b); err != nil {
		p.t.Fatal(err)
	}
	return b.String()
}

func TestImport(t *testing.T) {
	onBoth(t, func(p *place) {
		t := p.t
		ann, bob := p.trader("ann"), p.trader("bob")
		ny := journal.Import{Timezone: "America/New_York"}
		dry := ny
		dry.DryRun = true
		same(t, "dry run", p.load(ann, file, dry), journal.ImportReport{DryRun: true, Rows: 3, Imported: 3, Ignored: []string{"broker"}, Errors: []journal.RowError{}})
		if p.dump(ann) != strings.Join(strings.Fields(p.dump(bob)), "")+"\n" {
			t.Error("a dry run stored something")
		}
		same(t, "import", p.load(ann, file, ny), journal.ImportReport{Rows: 3, Imported: 3, Ignored: []string{"broker"}, Errors: []journal.RowError{}})
		same(t, "dry run again", p.load(ann, file, dry), journal.ImportReport{DryRun: true, Rows: 3, Known: 3, Ignored: []string{"broker"}, Errors: []journal.RowError{}})
		same(t, "again", p.load(ann, file, ny), journal.ImportReport{Rows: 3, Known: 3, Ignored: []string{"broker"}, Errors: []journal.RowError{}})
		longer := file + "CL,long,1,80,81,2026-03-10 11:00,2026-03-10 11:01,,,,\n"
		same(t, "a longer file", p.load(ann, longer, ny), journal.ImportReport{Rows: 4, Imported: 1, Known: 3, Ignored: []string{"broker"}, Errors: []journal.RowError{}})

		p.add(ann, scaledOut)
		p.add(ann, `{"instrument":"FDAX","side":"short","decision":"skipped","entry":18000.5,"stop":18010,"pointValue":25,"openedAt":"2026-03-01T10:00:00Z","note":"'=x","tags":["a b","c"],"setup":"@me","targets":[1.5,2]}`)
		out := p.dump(ann)
		if !strings.Contains(out, `"'=HYPERLINK(""x"")"`) {
			t.Errorf("a formula goes out as one:\n%s", out)
		}
		same(t, "one's own export", p.load(ann, out, ny).Imported, 0)
		r := p.load(bob, out, journal.Import{Timezone: "Asia/Tokyo"})
		if r.Failed != 0 || r.Imported != 6 {
			t.Errorf("another imports it: %+v", r)
		}
		if again := p.dump(bob); again != out {
			t.Errorf("exported, imported, exported:\n%s\nwas\n%s", again, out)
		}
	})
}

// A trade passed by has no fills that would say when. One that a file gives no
// time would be stored with that of the import, and again at the next.
func TestImportedTradesHaveATimeOfTheirOwn(t *testing.T) {
	onBoth(t, func(p *place) {
		t := p.t
		ann := p.trader("ann")
		how := journal.Import{Timezone: "America/New_York"}
		text := "instrument,side,decision,entry,openedAt\nNQ,long,skipped,20000,\nNQ,long,skipped,20000,2026-03-10 09:30\n"
		for n, known := range []int{0, 1} {
			r := p.load(ann, text, how)
			if r.Imported != 1-known || r.Known != known || r.Failed != 1 || len(r.Errors) != 1 || r.Errors[0].Line != 2 || r.Errors[0].Column != "openedAt" {
				t.Errorf("import %d: %+v", n+1, r)
			}
			p.now = p.now.Add(time.Minute)
		}
		p.add(ann, `{"instrument":"CL","side":"long","decision":"skipped"}`)
		if r := p.load(ann, p.dump(ann), how); r.Known != 2 || r.Failed != 0 {
			t.Errorf("one's own export: %+v", r)
		}
	})
}

// A misspelt column is not a known one, and its values would be missed in
// silence.
func TestImportTellsColumnsThatItDoesNotKnow(t *testing.T) {
	p := open(t)
	ann := p.trader("ann")
	text := "instrument,side,quantity,entry,openedAt,stopp,, " + strings.Repeat("é", 70) + "\nMES,long,1,6000,2026-03-10 09:30,5994,,\n"
	r := p.load(ann, text, journal.Import{Timezone: "America/New_York", DryRun: true})
	same(t, "ignored", r.Ignored, []string{"stopp", strings.Repeat("é", 64) + "…"})
	same(t, "imported", r.Imported, 1)
}

func TestImportTellsTheLine(t *testing.T) {
	p := open(t)
	ann := p.trader("ann")
	text := "instrument;side;quantity;entry;exit;openedAt;closedAt;stop;fees\n" +
		"MES;long;1;6000,25;;2026-03-10 09:30;;;\n" +
		"MES;long;=1+1;6000;;2026-03-10 09:30;;;\n" +
		"MES;long;1;0;;2026-03-10 09:30;;;\n" +
		"MES;long;1;6000;;03/10/2026;;;\n" +
		"MES;long;1;6000;;2026-03-08 02:30;;;\n" +
		"MES;long;1;6000;;2025-11-02 01:30;;;\n" +
		"FDAX;long;1;6000;;2026-03-10 09:30;;;\n" +
		"MES;long;1;6000;;2026-03-10 09:30;;6001;\n" +
		"MES;long;1;6000;;2026-03-10 09:30;;;;;\n" +
		"MES;long;1;6000;6001;2026-03-10 09:30;2026-03-10 09:31;;\xff\n" +
		"MES;long;1;6000;6001;2026-03-10 09:30;2026-03-10 09:31;;\n"
	r := p.load(ann, text, journal.Import{Timezone: "America/New_York"})
	if r.Rows != 11 || r.Imported != 1 || r.Failed != 10 {
		t.Errorf("%+v", r)
	}
	var got []string
	for _, e := range r.Errors {
		if e.Message == "" {
			t.Errorf("line %d says nothing", e.Line)
		}
		got = append(got, fmt.Sprintf("%d %s", e.Line, e.Column))
	}
	same(t, "errors", got, []string{"2 entry", "3 quantity", "4 entry", "5 openedAt", "6 openedAt", "7 openedAt", "8 pointValue", "9 stop", "10 ", "11 fees"})
}

func TestFilesThatAreNone(t *testing.T) {
	p := open(t)
	ann := p.trader("ann")
	how := journal.Import{Timezone: "UTC"}
	for name, text := range map[string]string{
		"empty": "", "no columns": "a,b\n1,2\n", "no side": "instrument\nMES\n", "twice": "instrument,side,Side\nMES,long,long\n",
		"a quote that never ends": "instrument,side,note\nMES,long,\"" + strings.Repeat("x", 1<<20),
		"a line that never ends":  "instrument,side,note\nMES,long," + strings.Repeat("x", 1<<20),
		"half of UTF-16":          "\xff\xfei",
	} {
		_, err := p.Import(context.Background(), ann.UserID, strings.NewReader(text), how)
		if !fault.Is(err, fault.Validation) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, zone := range []string{"", "Local", "Mars/Olympus"} {
		_, err := p.Import(context.Background(), ann.UserID, strings.NewReader(file), journal.Import{Timezone: zone})
		refused(t, err, fault.Validation, "timezone")
	}
}

func TestEncodings(t *testing.T) {
	p := open(t)
	text := "instrument\tside\tquantity\tentry\topenedAt\tnote\nMES\tlong\t1\t6000\t2026-03-10 09:30\tgrün 😀\n"
	wide := func(order binary.ByteOrder) string {
		var b bytes.Buffer
		for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
			_ = binary.Write(&b, order, u)
		}
		return b.String()
	}
	var first string
	for n, text := range []string{text, "\ufeff" + text, wide(binary.LittleEndian), wide(binary.BigEndian)} {
		who := p.trader(fmt.Sprintf("trader%d", n))
		if r := p.load(who, text, journal.Import{Timezone: "UTC"}); r.Imported != 1 {
			t.Fatalf("encoding %d: %+v", n, r)
		}
		out := p.dump(who)
		if n == 0 {
			first = out
		}
		if out != first || !strings.Contains(out, "grün 😀") {
			t.Errorf("encoding %d: %q", n, out)
		}
	}
}

// What comes before a row that cannot be read is kept.
func TestABrokenEndLosesNothing(t *testing.T) {
	p := open(t)
	ann := p.trader("ann")
	r, err := p.Import(context.Background(), ann.UserID, strings.NewReader(file+"MES,\"x\"y,1\n"), journal.Import{Timezone: "America/New_York"})
	refused(t, err, fault.Validation, "")
	if r.Imported != 3 || strings.Count(p.dump(ann), "\nMES,")+strings.Count(p.dump(ann), "\nNQ,") != 3 {
		t.Errorf("%+v\n%s", r, p.dump(ann))
	}
}

// manyRows is a file too long to hold.
type manyRows struct {
	left int
	rest string
	live []uint64 // bytes in use, each quarter of a million rows
}

func (m *manyRows) Read(b []byte) (int, error) {
	if m.rest == "" {
		if m.left == 0 {
			return 0, io.EOF
		}
		m.left--
		m.rest = "MES,up,1,2,3\n"
		if m.left%250_000 == 1 {
			runtime.GC()
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			m.live = append(m.live, now.HeapAlloc)
		}
	}
	n := copy(b, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

func TestAMillionRowsAreBounded(t *testing.T) {
	p := open(t)
	ann := p.trader("ann")
	rows := &manyRows{left: 1_000_001}
	r, err := p.Import(context.Background(), ann.UserID, io.MultiReader(strings.NewReader("instrument,side\n"), rows), journal.Import{Timezone: "UTC"})
	refused(t, err, fault.PayloadTooLarge, "")
	if r.Failed != 1_000_000 || len(r.Errors) != 100 {
		t.Errorf("%d failed, %d are told", r.Failed, len(r.Errors))
	}
	if first, last := rows.live[0], rows.live[len(rows.live)-1]; len(rows.live) < 4 || last > first+16<<20 {
		t.Errorf("what is held grows with the file, in bytes: %v", rows.live)
	}
}

// Whatever a trader writes, the export reads back to the same bytes.
func TestExportsComeBack(t *testing.T) {
	p := open(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		ann, bob := p.trader(fmt.Sprintf("a%d", n)), p.trader(fmt.Sprintf("b%d", n))
		words := rapid.StringMatching(`[-=+@', ;"\n\ta-zé]{0,12}`)
		for range rapid.IntRange(1, 4).Draw(rt, "trades") {
			body := fmt.Sprintf(`{"instrument":"MES","side":"long","quantity":%d,"entry":6000,"openedAt":"2026-03-10T10:0%d:00Z","note":%q,"setup":%q,"tags":[%q]}`,
				rapid.IntRange(1, 3).Draw(rt, "size"), rapid.IntRange(0, 3).Draw(rt, "minute"), words.Draw(rt, "note"), words.Draw(rt, "setup"), words.Draw(rt, "tag"))
			if _, err := p.AddTrade(context.Background(), ann, []byte(body)); err != nil && !fault.Is(err, fault.Validation) {
				rt.Fatal(err)
			}
		}
		out := p.dump(ann)
		if r := p.load(bob, out, journal.Import{Timezone: "UTC"}); r.Failed > 0 {
			rt.Fatalf("%+v of\n%s", r, out)
		}
		if again := p.dump(bob); again != out {
			rt.Fatalf("%q came back as %q", out, again)
		}
	})
}
