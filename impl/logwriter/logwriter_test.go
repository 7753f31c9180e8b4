package logwriter

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// line is what a test reads of a line.
type line struct {
	Msg   string
	N     int   // of the line
	Lines int64 // that were dropped
}

const droppedMessage = "log lines were dropped: the output did not take them"

// read returns the next line of the log.
func read(t *testing.T, from *bufio.Reader) (l line) {
	t.Helper()
	text, err := from.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &l); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return l
}

// pipe returns both ends of a pipe of the kernel, which takes 64 KiB unread.
func pipe(t testing.TB) (in, out *os.File) {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); out.Close() })
	return in, out
}

func TestALineIsWrittenSoon(t *testing.T) {
	in, out := pipe(t)
	w := New(out)
	defer w.Close()
	begun := time.Now()
	slog.New(w.Handler(slog.LevelInfo)).Info("line", "n", 1)
	if got := read(t, bufio.NewReader(in)); got.N != 1 {
		t.Errorf("got %+v", got)
	}
	if took := time.Since(begun); took < maxDelay/2 || took > 100*maxDelay { // a busy machine is late
		t.Errorf("after %s", took)
	}
}

func TestWhatIsWrittenAtOnce(t *testing.T) {
	for name, log := range map[string]func(*Writer, *slog.Logger){
		"an error":                func(_ *Writer, l *slog.Logger) { l.Error("line", "n", 1) },
		"an error of a component": func(_ *Writer, l *slog.Logger) { l.With("part", 1).WithGroup("g").Error("line") },
		"when told":               func(w *Writer, l *slog.Logger) { l.Info("line"); w.Flush() },
		"a batch":                 func(_ *Writer, l *slog.Logger) { l.Info(strings.Repeat("x", batchSize)) },
	} {
		t.Run(name, func(t *testing.T) {
			in, out := pipe(t)
			w := begin(out, false, time.Hour)
			defer w.Close()
			log(w, slog.New(w.Handler(slog.LevelInfo)))
			read(t, bufio.NewReader(in))
		})
	}
}

func TestCloseWritesWhatWaits(t *testing.T) {
	in, out := pipe(t)
	w := New(out)
	logger := slog.New(w.Handler(slog.LevelInfo))
	for n := range 100 {
		logger.Info("line", "n", n)
	}
	w.Close()
	logger.Info("too late")
	out.Close()
	from := bufio.NewReader(in)
	for n := range 100 {
		if got := read(t, from); got.N != n {
			t.Fatalf("got %+v as line %d", got, n)
		}
	}
	if _, err := from.ReadByte(); err != io.EOF {
		t.Errorf("after the last line: %v", err)
	}
	if w.Dropped() != 1 {
		t.Errorf("dropped %d", w.Dropped())
	}
}

// Nobody reads the pipe while 32 goroutines log more than there is room for.
// Then somebody does: every line is there or counted, in the order of each
// goroutine, and the count is in the log.
func TestABlockedOutputBlocksNobody(t *testing.T) {
	in, out := pipe(t)
	w := New(out)
	logger := slog.New(w.Handler(slog.LevelInfo))
	const goroutines, each = 32, 1000
	var logging sync.WaitGroup
	for g := range goroutines {
		logging.Go(func() {
			for n := range each {
				logger.Info("line", "n", g*each+n, "text", strings.Repeat("x", 100))
			}
		})
	}
	logging.Wait()
	dropped := w.Dropped()
	if dropped == 0 || dropped > goroutines*each-limit/300 {
		t.Errorf("dropped %d", dropped)
	}
	go func() { w.Close(); <-w.ended; out.Close() }() // even where the machine is too slow for Close
	var written, reported int64
	last := map[int]int{}
	for from := bufio.NewReader(in); ; {
		if _, err := from.Peek(1); err == io.EOF {
			break
		}
		got := read(t, from)
		if got.Msg == droppedMessage {
			reported += got.Lines
			continue
		}
		written++
		if before, ok := last[got.N/each]; ok && before >= got.N {
			t.Fatalf("line %d after %d", got.N, before)
		}
		last[got.N/each] = got.N
	}
	if reported != dropped || written+dropped != goroutines*each {
		t.Errorf("written %d, dropped %d, of which the log reports %d", written, dropped, reported)
	}
}

func TestCloseEndsWhenTheOutputIsBlocked(t *testing.T) {
	_, out := pipe(t)
	w := New(out)
	_, _ = w.Write(make([]byte, 100<<10)) // more than the pipe takes
	begun := time.Now()
	w.Close()
	if took := time.Since(begun); took < closeTime || took > 10*closeTime {
		t.Errorf("it took %s", took)
	}
}

