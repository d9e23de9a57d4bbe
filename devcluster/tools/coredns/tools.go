//go:build tools

// Package tools pins the coredns program of the development cluster.
package tools

import (
	_ "github.com/coredns/coredns"
)
