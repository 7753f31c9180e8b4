package rediscache_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"onestroke/impl/rediscache"
	"onestroke/tests/ports"
	"onestroke/tests/stores"
)

// A Sentinel has users of its own. What one of them may not do is no right that the user
// of Redis lacks.
func TestWhatASentinelForbidsIsNotWhatRedisForbids(t *testing.T) {
	if !stores.HaveRedisServer(t) {
		return
	}
	address, configuration := ports.Reserve(t), filepath.Join(t.TempDir(), "sentinel.conf")
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("bind 127.0.0.1\nport %s\nsentinel monitor drawings 127.0.0.1 1 1\nuser default on nopass +@all -sentinel\n", port)
	if err := os.WriteFile(configuration, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	sentinel := exec.Command("redis-server", configuration, "--sentinel")
	if err := sentinel.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = sentinel.Process.Kill()
		_ = sentinel.Wait()
	})
	store := rediscache.New(stores.DialRedis(t, "redis://"+address+"?master_name=drawings"))
	var refused error
	for deadline := time.Now().Add(30 * time.Second); refused == nil || !strings.Contains(refused.Error(), "NOPERM"); refused = store.Use(t.Context()) {
		if time.Now().After(deadline) {
			t.Fatal(refused)
		}
	}
	if rediscache.Forbidden(refused) {
		t.Errorf("taken for an answer of Redis: %v", refused)
	}
	if err := store.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "Sentinels") || strings.Contains(err.Error(), rediscache.Permissions) {
		t.Errorf("got %v", err)
	}
}

// The client panics if it is to ask replicas.
func TestSentinelsAreAskedForTheMasterOnly(t *testing.T) {
	for _, option := range []string{"route_by_latency=true", "route_randomly=true", "replica_only=true"} {
		client, _, err := rediscache.Dial("redis://127.0.0.1:1?master_name=drawings&" + option)
		if err != nil {
			t.Errorf("%s: %v", option, err)
			continue
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}
