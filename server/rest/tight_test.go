package rest

import (
	"github.com/labstack/echo/v4"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/limit"
)

type authOptions = auth.Options

// tight puts the contract's own limits in force.
func tight(o *Options) { o.Tiers = limit.NewTiers() }

func newEcho() *echo.Echo { return echo.New() }
