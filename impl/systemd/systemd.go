// Package systemd tells systemd how the service is doing, where it was started
// by a unit of Type=notify; see sd_notify(3). Anywhere else it does nothing.
package systemd

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Ready says that the service serves.
func Ready() error { return notify(daemon.SdNotifyReady) }

// Stopping says that the service is about to end.
func Stopping() error { return notify(daemon.SdNotifyStopping) }

// KeepAlive says, twice in the time that WatchdogSec= grants, that the service is
// alive, if alive finds it so; otherwise systemd kills it and starts it anew. It
// returns when ctx is done, or at once where nobody waits for it.
func KeepAlive(ctx context.Context, alive func(context.Context) error) error {
	granted, err := daemon.SdWatchdogEnabled(false)
	if err != nil || granted == 0 {
		return err
	}
	ticker := time.NewTicker(granted / 2)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if alive(ctx) != nil {
			continue // it may be better the next time, and is killed if it is not
		}
		if err := notify(daemon.SdNotifyWatchdog); err != nil {
			return err
		}
	}
}

func notify(state string) error {
	_, err := daemon.SdNotify(false, state)
	return err
}
