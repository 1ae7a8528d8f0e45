// Command sim runs flash crowds in a model and prints how many copies the origin sent and how the last
// completion compares with the fluid bound: under the governor of core/swarm, under super-seeding (BEP 16)
// and under plain seeding. The same seed gives the same table.
//
// Links are full duplex and shared fairly, clients pick the rarest piece among bounded neighbours, know of a
// HAVE only after a lag, and give four upload slots to who gives them most. Connections cost nothing to make,
// and packets are not modelled: real clients are in the tests beside this folder.
package main
