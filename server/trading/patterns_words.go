package trading

import "strings"

// phrases of one pattern.
type patternPhrases struct {
	tag   PatternTag
	words []string
}

// phrasesOf are the words that give a pattern away, most telling first. A
// package variable because it is looked through for every message; read only.
var phrasesOf = []patternPhrases{
	{RevengeTrading, []string{"revenge", "make it back", "making it back", "winning it back", "double my size", "doubling my size", "double up", "doubling up", "make my money back", "win it back", "get it back", "get my money back", "get even", "earn it back", "recover my loss", "recover the loss", "recoup", "double up to recover", "double down to", "take it back from the market"}},
	{EmotionalTrading, []string{"on tilt", "tilted", "tilting", "i'm angry", "im angry", "so angry", "furious", "frustrated", "panicking", "panicked", "i'm scared", "im scared", "terrified", "so stressed", "losing my mind", "pissed", "hate this market", "can't sleep"}},
	{FOMO, []string{"fomo", "missing out", "miss out", "missed the move", "don't want to miss", "can't miss", "cannot miss", "running without me", "leaving without me", "before it's too late", "before it runs", "everyone is buying", "everybody is buying", "everyone's buying", "chasing", "chase it", "chase this", "jump in now", "going parabolic", "to the moon"}},
	{Overconfidence, []string{"can't lose", "cannot lose", "can't go wrong", "guaranteed", "sure thing", "100% sure", "100 % sure", "all in on", "going all in", "go all in", "i'm all in", "im all in", "easy money", "free money", "no brainer", "no-brainer", "no way it", "i'm never wrong", "im never wrong", "know it will", "certain it will", "double my size because i'm winning", "on fire today"}},
	{LossAversion, []string{"move my stop", "moved my stop", "moving my stop", "widen my stop", "widened my stop", "remove my stop", "removed my stop", "pulled my stop", "it will come back", "it'll come back", "has to come back", "wait for it to come back", "hold until it comes back", "until breakeven", "until break even", "can't take the loss", "not a loss until", "don't want to take the loss", "average down", "averaging down"}},
	{Overtrading, []string{"can't stop trading", "overtrading", "overtraded", "over trading", "one more trade", "just one more", "trading too much", "too many trades", "bored so i", "out of boredom"}},
	{DisciplineIssues, []string{"broke my rule", "broke my rules", "break my rules", "breaking my rules", "ignored my plan", "ignored my stop", "didn't follow my plan", "against my plan", "no plan", "ignored my rules", "just this once", "gut feeling", "yolo"}},
	{AnalysisParalysis, []string{"can't decide", "cannot decide", "overthinking", "over thinking", "too many indicators", "keep hesitating", "second guessing", "second-guessing", "can't pull the trigger", "couldn't pull the trigger", "paralyzed", "paralysed", "more confirmation"}},
	{GoodDiscipline, []string{"followed my plan", "followed my rules", "stuck to my plan", "stuck to my rules", "stuck to the plan", "kept to my plan", "took my stop as planned", "respected my stop"}},
	{ProperRiskManagement, []string{"kept my risk", "cut my size", "sized down", "kept my size small", "stopped for the day", "done for the day", "took the loss at my stop", "risked what i planned", "never more than 1%", "risk the same every trade", "same risk every trade"}},
	{PatientExecution, []string{"waited for my entry", "waited for my setup", "waited for the setup", "waited for the retest", "waited for confirmation", "let it come to me", "no setup, no trade", "sat on my hands"}},
	{ObjectiveAnalysis, []string{"i could be wrong", "what invalidates", "invalidates my idea", "both scenarios", "if i'm wrong", "if im wrong", "bull and bear case"}},
}

// biasesOf are looked for only where the talk is about the trader; read only.
var biasesOf = []patternPhrases{
	{ConfirmationBias, []string{"everyone agrees", "all signs point", "everything confirms", "every indicator says", "i only read", "ignore the bears", "ignore the bulls", "proves i was right", "proves me right"}},
	{Anchoring, []string{"it was at", "used to be at", "should go back to", "my entry price was", "when it gets back to", "get back to my entry", "it was worth"}},
	{RecencyBias, []string{"last three trades", "last few trades", "the last trades", "i've been winning", "ive been winning", "i've been losing", "ive been losing", "always lately", "keeps happening lately", "hot streak", "cold streak"}},
	{RiskAversion, []string{"afraid to enter", "afraid to trade", "scared to enter", "scared to trade", "scared to take", "afraid to take", "take profit too early", "took profit too early", "took profits too early", "cut my winners", "cut winners", "exit too early", "exited too early"}},
}

// spokenWords is the text in small letters without what stands in quotes:
// another's words are not the trader's.
func spokenWords(text string) string {
	if len(text) > maxBytes {
		text = text[:maxBytes]
	}
	plain := dropSingleQuotes(dropReplies(strings.ToLower(straight.Replace(text))))
	parts := strings.Split(plain, `"`)
	if len(parts) < 3 {
		return plain
	}
	var b strings.Builder
	for n, part := range parts {
		if n%2 == 0 || n == len(parts)-1 {
			b.WriteString(part)
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// dropReplies drops lines that quote a message: "> he wrote this".
func dropReplies(text string) string {
	if !strings.Contains(text, ">") {
		return text
	}
	var kept []string
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), ">") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// dropSingleQuotes drops 'what stands like this', and leaves don't and it's.
func dropSingleQuotes(text string) string {
	for from := 0; ; {
		open := strings.Index(text[from:], "'")
		if open < 0 {
			return text
		}
		open += from
		from = open + 1
		if open > 0 && isWordByte(text[open-1]) {
			continue
		}
		for end := open + 1; end < len(text) && text[end] != '\n'; end++ {
			if text[end] == '\'' && (end+1 == len(text) || !isWordByte(text[end+1])) && end > open+1 {
				text = text[:open] + " " + text[end+1:]
				from = open
				break
			}
		}
	}
}

// says finds the first phrase that is said as such: whole words, and not under
// a negation.
func says(plain string, phrases []string) (string, bool) {
	for _, phrase := range phrases {
		for from := 0; ; {
			at := strings.Index(plain[from:], phrase)
			if at < 0 {
				break
			}
			at += from
			from = at + len(phrase)
			if wholeWords(plain, at, from) && !negated(plain[:at]) {
				return phrase, true
			}
		}
	}
	return "", false
}

func wholeWords(s string, from, to int) bool {
	return (from == 0 || !isWordByte(s[from-1])) && (to == len(s) || !isWordByte(s[to]))
}

func isWordByte(b byte) bool { return isLetter(b) || isDigit(b) || b >= 0x80 }

// negated looks at the three words before for a no within the same clause.
func negated(before string) bool {
	if at := strings.LastIndexAny(before, ".,;!?\n"); at >= 0 {
		before = before[at+1:]
	}
	words := strings.Fields(before)
	for n := len(words) - 1; n >= 0 && n >= len(words)-4; n-- {
		if isNegation(words[n]) || isOthers(words[n]) {
			return true
		}
	}
	return false
}

// isOthers are the words before a phrase that make it no confession: somebody
// else's, a question what it means, or a habit that was dropped.
func isOthers(w string) bool {
	switch w {
	case "avoid", "avoiding", "stopped", "quit", "nothing", "instead", "what", "what's", "define", "explain", "meaning", "called",
		"he", "he's", "she", "she's", "they", "they're", "friend", "brother", "buddy", "neighbour", "neighbor", "guy", "guys", "others", "someone":
		return true
	}
	return false
}
