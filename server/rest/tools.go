package rest

// tool runs the coach's own sums, by the name in the route.
func (s *site) tool(name string) func(c *call) error {
	return func(c *call) error {
		body, err := readJSON(c)
		if err != nil {
			return err
		}
		result, err := s.Journal.Tool(c.Request().Context(), c.actor, name, body)
		if err != nil {
			return err
		}
		return s.ok(c, result)
	}
}
