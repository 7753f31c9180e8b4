// Onestroke is the back end of 一笔到底, a WeChat mini program for drawing.
//
// The environment configures it; onestroke --help explains it.
package main

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"go.yaml.in/yaml/v3"
	_ "golang.org/x/crypto/x509roots/fallback" // for an image without certificates, to verify WeChat's

	"onestroke/app"
	"onestroke/impl/config"
	"onestroke/impl/logwriter"
)

//go:embed openapi.yaml
var contract []byte

// Set for a release with -ldflags "-X main.version=v1.2.3 -X main.commit=…".
// Otherwise both are what the go command recorded.
var version, commit string

const usage = `onestroke is the back end of 一笔到底. It serves until SIGTERM.

  onestroke --check     try what is configured, say what is wrong and what to do
  onestroke --health    ask the service that this environment configures, on
                        this machine, whether it is alive
  onestroke --backup FILE
                        write all that is in DATA_DIR to a new file, also while
                        the service runs
  onestroke --move      copy all that is in DATA_DIR to REDIS_URL and MONGODB_URI
                        and compare; the service must not run meanwhile
  onestroke --back-to-file
                        go on with what DATA_DIR had when it was moved
  onestroke --version   print version, commit and version of the contract
  onestroke --help      print this help

These variables configure it, each with its default. One that is empty counts as
not set. Those marked * can be in a file instead: REDIS_URL_FILE names one that
holds REDIS_URL.

`

func main() {
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup ignores it
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		<-signals
		signal.Reset(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP) // a second signal ends the process at once
		stop()
	}()
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// run does what its arguments ask for and returns the exit code: 1 if that
// failed, 2 if there are no such arguments.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	var err error
	command, file := strings.Join(args, " "), ""
	if len(args) == 2 && args[0] == "--backup" {
		command, file = args[0], args[1]
	}
	if command == "" && len(args) > 0 {
		command = `""` // one empty argument, as from a script whose variable is empty
	}
	switch command {
	case "":
		log := logwriter.New(stderr)
		defer log.Close()
		stderr = log
		err = app.Serve(ctx, environ, contract, build(), stdout, log)
	case "--check":
		err = app.Check(ctx, environ, stdout)
	case "--health":
		err = app.Health(ctx, environ)
	case "--backup":
		if file == "" || strings.HasPrefix(file, "-") { // --backup --help wants no file of that name
			fmt.Fprintln(stderr, "onestroke: --backup needs the name of a new file, which does not begin with -: onestroke --backup FILE")
			return 2
		}
		err = app.Backup(ctx, environ, file, stdout)
	case "--move":
		err = app.Move(ctx, environ, stdout)
	case "--back-to-file":
		err = app.BackToFile(ctx, environ, stdout)
	case "--version":
		err = writeVersion(stdout)
	case "--help", "-h":
		if _, err = io.WriteString(stdout, usage); err == nil {
			err = config.WriteTable(stdout)
		}
	default:
		fmt.Fprintf(stderr, "onestroke: it takes one of --check, --health, --backup FILE, --move, --back-to-file, --version and --help, and not %q\n", strings.Join(args, " "))
		return 2
	}
	if err != nil {
		fmt.Fprintln(stderr, "onestroke:", err)
		return 1
	}
	return 0
}

func writeVersion(w io.Writer) error {
	var document struct{ Info struct{ Version string } }
	if err := yaml.Unmarshal(contract, &document); err != nil {
		return err
	}
	b := build()
	_, err := fmt.Fprintf(w, "onestroke %s, commit %s, contract %s, %s\n", b.Version, b.Commit, document.Info.Version, runtime.Version())
	return err
}

// build says what is running.
func build() app.Build {
	b := app.Build{Version: version, Commit: commit}
	if recorded, ok := debug.ReadBuildInfo(); ok {
		b.Version = cmp.Or(b.Version, recorded.Main.Version)
		for _, s := range recorded.Settings {
			if s.Key == "vcs.revision" {
				b.Commit = cmp.Or(b.Commit, s.Value)
			}
		}
	}
	b.Commit = cmp.Or(b.Commit, "unknown")
	return b
}
