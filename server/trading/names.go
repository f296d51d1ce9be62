package trading

import "strings"

// otherFutures are futures outside the table: known as such, so that they are
// not taken for shares, and not sized until the point value is given.
var otherFutures = set("NG QG QM RB HO PL PA ZC ZW ZS ZL ZM HE LE CT SB CC KC GF KE 6B 6J 6A 6C 6S 6N ZF ZT UB TN NKD MBT MET VX FDAX FDXM FESX FGBL M6E M6A M6B EMD")

// contractsForDifference are names that brokers give to CFDs and indices that
// cannot be traded themselves.
var contractsForDifference = set("xauusd xagusd us30 us100 us500 us2000 nas100 ustec spx500 spx ndx dji ger30 ger40 de30 de40 dax ftse uk100 jp225 nikkei usoil ukoil xtiusd wti brent dxy vix hk50 natgas doge dogeusd dogecoin sol solusd solana xrp xrpusd ada bnb ltc litecoin avax shib pepe sui matic link cocoa wheat corn soybeans beans coffee sugar cotton lumber hogs cattle platinum palladium gasoline")

// manyOf are everyday names that fit several instruments; the coach asks.
var manyOf = map[string]string{
	"gold": "GC (100 oz) or MGC (10 oz)", "silver": "SI or SIL", "oil": "CL or MCL", "crude": "CL or MCL",
	"nasdaq": "NQ or MNQ", "nas": "NQ or MNQ", "dow": "YM or MYM", "s&p": "ES or MES", "sp500": "ES or MES", "spooz": "ES or MES", "s&p500": "ES or MES",
	"russell": "RTY or M2K", "emini": "ES, NQ, RTY or YM", "copper": "HG", "bonds": "ZB or ZN",
}

// microOf are the same after "micro"; read only.
var microOf = map[string]string{
	"gold": "MGC", "silver": "SIL", "oil": "MCL", "crude": "MCL", "nasdaq": "MNQ", "nas": "MNQ", "nq": "MNQ", "dow": "MYM", "ym": "MYM",
	"s&p": "MES", "sp500": "MES", "s&p500": "MES", "es": "MES", "spx": "MES", "emini": "MES", "russell": "M2K", "rty": "M2K", "cl": "MCL", "gc": "MGC", "si": "SIL",
}

// aliases are other names of one thing; read only.
var aliases = map[string]string{
	"btc": "BTCUSD", "bitcoin": "BTCUSD", "xbt": "BTCUSD", "xbtusd": "BTCUSD", "eth": "ETHUSD", "ethereum": "ETHUSD", "ether": "ETHUSD",
	"cable": "GBPUSD", "fiber": "EURUSD",
}

// companies are names that many write instead of the ticker; read only.
var companies = map[string]string{
	"apple": "AAPL", "tesla": "TSLA", "nvidia": "NVDA", "amazon": "AMZN", "microsoft": "MSFT", "netflix": "NFLX", "palantir": "PLTR",
}

var currencies = set("usd eur gbp jpy chf cad aud nzd sek nok mxn zar try")

// plainLower are symbols of the table that are no words when written small.
var plainLower = set("mes mnq mym m2k mcl mgc nq ym rty eurusd gbpusd usdjpy btcusd ethusd 6e")

// notTickers are capitals that traders write and that are no shares.
var notTickers = set("im ill ive id lets i a sl tp tps rr r pt pts be lod hod vwap ema sma ma ath fomc cpi nfp ppi gdp ok usd us ny et est edt pt pst utc gmt am pm pdh pdl orb ib bos fvg ob imo dca atr rsi macd eod rth eth on off at in to of or and no not if is it my me we so do go up by the for with buy sell long short stop limit entry target risk new high low day week time size loss profit price side out all per max min acct acc port cash pnl dd prop ftmo topstep yolo fomo lol wtf omg btw idk tia plan setup idea now then later today move mkt gtc moc loo mes mnq es nq trade trading under over below above near just from into break hold wait qty avg cost lot lots share shares pips tick ticks point points half third rest tp1 tp2 tp3 pm1 one two three four five six ten eur gbp jpy ask bid chart tf htf ltf london asia fed ecb boj ai us10y m5 h1 h4 d1 m1 m15 m30 poc vah val vpoc lvn hvn gap fill filled bull bear call put calls puts otm itm atm dte swing scalp k m b st nd rd th am pm dr mr ms")

// notSmallTickers are small words that follow "buy" or "long" without being
// shares.
var notSmallTickers = set("gonna wanna gotta quick nice good great clean tight fast early late fresh old new daily intra plan risky safe hey coach the an it this that these those here there now again some more one two three four five six half all size small big limit market after before was is are bias term position trades entry dip dips pop rally break breakout pullback pull back retest close open high highs low lows side calls puts call put contracts shares only once right first second third last next same because since while until like as my your our his its if when and but then so too very just still any each both either neither instead maybe please thanks going go got get have had has do did done dont not never how what why where who which will would could should can cant may might must be been being him her them us we you they he she i me stock stocks futures coin coins crypto forex spot perp yes no ok okay yet idea setup scalp swing micro mini about around near below above over under into onto per via against off up down out vs trend move momo by of from with at on in to a or for")

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}
