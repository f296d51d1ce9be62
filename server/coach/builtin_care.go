package coach

import (
	"strings"
)

// distress is trouble that is bigger than a trade.
type distress int

const (
	distressNone  distress = iota
	distressSelf           // harm to oneself
	distressMoney          // money that must not be lost
)

// Words that mean trouble. Those of self-harm count even under a negation: a
// needless kind word costs nothing. They are functions, so that nothing can
// change them.
func selfHarmWords() []string {
	return []string{
		"kill myself", "killing myself", "suicide", "suicidal", "end my life", "ending my life", "end it all", "want to die", "wanna die",
		"don't want to live", "dont want to live", "no reason to live", "better off dead", "hurt myself", "harm myself", "self harm", "self-harm", "can't go on anymore", "cant go on anymore", "jump off a", "not worth living",
	}
}

func needWords() []string {
	return []string{
		"rent money", "my rent", "the rent", "for rent", "mortgage money", "my mortgage", "mortgage payment", "grocery money", "food money", "tuition money", "my tuition", "student loan", "took a loan", "took out a loan", "with a loan", "personal loan",
		"payday loan", "borrowed money", "borrowed funds", "money i borrowed", "borrowed from", "i borrowed", "credit card debt", "on my credit card", "with my credit card", "life savings", "kids' college", "college fund", "emergency fund", "retirement savings",
		"lost everything", "lost all my money", "lost my savings", "can't pay my bills", "cant pay my bills", "bill money", "my last money", "last of my money", "all i have left", "gambling addiction", "addicted to trading", "addicted to gambling", "wife doesn't know", "husband doesn't know", "hiding my losses", "loan shark",
	}
}

// distressIn looks for trouble in a message.
func distressIn(text string) distress {
	plain := strings.ToLower(strings.NewReplacer("’", "'", "\n", " ").Replace(text))
	for _, w := range selfHarmWords() {
		if strings.Contains(plain, w) {
			return distressSelf
		}
	}
	for _, w := range needWords() {
		if at := strings.Index(plain, w); at >= 0 && !deniedBefore(plain[:at]) {
			return distressMoney
		}
	}
	return distressNone
}

// deniedBefore hears "not my rent money", "this isn't borrowed money".
func deniedBefore(before string) bool {
	words := strings.Fields(before)
	for n := len(words) - 1; n >= 0 && n >= len(words)-3; n-- {
		w := strings.Trim(words[n], ",.;:!?")
		if w == "not" || w == "never" || w == "no" || w == "without" || strings.HasSuffix(w, "n't") || w == "isnt" {
			return true
		}
		if strings.ContainsAny(words[n], ".!?;") {
			return false
		}
	}
	return false
}

// comfort puts help and a pause first, and does no sums.
func (s *script) comfort(kind distress) {
	if kind == distressSelf {
		s.say("I am glad you wrote that. Please stop here for a moment: no trade matters as much as you do.")
		s.say("If you might hurt yourself, call your local emergency number now. In the US and Canada you can call or text 988 at any hour; in the UK and Ireland Samaritans answer on 116 123; findahelpline.com lists a line for nearly every country.",
			"If there is someone near you, tell them now, in these words if others are hard to find.")
		s.say("I will not do any trading sums today. Close the platform; the market will be there when you are well. Is there someone you can call right now?")
		return
	}
	s.say("Before any sums: money that you need to live on, or that belongs to someone else, should not be in a trade. I will not size or check one with it.")
	s.say("Please pause today. Close the platform, and put that money back where it is needed, as far as you can.",
		"If a loss has already happened, a free debt advice service in your country can help you talk to landlords, banks and lenders before it grows; if trading feels hard to stop, findahelpline.com lists people who listen, gambling lines among them.")
	s.say("Who could you tell about this today? It gets lighter with one person who knows.")
}
