// Package logwriter keeps the log from stopping the service. Lines wait in a
// bounded buffer, and one goroutine writes them to an output that may be slow,
// blocked for ever, full or closed. A caller that logs never waits
// for the output.
//
// The log is text on a terminal, and JSON elsewhere.
package logwriter

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/term"
)

const (
	limit     = 1 << 20                // bytes that may wait, beside as many that are being written
	batchSize = 32 << 10               // bytes that are written without a delay
	maxDelay  = 100 * time.Millisecond // that a line waits for others, at most
	closeTime = time.Second            // that Close waits for the output
)

// Writer takes lines and writes many of them at a time. A line for which there
// is no room, or which the output does not take, is dropped; the log says how
// many were dropped as soon as the output takes lines again.
type Writer struct {
	out     io.Writer
	text    bool          // rather than JSON
	delay   time.Duration // that a line waits for others, at most
	wake    chan struct{} // has a value when lines are to be written now
	closing chan struct{}
	ended   chan struct{}
	dropped atomic.Int64

	mu      sync.Mutex
	waiting []byte
	delayed *time.Timer // wakes when the first line has waited for the delay
	closed  bool

	// Only the goroutine uses these.
	batch    []byte
	reported int64 // of the dropped lines
	amid     bool  // the output ends within a line
}

// New begins to write to out. Close must be called. From then on the process
// does not end when it writes to stdout or stderr and the reader is gone, as
// programs of Go otherwise do.
func New(out io.Writer) *Writer {
	signal.Ignore(syscall.SIGPIPE)
	file, ok := out.(*os.File)
	return begin(out, ok && term.IsTerminal(int(file.Fd())), maxDelay)
}

func begin(out io.Writer, text bool, delay time.Duration) *Writer {
	w := &Writer{
		out: out, text: text, delay: delay,
		wake: make(chan struct{}, 1), closing: make(chan struct{}), ended: make(chan struct{}),
	}
	w.delayed = time.AfterFunc(delay, w.Flush)
	go w.run()
	return w
}

// Handler returns a handler of the lines of a level, and above, that go through
// the Writer. Errors are written at once.
func (w *Writer) Handler(level slog.Level) slog.Handler { return handler{w.form(w, level), w} }

func (w *Writer) form(out io.Writer, level slog.Level) slog.Handler {
	o := &slog.HandlerOptions{Level: level}
	if w.text {
		return slog.NewTextHandler(out, o)
	}
	return slog.NewJSONHandler(out, o)
}

// Write takes one line. It neither waits nor fails.
func (w *Writer) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || len(w.waiting)+len(line) > limit {
		w.dropped.Add(1)
		return len(line), nil
	}
	if len(w.waiting) == 0 {
		w.delayed.Reset(w.delay)
	}
	w.waiting = append(w.waiting, line...)
	if len(w.waiting) >= batchSize {
		w.Flush()
	}
	return len(line), nil
}

// Flush has what waits written now. It does not wait for that.
func (w *Writer) Flush() {
	select {
	case w.wake <- struct{}{}:
	default: // it was told already
	}
}

// Close writes what waits, and gives up after a second when the output is
// blocked. Lines that come later are dropped. It is called once.
func (w *Writer) Close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.delayed.Stop()
	close(w.closing)
	select {
	case <-w.ended:
	case <-time.After(closeTime):
	}
}

// Text reports whether the log is text, for people.
func (w *Writer) Text() bool { return w.text }

// Dropped is the number of lines dropped so far.
func (w *Writer) Dropped() int64 { return w.dropped.Load() }

// run writes what waits, whenever it is woken, until the Writer is closed.
func (w *Writer) run() {
	defer close(w.ended)
	for open := true; open; {
		select {
		case <-w.wake:
		case <-w.closing:
			open = false
		}
		w.writeBatch()
	}
}

// writeBatch writes what waits, and what is to be said about dropped lines.
func (w *Writer) writeBatch() {
	lines, dropped := w.take()
	w.batch = lines
	if dropped > w.reported {
		w.batch = append(w.batch, w.report(dropped-w.reported)...)
	}
	if len(w.batch) == 0 {
		return
	}
	if w.amid { // so that the next line is one of its own
		if _, err := w.out.Write([]byte("\n")); err != nil {
			w.drop(lines)
			return
		}
		w.amid = false
	}
	n, err := w.out.Write(w.batch)
	if err != nil {
		w.amid = n > 0 && w.batch[n-1] != '\n'
		w.drop(lines[min(n, len(lines)):])
		return
	}
	w.reported = dropped
}

// drop counts lines that the output did not take.
func (w *Writer) drop(lines []byte) { w.dropped.Add(int64(bytes.Count(lines, []byte("\n")))) }

// take returns the lines that wait, and how many were dropped before. The buffer
// of the last batch is for the lines that come next.
func (w *Writer) take() (lines []byte, dropped int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines, w.waiting = w.waiting, w.batch[:0]
	return lines, w.dropped.Load()
}

// report is the line about lines that were dropped.
func (w *Writer) report(n int64) []byte {
	var line bytes.Buffer
	record := slog.NewRecord(time.Now(), slog.LevelWarn, "log lines were dropped: the output did not take them", 0)
	record.AddAttrs(slog.Int64("lines", n))
	_ = w.form(&line, slog.LevelWarn).Handle(context.Background(), record) // a buffer takes everything
	return line.Bytes()
}

// handler is one of slog's that has errors written at once.
type handler struct {
	slog.Handler
	writer *Writer
}

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelError {
		h.writer.Flush()
	}
	return err
}

func (h handler) WithAttrs(attributes []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attributes), h.writer}
}

func (h handler) WithGroup(name string) slog.Handler {
	return handler{h.Handler.WithGroup(name), h.writer}
}
