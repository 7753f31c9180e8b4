package systemd_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"onestroke/impl/systemd"
)

func TestOnlyALivingServiceReportsToTheWatchdog(t *testing.T) {
	states := listen(t)
	t.Setenv("WATCHDOG_USEC", "20000")
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	systemd.KeepAlive(ctx, func(context.Context) error {
		if asked++; asked < 10 {
			return errors.New("it hangs")
		}
		if asked > 10 {
			cancel()
		}
		return nil
	}, func(err error) { t.Error(err) })
	// One report for the tenth call and one for the last; none for the others.
	for i := range 3 {
		wait := time.Minute
		if i == 2 {
			wait = 100 * time.Millisecond
		}
		if err := states.SetReadDeadline(time.Now().Add(wait)); err != nil {
			t.Fatal(err)
		}
		text := make([]byte, 100)
		n, err := states.Read(text)
		if i == 2 {
			if err == nil {
				t.Errorf("it also reported %s", text[:n])
			}
			break
		}
		if err != nil || string(text[:n]) != "WATCHDOG=1" {
			t.Fatalf("it reported %q: %v", text[:n], err)
		}
	}
}

func TestWithoutAWatchdogNothingIsReported(t *testing.T) {
	for _, name := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		t.Setenv(name, "")
	}
	if err := errors.Join(systemd.Ready(), systemd.Stopping()); err != nil {
		t.Error(err)
	}
	systemd.KeepAlive(t.Context(), func(context.Context) error {
		t.Error("alive was called")
		return nil
	}, func(err error) { t.Error(err) })
}

// A report needs a descriptor, and there may be none for a moment.
func TestAReportThatIsNotSentIsNotTheLast(t *testing.T) {
	states := listen(t)
	socket := os.Getenv("NOTIFY_SOCKET")
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "nobody"))
	t.Setenv("WATCHDOG_USEC", "20000")
	ctx, cancel := context.WithCancel(t.Context())
	asked, failures := 0, 0
	systemd.KeepAlive(ctx, func(context.Context) error {
		if asked++; asked == 3 {
			t.Setenv("NOTIFY_SOCKET", socket)
			cancel()
		}
		return nil
	}, func(error) { failures++ })
	if err := states.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := states.Read(make([]byte, 100)); err != nil || failures != 2 {
		t.Errorf("after %d reports that were not sent: %v", failures, err)
	}
}

func TestAMissingSocketIsAnError(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "nobody"))
	if systemd.Ready() == nil {
		t.Error("no error")
	}
}

func listen(t *testing.T) *net.UnixConn {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "notify")
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_PID", "")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
