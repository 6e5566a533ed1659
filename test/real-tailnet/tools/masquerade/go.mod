module padserve.dev/real-tailnet/masquerade

go 1.26.6

tool padserve.dev/real-tailnet/masquerade

require github.com/google/nftables v0.2.1-0.20240414091927-5e242ec57806

require (
	github.com/josharian/native v1.1.0 // indirect
	github.com/mdlayher/netlink v1.7.2 // indirect
	github.com/mdlayher/socket v0.5.0 // indirect
	golang.org/x/net v0.22.0 // indirect
	golang.org/x/sync v0.6.0 // indirect
	golang.org/x/sys v0.18.0 // indirect
)
