//go:build programs

// Package programs names CoreDNS, so that `go mod tidy` keeps what it needs.
package programs

import _ "github.com/coredns/coredns"
