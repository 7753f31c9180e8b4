//go:build noembed

package embedded_test

import (
	"strings"
	"testing"

	"onestroke/impl/embedded"
)

func TestABuildWithoutServersNamesTheVariableToSet(t *testing.T) {
	if _, err := embedded.Redis(embedded.Loopback); err == nil || !strings.Contains(err.Error(), "REDIS_URL") {
		t.Errorf("Redis: got %v", err)
	}
	if _, err := embedded.MongoDB(embedded.Loopback, t.TempDir()); err == nil || !strings.Contains(err.Error(), "MONGODB_URI") {
		t.Errorf("MongoDB: got %v", err)
	}
}
