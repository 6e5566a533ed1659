// Command masquerade makes a subnet router of the kind that gives its own address to all who leave by an interface:
// what `nft add rule ip nat postrouting oifname NAME masquerade` does where nft is installed.
package main

import (
	"fmt"
	"os"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
)

func main() {
	if len(os.Args) != 2 {
		fail("usage: masquerade INTERFACE")
	}
	connection, err := nftables.New()
	if err != nil {
		fail(err)
	}
	table := connection.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "nat"})
	chain := connection.AddChain(&nftables.Chain{
		Name:     "postrouting",
		Table:    table,
		Type:     nftables.ChainTypeNAT,
		Hooknum:  nftables.ChainHookPostrouting,
		Priority: nftables.ChainPriorityNATSource,
	})
	// The kernel compares all 16 bytes of an interface's name, zeros behind it.
	name := make([]byte, 16)
	copy(name, os.Args[1])
	connection.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{
		&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: name},
		&expr.Masq{},
	}})
	if err := connection.Flush(); err != nil {
		fail(err)
	}
}

func fail(reason any) {
	fmt.Fprintln(os.Stderr, "masquerade:", reason)
	os.Exit(1)
}