// The reader of a named pipe goes, and another comes.
func TestAReaderThatIsGone(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	open := func() (in *os.File) {
		in, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { in.Close() })
		return in
	}
	first := open()
	out, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w := New(out)
	logger := slog.New(w.Handler(slog.LevelInfo))
	logger.Error("line", "n", 1)
	if got := read(t, bufio.NewReader(first)); got.N != 1 {
		t.Errorf("got %+v", got)
	}
	first.Close()
	logger.Error("line", "n", 2)
	logger.Error("line", "n", 3)
	for deadline := time.Now().Add(time.Minute); w.Dropped() < 2; {
		if time.Now().After(deadline) {
			t.Fatalf("dropped %d", w.Dropped())
		}
	}
	second := bufio.NewReader(open())
	logger.Error("line", "n", 4)
	for range 2 {
		if got := read(t, second); got.N != 4 && (got.Msg != droppedMessage || got.Lines != 2) {
			t.Errorf("got %+v", got)
		}
	}
	w.Close()
	if w.Dropped() != 2 {
		t.Errorf("dropped %d", w.Dropped())
	}
}

// full takes so many bytes, and then fails as a full disk does.
type full struct {
	text strings.Builder
	room int
}

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), f.room)
	f.room -= n
	f.text.Write(p[:n])
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func TestADiskThatIsFull(t *testing.T) {
	reported := func(n int) string {
		return fmt.Sprintf("level=WARN msg=%q lines=%d\n", droppedMessage, n)
	}
	for name, c := range map[string]struct {
		room []int // before each line
		want string
	}{
		"no room":           {[]int{0, 200, 200}, "two\n" + reported(1) + "three\n"},
		"for half a line":   {[]int{2, 200, 200}, "on\ntwo\n" + reported(1) + "three\n"},
		"for a line":        {[]int{4, 0, 200}, "one\nthree\n" + reported(1)},
		"half, then no end": {[]int{2, 0, 200}, "on\nthree\n" + reported(2)},
		"half the report":   {[]int{0, 9, 200}, "two\ntime=\nthree\n" + reported(1)},
	} {
		t.Run(name, func(t *testing.T) {
			disk := &full{}
			w := &Writer{out: disk, text: true, delayed: time.AfterFunc(time.Hour, func() {})}
			for i, text := range []string{"one", "two", "three"} {
				disk.room = c.room[i]
				_, _ = io.WriteString(w, text+"\n")
				w.writeBatch()
			}
			if got := regexp.MustCompile(`time=\S+ `).ReplaceAllString(disk.text.String(), ""); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

func TestALineThatIsLongerThanTheBuffer(t *testing.T) {
	in, out := pipe(t)
	w := New(out)
	logger := slog.New(w.Handler(slog.LevelInfo))
	logger.Error(strings.Repeat("x", limit))
	logger.Error("line", "n", 1)
	from := bufio.NewReader(in)
	for range 2 {
		if got := read(t, from); got.N != 1 && got.Lines != 1 {
			t.Errorf("got %+v", got)
		}
	}
	w.Close()
}

// BenchmarkLine is a line about a request, written by the handler itself and by
// way of the Writer, to a pipe that another process reads and to a file.
func BenchmarkLine(b *testing.B) {
	outputs := map[string]func(b *testing.B) io.Writer{
		"pipe": func(b *testing.B) io.Writer {
			in, out := pipe(b)
			reader := exec.Command("cat")
			reader.Stdin = in
			if err := reader.Start(); err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { out.Close(); _ = reader.Wait() })
			out.Fd() // from now on writes to it block, as those to stderr do
			return out
		},
		"file": func(b *testing.B) io.Writer {
			file, err := os.Create(filepath.Join(b.TempDir(), "log"))
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { file.Close() })
			return file
		},
	}
	for output, open := range outputs {
		for _, way := range []string{"direct", "gathered"} {
			for _, goroutines := range []int{1, 32} {
				b.Run(fmt.Sprintf("%s/%s/%d", output, way, goroutines), func(b *testing.B) {
					out := open(b)
					handler, w := slog.Handler(slog.NewJSONHandler(out, nil)), (*Writer)(nil)
					if way == "gathered" {
						w = New(out)
						handler = w.Handler(slog.LevelInfo)
					}
					logger := slog.New(handler)
					before := processTime(b)
					b.ResetTimer()
					var logging sync.WaitGroup
					for g := range goroutines {
						logging.Go(func() {
							for i := g; i < b.N; i += goroutines {
								logger.LogAttrs(b.Context(), slog.LevelInfo, "request",
									slog.String("method", "GET"), slog.String("route", "/v1/drawings/{id}"), slog.Int("status", 200),
									slog.Int64("us", 123), slog.Int64("bytes", 1234),
									slog.String("request", "0123456789abcdef0123456789abcdef"), slog.String("user", "0123456789abcdef"))
								runtime.Gosched() // as a request waits for the network
							}
						})
					}
					logging.Wait()
					if w != nil {
						w.Close()
						b.ReportMetric(float64(w.Dropped())/float64(b.N), "dropped/op")
					}
					b.StopTimer()
					b.ReportMetric(float64((processTime(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
				})
			}
		}
	}
}

// processTime is the CPU time of this process so far, user and system.
func processTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
