package dht

import (
	"slices"

	"shoal/wire/krpc"
)

const (
	// tableRows: nodes are kept by the first byte of their IDs, so that there are some near every infohash.
	tableRows = 256
	// rowNodes is what one row keeps: as BEP 5's buckets.
	rowNodes = 8
	// thinTable: with fewer nodes the bootstrap nodes are asked, and nodes of the other family for those of this one.
	thinTable = 8
)

// table holds nodes that have answered, or of which a node of the other family has told. It is not safe for
// concurrent use.
type table struct {
	rows [tableRows][]krpc.Node
	size int
}

// learn keeps n unless its row is full. A node whose ID BEP 42 grants gives no place to another, and takes that of
// one whose ID it does not.
func (t *table) learn(n krpc.Node) {
	row := &t.rows[n.ID[0]]
	if i := slices.IndexFunc(*row, func(old krpc.Node) bool { return old.ID == n.ID || old.Addr == n.Addr }); i >= 0 {
		(*row)[i] = n
		return
	}
	if len(*row) < rowNodes {
		*row = append(*row, n)
		t.size++
		return
	}
	if i := slices.IndexFunc(*row, func(old krpc.Node) bool { return !secure(old) }); i >= 0 && secure(n) {
		(*row)[i] = n
	}
}

// drop forgets n, which has not answered.
func (t *table) drop(n krpc.Node) {
	row := &t.rows[n.ID[0]]
	if i := slices.Index(*row, n); i >= 0 {
		*row = slices.Delete(*row, i, i+1)
		t.size--
	}
}

// closest returns at most n nodes, those closest to target, in order.
func (t *table) closest(target krpc.ID, n int) []krpc.Node {
	all := slices.Concat(t.rows[:]...)
	slices.SortFunc(all, func(a, b krpc.Node) int { return target.Closer(a.ID, b.ID) })
	return all[:min(n, len(all))]
}

func secure(n krpc.Node) bool { return n.ID.SecureAt(n.Addr.Addr()) }
