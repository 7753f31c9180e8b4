package rediscache_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"onestroke/impl/rediscache"
	"onestroke/impl/session"
	"onestroke/tests/stores"
)

// askers notes which servers are asked for keys of one slot.
type askers struct {
	mu    sync.Mutex
	asked []string
}

func (a *askers) hook(server *redis.Client) { server.AddHook(asker{a, server.Options().Addr}) }

type asker struct {
	*askers
	address string
}

func (asker) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return next(ctx, network, address)
	}
}

func (a asker) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		if slices.ContainsFunc(command.Args(), func(arg any) bool { return strings.Contains(fmt.Sprint(arg), "{move}") }) {
			a.mu.Lock()
			a.asked = append(a.asked, a.address)
			a.mu.Unlock()
		}
		return next(ctx, command)
	}
}

func (asker) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// A replica may not have the newest mark, nor a session that was just opened, and may
// still have one that was ended.
func TestReadsGoToTheMaster(t *testing.T) {
	if !stores.HaveRedisServer(t) {
		return
	}
	client := stores.DialRedis(t, stores.StartFailingCluster(t).URL+"&read_only=true&route_randomly=true").(*redis.ClusterClient)
	var a askers
	client.OnNewNode(a.hook)
	store := rediscache.New(client)
	if marked, err := store.SetMoved(t.Context(), "ID"); !marked || err != nil {
		t.Fatal(marked, err)
	}
	master, err := client.MasterForKey(t.Context(), rediscache.MoveKey)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) { // the client learns of the replica after a while
		replica, err := client.SlaveForKey(t.Context(), rediscache.MoveKey)
		if err == nil && replica.Options().Addr != master.Options().Addr {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no replica is known: ", err)
		}
	}
	if id, used, err := store.Moved(t.Context()); id != "ID" || used || err != nil {
		t.Errorf("got %q, used: %t, %v", id, used, err)
	}
	for range 10 { // with route_randomly, one of them would go to the replica
		if _, err := store.Find(t.Context(), "move", "ID"); !errors.Is(err, session.ErrExpired) {
			t.Error(err)
		}
	}
	for _, address := range a.asked {
		if address != master.Options().Addr {
			t.Errorf("%s was asked, the master is %s", address, master.Options().Addr)
		}
	}
	if len(a.asked) < 12 {
		t.Errorf("%d questions were seen", len(a.asked))
	}
}
