package rest

func (s *site) stats(c *call) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	from, to, groupBy := q.text("from"), q.text("to"), q.text("groupBy")
	if err := q.err(); err != nil {
		return err
	}
	report, err := s.Journal.Stats(c.Request().Context(), c.actor, from, to, groupBy)
	if err != nil {
		return err
	}
	return s.ok(c, report)
}

func (s *site) calibration(c *call) error {
	found, err := s.Journal.Calibration(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	return s.ok(c, found)
}
