package trading

import "strings"

// role is what the number that comes next is about.
type role int

const (
	roleNone role = iota
	roleEntry
	roleStop
	roleTarget
	roleEquity
	roleRisk
	roleQuantity
	roleExit
	roleRatio  // reward:risk
	roleReward // a ratio, a distance or money: only the unit tells
	roleIgnore // a number that is none of ours: "RSI 30", "VWAP 5990"
)

// labels are the words before (or after) a number that say what it is, the
// usual misspellings among them; read only.
var labels = map[string]role{
	"stop": roleStop, "stops": roleStop, "stopping": roleStop, "sl": roleStop, "stoploss": roleStop, "stp": roleStop, "stoplos": roleStop, "stopp": roleStop, "spot": roleNone,
	"stpo": roleStop, "sotp": roleStop, "stoo": roleStop, "stoplose": roleStop, "invalidation": roleStop, "invalid": roleStop, "invalidated": roleStop, "inval": roleStop, "cut": roleStop, "s/l": roleStop,
	"target": roleTarget, "targets": roleTarget, "tp": roleTarget, "tps": roleTarget, "tgt": roleTarget, "tgts": roleTarget, "targ": roleTarget, "trgt": roleTarget,
	"targt": roleTarget, "taget": roleTarget, "tagret": roleTarget, "targer": roleTarget, "tragets": roleTarget, "traget": roleTarget, "takeprofit": roleTarget, "pt": roleTarget, "pts": roleNone, "profit": roleTarget,
	"scale": roleTarget, "scaling": roleTarget, "trim": roleTarget, "eyeing": roleTarget, "eying": roleTarget, "targeting": roleTarget, "aiming": roleTarget, "objective": roleTarget, "goal": roleTarget, "ziel": roleTarget, "objetivo": roleTarget, "objectif": roleTarget, "t": roleNone,
	"entry": roleEntry, "entries": roleEntry, "enter": roleEntry, "entering": roleEntry, "entered": roleEntry, "entrey": roleEntry, "enrty": roleEntry, "etnry": roleEntry, "limit": roleEntry, "lmt": roleEntry, "filled": roleEntry, "avg": roleEntry, "price": roleEntry, "fill": roleEntry, "bid": roleEntry,
	"account": roleEquity, "acct": roleEquity, "acc": roleEquity, "equity": roleEquity, "balance": roleEquity, "capital": roleEquity, "bankroll": roleEquity, "portfolio": roleEquity, "accout": roleEquity, "acount": roleEquity, "accnt": roleEquity, "account's": roleEquity, "funds": roleEquity, "bal": roleEquity, "port": roleEquity,
	"risk": roleRisk, "risking": roleRisk, "risked": roleRisk, "rsk": roleRisk, "riskin": roleRisk, "maxloss": roleRisk, "lose": roleRisk,
	"size": roleQuantity, "sz": roleQuantity, "qty": roleQuantity, "quantity": roleQuantity, "sizing": roleQuantity,
	"rr": roleRatio, "r:r": roleRatio, "rrr": roleRatio, "reward": roleReward,
	"exited": roleExit, "covered": roleExit, "exit": roleTarget, "closed": roleExit, "trimmed": roleExit, "scaled": roleExit, "stoppedout": roleExit, "cover": roleTarget,
	"vwap": roleIgnore, "ema": roleIgnore, "sma": roleIgnore, "rsi": roleIgnore, "atr": roleIgnore, "vix": roleIgnore, "adx": roleIgnore, "ma": roleIgnore, "pdh": roleIgnore, "pdl": roleIgnore, "support": roleIgnore, "resistance": roleIgnore, "poc": roleIgnore, "delta": roleIgnore, "volume": roleIgnore, "leverage": roleIgnore, "cpi": roleIgnore, "fib": roleIgnore,
}

// sideWords say the direction; read only.
var sideWords = map[string]Side{
	"long": Long, "buy": Long, "bought": Long, "buying": Long, "longs": Long, "longing": Long, "longin": Long, "longed": Long, "lng": Long, "lonng": Long, "logn": Long, "bto": Long, "byu": Long, "buyin": Long, "lon": Long, "loong": Long,
	"short": Short, "sell": Short, "sold": Short, "selling": Short, "shorting": Short, "shorted": Short, "shorts": Short, "shrt": Short, "shrot": Short, "shor": Short, "sto": Short, "slel": Short, "shortin": Short, "srt": Short,
}

