//go:build tools

// Package tools pins the helm program of the development cluster.
package tools

import (
	_ "helm.sh/helm/v3/cmd/helm"
)
