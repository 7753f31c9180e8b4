package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// image builds the program of the image for p, as `make image` does, and writes it.
func (r release) image(p platform) error {
	program, err := r.build(p, "nosimulator,timetzdata")
	if err != nil {
		return err
	}
	return r.imageFile(p, program)
}

// imageFile writes the image for p, which `docker load` reads. What it says beside the
// program is in the stage `service` of deploy/Dockerfile.
func (r release) imageFile(p platform, program []byte) error {
	recipe, err := os.ReadFile(filepath.Join(r.root, "deploy", "Dockerfile"))
	if err != nil {
		return err
	}
	config, err := configOf(string(recipe))
	if err != nil {
		return fmt.Errorf("deploy/Dockerfile: %w", err)
	}
	image, err := r.imageOf(p, program, config)
	if err != nil {
		return err
	}
	tag, err := name.NewTag("onestroke:" + r.version)
	if err != nil {
		return err
	}
	return tarball.WriteToFile(r.name("image_linux_"+p.arch+".tar"), tag, image)
}

// imageOf is an image of one file, the program.
func (r release) imageOf(p platform, program []byte, config v1.Config) (v1.Image, error) {
	var files bytes.Buffer
	archive := tar.NewWriter(&files)
	err := archive.WriteHeader(&tar.Header{Name: "onestroke", Mode: 0o755, Size: int64(len(program)), ModTime: r.time, Format: tar.FormatUSTAR})
	if err == nil {
		_, err = archive.Write(program)
	}
	if err := errors.Join(err, archive.Close()); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(files.Bytes())), nil
	})
	if err != nil {
		return nil, err
	}
	image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		OS: p.os, Architecture: p.arch, Created: v1.Time{Time: r.time}, Config: config,
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: r.time}, CreatedBy: "onestroke"}})
}

// configOf reads the stage `service` of a Dockerfile. An instruction that it does not
// know is an error.
func configOf(dockerfile string) (v1.Config, error) {
	config := v1.Config{Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}}
	_, stage, found := strings.Cut(dockerfile, "FROM scratch AS service\n")
	stage, _, ends := strings.Cut(stage, "\nFROM ")
	if !found || !ends {
		return config, errors.New("it has no stage `FROM scratch AS service`")
	}
	for line := range strings.Lines(stage) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		var err error
		switch instruction {
		case "":
		case "USER":
			config.User = rest
		case "EXPOSE":
			config.ExposedPorts = map[string]struct{}{rest + "/tcp": {}}
		case "ENV":
			config.Env = append(config.Env, rest)
		case "ENTRYPOINT":
			err = json.Unmarshal([]byte(rest), &config.Entrypoint)
		case "HEALTHCHECK":
			config.Healthcheck, err = healthOf(rest)
		default:
			err = errors.New("unknown instruction")
		}
		if err != nil {
			return config, fmt.Errorf("%s: %w", instruction, err)
		}
	}
	return config, nil
}

// healthOf reads `--interval=10s … CMD ["/onestroke", "--health"]`.
func healthOf(text string) (*v1.HealthConfig, error) {
	options, command, found := strings.Cut(text, "CMD ")
	if !found {
		return nil, errors.New("it has no CMD")
	}
	health := &v1.HealthConfig{}
	var test []string
	if err := json.Unmarshal([]byte(command), &test); err != nil {
		return nil, err
	}
	health.Test = append([]string{"CMD"}, test...)
	for option := range strings.FieldsSeq(options) {
		key, value, _ := strings.Cut(option, "=")
		var err error
		switch key {
		case "--interval":
			health.Interval, err = time.ParseDuration(value)
		case "--timeout":
			health.Timeout, err = time.ParseDuration(value)
		case "--start-period":
			health.StartPeriod, err = time.ParseDuration(value)
		case "--retries":
			_, err = fmt.Sscan(value, &health.Retries)
		default:
			err = errors.New("unknown option")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return health, nil
}