// phrases are words that make one label together; read only. The longest
// comes first where one begins another.
var phrases = []struct {
	words []string
	label string
}{
	{[]string{"stop", "-", "loss"}, "stoploss"},
	{[]string{"stop", "loss"}, "stoploss"},
	{[]string{"stopped", "out"}, "stoppedout"},
	{[]string{"stopping", "out"}, "stoploss"},
	{[]string{"stop", "out"}, "stoploss"},
	{[]string{"took", "profit"}, "exited"},
	{[]string{"took", "profits"}, "exited"},
	{[]string{"stop", "limit"}, "stop"},
	{[]string{"take", "-", "profit"}, "tp"},
	{[]string{"take", "profits"}, "tp"},
	{[]string{"take", "profit"}, "tp"},
	{[]string{"taking", "profits"}, "tp"},
	{[]string{"taking", "profit"}, "tp"},
	{[]string{"profit", "target"}, "tp"},
	{[]string{"price", "target"}, "tp"},
	{[]string{"profit", "targets"}, "targets"},
	{[]string{"price", "targets"}, "targets"},
	{[]string{"s", "/", "l"}, "sl"},
	{[]string{"t", "/", "p"}, "tp"},
	{[]string{"r", "/", "r"}, "rr"},
	{[]string{"r", ":", "r"}, "rr"},
	{[]string{"risk", "to", "reward"}, "rr"},
	{[]string{"reward", "to", "risk"}, "rr"},
	{[]string{"risk", "/", "reward"}, "rr"},
	{[]string{"reward", "/", "risk"}, "rr"},
	{[]string{"risk", ":", "reward"}, "rr"},
	{[]string{"reward", ":", "risk"}, "rr"},
	{[]string{"risk", "-", "reward"}, "rr"},
	{[]string{"risk", "reward"}, "rr"},
	{[]string{"account", "size"}, "account"},
	{[]string{"account", "balance"}, "account"},
	{[]string{"acct", "size"}, "account"},
	{[]string{"position", "size"}, "size"},
	{[]string{"lot", "size"}, "size"},
	{[]string{"max", "loss"}, "maxloss"},
	{[]string{"looking", "for"}, "target"},
	{[]string{"out", "at"}, "exit"},
	{[]string{"get", "out"}, "exit"},
	{[]string{"got", "out"}, "exited"},
	{[]string{"picking", "up"}, "buying"},
	{[]string{"pick", "up"}, "buy"},
	{[]string{"picked", "up"}, "bought"},
	{[]string{"bought", "back"}, "covered"},
	{[]string{"buy", "back"}, "cover"},
	{[]string{"e", "-", "mini"}, "emini"},
	{[]string{"e", "mini"}, "emini"},
	{[]string{"point", "value"}, "pointvalue"},
	{[]string{"tick", "value"}, "tickvalue"},
	{[]string{"contract", "multiplier"}, "pointvalue"},
}

// joinPhrases makes one word of each phrase, and one label of tp1, target2.
func joinPhrases(toks []token) []token {
	out := make([]token, 0, len(toks))
	for i := 0; i < len(toks); {
		t, used := toks[i], 1
		if t.kind == tokWord {
			for _, p := range phrases {
				if p.words[0] == t.text && startsWith(toks[i:], p.words) {
					t.text, used = p.label, len(p.words)
					break
				}
			}
			t.text = numbered(t.text)
		}
		out = append(out, t)
		i += used
	}
	return out
}

func startsWith(toks []token, words []string) bool {
	if len(toks) < len(words) {
		return false
	}
	for i, w := range words {
		if toks[i].text != w || toks[i].kind != tokWord && toks[i].kind != tokPunct {
			return false
		}
	}
	return true
}

// numbered drops the number of tp1, t2, target3, sl1.
func numbered(w string) string {
	if base, ok := strings.CutSuffix(w, "'s"); ok && labels[base] != roleNone {
		return base // "my stop's at 5996"
	}
	if len(w) < 2 || !isDigit(w[len(w)-1]) || isDigit(w[len(w)-2]) {
		return w
	}
	switch base := w[:len(w)-1]; base {
	case "tp", "t", "pt", "target", "tgt", "targ", "trgt", "takeprofit":
		return "tp"
	case "sl":
		return "sl"
	}
	return w
}

// fillers stand between a label and its number; read only.
var fillers = set("at @ : = is are below under above over just to around round near the my a of be will goes set placed sits level price - ~ about roughly approx maybe right then for back in it its it's moved order i with only so like exactly per about, on would than sitting initial first final hard mental tight wide up down by not more another now was put perp perps spot cfd futures future stock contract here")

// numberWords are the counts that are written out.
var numberWords = map[string]int64{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "a": 1, "single": 1}

func isNegation(w string) bool {
	switch w {
	case "no", "not", "never", "without", "w/o", "don't", "dont", "skip", "skipping", "isn't", "wasn't", "can't", "cant", "won't", "wont", "didn't", "didnt", "ain't", "nor":
		return true
	}
	return strings.HasSuffix(w, "n't")
}
