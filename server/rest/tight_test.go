package rest

import (
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/limit"
)

type authOptions = auth.Options

// tight puts the contract's own limits in force.
func tight(o *Options) { o.Tiers = limit.NewTiers() }
