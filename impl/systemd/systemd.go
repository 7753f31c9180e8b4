// Package systemd reports the state of the service to systemd, if systemd started
// it by a unit of Type=notify; see sd_notify(3). Otherwise it does nothing.
package systemd

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Ready reports that the service is ready.
func Ready() error { return notify(daemon.SdNotifyReady) }

// Stopping reports that the service is about to stop.
func Stopping() error { return notify(daemon.SdNotifyStopping) }

// KeepAlive calls alive twice in each WatchdogSec= and reports to systemd if there
// is no error. Without a report for WatchdogSec=, systemd restarts the service. failed
// is called with the error of a report that was not sent. KeepAlive returns when ctx is
// done, or at once if the unit has no watchdog.
func KeepAlive(ctx context.Context, alive func(context.Context) error, failed func(error)) {
	watchdog, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		failed(err)
	}
	if err != nil || watchdog == 0 {
		return
	}
	ticker := time.NewTicker(watchdog / 2)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if alive(ctx) != nil {
			continue // the next call may succeed; if not, systemd restarts the service
		}
		if err := notify(daemon.SdNotifyWatchdog); err != nil {
			failed(err) // the next report may be sent
		}
	}
}

func notify(state string) error {
	_, err := daemon.SdNotify(false, state)
	return err
}
