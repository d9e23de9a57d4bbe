//go:build tools

// Package tools pins kwok, which plays nodes and pods for figures about many of them.
package tools

import (
	_ "sigs.k8s.io/kwok/cmd/kwok"
)
