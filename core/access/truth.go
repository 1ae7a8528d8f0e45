package access

// truth is a three-valued answer: unknown is what depends on a fact that the asker does not have.
// An allow applies only when yes; a deny applies unless no. So a missing fact never opens anything.
type truth uint8

const (
	no truth = iota
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) and(u truth) truth { return min(t, u) }
func (t truth) or(u truth) truth  { return max(t, u) }
func (t truth) not() truth        { return yes - t }
