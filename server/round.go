package server

import "math"

// round cuts a figure to so many digits behind the point: more of them would
// be noise that each reply carries.
func round(v float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(v*scale) / scale
}
